"""Networks for the page: what is written, what is refused."""

import gzip
import json
import struct

import pytest
import torch

from spikeatconv import SpikeAtConv, load_weights, preset, shipped, weights_note
from spikeatconv.conv import is_folded
from spikeviz.micro.networks import PageExplorer, load_page_model, weights_of
from spikeviz.micro.pack import pack_network, page_model

MICRO = "micro_digits.safetensors"


def test_the_page_model_is_folded_and_each_weight_is_a_float16():
    model = load_weights(shipped(MICRO))
    rounded = load_page_model("micro_digits")
    assert is_folded(rounded)
    assert not is_folded(model)
    for weights in rounded.state_dict().values():
        assert weights.dtype == torch.float32
        assert torch.equal(weights, weights.half().float())
    image = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(rounded(image), model.eval()(image), atol=1.0, rtol=0)


def test_a_packed_network_holds_its_weights_and_says_what_it_is():
    model = page_model(SpikeAtConv(preset("micro", time_steps=2)))
    packed = pack_network(model, "untrained", {"seed": 0})
    (length,) = struct.unpack("<I", packed[:4])
    header = json.loads(packed[4 : 4 + length])
    assert (header["name"], header["image"], header["note"]) == (
        "untrained",
        [3, 32, 32],
        {"seed": 0},
    )
    assert len(packed) - 4 - length == 2 * sum(p.numel() for p in model.parameters())
    assert [box["box"] for box in header["boxes"]][-2:] == ["stages.2.1.feed_forward", "head"]
    # The first layer's weights lie as [in, y, x, out].
    kernel = torch.frombuffer(bytearray(packed[4 + length :][: 2 * 864]), dtype=torch.float16)
    expected = model.stem[0].weight.detach().permute(1, 2, 3, 0)
    assert torch.equal(kernel.view(3, 3, 3, 32).float(), expected)


def test_what_the_page_cannot_run_is_named():
    for changes, part in (
        ({"spk": "rl"}, "stem_to_stream.0, which is a RL"),
        ({"spk_options": {"readout": "membrane"}}, "stem_to_stream.0, which is a MBPL"),
        ({"spiking": False}, "stem_to_stream.0, which is a GELU"),
    ):
        with pytest.raises(ValueError, match=part):
            pack_network(SpikeAtConv(preset("micro", **changes)), "x")
    with pytest.raises(TypeError, match="model is"):
        pack_network("micro", "x")


@pytest.mark.parametrize(("value", "words"), [(float("nan"), "is nan"), (1e5, "over 65,504")])
def test_weights_that_are_no_numbers_are_refused(value, words):
    model = SpikeAtConv(preset("micro", norm="none"))
    with torch.no_grad():
        model.head.weight[0, 3] = value
    with pytest.raises(ValueError, match=f"head.weight.*{words}"):
        page_model(model)


class Shown(PageExplorer):
    """A widget without a picture; `_sent` keeps its last message."""

    _folder = "lif"

    def send(self, content, buffers=None):
        self._sent = (content, buffers)


def test_python_sends_the_weights_as_a_message_and_keeps_none_in_the_widget():
    widget = Shown()
    widget._handle_custom_msg({"weights": "micro_digits"}, [])
    content, (weights,) = widget._sent
    assert content == {"weights": "micro_digits"}
    assert weights == weights_of("micro_digits")
    assert gzip.decompress(weights) == pack_network(
        load_page_model("micro_digits"), "micro_digits", weights_note(shipped(MICRO))
    )
    widget._handle_custom_msg({"weights": "micro_digit"}, [])
    assert "No network" in widget._sent[0]["problem"]
    assert "did you mean 'micro_digits'?" in widget._sent[0]["problem"]
    assert len(str(widget.get_state())) < 100_000
    widget.close()
