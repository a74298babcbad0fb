"""What notebook 11 and the page tell a reader to do with EnergyExplorer, done with a real mouse."""

from spikeviz import EnergyExplorer

MEMBRANE = "Micro, MBPL with a membrane, trained"


def says(page, selector, text):
    page.locator(selector).filter(has_text=text).first.wait_for()


def press(page, name):
    box = page.get_by_role("button", name=name, exact=True).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_answer_point_at_the_long_bars_and_count_in_three_ways(opened, told):
    told("11_energy", "Run the cell and answer its question: until then it hides the bars.")
    told("11_energy", "Point at the long ones: what do these layers get as input?")
    told("11_energy", "Then try all three ways of counting (Count)")
    explorer = EnergyExplorer(report=MEMBRANE)
    table = explorer.trace()
    page = opened(explorer)
    says(page, ".sv-summary", "Guess first")
    press(page, "its twin")
    says(page, ".sv-summary", "times what its twin needs")
    bars = page.locator(".sv-energy-bars").bounding_box()
    longest = int(table.snn_mj.argmax())
    x = bars["x"] + 56 + (bars["width"] - 72) * (longest + 0.5) / len(table)
    page.mouse.move(x, bars["y"] + bars["height"] - 60)
    says(
        page, ".sv-update", f"{table.layer[longest]} ({table.kind[longest]}), fed with real values"
    )
    found = set()
    for way in ("input", "merged", "paper"):
        page.get_by_label("Count", exact=True).select_option(way)
        page.wait_for_timeout(100)
        found.add(page.locator(".sv-summary").inner_text())
    assert len(found) == 3


def test_drag_a_layer_over_the_line(opened):
    page = opened(EnergyExplorer(guess="snn"))
    says(page, ".sv-title", "drag a layer up or down to change its R")
    count = lambda: int(page.locator(".sv-summary").inner_text().split("wins in ")[1].split()[0])  # noqa: E731
    before = count()
    points = page.evaluate("""() => new Promise((done) => {
        const model = document.getElementById("view").model;
        const lit = ({ detail }) => done(detail.priced.map(({ layer, rate }) => [layer, rate]));
        document.addEventListener("spikeviz:drawn", lit, { once: true });
        model.set("layer", "stages.0.0.1.0");
    })""")
    rate = dict(map(tuple, points))["stages.0.0.1.0"]
    handle = page.get_by_role("slider", name="R of the chosen layer, drag it")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 130, steps=5)
    page.mouse.up()
    says(page, ".sv-what-if", "R of 1 layer moved by hand")
    assert count() == before - 1
    assert page.evaluate("document.getElementById('view').model.get('rates')")[
        "stages.0.0.1.0"
    ] > max(rate, 5.11 / 2)
