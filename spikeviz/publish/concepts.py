"""A test of ideas before the course and one after it: what a class learned, in twelve questions.

concepts.json holds each idea twice, in other words or with other numbers, so that nobody can learn
the answers of the first by heart. For nbgrader: a hidden test gives a point for each answer.
"""

import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

IDEAS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("concepts.json").read_text(encoding="utf-8")
)
FORMS = {"before": "Before the course", "after": "After the course"}
INTRODUCTION = """# {title}

{number} questions, 20 minutes, without help. Below each question write a letter in place of the
dots, such as `answer_01 = "b"`. Where you do not know, leave the dots: a guess tells nobody
anything."""
LETTERS = "abcd"


def make_test(form: str) -> NotebookNode:
    """The notebook of a form, "before" or "after", with nbgrader's markers."""
    text = INTRODUCTION.format(title=FORMS[form], number=len(IDEAS))
    cells = [nbformat.v4.new_markdown_cell(text, id="introduction")]
    for number, idea in enumerate(IDEAS, 1):
        cells += make_question(number, **idea[form])
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_question(number: int, ask: str, choices: list[str], right: int) -> list[NotebookNode]:
    """A question, the cell for its answer, and the cell that gives the point."""
    options = "\n".join(f"- **{a}** {text}" for a, text in zip(LETTERS, choices, strict=True))
    name, letter = f"answer_{number:02}", LETTERS[right]
    solution = f'{name} = "{letter}"'
    point = f'assert {name} == "{letter}"'
    return [
        nbformat.v4.new_markdown_cell(f"**{number}.** {ask}\n\n{options}", id=f"ask-{number}"),
        nbformat.v4.new_code_cell(
            f"# {name} =\n### BEGIN SOLUTION\n{solution}\n### END SOLUTION", id=f"answer-{number}"
        ),
        nbformat.v4.new_code_cell(
            f"### BEGIN HIDDEN TESTS\n{point}\n### END HIDDEN TESTS", id=f"point-{number}"
        ),
    ]
