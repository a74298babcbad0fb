"""`results`: the files of numbers that the notebooks show."""

import json

import pytest

from spikeviz import results
from spikeviz.results import FOLDERS, compare

NAMES = sorted({file.stem for folder in FOLDERS for file in folder.glob("*.json")})


@pytest.mark.parametrize("name", NAMES)
def test_a_results_file_says_how_it_came_about(name):
    """A study's holds one entry, a benchmark's one for each kind of machine."""
    content = json.loads(results(name).read_text(encoding="utf-8"))
    entries = list(content.get("kinds", {name: content}).values())
    assert entries
    for entry in entries:
        assert {"command", "date", "commit", "machine", "versions", "results"} <= set(entry)
        assert entry["command"].startswith("python ")


def test_a_name_without_results_names_those_there_are():
    with pytest.raises(FileNotFoundError, match=r"no results 'abblation'; .*ablation"):
        results("abblation")


def test_each_two_points_are_compared_in_their_order():
    accuracies = {"grid": (0.6, 0.7), "window": (0.4, 0.5), "full": (0.5, 0.6)}
    points = [
        {"value": value, "runs": [{"accuracy": accuracy} for accuracy in both]}
        for value, both in accuracies.items()
    ]
    found = list(compare(points, 1000))
    assert [row[:3] for row in found] == [
        ("grid", "window", "agree"), ("grid", "full", "agree"), ("window", "full", "disagree")
    ]  # fmt: skip
    assert found[0][3] == pytest.approx([20, 20])
    assert found[2][3] == pytest.approx([-10, -10])
    # √(2p(1 − p) / 1000), p the mean of the four: 0.55, 0.6, 0.5.
    assert [row[4] for row in found] == pytest.approx([4.4497, 4.3818, 4.4721], abs=1e-4)
