"""Checkpoints: whole or not at all, the last few and the best, and only for the same training."""

import errno
import json
import os
import random
import runpy
import shutil
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import nn

import spikeatconv.training.checkpoint as checkpoint
from spikeatconv import load_weights, weights_note
from spikeatconv.images.picture import Fit
from spikeatconv.training import Augmentation, Checkpoints, train

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small, images = RUNS["small"], RUNS["images"]
RECIPE = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1, augmentation=Augmentation())


def run(folder, model=None, recipe=RECIPE, data=None, stop=None, **options):
    loop = train(
        model or small(),
        data or images(40, 16),
        images(30, 16),
        recipe,
        folder,
        cpu=True,
        **options,
    )
    metrics = []
    for found in loop:
        metrics.append(found)
        if found["step"] == stop:
            break
    loop.close()
    return metrics


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    run(folder, every=3)
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "copy")


def steps(folder):
    return [int(path.name[5:]) for path in Checkpoints(folder).all()]


def test_the_files_of_a_checkpoint(trained):
    path = Checkpoints(trained).last()
    assert path.name == "step-00000010"
    assert {p.name for p in path.iterdir()} == {
        "weights.safetensors", "training.safetensors", "state.json",
    }  # fmt: skip
    assert len({p.stat().st_mode for p in path.iterdir()}) == 1  # who reads one reads all
    state = json.loads((path / "state.json").read_text())
    assert state["step"] == state["metrics"]["step"] == 10
    assert state["about"]["recipe"]["learning_rate"] == 2e-3


def test_the_weights_are_those_that_were_tested(tmp_path):
    for recipe in (replace(RECIPE, ema=None), RECIPE):
        model = small()
        run(tmp_path / str(recipe.ema), model, recipe)
        path = Checkpoints(tmp_path / str(recipe.ema)).last() / "weights.safetensors"
        loaded = load_weights(path, model.config)
        assert weights_note(path)["step"] == 10
        x = images(30, 16).batch(list(range(30)))[0] / 255
        assert torch.equal(loaded(x), model.eval()(x))


def test_the_last_few_and_the_best_are_kept(tmp_path):
    training = checkpoint.Training(nn.Linear(2, 2), None, None, None, {})
    training.optimizer = torch.optim.AdamW(training.model.parameters())
    kept = Checkpoints(tmp_path / "run", keep=2)
    scores = {1: 0.5, 2: 0.9, 3: None, 4: 0.9, 5: 0.7, 6: 0.95, 7: None, 8: None, 9: 0.1}
    seen = []
    for step, score in scores.items():
        kept.save(training, step, {} if score is None else {"test_accuracy": score})
        seen.append(steps(tmp_path / "run"))
    assert seen == [[1], [1, 2], [2, 3], [2, 3, 4], [2, 4, 5], [5, 6], [6, 7], [6, 7, 8], [6, 8, 9]]
    assert kept.best().name == "step-00000006"
    assert kept.last().name == "step-00000009"
    assert {p.name for p in (tmp_path / "run").iterdir()} == {p.name for p in kept.all()}


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(run(None)) == 10
    assert Checkpoints(None).last() is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["fsync", "rename", "mkdir"])
def test_a_write_that_fails_at_any_point_leaves_whole_checkpoints(folder, monkeypatch, where):
    model = nn.Linear(2, 2)
    training = checkpoint.Training(model, torch.optim.AdamW(model.parameters()), None, None, {})
    owner = Path if where == "mkdir" else os
    for fail_at in range(9):
        real, calls = getattr(owner, where), []

        def failing(*arguments, fail_at=fail_at, real=real, calls=calls, **options):
            calls.append(arguments)
            if len(calls) > fail_at:
                raise OSError("No space left on device")
            return real(*arguments, **options)

        step = 100 + fail_at
        kept = Checkpoints(folder, keep=1)
        with monkeypatch.context() as patch:
            patch.setattr(owner, where, failing)
            try:
                kept.save(training, step, {})
            except OSError:
                done = False
            else:
                done = True
        assert all(not checkpoint.damage(path) for path in kept.all())
        assert kept.last() is not None
        if done:
            assert kept.last().name == f"step-{step:08}"
            break
    else:
        pytest.fail("never came through")


@pytest.mark.parametrize("name", ["weights", "training", "state"])
def test_a_full_disk_ends_the_training_with_what_is_left(tmp_path, monkeypatch, name):
    """The disk is full while that file of the second checkpoint is written, half of it."""
    whole, folder = run(tmp_path / "whole", every=3), tmp_path / "run"
    writes, real = [], {"save_weights": checkpoint.save_weights, "save_file": checkpoint.save_file}

    def full(path, write, error):
        write()
        writes.append(path)
        if path.name.startswith(name) and len(writes) > 3:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            raise error

    def save_weights(model, path, note):
        error = SafetensorError("I/O error: No space left on device (os error 28)")
        full(path, lambda: real["save_weights"](model, path, note), error)

    def save_file(tensors, path):
        error = SafetensorError("I/O error: No space left on device (os error 28)")
        full(path, lambda: real["save_file"](tensors, path), error)

    def write_whole(path, content):
        error = OSError(28, "No space left on device")
        full(path, lambda: path.write_bytes(content), error)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_weights", save_weights)
        patch.setattr(checkpoint, "save_file", save_file)
        patch.setattr(checkpoint, "write_whole", write_whole)
        with pytest.raises(OSError, match=r"step 5 cannot be written .*No space left.*step-00000003"
                           r" is whole. Make room"):  # fmt: skip
            run(folder, every=3)
    assert [path.name for path in folder.iterdir()] == ["step-00000003"]
    assert run(folder, small(seed=9), every=3) == whole[3:]


