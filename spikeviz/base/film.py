"""A widget's film as a file: a browser without a window draws its saved page, and hands it back."""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tqdm import tqdm

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
    "microsoft-edge", "brave-browser",
)  # fmt: skip
MACS = ("Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser")  # applications
FOLDERS = [Path("/Applications"), Path.home() / "Applications"]  # of them
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe",
           "Chromium/Application/chrome.exe")  # fmt: skip
OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-sync",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--hide-scrollbars", "--window-size=1100,900", "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip
PATIENCE = 300  # seconds for the whole film
# The browser prints the page when it has loaded, which a frame within it holds back.
HOLD = """
const held = document.body.appendChild(document.createElement("iframe"));
held.hidden = true;
held.contentDocument.open();
for (const fault of ["error", "unhandledrejection"])
  addEventListener(fault, () => held.contentDocument.close());
"""
SHOOT = """
await new Promise((done) => setTimeout(done, 700)); // what it reads, a photograph, is there
const film = document.querySelector(".spikeviz").film;
const bytes = await film?.((share) => console.info(`film ${Math.round(100 * share)} %`));
const told = document.createElement("pre");
told.id = "film";
told.textContent = bytes ? await new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(new Blob([bytes]));
}) : "none";
document.body.append(told);
held.contentDocument.close();
"""


class NoFilmError(RuntimeError):
    """No film could be made; the message says what else to do."""


def find_browser() -> str | None:
    """A Chromium, Chrome or Edge of this machine, or None."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [Path(root) / path for root in roots if root for path in WINDOWS]
    for folder in FOLDERS:
        places += [folder / f"{name}.app" / "Contents" / "MacOS" / name for name in MACS]
    return next((str(path) for path in places if path.is_file()), None)


def shoot(page: Path, name: str) -> bytes:
    """The GIF of a saved page that ends in SHOOT. name: of the widget. Raises NoFilmError."""
    button = f"open {name} in a notebook or a saved page and press its button “Save film”"
    browser = find_browser()
    if browser is None:
        raise NoFilmError(
            "to_gif draws with a Chromium, Chrome or Edge, and none was found on this machine; "
            f"install one, or {button}"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        said = _run([browser, *OPTIONS, f"--user-data-dir={own}", *_as_root(), page.as_uri()], name)
    found = re.search(r'<pre id="film">(?:data:[^,]*,([\w+/=]+)|none)</pre>', said)
    if found is None:
        raise NoFilmError(f"{browser} gave no film of {name}; {button}")
    if found[1] is None:
        raise NoFilmError(f"{name} has no film, since nothing in it plays; use save_html instead")
    return base64.b64decode(found[1])


def _as_root() -> list[str]:
    """In a container a browser runs as root, and only without its sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _run(command: list[str], name: str) -> str:
    """What the browser prints, with a bar of the film's progress while it works."""
    bar = tqdm(total=100, desc=f"{name}: film", delay=2, leave=False, file=sys.stdout,
               bar_format="{desc}, {percentage:.0f} %")  # fmt: skip
    with (
        bar,
        tempfile.TemporaryFile() as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE) as browser,
    ):
        alarm = threading.Timer(PATIENCE, browser.kill)
        alarm.start()
        try:
            for line in browser.stderr or ():
                if share := re.search(rb'"film (\d+) %"', line):
                    bar.update(int(share[1]) - bar.n)
        finally:
            alarm.cancel()
            browser.kill()
        output.seek(0)
        return output.read().decode(errors="replace")
