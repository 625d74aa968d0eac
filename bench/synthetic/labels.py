"""Do the labels of a synthetic set show in its pictures? AUC of a small CNN on unseen identities.

    python -m bench.synthetic.labels [--folder core/synthetic/faces] [--size 64] [--epochs 15]

One network learns all attributes on 80 % of the identities and is scored on the rest. Each
attribute's AUC is printed with a 95 % interval (bootstrap over the unseen identities) and the
target that the data card promises.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from bench.synthetic import FOLDER, listed
from core.data.listing import Listing
from core.data.packing.decode import read
from core.metrics import intervals
from core.metrics.attributes import auc

CLEAR = ("Male", "Eyeglasses", "Gray_Hair", "Heavy_Makeup")
TARGETS = {
    **dict.fromkeys(CLEAR, 0.95),
    **dict.fromkeys(("Young", "Smiling", "No_Beard"), 0.9),
    **dict.fromkeys(("Big_Lips", "Big_Nose", "High_Cheekbones"), 0.75),
}


def pictures_of(found: Listing, size: int) -> Tensor:
    """uint8 (n, 3, size, size)."""
    pictures = np.empty((len(found.names), 3, size, size), np.uint8)
    for number, photograph in enumerate(found.photographs):
        picture = Image.open(io.BytesIO(read(photograph))).convert("RGB")
        picture = picture.resize((size, size), Image.Resampling.BOX)
        pictures[number] = np.asarray(picture).transpose(2, 0, 1)
    return torch.from_numpy(pictures)


def network(attributes: int) -> nn.Module:
    """A small CNN: four strided blocks and a linear layer on 4 x 4 averages."""
    layers: list[nn.Module] = []
    for into, out, stride in ((3, 32, 2), (32, 64, 2), (64, 96, 2), (96, 128, 1)):
        layers += [nn.Conv2d(into, out, 3, stride, 1), nn.BatchNorm2d(out), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.4), nn.Linear(2048, attributes)]
    return nn.Sequential(*layers, *head)


def train(pictures: Tensor, labels: Tensor, epochs: int, device: str) -> nn.Module:
    model = network(labels.shape[1]).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=2e-2)
    steps = epochs * ((len(pictures) + 63) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps)
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(len(pictures)).split(64):
            x = pictures[batch].to(device).float() / 255
            shift = torch.randint(-3, 4, (2,)).tolist()
            x = torch.roll(x, shift, (2, 3))
            if torch.rand(()) < 0.5:
                x = x.flip(3)
            loss = nn.functional.binary_cross_entropy_with_logits(
                model(x), labels[batch].to(device)
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    found = listed(options.folder)
    pictures, labels = pictures_of(found, options.size), torch.from_numpy(found.attributes).float()
    people = np.array([int(name) for name in found.identities])
    everyone = np.unique(people)
    unseen = np.random.default_rng(options.seed).permutation(everyone)[: len(everyone) // 5]
    test = np.isin(people, unseen)
    learn = torch.from_numpy(~test)
    start = time.perf_counter()
    model = train(pictures[learn], labels[learn], options.epochs, options.device)
    with torch.no_grad():
        parts = pictures[~learn].split(256)
        scores = torch.cat([model(x.to(options.device).float() / 255).cpu() for x in parts]).numpy()
    truth, resampling = found.attributes[test], intervals.resample_identities(people[test])
    print(
        f"{len(everyone) - len(unseen)} identities to learn from, {len(unseen)} unseen, "
        f"{options.size} px, {options.epochs} epochs, {time.perf_counter() - start:.0f} s\n"
    )
    print("| attribute | share | AUC | 95 % interval | target |\n|---|---|---|---|---|")
    missed = []
    for k, name in enumerate(found.attribute_names):
        value, target = auc(truth[:, k], scores[:, k]), TARGETS.get(name)
        resampled = intervals.resampled_auc(truth[:, k], scores[:, k], resampling)
        low, high = intervals.percentile_interval(resampled)
        if target is not None and not value >= target:
            missed.append(name)
        print(
            f"| {name} | {labels[:, k].mean():.3f} | {value:.3f} | {low:.3f} - {high:.3f} "
            f"| {target or ''} |"
        )
    print("\nbelow target: " + (", ".join(missed) or "none"))


if __name__ == "__main__":
    main()
