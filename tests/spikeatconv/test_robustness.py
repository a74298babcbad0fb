"""Bad input everywhere: every public name, called with what it should not get, gives a right result
or an error that names the value and how to mend it.

    .venv/bin/python tests/spikeatconv/test_robustness.py    writes docs/robustness.md

A call is a function with good arguments, each of a kind; a kind lists what is put in its place.
What is *refused* has to raise ValueError, TypeError or FileNotFoundError, in our own code and not
deep inside torch, with a message that names the argument, shows the value and says what to do.
What is *taken* must work, and NumPy's numbers give what Python's give.
"""

import faulthandler
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

import spikeatconv as sc
from spikeatconv import training as tr
from spikeatconv.checks import short
from spikeatconv.command.estimate import estimate
from spikeatconv.pairs import pairs, shape

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "robustness.md"
PACKAGE = str(ROOT / "spikeatconv")
NAN, INF = float("nan"), float("inf")
MEND = re.compile(
    r"\b(give|choose|call|move|change|raise|lower|set|leave|check|resize|copy|pass|make|restore|"
    r"train|update|use|take|number the)\b|[Dd]id you mean"
)
MEMORY = 500 * 2**20
ALL = (torch.float64, torch.float16, torch.bfloat16)
LEFT_OUT = "left out"  # of a call with good arguments


@dataclass(frozen=True)
class Kind:
    """An argument: a good value, what is refused, what works, what gives the good value's result.

    as_named: other words that a message may use for it."""

    good: Any
    refused: Sequence[Any] = ()
    taken: Sequence[Any] = ()
    same: Sequence[Any] = ()
    as_named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    name: str
    make: Callable
    arguments: dict[str, Kind] = field(default_factory=dict)


# --- kinds


def whole(good, low=1, optional=False, most=True):
    refused = ["4", low - 1, -7, 2.5, NAN, True, [4], np.array([4, 4]), *([10**30] if most else [])]
    alike = [] if good is LEFT_OUT else [np.int64(good)]
    return Kind(good, [*refused, *([] if optional else [None])], same=alike)


def number(good, *out_of_range, optional=False):
    refused = ["2", NAN, INF, True, [2.0], 1j, torch.ones(2), *out_of_range]
    return Kind(good, [*refused, *([] if optional else [None])], same=[np.float64(good)])


def flag(good):
    return Kind(good, ["no", "", 1, 0, None, np.array([True, False])], same=[np.bool_(good)])


def word(good, *others):
    return Kind(good, ["xyz", "", 3, None, [good], b"grid", *others])


def numbers(good, *others, low=0.0):
    refused = [(), [], 3, "12", {}, None, ("1.0", 2.0), (None, 1.0), (True, 1.0), (NAN, 1.0)]
    return Kind(good, [*refused, *others], same=[list(good), np.array(good)])


def wholes(good, *others):
    refused = [(), [], "12", {}, None, (2.5, 2), ("2", 2), (True, 2), (0, 1), (10**30, 1)]
    return Kind(good, [*refused, *others], same=[list(good), np.array(good)])


def real(*shape, ranks=True, empty=True, zero_steps=False, dtypes=()):
    """A real tensor. dtypes: those that are taken beside float32."""
    x = torch.linspace(-1, 3, int(np.prod(shape))).reshape(shape)
    refused = [
        None, 3, "x", [[1.0]], x.numpy(), x.long(), x > 0, x.to(torch.complex64), x.byte(),
        x.to(torch.float8_e5m2), x.to_sparse(),
    ]  # fmt: skip
    if ranks:
        refused += [torch.tensor(1.0), torch.ones(3), x[0], x[None, None, None]]
    if zero_steps:
        refused += [x[:0]]
    odd = [x.to(dtype) for dtype in (torch.float64, torch.float16, torch.bfloat16)]
    taken = [x * NAN, x * INF, -1e30 * x, x.clone().requires_grad_(), x.transpose(-1, -2)]
    return Kind(
        x, [*refused, *(t for t in odd if t.dtype not in dtypes)],
        [*taken, *(t for t in odd if t.dtype in dtypes), *([x[:, :0]] if empty else [])],
    )  # fmt: skip


