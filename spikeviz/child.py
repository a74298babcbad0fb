"""Runs a module as `python -m` does, and ends it when the program that started it is gone.

    python spikeviz/child.py MODULE ARGUMENT ...

Whoever starts this keeps the other end of its standard input open. The system closes that end when
they are gone, however they went: a `kill -9` too leaves no server and no kernels behind.
"""

import os
import runpy
import signal
import sys
import threading
import time

SECONDS = 10  # to shut down kernels and what else there is


def end_with_the_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    if not sys.flags.isolated:
        sys.path[0] = os.getcwd()  # as `python -m` has it, in place of this file's folder
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
