"""The project's own files: they agree with pyproject.toml, and the checks of style pass."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from spikeviz.publish.concepts import IDEAS

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
MEBIBYTE = 2**20


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def run(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, encoding="utf-8"
    )


def assert_passes(*arguments, cwd=ROOT):
    done = run(*arguments, cwd=cwd)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


def bounds(requirements):
    """{name: bounds} of requirement lines; no name twice."""
    parsed = [Requirement(line) for line in requirements]
    names = [CONDA_NAMES.get(requirement.name, requirement.name) for requirement in parsed]
    assert len(names) == len(set(names)), f"named twice: {sorted(names)}"
    return dict(zip(names, (requirement.specifier for requirement in parsed), strict=True))


def asked_for(extra):
    """The requirements of an extra and of those that it names: the project's own name stands for
    them, as pip reads it."""
    lines = []
    for line in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            lines += [line for part in sorted(requirement.extras) for line in asked_for(part)]
        else:
            lines.append(line)
    return lines


def test_the_tests_add_only_tools_to_what_the_course_installs():
    course, tests = set(asked_for("course")), set(asked_for("test"))
    assert course == {*asked_for("train"), *asked_for("publish")}
    assert course < tests


# --- environment.yml and .pre-commit-config.yaml against pyproject.toml


def test_conda_gives_what_the_packages_need_and_pip_the_rest():
    *lines, with_pip = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert with_pip == {"pip": ["-e .[test]"]}
    lines.remove("pip")
    expected = {
        "python": SpecifierSet(PROJECT["requires-python"]),
        **bounds(PROJECT["dependencies"]),
    }
    expected.pop("norse")  # conda-forge has none
    assert bounds(lines) == expected


def test_pre_commit_has_the_pins_of_the_test_extra():
    repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    pins = {}
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "python"
        pins.update(bounds(hook["additional_dependencies"]))
    assert set(pins) == {"ruff", "mypy", "nbstripout", "oxlint"}
    assert pins.items() <= bounds(asked_for("test")).items()
    assert all(str(pin).startswith("==") for pin in pins.values())


COMMAND = re.compile(r"(\S+) -m (?:pip|playwright) install")
HERE = (".venv/bin/python", "{sys.executable}")


def commands_elsewhere(text):
    """What installs packages by a Python that may be any: neither .venv's nor the running one."""
    bare = re.findall(r"(?<!-m )\bpip install .*", text)
    return [python for python in COMMAND.findall(text) if not python.endswith(HERE)] + bare


def test_what_installs_packages_names_the_courses_environment():
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    files += [path for name in ("spikeatconv", "spikeviz", "studies", "benchmarks")
              for path in (ROOT / name).rglob("*.py")]  # fmt: skip
    assert any(COMMAND.search(path.read_text(encoding="utf-8")) for path in files)
    for path in files:
        assert commands_elsewhere(path.read_text(encoding="utf-8")) == [], path


# --- links to Binder and Colab


