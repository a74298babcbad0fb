"""What is imported when: a widget stands there before torch has loaded, and thirty kernels on one
server do not each hold tables, pictures and peers that nobody asked for."""

import subprocess
import sys

import pytest

TRAIN = {"accelerate", "kornia", "datasets", "click", "psutil", "tensorboard"}
HEAVY = {"torch", "matplotlib", "norse", "plotly", "pandas", "PIL", "spikeatconv"}
LIBRARY = "import spikeatconv, spikeviz, spikeviz.exercises"  # pandas alone takes 47 MB
TOOLS = """e = spikeviz.LIFExplorer(mystery=3, current=[1.0, 2.0], pins=[{'tau': 20.0}])
e.tau = 5.0; e.stimulus = 'sine'"""


@pytest.mark.parametrize(
    ("code", "watched", "found"),
    [
        ("import spikeatconv", TRAIN, ""),
        ("import spikeatconv.training", {"accelerate", "kornia"}, ""),
        (LIBRARY, {"pandas", "norse", "matplotlib", "plotly"}, ""),
        ("", HEAVY, ""),
        ("spikeviz.LIFExplorer()", HEAVY, ""),
        (TOOLS, HEAVY, ""),
        ("spikeviz.EnergyExplorer()", HEAVY, ""),
        ("spikeviz.EnergyExplorer().trace()", {"torch"}, ""),
        ("spikeviz.SpikeRaster().trace()", HEAVY, ""),
        ("import numpy; spikeviz.SpikeRaster(numpy.ones((3, 4)))", HEAVY, ""),
        ("spikeviz.PartitionExplorer().image", HEAVY, ""),
        ("spikeviz.NetworkWalk", {"torch"}, ""),
        ("spikeviz.NetworkWalk()", {"torch", "matplotlib"}, "torch"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code, watched, found):
    look = f"import sys, spikeviz\n{code}\nprint(*{watched} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == found  # above it, how far a widget is
