"""What the widgets share whose picture needs a model that runs in Python."""

import asyncio
import sys
import time
from typing import Any, ClassVar

import traitlets as t
from tqdm import tqdm

from spikeviz.base.widget import Explorer

PERIOD = 0.25  # seconds between two words about the progress, at least
PATIENCE = 2.0  # seconds before the first answer, while there is no page yet, shows a bar


class ModelExplorer(Explorer):
    """Base of the widgets that ask a model. A subclass names the traits whose change needs a new
    answer in `asks`, and computes one in `_compute(**values of asks)`.

    In a kernel the model runs in a thread, so that the kernel stays free; while it runs `busy` is
    True, and of many moves only the newest is answered. Without a running event loop (a script,
    a test) the answer is there when the assignment returns. What `_compute` raises is shown in
    `problem`, and the last answer stays.

    progress: the share of the answer under way that is done, 0 to 1, if `_compute` tells it.
    answer: what the front end draws: numbers, texts, lists, dicts and bytes.
    """

    asks: ClassVar[tuple[str, ...]] = ()
    large: ClassVar[tuple[str, ...]] = ()  # attributes that a closed widget lets go
    answer = t.Dict().tag(sync=True, large=True)
    busy = t.Bool(False).tag(sync=True, passing=True)
    progress = t.Float(0.0, read_only=True).tag(sync=True)
    problem = t.Unicode().tag(sync=True, passing=True)

    def __init__(self, **traits: Any) -> None:
        self._work: asyncio.Task | None = None
        self._newer = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_word = 0.0
        self._first = False
        self._bar: tqdm | None = None
        super().__init__(**traits)
        self.answer = self._first_answer()  # a widget is never shown without an answer
        self.observe(self._ask, list(self.asks))

    def _first_answer(self) -> dict[str, Any]:
        self._first = True
        try:
            return self._compute(**self._asked())
        finally:
            self._first = False
            if self._bar is not None:
                self._bar.close()

    def _compute(self, **asked: Any) -> dict[str, Any]:
        """The answer. Runs in a thread: it may read what never changes, but no trait."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the widget, and let go what is large: a notebook's `Out` keeps the object."""
        self._newer = False
        super().close()
        self.set_trait("answer", {})
        for name in self.large:  # none of them is there if the constructor raised
            self.__dict__.pop(name, None)

    def _asked(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.asks}

    def _ask(self, _change: Any) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._receive(*self._attempt(self._asked()))
            return
        self._newer, self._loop = True, loop
        if self._work is None:
            self._work = loop.create_task(self._answer_all())

    async def _answer_all(self) -> None:
        self.busy = True
        try:
            while self._newer:
                self._newer = False
                self.set_trait("progress", 0.0)
                found = await asyncio.to_thread(self._attempt, self._asked())
                if not self._newer and self.comm is not None:
                    self._receive(*found)
        finally:
            self._work = None
            self.busy = False

    def _tell(self, done: float) -> None:
        """For `_compute`, in its thread: this share of the answer is done. Told a few times a
        second at most."""
        if self._first:  # there is no page yet: under the cell
            self._bar = self._bar or tqdm(
                total=100, desc=type(self).__name__, delay=PATIENCE, mininterval=PERIOD,
                leave=False, file=sys.stdout,
                bar_format="{desc}: {percentage:.0f} % done, about {remaining} left",
            )  # fmt: skip
            self._bar.update(100 * done - self._bar.n)
        now = time.monotonic()
        if self._loop is not None and now >= self._next_word:
            self._next_word = now + PERIOD
            self._loop.call_soon_threadsafe(self.set_trait, "progress", done)

    def _attempt(self, asked: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
        try:
            return self._compute(**asked), ""
        except Exception as error:  # whatever a reader's model raises is theirs to see
            return None, f"{type(error).__name__}: {error}"

    def _receive(self, answer: dict[str, Any] | None, problem: str) -> None:
        with self.hold_sync():
            self.problem = problem
            if answer is not None:
                self.answer = answer
