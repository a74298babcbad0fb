"""The input current of LIFExplorer: one of the shapes, or values that a hand or an array gave."""

from typing import Any

import numpy as np
import traitlets as t

from spikeviz.base.widget import short

MOST_VALUES, LARGEST = 4000, 1000.0


class Current(t.TraitType):
    """Values of I, one a time step, float64 `[n]`, read-only, or None. Takes a list, a NumPy array
    or a torch tensor; travels to the page as bytes."""

    info_text = "numbers, one a time step: a list, a NumPy array or a tensor of shape [n], or None"
    default_value = None

    def __init__(self) -> None:
        super().__init__(None, allow_none=True)
        self.tag(
            sync=True, kind=["floats?", -LARGEST, LARGEST], to_json=_to_bytes, from_json=_from_bytes
        )

    def validate(self, owner: Any, value: Any) -> np.ndarray | None:
        if value is None:
            return None
        if hasattr(value, "detach"):  # a torch tensor, maybe with a gradient, maybe on a device
            value = value.detach().cpu().double().numpy()
        try:
            if isinstance(value, (list, tuple)) and any(isinstance(one, bool) for one in value):
                raise TypeError
            values = np.array(value, dtype="<f8")
        except (TypeError, ValueError, OverflowError):
            found = f"{self.name} holds what is no number: {short(value)}"
            raise t.TraitError(f"{found}; give {self.info_text}") from None
        _check(values, str(self.name))
        values.flags.writeable = False  # a change in place would reach nobody: assign anew
        return values


def _check(values: np.ndarray, name: str) -> None:
    if values.ndim != 1:
        raise t.TraitError(
            f"{name} has shape {list(values.shape)}; give one value a time step, shape [n], "
            "for example one row or column of it"
        )
    if not 1 <= len(values) <= MOST_VALUES:
        raise t.TraitError(
            f"{name} holds {len(values):,} values; give 1 to {MOST_VALUES:,}, one a time step"
        )
    refused = ~(np.abs(values) <= LARGEST)  # NaN too
    if refused.any():
        at = int(refused.argmax())
        raise t.TraitError(
            f"{name}[{at}] is {values[at]}; give finite values from {-LARGEST:g} to {LARGEST:g}"
        )


def _to_bytes(value: np.ndarray | None, _widget: Any) -> bytes | None:
    return None if value is None else value.tobytes()


def _from_bytes(value: Any, _widget: Any) -> np.ndarray | None:
    return None if value is None else np.frombuffer(value, "<f8")


def input_current(
    *, stimulus: str, amplitude: float, period: float, seed: int, duration: float, dt: float,
    current: np.ndarray | None, **_: Any,
) -> np.ndarray:  # fmt: skip
    """What flows into the neuron, float64 `[n]`: `current` where the stimulus is "drawn" (nothing
    yet: 0), else the shape that `spikeatconv.stimulus` makes."""
    from spikeatconv import stimulus as shape
    from spikeatconv.simulate import count_steps

    if stimulus != "drawn":
        return shape(stimulus, amplitude, duration=duration, dt=dt, period=period, seed=seed)
    return np.zeros(count_steps(duration, dt)) if current is None else current
