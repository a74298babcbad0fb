"""Weights in a safetensors file, with the configuration inside. Loading never runs code.

save_weights(model, "micro.safetensors", {"seed": 0})
model = load_weights("micro.safetensors")       in eval mode
weights_note("micro.safetensors")               {"seed": 0}
load_weights("micro_digits")                    one that ships: data/README.md

The file's metadata, all text: format, version, model (the class), config and note (JSON),
folded, and sha256 of all of these and the tensors.
"""

import functools
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from spikeatconv.checks import check_choice, check_finite, check_path, has_real_type, kind, short
from spikeatconv.conv import fold, is_folded
from spikeatconv.data import shipped, shipped_weights
from spikeatconv.files import write_whole
from spikeatconv.model import Block, Config, SpikeAtConvConfig
from spikeatconv.resnet import NETWORKS, SpikingResNet18Config
from spikeatconv.surrogate import Atan, Sigmoid

FORMAT, VERSION = "spikeatconv", "1"
KNOWN_SURROGATES: dict[str, type] = {"Atan": Atan, "Sigmoid": Sigmoid}
FIELDS = [f.name for f in fields(SpikeAtConvConfig)]
NOT_KEPT = ("config", "momentum", "training")  # compared elsewhere, or of training alone
TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32,
}  # fmt: skip
LONGEST_HEADER = 2**24  # bytes; the largest preset's has 2**18
KEYS = ("config", "folded", "format", "model", "note", "sha256", "version")
MAKES = ("model", "config", "folded")  # of a file's metadata: what says how to build its network
AGAIN = "copy or download the file again, or write it again with save_weights"

CHANGED = "undo what changed its layers since it was made (a pruning, a parametrization)"


@dataclass
class Fault(Exception):
    """What is wrong with a file or a model, and what mends it."""

    found: str
    mend: str = AGAIN


@contextmanager
def name_faults(what: str | Path, mend: str = "") -> Iterator[None]:
    """A Fault within it becomes a ValueError that names the file, or the model."""
    try:
        yield
    except Fault as fault:
        told = f"{what} cannot be used: {fault.found}; to mend it, {mend or fault.mend}"
        raise ValueError(told) from None


def save_weights(model: nn.Module, path: str | Path, note: dict | None = None) -> None:
    """Write the weights of a SpikeAtConv or SpikingResNet18 (folded ones too), complete or not
    at all: an older file stays as it is until the new one is whole.

    note: what else to say, as JSON: command, seed, result.
    Raises TypeError for another model, an option or a note that a file cannot hold; ValueError
    for a model that its configuration does not make (layers added or replaced, a neuron's
    threshold set afterwards) and for weights that are not finite.
    """
    if not can_be_saved(model):
        raise TypeError(
            f"model is {short(model)}; give a SpikeAtConv or a SpikingResNet18, "
            "whose file can be loaded without running code"
        )
    path = check_path(path, "path")
    if not isinstance(note, dict | None):
        raise TypeError(f"note is a {kind(note)}; give a dict, such as {{'seed': 0}}")
    metadata = {
        "format": FORMAT, "version": VERSION, "model": type(model).__name__,
        "config": json.dumps(model.config.arguments(), default=_encode),
        "folded": json.dumps(is_folded(model)), "note": json.dumps(note or {}, default=_encode),
    }  # fmt: skip
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    with name_faults("the model", CHANGED):
        made = _build_once(*(metadata[key] for key in MAKES), len(tensors))
        _check_tensors(tensors, made)
    _check_layers(model, made)
    for name, tensor in tensors.items():
        check_finite(
            tensor, f"the model's {name}", "train it again, or load weights that are whole"
        )
    metadata["sha256"] = digest_of(metadata, tensors)
    write_whole(path, _sort_header(save(tensors, metadata)))


