"""Arguments, checked where they come in: an error names the value, what was expected, a mend.

Each function gives back the value as plain Python, so that NumPy's numbers are as good as
Python's. A bool is no number and a number is no bool: `1` for `True` is most often a slip.
"""

import difflib
import math
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:  # one neuron needs no torch, and its arguments are checked here too
    from torch import Tensor, nn

# The most of each, so that a slip of the hand or a hostile file cannot fill the memory. All lie far
# above any network of the paper: its largest has widths 1280, 26 blocks, T = 4, 4 thresholds.
MOST = {
    "channels": 2**16, "width": 2**11, "widths": 2**14, "stages": 16, "depths": 128,
    "classes": 10**6, "expansion": 64, "time_steps": 4096, "partition_size": 1024,
    "thresholds": 32, "workers": 256,
}  # fmt: skip
LARGEST = 1e30  # of a number: next to it, every finite float32 stays finite


def check_number(value: Any, name: str, hint: str = "") -> float:
    """A real number, at most LARGEST either way; TypeError or ValueError otherwise."""
    if is_bool(value) or not isinstance(value, Real):
        refuse(value, name, f"a number{hint}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of 310 digits
        number = math.inf
    if not abs(number) <= LARGEST:  # NaN neither
        raise ValueError(
            f"{name} is {short(value)}; give a finite number, from {-LARGEST} to {LARGEST}{hint}"
        )
    return plain(value)


def check_whole(value: Any, name: str, low: int = 1, high: int | None = None) -> int:
    """A whole number from low to high; TypeError or ValueError otherwise."""
    expected = f"a whole number, {f'{low} or more' if high is None else f'from {low} to {high}'}"
    if is_bool(value) or not isinstance(value, Integral):
        refuse(value, name, expected)
    number = int(value)
    if number < low or (high is not None and number > high):
        raise ValueError(f"{name} is {short(number)}; give {expected}")
    return number


def check_wholes(
    values: Any, name: str, low: int = 1, high: int | None = None, most: int | None = None
) -> tuple[int, ...]:
    """At least one whole number, at most `most` of them, in a tuple."""
    numbers = check_sequence(values, name, "at least one whole number, such as (2, 2)", most)
    return tuple(check_whole(value, f"{name}[{i}]", low, high) for i, value in enumerate(numbers))


def check_numbers(values: Any, name: str, count: int | None = None) -> tuple[float, ...]:
    """Finite numbers, at least one, or so many; at most as many as MBPL has thresholds."""
    expected = f"{count} numbers" if count else "at least one number, for example (0.5, 1.0)"
    numbers = check_sequence(values, name, expected, MOST["thresholds"])
    if count and len(numbers) != count:
        raise ValueError(f"{name} is {short(values)}; give {expected}")
    return tuple(check_number(value, f"{name}[{i}]") for i, value in enumerate(numbers))


def check_path(value: Any, name: str) -> Path:
    """A path; TypeError for what is none, ValueError for a text that no file can have as a name."""
    if not isinstance(value, str | os.PathLike):
        refuse(value, name, "a path, as text or Path")
    if not str(value) or "\0" in str(value):
        raise ValueError(f"{name} is {str(value)!r}; give the path of a file")
    return Path(value)


def check_sequence(values: Any, name: str, expected: str, most: int | None = None) -> tuple:
    """A tuple with at least one entry, of a list, a tuple, an array; no text, no single value."""
    try:
        found = () if isinstance(values, str | bytes | dict) else tuple(values)
    except TypeError:
        found = ()
    if not found:
        raise ValueError(f"{name} is {short(values)}; give {expected}")
    if most is not None and len(found) > most:
        raise ValueError(f"{name} has {len(found)} entries; give at most {most}")
    return found


def check_bool(value: Any, name: str) -> bool:
    """True or False; TypeError for a word such as "no", which would count as True, or a number."""
    if not is_bool(value):
        refuse(value, name, "True or False")
    return bool(value)


def check_choice(value: Any, name: str, choices: Collection[str]) -> str:
    """One of these words; ValueError that names them and, if one is near, which."""
    if not isinstance(value, str) or value not in choices:
        near = nearest(value, choices)
        asked = f" Did you mean {near!r}?" if near else ""
        raise ValueError(f"{name} is {short(value)}; choose one of {list(choices)}.{asked}")
    return value


def check_mapping(value: Any, name: str) -> dict:
    """A copy of a dict: what the caller does with his, stays there; TypeError otherwise."""
    check_kind(value, name, Mapping, "a dict, such as {'tau': 4.0}")
    return dict(value)


def check_names(given: Collection[str], known: Collection[str], what: str) -> None:
    """Raise TypeError for the first name in `given` that is not in `known`; it names the nearest.

    what: who was given it, for example "MBPL".
    """
    for name in given:
        if name not in known:
            near = nearest(name, known)
            asked = f"did you mean {near!r}? " if near else ""
            raise TypeError(f"{what} does not know {name!r}; {asked}choose one of {sorted(known)}")


def check_neuron(
    tau: float, v_threshold: float, v_rest: float, v_reset: float | None
) -> dict[str, Any]:
    """These values of a neuron by name, as plain Python; they make one that can fire and rest."""
    tau = check_number(tau, "tau")
    v_threshold = check_number(v_threshold, "v_threshold")
    v_rest = check_number(v_rest, "v_rest")
    if v_reset is not None:
        v_reset = check_number(v_reset, "v_reset", "; None (soft reset) is allowed too")
    if tau < 1:
        raise ValueError(
            f"tau is {tau}, but a membrane cannot leak faster than one time step; "
            "give tau >= 1 (in time steps), 1 is a neuron without memory"
        )
    if v_reset is not None and v_reset >= v_threshold:
        raise ValueError(
            f"v_reset is {v_reset} and v_threshold is {v_threshold}: a reset to or above the "
            "threshold would fire for ever; lower v_reset, raise v_threshold, "
            "or set v_reset=None for the soft reset"
        )
    if v_reset is None and v_threshold <= 0:
        raise ValueError(
            f"v_threshold is {v_threshold} with the soft reset, which subtracts it: the membrane "
            "would never fall; give v_threshold > 0 or a v_reset"
        )
    return {
        "tau": float(tau), "v_threshold": float(v_threshold), "v_rest": float(v_rest),
        "v_reset": None if v_reset is None else float(v_reset),
    }  # fmt: skip


def check_tensor(x: Any, name: str) -> None:
    """Raise TypeError unless x is a tensor."""
    import torch

    if not isinstance(x, torch.Tensor):
        refuse(x, name, f"a torch.Tensor, for example torch.as_tensor({name}).float()")
    if x.layout != torch.strided:
        raise TypeError(f"{name} is stored as {x.layout}; call {name}.to_dense()")


def check_real(x: Any, name: str) -> None:
    """Raise TypeError unless x is a real tensor of a type that layers compute in."""
    check_tensor(x, name)
    if not has_real_type(x):
        real = x.is_floating_point()
        why = ", which only stores numbers;" if real else "; a membrane takes real values:"
        raise TypeError(f"{name} has dtype {x.dtype}{why} call {name}.float()")


def check_model(value: Any, name: str = "model") -> None:
    """Raise TypeError unless it is a model, not its class or its name."""
    from torch import nn

    if not isinstance(value, nn.Module):
        refuse(value, name, 'a model, for example SpikeAtConv(preset("micro"))')


def check_fits(x: "Tensor", name: str, model: "nn.Module") -> None:
    """Raise unless x has the type of the model's weights, and lies on their device.

    Autocast casts for itself, but not what is float64.
    """
    import torch

    weight = next(model.parameters(), x)
    device = x.device.type
    if x.device != weight.device:
        raise ValueError(
            f"{name}: on {x.device}, and the weights on {weight.device}; "
            f"move one: {name}.to({str(weight.device)!r}) or model.to({str(x.device)!r})"
        )
    casts = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    if x.dtype != weight.dtype and not (casts and x.dtype != torch.float64):
        raise TypeError(
            f"{name}: of dtype {x.dtype}, and the weights of {weight.dtype}; "
            f"call {name}.to({weight.dtype}), or model.to({x.dtype})"
        )


def check_finite(x: "Tensor", name: str, mend: str) -> None:
    """Raise ValueError where a tensor holds NaN or infinity; it says how many and where first."""
    if x.is_meta or not x.is_floating_point() or bool((fine := x.isfinite()).all()):
        return
    first = (~fine).nonzero()[0].tolist()
    value = x[tuple(first)].item()
    raise ValueError(
        f"{name} holds {int((~fine).sum())} values of {x.numel()} that are not finite, the first "
        f"is {value} at {first}; {mend}"
    )


@contextmanager
def naming(name: str, given: str) -> Iterator[None]:
    """An error within it speaks of `given`, which the caller knows, and not of `name`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace(name, given)) from None


def check_kind(value: Any, name: str, kinds: Any, give: str) -> None:
    """Raise TypeError unless it is one of these."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} is {short(value)}; give {give}")


