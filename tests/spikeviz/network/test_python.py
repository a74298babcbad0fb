"""NetworkWalk without a browser: its numbers are those of record and energy_report, its models,
its images, its tour, its answer."""

import re

import ipywidgets
import numpy as np
import pytest
import torch
import traitlets

from spikeatconv import (
    SpikeAtConv,
    SpikingResNet18,
    energy_report,
    fold,
    load_weights,
    mnist5k,
    preset,
    record,
    save_weights,
    shipped,
    weights_note,
)
from spikeviz import NetworkWalk
from spikeviz.base import model_explorer
from spikeviz.micro.networks import load_page_model
from spikeviz.network import tour as network_tour
from spikeviz.network.boxes import find_boxes
from spikeviz.network.choices import Subject, fit_image, load
from spikeviz.network.code import code_of
from spikeviz.network.run import Progress, count_spikes, measure, values, walk

SMALL = {"widths": (8, 16), "depths": (1, 2), "partition_size": 4, "head_width": 8}


@pytest.fixture
def walks():
    yield NetworkWalk
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def micro():
    return load_page_model("micro_digits")  # what ships has the same numbers without Python


def digit(index):
    return torch.nn.functional.pad(mnist5k("test")[0][index : index + 1], (2,) * 4)


def small(**changes):
    torch.manual_seed(0)
    options = {"in_channels": 1, "classes": 10, "time_steps": 3, **SMALL, **changes}
    model = SpikeAtConv(preset("micro", **options))
    model(torch.rand(4, 1, 32, 32))  # BatchNorm has seen something
    return model.eval()


# ---------------------------------------------------------------- the numbers


@pytest.mark.parametrize("index", [0, 512])
def test_rates_energy_and_logits_are_those_of_record_and_energy_report(walks, micro, index):
    widget = walks(image=index)
    table = widget.trace().set_index("box")
    with record(micro) as rec, torch.no_grad():
        logits = micro(digit(index))
    report = energy_report(micro, digit(index))
    for box, row in table.iterrows():
        inside = [s.flatten() for name, s in rec.spikes.items() if name.startswith(f"{box}.")]
        if inside:
            assert row["rate"] == pytest.approx(torch.cat(inside).double().mean().item(), abs=1e-12)
        else:
            assert np.isnan(row["rate"])
        rows = report.layers[[n == box or n.startswith(f"{box}.") for n in report.layers.layer]]
        assert row.snn_mj == pytest.approx(rows.snn_mj.sum(), rel=1e-12)
        assert row.ann_mj == pytest.approx(rows.ann_mj.sum(), rel=1e-12)
    (answer,) = widget.answer["walks"]
    np.testing.assert_allclose(np.mean(answer["logits"], 0), logits[0], atol=1e-5)
    assert answer["snn_mj"] == pytest.approx(report.snn_mj, rel=1e-12)
    rows = report.layers
    fed = rows.input.isin(["binary", "spike sum"])
    counted = {
        "additions": (rows.passes * rows.flops * rows["rate"])[fed].sum(),
        "multiplications": (rows.passes * rows.flops)[~fed].sum(), "twin": rows.flops.sum(),
    }  # fmt: skip
    for name, count in counted.items():
        assert sum(box[name] for box in answer["boxes"]) == pytest.approx(count, abs=0.01)


@pytest.mark.parametrize("spk", ["sl", "rl", "mbpl", "hsl", "dcl"])
@pytest.mark.parametrize(
    "changes", [{}, {"attention": "bdsa", "shortcut": "spike"}, {"norm": "none", "depths": (2, 1)}]
)
def test_every_kind_of_network_is_walked_through(spk, changes):
    model = small(spk=spk, **changes)
    image = torch.rand(1, 1, 32, 32)
    found = walk(model, find_boxes(model), fold(model), image)
    with record(model) as rec, torch.no_grad():
        logits = model(image)
    np.testing.assert_allclose(np.mean(found.logits, 0), logits[0], atol=1e-5)
    assert found.snn_mj == pytest.approx(energy_report(model, image).snn_mj, rel=1e-9)
    assert found.table().snn_mj.sum() == pytest.approx(found.snn_mj, rel=1e-9)
    assert found.table().parameters.sum() == sum(p.numel() for p in model.parameters())
    named = [
        f"{box.id}.{name}" for box in find_boxes(model) for la in box.layers for name in la.neurons
    ]
    assert sorted(named) == sorted(rec.spikes)  # each LIF stands in one box
    labels = [layer.label for box in find_boxes(model) for layer in box.layers]
    assert all(label.strip() and label != "Neurons" for label in labels), labels


