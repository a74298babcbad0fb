"""The loop against a plain one written by hand, and what it does when something goes wrong."""

import contextlib
import copy
import functools
import itertools
import json
import math
import re
import runpy
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from spikeatconv import training
from spikeatconv.training import (
    RECIPES,
    Augment,
    Augmentation,
    Checkpoints,
    InMemory,
    digits,
    order_of,
    seed_of,
    train,
)
from spikeviz import TrainingMonitor

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small, images = RUNS["small"], RUNS["images"]
FULL = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1)
PLAIN = replace(FULL, augmentation=Augmentation(), ema=None)
TEST = images(30, 16)


def trained(model, recipe, data=None, test=TEST, **options):
    return list(
        train(model, images(44) if data is None else data, test, recipe, cpu=True, **options)
    )


@functools.cache
def undisturbed(recipe):
    """The metrics of each step of the training that others here are compared with."""
    return trained(small(), recipe, images(44, 20 if recipe is FULL else 16))


def in_another_order():
    return InMemory(TEST.images, TEST.labels, "6543210")


def by_hand(model, recipe, data):
    """The recipe in torch's own words: [loss of each step], and the mean of the weights."""
    augment = Augment(recipe.augmentation, recipe.image_size, len(data.classes))
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0}]
    )
    mean, losses = copy.deepcopy(model), []
    for step in range(1, 11):
        epoch, place = divmod(step - 1, 5)
        order = order_of(recipe.seed, epoch, 44).tolist()
        torch.manual_seed(seed_of(recipe.seed, step, 0))
        pixels, targets = augment(*data.batch(order[8 * place : 8 * place + 8]))
        middle = (step - 0.5) / 5  # an epoch of warm-up, then an epoch of cosine
        rate = middle if middle < 1 else (1 + math.cos(math.pi * (middle - 1))) / 2
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * rate
        model.train()
        optimizer.zero_grad()
        with corrected(model, step):
            loss = F.cross_entropy(model(pixels), targets, label_smoothing=0.1)
            loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
        with torch.no_grad():
            for m, p in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
                m.copy_(p if step == 1 or not m.is_floating_point() else m.lerp(p, 1 - 0.9))
    return losses, mean