def test_a_checkpoint_gets_its_name_in_one_moment_once_it_is_on_the_disk(tmp_path, monkeypatch):
    synced, renamed = [], []
    rename, to_disk = os.rename, checkpoint.to_disk

    def watched(old, new):
        if old.name == ".draft":
            assert not checkpoint.damage(old)
            assert {old, *old.iterdir()} <= set(synced)
            assert not new.exists()
            renamed.append((new, len(synced)))
        rename(old, new)

    monkeypatch.setattr(os, "rename", watched)
    monkeypatch.setattr(checkpoint, "to_disk", lambda path: (to_disk(path), synced.append(path)))
    run(tmp_path / "run", every=5)
    assert [path.name for path, _ in renamed] == ["step-00000005", "step-00000010"]
    assert [synced[number] for _, number in renamed] == [tmp_path / "run"] * 2


def test_a_damaged_checkpoint_is_passed_over(folder):
    kept = Checkpoints(folder)
    newest = kept.last()
    for name in ("training.safetensors", "weights.safetensors", "state.json"):
        content = (newest / name).read_bytes()
        for bad in (content[:-1], b"", bytes([content[0] ^ 1]) + content[1:]):
            (newest / name).write_bytes(bad)
            with pytest.warns(UserWarning, match=r"step-00000010 is passed over: .*"):
                assert kept.last().name == "step-00000009"
        (newest / name).write_bytes(content)
    assert kept.last() == newest


def test_any_flipped_bit_is_noticed(folder):
    """Two or three of each byte of state.json, and some of the others, whose sums stand in it."""
    newest = Checkpoints(folder).last()
    state = newest / "state.json"
    content = state.read_bytes()
    for bit in range(0, 8 * len(content), 3):
        state.write_bytes(flipped(content, bit))
        with pytest.raises(ValueError, match=r"."):
            checkpoint.read(newest)
        if bit % 500 == 0:
            assert checkpoint.damage(newest)
    state.write_bytes(content)
    chance = random.Random(0)
    for name in ("training.safetensors", "weights.safetensors"):
        content = (newest / name).read_bytes()
        for bit in (
            0,
            8 * len(content) - 1,
            *(chance.randrange(8 * len(content)) for _ in range(15)),
        ):
            (newest / name).write_bytes(flipped(content, bit))
            assert checkpoint.damage(newest) == f"{name} is not what was written"
        (newest / name).write_bytes(content)
    assert checkpoint.damage(newest) == ""


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_damaged_best_is_passed_over(folder):
    best = Checkpoints(folder).best()
    content = (best / "weights.safetensors").read_bytes()
    (best / "weights.safetensors").write_bytes(flipped(content, 8000))
    with pytest.warns(UserWarning, match=f"{best.name} is passed over"):
        assert Checkpoints(folder).best() != best


def test_a_checkpoint_of_a_former_version_goes_on(folder):
    """Its state.json has no checksum of its own, and no way; and it lacks what came later."""
    newest = Checkpoints(folder).last()
    state = json.loads((newest / "state.json").read_text())
    del state["sha256"], state["way"]
    (newest / "state.json").write_text(json.dumps(state, indent=1))
    assert Checkpoints(folder).last() == newest
    assert run(folder) == []
    about = state["about"]
    checkpoint.refuse_another(newest, about, {**about, "what came later": {"size": 32}})
    now = {**about, "prepared": asdict(Fit(16))}
    then = deepcopy(now)
    for name in ("drop_path", "repeats", "min_learning_rate", "test_crop", "interpolation",
                 "distill", "temperature"):  # fmt: skip
        del then["recipe"][name]
    del then["prepared"]["interpolation"], then["recipe"]["augmentation"]["rand_augment"]
    checkpoint.refuse_another(newest, then, now)
    now["prepared"]["interpolation"] = "bicubic"
    with pytest.raises(ValueError, match=r"prepared.interpolation is 'bilinear' in .* 'bicubic'"):
        checkpoint.refuse_another(newest, then, now)


def test_another_way_of_computing_is_told(tmp_path):
    run(tmp_path / "run", stop=3)
    told = r"precision was no and is bf16 now; accumulate was 1 and is 2 now: the training goes on"
    with pytest.warns(UserWarning, match=told):
        assert run(tmp_path / "run", stop=4, precision="bf16", accumulate=2)[0]["step"] == 4
    assert run(tmp_path / "run", stop=5, precision="bf16", accumulate=2)[0]["step"] == 5


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("ENOSPC", "Make room"),
        ("EROFS", "mounted for reading alone: take another folder"),
        ("EACCES", "You may not write there: take another folder"),
        ("EIO", "has a fault"),
        ("ENOTDIR", "A file stands where a folder should be"),
    ],
)
def test_each_error_of_a_disk_has_its_mend(tmp_path, monkeypatch, number, told):
    def failing(path):
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)), str(path))

    monkeypatch.setattr(checkpoint, "to_disk", failing)
    with pytest.raises(OSError, match=f"step 5 cannot be written .*There is none.*{told}"):
        run(tmp_path / "run")


