"""How fast the networks train, and in how much memory: by T, batch, resolution, and beside twins.

    python benchmarks/training.py [--only PART] [--again] [--limit SECONDS] [--draw]

A case is a network, T, a batch, a resolution and a way to run it. Each runs in a process of its
own, on one thread: one step to warm up, then a few that are timed (forward, backward, AdamW, on
random images). Seconds are CPU seconds of that process, so that a shared machine disturbs little;
the fastest step counts. The ways:

    as it comes     lif.c where there is a C compiler, else torch operations (SPIKEATCONV_LIF=auto)
    plain loop      the loop over `lif_step` and autograd (SPIKEATCONV_LIF=plain)
    torch.compile   the whole network compiled; its neurons are the plain loop, fused
    recompute       as it comes, with activation checkpointing

"peak" is the highest memory of the process in the steps, less what it held before the first: the
kept activations, gradients, AdamW's moments, and what an operation needs for a moment. "kept" is
what one forward pass keeps for the backward pass, counted tensor by tensor. A case that takes
longer than the limit, or fails, is written down as such. Finished cases are not run again, so the
same command goes on after a stop. Writes results/training.json and results/training.png.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from report import RESULTS, write
from steps import AS_IT_COMES, COMPILE, FIRST, PLAIN, RECOMPUTE, Case, training_step

from spikeatconv.command.estimate import Kept, macs_of

STEPS, ENOUGH = 4, 8.0  # timed steps at most, and CPU seconds after which no third one begins
LIMIT = 300  # CPU seconds of one case
NAME = "training"


def cases() -> list[Case]:
    """What tells most first; each once."""
    micro, resnet, tiny, base = FIRST
    found = []
    for case in (micro, resnet, tiny):
        found += [replace(case, time_steps=t) for t in (0, 1, 2, 4)]
    for case in (micro, resnet, tiny):
        found += [replace(case, time_steps=t, way=RECOMPUTE) for t in (1, 4)]
        found += [replace(case, time_steps=4, way=PLAIN)]
    for case in (micro, resnet):
        found += [replace(case, time_steps=t, way=COMPILE) for t in (0, 1, 2, 4)]
    for case in (micro, resnet):  # batch and resolution
        found += [replace(case, time_steps=2, batch=batch) for batch in (4, 16, 64)]
        found += [replace(case, time_steps=2, side=side) for side in (32, 64)]
    found += [replace(base, time_steps=t) for t in (0, 1, 4)]
    found += [replace(tiny, time_steps=t, way=COMPILE) for t in (0, 1)]
    found += [replace(tiny, batch=batch) for batch in (1, 2, 4)]
    found += [replace(tiny, batch=1, side=side) for side in (96, 160, 224, 320)]
    found += [replace(case, time_steps=4, spk="sl") for case in (micro, tiny)]
    found += [replace(resnet, time_steps=4, spk="mbpl"), replace(base, time_steps=2)]
    found += [replace(base, time_steps=4, way=RECOMPUTE)]
    found += [replace(tiny, time_steps=4, way=COMPILE), replace(base, way=COMPILE)]
    return list(dict.fromkeys(found))


# --- one case, in its own process


def measure(case: Case) -> dict[str, Any]:
    """Runs the steps here and now."""
    model, images, step = training_step(case)
    macs, parameters = macs_of(model, case.side), sum(p.numel() for p in model.parameters())
    before, children = memory(reset=True), cpu_of_children()
    first = step()
    seconds: list[float] = []
    while len(seconds) < STEPS and (len(seconds) < 2 or sum(seconds) < ENOUGH):
        seconds.append(step())
    peak = memory() - before
    return {
        "parameters": parameters,
        "macs": macs,
        "seconds_a_step": round(min(seconds), 4),
        "all_steps": [round(value, 4) for value in seconds],
        "images_a_second": round(case.batch / min(seconds), 4),
        "first_step_s": round(first + cpu_of_children() - children, 2),
        "peak_mb": round(peak / 1e6, 1),
        "kept_mb": None if case.way == COMPILE else round(kept(model, case, images) / 1e6, 1),
    }


def kept(model: Any, case: Case, images: Any) -> int:
    own = {t.untyped_storage().data_ptr() for t in model.state_dict().values()}
    watch = Kept(own, model.parts() if case.way == RECOMPUTE else [])
    with torch.autograd.graph.saved_tensors_hooks(watch.pack, lambda tensor: tensor):
        out = model(images)  # alive until all is counted
    watch.end()
    del out
    return watch.bytes()


def memory(reset: bool = False) -> int:
    """Bytes: the highest of the process so far; with reset what it holds now, and the highest is
    counted from here on, where Linux allows it."""
    if reset:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- all of them


def in_its_own_process(case: Case, limit: int) -> dict[str, Any]:
    """What `measure` gives, or {"failed": why}."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "OMP_NUM_THREADS": "1",
            "SPIKEATCONV_LIF": "plain" if case.way == PLAIN else "auto",
            "TORCHINDUCTOR_CACHE_DIR": folder,  # each compiles anew
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
        }
        command = [sys.executable, __file__, "--case", json.dumps(asdict(case))]
        try:
            answer = subprocess.run(
                command, env={**os.environ, **settings}, capture_output=True, encoding="utf-8",
                preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CPU, (limit, limit + 5)),
                check=True,
            )  # fmt: skip
            return json.loads(answer.stdout.splitlines()[-1])
        except subprocess.CalledProcessError as error:
            if -error.returncode in (signal.SIGXCPU, signal.SIGKILL):
                return {"failed": f"not done after {limit} CPU seconds"}
            lines = error.stderr.strip().splitlines() or [f"status {error.returncode}"]
            return {"failed": lines[-1][:300]}