@contextlib.contextmanager
def corrected(model, step):
    """BatchNorm's running statistics without what torch begins them with, as in Adam."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    running = [tensor for norm in norms for tensor in (norm.running_mean, norm.running_var)]
    for tensor in running:
        tensor *= 1 - 0.9 ** (step - 1)
    yield
    for tensor in running:
        tensor /= 1 - 0.9**step


def test_a_plain_loop_gives_the_same_bits():
    model, other = small(), small()
    metrics = trained(model, FULL)
    losses, mean = by_hand(other, FULL, images(44))
    assert [m["loss"] for m in metrics] == losses
    averaged = dict(mean.named_parameters()) | dict(mean.named_buffers())
    for name, found in (*model.named_parameters(), *model.named_buffers()):
        if found.is_floating_point():
            assert torch.equal(found, averaged[name]), name
    pixels, labels = TEST.batch(list(range(30)))
    logits = mean.eval()(pixels / 255)
    right = (logits.argmax(1) == labels).float().mean().item()
    among_five = (logits.topk(5).indices == labels[:, None]).any(1).float().mean().item()
    assert metrics[-1]["test_accuracy"] == pytest.approx(right)
    assert metrics[-1]["test_top5"] == pytest.approx(among_five)
    assert metrics[-1]["test_loss"] == pytest.approx(F.cross_entropy(logits, labels).item())


def test_the_metrics():
    metrics = undisturbed(PLAIN)
    every = {"step", "steps", "epoch", "loss", "learning_rate", "gradient_norm", "images"}
    tested = {"test_loss", "test_accuracy", "test_top5"}
    assert [set(m) - every for m in metrics] == [set()] * 4 + [tested] + [set()] * 4 + [tested]
    assert [m["step"] for m in metrics] == list(range(1, 11))
    assert [m["epoch"] for m in metrics] == [step / 5 for step in range(1, 11)]
    assert [m["images"] for m in metrics] == [8 * step for step in range(1, 11)]
    assert {m["steps"] for m in metrics} == {10}
    assert metrics[0]["learning_rate"] == pytest.approx(2e-4)  # a tenth of an epoch, the middle
    few = images(24, 16, classes=5)
    assert "test_top5" not in trained(small(classes=5), PLAIN, few, few)[-1]
    json.dumps(metrics)


def test_every_image_comes_at_most_once_an_epoch_in_an_order_of_its_own():
    seen = []

    class Watched(InMemory):
        def batch(self, indices):
            seen.extend(indices)
            return super().batch(indices)

    data = images(44)
    trained(small(), PLAIN, Watched(data.images[..., :16, :16], data.labels))
    first, second = seen[:40], seen[40:]
    assert len(set(first)) == len(set(second)) == 40
    assert first != second
    assert first == order_of(PLAIN.seed, 0, 44).tolist()[:40]


@pytest.mark.parametrize("augmentation", [PLAIN.augmentation, FULL.augmentation])
def test_repeats_are_in_one_batch_and_all_images_come_before_one_comes_again(augmentation):
    recipe = replace(PLAIN, epochs=3, repeats=2, augmentation=augmentation)
    seen, given, model, data = [], [], small(), images(44, 20 if augmentation.crop else 16)

    class Watched(InMemory):
        def batch(self, indices):
            seen.append(indices)
            return super().batch(indices)

    def keep(module, arguments):
        if module.training:
            given.append(arguments[0])

    model.register_forward_pre_hook(keep)
    trained(model, recipe, Watched(data.images, data.labels))
    assert [len(batch) for batch in seen] == [4] * 15
    numbers = [number for batch in seen for number in batch]
    first, second = (order_of(recipe.seed, turn, 44).tolist() for turn in (0, 1))
    assert numbers == first + second[:16]
    assert [len(x) for x in given] == [8] * 15
    assert [torch.equal(x[:4], x[4:]) for x in given] == [augmentation is PLAIN.augmentation] * 15


def test_the_order_and_the_seeds_are_the_same_everywhere():
    """Pinned: a checkpoint of today goes on tomorrow."""
    assert order_of(0, 0, 8).tolist() == [3, 0, 6, 7, 5, 2, 1, 4]
    assert seed_of(0, 1, 0) == 50419276522647136


def test_parts_of_a_batch_give_the_gradients_of_the_whole():
    found = []
    for parts in (1, 2, 4):
        model = small(norm="none")  # BatchNorm's mean over a part is another one
        next(train(model, images(44, 16), TEST, PLAIN, accumulate=parts, cpu=True))
        found.append([p.grad for p in model.parameters()])
    for other in found[1:]:
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found[0], other, strict=True))


def test_a_data_set_of_ones_own_has_classes_a_length_and_a_batch_alone():
    class Own:
        classes, batch = TEST.classes, staticmethod(images(44, 16).batch)

        def __len__(self):
            return 44

    assert trained(small(), PLAIN, Own()) == undisturbed(PLAIN)


def test_workers_read_the_same():
    assert trained(small(), PLAIN, images(44, 16), workers=1) == undisturbed(PLAIN)


def test_the_clip_holds_and_the_norm_is_the_one_before():
    model = small()
    metrics = next(train(model, images(44, 16), TEST, replace(PLAIN, clip=0.01), cpu=True))
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
    assert norm == pytest.approx(0.01, rel=1e-3)
    assert metrics["gradient_norm"] > 0.1


def test_bfloat16_learns_and_leaves_the_model_as_it_was():
    model = small()
    rough, exact = trained(model, FULL, precision="bf16"), undisturbed(FULL)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert "forward" not in vars(model) or model.forward.__func__ is type(model).forward
    for a, b in zip(rough, exact, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], abs=0.3)
    assert [m["loss"] for m in rough] != [m["loss"] for m in exact]


def test_the_digits_are_learned():
    """A small Micro, half of them once: far above the tenth that guessing gives."""
    recipe = replace(RECIPES["digits"], epochs=1, warmup_epochs=0.2)
    model = small(
        spk="mbpl", classes=10, in_channels=1, widths=(16, 32), depths=(1, 1), partition_size=(4, 2)
    )
    data, test = digits("train"), digits("test")
    assert data.images.shape == (4000, 1, 32, 32)
    data, test = (InMemory(d.images[:n], d.labels[:n]) for d, n in ((data, 2000), (test, 200)))
    last = trained(model, recipe, data, test)[-1]
    assert last["step"] == 40
    assert last["test_accuracy"] > 0.5


# --- the monitor


def test_the_monitor_watches_and_its_stop_saves(tmp_path):
    monitor = TrainingMonitor()
    for metrics in monitor.watch(train(small(), images(44), TEST, FULL, tmp_path, cpu=True)):
        if metrics["step"] == 7:
            monitor.stop()
    assert metrics["step"] == 7
    assert monitor.state == "stopped"
    assert Checkpoints(tmp_path).last().name == "step-00000007"
    begun = list(monitor.logs["run"]["loss"])
    for _ in monitor.watch(train(small(), images(44), TEST, FULL, tmp_path, cpu=True), "goes on"):
        pass
    assert monitor.state == "finished"
    assert begun + list(monitor.logs["goes on"]["loss"]) == [m["loss"] for m in undisturbed(FULL)]
    assert monitor.logs["goes on"]["test_accuracy"][-1] >= 0
    monitor.close()


def test_the_monitor_trains_in_a_thread(tmp_path):
    monitor = TrainingMonitor()
    monitor.start(train(small(), images(44), TEST, FULL, tmp_path, cpu=True)).join()
    assert (monitor.state, monitor.problem) == ("finished", "")
    assert Checkpoints(tmp_path).last().name == "step-00000010"
    monitor.close()


# --- signals


def test_ctrl_c_acts_at_once_while_the_loop_waits_and_saves(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    loop = train(small(), images(44), TEST, FULL, tmp_path, cpu=True)
    next(loop)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    loop.close()
    assert signal.getsignal(signal.SIGINT) is before
    assert Checkpoints(tmp_path).last().name == "step-00000001"


def test_sigterm_waits_for_the_end_of_a_step(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    loop = train(small(), images(44), TEST, FULL, tmp_path, cpu=True)
    next(loop)
    signal.raise_signal(signal.SIGTERM)
    assert next(loop)["step"] == 2
    with pytest.raises(SystemExit) as ended:
        next(loop)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert Checkpoints(tmp_path).last().name == "step-00000002"


@pytest.mark.parametrize("recipe", [FULL, PLAIN])
def test_sigterm_cuts_a_test_short_which_the_resumed_training_makes_up_for(tmp_path, recipe):
    class Signalled(InMemory):
        """SIGTERM comes with the test's second batch."""

        def batch(self, indices):
            batches.append(len(indices))
            if len(batches) == 2:
                signal.raise_signal(signal.SIGTERM)
            return super().batch(indices)

    size = 20 if recipe is FULL else 16
    whole = undisturbed(recipe)
    test, batches, begun = Signalled(TEST.images, TEST.labels), [], []
    with pytest.raises(SystemExit):
        begun.extend(train(small(), images(44, size), test, recipe, tmp_path, cpu=True))
    assert batches == [8, 8]  # of 30
    assert begun == [*whole[:4], {k: v for k, v in whole[4].items() if "test" not in k}]
    assert Checkpoints(tmp_path).last().name == "step-00000005"
    assert Checkpoints(tmp_path).best() is None
    rest = trained(small(seed=9), recipe, images(44, size), folder=tmp_path)
    assert rest == whole[4:]
    assert Checkpoints(tmp_path).best() is not None