SUM, BARE = {"readout": "sum"}, {"readout": "sum", "mixer": False}


@pytest.mark.parametrize("spk_options", [{"readout": "membrane"}, {"readout": "spike"}, SUM, BARE])
def test_an_mbpl_of_every_readout_is_walked_through(spk_options):
    model, image = small(spk="mbpl", spk_options=spk_options), torch.rand(1, 1, 32, 32)
    found = walk(model, find_boxes(model), fold(model), image)
    with record(model) as rec, torch.no_grad():
        logits = model(image)
    np.testing.assert_allclose(np.mean(found.logits, 0), logits[0], atol=1e-5)
    assert found.snn_mj == pytest.approx(energy_report(model, image).snn_mj, rel=1e-9)
    for box in find_boxes(model):
        for index, layer in enumerate(box.layers):
            maps = found.maps[box.id, "spikes", index]
            fired = sum(rec.spikes[f"{box.id}.{name}"] for name in layer.neurons)[:, 0]
            assert np.array_equal(values(maps), fired)  # 0 … n, as they are
            assert maps.top == len(layer.neurons)


@pytest.mark.parametrize(
    ("spk_options", "layers", "line"),
    [
        ({"readout": "membrane"}, [("4 branches", "mixer")], "return membrane"),
        (
            {"readout": "spike"}, [("4 branches", "mixer"), ("closing LIF", "spikes")],
            "return self.closing(",
        ),
        (SUM, [("4 branches", "mixer"), ("4 branches behind M", "sum")], "return self.closing("),
        (BARE, [("4 branches", "sum")], "return self.branches("),
    ],
)  # fmt: skip
def test_what_goes_on_from_each_layer_and_the_line_that_sends_it(spk_options, layers, line):
    box = find_boxes(small(spk="mbpl", spk_options=spk_options))[1]
    place = "before 3×3, 8 → 8"
    assert [(la.label, la.sends) for la in box.layers] == [(f"{place}: {a}", b) for a, b in layers]
    forward = code_of(box)[-1]
    assert forward["name"] == "MBPL.forward"
    marked = forward["text"].splitlines()[forward["from"] - forward["first"]]
    assert marked.strip().startswith(line)


def test_the_non_spiking_twin_has_no_rates():
    twin = small(spiking=False)
    found = walk(twin, find_boxes(twin), fold(twin), torch.rand(1, 1, 32, 32))
    assert found.table()["rate"].isna().all()
    assert found.snn_mj == pytest.approx(found.ann_mj)


def test_a_model_that_fails_leaves_no_hooks(micro):
    broken = load_weights(shipped("micro_digits.safetensors"))
    broken.get_submodule("stages.1.1.attention.1.attend").size = 3
    with pytest.raises(ValueError, match="3"):
        walk(broken, find_boxes(broken), fold(micro), digit(0))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in broken.modules())


# ---------------------------------------------------------------- the maps


def test_the_maps_in_the_answer_are_the_spikes_and_the_membranes_of_record(walks, micro, unpack):
    (answer,) = walks(image=3).answer["walks"]
    assert answer["whole"]
    with record(micro) as rec, torch.no_grad():
        micro(digit(3))
    for box in answer["boxes"]:
        for index, layer in enumerate(box["layers"]):
            names = [n for n in rec.spikes if n.startswith(box["box"] + ".")]
            skipped = sum(la["neurons"] for la in box["layers"][:index])
            mine = names[skipped : skipped + layer["neurons"]]
            spikes, _ = unpack(answer["data"], box["maps"]["spikes"][str(index)])
            np.testing.assert_array_equal(spikes, sum(rec.spikes[n] for n in mine)[:, 0])
            membrane, quantum = unpack(answer["data"], box["maps"]["membrane"][str(index)])
            away = np.abs(membrane - rec.membranes[mine[0]][:, 0].numpy()).max()
            assert away <= 0.51 * quantum


