"""A network as ONNX or .pt2: its file's content, and how that is run.

Both are one graph, traced on two images for any number of them. Names: `images` → `logits`.
"""

import io
import json
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from spikeatconv.extra import extra

Run = Callable[[Tensor], Tensor]  # images to logits
ABOUT = "about.json"  # what a .pt2 tells of itself
MOST = 2**20  # images at once


@torch.no_grad()
def trace(network: nn.Module, images: Tensor) -> torch.export.ExportedProgram:
    """The graph, of any number of images like these."""
    axis = images.dim() - 4
    two = images.narrow(axis, 0, 2).contiguous()
    shapes = ({axis: torch.export.Dim("batch", min=1, max=MOST)},)
    with quiet():
        program = torch.export.export(network, (two,), dynamic_shapes=shapes, strict=False)
    for node in program.graph.nodes:  # it names the folders of this machine
        node.meta.pop("stack_trace", None)
    return program


def quiet() -> warnings.catch_warnings:
    """torch warns of itself while it exports."""
    return warnings.catch_warnings(action="ignore")


# --- ONNX


def write_onnx(network: nn.Module, images: Tensor, about: dict) -> bytes:
    batch = ({images.dim() - 4: "batch"},)
    with quiet():
        model = torch.onnx.export(
            trace(network, images), dynamo=True, optimize=False, verbose=False,
            input_names=["images"], output_names=["logits"], dynamic_shapes=batch,
        ).model_proto  # fmt: skip
    graph = model.graph
    kinds = (graph.node, graph.value_info, graph.input, graph.output, graph.initializer)
    for part in (graph, *(part for kind in kinds for part in kind)):
        part.ClearField("metadata_props")  # of the exporter alone, and half of the file
    for name, value in about.items():
        model.metadata_props.add(key=name, value=json.dumps(value))
    return model.SerializeToString()


def open_onnx(content: bytes) -> Run:
    runtime = extra("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


# --- .pt2


def write_pt2(network: nn.Module, images: Tensor, about: dict) -> bytes:
    file = io.BytesIO()
    with quiet():
        torch.export.save(trace(network, images), file, extra_files={ABOUT: json.dumps(about)})
    return file.getvalue()


def open_pt2(content: bytes) -> Run:
    with quiet():
        return torch.export.load(io.BytesIO(content)).module()
