"""Films of widgets: a looping GIF whose frames are what the page shows, by button and by Python."""

import base64
import io
import os
import stat
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageSequence, ImageStat

import spikeviz
from spikeviz.base import film, widget
from spikeviz.base.film import SHOOT, NoFilmError
from spikeviz.base.front_end import PACKAGE
from spikeviz.gallery import explorers

EDGE = 12  # around the stage, as film.js has it
FOLDERS = {cls: PACKAGE / cls._folder for cls in explorers()}
PLAYING = [cls for cls, folder in FOLDERS.items() if any(
    "{ player: " in file.read_text(encoding="utf-8") for file in folder.glob("*.js"))
]  # fmt: skip
FILM = """async () => {
    const { film } = document.querySelector(".spikeviz");
    const bytes = await film((share) => window.shot(share), undefined, { fps: 1 });
    const reader = new FileReader();
    return new Promise((done) => {
        reader.onload = () => done(reader.result.split(",")[1]);
        reader.readAsDataURL(new Blob([bytes]));
    });
}"""
UNFILMED = """.sv-dragline, .sv-handle:not(canvas), .sv-control *, .spikeviz :is(
    button:not(:has(*)), select, input, label, .sv-control, .sv-ask
) { visibility: hidden !important }"""
STAGE = "() => document.querySelector('.spikeviz').film.stage"


@pytest.fixture
def opened(new_page, tmp_path, pages):
    """opened(cls, color_scheme, **traits): its saved page, drawn."""

    def open_saved(cls, color_scheme="light", **traits):
        page = new_page(offline=True, width=500, color_scheme=color_scheme)
        file = pages(cls)
        if traits:
            widget = cls(**traits)
            file = widget.save_html(tmp_path / "widget.html")
            widget.close()
        page.goto(file.as_uri())
        page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
        page.wait_for_timeout(300)
        page.locator(".spikeviz").press("Shift")  # a pass that plays by itself ends
        return page

    return open_saved


def frames_of(raw):
    """The frames of a GIF and how long each stays, in ms; it has to loop for ever."""
    picture = Image.open(io.BytesIO(raw))
    assert picture.info["loop"] == 0
    return [(frame.convert("RGB"), frame.info["duration"])
            for frame in ImageSequence.Iterator(picture)]  # fmt: skip


def far(frame, shot):
    """The mean difference, 0 to 255, of a frame and a screenshot of the stage."""
    ratio = frame.width / (shot.width + 2 * EDGE)
    box = [round(ratio * side) for side in (EDGE, EDGE, EDGE + shot.width, EDGE + shot.height)]
    inside = frame.crop(box).resize(shot.size, Image.BOX)
    return np.mean(ImageStat.Stat(ImageChops.difference(inside, shot)).mean)


DARK = [spikeviz.LIFExplorer, spikeviz.NetworkWalk, spikeviz.PartitionExplorer]


@pytest.mark.parametrize(
    ("cls", "scheme"),
    [(cls, "dark" if cls in DARK else "light") for cls in PLAYING],
    ids=lambda of: getattr(of, "__name__", of),
)
def test_a_film_shows_what_the_page_shows(cls, scheme, opened):
    moving = {
        "SurrogateExplorer": {"surrogate_on": True},
        "AblationExplorer": {"looked": ["SPK block"]},
        "SeedMachine": {"draws": 12},
    }
    page = opened(cls, scheme, **moving.get(cls.__name__, {}))
    stage, shots = page.evaluate_handle(STAGE).as_element(), {}

    def shoot(share):
        if share >= len(shots) / 2:  # the first, one in the middle, the last
            png = stage.screenshot(style=UNFILMED)
            shots[share] = Image.open(io.BytesIO(png)).convert("RGB")

    page.expose_function("shot", shoot)
    before = page.evaluate("document.querySelector('.spikeviz').innerText")
    frames = frames_of(base64.b64decode(page.evaluate(FILM)))
    assert page.evaluate("document.querySelector('.spikeviz').innerText") == before
    assert len(shots) == 3
    assert 2 < len(frames) <= 251
    for (one, _), (next_one, _) in pairwise(frames):
        assert one.tobytes() != next_one.tobytes()
    (first, _), (last, stays) = frames[0], frames[-1]
    begins, middle, ends = shots.values()
    assert far(first, begins) < 4
    assert far(last, ends) < 4
    assert any(far(frame, middle) < 4 for frame, _ in frames)
    assert any(far(frame, begins) > far(first, begins) for frame, _ in frames[1:])
    assert stays > 1500  # more, where nothing changes before the end
    assert 1 < sum(time for _, time in frames) / 1000 < 30


