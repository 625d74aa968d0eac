"""What is proven of a setting, and under which assumptions, in words an officer can repeat. Pure."""

from collections.abc import Sequence

from app.page import verdict, wording
from app.proof.counted import Counted
from app.settings import mixtures, points, strips
from app.settings.points import Row
from app.settings.proofs import OTHERS, Bound
from core.methods import METHODS
from core.metrics import certificates as metrics

DOCUMENT = "docs/certificates.md"  # the mathematics
NOTHING_LEFT = 0.995  # a bound from which on it says nothing
WOULD_HAVE = (
    "A proof needs a release that can be counted: one of a few answers (“Certified answers”), or a code "
    "with noise of known size (DPFE). Maps and pictures have neither; of them only attacks tell, and an "
    "attack shows the least that is given away. Certificates are made when a training is attacked, or by `python -m core certify`."
)


def sentence(row: Row, bounds: Sequence[Bound]) -> str:
    """The page's answer: what no attacker can do at a setting."""
    first = [b for b in bounds if b.metric == metrics.PROVEN.name]
    if not first:
        return f"{points.place(row)} nothing is proven: a stronger attacker may learn more."
    parts = [
        f"{wording.inferred(b.target.partition(':')[2])} in more than {wording.bound(b.bound)} of cases"
        for b in first
    ]
    told = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, nor {parts[-1]}"
    return f"{points.place(row)} no attacker can tell {told} ({verdict.CONDITIONS}; chance 50 %)."


def one_release(bound: Bound) -> str:
    """What the first bound says, with the advantage that holds for any prior."""
    secret = wording.inferred(bound.target.partition(":")[2])
    advantage = wording.bound(2 * bound.bound - 1).removesuffix(" %")  # rounded up
    text = (
        f"**One release.** Whoever sees one release of a person, with any network, any data and any "
        f"amount of time, tells {secret} rightly in at most **{wording.bound(bound.bound)}** of cases, where "
        "people with and without it are equally frequent. Where they are not: whatever verdict an attacker "
        "gives, the shares of people with it and without it to whom it is given differ by at most "
        f"{advantage} points."
    )
    if bound.counted is None:
        return text
    return (
        f"{text} (On the very people counted, the best that anybody could do is "
        f"{wording.percent(bound.counted, 1)}; the rest is room for people who were not counted.)"
    )


def more_releases(bounds: Sequence[Bound], row: Row) -> list[str]:
    """What two photographs and repeated releases do; of a mixture, that it is not known."""
    said = []
    for bound in bounds:
        secret = wording.inferred(bound.target.partition(":")[2])
        if bound.metric == metrics.PROVEN_PAIR.name:
            said.append(
                f"**Two photographs of one person**: {secret} in at most {wording.bound(bound.bound)} of "
                "cases. Of more photographs nothing is proven; each tells something more."
            )
        if bound.metric == metrics.PROVEN_REPEATED.name:
            who = (
                "if the device forgot its draw and drew anew for each release of one photograph"
                if METHODS[row["method"]].finite
                else "from 16 releases of one photograph, each with noise of its own"
            )
            known = f"{secret} in at most {wording.bound(bound.bound)} of cases {who}."
            if bound.bound >= NOTHING_LEFT:
                known = f"nothing is proven {who}."
            said.append(f"**Repeated releases**: {known}")
    if mixtures.is_mixture(row):
        said.append(
            "**Two photographs, repeated releases**: between two measured settings nothing is proven of "
            "them; move the slider to one that was measured."
        )
    elif METHODS[row["method"]].finite and not any(
        b.metric == metrics.PROVEN_REPEATED.name for b in bounds
    ):
        said.append(
            "**Repeated releases**: nothing is drawn by chance at this setting, so that asking again "
            "about the same photograph gives the same answer and tells nothing more."
        )
    return said


def of_anything(bounds: Sequence[Bound]) -> list[str]:
    """Identity, and everything else at once."""
    found = {b.metric: b for b in bounds if b.metric in OTHERS}
    said = []
    if named := found.get(metrics.PROVEN_NAMED.name):
        said.append(
            f"**Who it is**: of {named.people:,.0f} people, all as likely, no attacker names the right one "
            f"in more than {wording.percent(named.bound, 2)} of cases; a guess without any release is right "
            f"in {wording.percent(named.chance, 2)}."
        )
    if grows := found.get(metrics.CAPACITY.name):
        said.append(
            f"**Anything else**: whatever is guessed about a person, one release multiplies the chance "
            f"of guessing it by at most {grows.bound:.3g}. What was a chance of one in a million is then one "
            f"of at most {grows.bound:.3g} in a million."
        )
    return said


def assumptions(row: Row, counted: Counted) -> list[str]:
    """Under which a bound holds; each of them can be checked or broken."""
    method = METHODS[row["method"]]
    sure = wording.percent(1 - counted.delta)
    parts = f"{counted.certificates} bounds" if counted.certificates else "all bounds"
    found = [
        f"**People counted.** {counted.people:,.0f} people of {counted.whose} who were used for nothing "
        "that shaped the release: neither to train it, nor to choose its cells or tables.",
        "**People like them.** The bound is on people drawn as those counted were: other cameras, ages or "
        "countries have to be counted anew.",
        f"**Confidence.** {sure}: the chance that who happened to be counted makes any bound of this training "
        f"too low is at most {wording.percent(counted.delta)}. It was divided beforehand among {parts} (settings, "
        "private attributes, kinds of release), so that the best may be picked after looking.",
        "**One release each.** The attacker sees one release of a person, and knows nothing else that tells "
        "this person from others.",
        "**Labels.** People whose photographs disagree on the attribute are left out of the count; labels "
        "that are wrong make the bound one on the labels.",
    ]
    if method.finite:
        if method.noisy:
            found.append(
                "**The device remembers.** It draws an answer once for each photograph and repeats it; its key "
                "never leaves it."
            )
        if estimates(row):
            found.append(
                "**The device estimates the secret in order to hide it.** The estimate is used on the device "
                "alone: it is neither sent nor stored."
            )
    else:
        found.append(
            "**The noise is what it is said to be.** It is drawn afresh from a good source of randomness; "
            "its size is known to everybody and part of the proof."
        )
    return found


def estimates(row: Row) -> bool:
    """Whether the device scores the secret itself, to even it out: with one cell for it it does not."""
    return strips.entries(row).get("secret_cells", 0) > 1


def breakers(row: Row) -> list[str]:
    """What would break it."""
    found = [
        "More than one release of a person, beyond what is proven above.",
        "Whatever else is sent beside the release: time, address, account, picture size.",
        "A device that was tampered with, or that sends scores or the photograph itself.",
        "People unlike those counted, or a group among them: a bound on all is none on each group.",
        "Picking one of many trainings by its bound: each training has its own 95 %.",
    ]
    method = METHODS[row["method"]]
    if method.finite and method.noisy:
        found.insert(1, "A device that draws anew each time it is asked about the same photograph.")
    return found


def checking(row: Row, run_id: str) -> str:
    """What a statistician does to check it."""
    at = points.release_value(row)
    place = f"{run_id}/attacks/proof/certificate" + ("" if at is None else f"@{at:g}")
    return (
        f"The proofs, with every step, stand in `{DOCUMENT}`; the counts of this setting in "
        f"`{place}`. Counting again: delete that folder and run `python -m core certify {run_id}`."
    )
