"""Writes what the pages say of speed, for every kind of machine, and of own images: from the
results files.

    python benchmarks/pages.py

The parts of README.md, docs/training.md and docs/own_images.md between <!-- measured --> and
<!-- end -->, and the pictures results/lif.png, mbpl.png and training.png.
"""

import json
import re
import textwrap
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import lif
from figures import COPYING, DIGIT, FASTER, MBPL, SL, figures, spread
from report import RESULTS, read
from steps import AS_IT_COMES, COMPILE, FIRST, PLAIN, RECOMPUTE, Case

from spikeatconv.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
PART = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end -->)", re.DOTALL)

# --- README.md

LIF, FOUR, STEP = "one LIF layer", "four thresholds over one input", "training step of"
ROWS = (  # file, figure, how the case begins, in words
    *(("lif", what, "", f"{LIF}: {what}") for what in (*FASTER.values(), COPYING)),
    *(("mbpl", what, "", f"{FOUR}: {what}") for what in (*FASTER.values(), COPYING)),
    *(("ratios", what, f"{model},", f"{STEP} {model.capitalize()} at equal T·B: {what}")
      for model in ("micro", "tiny") for what in (MBPL, SL)),
    ("ratios", DIGIT, "", "folded Micro, T = 2: one digit, ms"),
)  # fmt: skip


def speed() -> str:
    """A row a figure: its range over the cases, of all kinds together and of each."""
    found = {name: {kind: figures(name, entry["results"]) for kind, entry in read(name).items()}
             for name in dict.fromkeys(row[0] for row in ROWS)}  # fmt: skip
    kinds = list(dict.fromkeys(kind for entries in found.values() for kind in entries))
    lines = ["| time, forward and backward | all | " + " | ".join(kinds) + " |"]
    lines.append("|---" * (len(kinds) + 2) + "|")
    for name, what, start, words in ROWS:
        values = {kind: [value for case, value in found[name].get(kind, {}).get(what, {}).items()
                         if case.startswith(start)] for kind in kinds}  # fmt: skip
        if every := [value for some in values.values() for value in some]:
            cells = [spread(every), *map(spread, values.values())]
            lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", machines(*found)])


def machines(*names: str) -> str:
    """On which machine each kind was measured, and when."""
    dates: dict[str, list[str]] = {}
    for kind, entry in (pair for name in names for pair in read(name).items()):
        machine = entry["machine"]
        dates.setdefault(f"{kind}: {machine['cpu']}, {machine['cores']} cores", []).append(
            entry["date"]
        )
    said = [f"{who}, {' to '.join(sorted({min(on), max(on)}))}" for who, on in dates.items()]
    imitated = " AVX2 is imitated by settings that hold an AVX-512 CPU to it."
    about = imitated if any("imitated" in who for who in dates) else ""
    return textwrap.fill(f"Measured on {'; '.join(said)}.{about}", 100)


# --- docs/training.md


def training_page() -> str:
    kinds = {kind: entry["results"]["cases"] for kind, entry in read("training").items()}
    parts = [f"**{kind}**\n\n{tables(found)}" for kind, found in kinds.items()]
    return "\n\n".join([*parts, machines("training"), remarks(kinds)])