def before() -> dict[str, dict]:
    """What an earlier call of the program found."""
    path = RESULTS / f"{NAME}.json"
    if not path.is_file():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))["results"]["cases"]


def save(found: dict[str, dict]) -> Path:
    about = {"threads": 1, "seconds": "of the CPU, the fastest of the timed steps", "cases": found}
    return write(NAME, about, ("spikeatconv", "torch"))


def line(key: str, row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"{key:55} {row['failed']}"
    return (
        f"{key:55} {row['seconds_a_step']:9.3f} s a step {row['images_a_second']:8.2f} images/s "
        f"{row['peak_mb']:8.0f} MB peak   first step {row['first_step_s']:7.1f} s"
    )


# --- the tables of docs/training.md


def tables(found: dict[str, dict]) -> str:
    """As Markdown: by T and way, then by batch and by resolution; "–" where no case was run."""
    times = (0, 1, 2, 4)
    lines = ["| network, batch, pixels | way | twin | T = 1 | T = 2 | T = 4 |", "|---" * 6 + "|"]
    for first in FIRST:
        for way in (AS_IT_COMES, PLAIN, COMPILE, RECOMPUTE):
            row = [found.get(replace(first, time_steps=t, way=way).key) for t in times]
            if any(row):
                what = f"{first.model}, {first.batch} × {first.side} × {first.side}"
                lines.append(f"| {what} | {way} | " + " | ".join(map(entry, row)) + " |")
    lines += ["", "| network | batch × pixels: images a second, MB at the peak |", "|---|---|"]
    for first in FIRST:
        same = [row for row in found.values() if like(row["case"], first)]
        same.sort(key=lambda row: (row["case"]["side"], row["case"]["batch"]))
        found_here = [f"{r['case']['batch']} × {r['case']['side']}²: {entry(r)}" for r in same]
        if len(found_here) > 1:
            t = same[0]["case"]["time_steps"]
            lines.append(f"| {first.model}, T = {t} | " + " · ".join(found_here) + " |")
    return "\n".join(lines)


def like(case: dict[str, Any], first: Case) -> bool:
    """Whether it belongs to the series of that network by batch and resolution."""
    steps = 1 if first.model in ("tiny", "base") else 2
    wanted = asdict(replace(first, time_steps=steps))
    return case == {**wanted, "batch": case["batch"], "side": case["side"]}


def entry(row: dict[str, Any] | None) -> str:
    """Images a second, MB at the peak; for a compiled one also the seconds of the first step."""
    if row is None:
        return "–"
    if "failed" in row:
        return row["failed"]
    text = f"{row['images_a_second']:.3g}, {row['peak_mb']:,.0f} MB"
    return text + (f", first {row['first_step_s']:.0f} s" if row["kept_mb"] is None else "")


# --- the picture

COLOURS = {"tiny": "#0072B2", "base": "#D55E00", "micro": "#009E73", "resnet18": "#CC79A7"}
MARKS = {"tiny": "o", "base": "s", "micro": "^", "resnet18": "D"}


def picture(found: dict[str, dict]) -> None:
    """Above: images a second; below: peak memory an image. By T, by batch, by resolution."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(11, 6.4), layout="constrained")
    rows = [row for row in found.values() if "failed" not in row]
    usual = [row for row in rows if row["case"]["way"] == AS_IT_COMES]
    for name, colour in COLOURS.items():
        mine = [r for r in usual if r["case"]["model"] == name and r["case"]["spk"] == own(name)]
        spiking = [r for r in mine if r["case"]["time_steps"]]
        for column, field in enumerate(("time_steps", "batch", "side")):
            series = sorted(line_of(spiking, field), key=lambda r: r["case"][field])
            if len(series) < 2:
                continue
            x = [r["case"][field] for r in series]
            style = {"color": colour, "marker": MARKS[name], "label": name}
            axes[0, column].plot(x, [r["images_a_second"] for r in series], **style)
            axes[1, column].plot(x, [an_image(r) for r in series], **style)
        twins = [r for r in mine if not r["case"]["time_steps"]]
        for row in twins[:1]:
            style = {"color": colour, "linestyle": ":", "label": f"{name}, twin"}
            axes[0, 0].axhline(row["images_a_second"], **style)
            axes[1, 0].axhline(an_image(row), **style)
    for column, name in enumerate(("time steps T", "batch B", "pixels a side")):
        axes[1, column].set_xlabel(name)
        for axis in axes[:, column]:
            axis.set(xscale="log", yscale="log")
            axis.grid(alpha=0.3, which="both")
            ticks = sorted({v for drawn in axis.get_lines() for v in drawn.get_xdata() if v >= 1})
            axis.set_xticks(ticks, [f"{int(v)}" for v in ticks], minor=False)
            axis.set_xticks([], minor=True)
    axes[0, 0].set_ylabel("training images a second")
    axes[1, 0].set_ylabel("peak memory, MB an image")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize="small")
    figure.suptitle("A training step on one CPU thread")
    figure.savefig(RESULTS / f"{NAME}.png", dpi=100)


def own(name: str) -> str:
    return "sl" if name == "resnet18" else "mbpl"


def an_image(row: dict[str, Any]) -> float:
    return row["peak_mb"] / row["case"]["batch"]


def line_of(rows: list[dict], field: str) -> list[dict]:
    """The longest series in which that field alone differs."""
    series: dict[tuple, list[dict]] = {}
    for row in rows:
        rest = tuple(value for name, value in row["case"].items() if name != field)
        series.setdefault(rest, []).append(row)
    return max(series.values(), key=len, default=[])


def main() -> None:
    parser = argparse.ArgumentParser(description="Training images a second and memory")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--again", action="store_true", help="also those that are done")
    parser.add_argument("--limit", type=int, default=LIMIT, help="CPU seconds for one case")
    parser.add_argument("--draw", action="store_true", help="picture and tables alone")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(Case(**json.loads(options.case)))))
        return
    found = before()
    for case in cases():
        done = case.key in found and not options.again
        if options.draw or done or options.only not in case.key:
            continue
        found[case.key] = in_its_own_process(case, options.limit) | {"case": asdict(case)}
        print(line(case.key, found[case.key]), flush=True)
        save(found)
    picture(found)
    print(tables(found))


if __name__ == "__main__":
    main()
