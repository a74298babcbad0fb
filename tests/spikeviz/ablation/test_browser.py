"""AblationExplorer in the page: your order, the seeds one by one, the paper's claims, the words."""

import pytest

from spikeviz import results

NOTHING = "(detail) => detail"
PLACES = """(at) => new Promise((done) => {
    document.addEventListener("spikeviz:drawn", ({ detail }) => {
        const names = detail.places.map(({ point, y }) => [y, point.number]);
        done(names.sort(([a], [b]) => a - b).map(([, number]) => number));
    }, { once: true });
    const scrub = document.querySelector("input[aria-label='Seeds that are in']");
    scrub.value = at;
    scrub.dispatchEvent(new Event("input"));
})"""
STATE = "(name) => document.getElementById('view').model.get(name)"


@pytest.fixture
def saved(kept, made):
    """saved(axis, …): a page that shows an axis, without asking for an order first."""

    def open_saved(axis, *files, **options):
        return kept(made(*files, axis=axis, ask=False), **options)

    return open_saved


def on(explorer, axis):
    return [(i, p) for i, p in enumerate(explorer.points) if p["axis"] == axis]


def centre(page, name):
    box = page.get_by_role("slider", name=name, exact=True).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, name, other):
    """One card to the place of another one, with the mouse."""
    (x, y), (_, to) = centre(page, name), centre(page, other)
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.3, 0.7, 1):
        page.mouse.move(x + 4, y + share * (to - y))
    page.mouse.up()


@pytest.mark.parametrize("axis", ["time steps", "partition", "SPK block", "branches of MBPL"])
def test_the_rows_stand_by_the_mean_of_the_seeds_that_are_in(saved, explorer, axis):
    page = saved(axis)
    there = on(explorer, axis)
    for seeds in (0, 1, 2, 3):

        def mean(entry, seeds=seeds):
            return -sum(run["accuracy"] for run in entry[1]["runs"][:seeds])

        assert page.evaluate(PLACES, seeds) == [i for i, _ in sorted(there, key=mean)]


@pytest.mark.parametrize("place", [0.2, 0.5, 1.7, 3.4, 3.8])
def test_the_picture_is_a_function_of_the_place(saved, place):
    """Wherever the playhead comes from, and whether or not it stood still."""
    page = saved("branches of MBPL")
    look = "document.querySelector('.sv-stack canvas').toDataURL()"
    seen = set()
    for before in (0, 4, 2.3):
        page.evaluate(PLACES, before)
        page.evaluate(PLACES, place)
        page.wait_for_timeout(40 * before)
        seen.add(page.evaluate(look))
    assert len(seen) == 1
    page.evaluate(PLACES, place + 0.1)
    assert page.evaluate(look) not in seen


def test_a_seed_can_lead_that_three_do_not_confirm(saved, explorer):
    """With 94.9 % 4 branches lead after one seed, 8 branches after three."""
    page = saved("branches of MBPL")
    points = explorer.points
    assert points[page.evaluate(PLACES, 1)[0]]["value"] == 4
    assert points[page.evaluate(PLACES, 3)[0]]["value"] == 8


def test_nothing_is_told_before_the_order_is_given(kept):
    page = kept()
    said = page.locator(".spikeviz").inner_text()
    for word in ("agree", "above", "highest", "Seeds:", "93.2"):
        assert word not in said
    assert not page.get_by_text("All numbers").is_visible()
    assert page.get_by_role("slider", name="MBPL").get_attribute("aria-valuetext") == "place 3 of 6"


def test_a_card_goes_where_the_hand_puts_it(kept):
    page = kept()
    drag(page, "MBPL", "SL")
    assert page.evaluate(STATE, "guess") == {
        "SPK block": ["mbpl", "sl", "rl", "hsl", "dcl", "sl, V_th 0.5"]
    }
    drag(page, "MBPL", "SL, V_th 0.5")
    assert page.evaluate(STATE, "guess")["SPK block"][-1] == "mbpl"
    page.keyboard.press("Control+z")
    assert page.evaluate(STATE, "guess")["SPK block"][0] == "mbpl"
    page.keyboard.press("Control+Shift+z")
    page.mouse.dblclick(*centre(page, "MBPL"))
    assert page.evaluate(STATE, "guess")["SPK block"][2] == "mbpl"


