"""Many seeds of a few small networks, so that a draw of three of them can be repeated.

    python studies/seeds.py              writes results/seeds.json, seed by seed
    python studies/seeds.py --resume     goes on where an earlier call ended

The network, images and recipe are those of section 6 of notebook 06: a narrow ResNet-18 at T = 1, a
thousand digits of 16×16 pixels, four epochs, measured on the second half of the test digits. Two
pairs: four and eight branches of MBPL, whose sum is sent; SL with two thresholds. SeedMachine draws
from them.
"""

import argparse

import ablation
import torch
import torch.nn.functional as F
from ablation import STEP, Choice

from spikeatconv import SpikingResNet18, mnist5k

IMAGES, EPOCHS, BATCH, LEARNING_RATE, WIDTH = 1000, 4, 50, 0.01, 8
SEEDS = range(48)
ONE = {"time_steps": 1}
CHOICES = (
    *(
        Choice("branches of MBPL", n, options={
            "spk": "mbpl", **ONE, **ablation.SUM, "thresholds": [STEP * (i + 1) for i in range(n)],
        })
        for n in (4, 8)
    ),
    *(
        Choice("V_th of SL", v, options={"spk": "sl", **ONE, "v_threshold": v})
        for v in (0.5, 1.0)
    ),
)  # fmt: skip


def small(split: str) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = mnist5k(split)
    return F.avg_pool2d(F.pad(images, (2,) * 4), 2), labels  # 28 → 32 → 16 pixels


def on_digits() -> ablation.Study:
    images, labels = (part[:IMAGES] for part in small("train"))
    test_images, test_labels = (part[500:] for part in small("test"))

    def run(choice: Choice, seed: int) -> dict:
        torch.manual_seed(seed)
        net = SpikingResNet18(10, width=WIDTH, in_channels=1, **choice.options)
        optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE)
        steps = EPOCHS * (IMAGES // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
        for _ in range(EPOCHS):
            for batch in torch.randperm(IMAGES).split(BATCH):
                loss = F.cross_entropy(net(images[batch]), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        with torch.no_grad():
            answers = [net.eval()(batch).argmax(1) for batch in test_images.split(BATCH)]
        right = torch.cat(answers) == test_labels
        return {"accuracy": right.double().mean().item(), "loss": loss.item()}

    about = {
        "scale": f"the shipped digits at 16×16 pixels: {IMAGES:,} to train, the second "
        f"{len(test_labels)} test digits to measure; {EPOCHS} epochs; ResNet-18 of width {WIDTH} "
        "at T = 1",
        "measure": f"accuracy on {len(test_labels)} test digits after the last epoch",
        "test_images": len(test_labels), "images": IMAGES, "epochs": EPOCHS, "batch": BATCH,
        "learning_rate": LEARNING_RATE, "width": WIDTH,
    }  # fmt: skip
    return ablation.Study("seeds", about, run, SEEDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resume", action="store_true", help="keep the runs in the results file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = on_digits()
    ablation.measure(study, CHOICES, ablation.earlier(study) if options.resume else {})