def test_the_button_saves_the_film_and_cancels_it(opened):
    page = opened(spikeviz.SeedMachine, draws=2)  # the shortest film
    button = page.get_by_role("button", name="Save film")
    button.click()
    page.get_by_role("progressbar", name="Making the film").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.locator(".sv-told").get_by_text("Cancelled.").wait_for()
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "SeedMachine.gif"
    assert frames_of(download.value.path().read_bytes())
    page.locator(".sv-told").get_by_text("SeedMachine.gif, ").wait_for()


# ---------------------------------------------------------------- from Python


@pytest.fixture
def explorer(browser):  # a machine that has one
    made = spikeviz.SeedMachine(draws=2)
    yield made
    made.close()


def test_python_writes_the_film_of_the_widget_as_it_stands(explorer, tmp_path, monkeypatch):
    path = explorer.to_gif(str(tmp_path / "a film.gif"))
    assert path == tmp_path / "a film.gif"
    assert list(tmp_path.iterdir()) == [path]
    assert len(frames_of(path.read_bytes())) > 2
    explorer.chance = 1
    monkeypatch.setattr(widget, "shoot", lambda page, name: page.read_bytes())  # what is filmed
    assert b'"chance": 1' in explorer.to_gif(path).read_bytes()  # in place of the first


def test_where_no_film_can_be_made_nothing_is_written(explorer, tmp_path, monkeypatch):
    with monkeypatch.context() as its:
        its.setattr(widget, "SHOOT", SHOOT.replace(".film;", ".none;"))  # as if it had no player
        with pytest.raises(NoFilmError, match="SeedMachine has no film, since nothing in it"):
            explorer.to_gif(tmp_path / "a.gif")
    monkeypatch.setattr(film, "find_browser", lambda: None)
    with pytest.raises(NoFilmError, match=r"none was found.*install one, or open SeedMachine .*"
                       "press its button “Save film”"):  # fmt: skip
        explorer.to_gif(tmp_path / "a.gif")
    monkeypatch.setattr(film, "find_browser", lambda: "true")  # it prints nothing
    with pytest.raises(NoFilmError, match="true gave no film of SeedMachine; open"):
        explorer.to_gif(tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_a_film_goes_only_where_a_file_may(tmp_path):
    explorer = spikeviz.EventExplorer()
    with pytest.raises(FileNotFoundError, match="is not a folder; make it, then save again"):
        explorer.to_gif(tmp_path / "none" / "a.gif")
    with pytest.raises(
        IsADirectoryError, match=r"is a folder; name a file in it, such as lif\.gif"
    ):
        explorer.to_gif(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="is a pipe or a device; give the name of a file"):
            explorer.to_gif(tmp_path / "pipe")
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    explorer.close()


@pytest.mark.parametrize(
    ("root", "place"),
    [
        ("PROGRAMFILES", "Google/Chrome/Application/chrome.exe"),
        ("PROGRAMFILES(X86)", "Microsoft/Edge/Application/msedge.exe"),
        ("LOCALAPPDATA", "Chromium/Application/chrome.exe"),
        ("HOME", "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    ],
)
def test_a_browser_is_found_where_windows_and_macos_keep_it(root, place, tmp_path, monkeypatch):
    monkeypatch.setattr(film.shutil, "which", lambda _: None)
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(film, "FOLDERS", [tmp_path / "Applications"])
    assert film.find_browser() is None
    monkeypatch.setenv(root, str(tmp_path))
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).touch()
    assert film.find_browser() == str(tmp_path / place)