def test_an_answer_is_small(walks):
    widget = walks()
    (answer,) = widget.answer["walks"]
    assert len(answer["data"]) < 400_000
    widget.other = "micro_untrained"
    data = [len(one["data"]) for one in widget.answer["walks"]]
    assert sum(data) < 500_000
    assert [one["whole"] for one in widget.answer["walks"]] == [True, False]


def test_what_does_not_fit_comes_when_its_box_is_opened(walks, monkeypatch):
    monkeypatch.setattr("spikeviz.network.explorer.ROOM", 0)
    widget = walks(opened="stages.2.1.feed_forward")

    def there():
        (answer,) = widget.answer["walks"]
        return {
            (box["box"], view, layer): (maps["first"], maps["shape"][1])
            for box in answer["boxes"]
            for view, found in box["maps"].items()
            for layer, maps in found.items()
        }

    name = "stages.2.1.feed_forward"
    assert there() == {(name, view, "0"): (0, 64) for view in ("spikes", "membrane", "output")}
    widget.layer, widget.page = 1, 7
    assert there() == {
        (name, "spikes", "1"): (448, 64), (name, "membrane", "1"): (448, 64),
        (name, "output", "0"): (64, 64),
    }  # fmt: skip
    widget.opened = ""
    assert there() == {}


def test_opening_a_box_asks_nothing_if_all_is_there(walks, monkeypatch):
    widget = walks()
    monkeypatch.setattr(widget, "_compute", None)
    widget.opened, widget.layer, widget.page = "stages.0.1.attention", 3, 0
    assert widget.problem == ""


def test_large_maps_are_means_of_squares():
    x = torch.rand(2, 1, 3, 112, 112)
    means = x[:, 0].reshape(2, 3, 28, 4, 28, 4).mean((3, 5)).numpy()
    maps = measure(x)
    assert maps.numbers.shape == (2, 3, 28, 28)
    assert np.abs(values(maps) - means).max() < 0.51 / 255
    spikes = (x > 0.5).float() * 4
    found = values(count_spikes(spikes, 4))
    assert (
        np.abs(found - spikes[:, 0].reshape(2, 3, 28, 4, 28, 4).mean((3, 5)).numpy()).max() < 0.01
    )


# ---------------------------------------------------------------- models


def test_a_walk_begins_at_the_end_and_stays_there_whatever_the_network(walks):
    widget = walks(small(time_steps=3))
    assert widget.time_step == 2
    widget.model = "micro_digits"  # T = 2
    assert widget.time_step == 1
    widget.model = "yours"
    assert widget.time_step == 2
    widget.time_step = 0
    widget.model = "micro_digits"
    assert widget.time_step == 0
    assert walks(small(time_steps=3), time_step=1).time_step == 1


def test_all_that_reads_digits_is_offered_and_untrained_says_so(walks):
    widget = walks()
    assert next(iter(widget.choices)) == "micro_digits"
    accuracy = weights_note(shipped("micro_digits.safetensors"))["accuracy"]
    assert f"{accuracy:.1%} of test digits" in widget.choices["micro_digits"]
    sums = (shipped("mnist5k.npz").parent / "SHA256SUMS").read_text()
    files = {line.split()[-1] for line in sums.splitlines() if line.endswith(".safetensors")}
    files = {name for name in files if not name.startswith(("pairs_", "cue_"))}  # they read shapes
    assert {f"{name}.safetensors" for name in widget.choices if "untrained" not in name} == files
    for name, sends in (("micro_digits", "MBPL (sum) + SISA"), ("micro_sl_digits", ", SL + SISA")):
        assert sends in widget.choices[name]
    for name in ("micro_untrained", "tiny_untrained"):
        assert "untrained: random weights, seed 0" in widget.choices[name]