def test_a_finger_moves_a_card_and_elsewhere_the_page(kept):
    page = kept(None, width=390, height=700, has_touch=True, is_mobile=True)
    client = page.context.new_cdp_session(page)
    (x, y), (_, to) = centre(page, "DCL"), centre(page, "SL")
    for kind, at in [("Start", y), ("Move", y - 40), ("Move", to), ("End", None)]:
        points = [] if at is None else [{"x": x, "y": at}]
        client.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    page.wait_for_function(f"({STATE})('guess')['SPK block']?.[0] === 'dcl'")
    assert page.evaluate("scrollY") == 0


def test_the_keys_move_a_card_that_keeps_the_focus(kept):
    page = kept()
    card = page.get_by_role("slider", name="DCL")
    card.press("ArrowUp")
    assert page.evaluate(STATE, "guess")["SPK block"] == [
        "sl", "rl", "mbpl", "dcl", "hsl", "sl, V_th 0.5"
    ]  # fmt: skip
    page.keyboard.press("Home")
    assert page.evaluate(STATE, "guess")["SPK block"][0] == "dcl"
    assert card.get_attribute("aria-valuetext") == "place 1 of 6"


def test_the_order_is_scored_by_the_pairs_that_the_seeds_can_tell(kept, explorer):
    page = kept()
    drag(page, "DCL", "SL")  # the worst on top
    page.get_by_role("button", name="This is my order").click()
    order = [p["value"] for _, p in on(explorer, "SPK block")]
    order.insert(0, order.pop(order.index("dcl")))
    place = {i: order.index(p["value"]) for i, p in on(explorer, "SPK block")}
    known = right = 0
    for a, b, says in explorer.pairs:
        if a in place and says in ("agree", "disagree"):
            known += 1
            right += (says == "agree") == (place[a] < place[b])
    assert (known, 15 - known) == (13, 2)
    words = f"Of the {known} pairs that the seeds can tell apart your order has {right} right."
    page.get_by_text(words).wait_for(timeout=15_000)
    page.locator(".sv-verdicts li").first.wait_for(timeout=15_000)


def test_it_plays_on_after_the_look_and_is_still_under_reduced_motion(kept):
    page = kept()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_text("seed by seed …").wait_for()
    page.locator(".sv-summary", has_text="highest mean").wait_for(timeout=15_000)
    page.get_by_role("button", name="Play").wait_for(timeout=15_000)
    calm = kept(None, reduced_motion="reduce")
    calm.get_by_role("button", name="Skip").click()
    assert "highest mean" in calm.locator(".sv-summary").inner_text()
    assert calm.get_by_role("button", name="Play").is_visible()


def test_skipped_there_is_no_column_of_yours_and_one_can_ask_again(kept):
    page = kept(None, reduced_motion="reduce")
    drag(page, "MBPL", "SL")
    page.get_by_role("button", name="Skip").click()
    assert page.evaluate(STATE, "guess") == {}
    assert not page.locator(".sv-key-yours").is_visible()
    page.get_by_role("button", name="Ask again").click()
    assert page.get_by_role("slider", name="MBPL").is_visible()


def test_the_keys_stay_in_the_widget_when_a_button_goes_with_its_press(kept):
    page = kept(None, reduced_motion="reduce")
    page.get_by_role("button", name="Skip").click()
    page.wait_for_function("document.activeElement.textContent.includes('Play')")
    page.keyboard.press("Control+z")  # takes the look back
    page.get_by_role("slider", name="MBPL").wait_for()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_function("document.activeElement.textContent.includes('my order')")


def test_who_leads_is_said_only_where_the_seeds_can_tell(saved, explorer):
    page = saved("time steps")
    summary = page.locator(".sv-summary")
    choose = page.get_by_label("What is varied").select_option
    assert summary.inner_text() == (
        "time steps: 8 has the highest mean, but 3 seeds cannot tell it from 4."
    )
    choose("partition")
    assert summary.inner_text() == (
        "partition: window has the highest mean, but 3 seeds cannot tell it from grid and full."
    )
    choose("τ")
    assert summary.inner_text() == (
        "τ: 1.5 has the highest mean, and every one of 3 seeds puts it above all others."
    )