# --- what goes wrong


class Unreadable(InMemory):
    """Whose image of that number cannot be read, until it is mended."""

    bad: int | None = None

    def batch(self, indices):
        if self.bad in indices:
            raise ValueError(f"image {self.bad} cannot be read")
        return super().batch(indices)


def test_a_bad_test_image_costs_nothing_but_the_test(tmp_path):
    whole = undisturbed(FULL)
    test = Unreadable(TEST.images, TEST.labels)
    test.bad = 12
    begun = []
    with pytest.raises(ValueError, match="image 12 cannot be read"):
        begun.extend(train(small(), images(44), test, FULL, tmp_path, cpu=True))
    assert Checkpoints(tmp_path).last().name == "step-00000005"
    assert begun == whole[:4]
    test.bad = None
    assert trained(small(seed=9), FULL, test=test, folder=tmp_path) == whole[4:]
    assert Checkpoints(tmp_path).best() is not None


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_training_image_costs_no_step(tmp_path, workers):
    whole = undisturbed(FULL)
    data = Unreadable(images(44).images, images(44).labels)
    first, second = (order_of(FULL.seed, epoch, 44)[:40].tolist() for epoch in (0, 1))
    data.bad = next(image for image in second if image not in first)
    done = 5 + second.index(data.bad) // 8
    begun = []
    with pytest.raises(ValueError, match="cannot be read"):
        begun.extend(train(small(), data, TEST, FULL, tmp_path, workers=workers, cpu=True))
    assert begun == whole[:done]
    assert Checkpoints(tmp_path).last().name == f"step-{done:08}"
    data.bad = None
    assert trained(small(seed=9), FULL, data, folder=tmp_path) == whole[done:]