def refuse(value: Any, name: str, give: str) -> NoReturn:
    raise TypeError(f"{name} is {short(value)}, a {kind(value)}; give {give}")


def has_real_type(x: "Tensor") -> bool:
    """Whether layers compute in numbers of this type."""
    import torch

    return x.dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")  # NumPy's too


def plain(value: Any) -> Any:
    """A NumPy number as Python's; others as they are."""
    return value.item() if hasattr(value, "item") else value


def nearest(name: Any, known: Collection[str]) -> str:
    """The known name that a misspelt one most likely means; "" if none is near."""
    names: Sequence[str] = list(known)
    return next(iter(difflib.get_close_matches(str(name).lower(), names, 1, 0.6)), "")


def kind(value: Any) -> str:
    return type(value).__name__


def short(value: Any) -> str:
    """`repr`, but a large value does not fill the screen."""
    if torch := sys.modules.get("torch"):  # before it is there, nothing is a tensor
        if isinstance(value, torch.Tensor):
            return f"a tensor of shape {list(value.shape)} and dtype {value.dtype}"
        if isinstance(value, torch.nn.Module):
            return f"a {kind(value)}"
    if hasattr(value, "shape") and getattr(value, "ndim", False):
        return f"an array of shape {list(value.shape)} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def few(names: Sequence[Any]) -> str:
    """The first ten of them."""
    rest = len(names) - 10
    shown = ", ".join(map(str, names[:10])) or "nothing"
    return shown + (f" and {rest} more" if rest > 0 else "")
