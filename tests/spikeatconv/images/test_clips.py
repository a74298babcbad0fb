"""Events over time: what a network sees of them, by hand; from an npz through the whole program."""

import json
import re

import numpy as np
import pytest
import torch

from spikeatconv.command import own
from spikeatconv.command.cli import main
from spikeatconv.events import all_clips, draw_clips
from spikeatconv.images.clips import EventFit
from spikeatconv.images.sources import open_data
from spikeatconv.images.split import open_parts
from spikeatconv.training import Augment, Augmentation, InMemory

T, SIDE = 6, 16
GEOMETRY = Augmentation(flip=True, rotation=40, shear=20, shift=0.2, scale=0.3, erasing=0.5)


def stored(count, steps=T, channels=2, side=SIDE, seed=0):
    """Clips `[N, T, C, H, W]` in which a bar moves right (class 0) or left."""
    shape = (count, steps, channels, side, side)
    clips = np.random.default_rng(seed).integers(0, 2, shape, np.uint8)
    labels = np.arange(count) % 2
    for clip, label in zip(clips, labels, strict=True):
        for t, column in enumerate(np.linspace(0, side - 1, steps).round().astype(int)):
            clip[t, ..., column if label == 0 else side - 1 - column] += 9
    return clips, labels


def save(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, (images, labels) in files.items():
        np.savez_compressed(folder / f"{name}.npz", images=images, labels=labels)
    return folder


# --- what a clip becomes


def test_a_clip_becomes_sums_of_frames_of_squares_within_a_border():
    clip = np.zeros((4, 1, 5, 3), np.uint8)
    clip[:, 0, 0, 0] = 200, 200, 1, 2  # in two frames more than a byte
    clip[1, 0, 4, 2] = 3
    as_it_is = EventFit(5, 1, 4)(clip)
    assert as_it_is.shape == (4, 1, 5, 5)
    assert torch.equal(as_it_is[:, 0, :, 1:4], torch.from_numpy(clip)[:, 0].float())
    assert as_it_is.sum() == clip.sum()  # and nothing in the border of a column to either side
    assert EventFit(5, 1, 2)(clip)[:, 0, 0, 1].tolist() == [400, 3]
    small = EventFit(3, 1, 1)(clip)  # 2 × 2 pixels are one; rows and columns begin at −0 and −1
    assert small.tolist() == [[[[403, 0, 0], [0, 0, 0], [0, 3, 0]]]]


def test_all_frames_at_once_are_what_the_camera_counts_in_one(tmp_path):
    one, _ = open_data("events", 32, time_steps=1)
    every, test = open_data("events", 32)
    (summed, labels), (frames, same) = (data.batch([3, 5, 8]) for data in (one, every))
    assert summed.shape == (1, 3, 2, 32, 32)
    assert torch.equal(summed[0], frames.sum(0))
    assert torch.equal(labels, same)
    assert every.classes == ("right", "left", "down", "up")
    clips, ways = test.batch(range(8))
    assert ways.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    for bright, dark in ((0, 3), (1, 2), (4, 7), (5, 6)):  # opposite ways, opposite shades
        assert torch.equal(clips[:, bright], clips[:, dark].flip(0))


def test_bright_digits_alone_have_other_clips():
    digits = torch.rand(6, 1, 28, 28)
    clips, ways = all_clips(digits, bright=True)
    assert (clips.shape, ways.tolist()) == ((4, 24, 2, 32, 32), [0, 1, 2, 3] * 6)
    every, drawn = draw_clips(digits, 5, bright=True)
    assert torch.equal(
        every, torch.stack([clips[:, 4 * i + way] for i, way in enumerate(drawn)], 1)
    )


@pytest.mark.parametrize("channels", [1, 2])
def test_what_happens_to_a_clip_is_the_same_in_all_its_frames(channels):
    """Frames that were alike stay alike, and are not what they were."""
    still = torch.rand(1, 8, 1, 20, 20).expand(5, 8, channels, 20, 20)
    mixed = {"crop": 0.3, "mixup": 0.8, "cutmix": 1.0}
    for seed, augmentation in enumerate((GEOMETRY, Augmentation(**mixed), Augmentation(cutmix=1))):
        torch.manual_seed(seed)
        moved, targets = Augment(augmentation, 20, 3)(still, torch.arange(8) % 3)
        assert moved.shape == still.shape
        assert (moved - moved[:1, :, :1]).abs().max() < 1e-6
        assert (moved - still).abs().amax((0, 2, 3, 4)).gt(0.1).float().mean() > 0.3
        assert len(targets) == 8
    with pytest.raises(ValueError, match="change colours, and events have none"):
        Augment(Augmentation(rand_augment=9), 20, 3)(still, torch.arange(8) % 3)


def test_events_in_memory_are_counts_after_their_frames():
    frames = torch.randint(9, (3, 5, 2, 8, 8), dtype=torch.uint8)
    data = InMemory(frames, torch.arange(5))
    assert len(data) == 5
    images, labels = data.batch([4, 0])
    assert torch.equal(images, frames[:, [4, 0]].float())
    assert labels.tolist() == [4, 0]
    with pytest.raises(ValueError, match="for each of the 5 images"):
        InMemory(frames, torch.arange(3))


# --- from files


def test_own_takes_size_and_mirroring_from_events(tmp_path):
    """Mirrored, a bar that moves right moves left; the size grows to a multiple of 4."""
    clips, labels = stored(60, side=18)
    folder = save(tmp_path / "data", train=(clips, labels))
    seen = own.look(open_parts(folder, 32, share=0.15).train)
    assert (seen.events, seen.side, seen.known) == (True, 18, 1.0)
    assert seen.mirrored < 0.1
    settings = {"recipe": {}, "augmentation": {}, "model": {}}
    own.decide(seen, 51, settings)
    assert settings["recipe"]["image_size"] == 20
    assert settings["augmentation"]["flip"] is False
    assert settings["model"] == {}  # T and C come with the events, whatever the recipe


def test_files_that_do_not_fit_together_are_named(tmp_path):
    clips, labels = stored(4)
    for name, other in (("pictures", clips[:, 0, :1]), ("steps", clips[:, 1:])):
        folder = save(tmp_path / name, train=(clips, labels), test=(other, labels))
        with pytest.raises(ValueError, match=r"T and C differ from file to file: .*\(6, 2\)"):
            open_data(folder, SIDE)
    folder = save(tmp_path / "floats", train=(clips.astype(float), labels), test=(clips, labels))
    with pytest.raises(ValueError, match=r"or events over time \[N, T, C, H, W\] of uint8"):
        open_data(folder, SIDE)


def test_events_from_an_npz_to_a_trained_network(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    save(tmp_path / "data", train=stored(40), test=stored(10, seed=1))
    small = ["widths=8", "depths=1", "head_width=8", "partition_size=2", "spk=sl", "batch=8",
             "epochs=2"]  # fmt: skip
    train = ["train", "--data", "data", *(word for key in small for word in ("--set", key))]

    model = ("--model", "runs/own-micro")

    def typed(*words):
        status = main([*words])
        out, err = capsys.readouterr()
        return status, out + err

    def evaluate(**files):
        return typed("evaluate", *model, str(save(tmp_path / "other", **files)))

    assert "T = 6 frames of 2 channels" in typed("data", "check", "data")[1]
    for wrong in ("time_steps=4", "in_channels=3", "test_crop=0.9"):
        status, out = typed(*train, "--set", wrong, "--estimate")
        assert status == 2, out
        assert wrong.split("=")[0] in out
        assert "and the events" in out
    status, out = typed(*train)
    assert status == 0
    for line in ("6 × 2 × 16 × 16", "time_steps=6", "in_channels=2", "flip=false", "asked once"):
        assert line in out
    status, out = typed("evaluate", *model, "--out", "report")
    assert status == 0
    scores = json.loads((tmp_path / "report/scores.json").read_text())
    assert scores["images"] == 10
    assert (tmp_path / "report/worst.png").stat().st_size > 1000
    assert "mJ a frame without spikes" in typed("energy", *model)[1]
    taught = ["--teacher", "runs/own-micro", "--set", "repeats=2", "--folder", "runs/taught"]
    assert typed(*train, *taught, "--set", "epochs=1", "--set", "batch=20")[0] == 0
    status, out = typed(*train, *taught[:-1], "runs/short", "--set", "time_steps=3", "--estimate")
    assert status == 2
    assert "these have 3 time steps and time_steps is 6" in out
    assert evaluate(test=stored(10, 12, seed=1), train=stored(2, 12))[0] == 0  # two by two
    for files, said in (
        (stored(4, 5), "time_steps is 6 and the events come in 5 frames"),
        (stored(4, channels=1), "takes events over time in 2 channels, and the data are events"),
        ((stored(4)[0][:, 0, :1], [0, 1] * 2), "takes events over time in 2 channels, .*pictures"),
    ):
        status, out = evaluate(train=files, test=files)
        assert status == 1
        assert re.search(said, out), out
    status, out = typed("predict", *model, "report/worst.png", "--csv", "a.csv")
    assert status == 1
    assert "which no picture shows; ask it about clips in npz files by `evaluate" in out
    assert typed("evaluate", "--data", "data")[1].count("takes pictures, and the data are events")