def test_the_verdicts_are_those_of_python_and_go_with_the_papers_order(saved, explorer):
    page = saved("SPK block")
    orders = [order for order in explorer.orderings() if order["axis"] == "SPK block"]
    items = page.locator(".sv-verdicts li", has_not_text="not ranked").all_inner_texts()
    for text, order in zip(items, orders, strict=True):
        assert f"{order['verdict']}: the paper has {order['better'].upper()}" in text
        assert f"2 SE = {100 * order['two_se']:.1f}" in text
    page.get_by_role("checkbox", name="the paper's order").click()
    page.locator(".sv-verdicts").wait_for(state="hidden")
    assert page.get_by_label("Seeds that are in").get_attribute("max") == "3"


def test_the_lines_of_the_two_orders_cross_at_an_undecided_claim(saved, drawn):
    """Ours 8 above 4, the paper's 4 above 8."""
    page = saved("branches of MBPL")
    shown = drawn(page, {"selected": 9}, NOTHING)
    marks = [a["verdict"] for a in shown["at"]["arcs"]]
    assert marks == ["undecided"]
    rank = {p["point"]["value"]: p["y"] for p in shown["places"]}
    assert rank[8] < rank[4]
    assert [a["ends"] for a in shown["at"]["arcs"]] == [[0, 1]]


@pytest.mark.parametrize(
    ("value", "name"), [("mbpl", "SPK block MBPL"), ("sl, V_th 0.5", "SPK block SL, V_th 0.5")]
)
def test_a_row_of_the_table_tells_where_its_numbers_come_from(saved, explorer, value, name):
    page = saved("SPK block")
    page.get_by_text("All numbers").click()
    assert page.locator("tbody tr").count() == len(explorer.points)
    number, point = next((i, p) for i, p in on(explorer, "SPK block") if p["value"] == value)
    page.get_by_role("button", name=f"Select {name}", exact=True).click()
    words = page.locator(".sv-update", has_text=name).inner_text()
    study = explorer.studies[0]
    for expected in (study["command"], study["commit"], "Seeds: 0:"):
        assert expected in words
    for run in point["runs"]:
        assert f"{run['seed']}: {100 * run['accuracy']:.1f} %" in words
    assert page.evaluate(STATE, "selected") == number
    page.get_by_role("button", name=f"Select {name}", exact=True).click()  # once more: none
    page.locator(".sv-update", has_text="Point at a card").wait_for()


def test_a_click_on_a_card_selects_its_point(saved, drawn, explorer):
    page = saved("time steps")
    shown = drawn(page, {"selected": 5}, NOTHING)
    box = page.locator("canvas").bounding_box()
    left, width = shown["at"]["ours"]
    top = min(shown["places"], key=lambda place: place["y"])
    page.mouse.click(box["x"] + left + width / 2, box["y"] + top["y"])
    number = page.evaluate(STATE, "selected")
    assert number == top["point"]["number"]
    assert explorer.points[number]["value"] == 8


def test_runs_on_several_kinds_of_cpu_are_told_apart(saved, made):
    explorer = made(results("cifar100"))
    page = saved("time steps", results("cifar100"))
    page.get_by_text("All numbers").click()
    page.get_by_role("button", name="Select time steps 1", exact=True).click()
    page.locator(".sv-update", has_text=explorer.points[0]["runs"][0]["cpu"]).wait_for()


def test_a_study_without_the_papers_axes_ends_with_its_seeds(saved):
    page = saved("T, V = 0 at the start", results("convert"))
    assert page.get_by_label("Seeds that are in").get_attribute("max") == "3"
    assert page.locator(".sv-verdicts").is_hidden()
    assert page.get_by_role("button", name="Ask again").is_hidden()  # it was told not to ask
    assert page.get_by_label("the paper's order beside ours").is_hidden()
    assert "The paper's figures" not in page.inner_text("body")
    page.get_by_text("Ours: Micro's twin with ReLU").wait_for()
