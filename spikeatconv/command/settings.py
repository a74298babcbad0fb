"""What the command line sets: KEY=VALUE, for a field of the recipe, its augmentation, the model."""

import contextlib
import difflib
import json
import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from spikeatconv.checks import few
from spikeatconv.command.estimate import check_room_for_weights
from spikeatconv.conv import is_folded
from spikeatconv.model import Config, Network, SpikeAtConvConfig
from spikeatconv.resnet import NETWORKS
from spikeatconv.training.recipes import Augmentation, Recipe, build, make_config

GROUPS = ("recipe", "augmentation", "model")
OPTION = "spk_options"
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


# --- KEY=VALUE


def read_settings(words: Iterable[str], kind: type) -> dict[str, dict[str, Any]]:
    """{"recipe": {"epochs": 2}, "augmentation": {}, "model": {}} of words such as "epochs=2".

    kind: of the network, or of its configuration, whose fields may be set. Raises ValueError that
    names the nearest keys, or what a value should have been.
    """
    known = fields_of(kind)
    found: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r} is no setting; give KEY=VALUE, for example epochs=2")
        group, name, option = place(key.strip(), known)
        if option:
            found[group].setdefault(OPTION, {})[option] = guess(text)
        else:
            found[group][name] = value_of(name, text, known[group][name])
    return found


def fields_of(kind: type) -> dict[str, dict[str, Any]]:
    """{group: {field: its type}}."""
    config = NETWORKS[kind.__name__][0] if kind.__name__ in NETWORKS else kind
    recipe = typing.get_type_hints(Recipe)
    others = ("augmentation", "networks")
    return {
        "recipe": {name: kind for name, kind in recipe.items() if name not in others},
        "augmentation": typing.get_type_hints(Augmentation),
        "model": typing.get_type_hints(config),
    }


