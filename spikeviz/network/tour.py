"""NetworkWalk's guided tour: steps that are data, so that a notebook can write its own."""

from collections.abc import Sequence
from typing import Any

PLACES = ("image", "result", "time", "model", "other", "maps", "view", "code")
CONDITIONS = (
    "next", "opened", "time_step", "view", "image", "source", "model", "other", "show_code",
)  # fmt: skip
EXAMPLE = '{"on": "stem", "out": "Open the stem.", "complete": {"opened": "stem"}}'

DEFAULT: list[dict[str, Any]] = [
    {
        "on": "image",
        "out": "A still image goes in. It is shown T times, once for each time step. So far there "
        "are no spikes, only grey values.",
        "complete": {"next": True},
    },
    {
        "on": "stem",
        "out": "Feature Extraction begins: a 3×3 convolution halves the image. As the image stands "
        "still, it is computed once, with true multiplications. Open it to see its maps.",
        "complete": {"opened": "stem"},
    },
    {
        "on": "stem_to_stream",
        "out": "From here on, spikes: the first SPK block fires, a second convolution follows. "
        "Guess first: which box takes the most energy? Then open the one with the longest bar.",
        "complete": {"opened": "stem_to_stream"},
    },
    {
        "on": "stages.0.0",
        "out": "Feature Encoding: each stage halves the map again at its entry. Open it. The "
        "brighter a cell, the more of its neurons fire; most stay silent, and silence costs "
        "nothing.",
        "complete": {"opened": "stages.0.0"},
    },
    {
        "on": "stages.0.1.conv",
        "out": "A spiking ConvNeXt: SPK, 7×7 depthwise, and two 1×1 convolutions. The arc over the "
        "box is the shortcut x + f(x). Open it and choose the view “membrane”: what spikes hide.",
        "complete": {"view": "membrane"},
    },
    {
        "on": "stages.0.1.attention",
        "out": "SpikeMerge: attention in which Q, K and V are spikes, 0 or 1. Open it, and look "
        "through its layers.",
        "complete": {"opened": "stages.0.1.attention"},
    },
    {
        "on": "stages.0.1.feed_forward",
        "out": "The feed-forward: two 1×1 convolutions, each after an SPK block. Which line of the "
        "library makes it? Press </> on the box.",
        "complete": {"show_code": True},
    },
    {
        "on": "time",
        "out": "Decision: average over the map, one linear layer, and the mean over T. Go back to "
        "step 1: would the network have said the same with one step only?",
        "complete": {"time_step": 0},
    },
]


def check_tour(steps: Sequence[Any], boxes: Sequence[str]) -> list[dict[str, Any]]:
    """The steps, if each is {"on", "out", "complete"}; else a ValueError that says how to mend it.

    on: a box, or one of `PLACES`. out: the text. complete: {condition: value}, one of
    `CONDITIONS`; {"next": True} is complete when the reader goes on, {"opened": True} when any
    box is open; the others when the trait of that name has the value.
    """
    return [check_step(step, f"tour[{index}]", boxes) for index, step in enumerate(steps)]


def check_step(step: Any, name: str, boxes: Sequence[str]) -> dict[str, Any]:
    if not isinstance(step, dict) or set(step) != {"on", "out", "complete"}:
        raise ValueError(f'{name} is {step!r}; give "on", "out" and "complete", such as {EXAMPLE}')
    check_place(step["on"], f'{name}["on"]', [*boxes, *PLACES])
    if not isinstance(step["out"], str) or not step["out"].strip():
        raise ValueError(f'{name}["out"] is {step["out"]!r}; give the text that the reader sees')
    complete = step["complete"]
    if not isinstance(complete, dict) or len(complete) != 1:
        raise ValueError(
            f'{name}["complete"] is {complete!r}; give one condition, such as {{"next": True}}'
        )
    ((condition, value),) = complete.items()
    if condition not in CONDITIONS:
        raise ValueError(
            f'{name}["complete"] names {condition!r}; choose one of {list(CONDITIONS)}'
        )
    if condition == "opened" and value is not True:
        check_place(value, f'{name}["complete"]["opened"]', [*boxes, ""])
    if condition == "next" and value is not True:
        raise ValueError(f'{name}["complete"]["next"] is {value!r}; give True')
    if condition == "time_step" and (type(value) is not int or value < 0):
        raise ValueError(f'{name}["complete"]["time_step"] is {value!r}; give 0, 1, …')
    return step


def check_place(place: Any, name: str, known: list[str]) -> None:
    if place not in known:
        raise ValueError(f"{name} is {place!r}; choose one of {known}")
