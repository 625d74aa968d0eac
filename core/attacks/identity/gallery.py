"""What all attackers on identity share: which photographs are known, and how matches are scored."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.attacks.interface import AttackerView, Result, rows
from core.metrics import attributes, linking
from core.metrics.identity import by_chance, cover_hart, recognised, split_gallery
from core.metrics.intervals import Measured, measured_mean
from core.metrics.verification import Pairs

Embeddings = dict[str, NDArray[np.float32]]  # "validation", "test" -> (n, d)
Embed = Callable[[str], NDArray[np.float32]]  # "validation" or "test" -> features (n, d)


class Known(NamedTuple):
    """Of one split: whose photographs (n,), positions of the known ones and of those to be named,
    and pairs of both."""

    people: NDArray[np.int64]
    gallery: NDArray[np.int64]
    probes: NDArray[np.int64]
    pairs: Pairs


class Matcher(NamedTuple):
    """Features, and how they are compared (`core.metrics.identity.recognised`)."""

    embed: Embed
    average: bool = False
    unit: bool = False


def known(view: AttackerView, split: str) -> Known:
    """Half of everybody's photographs are known, the rest is to be named."""
    key = f"known/{split}"
    if key not in view.scratch:
        people, photographs = view.identities[split], view.x[split].cpu().numpy()
        gallery, probes = split_gallery(photographs, people)
        pairs = linking.gallery_pairs(people, photographs)
        view.scratch[key] = Known(people, gallery, probes, pairs)
    return view.scratch[key]


def with_two(people: NDArray[np.int64]) -> int:
    """How many people have two photographs or more."""
    return int((np.unique(people, return_counts=True)[1] > 1).sum())


def best(view: AttackerView, candidates: Iterable[Matcher]) -> tuple[Matcher, Matcher]:
    """Of all matchers the one that names most validation photographs rightly (of equal ones the
    one that tells pairs apart better), and the one that tells pairs apart best; the first of equally
    good ones, and for both where validation holds no pairs."""
    among = known(view, "validation")
    offered = list(candidates)
    if not len(among.pairs.same):
        return offered[0], offered[0]
    areas: dict[tuple[Embed, bool], float] = {}  # pairs know no mean of a person
    ranked = []
    for matcher in offered:
        key = (matcher.embed, matcher.unit)
        if key not in areas:
            near = _nearness(matcher, among, "validation")
            areas[key] = attributes.auc(among.pairs.same, near)
        ranked.append((float(_named(matcher, among, "validation").mean()), areas[key]))
    naming = max(range(len(offered)), key=lambda i: ranked[i])
    confirming = max(range(len(offered)), key=lambda i: ranked[i][1])
    return offered[naming], offered[confirming]


def scored(
    view: AttackerView,
    naming: Matcher,
    confirming: Matcher,
    attacker: str,
    bayes_bound: bool = False,
) -> Result:
    """Rows of target `identity`: `top1_accuracy`, by `naming`; `core.metrics.linking.score` of pairs,
    by `confirming`; with `bayes_bound` also `bayes_error_bound`.

    Arrays: `probes`, positions among the test photographs, and `correct`, uint8; `targets` and
    `validation` (the share of validation probes named rightly), so that it competes for
    `worst_case`. Empty result where fewer than two test people have two photographs.
    """
    among = known(view, "test")
    if not len(among.pairs.same):
        return Result()
    correct = _named(naming, among, "test")
    asked = among.people[among.probes]
    chance = by_chance(among.people, among.gallery, among.probes)
    top1 = measured_mean(correct, asked, chance)
    measured = {"top1_accuracy": top1}
    if bayes_bound:
        classes = len(np.unique(among.people[among.gallery]))
        low, high = (cover_hart(1 - share, classes) for share in reversed(top1.interval))
        guessing = (classes - 1) / classes
        bound = cover_hart(1 - top1.value, classes)
        measured["bayes_error_bound"] = Measured(bound, (low, high), guessing)
    measured |= linking.score(among.pairs, _nearness(confirming, among, "test"), among.people)
    practice = known(view, "validation")
    named = _named(naming, practice, "validation").mean() if len(practice.probes) else np.nan
    arrays: dict[str, NDArray[Any]] = {
        "targets": np.array(["identity"]),
        "validation": np.array([named], np.float32),
        "probes": among.probes.astype(np.int32),
        "correct": correct.astype(np.uint8),
    }
    return Result(rows(measured, asked, "identity", attacker), arrays)


def _named(matcher: Matcher, among: Known, split: str) -> NDArray[np.bool_]:
    features = matcher.embed(split)
    return recognised(
        features, among.people, among.gallery, among.probes, matcher.average, matcher.unit
    )


def _nearness(matcher: Matcher, among: Known, split: str) -> NDArray[np.float64]:
    features: NDArray[Any] = matcher.embed(split)
    if matcher.unit:
        length = np.linalg.norm(features, axis=1, keepdims=True)
        features = features / np.maximum(length, 1e-30)
    return linking.nearness(features, features, among.pairs)
