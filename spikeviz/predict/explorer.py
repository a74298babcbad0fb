"""predict(...) asks before the result is there; answer(...) draws the result over the guess."""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Any, TypeGuard
from weakref import WeakSet

import traitlets as t

from spikeviz.base.widget import Explorer, short
from spikeviz.course_map.progress import keep_prediction, read_predictions

NAME = re.compile(r"[0-9A]\d(-[a-z0-9]+)+")
PLACES = 41  # of a curve that is drawn, from the left end of the axis to the right
MOST = 200  # points of a result that are sent to the page

_results: dict[str, Any] = {}  # by name: what answer() was told, as plain Python
_shown: "dict[str, WeakSet[Prediction]]" = {}  # by name


class Prediction(Explorer):
    """A question before the answer: commit to a guess, then see the result drawn over it.

    `predict` makes it, `answer` tells it the result.

    name: "NN-name".  question: in words.  kind: "choice", "number" or "curve".
    choices: the texts to choose from.  x: [low, high, unit] of a number, [low, high, label] of a
    curve's axis.  y: of its other axis.
    guess: one of `choices`, a number, or 41 numbers along x, None where nothing is drawn.
    state: "open", "committed" or "skipped".  result: None as long as it is not known.
    """

    _folder = "predict"

    name = t.Unicode().tag(sync=True)
    question = t.Unicode().tag(sync=True)
    kind = t.Unicode(read_only=True).tag(sync=True)
    choices = t.List().tag(sync=True)
    x = t.List().tag(sync=True)
    y = t.List().tag(sync=True)
    guess = t.Any(None).tag(sync=True)
    state = t.Enum(["open", "committed", "skipped"], "open").tag(sync=True, passing=True)
    result = t.Any(None).tag(sync=True)
    told = t.Unicode().tag(sync=True, passing=True)  # about the file where it is kept

    @t.default("kind")
    def _own_kind(self) -> str:
        return type(self).__name__.lower()

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        kept = read_predictions().get(self.name, {}).get("guess")
        if self._takes(kept):
            self.guess, self.state = kept, "committed"
        self.observe(self._keep, "state")

    def answer(self, value: Any) -> None:
        """Show what came out, once the reader has committed or skipped: as `answer` says."""
        self.result = self._fit(_plain(value))
        if self.state == "committed":
            self._keep()

    def _keep(self, *_change: Any) -> None:
        if self.state != "open":
            kept = {"guess": self.guess, "result": self.result}
            self.told = keep_prediction(self.name, kept)

    def _takes(self, guess: Any) -> bool:
        """Whether a guess that was kept is one of this question."""
        if self.kind == "choice":
            return guess in self.choices
        if self.kind == "number":
            return _is_finite(guess)
        drawn = [one for one in guess if one is not None] if isinstance(guess, list) else []
        return len(guess or ()) == PLACES and len(drawn) > 1 and all(map(_is_finite, drawn))

    def _fit(self, value: Any) -> Any:
        """The result as the page draws it; ValueError for one that is none of this question."""
        if self.kind == "choice":
            if isinstance(value, int) and not isinstance(value, bool):
                if 0 <= value < len(self.choices):
                    return self.choices[value]
            elif value in self.choices:
                return value
            expected = f"its index, 0 to {len(self.choices) - 1}, or one of {self.choices}"
            raise self._refused(value, expected)
        if self.kind == "number":
            if not _is_finite(value):
                raise self._refused(value, "a finite number")
            return _round(value)
        return self._fit_curve(value)

    def _fit_curve(self, value: Any) -> dict[str, list[float]]:
        low, high, _ = self.x
        pair = isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], list)
        ys = value[1] if pair else value
        if not isinstance(ys, list) or len(ys) < 2 or not all(map(_is_finite, ys)):
            raise self._refused(
                value, f"finite numbers, two or more, over x from {low} to {high}, or (x, y)"
            )
        last = len(ys) - 1
        xs = value[0] if pair else [low + (high - low) * i / last for i in range(last + 1)]
        if len(xs) != len(ys) or not all(map(_is_finite, xs)):
            raise self._refused(value, f"as many x as y, all finite; there are {len(ys)} y")
        points = sorted(zip(xs, ys, strict=True))
        inside = [point for point in points if low <= point[0] <= high]
        if len(inside) < 2:
            raise self._refused(value, f"two or more points with x from {low} to {high}")
        step = -(-len(inside) // MOST)
        drawn = [*inside[:-1:step], inside[-1]]
        return {"x": [_round(x) for x, _ in drawn], "values": [_round(y) for _, y in drawn]}

    def _refused(self, value: Any, expected: str) -> ValueError:
        return ValueError(f"answer({self.name!r}) is {short(value)}; give {expected}")


class Choice(Prediction):
    _entry = "choice.js"


class Number(Prediction):
    _entry = "number.js"


class Curve(Prediction):
    _entry = "curve.js"


def predict(
    name: str,
    question: str,
    choices: Sequence[str] | None = None,
    *,
    number: str | None = None,
    low: float | None = None,
    high: float | None = None,
    curve: dict[str, tuple[float, float, str]] | None = None,
) -> Prediction:
    """Ask for a prediction, in a cell of its own (tag `predict`) before the cell with the result.

    Three kinds: one of `choices`; a `number`, its unit, from `low` to `high`; a `curve` that is
    drawn by hand, over the axes {"x": (low, high, label), "y": (low, high, label)}::

        predict("01-doubled", "τ is doubled. The first spike comes …",
                ["at the same time", "twice as late", "more than twice as late"])

        predict("01-count", "How often does it fire in 50 ms?", number="spikes", low=0, high=50)

        predict("01-way", "Draw the membrane from the first step to the spike.",
                curve={"x": (0, 20, "time, ms"), "y": (0, 1.2, "membrane")})

    The cell that shows the result tells it, with the same name, and needs no name of the first::

        answer("01-doubled", 1)      # the index of a choice, or its text
        answer("01-count", spikes)
        answer("01-way", (t, v))     # or v alone: over the range of x, from end to end

    The reader commits or skips; only then is the result drawn over the guess. Nothing waits for it:
    *Run All* runs through. Both cells may run again, in any order. The guess stays in the notebook
    and in progress.json beside it, and is there again in a new kernel.

    name: "NN-name", NN the notebook's number. Raises ValueError for a name, a question or axes that
    cannot be asked.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f'name is {short(name)}; give the notebook and a word, such as "01-count"')
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"question is {short(question)}; give a sentence that asks something")
    if sum(kind is not None for kind in (choices, number, curve)) != 1:
        raise ValueError(f"{name}: give choices, or number=, or curve=, and one of them only")
    kind: type[Prediction]
    if choices is not None:
        kind, asked = Choice, {"choices": _check_choices(name, choices)}
    elif number is not None:
        kind, asked = Number, {"x": _check_axis(name, (low, high, number))}
    else:
        axes = {axis: _check_axis(name, (curve or {}).get(axis)) for axis in ("x", "y")}
        kind, asked = Curve, axes
    widget = kind(name=name, question=" ".join(question.split()), **asked)
    _shown.setdefault(name, WeakSet()).add(widget)
    if name in _results:
        widget.answer(_results[name])
    return widget


def answer(name: str, value: Any) -> None:
    """Tell the prediction of this name what came out: the index or the text of a choice, a finite
    number, or a curve: y over the range of its x, or a pair (x, y).

    NumPy's and torch's values are as good as Python's. Returns nothing, so that the cell shows what
    it shows. Raises ValueError for a value that is none of that question.
    """
    plain = _plain(value)
    for widget in _shown.get(name, ()):
        widget.answer(plain)
    _results[name] = plain


def _check_choices(name: str, choices: Any) -> list[str]:
    texts = [] if isinstance(choices, str) else list(choices)
    if not all(isinstance(text, str) and text for text in texts) or not (
        2 <= len(set(texts)) == len(texts) <= 8
    ):
        raise ValueError(f"{name}: choices are {short(choices)}; give 2 to 8 texts, all different")
    return texts


def _check_axis(name: str, axis: Any) -> list[Any]:
    low, high, label = axis if isinstance(axis, (tuple, list)) and len(axis) == 3 else (None,) * 3
    if not (_is_finite(low) and _is_finite(high) and low < high and isinstance(label, str)):
        raise ValueError(f"{name}: a range is {short(axis)}; give (low, high, label), low < high")
    return [low, high, label]


def _plain(value: Any) -> Any:
    """NumPy's and torch's values as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(one) for one in value] if isinstance(value, (list, tuple, range)) else value


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _round(value: float) -> float:
    """To four significant digits: as it is told."""
    return float(f"{value:.4g}")
