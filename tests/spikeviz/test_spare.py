"""A temporary folder goes with its program, however that ends; and no notebook makes another."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikeviz.publish.running import NOTEBOOKS
from spikeviz.spare import spare_folder

ASK = """
import sys, time
from spikeviz.spare import spare_folder
folder = spare_folder("imagenet")
(folder / "some").write_text("data")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["end", "kill"])
def test_the_folder_goes_with_its_program(end):
    words = [sys.executable, "-c", ASK]
    with subprocess.Popen(words, stdin=-1, stdout=-1, start_new_session=True, text=True) as program:
        folder = Path(program.stdout.readline().strip())
        assert (folder / "some").read_text() == "data"
        program.kill() if end == "kill" else program.stdin.close()
    for _ in range(300):
        if not folder.exists():
            break
        time.sleep(0.1)
    assert not folder.exists()


def test_asked_for_again_the_first_one_goes():
    first, second = spare_folder("again"), spare_folder("again")
    assert second.is_dir()
    assert not first.exists()


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_leaves_no_folder(path):
    text = path.read_text(encoding="utf-8")
    assert "tempfile" not in text, "take spare_folder: it goes when the kernel ends"
