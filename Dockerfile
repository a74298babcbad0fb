# The course on a server: Docker, Zero to JupyterHub, Binder, repo2docker. docs/hub.md says how.
FROM python:3.11-slim-bookworm

# As JupyterHub and Binder expect them; Binder gives its own.
ARG NB_USER=jovyan
ARG NB_UID=1000
ENV USER=${NB_USER} \
    HOME=/home/${NB_USER} \
    PATH=/opt/spikeatconv/.venv/bin:${PATH} \
    JUPYTER_PREFER_ENV_PATH=1 \
    OMP_NUM_THREADS=1
RUN useradd --create-home --shell /bin/bash --uid "${NB_UID}" "${NB_USER}"

# A compiler for the neuron in C (spikeatconv/fast); without one all runs, some of it slower.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# The environment that `course.py lab` makes, with PyTorch for CPUs, and what a hub starts in it.
WORKDIR /opt/spikeatconv
COPY . .
RUN PIP_NO_CACHE_DIR=1 PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu \
        python course.py setup \
    && .venv/bin/python -m pip install --no-cache-dir "jupyterhub==5.*"

USER ${NB_UID}
WORKDIR ${HOME}
EXPOSE 8888
ENTRYPOINT ["sh", "/opt/spikeatconv/hub/start.sh"]
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"]
