"""Chains of convolutions: which of a network's have nothing but views between them, and what one
convolution in place of a chain would cost. `energy` counts with it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

VIEWS = ("ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0")  # they move no value


def fan_in(convs: Sequence[nn.Conv2d]) -> int:
    """How many inputs an output of these convolutions has, one behind the other, as one."""
    taps = 1
    for axis in (0, 1):
        reached, step = {0}, 1
        for conv in convs:
            by = step * conv.dilation[axis]
            reached = {at + by * k for at in reached for k in range(conv.kernel_size[axis])}
            step *= conv.stride[axis]
        taps *= len(reached)
    return taps * convs[0].in_channels // math.gcd(*(conv.groups for conv in convs))


@torch.enable_grad()
def find_chains(folded: nn.Module, image: Tensor) -> tuple[dict[str, list[str]], set[str]]:
    """For each convolution, the convolutions that take its very output; and those whose output
    anything else takes as well.

    Read from autograd's graph of one run, none of whose values is kept.
    """
    made: dict[Any, str] = {}  # node of the graph: the convolution whose output it gives
    fed: dict[Any, Any] = {}  # that node: the one that gives the convolution's input
    shapes: dict[Any, torch.Size] = {}

    def see(name: str, layer: nn.Conv2d, args: tuple, out: Tensor) -> None:
        node, before = maker(out.grad_fn), maker(args[0].grad_fn)
        cut_anew = before in made and shapes[before] != args[0].shape
        fed[node] = args[0].grad_fn if cut_anew else before
        made[node], shapes[node] = name, out.shape

    with hooked(folded, {nn.Conv2d: see}), saved_tensors_hooks(lambda x: None, lambda x: x):
        last = maker(folded(image.detach().clone().requires_grad_() * 1).grad_fn)
    sources: dict[str, set[str | None]] = defaultdict(set)  # None: anything but a convolution
    users: dict[str, set[str | None]] = defaultdict(set)
    if last in made:
        users[made[last]].add(None)
    todo, seen = [last], {None}
    while todo:
        if (node := todo.pop()) in seen:
            continue
        seen.add(node)
        name = made.get(node)
        before = [fed[node]] if name else [maker(node) for node, _ in node.next_functions]
        for source in map(made.get, before):
            if name:
                sources[name].add(source)
            if source:
                users[source].add(name)
        todo += before
    takers: dict[str, list[str]] = defaultdict(list)
    for name, given in sources.items():
        if len(given) == 1 and (source := given.pop()):  # the same at each of its runs
            takers[source].append(name)
    return takers, {source for source, who in users.items() if who != set(takers[source])}


def maker(node: Any) -> Any:
    """The node of autograd's graph whose values this one's are, as they are or in other shape."""
    while node is not None and node.name() in VIEWS:
        node = node.next_functions[0][0]
    return node


@contextmanager
def hooked(model: nn.Module, sees: dict[type[nn.Module], Callable]) -> Iterator[None]:
    """While it is open, each run of such a layer is seen, with its name in front."""
    hooks = []
    for name, module in model.named_modules():
        for cls, see in sees.items():
            if isinstance(module, cls):
                name = name or cls.__name__.lower()
                hooks.append(module.register_forward_hook(partial(see, name)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
