"""Regression of a face-verification network's features on releases, and what it is worth."""

from typing import NamedTuple

import numpy as np
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import features as flat
from core.attacks import fitting
from core.attacks.identity import gallery
from core.attacks.identity.face_features import Network, faces_in, photographed
from core.attacks.interface import AttackerView, Result, rows
from core.data.held import mapped
from core.metrics import linking
from core.metrics.identity import by_chance, nearest
from core.metrics.intervals import measured_mean
from core.nets.probes import PICTURE
from core.seeding import seeded

# Ridge penalties, per row, in units of the mean variance of an axis.
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
RECIPE = fitting.Recipe(2e-3, enough=3e-3, fused=True)  # a look gives a cosine
BATCH, MOST_EPOCHS = 64, 24
PICTURE_EPOCHS = 8  # on pictures, where an epoch lasts longest


class Mapped(NamedTuple):
    """What a map M makes of the releases of "validation" and "test", (n, d), and its mean cosine
    to C(x) on validation."""

    quality: float
    features: dict[str, Tensor]


def regressed(
    view: AttackerView, generator: Generator, among: gallery.Known, network: Network
) -> Result:
    """Rows and arrays of `feature_map` for one face network."""
    truth = {s: photographed(view, s, network) for s in ("attacker", "validation", "test")}
    width = truth["attacker"].shape[1]
    readers = fitting.readers(view, "attacker", width, (512, 256), (0.2, 0.1), generator)
    candidates = [_ridge(view, truth), *(_train(reader, truth, generator) for reader in readers)]
    if view.z["test"].shape[1:] == view.x["test"].shape[1:]:
        candidates.append(_looked_at(view, truth, network))
    chosen = max(candidates, key=lambda mapped: mapped.quality)
    guess = functional.normalize(chosen.features["test"])
    return _scored(view, guess, truth, among, network.suffix)


def _cosine(mapped: Tensor, truth: Tensor) -> float:
    return float(functional.cosine_similarity(mapped, truth).mean())


def _ridge(view: AttackerView, truth: dict[str, Tensor]) -> Mapped:
    """Linear regression on principal axes, whose columns are uncorrelated: each is on its own."""
    data = flat.flat_features(view, "attacker", turned=True)
    mean = truth["attacker"].mean(0)
    variance = data["train"].square().mean(0)
    covariance = data["train"].T @ (truth["attacker"] - mean) / len(data["train"])
    best = Mapped(-np.inf, {})
    for penalty in PENALTIES:
        scale = variance + (penalty * variance.mean()).clamp_min(1e-30)
        weights = covariance / scale[:, None]
        mapped = {s: data[s] @ weights + mean for s in ("validation", "test")}
        quality = _cosine(mapped["validation"], truth["validation"])
        if quality > best.quality:
            best = Mapped(quality, mapped)
    return best


def _looked_at(view: AttackerView, truth: dict[str, Tensor], network: Network) -> Mapped:
    """C shown the released pictures as they are."""
    shown = {s: mapped(view.z[s], lambda z: z.clamp(0, 1)) for s in ("validation", "test")}
    features = {split: faces_in(view, pictures, network) for split, pictures in shown.items()}
    return Mapped(_cosine(features["validation"], truth["validation"]), features)


def _train(reader: fitting.Reader, truth: dict[str, Tensor], generator: Generator) -> Mapped:
    """The running average of the weights of M after the epoch that came nearest on validation."""
    data = reader.data

    def loss(mapped: Tensor, rows: Tensor) -> Tensor:
        return (mapped - truth["attacker"][rows]).square().sum(1).mean()  # Eq. 10

    def look(average: nn.Module) -> float:
        return _cosine(fitting.predict(average, data["validation"]), truth["validation"])

    small = data["train"].ndim != 4 or min(data["train"].shape[-2:]) < PICTURE
    count = len(data["train"])
    epochs = range(MOST_EPOCHS if small else PICTURE_EPOCHS)
    with seeded(generator, data["train"].device):
        average, best = fitting.fit_on(
            data["train"],
            reader.build(),
            (fitting.batches(count, min(BATCH, count), generator) for _ in epochs),
            loss,
            look,
            RECIPE,
            reader.augment,
        )
    return Mapped(best, {s: fitting.predict(average, data[s]) for s in ("validation", "test")})


def _scored(
    view: AttackerView, guess: Tensor, truth: dict[str, Tensor], among: gallery.Known, suffix: str
) -> Result:
    people = view.identities["test"]
    asked = people[among.probes]
    cosines = (guess * truth["test"]).sum(1).double().cpu().numpy()
    blind = functional.normalize(truth["attacker"].mean(0), dim=0)
    guessed, seen = guess.cpu().numpy(), truth["test"].cpu().numpy()
    named = people[among.gallery][nearest(guessed[among.probes], seen[among.gallery])]
    chance = by_chance(people, among.gallery, among.probes)
    near = linking.nearness(guessed, seen, among.pairs)
    of_probes = {
        "top1_accuracy": measured_mean(named == asked, asked, chance),
        **linking.score(among.pairs, near, people),
    }
    likeness = measured_mean(cosines, people, float((truth["test"] @ blind).mean()))
    found = rows({f"cosine_similarity{suffix}": likeness}, people, "features", "feature_map")
    through = {f"{metric}{suffix}": value for metric, value in of_probes.items()}
    found += rows(through, asked, "features", "feature_map")
    return Result(found, {f"cosines{suffix}": cosines.astype(np.float16)})
