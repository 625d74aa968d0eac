"""Where somebody looks: maps laid over faces, and what they say in words. No Streamlit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.attention import overlays
from app.page import wording
from app.settings import points
from app.settings.points import Row, setting_label
from core.errors import damaged
from core.explain import maps
from core.methods import METHODS

Arrays = Mapping[str, NDArray[Any]]
Pixels = NDArray[np.uint8]

GROUPS = {"Male=0": "Women", "Male=1": "Men", "Smiling=0": "Not smiling", "Smiling=1": "Smiling"}
THIRDS = ("upper", "middle", "lower")
SLACK = 0.05  # of attention: less than that apart from what is usual is not called elsewhere
ELSEWHERE = 0.5  # share of attention on the same places below which it is simply elsewhere
NUMBERS = {  # of a side -> their columns
    "balanced_accuracy": "balanced accuracy",
    "low": "low",
    "high": "high",
    "overlap": "overlap with the photographs",
    "overlap_low": "overlap low",
    "overlap_high": "overlap high",
    "correlation": "correlation",
}
MOSTLY = 0.5  # share of attention from which on a third of the picture is named


class Look(NamedTuple):
    """One side (the attacker, or the service) of one setting.

    target        the attribute that is read
    declared      whether the run was told to hide it
    originals     uint8 (n, H, W, 3), the displayed faces; `truth` uint8 (n,): their answers
    before        uint8 (n, h, w): maps of a reader of the photographs, with its predictions (n,)
    through       of a reader of the releases; None where no map can be made
    reconstructed of the first reader, on the reconstructions, or None
    groups        name -> (mean face (H, W, 3), map before, map through or None)
    facts         of the setting; `clear` of the photographs
    """

    target: str
    declared: bool
    originals: Pixels
    truth: Pixels
    before: Pixels
    before_predictions: Pixels
    through: Pixels | None
    through_predictions: Pixels
    reconstructed: Pixels | None
    reconstructed_predictions: Pixels | None
    groups: dict[str, tuple[Pixels, Pixels, Pixels | None]]
    facts: dict[str, Any]
    clear: dict[str, Any]


def look(
    found: tuple[Arrays, Mapping[str, Any]], side: str, shared: tuple[Arrays, Mapping[str, Any]]
) -> Look:
    """What `core.explain.attention` left of "attacker" or "service", with
    `app.cache.loaders.photograph_maps` of the same attribute. Raises PenumbraError where they are
    damaged or do not belong together."""
    (arrays, facts), (known, clear) = found, shared
    with damaged("the maps are damaged", "delete them and compute them again"):
        originals, means = known["originals"], known["means"]
        count = len(originals)
        if not np.array_equal(arrays["positions"], known["positions"]):
            raise ValueError("other faces than the photographs'")
        names = [str(name) for name in clear["groups"]]
        own = [str(name) for name in facts["groups"]]
        through = _maps(arrays.get(f"{side}_release"), count)
        drawn = _maps(arrays.get(f"{side}_release_groups"), len(own))
        averages = {} if drawn is None else dict(zip(own, drawn, strict=True))
        before = _maps(known["maps"], count)
        plain = _maps(known["groups"], len(names))
        if before is None or plain is None or len(means) != len(names):
            raise ValueError("no maps of the photographs")
        again = f"{side}_said_redrawn"
        return Look(
            target=str(facts[side]["target"]),
            declared=bool(facts[side]["declared"]),
            originals=originals,
            truth=_answers(known["truth"], count),
            before=before,
            before_predictions=_answers(known["said"], count),
            through=through,
            through_predictions=_answers(arrays[f"{side}_said"], count),
            reconstructed=_maps(arrays.get(f"{side}_redrawn"), count),
            reconstructed_predictions=_answers(arrays[again], count) if again in arrays else None,
            groups={
                name: (mean, lit, averages.get(name))
                for name, mean, lit in zip(names, means, plain, strict=True)
            },
            facts=_numbers(facts[side]) | {"reason": facts[side].get("reason")},
            clear=_numbers(clear),
        )


def _maps(found: NDArray[Any] | None, count: int) -> Pixels | None:
    if found is None:
        return None
    if found.dtype != np.uint8 or found.ndim != 3 or len(found) != count or max(found.shape) > 64:
        raise ValueError("a map is not what it should be")
    return found


def _answers(found: NDArray[Any], count: int) -> Pixels:
    if found.dtype != np.uint8 or found.shape != (count,):
        raise ValueError("the answers are not what they should be")
    return found


def _numbers(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is a finite number, or three of them as `thirds`; the rest is not for a page."""
    found: dict[str, Any] = {k: float(v) for k, v in facts.items() if wording.known(v)}
    thirds = facts.get("thirds")
    if isinstance(thirds, list) and len(thirds) == 3 and all(map(wording.known, thirds)):
        found["thirds"] = [float(share) for share in thirds]
    return found