def test_a_damaged_checkpoint_is_written_again(folder):
    newest = Checkpoints(folder).last()
    content = (newest / "weights.safetensors").read_bytes()
    (newest / "weights.safetensors").write_bytes(content[:-1])
    with pytest.warns(UserWarning, match="is passed over"):
        assert [metrics["step"] for metrics in run(folder)] == [10]
    assert Checkpoints(folder).last() == newest
    assert (newest / "weights.safetensors").read_bytes() == content


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_where_no_checkpoint_is_whole_nothing_begins_anew(folder):
    for path in Checkpoints(folder).all():
        (path / "weights.safetensors").write_bytes(b"")
    before = contents(folder)
    told = r"no checkpoint in .* is whole \(step-00000010: weights.*another folder"
    with pytest.warns(UserWarning, match="passed over"), pytest.raises(ValueError, match=told):
        run(folder)
    assert contents(folder) == before


def test_what_may_not_be_read_is_not_taken_for_damaged(folder, monkeypatch):
    """It may be whole, so nothing is written over it."""

    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(checkpoint, "digest", refused)
    before = contents(folder)
    with pytest.raises(PermissionError, match="step-00000010 may not be read; change"):
        run(folder)
    assert contents(folder) == before


def test_a_copy_under_another_name_is_no_checkpoint_and_stays(folder):
    copies = [folder / f"step-{name}" for name in ("00000010.bak", "00000010 (2)", "old")]
    for copy in copies:
        shutil.copytree(folder / "step-00000010", copy)
    assert Checkpoints(folder).last().name == "step-00000010"
    shutil.rmtree(folder / "step-00000010")
    run(folder, keep=1)
    assert all(copy.is_dir() for copy in copies)


@pytest.mark.parametrize(
    "content", [b"[]", b"1", b"null", b"[" * 200_000, b'{"files": 1}', b"{}", b"\xff"]
)
def test_a_state_that_is_none_is_damaged(folder, content):
    newest = Checkpoints(folder).last()
    (newest / "state.json").write_bytes(content)
    assert checkpoint.damage(newest)
    assert checkpoint.accuracy(newest) == -1


def test_what_a_killed_process_left_is_no_checkpoint(folder):
    shutil.copytree(folder / "step-00000010", folder / ".draft")
    shutil.copytree(folder / "step-00000010", folder / ".old")
    before = steps(folder)
    assert run(folder) == []
    assert steps(folder) == before


def test_a_finished_training_yields_nothing_more_and_loads_its_weights(folder):
    model = small(seed=5)
    assert run(folder, model) == []
    loaded = load_weights(Checkpoints(folder).last() / "weights.safetensors")
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.parameters(), model.parameters(), strict=True)
    )


@pytest.mark.parametrize("stop", [1, 5, 7])
def test_a_break_saves_and_the_same_line_goes_on(tmp_path, stop):
    whole = run(tmp_path / "whole")
    begun = run(tmp_path / "parts", stop=stop)
    assert steps(tmp_path / "parts")[-1] == stop
    assert begun + run(tmp_path / "parts", small(seed=9)) == whole  # its own weights do not count


def test_another_training_is_refused_by_name(folder):
    before = steps(folder)
    recipe = replace(RECIPE, learning_rate=0.5, augmentation=Augmentation(flip=True))
    with pytest.raises(
        ValueError, match=r"recipe.learning_rate is 0.002 in the checkpoint and 0.5"
    ):
        run(folder, recipe=recipe)
    with pytest.raises(ValueError, match=r"augmentation.flip is False in .* and True now.*another"):
        run(folder, recipe=recipe)
    with pytest.raises(ValueError, match=r"data.images is 40 in the checkpoint and 48 now"):
        run(folder, data=images(48, 16))
    with pytest.raises(ValueError, match=r"spk is 'sl' in the file and 'rl' in config"):
        run(folder, small(spk="rl"))
    with pytest.raises(ValueError, match=r"model is 'SpikeAtConv' in the checkpoint and 'Lin"):
        run(folder, nn.Linear(3, 3))
    assert steps(folder) == before


def test_a_network_of_the_students_own(tmp_path):
    def own(seed):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.BatchNorm1d(8), nn.Linear(8, 7))

    whole = run(tmp_path / "whole", own(0))
    begun = run(tmp_path / "parts", own(0), stop=4)
    assert begun + run(tmp_path / "parts", own(1)) == whole


def test_no_pickles(trained):
    for path in trained.rglob("*.safetensors"):
        assert path.read_bytes()[8:9] == b"{"
    assert sum(p.stat().st_size for p in trained.rglob("*")) < 2**20
