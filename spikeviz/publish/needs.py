"""Which cells of a notebook others need: the cells above that bind or change the names they use.

Read from the text alone, nothing is run: so that what an exercise needs can run without the
trainings of its notebook.
"""

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

KINDS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
IMPORTS = ast.Import | ast.ImportFrom


class Names(NamedTuple):
    """Of a cell: the names that it binds or sets a part of, uses from above, imports; calls: those
    of which a line calls a method, as in `table.append(1)`. always: whether all that cannot be
    known, as of a cell that does not parse."""

    binds: set[str]
    uses: set[str]
    imports: set[str]
    calls: set[str]
    always: bool = False


def read_names(source: str) -> Names:
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return Names(set(), set(), set(), set(), always=True)  # it stops at once
    nodes = list(ast.walk(tree))
    aliases = [a for n in nodes if isinstance(n, IMPORTS) for a in n.names]
    imports = {(a.asname or a.name).split(".")[0] for a in aliases}
    defined = {n.name for n in nodes if isinstance(n, KINDS)} | imports
    inner = {n.arg for n in nodes if isinstance(n, ast.arg)}
    loops = [n.target for n in nodes if isinstance(n, ast.comprehension)]
    inner |= {n.id for target in loops for n in ast.walk(target) if isinstance(n, ast.Name)}
    bound: dict[str, int] = {}  # the first line that binds a name
    read: set[str] = set()
    for name in sorted((n for n in nodes if isinstance(n, ast.Name)), key=lambda n: n.lineno):
        if isinstance(name.ctx, ast.Store):
            bound.setdefault(name.id, name.lineno)
        elif name.lineno <= bound.get(name.id, name.lineno):  # `x = x / 2` reads it first
            read.add(name.id)
    read |= {find_root(n.target) for n in nodes if isinstance(n, ast.AugAssign)}
    changed = {find_root(n) for n in nodes if is_changed(n)}
    calls = {find_root(n) for n in nodes if isinstance(n, ast.Expr) and calls_method(n.value)}
    binds, uses = {*bound, *defined, *changed} - {""}, read - defined - inner - {""}
    return Names(binds, uses, imports, calls, always="*" in imports)


def is_changed(node: ast.AST) -> bool:
    """Whether this is what `name.part = …`, `name[…] = …` or `del name[…]` change."""
    return isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load)


def calls_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def find_root(node: ast.AST) -> str:
    """The name that an expression such as `name.part[3].act(…)` begins with; "" for none."""
    while not isinstance(node, ast.Name):
        inner = getattr(node, "value", None) or getattr(node, "func", None)
        if not isinstance(inner, ast.AST):
            return ""
        node = inner
    return node.id


def find_needed(sources: Sequence[str], wanted: Iterable[int]) -> list[int]:
    """The numbers of the wanted cells of code and of all that they need, in order: the first cell,
    and each cell above that binds or changes a name which a needed one uses."""
    names = [read_names(source) for source in sources]
    modules = set().union(*(one.imports for one in names))
    needed: set[int] = set()
    waiting = list(wanted)
    while waiting:
        cell = waiting.pop()
        needed.add(cell)
        for above in range(cell):
            one = names[above]
            binds = one.binds | (one.calls - modules)  # not for a `torch.manual_seed(0)`
            if above not in needed and (above == 0 or one.always or binds & names[cell].uses):
                waiting.append(above)
    return sorted(needed)
