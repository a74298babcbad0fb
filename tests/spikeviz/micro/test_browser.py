"""The engine in a page: the same spikes and counts as PyTorch, wherever the weights come from."""

import base64
import gzip
import re
import struct
import sys
from pathlib import Path

import pytest
import torch

from spikeatconv import SpikeAtConv, mnist5k, preset
from spikeviz.micro.networks import load_page_model, weights_script
from spikeviz.micro.pack import pack_network, page_model

sys.path.insert(0, str(Path(__file__).parents[3] / "studies"))
from page import Comparison, Probe, as_array, as_text, truth

SUM = {"readout": "sum", "mixer": False}
SMALL = {"widths": (8, 16), "depths": (1, 1), "head_width": 4, "partition_size": (4, 2)}
NETWORKS = {  # {what differs from a small Micro with colours}
    "SISA in a grid": {},
    "BDSA in windows": {"attention": "bdsa", "partition": "window", "spk": "sl"},
    "SL, the whole map": {
        "spk": "sl", "partition": "full", "norm": "none", "spk_options": {"v_threshold": 0.05},
    },
    "the plain product": {"softmax": False, "classes": 3, "time_steps": 3},
    "a soft reset": {"spk_options": {**SUM, "tau": 3.0, "v_rest": 0.1, "v_reset": None}},
    "spikes behind": {"shortcut": "spike", "time_steps": 1},
}  # fmt: skip


@pytest.fixture
def page(new_page, tmp_path):
    """A saved page that holds micro_digits."""
    widget = Probe(shown=["micro_digits"])
    file = widget.save_html(tmp_path / "page.html")
    widget.close()
    page = new_page(offline=True)
    page.goto(file.as_uri())
    page.wait_for_function("() => globalThis.probe")
    return page


def untrained(**changes):
    """A small network whose BatchNorm has seen some noise, as the page runs it."""
    torch.manual_seed(0)
    model = SpikeAtConv(preset("micro", **{**SMALL, "time_steps": 2, **changes}))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model.train()(torch.rand(8, 3, 16, 16))
    return page_model(model)


def pack_small(model):
    return pack_network(model, "small", image_shape=(3, 16, 16))


def send(packed):
    return base64.b64encode(packed).decode()


def assert_same(compared):
    found = compared.results()
    assert found["same_class"] == found["images"]
    assert found["share_of_spikes_equal"] >= 0.9999, found["images_that_differ"]
    assert found["largest_difference_of_logits"] < 1e-3
    assert found["miscounted"] == []
    return found


def test_the_shipped_micro_is_the_same_in_the_page(page):
    images = torch.nn.functional.pad(mnist5k("test")[0][:30], [2] * 4)
    compared = Comparison(load_page_model("micro_digits"))
    look = "async (images) => probe.look(await probe.open('micro_digits'), images)"
    runs = page.evaluate(look, as_text(images))
    compared.add(images, runs)
    found = assert_same(compared)
    # As many additions as FLOPs · R, but where a kernel has more than one pixel: there a border
    # lies, and a stride. 7×7 on the 2×2 map of the last stage sees 4 pixels of 49.
    odd = found["layers_where_they_differ"]
    wide = r"stages\.\d\.0\.1\.0|stages\.\d\.1\.conv\.1\.0|stem_to_stream\.1\.0"
    assert all(re.fullmatch(wide, name) for name in odd)
    assert odd["stages.2.1.conv.1.0"] == pytest.approx(4 / 49)
    assert 0.9 < found["additions_to_flops_r"] < 1
    page.evaluate("() => { globalThis.run = probe.open('micro_digits') }")
    bad = "(values) => run.then((network) => network.run(values)).catch((error) => error.message)"
    assert "3 values; this network takes 1 × 32 × 32 = 1024" in page.evaluate(bad, [1, 2, 3])
    not_finite = "() => run.then((one) => one.run(Array(1024).fill(NaN))).catch((e) => e.message)"
    assert "not finite" in page.evaluate(not_finite)


