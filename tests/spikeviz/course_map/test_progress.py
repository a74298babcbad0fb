"""Solved exercises are remembered in a small file beside the notebook, and only there."""

import json
import os
import re
from datetime import date

import nbformat
import pytest

from spikeviz.course_map import course
from spikeviz.course_map.progress import ASIDE, NAME, find_file, read_solved, remember
from spikeviz.exercises import check_lif_step
from spikeviz.publish.running import NOTEBOOKS

TODAY = date.today().isoformat()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the notebook lies that this kernel runs, as Jupyter's server would say it."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "01_one_neuron.ipynb"))
    return tmp_path


def right(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def unsolved(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0): ...


def test_a_passed_check_is_remembered_and_no_other_one(folder):
    assert check_lif_step(unsolved).status == "not yet"
    assert check_lif_step(lambda *a, **k: (0.0, 0.0, 0.0)).status == "not right"
    assert list(folder.iterdir()) == []
    passed = check_lif_step(right)
    assert passed.status == "passed"
    assert json.loads((folder / NAME).read_text(encoding="utf-8")) == {"lif_step": TODAY}
    assert NAME not in passed.message
    assert read_solved() == ({"lif_step": TODAY}, "")


@pytest.mark.parametrize("name", [None, "", "01_one_neuron.ipynb", "/no/such/folder/01.ipynb"])
def test_where_nobody_works_in_jupyter_nothing_is_remembered(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if name is not None:
        monkeypatch.setenv("JPY_SESSION_NAME", name)
    assert find_file() is None
    assert check_lif_step(right).status == "passed"
    assert read_solved() == ({}, "")
    assert list(tmp_path.iterdir()) == []


def test_the_first_day_stays_and_the_others_too(folder):
    (folder / NAME).write_text('{"bdsa": "2026-01-02", "mine": "yes"}', encoding="utf-8")
    assert remember("bdsa") == remember("lif_step") == ""
    assert read_solved()[0] == {"bdsa": "2026-01-02", "mine": "yes", "lif_step": TODAY}
    assert [file.name for file in folder.iterdir()] == [NAME]  # nothing half-written


BROKEN = [b"", b"{", b"[1]", b'{"lif_step": true}', b"\xff\xfe", b'"x"', b"[" * 100_000]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:12]))
def test_a_broken_file_is_told_set_aside_and_no_error(content, folder):
    (folder / NAME).write_bytes(content)
    passed = check_lif_step(right)
    assert passed.status == "passed"
    assert f"{NAME} could not be understood" in passed.message
    assert ASIDE in passed.message
    assert (folder / ASIDE).read_bytes() == content
    assert read_solved() == ({"lif_step": TODAY}, "")


def test_what_cannot_be_written_is_told(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    passed = check_lif_step(right)
    assert passed.status == "passed"
    assert "could not be remembered: [Errno 28] No space left" in passed.message
    assert list(folder.iterdir()) == []
    (folder / NAME).write_text("{", encoding="utf-8")
    assert "nor set aside" in check_lif_step(right).message
    assert (folder / NAME).read_text(encoding="utf-8") == "{"


def test_the_plan_names_the_checks_of_each_notebook():
    for one in course()["notebooks"]:
        cells = nbformat.read(NOTEBOOKS / f"{one['file']}.ipynb", as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        found = dict.fromkeys(re.findall(r"^check_(\w+)\(\w+\)$", code, re.MULTILINE))
        assert one["checks"] == list(found), one["file"]
