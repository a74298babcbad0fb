"""Why an answer gets no points, found out where nbgrader runs it. The hidden test of each exercise:

    why = why_no_points("lif_step", lif_step, answer)      # answer: what the public check says
    assert not why, why

The public check can be redefined, and its numbers can be learned by heart. So the check is imported
anew, and the answer is asked what the tested solution is asked, with numbers from a seed that only
the teacher knows (`exercises/variants.py`). While it answers, a watch is kept on which functions of
the library it calls: some do the very thing that the exercise asks for. This stops short cuts. It
is no wall against an attack: whatever a notebook runs, runs in one process with its grading.
"""

import ast
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterable
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from IPython import get_ipython

from spikeviz import exercises
from spikeviz.publish.needs import IMPORTS, KINDS, find_root

TEACHER = "SPIKEVIZ_TEACHER"  # the variable that names the teacher's folder
SECRETS = "variants.json"  # in it: {"seed": words, "solutions": {exercise: source}}
OURS = ("spikeatconv", "spikeviz")
GUARDED = {*OURS, "torch", "numpy", "math", "builtins", "IPython"}
HOME = exercises.__name__ + "."

# What of the library does the very thing that an exercise asks for, with all that it holds.
LIBRARY: dict[str, tuple[str, ...]] = {
    "lif_step": ("spikeatconv.neuron", "spikeatconv.fast", "spikeatconv.simulate"),
    "surrogate_backward": ("spikeatconv.surrogate",),
    "residual_lif": ("spikeatconv.blocks",),
    "fair_comparison": ("spikeviz.results.verdict",),
    "fold_batchnorm": ("spikeatconv.conv.fold",),
    "grid_partition": ("spikeatconv.partition.grid_partition",),
    "bdsa": ("spikeatconv.attention",),
    "block_parameters": ("spikeatconv.model.Block", "spikeatconv.model.SpikeAtConv"),
}  # the others have no such function


def why_no_points(exercise: str, answer: Any, said: Any) -> str:
    """For the student; "" where the points are earned. answer: the function or class; said: the
    `Feedback` of the public check."""
    shell = get_ipython()
    secrets = Path(os.environ[TEACHER]) / SECRETS
    kept = json.loads(secrets.read_text(encoding="utf-8"))
    cells = shell.user_ns["In"][1:-1]
    why = (
        of_tampering(cells, shell.user_ns)
        or of_check(exercise, answer, said)
        or of_variants(exercise, answer, kept["seed"], build(kept["solutions"][exercise]))
    )
    # On the page with the feedback a longer line of an error is cut.
    return "\n".join(textwrap.fill(line, 88) for line in why.split("\n"))


# --- what gives the points stays as it is


def of_tampering(cells: Iterable[str], names: dict[str, Any]) -> str:
    """Whether a cell redefines a check, or changes a module. names: what stands for what."""
    for source in cells:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except (SyntaxError, ValueError):  # it did not run
            continue
        for node in nodes:
            for name in sorted(bound_anew(node) & {*exercises.__all__}):
                return (
                    f"No points: a cell of this notebook gives the name `{name}` to something "
                    "else. The course's own check gives the points; take that cell out."
                )
            changed = find_changed(node)
            if changed and is_foreign(names.get(find_root(changed))):
                return (
                    f"No points: a cell of this notebook changes `{ast.unparse(changed)}`, which "
                    "is not yours. The check computes with it; take that line out."
                )
    return ""


def bound_anew(node: ast.AST) -> set[str]:
    """The names that a piece of code binds, but for what it imports from the exercises."""
    if isinstance(node, KINDS):
        return {node.name}
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, IMPORTS):
        own = isinstance(node, ast.ImportFrom) and node.module == exercises.__name__
        return {a.asname or a.name for a in node.names if not own or a.asname not in (None, a.name)}
    return set()


def find_changed(node: ast.AST) -> ast.expr | None:
    """`name.part` where this sets it or takes it away."""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return node
    called = isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "delattr")
    return node.args[0] if called and isinstance(node, ast.Call) and node.args else None


def is_foreign(value: Any) -> bool:
    """Whether this is a module, class or function that the checks compute with."""
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    kinds = (ModuleType, type, type(find_root), type(len))
    return isinstance(value, kinds) and str(home).split(".")[0] in GUARDED


# --- the check, and the variants


def of_check(exercise: str, answer: Any, said: Any) -> str:
    """What the public check said, if it did not pass; else what it says when imported anew."""
    if said.status != "passed":
        return str(said.message)
    anew = getattr(import_anew(exercise), f"check_{exercise}")(answer)
    return "" if anew.status == "passed" else str(anew.message)


def import_anew(module: str) -> ModuleType:
    """A module of the exercises, and all of theirs that it needs, once more from their files; for
    others everything stays."""
    kept = {name: part for name, part in sys.modules.items() if name.startswith(HOME)}
    attributes = dict(vars(exercises))
    for name in kept:
        del sys.modules[name]
    try:
        return import_module(HOME + module)
    finally:
        for name in [name for name in sys.modules if name.startswith(HOME)]:
            del sys.modules[name]
        sys.modules.update(kept)
        for name in {*vars(exercises)} - {*attributes}:
            delattr(exercises, name)
        vars(exercises).update(attributes)


def of_variants(exercise: str, answer: Any, seed: str, solution: Any) -> str:
    """Whether the answer gives what the solution gives, with numbers drawn from the seed, without
    the library's own function. solution: the function or class, or what it gives, as a list."""
    variants = import_anew("variants")
    with Watch(exercise) as watch:
        given = variants.ask(exercise, answer, seed)
    name = getattr(answer, "__name__", exercise)
    if watch.seen:
        return (
            f"No points: your `{name}` calls `{watch.seen}`. That is the course's own; writing it "
            "yourself is the exercise."
        )
    right = solution if isinstance(solution, list) else variants.ask(exercise, solution, seed)
    if variants.alike(given, right):
        return ""
    return (
        f"No points: your `{name}` passes the public check, but with other numbers than those of "
        "the check it does not do what the exercise asks for. Perhaps it fits those numbers only: "
        "work from the text of the exercise."
    )


def build(source: str) -> Any:
    """The function or class that a solution defines last."""
    import torch

    names = {"torch": torch, "__name__": "solution"}
    exec(compile(source, "solution", "exec"), names)
    return names[[n.name for n in ast.parse(source).body if isinstance(n, KINDS)][-1]]


class Watch:
    """Sees whether a function of `LIBRARY`, or of a check's own, is called meanwhile: whatever it
    is called there, and however it was come by."""

    def __init__(self, exercise: str) -> None:
        self.seen = ""
        self.closed = LIBRARY.get(exercise, ())

    def __enter__(self) -> "Watch":
        sys.setprofile(self.look)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def look(self, frame: FrameType, event: str, argument: Any) -> None:
        home = frame.f_globals.get("__name__", "") if event == "call" else ""
        if self.seen or not home.startswith(OURS) or home == HOME + "variants":
            return
        if not frame.f_code.co_flags & CO_OPTIMIZED:  # no function: a module that is imported
            return
        called = f"{home}.{frame.f_code.co_qualname}"
        if "__create_fn__" in called:  # the __init__ of a dataclass: a method will follow
            return
        if home.startswith(HOME) or any(f"{called}.".startswith(f"{c}.") for c in self.closed):
            self.seen = re.sub(r"\.__\w+__$", "", called)  # of a class, its name