def test_every_kind_of_network_is_the_same_in_the_page(page):
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    look = "([packed, images]) => probe.look(probe.here(packed), images, true)"
    for kind, changes in NETWORKS.items():
        model = untrained(**changes)
        runs = page.evaluate(look, [send(pack_small(model)), as_text(images)])
        compared = Comparison(model)
        compared.add(images, runs)
        found = assert_same(compared)
        assert found["additions_of_an_image"] > 1000, kind
        real = truth(model, images, ("spikes", "membranes"))
        for name, text in runs[1]["membranes"]:
            theirs = real["membranes"][name][:, 1].flatten()
            torch.testing.assert_close(
                torch.tensor(as_array(text, "f4")), theirs, atol=1e-4, rtol=0
            )
        box, shape, text = runs[1]["outputs"][-2]
        assert box == "stages.1.1.feed_forward"
        mean = torch.tensor(as_array(text, "f4")).view(shape).mean((2, 3))
        torch.testing.assert_close(model.head(mean), real["logits"][:, 1], atol=1e-4, rtol=0)


def test_what_is_broken_is_told_in_a_sentence(page):
    packed = pack_small(untrained())
    (length,) = struct.unpack("<I", packed[:4])
    text, weights = packed[4 : 4 + length], packed[4 + length :]
    unknown = text.replace(b'{"kind": "mean"}', b'{"kind": "most"}')
    cases = {
        "stem.0 of small has weights that are NaN or infinite": text + b"\x00\x7e" + weights[2:],
        "its layers need": text + weights[:-2],
        'of the kind "most"': unknown + weights,
        "cut off or damaged": text[:100],
    }
    look = """([packed, image]) => Promise.resolve().then(() => probe.here(packed))
        .then((network) => probe.look(network, image)).catch((error) => error.message)"""
    image = as_text(torch.rand(1, 3, 16, 16))
    for words, rest in cases.items():
        assert words in page.evaluate(look, [send(packed[:4] + rest), image])


OPEN = """async ([name, image]) => {
    const { canOpen, model, open, look } = probe;
    const can = canOpen(name, model);
    const both = Promise.all([open(name), open(name)]);
    const [one, two] = await both.catch((error) => [error.message]);
    if (!two) return [can, one];
    return [can, one === two, one.apart, (await look(one, image))[0].logits];
}"""
ASK = """async ([name, zipped]) => {
    const heard = [];
    const asked = [];
    const model = {
        get: () => [name], on: (_, hear) => heard.push(hear), off: () => heard.pop(),
        send({ weights }) {
            asked.push(weights);
            const buffer = new DataView(probe.bytes(zipped).buffer);
            const problem = asked.length < 2 ? "Busy." : undefined;
            heard[0]({ weights, problem }, [buffer]);
        },
    };
    const problem = await probe.ask(name, model).catch((error) => error.message);
    const { header } = await probe.ask(name, model);
    await probe.ask(name, model);
    return [problem, header.name, asked.length, heard.length];
}"""


def test_weights_come_with_the_page_beside_it_or_from_python(page, new_page, tmp_path):
    image = as_text(torch.rand(1, 1, 32, 32))
    held = page.evaluate(OPEN, ["micro_digits", image])
    assert held[:3] == [True, True, True]  # in a worker, also in a page from a disk
    no = page.evaluate(OPEN, ["micro_sl_digits", image])
    assert no[0] is False
    assert "micro_sl_digits are not in this page, and no Python is there" in no[1]
    packed = gzip.compress(pack_small(untrained()))
    assert page.evaluate(ASK, ["mine", send(packed)]) == ["Busy.", "small", 2, 0]

    widget = Probe(shown=["micro_digits"])
    beside = widget.save_html(tmp_path / "beside.html", shared=True)
    widget.close()
    assert beside.stat().st_size < 60_000
    (tmp_path / "assets").mkdir()
    script = weights_script("micro_digits")
    assert len(script) < 1_600_000
    (tmp_path / "assets" / "micro_digits.js").write_text(script, encoding="utf-8")
    other = new_page(offline=True)
    other.add_init_script("delete globalThis.Worker")  # then the page's own thread runs it
    other.goto(beside.as_uri())
    other.wait_for_function("() => globalThis.probe")
    assert other.evaluate(OPEN, ["micro_digits", image]) == [True, True, False, held[3]]
    can, missing = other.evaluate(OPEN, ["micro_bdsa_digits", image])
    assert can
    assert "assets/micro_bdsa_digits.js has to lie beside this page" in missing
