"""What of ours stands beside a published number: of which training, by which attacker, in which
metric; or the reason why nothing can. Declarations alone: `core.published.pairing` finds the numbers,
`core.reproduce` makes them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from core.attacks import ATTACKS
from core.attacks.attackers import BEST_HEAD, OWN_NETWORKS, WORST_CASE
from core.methods import METHODS
from core.methods.declare import VERIFICATION
from core.methods.papers import dpfe
from core.published import METRICS, published

Row = Mapping[str, Any]  # of `core.published.published`

# Why no number of ours can stand beside a published one.
REASONS = {
    "people": "People were asked. Studies of your own stand under Study results, beside this figure.",
    "device": "Measured on a telephone that we do not have.",
    "count": "A count, or what guessing scores: nothing to measure again.",
    "chosen": "The place that is promised: chosen, not measured. How often the promise holds is the "
    "number beside it.",
    "log": "A value of a training's loss: the Train page draws the losses of a training.",
    "summary": "Rounds up what the paper's figures say number by number; ours stand beside those.",
    "joined": "The method learns from a second data set, too: on two that are joined (`data join`), "
    "what stands beside #1 and #2 is this.",
    "one_source": "The translator to a face recogniser's view takes no second data set here.",
    "other_attributes": "The paper does not say how a network that tells one attribute answers for "
    "the others.",
    "unnamed": "No attack here is that attacker.",
}
# Attackers by the papers' names for them -> by ours; attacks of ours keep their own.
NAMES = {
    "decoder": "pixel_decoder",
    "decoder_gan": "critic_decoder",
    "decoder_perceptual": "perceptual_decoder",
    "feature_mapping": "feature_map",
}
# What follows from the features alone. No network is trained, so both protocols ask the same.
COMPUTED = {
    "within_class_variance": "lda_score",
    "between_class_variance": "lda_score",
    "lda_score": "lda_score",
    "rank_mean": "log_rank",
    "rank_standard_deviation": "log_rank",
    "probability": "log_rank",
    "log_rank_privacy": "log_rank",
    "log_rank_privacy_gain": "log_rank",
    "top1_accuracy": "nearest_neighbour",
}
# Methods without a network that their paper scores: nothing is trained along with a plain release,
# so that the paper's network was trained afterwards, as a fresh one of ours is.
STAND_IN = "cnn"
WITHOUT = {
    "original": ("training_adversary", "training_reconstructor"),
    "noisy_features": ("training_adversary", "training_reconstructor"),
}
REMARKS = {
    "stand_in": "a fresh convolutional network, since none is trained along with this release",
    "fresh": "a fresh convolutional network",
    "mu": "with our weights of the critic and of the perceptual distance; the paper prints none for "
    "ours to be compared with",
    "redrawn": "read by a network that knows ordinary photographs alone, from the pictures of a "
    "decoder trained afterwards; the paper says neither who reads nor who redraws",
    "unit": "variances over all spread; the paper's divided alike",
}
OF_ATTACKERS = {"decoder_gan": ("mu",), "decoder_perceptual": ("mu",), "redrawn": ("redrawn",)}
# What a method's training does not depend on: runs that differ in it alone are the same release.
INDIFFERENT = {
    "original": ("private",),
    "dpfe_m0": ("private",),
    "noisy_features": ("private",),
    "pric": ("tasks",),
    "adversarial_reconstruction": ("private",),
    "dpfe_simple": ("private",),
}
# Where a paper fixes its noise by what the service keeps: (paper, place) -> share of right answers.
AT_ACCURACY = {
    ("dpfe", "Section 6.2, Figure 9"): 0.90,
    ("dpfe", "Section 6.4, Figure 7"): 0.95,
}
EXTRA = "adversary also"  # in `dataset`: attackers were given a second data set
JOINED = "protector and adversary also"
SHARES = ("within_class_variance", "between_class_variance")  # ours are shares of their sum
NOTHING: Mapping[str, float] = MappingProxyType({})


class Counterpart(NamedTuple):
    """Of which training, and which of its findings, a number of ours is.

    tasks, private  ("all",): every attribute
    free            which of the two the training does not depend on
    knobs           with the release-time knob, unless `at` is given
    schedule        what differs from the preset's
    target          of the findings; "task", "private" and "attributes" are means over several
    paper, strict   who attacks, by the paper's protocol ("" where both are the same) and by ours
    metrics         ours of the same kind, best first
    at              share of the task's right answers at which the release-time knob stands
    minus           what it is the difference from (the mean of these), and `drop`: what the others
                    have more
    largest         what it is the largest difference of; the rest is that of the first of them
    extra           whether the attacker has a second data set
    remarks         keys of `REMARKS`
    """

    method: str
    tasks: tuple[str, ...]
    private: tuple[str, ...]
    free: tuple[str, ...]
    knobs: dict[str, float]
    schedule: dict[str, float]
    target: str
    paper: str
    strict: str
    metrics: tuple[str, ...]
    at: float | None = None
    minus: tuple["Counterpart", ...] = ()
    drop: bool = False
    extra: bool = False
    remarks: tuple[str, ...] = ()
    largest: tuple["Counterpart", ...] = ()

    @property
    def needed(self) -> tuple["Counterpart", ...]:
        """All that has to be measured for it."""
        if self.largest:
            return tuple(each for one in self.largest for each in one.needed)
        return (self._replace(minus=()), *self.minus)


def counterpart(row: Row, chosen: Mapping[str, float] = NOTHING) -> Counterpart | str:
    """What of ours stands beside a published row, or the key in `REASONS` of why nothing can.

    chosen  values of knobs that stand in where the paper does not say its own
    """
    reason = _reason(row)
    if reason:
        return reason
    if row["metric"] == "accuracy_difference":  # of every cut and every set of attributes
        each = [counterpart(one, chosen) for one in _models(row)]
        among = tuple(one for one in each if isinstance(one, Counterpart))
        return among[0]._replace(largest=among)
    found = _who(row)
    if found is None:
        return "unnamed"
    paper, strict, remarks = found
    if row["metric"] in SHARES:
        remarks += ("unit",)
    at = AT_ACCURACY.get((row["paper"], row["place"]))
    method = METHODS[row["method"]]
    known = {knob.name: knob.default for knob in method.knobs} | dict(chosen) | dict(row["knobs"])
    drawn = method.release_knob
    known = {
        knob.name: float(known[knob.name])
        for knob in method.knobs
        if at is None or knob != drawn or knob.name in row["knobs"]
    }
    target = "features" if row["attacker"] == "feature_mapping" else row["target"]
    others = tuple(counterpart(other, chosen) for other in _differs_from(row))
    minus = tuple(other for other in others if isinstance(other, Counterpart))
    return Counterpart(
        method=row["method"],
        tasks=row["tasks"],
        private=row["private"],
        free=INDIFFERENT.get(row["method"], ()),
        knobs=known,
        schedule=replaced(row["method"], row["schedule"]),
        target=target,
        paper=paper,
        strict=strict,
        metrics=tuple(filter(None, METRICS[row["metric"]].ours)),
        at=at,
        minus=minus,
        drop=row["metric"] == "accuracy_drop",
        extra=EXTRA in row["dataset"] and row["role"] == "private",
        remarks=remarks,
    )


def _reason(row: Row) -> str:
    if row["protocol"] in ("people", "device", "count"):
        return str(row["protocol"])
    if row["metric"] in ("loss", "rank_guarantee"):
        return "log" if row["metric"] == "loss" else "chosen"
    if row["target"] == "task" and not row["tasks"] and row["metric"] == "accuracy_drop":
        return "summary"
    if JOINED in row["dataset"]:
        return "joined"
    if EXTRA in row["dataset"] and row["attacker"] == "feature_mapping":
        return "one_source"
    if row["target"] == "attributes" and row["tasks"] != ("all",):
        return "other_attributes"
    return ""


def _who(row: Row) -> tuple[str, str, tuple[str, ...]] | None:
    """(attacker by the paper's protocol, by the strict one, remarks); None where we have none."""
    name = row["attacker"]
    strongest = BEST_HEAD.name if row["role"] == "utility" else WORST_CASE.name
    if row["protocol"] == "computed":
        return "", COMPUTED[row["metric"]], ()
    if name == "fresh_head":
        return STAND_IN, strongest, ("fresh",)
    if name in WITHOUT.get(row["method"], ()):
        return STAND_IN, strongest, ("stand_in",)
    if name in OWN_NETWORKS:
        served = name == "own_head" and row["target"] == VERIFICATION
        return ("own_verifier" if served else name), strongest, ()
    ours = NAMES.get(name, name)
    if ours not in ATTACKS:
        return None
    return ours, ours, OF_ATTACKERS.get(name, ())


def _differs_from(row: Row) -> list[Row]:
    """The rows whose number a difference is taken from."""
    bare = dict(row) | {"metric": "accuracy"}
    if row["metric"] == "accuracy_drop":
        method = METHODS[METHODS[row["method"]].reference]
        weakest = {knob.name: knob.grid[0] for knob in method.knobs if knob.when == "train"}
        return [bare | {"method": method.name, "knobs": weakest}]
    if row["metric"] == "accuracy_gain" and row["paper"] == "dpfe":  # against the undivided network
        return [bare | {"method": "dpfe_m0", "knobs": {}, "schedule": {}}]
    if row["metric"] == "accuracy_gain":  # from each task alone to all of them
        return [bare | {"tasks": (task,)} for task in row["tasks"]]
    if row["metric"] == "log_rank_privacy_gain":  # against the first cut
        return [bare | {"metric": "log_rank_privacy", "schedule": {"cut": 0.0}}]
    return []


def _models(row: Row) -> list[Row]:
    """DPFE's models on which section 6.2 is: each cut with each set of attributes, without noise."""
    return [
        dict(row)
        | {"tasks": tasks, "schedule": {"cut": float(cut)}, "metric": "accuracy_gain"}
        | {"knobs": {"noise_ratio": 0.0}}
        for tasks in dpfe.ATTRIBUTE_SETS.values()
        for cut in range(len(dpfe.CUTS))
    ]


def replaced(method: str, schedule: Mapping[str, float]) -> dict[str, float]:
    """The entries of a schedule that are others than the method's own."""
    usual = METHODS[method].presets["paper"]["schedule"]
    return {
        name: float(value)
        for name, value in schedule.items()
        if name not in usual or usual[name] != value or not _structural(method, name)
    }


def _structural(method: str, entry: str) -> bool:
    """Whether an entry makes another setting and not a longer training: the same in all presets."""
    usual = {preset["schedule"].get(entry) for preset in METHODS[method].presets.values()}
    return len(usual) == 1


def comparable(row: Row) -> float:
    """A published number in the unit of ours: a variance as the share of all there is."""
    if row["metric"] not in SHARES:
        return float(row["value"])
    same = ("paper", "place", "label")
    parts = [
        other["value"]
        for other in published(row["method"])
        if other["metric"] in SHARES and all(other[name] == row[name] for name in same)
    ]
    return float(row["value"]) / sum(parts)


def attackers() -> set[str]:
    """Everybody whose findings stand beside a published number."""
    named = {name for name in (*NAMES.values(), *COMPUTED.values(), STAND_IN) if name in ATTACKS}
    named |= {row["attacker"] for row in published()} & ATTACKS.keys()
    return named | {WORST_CASE.name, BEST_HEAD.name, *OWN_NETWORKS}