def load_weights(path: str | Path, config: Config | dict | None = None) -> nn.Module:
    """The model of a file that `save_weights` wrote, on the CPU, in eval mode.

    path: or the name of a network that ships (`spikeatconv.data.shipped_weights()`), such as
        "micro_digits"; a file of that name goes first.
    config: what the caller expects, the network's configuration or a dict of SpikingResNet18's
        arguments; a ValueError names the fields that differ.
    Raises FileNotFoundError, or ValueError for a damaged or foreign file, a configuration that
    does not make a model, and tensors that are missing, unexpected, of another shape or not finite.
    """
    path = _find(path)
    with name_faults(path):
        metadata, shapes = _read_header(path)
        model = _build(metadata, len(shapes))
        _check_tensors(shapes, model)  # before the values are read
        tensors = _read_tensors(metadata, path)
    if config is not None:
        _compare(config, model, path)
    for name, tensor in tensors.items():
        check_finite(tensor, f"{path}: tensor {name}", AGAIN)
    strides = model.state_dict()  # of tensors without values
    model.load_state_dict(
        {n: torch.empty_strided(strides[n].shape, strides[n].stride(), dtype=t.dtype).copy_(t)
         for n, t in tensors.items()},
        assign=True,
    )  # fmt: skip
    return model.eval()


def weights_note(path: str | Path) -> dict:
    """The note that `save_weights` was given, {} if none. Errors as `load_weights`."""
    path = _find(path)
    with name_faults(path):
        metadata, _ = _read_header(path)
        _read_tensors(metadata, path)
        return _read_json(metadata, "note")


def can_be_saved(model: nn.Module) -> bool:
    """Whether it is a network whose file can be loaded without running code."""
    return any(type(model) is network for _, network in NETWORKS.values())


# --- reading


def _find(path: str | Path) -> Path:
    """A file, or one that ships, by its name."""
    found = check_path(path, "path")
    if not found.exists() and str(found) in shipped_weights():
        return shipped(f"{found}.safetensors")
    return found