@pytest.mark.parametrize("where", ["image", "loss", "gradient"])
def test_no_number_stops_before_anything_is_changed(where, tmp_path):
    """Images and losses that are none show in the loss, a gradient that is none in its norm."""
    model, data = small(), images(44, 16)
    data = InMemory(data.images / 255, data.labels)
    loop = train(model, data, TEST, PLAIN, tmp_path, cpu=True)
    for metrics in loop:
        if metrics["step"] == 7:
            break
    before = [p.clone() for p in model.parameters()]
    files = {p: p.read_bytes() for p in tmp_path.glob("step-*/*")}
    if where == "image":
        data.images.fill_(math.nan)
    elif where == "loss":
        model.head.register_forward_hook(lambda *about: about[-1] * math.nan)
    else:
        model.head.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(
        FloatingPointError, match=r"at step 8, .*last checkpoint is .*00000005"
    ) as e:
        next(loop)
    assert ("the loss is nan" in str(e.value)) == (where != "gradient")
    assert "lower learning_rate" in str(e.value)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert {p: p.read_bytes() for p in tmp_path.glob("*/*")} == files
    assert list(loop) == []
    healthy = trained(small(), PLAIN, images(44, 16), folder=tmp_path)
    assert healthy == undisturbed(PLAIN)[5:]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "half"}, r"precision is 'half'; choose one of \['no', 'bf16', 'fp16'\]"),
        ({"accumulate": 0}, r"accumulate is 0; give a whole number, 1 or more"),
        ({"every": 0}, r"every is 0; give"),
        ({"accumulate": 3}, r"batch is 8, to be split into 3 equal .* replace\(recipe, batch=6\)"),
        (
            {"accumulate": 2, "recipe": replace(FULL, repeats=3)},
            r"batch is 8, to be split into 6 equal parts \(processes × accumulate × repeats\)",
        ),
        ({"data": images(5)}, r"batch is 8 and there are 5 images; .* replace\(recipe, batch=5\)"),
        ({"precision": "fp16"}, r'which a CPU does not compute in; take precision="bf16" or'),
        ({"accumulate": 1.5}, r"accumulate is 1.5, a float; give a whole number"),
        ({"workers": -1}, r"workers is -1; give a whole number, from 0 to 256"),
        ({"every": "often"}, r"every is 'often', a str"),
        ({"keep": 0}, r"keep is 0; give a whole number"),
        ({"precison": "no"}, r"train does not know 'precison'; did you mean 'precision'\? choose"),
        ({"folder": 5}, r"folder is 5, a int; give a path"),
        ({"data": None, "test": 5}, r"test is 5; give images, such as digits"),
        ({"data": torch.rand(8, 3, 16, 16)}, r"data is a tensor of shape .*; give images"),
        ({"data": InMemory}, r"data is <class .*; give images"),
        ({"data": images(44, 16, 13)}, r"network tells 7 .* data has 13: 0, 1,.*classes=13"),
        ({"test": images(44, 16, 9)}, r"network tells 7 .* test has 9: 0, 1,.*classes=9"),
        ({"test": in_another_order()}, r"the same classes in another order, 0, .* and 6, 5"),
        ({"test": images(9, 20)}, r"images are 20 × 20 and the recipe's image_size is 16; resize"),
    ],
)
def test_what_does_not_fit_together(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        trained(small(), **{"recipe": FULL, **options})


@pytest.mark.parametrize(
    ("model", "recipe", "message"),
    [
        (None, FULL, r"model is None; give a network, such as network\("),
        (small, FULL, r"model is <function small.*; give a network"),
        (small(), "digits", r"recipe is 'digits'; give a Recipe, such as RECIPES"),
        (nn.Sequential(nn.Flatten(), nn.Linear(768, 3)), PLAIN, r"gives \[8, 3\] .* 7 classes"),
        (nn.Identity(), PLAIN, r"the network has no parameter to train"),
        (nn.Conv2d(3, 3, 1), PLAIN, r"gives \[8, 3, 16, 16\] and the data have 7"),
    ],
)
def test_what_makes_no_training(model, recipe, message):
    with pytest.raises((TypeError, ValueError), match=message):
        trained(model, recipe, images(44, 16))


def test_a_label_without_a_class_is_named_before_a_parameter_changes(tmp_path):
    data, model = images(44, 16), small()
    before = [p.clone() for p in model.parameters()]
    data.labels[order_of(PLAIN.seed, 0, 44)[3]] = 12
    with pytest.raises(ValueError, match=r"label 12 and the data name 7 classes; .* 0 to 6"):
        trained(model, PLAIN, data)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    test = images(30, 16)
    test.labels[29] = -1
    with pytest.raises(ValueError, match=r"has the label -1 and the data name 7 classes"):
        trained(model, PLAIN, images(44, 16), test, folder=tmp_path)
    assert Checkpoints(tmp_path).last().name == "step-00000005"


def test_one_class_is_told():
    one = images(44, 16, 1)
    with pytest.warns(UserWarning, match=r"there is one class, 0, so nothing to tell apart"):
        trained(small(classes=1), PLAIN, one, one)


def test_more_outputs_than_classes_train_with_mixed_images():
    assert len(trained(small(classes=9), FULL)) == 10


def test_arrays_do_as_well_as_tensors():
    data = InMemory(images(44).images.numpy(), images(44).labels.numpy(), list("abcdefg"))
    assert data.classes == tuple("abcdefg")
    assert [m["loss"] for m in trained(small(), FULL, data)] == [
        m["loss"] for m in undisturbed(FULL)
    ]


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    with pytest.raises(ModuleNotFoundError, match="training needs the package kornia") as found:
        Augment(RECIPES["cifar100"].augmentation, 32, 10)
    assert f"{sys.executable} -m pip install -e '.[train]'" in str(found.value)


def test_the_readmes_lines_run(tmp_path, monkeypatch):
    """Two steps of them."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```\n(from spikeatconv.training.*?)```", readme, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "train", lambda *given: itertools.islice(train(*given), 2))
    exec(compile(code, "README.md", "exec"), {})
    assert [path.name for path in Path("runs/digits").iterdir()] == ["step-00000002"]
