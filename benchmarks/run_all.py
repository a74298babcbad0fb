"""The figures of your own machine beside ours, in a few minutes.

    python benchmarks/run_all.py [PART ...] [--write]

The parts: the neuron (lif, mbpl), training steps beside the twin's (ratios), training images a
second and memory (training), the widgets in JupyterLab (widgets). What is missing here, such as
SpikingJelly and snnTorch (.venv/bin/python -m pip install -e ".[bench]") or a Chromium, is named in
a line and left out. The table says for each figure what it is here, on each kind of machine that we
had, and in brackets yours in times of ours.

--write takes more rounds and cases (some 20 minutes), keeps them in results/ as the entry of this
kind of machine, and draws pictures and pages anew.
"""

import argparse
from collections.abc import Callable

import pages
from figures import figures, side_by_side
from report import cpu_kind, cpu_name, read

from spikeviz.browser import NoBrowserError

# --- the parts: a kind of machine → results, all of them and written; "" → few of them, not written


def lif(kind: str) -> dict:
    import lif

    results = lif.run_all(lif.METHODS, lif.SHAPES, lif.ROUNDS if kind else lif.QUICK)
    if kind:
        lif.save("lif", results, kind)
    return results


def mbpl(kind: str) -> dict:
    import lif
    import mbpl

    results = lif.run_all(mbpl.METHODS, mbpl.SOME, lif.ROUNDS if kind else lif.QUICK)
    if kind:
        lif.save("mbpl", results, kind)
    return results


def ratios(kind: str) -> dict:
    import ratios

    results = ratios.run_all(ratios.CASES if kind else ratios.FEW)
    if kind:
        ratios.save(results, kind)
    return results


def training(kind: str) -> dict:
    import training

    if kind:
        return {"cases": training.run_all(training.without_compiler(), training.LIMIT, kind, True)}
    return {"cases": {case.key: training.measured(case, training.LIMIT) for case in training.FEW}}


def widgets(kind: str) -> dict:
    import widgets

    results = widgets.run_all(list(widgets.ORDER if kind else widgets.FEW))
    if kind:
        widgets.save(results, kind)
    return results


PARTS: dict[str, Callable[[str], dict]] = {
    "lif": lif, "mbpl": mbpl, "ratios": ratios, "training": training, "widgets": widgets,
}  # fmt: skip


# --- all of them


def compare(parts: list[str], write: bool) -> list[list[str]]:
    """Run the parts that can run here. Returns the table, its heading first."""
    kind = cpu_kind()
    ours = {part: read(part) for part in parts}  # before it is written anew
    kinds = list(dict.fromkeys(kind for entries in ours.values() for kind in entries))
    table = [["", f"here: {kind}, {cpu_name()}", *kinds]]
    for part in parts:
        print(f"\n--- {part}", flush=True)
        try:
            mine = figures(part, PARTS[part](kind if write else ""))
        except (ImportError, NoBrowserError) as error:
            print(f"left out: {part} ({str(error).splitlines()[0]})", flush=True)
            continue
        theirs = {k: figures(part, ours[part][k]["results"]) if k in ours[part] else {}
                  for k in kinds}  # fmt: skip
        table += side_by_side(part, mine, theirs)
    return table


def show(table: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    aligned = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in table]
    return "\n".join("   ".join(row) for row in aligned)


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The figures of this machine beside ours")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--write", action="store_true", help="more rounds and cases, kept")
    options = parser.parse_args(words)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; choose of {', '.join(PARTS)}")
    print(f"\n{show(compare(options.parts or list(PARTS), options.write))}")
    print("\nIn brackets: this machine's figure in times of that one's.")
    if options.write:
        pages.write()


if __name__ == "__main__":
    main()
