"""The answers that tests put to checks and grading; test_answers.py says what they are."""

import ast
from functools import cache
from pathlib import Path

import pytest
import torch

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
FOLDERS = sorted(f for f in Path(__file__).with_name("answers").glob("*/*") if f.is_dir())


def read(file):
    return file.read_text(encoding="utf-8")


def defined(source):
    """The last name that a cell defines with def or class."""
    kinds = ast.FunctionDef | ast.ClassDef
    return [node.name for node in ast.parse(source).body if isinstance(node, kinds)][-1]


def build(source):
    """The function or class of a cell."""
    names = {"torch": torch, "__name__": "mutant"}
    exec(compile(source, "mutant", "exec"), names)
    return names[defined(source)]


@cache
def answers(file):
    """{name: answer} of a file with many: the public functions and classes that it defines."""
    names = {"__name__": "answers"}
    exec(compile(read(file), file.name, "exec"), names)
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and getattr(value, "__module__", "") == "answers"
    }


def each(kind):
    """Parameters: the file `kind` of each exercise with the name of each of its answers."""
    files = [folder / f"{kind}.py" for folder in FOLDERS]
    return [
        pytest.param(file, name, id=f"{file.parent.name}/{name}")
        for file in files
        for name in answers(file)
    ]


def label(path):
    return f"{path.parent.name}/{path.stem}"