def test_a_network_of_photographs_gets_photographs_and_names_its_classes(walks):
    widget = walks(image=4)
    widget.model = "micro_photographs"
    note = weights_note(shipped("micro_photographs.safetensors"))
    assert "Micro on photographs" in widget.choices["micro_photographs"]
    assert f"{note['accuracy']:.1%} of test photographs" in widget.choices["micro_photographs"]
    assert (widget.source, widget.answer["truth"]) == ("photo", None)
    assert widget.answer["walks"][0]["names"] == note["data"]["classes"]
    widget.pixels = bytes(3 * 32 * 32)
    widget.model = "micro_digits"
    assert widget.source == "own"  # a reader's own picture stays
    widget.source, widget.model = "photo", "micro_photographs"
    widget.model = "micro_digits"
    assert (widget.source, widget.answer["truth"]) == ("digit", 6)
    assert walks("micro_photographs").source == "photo"


def test_the_untrained_copy_is_the_trained_models_and_the_same_each_time(micro):
    first, second = load("micro_untrained"), load("micro_untrained")
    assert first.config == micro.config
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.model.head.weight, micro.head.weight)


def test_two_models_of_ones_own(walks):
    mine, other = small(), small(spk="sl", depths=(1, 1)).train()
    before = {name: value.clone() for name, value in other.state_dict().items()}
    widget = walks(mine, other)
    assert (widget.model, widget.other) == ("yours", "yours_too")
    table = widget.trace().set_index("box")
    assert list(table.index) == widget.boxes()
    assert np.isnan(table.loc["stages.1.2.conv", "other_snn_mj"])
    alone = walks(other).trace().set_index("box")
    np.testing.assert_array_equal(table.other_rate.dropna(), alone["rate"].dropna())
    assert other.training  # a copy was looked at, and the model is as it was
    assert all(torch.equal(before[name], value) for name, value in other.state_dict().items())


def test_a_checkpoint_is_a_choice(walks, tmp_path):
    path = tmp_path / "mine.safetensors"
    save_weights(small(), path)
    widget = walks(checkpoint=path)
    assert widget.model == "checkpoint"
    assert widget.choices["checkpoint"] == "your file mine.safetensors"
    assert widget.answer["walks"][0]["boxes"][0]["shape"] == [1, 1, 8, 16, 16]
    later = walks()
    later.checkpoint = str(path)
    later.model = "checkpoint"
    assert later.trace().equals(widget.trace())
    later.checkpoint = str(tmp_path / "none.safetensors")
    assert later.problem.startswith("FileNotFoundError: ")
    assert later.answer["walks"][0]["boxes"][0]["shape"] == [1, 1, 8, 16, 16]  # the last one stays


def test_what_is_no_model_is_refused(walks, tmp_path):
    with pytest.raises(TypeError, match="model is a SpikingResNet18; NetworkWalk walks through a"):
        walks(SpikingResNet18(10))
    with pytest.raises(traitlets.TraitError, match=r"model is 'nano'; choose one of \['micro_dig"):
        walks("nano")
    widget = walks()
    with pytest.raises(traitlets.TraitError, match="other is 'checkpoint'; choose one of"):
        widget.other = "checkpoint"
    with pytest.raises(FileNotFoundError):
        walks(checkpoint=tmp_path / "none.safetensors")


def test_an_opened_box_has_to_be_there(walks):
    with pytest.raises(traitlets.TraitError, match=r"opened is 'stages.9'; choose one of \['stem'"):
        walks(opened="stages.9")


# ---------------------------------------------------------------- images


def test_a_digit_is_padded_as_in_training(micro):
    image = mnist5k("test")[0][5]
    assert torch.equal(fit_image(image, micro.config), digit(5))