def remarks(kinds: dict[str, dict[str, dict]]) -> str:
    """What the tables say, as ranges over the kinds; nothing of what no kind was asked."""
    micro, resnet = (replace(case, time_steps=4) for case in FIRST[:2])

    def ratio(field: str, way: str, case: Case) -> str:
        pairs = [(found.get(replace(case, way=way).key), found.get(case.key))
                 for found in kinds.values()]  # fmt: skip
        return spread(a[field] / b[field] for a, b in pairs if a and b and field in a)

    def compiled() -> str:
        pairs = [(row, found.get(replace(Case(**row["case"]), way=AS_IT_COMES).key))
                 for found in kinds.values() for row in found.values()
                 if row["case"]["way"] == COMPILE and "failed" not in row]  # fmt: skip
        return spread(a["images_a_second"] / b["images_a_second"] for a, b in pairs if b)

    said = (
        "- **The plain loop** with autograd, T = 4, keeps for the backward pass "
        f"{ratio('kept_mb', PLAIN, micro)} times as much for Micro, and "
        f"{ratio('kept_mb', PLAIN, resnet)} times for ResNet-18, as the neurons as they come, "
        f"which keep nothing but their input. A step takes {ratio('seconds_a_step', PLAIN, micro)} "
        f"and {ratio('seconds_a_step', PLAIN, resnet)} times as long.",
        "- **`--recompute`**, T = 4, keeps "
        f"{ratio('kept_mb', RECOMPUTE, micro)} times as much for Micro and "
        f"{ratio('kept_mb', RECOMPUTE, resnet)} times for ResNet-18, for "
        f"{ratio('seconds_a_step', RECOMPUTE, micro)} and "
        f"{ratio('seconds_a_step', RECOMPUTE, resnet)} times the time.",
        f"- **`torch.compile`** trains {compiled()} times as many images a second, and needs more "
        "memory and minutes to start: the neurons are compiled already.",
    )
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="  ")
                     for line in said if "–" not in line)  # fmt: skip


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


# --- docs/own_images.md

STUDIES = ROOT / "studies" / "results"
CASES = {
    "own": "as `own` decides", "twin": "the same without spikes: `--set spiking=false`",
    "resnet18": "a plain ResNet-18: `--model resnet18 --set spiking=false`",
    "cnn": "a plain CNN, two convolutions", "tuned": "`--weights micro_photographs`",
    "tuned, a stage frozen": "`--weights micro_photographs --set frozen=1`",
}  # fmt: skip


def study(name: str) -> dict[str, Any]:
    """The results file of a study."""
    return json.loads((STUDIES / f"{name}.json").read_text(encoding="utf-8"))


def own_images() -> str:
    """A table a folder of images: what each network reached in the same minutes."""
    return "\n\n".join(map(in_minutes, ("own_images", "own_digits")))


def in_minutes(name: str) -> str:
    file = study(name)
    found = file["results"]
    runs = [(case, run) for case, seeds in found["cases"].items() for run in seeds]
    first = runs[0][1]
    head = (
        f"{first['trained_on']:,} images of {first['image_size']} × {first['image_size']} to train "
        f"on, {first['images']:,} to test, {found['minutes']:g} minutes each "
        f"(last call `{file['command']}`; {file['machine']['cpu']}, threads: {found['threads']}, "
        f"{file['date']}):"
    )
    lines = ["| network | seed | epochs | seconds | top 1 |", "|---" * 5 + "|"]
    for case, run in runs:
        lines.append(f"| {CASES[case]} | {run['seed']} | {run['epochs']} | {run['seconds']:.0f} | "
                     f"{score(run['top1'], run['top1_low'], run['top1_high'])} |")  # fmt: skip
    return textwrap.fill(head, 100) + "\n\n" + "\n".join(lines)


def exported() -> str:
    """A row a file: how far its logits are from PyTorch's."""
    file = study("export")
    found, machine = file["results"], file["machine"]["cpu"]
    lines = ["| network | file | median | largest | spikes turned over in | same class | CPU s |",
             "|---" * 7 + "|"]  # fmt: skip
    for row in found["files"]:
        lines.append(f"| `{row['network']}` | `{row['ending']}` | {row['median']:.1g} | "
                     f"{row['largest']:.1g} | {row['turned']} of {found['images']:,} | "
                     f"{row['same']:.1%} | {row['seconds']:.0f} |")  # fmt: skip
    return "\n".join(lines) + f"\n\nMeasured on {machine}, {file['date']}, by `{file['command']}`."


def score(*shares: float) -> str:
    """With its interval."""
    value, low, high = (f"{100 * share:.1f}" for share in shares)
    return f"{value} % ({low} to {high})"


def frames() -> str:
    """Moving digits, by how many frames are left of four: a column a seed."""
    found = study("frames")["results"]
    seeds = " | ".join(f"seed {seed}" for seed in found["seeds"])
    lines = [f"| `time_steps` | {seeds} | four frames above this |",
             "|---" * (len(found["seeds"]) + 2) + "|"]  # fmt: skip
    for point in found["points"]:
        steps = point["value"]
        scores = [score(run["accuracy"], run["low"], run["high"]) for run in point["runs"]]
        verdict = found["above"].get(f"T = 4 above T = {steps}", "")
        lines.append(f"| {steps} | " + " | ".join([*scores, verdict]) + " |")
    return "\n".join(lines)


