"""What spikes cost where they have as much to do: training steps beside the twin's at equal T·B.

    python benchmarks/ratios.py [--only PART]

The network with MBPL and with SL, at T and batch B, and the twin without spikes, whose batch is
T·B: forward, backward and AdamW on random images, one thread. The three lie in one process and take
their steps in turn, so that a disturbance meets all of them; the fastest step of each counts, in
CPU seconds. At the end how long the folded Micro takes for one digit. About 3 minutes. Writes
results/ratios.json, unless a part alone was asked for.
"""

import argparse
import statistics
import time
from dataclasses import replace

import torch
from report import cpu_kind, write
from steps import FIRST, Case, training_step

from spikeatconv import fold
from spikeatconv.training import digits
from spikeatconv.training.recipes import network

MICRO, RESNET, TINY, _ = FIRST
CASES = (
    *(replace(MICRO, batch=32, time_steps=t) for t in (1, 2, 4)),
    *(replace(RESNET, time_steps=t) for t in (1, 4)),
    *(replace(TINY, batch=batch, time_steps=t) for batch in (2, 4) for t in (1, 4)),
)
FEW = (replace(MICRO, batch=32, time_steps=2), TINY)  # of benchmarks/run_all.py
SPKS = ("mbpl", "sl")
ROUNDS, ENOUGH = 20, 8.0  # timed steps at most, and CPU seconds of all after which none begins


def beside_twin(case: Case, rounds: int = ROUNDS) -> dict[str, float]:
    """CPU seconds of a step of the three, and how many times the twin's they are."""
    three = {spk: replace(case, spk=spk) for spk in SPKS}
    three["twin"] = replace(case, batch=case.time_steps * case.batch, time_steps=0)
    steps = {name: training_step(one)[2] for name, one in three.items()}
    for step in steps.values():
        step()  # warms up
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    while len(seconds["twin"]) < min(2, rounds) or (
        len(seconds["twin"]) < rounds and sum(map(sum, seconds.values())) < ENOUGH
    ):
        for name, step in steps.items():
            seconds[name].append(step())
    best = {name: min(values) for name, values in seconds.items()}
    return {
        **{f"{name}_s": round(value, 4) for name, value in best.items()},
        **{f"{spk}_to_twin": round(best[spk] / best["twin"], 3) for spk in SPKS},
    }


def one_digit_ms(runs: int = 200) -> float:
    """Milliseconds of the folded Micro, T = 2, for one digit: the median."""
    model = fold(network("micro", classes=10, in_channels=1, time_steps=2))
    image = digits("test").images[:1]
    seconds = []
    with torch.no_grad():
        for _ in range(runs):
            begin = time.perf_counter()
            model(image)
            seconds.append(time.perf_counter() - begin)
    return round(1000 * statistics.median(seconds), 2)


def run_all(cases: tuple[Case, ...]) -> dict:
    """The results of the file, printed as they come."""
    torch.set_num_threads(1)
    found = {}
    print(f"{'network, T, B × pixels':32} {'MBPL':>8} {'SL':>8} {'twin':>8} s a step, ÷ twin's")
    for case in cases:
        row = found[name_of(case)] = beside_twin(case)
        print(
            f"{name_of(case):32} {row['mbpl_s']:8.3f} {row['sl_s']:8.3f} {row['twin_s']:8.3f}   "
            f"MBPL {row['mbpl_to_twin']:.2f} ×   SL {row['sl_to_twin']:.2f} ×",
            flush=True,
        )
    digit = one_digit_ms()
    print(f"folded Micro, T = 2, one digit: {digit} ms")
    return {"threads": 1, "cases": found, "folded_micro_one_digit_ms": digit}


def name_of(case: Case) -> str:
    return f"{case.model}, T = {case.time_steps}, {case.batch} × {case.side} × {case.side}"


def save(results: dict, kind: str) -> None:
    print(f"written to {write('ratios', results, ('spikeatconv', 'torch'), kind=kind)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Training steps beside the twin's at equal T·B")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    only, kind = parser.parse_args().only, cpu_kind()
    results = run_all(tuple(case for case in CASES if only in name_of(case)))
    if not only:
        save(results, kind)


if __name__ == "__main__":
    main()