def group_label(name: str) -> str:
    """ "Women"; "Young: yes" of groups without a word of their own."""
    target, _, value = name.partition("=")
    if name in GROUPS or not value:
        return GROUPS.get(name, "All")
    return f"{wording.attribute_label(target)}: {'yes' if value == '1' else 'no'}"


PANELS = {  # what is seen -> the heading of its map, and where one looks
    "before": ("On the photograph", "where one looks who sees the photograph"),
    "through": ("Through the release", "where the evidence lies that gets through"),
    "reconstructed": ("On the redrawing", "where one looks on what the attacker redrew"),
}


class Panel(NamedTuple):
    """One picture of the row: its heading, what is under it, what it shows in words."""

    name: str
    text: str
    picture: Pixels
    alt: str


def panels(found: Look, face: int, reconstruction: Pixels | None) -> list[Panel]:
    """The row of one face; `reconstruction`: uint8 (H, W, 3). What there is none of is left out."""
    picture, truth = found.originals[face], int(found.truth[face])
    who = f"Face {face + 1}"
    row = [Panel("Photograph", answer(found.target, truth), picture, f"{who}, photograph")]
    for seen, (name, where) in PANELS.items():
        lit, predictions = getattr(found, seen), getattr(found, f"{seen}_predictions")
        ground = reconstruction if seen == "reconstructed" else picture
        if ground is not None and lit is not None and predictions is not None:
            text = reads(found.target, int(predictions[face]), truth)
            alt = f"{who}: {where}, {parts(lit[face])}"
            row.append(Panel(name, text, overlays.over(ground, lit[face]), alt))
    if found.through is not None:
        same = wording.percent(float(maps.overlap(found.before[face], found.through[face])))
        change = overlays.apart(picture, found.before[face], found.through[face])
        alt = f"{who}: where attention went; {same} stays on the same places"
        row.append(Panel("Difference", f"{same} on the same places", change, alt))
    return row


ANSWERS = {"Male": ("a woman", "a man"), "Smiling": ("does not smile", "smiles")}


def answer(target: str, value: int) -> str:
    """ "a woman", "smiles"; "Young: yes" of other attributes."""
    if target in ANSWERS:
        return ANSWERS[target][value]
    return f"{wording.attribute_label(target)}: {('no', 'yes')[value]}"


def reads(target: str, value: int, truth: int) -> str:
    return f"reads “{answer(target, value)}”: {'right' if value == truth else 'wrong'}"


def parts(lit: Pixels) -> str:
    """Where a map lies, in words: "mostly at the lower third of the picture (56 %)"."""
    return _third([float(share) for share in maps.thirds(lit)])


def _third(shares: Sequence[float], number: bool = True) -> str:
    most = int(np.argmax(shares))
    share = f" ({wording.percent(shares[most])})" if number else ""
    if shares[most] >= MOSTLY:
        return f"mostly at the {THIRDS[most]} third of the picture{share}"
    return f"all over the picture, most at the {THIRDS[most]} third{share}"