def place(key: str, known: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    """("model", "spk_options", "tau") of "model.spk_options.tau"; the group may be left out."""
    first, _, rest = key.partition(".")
    groups, name = ((first,), rest) if first in GROUPS else (GROUPS, key)
    name, _, option = name.partition(".")
    for group in groups:
        if name in known[group] and (not option or name == OPTION):
            return group, name, option
    names = [name for group in GROUPS for name in known[group]]
    names += [f"{group}.{name}" for group in GROUPS for name in known[group]]
    near = difflib.get_close_matches(key, names, cutoff=0.5) or names[: len(names) // 2]
    raise ValueError(f"there is no setting {key!r}; the nearest: {', '.join(near)}")


def value_of(name: str, text: str, kind: Any) -> Any:
    """The text as a value of that type, the first of a union that takes it."""
    union = typing.get_origin(kind) in (typing.Union, types.UnionType)
    kinds = [typing.get_origin(one) or one for one in (typing.get_args(kind) if union else (kind,))]
    try:
        return read_as(text, kinds)
    except ValueError:
        expected = " or ".join(READERS[one][1] for one in kinds)
        raise ValueError(f"{name} is {text!r}; expected {expected}") from None


def read_as(text: str, kinds: Iterable[type]) -> Any:
    """The text as a value of the first kind that takes it. Raises ValueError where none does."""
    for kind in kinds:
        with contextlib.suppress(KeyError, ValueError):
            return READERS[kind][0](text.strip())
    raise ValueError(f"{text!r} is none of these")


def number(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError
    return value


def mapping(text: str) -> dict:
    if not isinstance(value := json.loads(text), dict):
        raise ValueError
    return value


def bare(text: str) -> str:
    """ "4,4,2" of "[4,4,2]" and "(4,4,2)"."""
    inside = text.strip()
    return inside[1:-1] if inside[:1] + inside[-1:] in ("[]", "()") else inside


READERS: dict[type, tuple[Any, str]] = {
    int: (int, "a whole number"),
    float: (number, "a number"),
    bool: (lambda text: WORDS[text.lower()], "true or false"),
    str: (str, "a word"),
    tuple: (lambda text: tuple(map(int, bare(text).split(","))), "numbers such as 4,4,2"),
    dict: (mapping, 'JSON such as {"tau": 4.0}'),
    types.NoneType: (lambda text: {"none": None}[text.lower()], "none"),
}


def guess(text: str) -> Any:
    """An option's value: numbers with commas, in brackets or not, a number, true or false, none,
    else a word."""
    if "," in text or bare(text) != text.strip():
        return tuple(guess(part) for part in bare(text).split(",") if part)
    return read_as(text, (int, float, bool, types.NoneType, str))


# --- what they make


def changed(recipe: Recipe, settings: Mapping[str, Mapping[str, Any]]) -> Recipe:
    """The recipe with its settings. A warm-up that fewer epochs leave no room for, and that was
    not set, shrinks in proportion."""
    wanted = dict(settings["recipe"])
    epochs = wanted.get("epochs", recipe.epochs)
    if "warmup_epochs" not in wanted and 0 < epochs <= recipe.warmup_epochs:
        wanted["warmup_epochs"] = recipe.warmup_epochs * epochs / recipe.epochs
    augmentation = replace(recipe.augmentation, **settings["augmentation"])
    return replace(recipe, augmentation=augmentation, **wanted)


def new_model(
    name: str, recipe: Recipe, classes: int, in_channels: int, settings: Mapping[str, Any]
) -> Network:
    """A new network of that name for those images; what is set goes before what follows."""
    changes = {"classes": classes, "in_channels": in_channels, **settings}
    return with_room(make_config(name, **changes), recipe, settings)


def with_room(config: Config, recipe: Recipe, settings: Mapping[str, Any]) -> Network:
    """A network for the recipe's images, made without values and then, if there is memory, with
    them. Partitions that were not set fit the images."""
    if isinstance(config, SpikeAtConvConfig) and "partition_size" not in settings:
        config = replace(config, partition_size=fitting(config, recipe.image_size))
    with torch.device("meta"):
        check_room_for_weights(build(config, recipe.seed))
    return build(config, recipe.seed)


def fitting(config: SpikeAtConvConfig, side: int) -> int | tuple[int, ...]:
    """The partition sizes that fit images of that many pixels a side: the configuration's, or in
    each stage where it does not fit, the divisor of the stage's side that is nearest to it."""
    if config.fits(side):
        return config.partition_size
    sizes, side = [], (side + 1) // 2
    for wanted in config.sizes:
        side = (side + 1) // 2
        divisors = [size for size in range(1, side + 1) if side % size == 0]
        sizes.append(min(divisors, key=lambda size: (abs(size - wanted), -size)))
    return tuple(sizes)


def go_on_from(
    model: Network, recipe: Recipe, classes: Sequence[str], settings: Mapping[str, Any],
    known: Sequence[str] | None,
) -> tuple[Network, str]:  # fmt: skip
    """A network with the model's weights and those settings, and in words what became of its last
    layer, "" where nothing did.

    classes, known: the names of the data's classes and of the model's, None where it has none. Each
    class keeps its row of the last layer by its name; the others' rows are drawn anew. Without
    names the layer is kept where there are as many. Partitions that were not set fit the recipe's
    images. Raises ValueError where other weights do not fit.
    """
    before = model.config.arguments()
    if is_folded(model) and before.get("norm") != "none":
        raise ValueError("the weights are folded, for inference alone; give those before that")
    config = type(model.config).of({**before, "classes": len(classes), **settings})
    made = with_room(config, recipe, settings)
    old, tensors = model.state_dict(), made.state_dict()
    heads = ("head.weight", "head.bias")
    differ = [n for n, t in tensors.items() if n not in old or old[n].shape != t.shape]
    odd = [n for n in differ if n not in heads] + sorted(old.keys() - tensors)
    if odd or old[heads[0]].shape[1] != tensors[heads[0]].shape[1]:
        raise ValueError(
            f"the weights do not fit the settings {in_words(settings)}: {len(odd)} tensors differ, "
            f"such as {[*odd, heads[0]][0]}; leave out what changes the network's shape"
        )
    rows, told = match_rows(classes, known, len(old["head.bias"]))
    made.load_state_dict({**old, **{name: tensors[name] for name in heads}})
    with torch.no_grad():
        for row, source in rows.items():
            made.head.weight[row], made.head.bias[row] = (old[name][source] for name in heads)
    return made, told


def match_rows(
    classes: Sequence[str], known: Sequence[str] | None, count: int
) -> tuple[dict[int, int], str]:
    """{row: row before} of the last layer for classes that are known by name, and that in words.
    count: of rows before."""
    if known is None:
        if count == len(classes):
            kept = dict(enumerate(range(count)))
            return kept, "kept as it is, for the file does not name its classes"
        return {}, f"new, for {len(classes)} classes; the file has {count} without names"
    rows = {row: known.index(name) for row, name in enumerate(classes) if name in known}
    new = [name for row, name in enumerate(classes) if row not in rows]
    told = f"new for {len(new)} of {len(classes)} classes: {few(new)}" if new else ""
    if list(known) != list(classes) and rows:
        told += f"{'; ' if told else ''}kept by name for {len(rows)}"
    return rows, told


def in_words(settings: Mapping[str, Any] | Sequence) -> str:
    """ "(4, 4, 2)" as "4,4,2"; what is set, as one would type it."""
    if isinstance(settings, Mapping):
        return " ".join(f"{name}={in_words([value])}" for name, value in settings.items())
    return ",".join(in_words(v) if isinstance(v, tuple) else str(v) for v in settings)
