"""The C code of this folder, compiled once by the system's C compiler, then cached."""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch

SOURCES = tuple(Path(__file__).with_name(name) for name in ("lif.c", "depthwise.c"))
FLAGS: tuple[str, ...] = (
    "-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno",
    "-fno-trapping-math",  # else gcc uses no vectors for what hangs on h >= threshold on AVX2
    "-fopenmp-simd", "-fPIC", "-shared",
)  # fmt: skip
if platform.machine() in ("x86_64", "AMD64"):
    FLAGS += ("-mprefer-vector-width=512",)  # the widest registers, where the CPU has them
log = logging.getLogger("spikeatconv")


@cache
def load_library() -> ctypes.CDLL | None:
    """What SOURCES define, compiled for this machine's CPU; None, and a line in the log, if that
    fails."""
    compiler = os.environ.get("CC") or next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if compiler is None or sys.platform == "win32":
        log.info("no C compiler (cc, gcc, clang): LIF neurons run eagerly, with the same spikes")
        return None
    try:
        code = [source.read_bytes() for source in SOURCES]
        key = (code, compiler, FLAGS, platform.machine(), _cpu(), torch.__version__)
        stem = f"fast-{_hash(repr(key).encode())}"
        path = _find(stem)
        if path is None:
            print("spikeatconv: compiling its C code, once, about a second", file=sys.stderr)
            path = _compile(compiler.split(), stem)
        found = ctypes.CDLL(str(path))
        found.lif_forward, found.lif_backward, found.depthwise_weights  # noqa: B018  all are there
        return found
    except (OSError, RuntimeError, AttributeError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error  # RuntimeError: there is no home folder
        log.info("C code did not compile, LIFs run eagerly, with the same spikes: %s", detail)
        return None


def _find(stem: str) -> Path | None:
    """The compiled file of that stem, whose name ends with the digest of its content: to load a
    damaged one would end the process."""
    for path in _cache_folder().glob(f"{stem}-*.so"):
        if path.stem == f"{stem}-{_hash(path.read_bytes())}":
            return path
        path.unlink(missing_ok=True)
    return None


def _compile(compiler: list[str], stem: str) -> Path:
    """Compiles SOURCES, complete or not at all; without OpenMP where there is none."""
    folder = _cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as spare:
        draft = Path(spare) / "fast.so"
        command = [*compiler, *FLAGS, *map(str, SOURCES), "-o", str(draft), "-lm"]
        options = {"check": True, "capture_output": True, "text": True, "timeout": 120}
        try:
            subprocess.run([*command, "-fopenmp"], **options)  # type: ignore[call-overload]
        except subprocess.CalledProcessError:
            subprocess.run(command, **options)  # type: ignore[call-overload]
        path = folder / f"{stem}-{_hash(draft.read_bytes())}.so"
        os.replace(draft, path)
    return path


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spikeatconv"


def _cpu() -> str:
    """What the CPU can do: a home folder may be shared by machines that differ."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        return platform.processor()
