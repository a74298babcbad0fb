"""AttentionExplorer: what a token of a trained model looks at, spike by spike."""

from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.attention.spikes import (
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

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

STRIP = 10  # images to choose from at sight
MOST_BYTES = 40_000  # an image's answer up to which a saved page carries the whole strip
PLACE = ("layer", "head", "time_step", "group", "token", "key")
EXAMPLE = {"image": 14, "time_step": 1, "group": 2, "token": 6, "key": 7}  # many common spikes


class AttentionExplorer(ModelExplorer):
    """What a token looks at in a trained model: Q, K, V spikes, score maps, output, SISA and BDSA.

    model, other: the trained models, run in eval mode; without them the two Micros that ship
    (SISA, BDSA). Both must have attention layers of the same shapes. images: `[N, C, H, W]`,
    `[C, H, W]` or `[H, W]` for them; without them the 1,000 test digits (28×28 digits of your
    own are padded to the shipped Micros' 32×32). Only a new image runs the models; layers, heads,
    steps and tokens are computed in the page, as by `spikeatconv.Attend` in float64 (paper,
    "Attention SpikeMerge Block").

    image: index of the image.  layer, head, time_step, group: of the attention on show,
    by index: time_step 0 is step 1.
    token: the query, in its group.  key: the token it is compared with.
    softmax: which map A multiplies V on show; QKᵀ/√d_k is shown with and without it anyway.
    attention: "both", or one of the models: "sisa", "bdsa".
    A value outside what the model has raises a TraitError with the range; a new layer moves
    head, step, group, token and key into what it has.
    """

    _folder = "attention"

    needs_python = True
    large = ("_models", "_images")
    asks = ("image",)
    image = t.Int(EXAMPLE["image"]).tag(sync=True)
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
        **traits: Any,
    ) -> None:
        models = [m for m in (model, other) if m is not None] or shipped_models()
        self._images, self._labels = _images(images, own_model=model is not None)
        traits.setdefault("image", EXAMPLE["image"] if images is None else 0)
        layers = [look(m, self._images[0])[1] for m in models]
        self._models = dict(zip(_names(layers), models, strict=True))
        self._shapes = _shapes(layers)
        if model is None and images is None and not traits.keys() & PLACE:
            traits = {**EXAMPLE, **traits}
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

    @t.validate("attention")
    def _known(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in ("both", *self._models):
            raise t.TraitError(
                f"attention is {proposal['value']!r}; choose one of {['both', *self._models]}"
            )
        return proposal["value"]

    @t.observe("layer")
    def _move_into(self, _change: Any) -> None:
        with self.hold_trait_notifications():
            for name in PLACE[1:]:
                setattr(self, name, min(getattr(self, name), self._highest(name)))

    def _highest(self, name: str) -> int:
        counts = {"image": len(self._images), "layer": len(self._shapes)}
        if name not in counts:
            shape = self._shapes[min(self.layer, len(self._shapes) - 1)]
            sizes = {"head": "heads", "time_step": "steps", "group": "groups"}
            counts[name] = shape[sizes.get(name, "tokens")]
        return counts[name] - 1

    # ---- what is shown

    def _compute(self, **asked: Any) -> dict[str, Any]:
        """All layers, heads, steps and tokens of the image asked for, in all models."""
        image, columns = asked["image"], []
        for name, model in self._models.items():
            given, layers = look(model, self._images[image])
            says = int(given.argmax()) if given.dim() == 2 else -1
            columns.append({"key": name, "says": says, "layers": [pack_layer(x) for x in layers]})
        return {"columns": columns, **self._item(image)}

    def _item(self, image: int) -> dict[str, Any]:
        label = -1 if self._labels is None else self._labels[image]
        return {"image": image, "label": label, **pack_image(self._images[image])}

    def _strip(self) -> dict[str, Any]:
        """The images to choose from: one of each class, or the first, as many as STRIP."""
        shown = list(range(min(STRIP, len(self._images))))
        if self._labels is not None:
            shown = [self._labels.index(label) for label in range(STRIP)]
        return {"count": len(self._images), "items": [self._item(image) for image in shown]}

    def _public_state(self) -> dict[str, Any]:
        """A saved page carries the answers of the whole strip where they are small."""
        state = super()._public_state()
        if _bytes(self.answer) <= MOST_BYTES:
            items = [
                {**item, "answer": self._compute(image=item["image"])}
                for item in self.strip["items"]
            ]
            state["strip"] = {**self.strip, "items": items}
        return state

    def trace(self) -> dict[str, AttentionTrace]:
        """The arrays on show, by model ("sisa", "bdsa"), computed by `spikeatconv.Attend`."""
        found = {}
        for name, model in self._models.items():
            if self.attention in ("both", name):
                layer = look(model, self._images[self.image])[1][self.layer]
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


def _images(images: Any, own_model: bool) -> tuple[Any, list[int] | None]:
    """(images `[N, C, H, W]`, their labels or None)."""
    import torch.nn.functional as F

    if images is None:
        from spikeatconv import mnist5k

        digits, labels = mnist5k("test")
        return F.pad(digits, [2] * 4), labels.tolist()
    found = as_images(images)
    digits_of_mnist = found.shape[1:] == (1, 28, 28) and not own_model
    return (F.pad(found, [2] * 4) if digits_of_mnist else found), None


def _names(layers: list[list[Layer]]) -> list[str]:
    """ "sisa" or "bdsa" for each model, by its first layer; the second of a kind is "… 2"."""
    kinds = [each[0].kind for each in layers]
    return kinds if len(set(kinds)) == len(kinds) else [kinds[0], f"{kinds[0]} 2"]


def _shapes(layers: list[list[Layer]]) -> list[dict[str, Any]]:
    shapes = [[shape_of(layer) for layer in each] for each in layers]
    if shapes[-1] != shapes[0]:
        raise ValueError(
            "model and other differ in their attention layers, [T, C, H, W] "
            f"{[s['shape'] for s in shapes[0]]} and {[s['shape'] for s in shapes[-1]]}, or in "
            "their heads, partitions or softmax; give two models of one size"
        )
    return shapes[0]


def _bytes(answer: dict[str, Any]) -> int:
    """The size of the spikes in an answer."""
    layers = [layer for column in answer["columns"] for layer in column["layers"]]
    return sum(len(value) for layer in layers for value in layer.values() if type(value) is bytes)
