"""What a class predicted, read from the notebooks that it handed in."""

import csv

import nbformat
import pytest

from spikeviz import answer, predict
from spikeviz.publish.__main__ import main
from spikeviz.publish.cells import STATE

AXES = {"x": (0, 40, "time, ms"), "y": (0, 1, "membrane")}


def hand_in(path, *widgets):
    notebook = nbformat.v4.new_notebook()
    states = {str(i): {"state": widget.get_state()} for i, widget in enumerate(widgets)}
    notebook.metadata["widgets"] = {STATE: {"state": states}}
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def test_each_prediction_of_each_student_has_its_line(tmp_path):
    asked = [
        predict("01-class-a", "Which?", ["one", "zwölf"]),
        predict("01-class-b", "How many?", number="spikes", low=0, high=50),
        predict("01-class-c", "Draw.", curve=AXES),
        predict("01-class-d", "Not done?", ["one", "two"]),
    ]
    for widget, value in zip(asked, [1, 13, ([0, 10, 40], [0.5, 0.75, 0.9]), 0], strict=True):
        answer(widget.name, value)
    asked[0].guess, asked[1].guess = "zwölf", 20
    asked[2].guess = [0.5] * 21 + [None] * 20  # from 0 to 20 ms: 0 off at 0, 0.25 off at 10
    for widget in asked[:3]:
        widget.state = "committed"
    hand_in(tmp_path / "in" / "Ana" / "01" / "01.ipynb", *asked)
    asked[0].guess, asked[0].state = None, "skipped"
    asked[1].guess = 13
    hand_in(tmp_path / "in" / "Ben" / "01.ipynb", *asked[:2])
    out = tmp_path / "a.csv"
    assert main(["teacher", str(out), "--predictions", str(tmp_path / "in")]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        ("Ana", "01-class-a", "Which?", "zwölf", "zwölf", "yes", ""),
        ("Ana", "01-class-b", "How many?", "20", "13.0", "", "7.0"),
        ("Ana", "01-class-c", "Draw.", "drawn", "drawn", "", "0.125"),
        ("Ben", "01-class-a", "Which?", "skipped", "zwölf", "", ""),
        ("Ben", "01-class-b", "How many?", "13", "13.0", "", "0.0"),
    ]


@pytest.mark.parametrize("content", [None, "no notebook"])
def test_a_folder_without_notebooks_is_told_and_nothing_is_written(content, tmp_path, capsys):
    if content:
        (tmp_path / "bad.ipynb").write_text(content)
    out = tmp_path / "a.csv"
    assert main(["teacher", str(out), "--predictions", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "no notebook" in said
    assert not out.exists()
