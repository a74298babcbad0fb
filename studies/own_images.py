"""What does a folder of images reach in so many minutes? `spikeatconv train own` beside its twin, a
plain ResNet-18, a plain CNN, and a network that ships, fine-tuned.

    python studies/own_images.py FOLDER                 20 minutes each; writes results/NAME.json
    python studies/own_images.py FOLDER --minutes 5     with another budget
    python studies/own_images.py FOLDER --cases own cnn these alone; the others keep their results
    OMP_NUM_THREADS=1 python studies/own_images.py …    on one core, two of them at a time

Each network gets as many epochs as the minutes hold, by a measure of one epoch beforehand;
`seconds` says what they took. All have the same images, augmentation, optimizer and schedule, but
for their size: a network that ships sees images as large as before. Validation images choose the
best checkpoint, and the test images are asked once.
"""

import argparse
import copy
import json
import time
from dataclasses import replace

import digits
import torch
from torch import nn

from spikeatconv.command.start import Options, Plan, filled, make_plan
from spikeatconv.training import Recipe, train
from spikeatconv.training.answers import ask
from spikeatconv.training.loop import make_accelerator
from spikeatconv.training.run import Run

RUN = Run(cpu=True)
WEIGHTS = {"weights": "micro_photographs"}
CASES: dict[str, dict] = {  # {name: the words of `spikeatconv train own`}
    "own": {},
    "twin": {"settings": ("spiking=false",)},
    "resnet18": {"model": "resnet18", "settings": ("spiking=false",)},
    "cnn": {},
    "tuned": WEIGHTS,
    "tuned, a stage frozen": {**WEIGHTS, "settings": ("frozen=1",)},
}


def convolutions(classes: int) -> nn.Module:
    """The plain one: two convolutions, two linear layers."""

    def layer(width: int) -> list[nn.Module]:
        return [nn.LazyConv2d(width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(
        *layer(32), *layer(64), nn.Flatten(), nn.LazyLinear(128), nn.ReLU(), nn.Linear(128, classes)
    )


def planned(case: str, folder: str, seed: int) -> tuple[Plan, nn.Module]:
    """What the command would do, and its network."""
    words = CASES[case]
    settings = (f"seed={seed}", *words.get("settings", ()))
    plan = make_plan(filled(Options(**{
        **words, "recipe": "own", "data": folder, "settings": settings, "cpu": True,
    })))  # fmt: skip
    if case != "cnn":
        return plan, plan.model
    torch.manual_seed(seed)
    net = convolutions(len(plan.data.classes))
    net(plan.test.batch([0])[0].float())  # its sizes are those of the images
    return plan, net


def learn(model: nn.Module, plan: Plan, recipe: Recipe) -> tuple[dict, float]:
    """Trains. The weights that are best on the validation, and the seconds."""
    begin, best, kept = time.perf_counter(), -1.0, {}
    for metrics in train(model, plan.data, plan.test, recipe, run=RUN):
        if metrics.get("test_accuracy", -1.0) > best:
            best, kept = metrics["test_accuracy"], copy.deepcopy(model.state_dict())
    return kept, time.perf_counter() - begin


def run(case: str, folder: str, minutes: float, seed: int) -> dict:
    """Trains once and asks the test images."""
    plan, model = planned(case, folder, seed)
    short = replace(plan.recipe, epochs=1, warmup_epochs=0)
    _, first = learn(copy.deepcopy(model), plan, short)
    epochs = max(2, int(60 * minutes / first))
    kept, seconds = learn(model, plan, replace(plan.recipe, epochs=epochs))
    model.load_state_dict(kept)
    assert plan.parts is not None  # `own` holds images out
    scores = ask(model, plan.parts.test, make_accelerator(RUN)).scores()
    return {
        "seed": seed, "epochs": epochs, "seconds": seconds,
        "parameters": sum(p.numel() for p in model.parameters()),
        "image_size": plan.recipe.image_size, "trained_on": len(plan.data), **scores,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="CLASS/*.jpg, or train/ and val/ of them")
    parser.add_argument("--minutes", type=float, default=20.0, help="of each network")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--name", default="own_images", help="of the results file")
    options = parser.parse_args()
    digits.report.hide_place(folder := options.folder)
    for seed in options.seeds:
        for case in options.cases:
            found = run(case, folder, options.minutes, seed)
            print(f"{case}, seed {seed}: {found['top1']:.3f} ({found['top1_low']:.3f} to "
                  f"{found['top1_high']:.3f}), {found['epochs']} epochs, {found['seconds']:.0f} s",
                  flush=True)  # fmt: skip
            keep(options.name, options.minutes, case, found)


def keep(name: str, minutes: float, case: str, found: dict) -> None:
    """Beside what is in the results file by now, as another run may write, too; what had another
    budget goes."""
    path = digits.RESULTS / f"{name}.json"
    budget = {"minutes": minutes, "threads": torch.get_num_threads()}
    done = json.loads(path.read_text(encoding="utf-8"))["results"] if path.is_file() else {}
    cases = done["cases"] if budget.items() <= done.items() else {}
    others = [one for one in cases.get(case, []) if one["seed"] != found["seed"]]
    cases = {**cases, case: [*others, found]}
    cases = {case: cases[case] for case in CASES if case in cases}
    digits.report.write(name, {**budget, "cases": cases}, ("torch",), digits.RESULTS)


if __name__ == "__main__":
    main()
