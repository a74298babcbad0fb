"""How far is an exported network from PyTorch, and what does writing it take?

    python studies/export.py        writes results/export.json, file by file

The networks that ship for digits, as `spikeatconv export FILE --images 1000` writes them, checked
on all test digits. Seconds are those of the CPU, writing and checking together.
"""

import tempfile
import time
from pathlib import Path

import digits
import torch

from spikeatconv.command.export import export
from spikeatconv.command.trained import load

NETWORKS, ENDINGS = ("micro_digits", "micro_sl_digits", "micro_bdsa_digits"), (".onnx", ".pt2")


def main() -> None:
    torch.set_num_threads(1)
    _, (images, _) = digits.digits()
    files: list[dict] = []
    for ending in ENDINGS:
        for name in NETWORKS:
            begin = time.process_time()
            with tempfile.TemporaryDirectory() as folder:
                found = export(load(name), images, Path(folder) / f"net{ending}")
            row = {"network": name, "ending": ending, **found}
            files.append({**row, "seconds": time.process_time() - begin})
            results = {"images": len(images), "files": files}
            digits.report.write("export", results, ("torch", "onnxruntime"), digits.RESULTS)


if __name__ == "__main__":
    main()
