"""What a benchmark's results say, in a few numbers: for tables that set machines side by side."""

from collections.abc import Iterable

from lif import FLOOR, ours_of, ratios

Figures = dict[str, dict[str, float]]  # what is measured → which case → the number
FASTER = {"SpikingJelly, eager": "SpikingJelly ÷ ours",
          "SpikingJelly, torch.compile": "SpikingJelly with torch.compile ÷ ours"}  # fmt: skip
COPYING, MILLISECONDS = "ours ÷ copying and adding", "ours, ms"
MBPL, SL, DIGIT = "MBPL ÷ twin", "SL ÷ twin", "one digit, ms"


def figures(name: str, results: dict) -> Figures:
    """Of results/NAME.json, the results of one kind of machine."""
    return {"lif": neuron, "mbpl": neuron, "ratios": beside_twin, "training": training,
            "widgets": widgets}[name](results)  # fmt: skip


def neuron(results: dict) -> Figures:
    """Forward and backward of one layer, by shape."""
    found: Figures = {MILLISECONDS: {}, **{label: {} for label in FASTER.values()}, COPYING: {}}
    for sizes, rows in results["shapes"].items():
        shape = sizes.replace("x", " × ")
        found[MILLISECONDS][shape] = ours = rows[ours_of(rows)]["both_ms"]
        if FLOOR in rows:
            found[COPYING][shape] = round(ours / rows[FLOOR]["both_ms"], 2)
        for method, times in ratios(rows).items():
            if label := FASTER.get(method.removeprefix("4 × ")):
                found[label][shape] = times
    return found


def beside_twin(results: dict) -> Figures:
    cases = results["cases"].items()
    return {
        MBPL: {key: row["mbpl_to_twin"] for key, row in cases},
        SL: {key: row["sl_to_twin"] for key, row in cases},
        DIGIT: {"folded Micro, T = 2": results["folded_micro_one_digit_ms"]},
    }


def training(results: dict) -> Figures:
    done = {key: row for key, row in results["cases"].items() if "failed" not in row}
    return {"images a second": {key: row["images_a_second"] for key, row in done.items()}}


def widgets(results: dict) -> Figures:
    """Of the slowest handle its median move; import: of `spikeviz`, in seconds."""
    found: Figures = {"import, s": {"spikeviz": results["import"]["seconds"]}}
    found["first drawing, ms"], found["a move is drawn, ms"] = {}, {}
    for name, row in results["widgets"].items():
        found["first drawing, ms"][name] = row["first_drawing_ms"]
        if moves := [move["drawn_median_ms"] for move in row["moves"].values()]:
            found["a move is drawn, ms"][name] = max(moves)
    return found


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def spread(values: Iterable[float]) -> str:
    """From the smallest to the largest; "–" without any."""
    ends = [number(end(values)) for end in (min, max)] if (values := list(values)) else ["–"]
    return " to ".join(dict.fromkeys(ends))


def side_by_side(part: str, mine: Figures, ours: dict[str, Figures]) -> list[list[str]]:
    """Rows of a table: the figure, mine, and of each kind its figure and mine in times of it."""
    rows = []
    for what, cases in mine.items():
        for case, value in cases.items():
            row = [f"{part}: {what}, {case}", number(value)]
            for kind in ours.values():
                other = kind.get(what, {}).get(case)
                times = f"{number(other)} ({value / other:.2f} ×)" if other else "–"
                row.append(times)
            rows.append(row)
    return rows
