"""What is proven of every attacker there can be (`core.certificates`): no measurements, but bounds."""

from core.metrics.declare import Metric

_BALANCED = (
    "Whatever the attacker, the answer is right in no more than this share of cases, where people with "
    "and without the attribute are equally frequent"
)
PROVEN = Metric(
    name="proven_accuracy",
    title="Proven: balanced accuracy at most",
    unit="%",
    says=f"{_BALANCED}: with 95 % confidence, from one release of each person. Guessing: 50 %.",
    chance=0.5,
)
PROVEN_PAIR = Metric(
    name="proven_accuracy_pair",
    title="Proven: balanced accuracy at most, from two photographs",
    unit="%",
    says=f"{_BALANCED}, from the releases of two of a person's photographs. Guessing: 50 %.",
    chance=0.5,
)
PROVEN_REPEATED = Metric(
    name="proven_accuracy_repeated",
    title="Proven: balanced accuracy at most, from repeated releases",
    unit="%",
    says=(
        f"{_BALANCED}, from repeated releases of one photograph, each with noise of its own: 16 of "
        "them, and of drawn answers any number. Guessing: 50 %."
    ),
    chance=0.5,
)
PROVEN_NAMED = Metric(
    name="proven_identification",
    title="Proven: people named at most",
    unit="%",
    says=(
        "Whatever the attacker, of so many people, all as likely, no larger share is named from one "
        "release each."
    ),
)
CAPACITY = Metric(
    name="capacity",
    title="Proven: a chance grows at most by this factor",
    unit="",
    says=(
        "By no more than this is anybody's chance of guessing anything multiplied by seeing one "
        "release, whatever is guessed and whatever was known before."
    ),
)
