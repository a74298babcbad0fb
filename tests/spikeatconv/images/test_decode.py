"""Pictures are opened in one place, which starts no program and refuses what is too large."""

import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spikeatconv import shipped
from spikeatconv.images import FORMATS, MOST_PIXELS, SUFFIXES, image_in, open_image

ROOT = Path(__file__).resolve().parents[3]
CODE = (".py", ".ipynb")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_is_of_a_format_that_is_read(tmp_path, suffix):
    Image.init()
    known = {".jfif": "JPEG", ".jpe": "JPEG"}.get(suffix) or Image.registered_extensions()[suffix]
    assert known in FORMATS
    path = tmp_path / f"a{suffix}"
    Image.new("L", (3, 2), 7).convert("1" if suffix == ".pbm" else "L").save(path, known)
    assert open_image(path).size == image_in(path.read_bytes()).size == (3, 2)


def test_a_picture_comes_upright(tmp_path):
    """Orientation 6: to be shown, it takes a quarter turn clockwise."""
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    assert np.asarray(open_image(tmp_path / "a.png")).tolist() == [[3, 0], [4, 1], [5, 2]]


def bomb(width, height):
    """A PNG whose header tells a size and which holds no pixel."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000, 2**30])
def test_too_many_pixels_are_refused_by_the_header(tmp_path, side):
    """9,000² is more than ours, 12,000² more than Pillow warns of, 20,000² than it takes."""
    assert side**2 > MOST_PIXELS
    (tmp_path / "large.png").write_bytes(bomb(side, side))
    with pytest.raises(
        ValueError,
        match=r"large\.png cannot be read as an image: .*80,000,000[^;]*; make it smaller$",
    ):
        open_image(tmp_path / "large.png")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot identify it as PNG, JPEG"),
        (b"<html>404</html>", "cannot identify it as PNG, JPEG"),
        (bomb(8, 8), "truncated"),
        (shipped("photo.jpg").read_bytes()[:5000], "truncated"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, told):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=rf"a\.png cannot be read as an image: .*{told}.*; give a whole pic"
    ) as caught:
        open_image(path)
    assert "BytesIO" not in str(caught.value)
    assert "BufferedReader" not in str(caught.value)


def test_what_is_no_file_is_told_and_never_waited_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="none: there is no such file; check the path"):
        open_image(tmp_path / "none")
    with pytest.raises(ValueError, match="it is no regular file"):
        open_image(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        with pytest.raises(ValueError, match="it is no regular file"):
            open_image(tmp_path / "pipe.png")


# --- no other program


@pytest.fixture
def postscript(tmp_path, monkeypatch):
    """(a picture in PostScript called a.png, the trace that a started gs would leave)."""
    gs = tmp_path / "bin" / "gs"
    gs.parent.mkdir()
    gs.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    gs.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gs.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)  # what Pillow remembers of an earlier
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png", "EPS")
    return tmp_path / "a.png", tmp_path / "started"


def in_a_folder(path, folder):
    from spikeatconv.training import open_data

    for split in ("train", "test"):
        for name in ("one", "two"):
            (folder / "data" / split / name).mkdir(parents=True)
            (folder / "data" / split / name / "a.png").write_bytes(path.read_bytes())
    assert all(data.check() for data in open_data(folder / "data", 8, faults="skip"))


def in_a_table(path, folder):
    import datasets

    from spikeatconv.training import open_data, stream

    features = datasets.Features({
        "image": datasets.Image(), "label": datasets.ClassLabel(names=["one", "two"]),
    })  # fmt: skip
    cells = [{"bytes": path.read_bytes(), "path": "a.png"}] * 2
    made = datasets.Dataset.from_dict({"image": cells, "label": [0, 1]}, features)
    for split in ("train", "test"):
        made.to_parquet(folder / f"{split}.parquet")
    assert all(data.check() for data in open_data(folder, 8, faults="skip"))
    with pytest.raises(ValueError, match="cannot identify"):
        next(stream(folder, 8)[0].batches(1))


def by_predict(path, folder):
    from spikeatconv.cli import main

    assert main(["predict", str(path)]) == 1


def in_the_partition_explorer(path, folder):
    from spikeviz import PartitionExplorer

    with pytest.raises(Exception, match="image"):
        PartitionExplorer(image=path)
    with pytest.raises(Exception, match="image"):
        PartitionExplorer(image=path.read_bytes())


@pytest.mark.skipif(os.name != "posix", reason="a program of one line of shell")
@pytest.mark.parametrize("read", [in_a_folder, in_a_table, by_predict, in_the_partition_explorer])
def test_postscript_under_another_name_starts_nothing(postscript, tmp_path, read):
    path, trace = postscript
    read(path, tmp_path)
    assert not trace.exists()


@pytest.mark.skipif(os.name != "posix", reason="a program of one line of shell")
def test_left_alone_pillow_would_start_it(postscript):
    path, trace = postscript
    with Image.open(path) as image, pytest.raises(OSError, match=r"gs|cannot|pixel|file"):
        image.load()
    assert trace.exists()


def test_nothing_else_opens_a_picture():
    """Not in the packages, the scripts, the studies, the notebooks."""
    folders = ("spikeatconv", "spikeviz", "data", "studies", "benchmarks", "notebooks")
    files = [f for folder in folders for f in (ROOT / folder).rglob("*.*") if f.suffix in CODE]
    opens = re.compile(r"\bImage\.open\(|decode_example|\bimread\(|Image\(decode=True")
    found = [f.name for f in files if opens.search(f.read_text(encoding="utf-8"))]
    assert found == ["decode.py"]
