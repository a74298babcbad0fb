"""How nbgrader runs what was handed in: only the cells that the graded ones need.

A training in a notebook is for its reader; no check needs one, and thirty notebooks are graded in a
row. nbgrader_config.py of the instructor's edition puts `STEPS` in the place of nbgrader's own.
"""

from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from spikeviz.publish.needs import find_needed


class RunNeeded(Execute):
    """nbgrader's own step, without the cells that no graded cell needs, and those with the tag
    `long`. A warning in a graded cell costs nothing: to nbgrader any text on stderr is an error."""

    def preprocess(self, nb: NotebookNode, resources: Any = None, **more: Any) -> Any:
        code = [i for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        graded = [i for i, place in enumerate(code) if "nbgrader" in nb.cells[place].metadata]
        needed = find_needed([nb.cells[place].source for place in code], graded)
        self.wanted = {code[i] for i in needed}
        return super().preprocess(nb, resources, **more)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        if index not in self.wanted or "long" in cell.metadata.get("tags", []):
            return cell, resources
        cell, resources = super().preprocess_cell(cell, resources, index)
        if "nbgrader" in cell.metadata:
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
        return cell, resources


STEPS = [
    RunNeeded if step is Execute else step for step in Autograde.autograde_preprocessors.default()
]
