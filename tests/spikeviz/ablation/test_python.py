"""AblationExplorer: what a results file may hold, its numbers, what ours says to the paper's."""

import json
import math
import re
import statistics

import pytest
import traitlets

from spikeviz import AblationExplorer
from spikeviz import results as results_file
from spikeviz.ablation.explorer import rank
from spikeviz.results import verdict


def point(axis, value, *accuracies, **more):
    runs = [
        {"seed": i, "accuracy": a, "seconds": 2.0, "cpu": "Z80"} for i, a in enumerate(accuracies)
    ]
    return {"axis": axis, "value": value, "runs": runs, **more}


@pytest.fixture
def results(tmp_path):
    """Write a results file: results(point, …, **the rest of its head)."""

    def write(*points, name="study.json", **head):
        content = {"command": "python study.py", **head, "results": {"points": list(points)}}
        path = tmp_path / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def test_the_spread_is_that_of_the_seeds(results, made):
    explorer = made(results(point("T", 1, 0.5, 0.6, 0.8), point("T", 2, 0.7)))
    first, second = explorer.points
    assert first["accuracy_mean"] == pytest.approx(1.9 / 3)
    assert first["accuracy_sd"] == pytest.approx(statistics.stdev([0.5, 0.6, 0.8]))
    assert second["accuracy_sd"] is None  # of one seed nobody knows the spread
    assert second["runs"] == [{"seed": 0, "accuracy": 0.7, "seconds": 2.0, "cpu": "Z80"}]
    assert explorer.axes == ["T"]


def test_several_files_stand_side_by_side(results, made):
    paths = [
        results(point("T", 1, 0.5), name="a.json", commit="abc1234"),
        results(point("τ", 2.0, 0.6), name="b.json"),
    ]
    explorer = made(*paths)
    assert explorer.axes == ["T", "τ"]
    assert [p["study"] for p in explorer.points] == [0, 1]
    assert explorer.studies[0] == {
        "command": "python study.py", "commit": "abc1234", "file": "a.json",
    }  # fmt: skip


# SE is √(2 · 0.5 · 0.5 / n): 0.0224 with 1,000 images and p = 0.5, so 2 SE are 4.5 points.
@pytest.mark.parametrize(
    ("better", "worse", "images", "says"),
    [
        ([0.53, 0.54, 0.53], [0.48, 0.46, 0.46], 1000, "agree"),  # by 6.7 points
        ([0.51, 0.52, 0.53], [0.48, 0.48, 0.48], 1000, "undecided"),  # by 4.0
        ([0.51, 0.52, 0.53], [0.48, 0.48, 0.48], math.inf, "agree"),  # nobody knows how many
        ([0.46, 0.48, 0.46], [0.53, 0.52, 0.55], 1000, "disagree"),
        ([0.48, 0.48, 0.48], [0.51, 0.52, 0.53], 1000, "undecided"),
        ([0.64, 0.65, 0.49], [0.36, 0.36, 0.50], 1000, "undecided"),  # one says the opposite
        ([0.64, 0.50, 0.65], [0.36, 0.50, 0.35], 1000, "undecided"),  # one sees no difference
        ([], [], 1000, "not measured"),
    ],
)
def test_a_verdict_needs_every_seed_and_more_than_two_standard_errors(better, worse, images, says):
    assert verdict(better, worse, images) == says


# 15 points at p = 0.525: 2 SE are 4.5 points with 1,000 images, and 20 with 50.
@pytest.mark.parametrize(("images", "says"), [(1000, "agree"), (50, "undecided"), (None, "agree")])
def test_an_ordering_compares_seed_by_seed(results, made, images, says):
    better, worse = point("surrogate", "atan", 0.5, 0.7), point("surrogate", "sigmoid", 0.4, 0.5)
    head = {"test_images": images} if images else {}
    explorer = made(results(better, worse, **head))
    (order,) = [o for o in explorer.orderings() if o["axis"] == "surrogate"]
    assert order["differences"] == pytest.approx([0.1, 0.2])
    assert order["verdict"] == says
    assert {o["verdict"] for o in explorer.orderings() if o["axis"] != "surrogate"} == {
        "not measured"
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no results file of a study: TypeError"),
        ('{"results": {}}', "is no results file of a study: KeyError 'points'"),
        ('{"results": {"points": []}}', "holds no points; run the study"),
        ('{"results": {"points": [{"axis": "T"}]}}', 'each with "axis", "value" and "runs"'),
        (
            '{"results": {"points": [{"axis": "T", "value": 1, "runs": [{"seed": 0, '
            '"accuracy": 70}]}]}}',
            r"accuracies are \[70.0\] at T 1",
        ),
        ('{"results": {"points": [{"axis": "T", "value": 1, "runs": []}]}}', "no results file"),
        ('{"test_images": 0, "results": {"points": []}}', "ValueError test_images is 0"),
    ],
)
def test_what_is_no_results_file_is_refused(tmp_path, text, message):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        AblationExplorer(tmp_path / "x.json")


