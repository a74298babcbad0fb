"""NetworkWalk's answer as it travels to the page: numbers as they are, maps as packed bytes."""

from typing import Any

import numpy as np

from spikeviz.network.choices import Subject
from spikeviz.network.code import code_of
from spikeviz.network.run import PAGE, Maps, Walk

READABLE = 16  # boxes that stand side by side before the stages fold


class Data:
    """Bytes in a row, and where in them each map lies."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def put(self, maps: Maps, page: int = 0) -> dict[str, Any]:
        """The channels of a page (all of them, if page is -1)."""
        page = min(page, (maps.numbers.shape[1] - 1) // PAGE)
        kept = slice(None) if page < 0 else slice(page * PAGE, (page + 1) * PAGE)
        numbers = maps.numbers[:, kept]
        bits = next(b for b in (1, 2, 4, 8) if maps.top < 1 << b)
        entry = {
            "at": len(self.bytes), "bits": bits, "top": maps.top,
            "shape": list(numbers.shape), "first": 0 if page < 0 else page * PAGE,
        }  # fmt: skip
        self.bytes += pack(numbers, bits)
        if maps.low.size == 1:
            return {**entry, "low": maps.low.item(), "high": maps.high.item()}
        entry["scales"] = len(self.bytes)
        for ends in (maps.low, maps.high):
            self.bytes += ends[:, kept].astype("<f4").tobytes()
        return entry


def pack(numbers: np.ndarray, bits: int) -> bytes:
    """8 / bits numbers to a byte, the first in the lowest bits."""
    flat = numbers.ravel()
    each = 8 // bits
    rows = np.zeros((-(-flat.size // each), each), np.uint8)
    rows.ravel()[: flat.size] = flat
    return (rows << np.arange(0, 8, bits, dtype=np.uint8)).sum(1, dtype=np.uint8).tobytes()


def weigh(walk: Walk) -> int:
    """Bytes of all maps, nearly."""
    bits = ((m, 8 if m.top > 15 else 4) for m in walk.maps.values())
    return sum(m.numbers.size * b // 8 + 8 * m.low.size for m, b in bits)


def answer(walk: Walk, subject: Subject, which: tuple[str, int, int], room: int) -> dict[str, Any]:
    """What the page draws of one model. With all maps if they fit into `room` bytes; else with
    those of `which`: the opened box, its layer, and the page of channels."""
    data, code = Data(), {}
    whole = weigh(walk) <= room
    opened, layer, page = which
    drawn = []
    for box, facts in zip(subject.boxes, walk.boxes, strict=True):
        maps: dict[str, dict[str, Any]] = {"spikes": {}, "membrane": {}, "output": {}}
        for (name, view, index), its in walk.maps.items():
            asked = name == opened and index == (
                0 if view == "output" else min(layer, len(facts["layers"]) - 1)
            )
            if name == box.id and (whole or asked):
                maps[view][str(index)] = data.put(its, -1 if whole else page)
        thumbs = {view: data.put(m) for (name, view), m in walk.thumbs.items() if name == box.id}
        lines = code_of(box)
        code.update(
            {line["name"]: {k: line[k] for k in ("file", "first", "text")} for line in lines}
        )
        output = walk.maps[box.id, "output", 0].numbers
        drawn.append({
            **facts, "maps": maps, "thumbs": thumbs, "drawn": list(output.shape[-2:]),
            "code": [{key: line[key] for key in ("name", "from", "to")} for line in lines],
        })  # fmt: skip
    return {
        "boxes": drawn, "code": code, "data": bytes(data.bytes), "logits": walk.logits,
        "snn_mj": walk.snn_mj, "ann_mj": walk.ann_mj, "seconds": walk.seconds, "whole": whole,
        "unfold": list(range(len(subject.config.depths))) if len(drawn) < READABLE else [],
        "side": subject.side, "channels": subject.config.in_channels,
        "attention": subject.config.attention.upper(),
    }  # fmt: skip
