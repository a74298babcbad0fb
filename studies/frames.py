"""Does an event set need time? The command line asks: all frames, or their sums.

    python studies/frames.py        writes results/frames.json, run by run

Each run is what one types:

    spikeatconv train events --split 0.15 --set widths=8,16,32 --set time_steps=T --set seed=S
    spikeatconv evaluate --model runs/... --out report

T = 4 shows the frames one by one, T = 1 all their events at once, which leaves no order: then no
more than half can be right (`spikeatconv.events`). The best of four checkpoints is chosen by the
clips held out, and the test is asked once. The rule is that of `spikeviz.results.verdict`.
"""

import json
import os
import tempfile
import time
from pathlib import Path

import digits
import torch

from spikeatconv.command.cli import main as typed
from spikeviz.results import verdict

FRAMES, SEEDS = (4, 2, 1), (0, 1, 2)
SETTINGS = ["--split", "0.15", "--set", "widths=8,16,32", "--yes"]


def run(frames: int, seed: int) -> dict:
    """Trains once: {"seed", "accuracy", "low", "high", "seconds"}; low to high: Wilson's interval
    of the test clips."""
    changes = ["--set", f"time_steps={frames}", "--set", f"seed={seed}"]
    begin = time.process_time()
    done = typed(["train", "events", *SETTINGS, *changes, "--folder", "run"])
    seconds = time.process_time() - begin
    if done or typed(["evaluate", "--model", "run", "--out", "report"]):
        raise SystemExit(f"T = {frames}, seed {seed}: the command failed")
    scores = json.loads(Path("report/scores.json").read_text(encoding="utf-8"))
    found = {name: scores[key] for name, key in
             (("accuracy", "top1"), ("low", "top1_low"), ("high", "top1_high"))}  # fmt: skip
    return {"seed": seed, **found, "test_images": scores["images"], "seconds": seconds}


def main() -> None:
    torch.set_num_threads(1)
    points: list[dict] = []
    for frames in FRAMES:
        found = []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                before = Path.cwd()
                os.chdir(folder)
                try:
                    found.append(run(frames, seed))
                finally:
                    os.chdir(before)
        spread = digits.mean_and_sd([one["accuracy"] for one in found])
        points.append({"axis": "frames", "value": frames, "runs": found, **spread})
        scores = {p["value"]: [one["accuracy"] for one in p["runs"]] for p in points}
        images = found[0]["test_images"]
        results = {
            "command": ["spikeatconv", "train", "events", *SETTINGS], "seeds": SEEDS,
            "test_images": images, "points": points,
            "above": {
                f"T = 4 above T = {n}": verdict(scores[4], scores[n], images)
                for n in scores if n < 4
            },
        }  # fmt: skip
        digits.report.write("frames", results, ("torch", "numpy"), digits.RESULTS)


if __name__ == "__main__":
    main()
