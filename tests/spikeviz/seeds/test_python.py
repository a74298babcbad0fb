"""SeedMachine as Python sees it: its draws are real runs, its counts are those by hand."""

import json
import statistics

import pytest

from spikeviz import SeedMachine, results
from spikeviz.results import verdict
from spikeviz.seeds.explorer import pick

BY_HAND = {  # accuracies of two networks with four seeds, measured on 100 images
    "a": [0.5, 0.6, 0.7, 0.8],
    "b": [0.4, 0.7, 0.5, 0.9],
}


@pytest.fixture
def file(tmp_path):
    points = [
        {"axis": "which", "value": name, "runs": [
            {"seed": 10 + i, "accuracy": score} for i, score in enumerate(scores)]}
        for name, scores in BY_HAND.items()
    ]  # fmt: skip
    path = tmp_path / "study.json"
    path.write_text(json.dumps({"results": {"test_images": 100, "points": points}}))
    return path


def test_every_draw_is_of_real_runs_each_seed_once(explorer):
    content = json.loads(results("seeds").read_text(encoding="utf-8"))["results"]
    for axis in explorer.axes:
        explorer.axis = axis
        two = [point for point in content["points"] if point["axis"] == axis]
        first, second = ({r["seed"]: r["accuracy"] for r in point["runs"]} for point in two)
        for draw in explorer.drawn(50):
            assert len(set(draw.seeds)) == 3
            differences = [first[seed] - second[seed] for seed in draw.seeds]
            assert list(draw.differences) == pytest.approx(differences)
            assert draw.mean == pytest.approx(statistics.mean(differences))
            scores = [[side[seed] for seed in draw.seeds] for side in (first, second)]
            assert draw.verdict == verdict(*scores, content["test_images"])


def test_all_of_four_seeds_are_worked_out_by_hand(made, file):
    """+10, −10, +20 and −10 points: +2.5 in the mean; SE = √(2 · 0.6375 · 0.3625 / 100) = 6.8."""
    (draw,) = made(file, seeds=10).drawn(1)
    assert sorted(draw.seeds) == [10, 11, 12, 13]
    assert draw.mean == pytest.approx(0.025)
    assert draw.winner == "a"
    assert draw.verdict == "undecided"


def test_every_seed_is_drawn_about_equally_often(made, file):
    """Each of four seeds in a draw of one: 100 of 400 times, give or take 4 · √(400 · 3/16)."""
    drawn = [draw.seeds[0] for draw in made(file, seeds=1).drawn(400)]
    assert all(abs(drawn.count(seed) - 100) < 35 for seed in (10, 11, 12, 13))


def test_a_draw_is_the_same_again_and_another_chance_gives_another(explorer):
    assert explorer.drawn(5) == explorer.drawn(7)[:5]
    before = explorer.drawn(5)
    explorer.chance = 1
    assert explorer.drawn(5) != before
    assert sorted(pick(6, 6, 3, 0)) == list(range(6))


def test_the_winner_flips_for_the_branches_and_never_for_the_threshold(explorer):
    """What notebook 06 says of the two pairs, from the runs of the file themselves."""
    branches = [draw.winner for draw in explorer.drawn(200)]
    assert 20 < branches.count(8) < 180
    assert {draw.verdict for draw in explorer.drawn(200)} <= {"undecided", "agree", "disagree"}
    explorer.axis = "V_th of SL"
    assert {(draw.winner, draw.verdict) for draw in explorer.drawn(200)} == {(0.5, "agree")}


def test_a_file_without_a_pair_is_refused_in_words(tmp_path, made):
    run = {"seed": 0, "accuracy": 0.5}
    points = [{"axis": "one", "value": value, "runs": [run]} for value in (1, 2, 3)]
    path = tmp_path / "three.json"
    path.write_text(json.dumps({"results": {"points": points}}))
    with pytest.raises(ValueError, match="no axis with two values and one seed of both; give"):
        SeedMachine(path)