def stayed(found: Look, bare: Look | None) -> float | None:
    """Mean share of attention on the same places as elsewhere; None where they do not compare."""
    if bare is None or found.through is None or bare.through is None:
        return None
    if found.target != bare.target or len(found.through) != len(bare.through) or at_chance(bare):
        return None
    return round(float(maps.overlap(found.through, bare.through).mean()), 6)


def moved(same: float, found: Look) -> str:
    """A share of attention on the same places in words, against what two readers agree on."""
    most = found.clear.get("again_overlap", 1.0)
    if same >= most - SLACK:
        return "where one looks"
    return "partly elsewhere than" if same >= ELSEWHERE else "elsewhere than"


def at_chance(found: Look) -> bool:
    """Whether the reader's balanced accuracy cannot be told from guessing."""
    low = found.facts.get("low")
    return not (wording.known(low) and low > 0.5)


def sentence(
    row: Row, found: Look, side: str, bare: Look | None = None, bare_name: str = ""
) -> str:
    """The verdict; `bare`, `bare_name`: the same side at the weakest protection, and its name."""
    place = points.place(row)
    who = "the attacker" if side == "attacker" else "the service"
    secret = wording.inferred(found.target)
    right = wording.percent(found.facts.get("balanced_accuracy"))
    span = wording.interval(found.facts.get("low"), found.facts.get("high"))
    aside = "; ".join(filter(None, (span, "chance 50 %")))
    if at_chance(found):
        return (
            f"{place} {who} cannot tell {secret} ({right}; {aside}): where it looks means nothing."
        )
    tells = f"tells {secret} in {right} of cases ({aside})"
    if found.through is None:
        return f"{place} {who} {tells}; nothing says from where."
    same, where = stayed(found, bare), ""
    if same is not None:
        where = f"looks {moved(same, found)} at {bare_name}, and "
    elif "thirds" in found.facts:
        where = f"looks {_third(found.facts['thirds'], False)}, and "
    return f"{place} {who} {where}{tells}."


def detail(
    found: Look,
    side: str,
    bare: Look | None = None,
    bare_name: str = "",
    strongest: float | None = None,
) -> str:
    """The lines under the verdict; `strongest`: what the strongest of all attackers reaches."""
    words = []
    again = found.clear.get("again_overlap")
    same = stayed(found, bare)
    if found.through is not None and not at_chance(found):
        if same is not None:
            text = (
                f"{wording.percent(same)} of attention falls on the same places as at {bare_name} "
                f"(mean over {len(found.through)} faces)"
            )
            if wording.known(again):
                text += (
                    f"; {wording.percent(again)} is what two readers of the same photographs agree "
                    "on, trained from different starts"
                )
            words.append(f"{text}.")
        if "thirds" in found.facts and "thirds" in found.clear:
            words.append(
                f"The evidence that gets through lies {_third(found.facts['thirds'])}; on the "
                f"photographs themselves {_third(found.clear['thirds'])}."
            )
    if wording.known(strongest):
        words.append(f"The strongest of all attackers is right in {wording.percent(strongest)}.")
    if side == "attacker" and not found.declared:
        words.append(f"This setting was not told to hide {wording.inferred(found.target)}.")
    return " ".join(words)


def table(rows: Iterable[tuple[Row, Mapping[str, Mapping[str, Any]]]]) -> pd.DataFrame:
    """One row for each setting and side, from (setting, facts)."""
    found = []
    for row, facts in rows:
        for side in ("attacker", "service"):
            about = facts.get(side)
            if not isinstance(about, Mapping):
                continue
            numbers = _numbers(about)
            thirds = numbers.get("thirds", [None] * 3)
            found.append(
                {"method": METHODS[row["method"]].title, "setting": setting_label(row), "who": side}
                | {"reads": wording.attribute_label(str(about.get("target")))}
                | {title: numbers.get(name) for name, title in NUMBERS.items()}
                | {f"{name} third": thirds[i] for i, name in enumerate(THIRDS)}
                | {"run": row["run_id"]}
            )
    return pd.DataFrame(found)
