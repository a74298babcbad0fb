"""What `evaluate --out FOLDER` writes of a network's answers: tables, numbers, two pictures.

    scores.json       the scores with their intervals, the model, the data, the versions
    classes.csv       a row a class
    confusion.csv     how many images of the row's class got the column's
    calibration.csv   how many are right of those that the network is so sure of
    images.csv        a row an image: its class, the answer, their shares, the loss
    confusions.svg    what is taken for what, most often
    worst.png         the images with the largest loss; not of a stream, which is gone by then

Each is written whole, and the folder may be there: files of these names are replaced.
"""

import io
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikeatconv.files import telling, write_whole
from spikeatconv.images.base import Images
from spikeatconv.training.answers import Answers
from spikeatconv.training.augment import as_float

MOST_NAMES = 40  # classes whose matrix can be read; of more, the pairs that are confused most
PAIRS = 25
WORST = 5  # rows and columns of images


def write_report(answers: Answers, data: Images, folder: Path, about: Mapping[str, Any]) -> None:
    """Write all of it. about: what else scores.json says."""
    with telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    scores = {**answers.scores(), **about, "versions": versions}
    files = {
        "scores.json": json.dumps(scores, indent=1, default=str) + "\n",
        "classes.csv": answers.by_class().to_csv(index=False),
        "confusion.csv": confusion_table(answers).to_csv(),
        "calibration.csv": answers.calibration().to_csv(index=False),
        "images.csv": image_table(answers, data).to_csv(index=False),
        "confusions.svg": picture(draw_confusions(answers), "svg"),
        **({} if data.buffer else {"worst.png": picture(draw_worst(answers, data), "png")}),
    }
    for name, content in files.items():
        with telling(folder / name):
            write_whole(folder / name, content)


def in_scores(answers: Answers) -> dict[str, str]:
    """Its scores, with their intervals, and what is taken for what most often."""
    scores = answers.scores()
    told = {
        words: f"{scores[name]:.4f} ({scores[f'{name}_low']:.4f} to {scores[f'{name}_high']:.4f})"
        for name, words in (("top1", "top 1"), ("top5", "top 5")) if name in scores
    }  # fmt: skip
    told["loss"] = f"{scores['loss']:.4f}"
    told["calibration"] = f"its shares are off by {scores['calibration_error']:.4f} on the mean"
    most = [f"{name} for {other} ({times} ×)" for times, name, other in confused(answers)[:3]]
    return told | ({"mistaken": ", ".join(most)} if most else {})


def confusion_table(answers: Answers) -> Any:
    import pandas as pd

    names = list(answers.classes)
    return pd.DataFrame(answers.confusion().numpy(), pd.Index(names, name="class"), names)


def image_table(answers: Answers, data: Images) -> Any:
    import pandas as pd

    names = answers.classes
    return pd.DataFrame({
        "image": [data.name(i) for i in range(len(answers))],
        "class": [names[i] for i in answers.labels.tolist()],
        "answer": [names[i] for i in answers.found[:, 0].tolist()],
        "share": answers.shares[:, 0].numpy(),
        "right": answers.right.numpy(),
        "loss": answers.losses.numpy(),
    })  # fmt: skip


def confused(answers: Answers) -> list[tuple[int, str, str]]:
    """(how often, class, what it was taken for), the most frequent first."""
    wrong = answers.confusion().fill_diagonal_(0)
    count, places = wrong.flatten().sort(descending=True, stable=True)
    n = len(answers.classes)
    return [
        (times, answers.classes[place // n], answers.classes[place % n])
        for times, place in zip(count.tolist(), places.tolist(), strict=True) if times
    ]  # fmt: skip


def draw_confusions(answers: Answers) -> Any:
    """The matrix, each row as shares of its class; of many classes the most frequent pairs."""
    from matplotlib.figure import Figure

    if len(answers.classes) > MOST_NAMES:
        return draw_pairs(confused(answers)[:PAIRS])
    matrix = answers.confusion().double()
    shares = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    n, names = len(matrix), list(answers.classes)
    side = 2.5 + 0.32 * n
    axes = (figure := Figure(figsize=(side, side), layout="constrained")).subplots()
    axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(n), names, rotation=90)
    axes.set_yticks(range(n), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("class")
    for row, column in matrix.nonzero().tolist():
        color = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, f"{matrix[row, column]:.0f}", ha="center", va="center", size=7,
                  color=color)  # fmt: skip
    return figure


def draw_pairs(pairs: list[tuple[int, str, str]]) -> Any:
    from matplotlib.figure import Figure

    axes = (figure := Figure(figsize=(7, 1 + 0.3 * max(1, len(pairs))), layout="constrained")
            ).subplots()  # fmt: skip
    axes.barh([f"{name}, taken for {other}" for _, name, other in pairs], [n for n, *_ in pairs])
    axes.invert_yaxis()
    axes.set_xlabel("images")
    return figure


def draw_worst(answers: Answers, data: Images) -> Any:
    """The images with the largest loss, each with its class and what it was taken for."""
    from matplotlib.figure import Figure

    worst = answers.losses.argsort(descending=True)[: WORST**2].tolist()
    images = as_pictures(data.batch(worst)[0])
    figure = Figure(figsize=(1.9 * WORST, 2.2 * WORST), layout="constrained")
    grid = figure.subplots(WORST, WORST, squeeze=False).flatten()
    for axes in grid:
        axes.set_axis_off()
    for axes, i, image in zip(grid, worst, images, strict=False):
        label, found = (answers.classes[int(n)] for n in (answers.labels[i], answers.found[i, 0]))
        told = "answered so" if label == found else f"taken for {found}"
        axes.imshow(image.permute(1, 2, 0).squeeze(2).numpy(), cmap="gray", vmin=0, vmax=1)
        axes.set_title(f"{label}\n{told}, {answers.shares[i, 0]:.0%}", size=7)
    return figure


def as_pictures(images: Tensor) -> Tensor:
    """`[B, C, H, W]` in 0 to 1; of a clip all its events, brightest where most are."""
    if images.dim() == 4:
        return as_float(images)
    events = images.sum((0, 2)).unsqueeze(1)
    return events / events.amax((1, 2, 3), keepdim=True).clamp(min=1)


def picture(figure: Any, kind: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    return file.getvalue()
