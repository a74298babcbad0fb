"""Makes wrong answers of a right one, as slips of the hand do: an operator, a number, a sign, a
term or an argument is another one. Most of them compute something else; some do not."""

import ast
import copy
from collections.abc import Iterator

OTHER: dict[type, list[type]] = {
    ast.Add: [ast.Sub, ast.Mult], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult, ast.FloorDiv], ast.FloorDiv: [ast.Div], ast.Pow: [ast.Mult],
    ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.Lt], ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.Gt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot],
}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the source with this one change), no source twice."""
    tree, seen = ast.parse(source), {ast.unparse(ast.parse(source))}
    for place, node in enumerate(ast.walk(tree)):
        for number in range(len(list(changes(node)))):
            other = copy.deepcopy(tree)
            same_node = list(ast.walk(other))[place]
            new = list(changes(same_node))[number]
            written = ast.unparse(put(other, same_node, new))
            if written not in seen:
                seen.add(written)
                line = getattr(node, "lineno", 0)
                yield f"line {line}: {ast.unparse(node)} → {ast.unparse(new)}", written


def put(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    return ast.fix_missing_locations(Swap().visit(tree))


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """The node with one thing changed, each way."""

    def changed(**fields: object) -> ast.AST:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    match node:
        case ast.BinOp():
            yield from (changed(op=kind()) for kind in OTHER.get(type(node.op), []))
            yield from (node.left, node.right)  # a missing term
            if not isinstance(node.op, ast.Add | ast.Mult):
                yield changed(left=node.right, right=node.left)
        case ast.Compare(ops=[op]):
            yield from (changed(ops=[kind()]) for kind in OTHER.get(type(op), []))
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield changed(value=not node.value)
        case ast.Constant(value=int()):
            yield from (changed(value=node.value + by) for by in (1, -1))
        case ast.Constant(value=float()):
            yield from (changed(value=node.value * by) for by in (2.0, 0.5, -1.0))
        case ast.Call(args=[_, _, *_]) | ast.Tuple(elts=[_, _, *_], ctx=ast.Load()):
            name = "args" if isinstance(node, ast.Call) else "elts"
            parts = getattr(node, name)
            for i in range(len(parts) - 1):
                swapped = [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]
                yield changed(**{name: swapped})
        case ast.Call(func=ast.Attribute(value=inner), args=[]):
            yield inner  # a missing step, as of x.sqrt()
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Return(value=ast.Name() | ast.BinOp()):
            yield changed(value=ast.UnaryOp(ast.USub(), node.value))