# --- training.png

COLOURS = {"tiny": "#0072B2", "base": "#D55E00", "micro": "#009E73", "resnet18": "#CC79A7"}
MARKS = {"tiny": "o", "base": "s", "micro": "^", "resnet18": "D"}


def training_picture() -> None:
    """A row a kind of machine: images a second; the last row: peak memory an image, which differs
    little, of the kind with most cases. By T, by batch, by resolution."""
    import matplotlib.pyplot as plt

    kinds = {kind: rows_of(entry) for kind, entry in read("training").items()}
    figure, axes = plt.subplots(
        len(kinds) + 1, 3, figsize=(11, 1.2 + 2.7 * (len(kinds) + 1)), layout="constrained",
        sharex="col", sharey="row",
    )  # fmt: skip
    for row, (kind, rows) in zip(axes, kinds.items(), strict=False):
        draw(row, rows, lambda r: r["images_a_second"], f"{kind}\ntraining images a second")
    most = max(kinds, key=lambda kind: len(kinds[kind]))
    draw(axes[-1], kinds[most], an_image, f"{most}\npeak memory, MB an image")
    for axis, name in zip(axes[-1], ("time steps T", "batch B", "pixels a side"), strict=True):
        axis.set_xlabel(name)
    handles, labels = axes[-1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize="small")
    figure.suptitle("A training step on one CPU thread")
    figure.savefig(RESULTS / "training.png", dpi=100)
    plt.close(figure)


def rows_of(entry: dict[str, Any]) -> list[dict]:
    """The cases that ran as it comes, each network with its own block."""
    rows = [row for row in entry["results"]["cases"].values() if "failed" not in row]
    return [r for r in rows if r["case"]["way"] == AS_IT_COMES
            and r["case"]["spk"] == own(r["case"]["model"])]  # fmt: skip


def draw(axes: Any, rows: list[dict], value: Callable[[dict], float], what: str) -> None:
    """By T (beside the twin, dotted), by batch, by resolution."""
    for name, colour in COLOURS.items():
        mine = [r for r in rows if r["case"]["model"] == name]
        for axis, field in zip(axes, ("time_steps", "batch", "side"), strict=True):
            series = line_of([r for r in mine if r["case"]["time_steps"]], field)
            if len(series) > 1:
                series.sort(key=lambda r: r["case"][field])
                x = [r["case"][field] for r in series]
                style = {"color": colour, "marker": MARKS[name], "label": name}
                axis.plot(x, list(map(value, series)), **style)
        for twin in [r for r in mine if not r["case"]["time_steps"]][:1]:
            style = {"color": colour, "linestyle": ":", "label": f"{name}, twin"}
            axes[0].axhline(value(twin), **style)
    for axis in axes:
        axis.set(xscale="log", yscale="log")
        axis.grid(alpha=0.3, which="both")
        ticks = sorted({v for drawn in axis.get_lines() for v in drawn.get_xdata() if v >= 1})
        axis.set_xticks(ticks, [f"{int(v)}" for v in ticks], minor=False)
        axis.set_xticks([], minor=True)
    axes[0].set_ylabel(what)


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


# --- all

PAGES: dict[str, tuple[Callable[[], str], ...]] = {  # {page: its parts, in their order}
    "README.md": (speed,), "docs/training.md": (training_page,),
    "docs/own_images.md": (own_images, frames, exported),
}  # fmt: skip


def write() -> None:
    for name, parts in PAGES.items():
        path, made = ROOT / name, iter(parts)
        page = PART.sub(lambda _: f"{next(made)()}\n", path.read_text(encoding="utf-8"))  # noqa: B023
        write_whole(path, page)
    lif.picture("lif")
    lif.picture("mbpl")
    training_picture()


if __name__ == "__main__":
    write()