def test_images_of_ones_own(walks):
    widget = walks()
    before = widget.answer["walks"][0]["logits"]
    pixels = (mnist5k("test")[0][9] * 255).round().byte().numpy().tobytes()
    widget.pixels = pixels
    assert widget.source == "own"
    assert widget.answer["picture"] == {"side": 28, "channels": 1, "data": pixels}
    drawn = widget.answer["walks"][0]["logits"]
    widget.image = 9
    assert widget.source == "digit"
    np.testing.assert_allclose(widget.answer["walks"][0]["logits"], drawn, atol=1e-4)
    assert drawn != before
    widget.pixels = bytes(3 * 50 * 50)  # RGB of another size
    assert widget.problem == ""
    widget.source = "photo"
    assert (widget.problem, widget.answer["picture"]["channels"]) == ("", 3)
    for wrong in (b"12", bytes(785)):
        with pytest.raises(traitlets.TraitError, match=rf"pixels has {len(wrong)} bytes; give 784"):
            widget.pixels = wrong


def test_a_new_widget_shows_the_source_it_is_given(walks):
    pixels = bytes(range(28)) * 28
    for given, picture in (
        ({"image": 5, "source": "photo"}, 3 * 224 * 224), ({"image": 5, "pixels": pixels}, 784),
    ):  # fmt: skip
        widget = walks(**given)
        assert widget.source == given.get("source", "own")
        assert len(widget.answer["picture"]["data"]) == picture


def test_bytes_from_the_page_arrive_as_bytes(walks):
    widget = walks()
    widget.set_state({"pixels": memoryview(bytes(784)), "source": "own"})
    assert widget.pixels == bytes(784)
    assert widget.answer["truth"] is None


def test_colours_and_sizes_fit_the_model():
    config = preset("tiny")
    assert fit_image(torch.rand(1, 28, 28), config).shape == (1, 3, 224, 224)
    assert fit_image(torch.rand(3, 50, 50), config).shape == (1, 3, 224, 224)
    grey = preset("micro", in_channels=1)
    out = fit_image(torch.full((3, 100, 100), 51 / 255), grey)  # a shade of an image's 256
    assert out.shape == (1, 1, 32, 32)
    assert (out[..., 2:30, 2:30] - 51 / 255).abs().max() < 1e-6
    assert (out[..., :2] == 0).all()  # the rim of a digit
    assert Subject(small(partition="full")).side == 32


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 50, 50), (3, 32, 32), (3, 224, 224)])
def test_the_walk_sees_what_predict_sees(tmp_path, micro, shape):
    from PIL import Image

    from spikeatconv.command.trained import load as load_trained
    from spikeatconv.command.trained import read_image

    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    saved = pixels[0] if shape[0] == 1 else pixels.permute(1, 2, 0)
    Image.fromarray(saved.numpy()).save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png", load_trained("micro_digits"))
    assert torch.equal(fit_image(pixels / 255, micro.config), read[None] / 255)


# ---------------------------------------------------------------- code and tour


def test_the_code_of_a_box_is_in_the_installed_file(micro):
    for box in find_boxes(micro):
        first, *others = code_of(box)
        assert first["from"] <= first["to"]
        for snippet in (first, *others):
            path = shipped("mnist5k.npz").parent.parent / snippet["file"]
            text = path.read_text(encoding="utf-8").splitlines()
            lines = snippet["text"].splitlines()
            there = text[snippet["first"] - 1 : snippet["first"] - 1 + len(lines)]
            assert [line.strip() for line in there] == [line.strip() for line in lines]
    marks = {box.id: code_of(box)[0] for box in find_boxes(micro)}
    for name, begin in {
        "stem": "self.stem =", "stem_to_stream": "second = chain",
        "stages.1.0": "entry = conv_norm", "stages.0.1.conv": "self.conv = Residual(",
        "stages.2.1.attention": "self.attention = ",
        "stages.0.1.feed_forward": "self.feed_forward = ", "head": "return self.head",
    }.items():  # fmt: skip
        mark = marks[name]
        line = mark["text"].splitlines()[mark["from"] - mark["first"]]
        assert line.strip().startswith(begin)
    assert [s["name"] for s in code_of(find_boxes(micro)[4])] == [
        "Block.__init__", "SISA.forward", "SL.forward", "MBPL.forward",
    ]  # fmt: skip


def test_the_default_tour_fits_every_network(walks):
    for model in (small(spiking=False), small(attention="bdsa", depths=(1, 1))):
        assert walks(model).tour == network_tour.DEFAULT
    assert len(network_tour.DEFAULT) == 8


