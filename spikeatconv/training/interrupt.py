"""A cluster's SIGTERM and the reader's Ctrl-C end a training between two steps."""

import signal
import threading
from types import FrameType
from typing import Any, NoReturn

STATUS = 128 + signal.SIGTERM  # what a shell reports for a program that SIGTERM ended


class Interrupts:
    """While it is entered, the first SIGTERM or SIGINT is only noted, in `asked`; the second one
    acts at once. Ctrl-C acts at once too while the loop waits for whoever reads its metrics.
    Other threads than the main one get no signals: there it does nothing.

    loop: the code of the generator that waits or works.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop.__code__
        self.asked = 0
        self.entered = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interrupts":
        self.entered = True
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self.entered = False
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        waits = not any(code is self.loop for code in codes(frame))
        again, self.asked = self.asked, number
        if again or not self.entered or (waits and number == signal.SIGINT):
            self.leave()

    def leave(self) -> NoReturn:
        """End the program as the signal would: KeyboardInterrupt for Ctrl-C, else status 143."""
        if self.asked == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(STATUS)


def codes(frame: FrameType | None):
    """The code of each function that is running."""
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back
