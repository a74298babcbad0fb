"""Weights in a safetensors file, with the configuration inside. Loading never runs code.

save_weights(model, "micro.safetensors", {"seed": 0})
model = load_weights("micro.safetensors")       in eval mode
weights_note("micro.safetensors")               {"seed": 0}
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from spikeatconv.conv import fold, is_folded
from spikeatconv.model import SpikeAtConv, SpikeAtConvConfig
from spikeatconv.resnet import SpikingResNet18
from spikeatconv.surrogate import Atan, Sigmoid, Surrogate

VERSION = 1
KNOWN_SURROGATES = {"Atan": Atan, "Sigmoid": Sigmoid}


def save_weights(model: nn.Module, path: str | Path, note: dict | None = None) -> None:
    """Write the weights of a SpikeAtConv or SpikingResNet18 (folded ones too), complete or not
    at all: an older file stays as it is until the new one is whole.

    note: what else to say, as JSON: command, seed, result.
    Raises TypeError for another model, or an option that a file cannot hold.
    """
    if not isinstance(model, SpikeAtConv | SpikingResNet18):
        raise TypeError(
            f"model is a {type(model).__name__}; save_weights takes a SpikeAtConv or a "
            "SpikingResNet18, whose file can be loaded without running code"
        )
    metadata = {
        "format": "spikeatconv", "version": str(VERSION), "model": type(model).__name__,
        "config": json.dumps(config_of(model), default=_encode),
        "folded": json.dumps(is_folded(model)), "note": json.dumps(note or {}),
    }  # fmt: skip
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    _write(Path(path), save(tensors, metadata))


def load_weights(path: str | Path, config: SpikeAtConvConfig | None = None) -> nn.Module:
    """The model of a file that `save_weights` wrote, on the CPU, in eval mode.

    config: what the caller expects; a ValueError names the fields that differ.
    Raises FileNotFoundError, or ValueError for a damaged or foreign file, a configuration that
    does not make a model, and tensors that are missing, unexpected or of another shape.
    """
    metadata, tensors = _read(Path(path))
    model = _build(metadata, path)
    if config is not None:
        _compare(config, model, path)
    expected = model.state_dict()
    missing, unexpected = sorted(expected.keys() - tensors), sorted(tensors.keys() - expected)
    _check(not missing, path, f"{len(missing)} tensors are missing: {_some(missing)}")
    _check(not unexpected, path, f"{len(unexpected)} tensors are unexpected: {_some(unexpected)}")
    for name, tensor in tensors.items():
        found, right = list(tensor.shape), list(expected[name].shape)
        _check(found == right, path, f"tensor {name} has shape {found}, expected {right}")
    for dtype in {t.dtype for t in tensors.values() if t.is_floating_point()}:
        model = model.to(dtype)
    model.load_state_dict(tensors)
    return model.eval()


def weights_note(path: str | Path) -> dict:
    """The note that `save_weights` was given. Errors as `load_weights`."""
    return json.loads(_read(Path(path))[0].get("note", "{}"))


def config_of(model: nn.Module) -> dict:
    """The configuration of a model as a dict."""
    config = model.config
    return dict(vars(config)) if isinstance(config, SpikeAtConvConfig) else dict(config)


def _build(metadata: dict[str, str], path: str | Path) -> nn.Module:
    """The model that the metadata describe, with any weights; the random state stays as it is."""
    try:
        config = json.loads(metadata["config"], object_hook=_decode)
        with torch.random.fork_rng(devices=[]):
            if metadata["model"] == "SpikeAtConv":
                model: nn.Module = SpikeAtConv(SpikeAtConvConfig(**config))
            else:
                model = SpikingResNet18(**config)
    except (KeyError, TypeError, ValueError) as error:
        _check(False, path, f"its config does not make a {metadata.get('model')}: {error}")
        raise
    return fold(model) if metadata.get("folded") == "true" else model


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file; check the path")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}); copy or download it again"
        ) from None
    ours = metadata.get("format") == "spikeatconv"
    _check(ours, path, "it was written by another program: it has no spikeatconv metadata")
    version = metadata.get("version", "")
    known = version.isdecimal() and int(version) <= VERSION
    _check(known, path, f"its version is {version!r}, this program reads up to {VERSION}; update")
    name = metadata.get("model")
    known = name in ("SpikeAtConv", "SpikingResNet18")
    _check(known, path, f"its model is {name!r}, expected SpikeAtConv or SpikingResNet18")
    return metadata, tensors


def _compare(config: SpikeAtConvConfig, model: nn.Module, path: str | Path) -> None:
    found, wanted = config_of(model), dict(vars(config))
    names = sorted(found.keys() | wanted.keys())
    differ = [
        f"{name} is {found.get(name)!r} in the file and {wanted.get(name)!r} in config"
        for name in names
        if found.get(name) != wanted.get(name)
    ]
    _check(not differ, path, "; ".join(differ))


def _check(good: bool, path: str | Path, problem: str) -> None:
    if not good:
        raise ValueError(
            f"{path} cannot be loaded: {problem}. Write it again with save_weights, or load it "
            "with the version of spikeatconv that wrote it"
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _encode(value: Any) -> dict:
    if type(value).__name__ in KNOWN_SURROGATES and isinstance(value, Surrogate):
        return {"surrogate_class": type(value).__name__, "alpha": value.alpha}
    raise TypeError(f"a file cannot hold the option {value!r}; give numbers, text, Atan or Sigmoid")


def _decode(value: dict) -> Any:
    if "surrogate_class" in value:
        return KNOWN_SURROGATES[value["surrogate_class"]](value["alpha"])
    return {key: tuple(v) if isinstance(v, list) else v for key, v in value.items()}


def _write(path: Path, content: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