GOOD = {"on": "stem", "out": "Look.", "complete": {"next": True}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"on": "stages.7"}, r"tour\[1\]\[\"on\"\] is 'stages.7'; choose one of \['stem', "),
        ({"out": " "}, r"tour\[1\]\[\"out\"\] is ' '; give the text"),
        ({"complete": {}}, r"tour\[1\]\[\"complete\"\] is \{\}; give one condition"),
        ({"complete": {"jump": 1}}, r"names 'jump'; choose one of \['next', 'opened'"),
        ({"complete": {"opened": "nowhere"}}, r"\[\"opened\"\] is 'nowhere'; choose one of"),
        ({"complete": {"time_step": -1}}, r"\[\"time_step\"\] is -1; give 0, 1"),
        ({"complete": {"next": 1}}, r"\[\"next\"\] is 1; give True"),
        ({"more": 1}, r"tour\[1\] is \{.*; give \"on\", \"out\" and \"complete\", such as"),
    ],
)
def test_a_step_of_a_tour_that_is_wrong_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        network_tour.check_tour([GOOD, {**GOOD, **change}], ["stem", "head"])


def test_a_tour_of_ones_own(walks):
    mine = [GOOD, {"on": "time", "out": "Go back.", "complete": {"time_step": 0}}]
    widget = walks(tour=mine)
    for wrong in ([{**GOOD, "on": "stages.7"}], ["stem"]):
        with pytest.raises(traitlets.TraitError, match=r"tour\[0\]"):
            widget.tour = wrong
    assert widget.tour == mine


# ---------------------------------------------------------------- the widget


def test_a_busy_kernel_answers_the_newest_image(walks):
    import asyncio

    async def moves():
        widget = walks()
        for image in range(1, 30):
            widget.image = image
            await asyncio.sleep(0)
        while widget.busy:
            await asyncio.sleep(0.001)
        return widget.answer["asked"]

    assert asyncio.run(moves()) == ["micro_digits", "", "digit", 29]


def test_the_figure_shows_both_models(walks):
    widget = walks(small(), small(spk="sl"))
    top, low = widget.to_matplotlib().axes
    table = widget.trace()
    heights = [bar.get_height() for bar in low.patches]
    n = len(table)
    np.testing.assert_allclose(heights[:n], table.snn_mj)
    np.testing.assert_allclose(heights[n : 2 * n], table.other_snn_mj)
    np.testing.assert_allclose(heights[2 * n :], table.ann_mj)
    assert len(top.patches) == 2 * n


def test_a_walk_tells_how_far_it_is():
    """From its first box to the end, in small steps; a later stage weighs half the one before."""
    told = []
    progress = Progress(Progress.MAKE + Progress.RUN + Progress.COUNT, told.append)
    subject = load("micro_untrained", progress=progress)
    made = len(told)
    image = fit_image(mnist5k("test")[0][0], subject.config)
    walk(subject.model, subject.boxes, subject.folded, image, progress)
    assert len(told) == 3 * len(subject.boxes)  # every box, made, run and count_spikes
    assert told == sorted(told)
    assert told[made - 1] == pytest.approx(Progress.MAKE)
    assert told[-1] == pytest.approx(1)
    step = dict(zip([box.id for box in subject.boxes], np.diff([0, *told]), strict=False))
    assert step["stages.0.0"] == pytest.approx(2 * step["stages.1.0"])


def test_a_first_answer_that_takes_long_shows_how_far_it_is(monkeypatch, capsys):
    """Under the cell, as there is no page yet; the line is gone in the end."""
    monkeypatch.setattr(model_explorer, "PATIENCE", 0)
    monkeypatch.setattr(model_explorer, "PERIOD", 0)
    NetworkWalk("micro_untrained").close()
    lines = capsys.readouterr().out.split("\r")
    said = [re.match(r"NetworkWalk: (\d+) % done, about [\d:?]+ left", line) for line in lines]
    shares = [int(found[1]) for found in said if found]
    assert len(shares) > 10
    assert shares == sorted(shares)
    assert lines[-1].strip() == ""
