"""AblationExplorer in the page: the table, the plots and the story of a point say the same."""

import json

import pytest

from spikeviz import AblationExplorer, results

# Where plotly drew the points of a plot's first trace: [x, y, number] in data.
MARKERS = """(n) => {
    const { data } = document.querySelectorAll(".sv-plotly")[n];
    return data.flatMap(({ x, y, customdata }) =>
        (customdata ?? []).map((number, i) => [x[i], y[i], number]));
}"""
RING = """(n) => {
    const place = document.querySelectorAll(".sv-plotly")[n];
    const ring = document.querySelectorAll(".sv-ring")[n].getBoundingClientRect();
    const box = place.getBoundingClientRect();
    const { xaxis, yaxis } = place._fullLayout;
    return [
        xaxis.p2l(ring.left + ring.width / 2 - box.left - xaxis._offset),
        yaxis.p2l(ring.top + ring.height / 2 - box.top - yaxis._offset),
    ];
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture
def saved(new_page, folder, explorer):
    def open_saved(**options):
        page = new_page(offline=True, **options)
        page.goto(explorer.save_html(folder / "ablation.html", library="beside").as_uri())
        page.wait_for_function("document.querySelector('.sv-plotly')?.data")
        return page

    return open_saved


def test_each_axis_shows_its_points_and_the_papers_apart(saved, explorer):
    page = saved()
    choice = page.get_by_label("What is varied")
    for axis in explorer.axes:
        choice.select_option(axis)
        page.locator(".sv-title", has_text=f"Accuracy by {axis}").wait_for()
        there = [(i, p) for i, p in enumerate(explorer.points) if p["axis"] == axis]
        page.wait_for_function(f"({MARKERS})(0).length === {len(there)}")
        for (_, y, number), (i, point) in zip(page.evaluate(MARKERS, 0), there, strict=True):
            assert number == i
            assert y == pytest.approx(100 * point["accuracy_mean"])
        names = page.evaluate("document.querySelector('.sv-plotly').data.map((t) => t.name)")
        theirs = any(p["axis"] == axis for p in explorer.paper["points"])
        assert ("the paper's, right axis" in names) == theirs
        best = max((p for _, p in there), key=lambda p: p["accuracy_mean"])
        assert f"{100 * best['accuracy_mean']:.1f}" in page.locator(".sv-summary").inner_text()


@pytest.mark.parametrize(
    ("value", "name"), [("mbpl", "SPK block MBPL"), ("sl, V_th 0.5", "SPK block SL, V_th 0.5")]
)
def test_the_table_holds_every_point_and_a_row_selects(saved, explorer, value, name):
    page = saved()
    rows = page.locator("tbody tr")
    assert rows.count() == len(explorer.points)
    number = next(i for i, p in enumerate(explorer.points) if p["value"] == value)
    point = explorer.points[number]
    page.get_by_label("What is varied").select_option(point["axis"])
    page.get_by_role("button", name=f"Select {name}").click()
    story = page.locator(".sv-update", has_text=name)
    story.wait_for()
    words = story.inner_text()
    study = explorer.studies[0]
    for expected in (study["command"], study["commit"], study["scale"].split(":")[0], "Seeds: 0:"):
        assert expected in words or expected in page.locator(".spikeviz").inner_text()
    for run in point["runs"]:
        assert f"{run['seed']}: {100 * run['accuracy']:.1f} %" in words
    place = [p["value"] for p in explorer.points if p["axis"] == point["axis"]].index(value)
    page.wait_for_function(f"Math.abs(({RING})(0)[0] - {place}) < 0.02")
    _, y = page.evaluate(RING, 0)
    assert y == pytest.approx(100 * point["accuracy_mean"], abs=0.2)
    x, y = page.evaluate(RING, 1)
    seconds = [run["seconds"] for run in point["runs"]]
    assert x == pytest.approx(sum(seconds) / len(seconds), rel=0.02, abs=0.2)
    assert y == pytest.approx(100 * point["accuracy_mean"], abs=0.2)
    assert page.evaluate("document.getElementById('view').model.get('selected')") == number
    page.get_by_role("button", name=f"Select {name}").click()  # once more: none
    page.locator(".sv-update", has_text="Select a point").wait_for()


def test_a_point_in_a_plot_selects_its_row(saved, explorer):
    page = saved()
    where = page.evaluate(
        """() => {
            const place = document.querySelector(".sv-plotly");
            const { xaxis, yaxis } = place._fullLayout;
            const box = place.getBoundingClientRect();
            const { y } = place.data[0];
            return [
                box.left + xaxis._offset + xaxis.l2p(1),
                box.top + yaxis._offset + yaxis.l2p(y[1]),
            ];
        }"""
    )
    page.mouse.move(*where)
    page.locator(".hoverlayer .hovertext").first.wait_for()
    page.mouse.click(*where)
    page.locator("tr.sv-chosen").wait_for()
    assert page.evaluate("document.getElementById('view').model.get('selected')") == 1


def test_the_verdicts_are_those_of_python_and_go_with_the_papers_figures(saved, explorer):
    page = saved()
    page.get_by_label("What is varied").select_option("SPK block")
    orders = [order for order in explorer.orderings() if order["axis"] == "SPK block"]
    items = page.locator(".sv-verdicts li")
    items.nth(len(orders) - 1).wait_for()
    assert len(orders) == items.count()
    for text, order in zip(items.all_inner_texts(), orders, strict=True):
        assert f"{order['verdict']}: the paper has {order['better'].upper()}" in text
    page.get_by_role("checkbox", name="the paper's figures").click()
    page.locator(".sv-verdicts").wait_for(state="hidden")


def test_a_study_without_times_has_no_plot_of_them(new_page, tmp_path):
    page = new_page()
    saved = AblationExplorer(results("convert")).save_html(tmp_path / "convert.html")
    page.goto(saved.as_uri())
    page.wait_for_function("document.querySelector('.sv-plotly')?.data")
    assert page.locator(".sv-plotly:visible").count() == 1


def test_runs_on_several_kinds_of_cpu_are_told_apart(new_page, folder, made):
    page = new_page(offline=True)
    explorer = made(results("cifar100"))
    page.goto(explorer.save_html(folder / "cifar100.html", library="beside").as_uri())
    page.get_by_text("on several kinds of CPU").wait_for()
    page.get_by_role("button", name="Select time steps 1", exact=True).click()
    page.locator(".sv-update", has_text=explorer.points[0]["runs"][0]["cpu"]).wait_for()


def test_a_page_with_plotly_inside_works_alone(new_page, folder, explorer):
    page = new_page(offline=True)
    page.goto(explorer.save_html(folder / "alone.html").as_uri())
    page.wait_for_function("document.querySelector('.sv-plotly')?.data", timeout=30_000)


def test_in_jupyterlab_plotly_comes_from_the_kernel_once(lab, browser):
    cells = ["from spikeviz import AblationExplorer\nAblationExplorer()", "AblationExplorer()"]
    lab.write("ablation", *cells)
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    received = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    lab.open(page, "ablation")
    lab.run_all(page)
    page.wait_for_function(
        "[...document.querySelectorAll('.sv-plotly')].filter((p) => p.data).length === 4",
        timeout=60_000,
    )
    assert sum(size > 1_000_000 for size in received) == 1
    saved = json.loads((lab.folder / "notebooks/ablation.ipynb").read_text())
    assert len(json.dumps(saved)) < 100_000  # plotly is not stored in the notebook
    page.context.close()
