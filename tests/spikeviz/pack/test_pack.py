"""The folder of `course.py pack`: what is in it, and how it starts. Nothing is fetched here."""

import json
import os
import subprocess
import sys

import pytest

from spikeviz.pack import __main__ as pack

COURSE = "import os, sys; print(sys.argv[1:], os.environ['SPIKEATCONV_WHEELS'])"


@pytest.fixture
def stick(tmp_path, monkeypatch):
    """A packed course whose course.py says how it was started."""
    checkout = tmp_path / "Kurs # 1"
    for name in ("notebooks/01.ipynb", "notebooks/progress.json", ".venv/a", "site/b", "x/site/c"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    (checkout / "course.py").write_text(COURSE)
    monkeypatch.setattr(pack, "CHECKOUT", checkout)
    out = checkout / "mein Stick ü"
    out.mkdir()
    pack.copy_course(out)
    pack.write_start(out)
    return out


def start(stick, *words):
    environment = {**os.environ, "HOME": str(stick.parent), "USERPROFILE": str(stick.parent)}
    return subprocess.run(
        [sys.executable, stick / "start.py", *words], env=environment, capture_output=True,
        encoding="utf-8",
    )  # fmt: skip


def test_what_belongs_to_whoever_packs_stays_there(stick):
    files = {file.relative_to(stick / "course").as_posix()
             for file in (stick / "course").rglob("*") if file.is_file()}  # fmt: skip
    assert files == {"course.py", "notebooks/01.ipynb", "x/site/c"}


def test_it_starts_from_a_copy_in_the_home_and_keeps_what_is_there(stick):
    home = stick.parent / "spikeatconv-course"
    done = start(stick)
    assert done.stdout.splitlines()[-1] == f"['lab'] {stick / 'wheels'}"
    (home / "notebooks/01.ipynb").write_text("mine")
    assert "Copying" not in start(stick).stdout
    assert (home / "notebooks/01.ipynb").read_text() == "mine"


def test_another_place_can_be_named_and_one_that_cannot_be_written_is_told(stick, tmp_path):
    start(stick, str(tmp_path / "my place"))
    assert (tmp_path / "my place" / "course.py").is_file()
    (tmp_path / "file").touch()
    assert "Name another folder: start.py FOLDER" in start(stick, str(tmp_path / "file/a")).stderr


def test_another_python_is_told(stick):
    fits = json.loads((stick / "fits.json").read_text())
    (stick / "fits.json").write_text(json.dumps({**fits, "python": "3.9"}))
    said = start(stick).stderr
    assert f"for {fits['system']}, {fits['machine']}, Python 3.9; this is" in said


def test_a_folder_with_other_things_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").touch()
    assert pack.main([str(tmp_path)]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
