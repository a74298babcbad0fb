"""AttentionExplorer: what a token of a trained model looks at, spike by spike."""

from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.attention.spikes import (
    FILES,
    AttentionTrace,
    Layer,
    as_images,
    look,
    pack_image,
    pack_layer,
    shape_of,
    shipped_models,
    trace,
)
from spikeviz.base.model_explorer import ModelExplorer
from spikeviz.figure import new_figure
from spikeviz.micro.networks import PageExplorer

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor, nn

STRIP = 10  # images to choose from at sight
STRIPS = {"count": 200, "seed": 1000}  # none that the networks were trained on
OWN = {  # what a reader draws or takes is of this size
    "digits": {"side": 28, "channels": 1}, "photographs": {"side": 32, "channels": 3},
}  # fmt: skip
MOST_BYTES = 40_000  # an image's answer up to which a saved page carries the whole strip
PLACE = ("layer", "head", "time_step", "group", "token", "key")
EXAMPLES = {  # many common spikes
    "digits": {"image": 14, "time_step": 1, "group": 2, "token": 6, "key": 7},
    "pairs": {"image": 9, "time_step": 1, "group": 2, "token": 0, "key": 11},  # reaches the other
    "cue": {"image": 0, "time_step": 1, "group": 2, "token": 8, "key": 7, "softmax": False},
    "photographs": {"time_step": 1, "group": 2, "token": 4, "key": 6},
}


