"""The networks that a page runs by itself, and how their weights get into it.

A saved widget holds those that it shows. A site or a gallery has a script for each beside its
pages, assets/NAME.js, which a page loads when it needs it. In a notebook the page asks Python for
them: a message, not a trait, so that no saved notebook holds them. Front end: weights.js.
"""

import base64
import gzip
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.base.widget import Explorer, did_you_mean, shipped

if TYPE_CHECKING:
    from spikeatconv import SpikeAtConv

NETWORKS = (  # files of data/
    "micro_digits", "micro_bdsa_digits", "micro_sl_digits", "micro_photographs",
)  # fmt: skip


@cache
def load_page_model(name: str) -> "SpikeAtConv":
    """The network of that name exactly as the page runs it, in eval mode."""
    from spikeatconv import load_weights
    from spikeviz.micro.pack import page_model

    return page_model(load_weights(shipped(f"{name}.safetensors")))


@cache
def weights_of(name: str) -> bytes:
    """What `pack_network` makes of a network that ships, zipped."""
    from spikeatconv import weights_note
    from spikeviz.micro.pack import pack_network

    note = weights_note(shipped(f"{name}.safetensors"))
    return gzip.compress(pack_network(load_page_model(name), name, note), mtime=0)


def weights_script(name: str) -> str:
    """A classic script that brings the weights of a network."""
    return say(name, base64.b64encode(weights_of(name)).decode())


def place_scripts() -> str:
    """A script that says where the pages of a site have the weights."""
    return "".join(say(name, f"assets/{name}.js") for name in NETWORKS)


def shared_weights() -> dict[str, str]:
    """{file in assets/: text}, what `place_scripts` promises."""
    return {f"{name}.js": weights_script(name) for name in NETWORKS}


def say(name: str, held: str) -> str:
    """A line for weights.js: a network's weights, or the address of a script that brings them."""
    return f"(globalThis.spikevizWeights ??= {{}}).{name} = {json.dumps(held)};\n"


class PageExplorer(Explorer):
    """Base of the widgets whose page runs a network by itself.

    networks: the names of those that it can have, files of data/.
    """

    networks = t.List(t.Unicode(), NETWORKS, read_only=True).tag(sync=True, passing=True)

    def __init__(self, *arguments: Any, **traits: Any) -> None:
        super().__init__(*arguments, **traits)
        self.on_msg(self._send_weights)

    @classmethod
    def networks_in(cls, state: dict[str, Any]) -> list[str]:
        """The networks, of those that a page can run, that a widget with these traits shows."""
        raise NotImplementedError

    def _send_weights(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """The answer to {"weights": name}."""
        name = content.get("weights") if isinstance(content, dict) else None
        if name is None:
            return
        if name not in self.networks:
            near = did_you_mean(name, self.networks)
            problem = f"No network {name!r} for a page; {near}there are {', '.join(self.networks)}."
            self.send({"weights": name, "problem": problem})
            return
        try:
            self.send({"weights": name}, [weights_of(name)])
        except Exception as error:  # the page waits for an answer
            self.send({"weights": name, "problem": f"{type(error).__name__}: {error}"})

    def _script(self, state: dict[str, Any], shared: bool) -> str:
        if shared:
            return place_scripts()
        return "".join(weights_script(name) for name in self.networks_in(state))
