"""How fast the networks train, and in how much memory: by T, batch, resolution, and beside twins.

    python benchmarks/training.py [--only PART] [--again] [--limit SECONDS]

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
longer than the limit, or fails, is written down as such. Finished cases are not run again on the
same CPU, so the same command goes on after a stop; another CPU of the same kind begins anew. Writes
results/training.json; the picture and the tables of it come from benchmarks/pages.py.
"""

import argparse
import json
import os
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
from report import commit, cpu_kind, known, write
from steps import COMPILE, FIRST, PLAIN, RECOMPUTE, Case, training_step

from spikeatconv.command.estimate import Kept, macs_of

try:
    import resource
except ImportError:
    raise ImportError("Windows cannot measure and limit another process's steps") from None

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


# Of benchmarks/run_all.py: in a minute, and in some.
FEW = [replace(case, time_steps=t) for case in FIRST[:2] for t in (0, 1, 4)]
FEW += [replace(FIRST[2], time_steps=t) for t in (0, 1)]


def without_compiler() -> list[Case]:
    """The cases but those that take minutes each."""
    return [case for case in cases() if case.model != "base" and case.way != COMPILE
            and (case.model, case.way) != ("tiny", PLAIN)]  # fmt: skip


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


def run_all(wanted: list[Case], limit: int, kind: str, again: bool) -> dict[str, Any]:
    """The results of the file: those it has, and the wanted ones, each printed and written as it
    comes; again: also those that are done."""
    found = known(NAME, kind).get("cases", {})
    for case in wanted:
        if case.key not in found or again:
            found[case.key] = measured(case, limit)
            save(found, kind)
    return found


def measured(case: Case, limit: int) -> dict[str, Any]:
    row = in_its_own_process(case, limit) | {"case": asdict(case), "commit": commit()}
    print(line(case.key, row), flush=True)
    return row


def save(found: dict[str, dict], kind: str) -> None:
    about = {"threads": 1, "seconds": "of the CPU, the fastest of the timed steps", "cases": found}
    write(NAME, about, ("spikeatconv", "torch"), kind=kind)


def line(key: str, row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"{key:55} {row['failed']}"
    return (
        f"{key:55} {row['seconds_a_step']:9.3f} s a step {row['images_a_second']:8.2f} images/s "
        f"{row['peak_mb']:8.0f} MB peak   first step {row['first_step_s']:7.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Training images a second and memory")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--again", action="store_true", help="also those that are done")
    parser.add_argument("--limit", type=int, default=LIMIT, help="CPU seconds for one case")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(Case(**json.loads(options.case)))))
        return
    wanted = [case for case in cases() if options.only in case.key]
    run_all(wanted, options.limit, cpu_kind(), options.again)


if __name__ == "__main__":
    main()
