"""What is imported when: a widget stands there before torch has loaded, and thirty kernels on one
server do not each hold tables, pictures and peers that nobody asked for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TRAIN = {"accelerate", "kornia", "datasets", "click", "psutil", "tensorboard"}
HEAVY = {"torch", "matplotlib", "norse", "plotly", "pandas", "PIL"}
LIBRARY = "import spikeviz.exercises; from spikeatconv import *"  # pandas alone takes 47 MB
SOLVED = """from spikeviz.exercises import check_lif_step, check_reconstruct
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    return float(h >= v_threshold), h, v_reset if h >= v_threshold else h
assert check_lif_step(lif_step).status == 'passed'"""
TOOLS = """e = spikeviz.LIFExplorer(mystery=3, current=[1.0, 2.0], pins=[{'tau': 20.0}])
e.tau = 5.0; e.stimulus = 'sine'"""


WIDGETS = [
    "", "import spikeatconv", "from spikeatconv import shipped; shipped('photo.jpg')",
    "spikeviz.LIFExplorer()", "spikeviz.LIFExplorer().trace()", TOOLS,
    "spikeviz.EnergyExplorer()", "spikeviz.SpikeRaster().trace()",
    "import numpy; spikeviz.SpikeRaster(numpy.ones((3, 4)))",
    "spikeviz.PartitionExplorer().image", "import spikeviz.exercises; import spikeviz.lif", SOLVED,
]  # fmt: skip
IMPORTS = {  # after which lines, run one by one, which of what is watched is there
    "widgets": [
        *((code, HEAVY, "") for code in WIDGETS),
        ("spikeviz.NetworkWalk", {"torch"}, ""),
        ("spikeviz.EnergyExplorer().trace()", {"torch"}, ""),
    ],
    "torch": [
        ("from spikeatconv import LIF", TRAIN | {"norse", "matplotlib", "plotly", "pandas"}, ""),
        (LIBRARY, {"pandas", "norse", "matplotlib", "plotly"}, ""),
        ("import spikeatconv.training", {"accelerate", "kornia"}, ""),
        ("spikeviz.NetworkWalk()", {"torch", "matplotlib"}, "torch"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", IMPORTS)
def test_nothing_heavy_is_imported_before_it_is_needed(name):
    look = f"""import json, sys, spikeviz
seen = []
for code, watched, _ in {IMPORTS[name]}:
    exec(code)
    seen.append([code, " ".join(watched & {{*sys.modules}})])
print(json.dumps(seen))"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()  # above the last one, how far a widget is
    assert json.loads(lines[-1]) == [[code, found] for code, _, found in IMPORTS[name]]


@pytest.mark.parametrize("notebook", ["01_one_neuron", "02_spikes_in_time"])
def test_a_notebook_begins_without_torch(notebook):
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    look = f"{first}\nimport sys\nprint('torch' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_a_function_keeps_its_name_where_its_file_is_called_the_same():
    """`import spikeatconv.record` would put the file in the function's place."""
    look = """
import spikeatconv
from spikeatconv.record import Recording
from spikeatconv.expand import expand
assert spikeatconv.expand is expand and callable(spikeatconv.record), spikeatconv.record
assert spikeatconv.neuron.LIF is spikeatconv.LIF
assert set(spikeatconv.__all__) <= set(dir(spikeatconv))
try:
    spikeatconv.LIFF
except AttributeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "module 'spikeatconv' has no attribute 'LIFF'\n"