class AttentionExplorer(PageExplorer, ModelExplorer):
    """What a token looks at in a trained model: Q, K, V spikes, score maps, output, SISA and BDSA.

    model, other: the trained models, run in eval mode; without them those of the task. Both must
    have attention layers of the same shapes. images: `[N, C, H, W]`, `[C, H, W]` or `[H, W]` for
    them; without them the task's. Only a new image runs the models; layers, heads, steps and tokens
    are computed in the page, as by `spikeatconv.Attend` in float64 (paper, "Attention SpikeMerge
    Block").

    task: "digits", the two Micros that ship (SISA, BDSA) side by side on the 1,000 test digits
    (28×28 digits of your own are padded to their 32×32); "pairs", two shapes on a strip, same or
    different (`spikeatconv.pairs`): the networks that attend within a grid, a window or the whole
    map, one at a time; "cue", a shape that says which of two others is asked about: with the plain
    product and with a softmax; or "photographs", the Micro that learned ten classes of them.

    image: index of the image.  pixels: a picture of your own in its place, for digits and
    photographs: bytes, 28×28 greys or side·side RGB, 0 to 255, made to fit as in training.
    layer, head, time_step, group: of the attention on show, by index: time_step 0 is step 1.
    token: the query, in its group.  key: the token it is compared with.
    softmax: which map A multiplies V on show; QKᵀ/√d_k is shown with and without it anyway.
    attention: one of the models: "sisa", "bdsa", for pairs "grid", "window", "full" or "bdsa grid";
    for cue "plain" or "softmax"; or "both".
    A value outside what the model has raises a TraitError with the range; a new layer moves
    head, step, group, token and key into what it has.
    """

    _folder = "attention"

    large = ("_models", "_images")
    asks = ("image", "pixels")
    image = t.Int(0).tag(sync=True)
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    layer = t.Int(0).tag(sync=True)
    head = t.Int(0).tag(sync=True)
    time_step = t.Int(0).tag(sync=True)
    group = t.Int(0).tag(sync=True)
    token = t.Int(0).tag(sync=True)
    key = t.Int(0).tag(sync=True)
    softmax = t.Bool(True).tag(sync=True)
    attention = t.Unicode("both").tag(sync=True)
    strip = t.Dict(read_only=True).tag(sync=True, large=True)

    def __init__(
        self,
        model: "nn.Module | None" = None,
        other: "nn.Module | None" = None,
        images: Any = None,
        task: str = "digits",
        **traits: Any,
    ) -> None:
        from spikeatconv.checks import check_choice

        check_choice(task, "task", FILES)
        given = [m for m in (model, other) if m is not None]
        self._classes = () if given else _classes(task)
        self._own = {} if given or task not in OWN else {**OWN[task], "files": FILES[task]}
        self._images, self._labels = _images(images, task, own_model=bool(given))
        layers = [look(m, self._images[0])[1] for m in given]
        if given:
            self._models = dict(zip(_names(layers), given, strict=True))
        else:
            self._models = shipped_models(task)
            layers = [look(m, self._images[0])[1] for m in self._models.values()]
        shapes = [[shape_of(layer) for layer in each] for each in layers]
        self._alike = all(each == shapes[0] for each in shapes)
        if given and not self._alike:
            raise ValueError(_differ(shapes))
        self._shapes = dict(zip(self._models, shapes, strict=True))
        if not self._alike:
            traits.setdefault("attention", next(iter(self._models)))
        if not given and images is None and not traits.keys() & PLACE:
            traits = {**EXAMPLES.get(task, {}), **traits}
        super().__init__(**traits)
        self.set_trait("strip", self._strip())

    # ---- what can be chosen

    @t.validate("image", *PLACE)
    def _within(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        highest = self._highest(name)
        if not 0 <= value <= highest:
            raise t.TraitError(f"{name} is {value}; give a value from 0 to {highest}")
        return value

    @t.validate("pixels")
    def _fitting(self, proposal: dict[str, Any]) -> bytes:
        from spikeviz.network.choices import check_pixels

        if proposal["value"] and not self._own:
            raise t.TraitError(
                f"pixels has {len(proposal['value'])} bytes, and these networks take none: make "
                f"the widget without a model, with task= one of {list(OWN)}, or give images="
            )
        return check_pixels(proposal["value"])

    @t.observe("image")
    def _one_that_is_there(self, _change: Any) -> None:
        if self.answer:  # a new widget shows the picture it was given
            self.pixels = b""

    @t.validate("attention")
    def _known(self, proposal: dict[str, Any]) -> str:
        choices = ["both"] * self._alike + list(self._models)
        if proposal["value"] not in choices:
            raise t.TraitError(f"attention is {proposal['value']!r}; choose one of {choices}")
        return proposal["value"]

    @t.observe("layer", "attention")
    def _move_into(self, _change: Any) -> None:
        with self.hold_trait_notifications():
            for name in PLACE:
                setattr(self, name, min(getattr(self, name), self._highest(name)))

    def _highest(self, name: str) -> int:
        shapes = self._shapes.get(self.attention) or next(iter(self._shapes.values()))
        counts = {"image": len(self._images), "layer": len(shapes)}
        if name not in counts:
            shape = shapes[min(self.layer, len(shapes) - 1)]
            sizes = {"head": "heads", "time_step": "steps", "group": "groups"}
            counts[name] = shape[sizes.get(name, "tokens")]
        return counts[name] - 1

    # ---- what is shown

    def _compute(self, **asked: Any) -> dict[str, Any]:
        """All layers, heads, steps and tokens of the image asked for, in all models."""
        shown, columns = self._shown(**asked), []
        for name, model in self._models.items():
            given, layers = look(model, shown)
            scores = given[0].tolist() if given.dim() == 2 else []
            columns.append({
                "key": name, "scores": scores, "layers": [pack_layer(x) for x in layers],
            })  # fmt: skip
        if asked["pixels"]:
            return {"columns": columns, "image": -1, "label": -1, **pack_image(shown)}
        return {"columns": columns, **self._item(asked["image"])}

    def _shown(self, image: int, pixels: bytes) -> "Tensor":
        """The picture of one's own, or else the image, as the models take it."""
        if not pixels:
            return self._images[image]
        from spikeviz.network.choices import choose_image, fit_image

        config = next(iter(self._models.values())).config
        return fit_image(choose_image("own", 0, pixels), config)[0]

    def _item(self, image: int) -> dict[str, Any]:
        label = -1 if self._labels is None else self._labels[image]
        return {"image": image, "label": label, **pack_image(self._images[image])}

    def _strip(self) -> dict[str, Any]:
        """The images to choose from: one of each class, or the first, as many as STRIP."""
        shown = list(range(min(STRIP, len(self._images))))
        if self._labels is not None and not self._classes:  # a digit of each class
            shown = [self._labels.index(label) for label in range(STRIP)]
        items = [self._item(image) for image in shown]
        names = list(self._classes)
        return {"count": len(self._images), "items": items, "classes": names, "own": self._own}

    @classmethod
    def networks_in(cls, state: dict[str, Any]) -> list[str]:
        """One, that is enough of weights for a page that is alone."""
        files = state.get("strip", {}).get("own", {}).get("files", {})
        shown = state.get("attention", "both")
        return [file for name, file in files.items() if shown in ("both", name)][:1]

    def _public_state(self) -> dict[str, Any]:
        """A saved page carries the answers of the whole strip where they are small."""
        state = super()._public_state()
        if _bytes(self.answer) <= MOST_BYTES:
            items = [
                {**item, "answer": self._compute(image=item["image"], pixels=b"")}
                for item in self.strip["items"]
            ]
            state["strip"] = {**self.strip, "items": items}
        return state

    def trace(self) -> dict[str, AttentionTrace]:
        """The arrays on show, by model ("sisa", "bdsa"), computed by `spikeatconv.Attend`."""
        found = {}
        for name, model in self._models.items():
            if self.attention in ("both", name):
                layer = look(model, self._shown(**self._asked()))[1][self.layer]
                found[name] = trace(layer, self.head, self.time_step, self.group)
        return found

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: the score maps with and without softmax, the token's row framed."""
        found = self.trace()
        figure, axes = new_figure(len(found), 2, figsize=(6.5, 3 * len(found)), squeeze=False)
        for row, (name, run) in zip(axes, found.items(), strict=True):
            titles = {"softmax(QKᵀ/√d)": run.softmax, "plain product QKᵀ/√d": run.plain}
            for axis, (title, values) in zip(row, titles.items(), strict=True):
                shown = axis.imshow(values, cmap="cividis", vmin=0)
                figure.colorbar(shown, ax=axis)
                axis.set(title=f"{name.upper()}: {title}", xlabel="key token", ylabel="query token")
                axis.axhspan(self.token - 0.5, self.token + 0.5, fill=False, color="#D55E00")
        return figure


def _classes(task: str) -> tuple[str, ...]:
    """The names of the classes of the networks that ship; none for digits."""
    from spikeatconv import shipped, weights_note
    from spikeatconv.pairs import ANSWERS, INKS

    if task == "photographs":
        file = FILES[task]["sisa"]
        return tuple(weights_note(shipped(f"{file}.safetensors"))["data"]["classes"])
    return {"pairs": ANSWERS, "cue": INKS}.get(task, ())


def _images(images: Any, task: str, own_model: bool) -> tuple[Any, list[int] | None]:
    """(images `[N, C, H, W]`, their labels or None)."""
    import torch.nn.functional as F

    if images is None:
        from spikeatconv import mnist5k, preset
        from spikeatconv.pairs import cued, pairs
        from spikeviz.network.choices import fit_image, photo

        if task == "photographs":
            return fit_image(photo(), preset("micro")), None
        if task != "digits":
            strips, answers = (pairs if task == "pairs" else cued)(**STRIPS)
            return strips, answers.tolist()
        digits, labels = mnist5k("test")
        return F.pad(digits, [2] * 4), labels.tolist()
    found = as_images(images)
    digits_of_mnist = found.shape[1:] == (1, 28, 28) and not own_model
    return (F.pad(found, [2] * 4) if digits_of_mnist else found), None


def _names(layers: list[list[Layer]]) -> list[str]:
    """ "sisa" or "bdsa" for each model, by its first layer; the second of a kind is "… 2"."""
    kinds = [each[0].kind for each in layers]
    return kinds if len(set(kinds)) == len(kinds) else [kinds[0], f"{kinds[0]} 2"]


def _differ(shapes: list[list[dict[str, Any]]]) -> str:
    return (
        "model and other differ in their attention layers, [T, C, H, W] "
        f"{[s['shape'] for s in shapes[0]]} and {[s['shape'] for s in shapes[-1]]}, or in "
        "their heads, partitions or softmax; give two models of one size"
    )


def _bytes(answer: dict[str, Any]) -> int:
    """The size of the spikes in an answer."""
    layers = [layer for column in answer["columns"] for layer in column["layers"]]
    return sum(len(value) for layer in layers for value in layer.values() if type(value) is bytes)