def _read_header(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata, of our format and version, and the tensors without values (on the meta
    device), of a file that is as long as these say. Nothing else of it is read."""
    with _open(path) as file:
        metadata, described = _parse(file, os.fstat(file.fileno()).st_size)
    form, version = metadata.get("format"), metadata.get("version")
    if form != FORMAT:
        found = f"its format is {form!r}, expected {FORMAT!r}: it was written by another program"
        raise Fault(found, "give a file that save_weights wrote")
    if version != VERSION:
        found = f"its version is {version!r}, this spikeatconv reads {VERSION!r}"
        raise Fault(found, "update spikeatconv")
    if unknown := sorted(metadata.keys() - set(KEYS)):
        raise Fault(f"its metadata have the unknown entries {unknown}")
    _read_json(metadata, "note")
    try:
        shapes = {
            name: torch.empty(d["shape"], dtype=_type(d["dtype"]), device="meta")
            for name, d in described.items()
        }
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        raise Fault(f"its tensors cannot be read ({error!r})") from None
    return metadata, shapes


def _type(name: str) -> torch.dtype:
    if name not in TYPES:
        raise ValueError(f"one is of the type {name!r}; known are {list(TYPES)}")
    return TYPES[name]


def _open(path: Path) -> BinaryIO:
    """A regular file, open for reading: a pipe would wait for ever, a device never end."""
    try:
        if path.is_dir():
            raise ValueError(f"{path} is a folder; give the .safetensors file in it")
        if path.exists() and not path.is_file():
            raise Fault("it is no regular file (a pipe, a device)", "give a file on a disk")
        return path.open("rb")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: there is no such file; check the path, here relative to {Path.cwd()}, or "
            f"give the name of a network that ships: {', '.join(shipped_weights())}"
        ) from None
    except OSError as error:
        found = f"it cannot be opened ({error.strerror})"
        raise Fault(found, "check its name and who may read it") from None


def _parse(file: BinaryIO, size: int) -> tuple[dict[str, str], dict[str, dict]]:
    """The header of a whole safetensors file: its metadata, and what it says of each tensor.

    Such a file is the header's length (8 bytes), the header (JSON) and the tensors' values.
    """
    start = 8 + int.from_bytes(file.read(8), "little")
    if start > LONGEST_HEADER or file.read(1) != b"{":
        raise Fault(f"it is not a safetensors file ({size} bytes)")
    try:
        header = json.loads(b"{" + file.read(start - 9)) if start <= size else {}
        metadata = header.pop("__metadata__", {})
        if not all(isinstance(text, str) for text in metadata.values()):
            raise TypeError("metadata that are not text")
        end = start + max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        found = f"it is not a safetensors file, or its header is damaged ({error!r})"
        raise Fault(found) from None
    if size < end:
        raise Fault(f"it is cut off: it has {size} bytes, expected {end} or more")
    if size > end and header:
        raise Fault(f"it has {size} bytes, its tensors end after {end}")
    return metadata, header


def _read_tensors(metadata: dict[str, str], path: Path) -> dict[str, Tensor]:
    """The tensors of a file whose header is right, with the checksum that it names."""
    try:
        tensors = load(path.read_bytes())
    except MemoryError:
        found = f"its {path.stat().st_size} bytes are more than there is memory for"
        raise Fault(found, "close other programs or use a larger machine") from None
    except (SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise Fault(f"its tensors cannot be read ({error!r})") from None
    found, written = digest_of(metadata, tensors), metadata.get("sha256")
    if written not in (None, found):  # files without one are taken as they are
        raise Fault(f"its content is not what was written (SHA-256 {found}, expected {written})")
    return tensors


def _read_json(metadata: dict[str, str], key: str) -> dict:
    try:
        value = json.loads(metadata.get(key, "{}"))
    except (RecursionError, ValueError) as error:
        raise Fault(f"its {key} is no valid JSON ({error!r})") from None
    if not isinstance(value, dict):
        raise Fault(f"its {key} is {short(value)}, expected a JSON object")
    return value


@functools.lru_cache(maxsize=1)
def _build_once(*described: Any) -> nn.Module:
    """`_build` for a training that saves the same network again and again."""
    *made_from, tensors = described
    return _build(dict(zip(MAKES, made_from, strict=True)), tensors)


def _build(metadata: dict[str, str], tensors: int) -> nn.Module:
    """The model that the metadata describe, its tensors without values (on the meta device): it
    draws no random numbers and takes little memory."""
    name, folded = metadata.get("model"), metadata.get("folded")
    if name not in NETWORKS:
        raise Fault(f"its model is {name!r}, expected one of {list(NETWORKS)}")
    if folded not in ("true", "false"):
        raise Fault(f"its folded is {folded!r}, expected 'true' or 'false'")
    arguments, made_from = _read_json(metadata, "config"), NETWORKS[name][0]
    unknown = sorted(arguments.keys() - FIELDS) if made_from is SpikeAtConvConfig else []
    if unknown:
        found = f"its config has the unknown fields {unknown}; known are {FIELDS}"
        raise Fault(found, "update spikeatconv, or write the file again with save_weights")
    finish = fold if folded == "true" else (lambda model: model)
    try:
        config = made_from.of(_decode(arguments))
        with torch.device("meta"):
            if isinstance(config, SpikeAtConvConfig):  # before it is built for long
                needed = sum(config.depths) * len(finish(Block(config, 0)).state_dict())
                if needed > 10 * tensors:
                    found = f"depths is {config.depths}, which makes {needed} tensors or more"
                    raise ValueError(f"{found}; there are {tensors}")
            return finish(config.build())
    except (ArithmeticError, RecursionError, RuntimeError, TypeError, ValueError) as error:
        raise Fault(f"its config does not make a {name}: {error}") from None


def _check_tensors(tensors: dict[str, Tensor], model: nn.Module) -> None:
    expected = model.state_dict()
    missing, unexpected = sorted(expected.keys() - tensors), sorted(tensors.keys() - expected)
    for names, problem in ((missing, "missing"), (unexpected, "unexpected")):
        if names:
            some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            count = f"{len(names)} of its tensors {'is' if len(names) == 1 else 'are'} {problem}"
            raise Fault(f"{count}: {some}; its config makes {len(expected)} tensors")
    for name, tensor in tensors.items():
        right = expected[name]
        shape, wanted = list(tensor.shape), list(right.shape)
        if shape != wanted:
            raise Fault(f"tensor {name} has shape {shape}, expected {wanted}")
        real = right.is_floating_point()
        if not (has_real_type(tensor) if real else tensor.dtype == right.dtype):
            kept = "a floating-point type" if real else right.dtype
            raise Fault(f"tensor {name} is {tensor.dtype}, expected {kept}")


def _check_layers(model: nn.Module, made: nn.Module) -> None:
    """Raise where a layer is not the one that the configuration makes: a file holds no more."""
    found = dict(model.named_modules())
    for name, right in made.named_modules():
        layer = found[name]
        if type(layer) is not type(right):
            raise ValueError(
                f"layer {name} is {kind(layer)}, its configuration makes {kind(right)}, and a "
                "file holds the configuration alone; make the model with what you changed"
            )
        for key, value in vars(right).items():
            if key.startswith("_") or key in NOT_KEPT or vars(layer).get(key) == value:
                continue
            raise ValueError(
                f"layer {name} has {key}={vars(layer).get(key)!r}, its configuration makes "
                f"{key}={value!r}, and a file holds the configuration alone; set it back, or make "
                "the model with it (spk_options) and take the weights over with load_state_dict"
            )


def digest_of(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """SHA-256 of the metadata and of each tensor's name, type, shape and bytes."""
    described = sorted((key, text) for key, text in metadata.items() if key != "sha256")
    digest = hashlib.sha256(json.dumps(described).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _compare(config: Config | dict, model: nn.Module, path: str | Path) -> None:
    """Raise unless `config` is the model's; lists and tuples count as the same."""
    if isinstance(config, dict) and type(model.config) is SpikingResNet18Config:
        config = SpikingResNet18Config.of(config)
    if isinstance(config, dict) or type(config) is not type(model.config):
        raise ValueError(
            f"{path} holds a {kind(model)}, config is a {kind(config)}; give a {kind(model)}Config,"
            " or a dict of arguments for a SpikingResNet18"
        )
    found, wanted = model.config.arguments(), config.arguments()
    differ = [
        f"{name} is {found.get(name)!r} in the file and {wanted.get(name)!r} in config"
        for name in [*found, *(wanted.keys() - found)]
        if _as_json(found.get(name)) != _as_json(wanted.get(name))
    ]
    if differ:
        raise ValueError(
            f"{path} has another configuration: {'; '.join(differ)}. Change config, "
            "or leave it out to take the file's"
        )


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=_encode))


# --- writing


def _encode(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if type(value) in KNOWN_SURROGATES.values():
        return {"surrogate_class": type(value).__name__, "alpha": value.alpha}
    raise TypeError(
        f"a file cannot hold the option {value!r}, a {type(value).__name__}; "
        "give numbers, text, lists, dicts, Atan or Sigmoid"
    )


def _decode(value: Any) -> Any:
    """What `_encode` and JSON made of a configuration, as it was; lists become tuples."""
    if isinstance(value, list):
        return tuple(_decode(entry) for entry in value)
    if not isinstance(value, dict):
        return value
    if "surrogate_class" not in value:
        return {key: _decode(entry) for key, entry in value.items()}
    name = check_choice(value["surrogate_class"], "surrogate_class", KNOWN_SURROGATES)
    return KNOWN_SURROGATES[name](value.get("alpha"))


def _sort_header(content: bytes) -> bytes:
    """The same file with its header in order: safetensors writes it in another one each time."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # the tensors begin at a multiple of 8
    return len(header).to_bytes(8, "little") + header + content[end:]