def test_links_come_and_go_without_a_trace(tmp_path):
    for name in ("docs", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    files = [tmp_path / "README.md", *(tmp_path / "notebooks").glob("*.ipynb")]
    before = [file.read_bytes() for file in files]
    assert_passes("docs/make_badges.py", "someone/spikes", cwd=tmp_path)
    assert all(b"/someone/spikes/" in file.read_bytes() for file in files)
    assert_passes("docs/make_badges.py", cwd=tmp_path)
    assert [file.read_bytes() for file in files] == before


# --- a hub


MEGABYTES = {"M": 2**20 / 1e6, "G": 2**30 / 1e6}


def test_a_hub_promises_each_student_what_was_measured():
    """A server and a kernel of notebook 01 to its end, in RSS: no page is shared between pods."""
    entry = json.loads(read("benchmarks/results/classroom.json"))["kinds"]
    memory = yaml.safe_load(read("hub/values.yaml"))["singleuser"]["memory"]
    sizes = {name: int(size[:-1]) * MEGABYTES[size[-1]] for name, size in memory.items()}
    for found in (one["results"] for one in entry.values()):
        server, kernel = found["server"]["memory_mb"], found["01"]["1"]["memory_mb"]
        assert server["rss"] + kernel["end"]["rss"] < sizes["guarantee"]
        assert server["rss"] + 2 * 720 < sizes["limit"]  # tests/test_notebooks.py: a kernel's most
        assert kernel["exploring"]["pss"] < 100  # before torch is needed


# --- style and types


def test_ruff_finds_nothing():
    assert_passes("-m", "ruff", "check", ".")


def test_ruff_would_format_nothing():
    assert_passes("-m", "ruff", "format", "--check", ".")


def test_mypy_finds_nothing():
    assert_passes("-m", "mypy")  # both packages, named in pyproject.toml


def test_oxlint_finds_nothing():
    oxlint = Path(sys.executable).with_name("oxlint")
    done = subprocess.run([oxlint], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


NOT_OURS = (*json.loads(read(".oxlintrc.json"))["ignorePatterns"], "reveal.css")
OURS = [path for folder in ("spikeviz", "tests") for path in sorted((ROOT / folder).rglob("*.*"))
        if path.suffix in (".js", ".css") and not any(map(path.match, NOT_OURS))]  # fmt: skip


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_of_javascript_and_styles_are_short(path):
    """No linter here has a rule for it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 100] == []


# --- notebooks


def test_notebooks_hold_no_outputs():
    notebooks = sorted(str(path) for path in (ROOT / "notebooks").rglob("*.ipynb")
                       if ".ipynb_checkpoints" not in path.parts)  # fmt: skip
    if notebooks:  # without a file, nbstripout would wait for one on its standard input
        done = run("-m", "nbstripout", "--keep-id", "--verify", *notebooks)
        assert done.returncode == 0, (
            f"{done.stdout}{done.stderr}\nClear them: python -m nbstripout --keep-id FILES"
        )


# --- what is shipped


def test_citation_has_the_version_and_the_paper():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    (paper,) = citation["references"]
    assert paper["doi"] == "10.3389/fnins.2025.1536771"
    assert [author["family-names"] for author in paper["authors"]] == [
        "Liao", "Chen", "Liu", "Wang", "Liu",
    ]  # fmt: skip


def shipped_files():
    """The files git tracks; without git (a downloaded archive) every file outside .venv."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
        paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return [path for path in paths if path.is_file()]


def holds_pickle(path):
    """Whether a file is a pickle, or an archive (of torch, of numpy) with one inside."""
    with path.open("rb") as file:
        if is_pickle(file.read(MEBIBYTE)):
            return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(is_pickle(archive.read(name)) for name in archive.namelist())


def is_pickle(data):
    numpy_objects = data.startswith(b"\x93NUMPY") and b"'descr': '|O'" in data[:1000]
    return numpy_objects or (data[:1] == b"\x80" and data[1:2] in (b"\2", b"\3", b"\4", b"\5"))


def test_no_shipped_file_is_large_or_a_pickle():
    files = shipped_files()
    assert ROOT / "pyproject.toml" in files
    large = [str(path) for path in files if path.stat().st_size > 5 * MEBIBYTE]
    assert not large, f"larger than 5 MiB: {large}"
    pickles = [str(path) for path in files if holds_pickle(path)]
    assert not pickles, f"pickles can run code when read: {pickles}"


PATH = re.compile(
    r"(?<![\w./-])(?:benchmarks|data|docs|notebooks|spikeatconv|spikeviz|studies|tests)/[\w./-]+"
    r"\.(?:py|js|css|md|json|ipynb|npz|png|jpg)\b"
)


def test_a_file_that_a_text_names_is_there():
    """But for names in capitals, such as NAME, in which the reader puts another."""
    texts = [path for path in shipped_files() if path.suffix in (".md", ".py", ".js", ".toml")
             and not path.is_relative_to(ROOT / "tests")]  # fmt: skip
    named = {(path.name, name) for path in texts
             for name in PATH.findall(path.read_text(encoding="utf-8"))}  # fmt: skip
    assert len(named) > 30
    capitals = re.compile(r"[A-Z]{2}")
    assert [
        pair for pair in named if not capitals.search(pair[1]) and not (ROOT / pair[1]).exists()
    ] == []


IMPORT_ALL = """
import pkgutil, spikeatconv, spikeviz
for package in (spikeatconv, spikeviz):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            __import__(module.name)
        except SystemExit as asked:
            assert "needs the package click" in str(asked)
            print(module.name)
"""


def test_what_a_wheel_carries_imports_with_what_it_asks_for(tmp_path, installed):
    """The extra "train" is asked for by the command line alone, in words."""
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(ROOT / package, tmp_path / package)
    for path in (tmp_path / name for name in wheel["exclude"]):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with installed():
        asking = assert_passes("-c", IMPORT_ALL, cwd=tmp_path).split()
    assert asking == ["spikeatconv.cli", "spikeatconv.command.cli"]


def readme_code() -> list[str]:
    return re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)


@pytest.mark.parametrize("code", readme_code(), ids=["neuron", "network", "spikeviz"])
def test_the_readmes_code_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


def test_the_fidelity_table_is_the_one_its_command_writes():
    written = runpy.run_path(str(ROOT / "docs" / "make_fidelity.py"))
    assert written["page"]() == read("docs/fidelity.md"), "run `python docs/make_fidelity.py`"


# --- the times that are promised


def make_times():
    return runpy.run_path(str(ROOT / "docs" / "make_times.py"))


def test_every_promised_time_is_by_the_rule():
    assert list(make_times()["outdated"]()) == [], "run `python docs/make_times.py`"


def test_the_rule_counts_what_is_read_and_done():
    def cell(kind, source, *tags, name="one"):
        return {"cell_type": kind, "id": name, "source": [source], "metadata": {"tags": [*tags]}}

    prose = f"# Title\n\n**Predict.** {'word ' * 538}\n```\n{'code ' * 900}\n```\n"  # 540 words
    found = [
        cell("markdown", prose),
        cell("code", "x = 1\n\n" * 24),  # two minutes
        cell("code", 'predict("01-rate", "?")', "predict"),  # the one that the words announce
        cell("code", "draw()\n" * 12, "plot"),
        cell("markdown", "## Table\n" + "| a | b |\n" * 90, "lookup"),
        cell("markdown", "## Quick questions\n\n### 1. Why?\n\n### 2. When?", name="quiz"),
    ]
    minutes = make_times()["sections"](found, "write a step; name a neuron")
    assert minutes["Title"] == pytest.approx(3 + 2 + 1)
    assert minutes["Table"] == 0
    assert minutes["Quick questions"] == pytest.approx(2 * 0.5 + 6 / 180)
    assert minutes["the exercises"] == 16


# --- what shows what


def test_each_promise_is_shown_by_something_and_each_question_shows_one():
    made = runpy.run_path(str(ROOT / "docs" / "make_outcomes.py"))
    others = set()
    for path, promises in made["read_map"]().items():
        if not promises:  # of 00
            continue
        text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
        assert all(len(shown) == len({*shown}) >= 1 for _, shown in promises), path.stem
        items = {item for _, shown in promises for item in shown}
        asked = {f"question {n}" for n in re.findall(r"^### (\d)\. ", text, re.M)}
        checks = set(re.findall(r"^check_(\w+)\(\w+\)", text, re.M))
        predictions = set(re.findall(r"predict\(\s*\"([\w-]+)\"", text))
        assert asked | checks | {"for the curious"} <= items, path.stem
        rest = items - asked - checks - predictions - {"for the curious"}
        for item in rest - {*made["TASKS"]}:
            assert IDEAS[int(item.removeprefix("idea ")) - 1]["notebook"] == path.stem[:2], item
        others |= rest
    assert others == {*made["TASKS"]} | {f"idea {n}" for n in range(1, len(IDEAS) + 1)}
    assert read("docs/outcomes.md") == made["page"](), "run `python docs/make_outcomes.py`"