def test_traits_name_what_can_be_chosen(explorer):
    with pytest.raises(traitlets.TraitError, match=r"axis is 'speed'; choose one of \['time"):
        explorer.axis = "speed"
    last = len(explorer.points) - 1
    with pytest.raises(traitlets.TraitError, match=rf"selected is -1; .* from 0 to {last}"):
        explorer.selected = -1
    explorer.selected = last
    explorer.selected = None


def test_the_papers_figures_are_those_of_the_paper(explorer):
    paper = {(p["axis"], p["value"]): p["accuracy"] for p in explorer.paper["points"]}
    assert paper == {  # reading of Tables 1 and 2
        ("time steps", 1): 0.660, ("time steps", 4): 0.709, ("time steps", 8): 0.704,
        ("surrogate", "sigmoid"): 0.660, ("surrogate", "atan"): 0.671,
        ("branches of MBPL", 4): 0.744, ("branches of MBPL", 8): 0.590,
    }  # fmt: skip
    assert explorer.paper["source"].startswith("Liao")


def test_the_study_that_comes_with_it_is_a_results_file_with_three_seeds(explorer):
    content = json.loads(results_file("ablation").read_text(encoding="utf-8"))
    assert re.match(r"python studies/ablation\.py", content["command"])
    assert explorer.studies[0]["commit"] == content["commit"]
    assert len(explorer.points) == len(content["results"]["points"]) > 20
    assert {"sl, V_th 0.5", "membrane", "sum of x + M", "sum"} <= {
        point["value"] for point in explorer.points
    }
    assert explorer.studies[0]["test_images"] == 1000
    for shown, written in zip(explorer.points, content["results"]["points"], strict=True):
        assert [run["seed"] for run in shown["runs"]] == [0, 1, 2]
        assert shown["accuracy_mean"] == pytest.approx(written["accuracy_mean"])
        assert shown["accuracy_sd"] == pytest.approx(written["accuracy_sd"])


# p is (0.5 + 0.7 + 0.4 + 0.5) / 4 = 0.525, so 2 SE are 2 √(2 · 0.525 · 0.475 / 1000) = 0.0447.
def test_an_ordering_says_what_chance_would_do(results, made):
    sides = point("surrogate", "atan", 0.5, 0.7), point("surrogate", "sigmoid", 0.4, 0.5)
    (order,) = [o for o in made(results(*sides, test_images=1000)).orderings() if o["differences"]]
    assert order["two_se"] == pytest.approx(0.0447, abs=5e-5)
    (order,) = [o for o in made(results(*sides)).orderings() if o["differences"]]
    assert order["two_se"] is None  # of how many images it is nobody knows


def test_each_two_points_of_an_axis_have_a_verdict(results, made):
    points = [
        point("T", 1, 0.5, 0.5), point("τ", 2, 0.5), point("T", 2, 0.8, 0.7),
        point("T", 4, 0.9, 0.6),
    ]  # fmt: skip
    found = made(results(*points, test_images=1000)).pairs
    assert found == [(0, 2, "disagree"), (0, 3, "disagree"), (2, 3, "undecided")]


def test_the_paper_ranks_by_its_figures_and_else_by_its_words(explorer):
    assert explorer.paper["orders"] == {  # 70.9, 70.4 and 66.0 %; MBPL is best, RL above SL
        "time steps": [4, 8, 1], "surrogate": ["atan", "sigmoid"], "branches of MBPL": [4, 8],
        "SPK block": ["mbpl", "rl", "sl"], "attention": ["sisa", "bdsa"],
    }  # fmt: skip
    claims = [{"axis": "T", "better": "a", "worse": w} for w in "bc"]
    claims.append({"axis": "T", "better": "c", "worse": "b"})
    assert rank({"points": [], "orderings": claims}, "T") == ["a", "c", "b"]


def test_it_begins_with_the_blocks_where_a_study_has_them(results, made, explorer):
    assert explorer.axis == "SPK block"
    assert made(results(point("T", 1, 0.5), point("τ", 2.0, 0.6))).axis == "T"


def test_an_order_holds_each_value_once(explorer, refused):
    explorer.guess = {"surrogate": ["sigmoid", "atan"], "τ": [2, 1.5, 4]}  # as a page sends 2.0
    refused(explorer, "guess", {"speed": []}, r"guess names 'speed'; choose of \['time steps'")
    for odd in (["atan"], ["atan", "atan"], ["atan", "relu"], "atan", 3):
        refused(explorer, "guess", {"surrogate": odd}, r"give each of \['atan', 'sigmoid'\] once")
    refused(explorer, "looked", ["speed"], r"looked is \['speed'\]; choose of")
    explorer.looked = ["τ"]


def test_a_saved_page_is_small(explorer, tmp_path):
    assert explorer.save_html(tmp_path / "alone.html").stat().st_size < 150_000


def test_an_order_that_the_paper_has_at_other_time_steps_says_ours(explorer):
    """The paper compares the surrogates at T = 1, our study at T = 4."""
    ours = {(o["axis"], o["better"]): o["ours"] for o in explorer.orderings()}
    assert ours[("surrogate", "atan")] == 4
    assert {steps for place, steps in ours.items() if place[0] != "surrogate"} == {None}
