"""The Littlest JupyterHub: each server runs in the course's own environment. docs/hub.md."""

COURSE = "/opt/spikeatconv"

c = get_config()  # noqa: F821 - JupyterHub gives it
c.Spawner.cmd = [
    "sh", f"{COURSE}/hub/start.sh", f"{COURSE}/.venv/bin/jupyterhub-singleuser",
]  # fmt: skip
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.environment = {"JUPYTER_PREFER_ENV_PATH": "1", "OMP_NUM_THREADS": "1"}