META = [torch.zeros(2, 1, 4, 4, 4, device="meta")]
WIDE = [torch.zeros(2, 10**6, 4, 10**4, 4, device="meta")]  # a terabyte, if it were real


def also(kind: Kind, refused: Sequence = (), taken: Sequence = (), as_named=()) -> Kind:
    return Kind(
        kind.good, [*kind.refused, *refused], [*kind.taken, *taken], kind.same,
        (*kind.as_named, *as_named),
    )  # fmt: skip


def network(**changes):
    torch.manual_seed(0)
    small = {"widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8, "spk": "sl"}
    return sc.SpikeAtConv(sc.preset("micro", **{**small, "time_steps": 1, **changes})).eval()


def resnet(**changes):
    torch.manual_seed(0)
    return sc.SpikingResNet18(**{"classes": 3, "width": 2, **changes}).eval()


MODEL = network()
PHOTOS = torch.linspace(0, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)
FOLDER = Path(__file__).parent  # a folder with no weights in it
MODELS = Kind(MODEL, [None, 3, "micro", sc.SpikeAtConv, torch.ones(2), {}])
PATHS = Kind("x", [None, 3, b"x", "", "a\0b", ["x"], FOLDER])


def neuron():
    return {
        "tau": number(2.0, 0.5, 0, -1), "v_threshold": number(1.0, 0.0, -INF),
        "v_rest": number(0.0),
        "v_reset": Kind(0.0, ["2", NAN, True, 1.0, [0.0]], [None, -1], [np.float64(0)]),
        "surrogate": Kind("atan", ["tan", None, 3, sc.Atan, torch.atan], ["sigmoid", sc.Atan(3)]),
        "detach_reset": flag(True),
    }  # fmt: skip


def block(without="", **own):
    """The arguments of an SPK block: its own, and those of its neurons."""
    options = {name: kind for name, kind in neuron().items() if name != without}
    return {"channels": whole(4), **own, **options}


MAPS = real(2, 1, 4, 4, 4, dtypes=ALL)
WRONG_C = [torch.zeros(2, 1, 5, 4, 4), torch.zeros(2, 1, 0, 4, 4)]
STILL = also(
    Kind(PHOTOS, real(2, 3, 8, 8).refused, real(2, 3, 8, 8, empty=False).taken),
    [torch.zeros(2, 4, 8, 8), torch.zeros(2, 3, 8, 8, device="meta"), torch.zeros(3, 8, 8)],
    [PHOTOS[:0], PHOTOS[None]],
)
CHANNELS = {"heads": whole(2), "channels": whole(4)}
ATTENTION = {
    **CHANNELS, "partition": word("grid"), "size": whole(2), "softmax": flag(True),
    "spk": word("sl"), "spiking": flag(True), "norm": word("batch"), **neuron(),
}  # fmt: skip
PLACES = real(2, 4, 4, 4, dtypes=ALL)
LAID = Kind(  # tensors of any type may be laid out
    PLACES.good, [None, 3, "x", [[1.0]], PLACES.good.numpy(), *PLACES.refused[-5:]],
    [*PLACES.taken, PLACES.good.long(), PLACES.good > 0, PLACES.good[:0], PLACES.good[:, :0]],
)  # fmt: skip
TOKENS = {name: sc.PARTITIONS[name][0](PLACES.good, 2) for name in ("grid", "window", "full")}


def tokens_of(name):
    good = TOKENS[name]
    wrong = [good[:, :, :-1], good[0], good[..., None], torch.zeros(2, 3, 5, 4)]
    return Kind(good, [None, 3, "x", [[1.0]], good.numpy(), *wrong], [good[:0], good.long()])


SIDES = wholes((4, 4), (4,), (4, 4, 4), 4)
OPTIONS = Kind({}, [None, 3, "tau", [1], {"tua": 3.0}, {"tau": "4"}, {"binary": True},
                    {"channels": 3}, {3: 4}], [{"tau": 3.0}], as_named=("MBPL", "tau"))  # fmt: skip
CURRENT = Kind(
    np.array([1.0, 2.0]), [None, 3, "x", [], [[1.0]], [NAN], [INF, 1.0], ["a"], [1j]],
    [[1, 2], (1.0,), torch.ones(3), np.ones(3, np.float32)],
)  # fmt: skip
LONG = [10**12, 1e300]


def only_refused(arguments):
    """For a call whose good arguments would start long work or need files."""
    return {name: Kind(k.good, k.refused, (), (), k.as_named) for name, k in arguments.items()}


def constructor(cls, arguments):
    return Call(cls.__name__, cls, arguments)


# --- the library's names

CONFIG = {
    "widths": wholes((8, 16), 8), "depths": wholes((1, 1), 1, (1,), (100, 100)),
    "classes": whole(10), "in_channels": whole(3), "time_steps": whole(4), "spk": word("mbpl"),
    "spk_options": OPTIONS, "attention": word("sisa"), "partition": word("grid"),
    "partition_size": Kind(4, ["4", 0, 2.5, True, None, (), (4,), (4, 2.5), {}], [(4, 2)],
                           [np.int64(4)]),
    "softmax": flag(True), "spiking": flag(True), "head_width": whole(8), "expansion": whole(4),
    "norm": word("batch"), "shortcut": word("membrane"),
}  # fmt: skip
RESNET = {
    "classes": whole(3), "spk": word("sl"), "time_steps": whole(1), "width": whole(2),
    "spiking": flag(True), "in_channels": whole(3),
}  # fmt: skip

RUN = {
    "every": whole(LEFT_OUT, most=False, optional=True), "keep": whole(2, most=False),
    "precision": word("no"), "accumulate": whole(1, most=False),
    "sync_norm": flag(False),
    "workers": whole(0, low=0), "cpu": flag(False),
}  # fmt: skip
CALLS = [
    constructor(sc.LIF, neuron()),
    Call("LIF()", sc.LIF(), {
        "x": also(real(2, 3, 4, ranks=False, zero_steps=True, dtypes=ALL), [torch.tensor(1.0)],
                  [torch.zeros(2, 3, device="meta")]),
        "v0": Kind(None, [3, "x", np.zeros((3, 4)), torch.zeros(5),
                                       torch.zeros(3, 4).long()],
                   [None, torch.zeros(4), torch.zeros(3, 4).double()]),
    }),
    Call("LIF().run", sc.LIF().run, {
        "x": real(2, 3, 4, ranks=False, zero_steps=True, dtypes=ALL)}),
    Call("lif_step", sc.lif_step, {
        "x": Kind(torch.ones(2), [None, 3, "x", np.ones(2), torch.ones(2).long()],
                  [torch.ones(2) * NAN, torch.ones(2, 2)]),
        "v": Kind(torch.zeros(2), [None, 3, "x", np.ones(2), torch.ones(2).long(), torch.ones(3)],
                  [torch.tensor(0.0)]),
        **neuron(),
    }),
    Call("LIFSum", sc.LIFSum, {
        "thresholds": also(numbers((0.5, 1.0)), [(0.0, 1.0)]),
        **{name: kind for name, kind in block("v_threshold").items() if name != "channels"}}),
    Call("LIFSum()", sc.LIFSum((0.5, 1.0)), {
        "x": real(2, 3, 4, ranks=False, zero_steps=True, dtypes=ALL)}),
    *(constructor(cls, {"alpha": number(2.0, 0, -1)})
      for cls in (sc.Atan, sc.Sigmoid, sc.Surrogate)),
    constructor(sc.SL, block()),
    constructor(sc.RL, block(project=flag(True), readout=word("membrane"),
                             second_threshold=number(0.6, -1))),
    constructor(sc.MBPL, block(
        thresholds=numbers((0.5, 1.0), [0.5] * 10**5, (-1.0, 1.0)), mlp_ratio=number(0, -1, 1e9),
        readout=word("membrane"), shared=flag(True), residual=flag(True),
        closing=Kind(None, [3, "x", [1], {"foo": 1}, {"tau": "4"}, {"tau": 0}],
                     [{}, {"tau": 3.0}], as_named=("tau",)))),
    constructor(sc.HSL, block("tau", taus=also(
        numbers((2.0, 4.0)), [(2.0,), (2.0, 0.5), (1.0, 2.0, 3.0)]))),
    constructor(sc.DCL, block(norm=word("batch"))),
    *(Call(f"{name}()", sc.SPK_BLOCKS[name](4), {
        "x": also(real(2, 1, 4, 4, 4, zero_steps=True, dtypes=ALL if name in ("sl", "hsl") else ()),
                  [*WRONG_C, *(META if name not in ("sl", "hsl") else [])],
                  WIDE if name in ("sl", "hsl") else [])})
      for name in sc.SPK_BLOCKS),
    *(Call(f"{name}_partition", function, {"x": LAID, "size": Kind(2, [], [None]) if name == "full"
           else also(whole(2, most=False), [3, 5])})
      for name, (function, _) in sc.PARTITIONS.items()),
    *(Call(f"{name}_merge", merge, {
        "tokens": tokens_of(name), "hw": SIDES, "size": Kind(2, [], [None]) if name == "full"
        else also(whole(2, most=False), [3])})
      for name, (_, merge) in sc.PARTITIONS.items()),
    Call("Attend", sc.Attend, {
        "heads": whole(2, most=False), "partition": word("grid"), "size": whole(2),
        "softmax": flag(True)}),
    Call("Attend()", sc.Attend(2, size=2),
         {name: also(real(2, 1, 4, 4, 4, empty=False),
                     [torch.zeros(2, 1, 3, 4, 4), torch.zeros(2, 1, 4, 4, 3)])
          for name in ("q", "k", "v")}),
    constructor(sc.SISA, ATTENTION),
    constructor(sc.BDSA, ATTENTION),
    *(Call(f"{cls.__name__}()", cls(4, 2, size=2), {
        "x": also(real(2, 1, 4, 4, 4, zero_steps=True), [*WRONG_C, *META,
                  torch.zeros(2, 1, 4, 5, 5)], as_named=("map",))}) for cls in (sc.SISA, sc.BDSA)),
    constructor(sc.SpikeAtConvConfig, CONFIG),
    Call("preset", sc.preset, {
        "name": also(word("micro"), as_named=("preset",)),
        "clases": Kind(LEFT_OUT, [3], as_named=("classes",)),
        
        "classes": whole(10)}),
    Call("SpikeAtConv", sc.SpikeAtConv, {
        "config": Kind(sc.preset("micro"), [None, "micro", 3, {}, MODEL])}),
    Call("SpikeAtConv()", MODEL, {"images": also(
        STILL, [torch.zeros(2, 2, 3, 8, 8), torch.zeros(2, 3, 9, 9), torch.zeros(2, 3, 0, 0)],
        as_named=("image",))}),
    constructor(sc.SpikingResNet18Config, {
        **RESNET, "spk_options": also(OPTIONS, as_named=("SL",))}),
    constructor(sc.SpikingResNet18, {
        **RESNET, "tua": Kind(LEFT_OUT, [3.0], as_named=("tau",)), **neuron()}),
    Call("SpikingResNet18()", resnet(), {"images": also(
        STILL, [torch.zeros(2, 2, 3, 8, 8), torch.zeros(2, 3, 0, 0)])}),
    Call("fold", sc.fold, {"model": MODELS}),
    Call("expand", sc.expand, {"model": Kind(
        sc.SpikingResNet18(2, "mbpl", width=4, readout="sum", mixer=False),
        [*MODELS.refused, nn.Linear(2, 2), sc.SpikingResNet18(2, "sl", width=4)])}),
    Call("record", lambda model: sc.record(model).__enter__().rates, {
        "model": also(MODELS, [nn.Linear(2, 2)], as_named=("record",))}),
    Call("energy_report", sc.energy_report, {
        "model": also(MODELS, [nn.Identity()]), "rates": word("layer"),
        "counting": word("input"), "batch_size": whole(2, most=False),
        "images": Kind(PHOTOS, [*STILL.refused, PHOTOS[:0], PHOTOS * NAN, PHOTOS / 0], [PHOTOS[:1]])
    }),
    Call("count_flops", sc.count_flops, {
        "model": also(MODELS, [nn.Identity()]),
        "image_shape": also(wholes((3, 8, 8)), [(3, 8), (3, 8, 8, 8), (4, 8, 8), (3, 9, 9)],
                            as_named=("images", "image"))}),
    Call("save_weights", sc.save_weights, {
        "model": Kind(MODEL, [None, 3, "micro", sc.SpikeAtConv, nn.Linear(2, 2), {}]),
        "path": Kind("x", [*PATHS.refused, "no/such/folder/x"], as_named=("folder",)),
        "note": Kind(None, [3, "seed", [1], {"a": {1}}, {"a": torch.ones(1)}],
                     as_named=("option",))}),
    Call("load_weights", sc.load_weights, {
        "path": Kind(sc.shipped("micro_digits.safetensors"),
                     [*PATHS.refused, "no/such/file", __file__], as_named=("file", "folder")),
        "config": Kind(None, [3, "micro", {}, sc.preset("micro"), {"foo": 1}])}),
    Call("weights_note", sc.weights_note, {
        "path": Kind(sc.shipped("micro_digits.safetensors"),
                     [*PATHS.refused, "no/such/file", __file__], as_named=("file", "folder"))}),
    Call("mnist5k", sc.mnist5k, {
        "split": word("test", "validation")}),
    Call("shipped", sc.shipped, {
        "name": Kind("mnist5k.npz", [None, 3, "", "no_such_file", "../README.md", b"x"],
                     as_named=("missing", "no line"))}),
    Call("stimulus", sc.stimulus, {
        "kind": word("noise"), "amplitude": number(1.5), "duration": number(100.0, 0, -1, *LONG),
        "dt": number(1.0, 0, -1, 1e-300), "period": number(20.0, 0, -1),
        "seed": also(whole(0, low=0), [2**32])}),
    Call("simulate", lambda **k: sc.simulate(**k).potential, {
        "current": CURRENT, "tau": number(10.0, 0.5, -1), "v_threshold": number(1.0, 0.0),
        "v_rest": number(0.0), "resistance": number(1.0, 0, -1), "dt": number(1.0, 0, -1),
        "t_ref": number(0.0, -1),
        "v_reset": Kind(0.0, ["2", NAN, True, 1.0], [None], [np.float64(0)])}),
]  # fmt: skip

# --- training's names that take plain arguments

PART = number(0.9, 0, 1.1, optional=True)
RECIPE = {
    "epochs": whole(2, most=False), "batch": whole(4, most=False),
    "learning_rate": number(0.1, 0, -1), "weight_decay": number(0.1, -1),
    "warmup_epochs": number(1, -1, 2), "image_size": whole(8, most=False),
    "repeats": whole(2, most=False), "test_crop": PART, "interpolation": word("bicubic"),
    "clip": number(1.0, 0, -1, optional=True), "ema": number(0.9, 0, 1, -1, optional=True),
    "drop_path": number(0.1, -0.1, 1.0), "min_learning_rate": number(0.01, -1, 0.2),
    "distill": number(0.5, 0, 1.1), "temperature": number(2.0, 0, -1),
    "seed": whole(0, low=0, most=False), "augmentation": Kind(tr.Augmentation(), [None, 3, {}]),
}  # fmt: skip
SHARES = ("crop", "shift", "scale", "erasing", "label_smoothing")
AUGMENTATION = {
    **{name: number(0.5, -0.1, 1.5) for name in SHARES}, "rotation": number(10, -1, 200),
    "shear": number(10, -1, 90), "mixup": number(0.5, -1), "cutmix": number(0.5, -1),
    "flip": flag(False), "auto_augment": flag(False), "rand_augment": number(9, -1, 30),
}  # fmt: skip
PIXELS = torch.zeros(3, 1, 4, 4)
DIGITS = tr.InMemory(torch.zeros(50, 1, 4, 4), [0, 1] * 25)
IMAGES = Kind(DIGITS, [None, 3, "digits", tr.digits, [], {}, PIXELS, PIXELS.numpy(), tr.InMemory])
RECIPES = Kind(tr.RECIPES["digits"], [None, 3, "digits", {}, tr.Augmentation(), tr.Recipe])
TOGETHER = {"model": also(MODELS, [nn.Linear]), "data": IMAGES, "test": IMAGES, "recipe": RECIPES}
NO_BATCH = [None, 3, "x", PIXELS.numpy(), PIXELS[0], PIXELS[:0], PIXELS[:2]]
LABELS, ONES = torch.arange(3), torch.eye(3)
CALLS += [
    constructor(tr.Recipe, RECIPE),
    constructor(tr.Augmentation, AUGMENTATION),
    Call("InMemory", lambda images, labels: tr.InMemory(images, labels).classes, {
        "images": Kind(PIXELS, [PIXELS[0], PIXELS[:0], PIXELS.long(), PIXELS[:2]],
                       [PIXELS.byte(), PIXELS.numpy(), PIXELS.double()], as_named=("labels",)),
        "labels": Kind((0, 1, 1), [*map(torch.tensor, ([0, 1], [0.0, 1.0, 1.0], [[0], [1], [1]])),
                                   (-1, 0, 0), (0, 1, 10**12), (0, 1, 2**63 - 1)])}),
    Call("digits", tr.digits, {"split": word("test")}),
    Call("network", tr.network, {
        "name": word("micro"), "seed": whole(0, low=0, most=False), "classes": whole(10),
        "spk": word("sl"), "spiking": flag(True),
        "time_steps": whole(1), "clases": Kind(LEFT_OUT, [3], as_named=("classes",))}),
    Call("open_data", lambda **k: list(map(len, tr.open_data(**k))), {
        "where": Kind("digits", ["", "no/such/folder", "a\0b", None, 3], as_named=("data", "file")),
        "image_size": whole(32, most=False), "in_channels": whole(1, most=False),
        "test_crop": PART, "interpolation": word("bicubic"), "time_steps": whole(1, optional=True),
        "faults": word("stop")}),
    Call("Augment", lambda **k: vars(tr.Augment(**k)), {
        "augmentation": Kind(tr.Augmentation(), [None, 3, "flip", {}, tr.Augmentation]),
        "size": whole(32, most=False), "classes": whole(10, most=False)}),
    Call("Augment()", lambda **k: tr.Augment(tr.Augmentation(), 4, 3)(**k), {
        "images": Kind(PIXELS, NO_BATCH),
        "labels": Kind(LABELS, [None, 3, "x", [1, 2], LABELS[:2], ONES])}),
    Call("mix", tr.mix, {
        "images": Kind(PIXELS, NO_BATCH), "shares": Kind(ONES, [None, 3, ONES[:2], LABELS]),
        "mixup": number(0.5, -1), "cutmix": number(0.0, -1)}),
    Call("adamw", lambda model, recipe: str(tr.adamw(model, recipe)), {
        "model": MODELS, "recipe": RECIPES}),
    Call("order_of", tr.order_of, {
        "seed": whole(0, low=0, most=False), "epoch": whole(1, low=0, most=False),
        "images": whole(5, low=0)}),
    Call("seed_of", lambda seed: tr.seed_of(seed, "order", 1), {
        "seed": Kind(0, [None, 2.5, NAN, True, [4], -7, b"x"], ["order"], [np.int64(0)],
                     ("number",))}),
    Call("stream", tr.stream, only_refused({
        "where": Kind("digits", ["", "no/such/folder", "a\0b", None, 3], as_named=("streamed",)),
        "image_size": whole(32, most=False), "buffer": whole(2, most=False),
        "in_channels": whole(3, most=False), "test_crop": PART, "interpolation": word("bicubic"),
        "faults": word("stop")})),
    Call("train", lambda **k: next(tr.train(**k)), only_refused({
        **TOGETHER, "folder": Kind(None, [3, b"x", "", "a\0b"]),
        "run": Kind(tr.Run(), [None, 3, "no", {}, tr.Run]), **RUN, "cpu": flag(True),
        "teacher": Kind(None, [3, "twin", nn.Linear, {}])})),
    Call("estimate", lambda **k: estimate(**k, folder=FOLDER), only_refused(TOGETHER)),
    Call("evaluate", tr.evaluate, only_refused({
        "model": MODELS, "data": IMAGES, "recipe": RECIPES, "workers": whole(0, low=0),
        "accelerator": Kind(Accelerator(cpu=True), [None, 3, "cpu"])})),
    Call("ask", tr.ask, only_refused({
        "model": MODELS, "data": IMAGES, "batch": whole(2, most=False), "workers": whole(0, low=0),
        "accelerator": Kind(Accelerator(cpu=True), [None, 3, "cpu"])})),
    Call("Run", lambda **k: vars(tr.Run(**k)), RUN),
    Call("Checkpoints", lambda **k: vars(tr.Checkpoints(**k)), {
        "folder": Kind(None, [3, b"x", "a\0b"]),
                                         "keep": whole(2, most=False)}),
]  # fmt: skip

CALLS += [
    Call("pairs.shape", shape, {"name": word("ring")}),
    Call("pairs.pairs", pairs, {"count": whole(3), "seed": whole(0, low=0)}),
]

CONSTANTS = ("ATTENTIONS", "NETWORKS", "PARTITIONS", "PRESETS", "SPK_BLOCKS", "STIMULI")
RESULTS = ("EnergyReport", "LIFTrace", "Recording", "Simulation")  # the library alone makes them
NOT_CALLED = ("RECIPES", "Answers", "Images", "Stream")


# --- the tests


def outcome(call: Call, name: str, value: Any) -> Any:
    """What the call gives with that value in the argument's place."""
    torch.manual_seed(0)
    good = {n: kind.good for n, kind in call.arguments.items() if kind.good is not LEFT_OUT}
    return call.make(**{**good, name: value})


def fault_of(call: Call, name: str, kind: Kind, value: Any) -> str:
    """What is wrong with the answer to a value that has to be refused; "" if nothing."""
    try:
        outcome(call, name, value)
    except (ValueError, TypeError, FileNotFoundError) as error:
        text = str(error)
        where = traceback.extract_tb(error.__traceback__)[-1]
        if not where.filename.startswith(PACKAGE):
            return f"raised in {where.filename}:{where.lineno}: {error!r}"
        if not any(re.search(rf"\b{known}\b", text) for known in (name, *kind.as_named)):
            return f"does not name {name}: {text}"
        if kind.good is not LEFT_OUT and not any(form in text for form in forms(value)):
            return f"does not show the value: {text}"
        return "" if MEND.search(text) else f"says nothing to mend it: {text}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    return "was taken"


def forms(value: Any) -> list[str]:
    """How a message may show a value: whole, in short, its type; its shape, or what is odd in it;
    an entry of it."""
    found = [repr(value), str(value), short(value), f"a {type(value).__name__}"]
    if isinstance(value, Tensor | np.ndarray):
        found += [str(list(value.shape)), str(value.dtype), " nan ", " inf "]
    if isinstance(value, Tensor):
        sides = value.shape[-2:]
        found += [str(value.layout), str(value.device) if value.is_meta else ""]
        found += [f" {len(value)} images" if value.dim() == 4 else ""]
        found += ["×".join(map(str, sides)), *(f"height {side} " for side in sides[:1])]
    if isinstance(value, list | tuple):
        found += [form for entry in value[:9] for form in forms(entry)] + [f"{len(value)} entries"]
        found.append(str(list(np.shape(value))))
    if isinstance(value, dict):
        found += [form for pair in value.items() for entry in pair for form in forms(entry)]
    if isinstance(value, sc.SpikeAtConvConfig):
        found.append("in config")  # which of its fields differ
    if isinstance(value, nn.Module):
        found.append(type(value).__name__)
    if isinstance(value, str):
        found.append(value.rpartition("/")[0])
    return [form for form in found if form]


def same(found: Any, right: Any) -> bool:
    if repr(found) == repr(right):
        return True
    return type(found) is type(right) and not isinstance(found, Tensor) and found == right


@pytest.fixture(autouse=True)
def no_hang_and_no_flood():
    """A hang ends the process with a traceback; a call takes no more than 500 MB."""
    faulthandler.dump_traceback_later(300, exit=True)
    before = most_memory()
    yield
    faulthandler.cancel_dump_traceback_later()
    assert most_memory() - before < MEMORY


def most_memory() -> int:
    """The most bytes that this process had at once; 0 on Windows, which does not say."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 2**10
    )


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_what_is_refused_says_what_and_how_to_mend_it(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = [
        f"{call.name}, {name}={short(value)}: {fault}"
        for name, kind in call.arguments.items()
        for value in kind.refused
        if (fault := fault_of(call, name, kind, value))
    ]
    assert not faults, "\n".join([f"{len(faults)} poor answers", *faults])
    assert list(tmp_path.iterdir()) == [], "a refused call leaves nothing behind"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_what_is_taken_works(call):
    for name, kind in call.arguments.items():
        for value in kind.taken:
            outcome(call, name, value)
        for value in kind.same:
            assert same(outcome(call, name, value), outcome(call, name, kind.good)), (
                f"{call.name}, {name}={value!r}: another result than {kind.good!r}"
            )


def test_every_public_name_is_called():
    called = {call.name.split("(")[0] for call in CALLS}
    assert set(sc.__all__) == (called | {*CONSTANTS, *RESULTS}) & set(sc.__all__)
    assert set(tr.__all__) == (called | set(NOT_CALLED)) & set(tr.__all__)


# --- the page


def page() -> str:
    refused = sum(len(kind.refused) for call in CALLS for kind in call.arguments.values())
    taken = sum(len(k.taken) + len(k.same) for call in CALLS for k in call.arguments.values())
    lines = [
        "# Bad input", "",
        "What every public name answers to input that it should not get. Written by",
        "`.venv/bin/python tests/spikeatconv/test_robustness.py`; do not edit.",
        f"The table is the test: {refused} values are refused with an error that names the",
        "argument, shows the value and says what to do, raised in our own code;",
        f"{taken} unusual ones work.", "",
        "`nan` and `inf` in a tensor go through a layer and come out as `nan`; what reports a",
        "number or writes a file refuses them. `Name()` is a call of the layer or model.", "",
        "| call | argument | refused | works |", "|---|---|---|---|",
    ]  # fmt: skip
    for call in CALLS:
        for name, kind in call.arguments.items():
            cells = (written(kind.refused), written([*kind.same, *kind.taken]))
            lines.append(f"| `{call.name}` | `{name}` | {cells[0]} | {cells[1]} |")
    return "\n".join([*lines, ""])


def written(values: Sequence[Any]) -> str:
    return ", ".join(f"`{shown(value)}`" for value in values)


def shown(value: Any) -> str:
    """A value in a few characters, the same on every machine."""
    if isinstance(value, Tensor | np.ndarray):
        library = "np" if isinstance(value, np.ndarray) else "torch"
        kind = str(value.dtype).removeprefix("torch.")
        return f"{library} {kind} {list(value.shape)}{special(value)}"
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({value})"
    if isinstance(value, nn.Module):
        return f"{type(value).__name__}()"
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Path):
        return f"Path of {'a folder' if value.is_dir() else value.name}"
    if hasattr(value, "__name__"):  # a function
        return value.__name__
    text = Path(value).name if value == __file__ else repr(value)
    return (text if len(text) <= 60 else f"{text[:57]}…").replace("|", "/")


def special(value: Tensor | np.ndarray) -> str:
    """ " nan" for a tensor that holds one, " meta", " sparse"."""
    if isinstance(value, np.ndarray) or value.dtype not in (torch.float32, torch.float64):
        return ""
    if value.is_meta or value.is_sparse:
        return " meta" if value.is_meta else " sparse"
    return " nan" if value.isnan().any() else " inf" if value.isinf().any() else ""


def test_the_page_is_the_table():
    assert PAGE.read_text(encoding="utf-8") == page(), f"run python {__file__}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
