"""SeedMachine in its saved page: the draws of Python, the counts, the hand and the keys."""

from playwright.sync_api import expect

NOTHING = "({ draws, told }) => ({ draws, told })"
SUMMARY = ".sv-summary"


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_the_page_draws_what_python_draws(opened, made, drawn):
    explorer = made(seeds=4, chance=7, draws=30, rule=True)
    page = opened(made(seeds=4, chance=7))
    shown = drawn(page, {"draws": 30, "rule": True}, NOTHING)
    runs, python = explorer.runs[0], explorer.drawn()
    for there, here in zip(shown["draws"], python, strict=True):
        assert tuple(runs["seeds"][i] for i in there["places"]) == here.seeds
        assert there["by"] == here.mean
        assert there["says"] == here.verdict
        side = {1: runs["values"][0], -1: runs["values"][1], 0: None}[there["side"]]
        assert side == here.winner
    told = shown["told"]
    assert told["first"] == [draw.winner for draw in python].count(runs["values"][0])
    assert told["undecided"] == [draw.verdict for draw in python].count("undecided")


def test_a_draw_plays_and_a_hundred_more_tell_all_runs(opened, explorer, told):
    told("06_spiking_resnet", "Press Draw: the reels stop at three seeds")
    told("06_spiking_resnet", "Then press 100 more draws, tick judge each draw by the rule")
    page = opened()
    page.locator(SUMMARY, has_text=f"{len(explorer.runs[0]['seeds'])} seeds of each").wait_for()
    press(page, "Draw")
    page.get_by_text("draw 1 …").wait_for()
    page.locator(SUMMARY, has_text="Draw 1, seeds").wait_for(timeout=15_000)
    assert "All" not in page.locator(".sv-seeds-whole").inner_text()
    press(page, "100 more draws")
    page.locator(SUMMARY, has_text="Draw 101, seeds").wait_for(timeout=30_000)
    page.get_by_text("seeds together: mean").wait_for()
    page.get_by_label("judge each draw by the rule").click()
    page.locator(SUMMARY, has_text="undecided:").wait_for()


def test_another_number_of_seeds_begins_anew_and_undo_brings_the_draws_back(opened):
    page = opened(None, reduced_motion="reduce")
    press(page, "Draw")
    expect(page.locator(SUMMARY)).to_contain_text("Draw 1, seeds")
    page.wait_for_timeout(800)  # after a pause a new gesture begins
    page.get_by_label("Seeds a draw", exact=True).press("ArrowRight")
    expect(page.locator(SUMMARY)).to_contain_text("a draw takes 4 seeds")
    press(page, "↶ Undo")
    expect(page.locator(SUMMARY)).to_contain_text("Draw 1, seeds")
    press(page, "Start again")
    expect(page.locator(SUMMARY)).to_contain_text("Nothing is drawn yet")
