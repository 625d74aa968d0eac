"""What a study's folded details say, and their tables. Pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from app.page import wording
from app.study.verdict import Row, probability, with_interval
from core.study.analysis.results import ENOUGH, SUMMARY

ALPHA = (  # Krippendorff's own steps, and two of ours below them
    (0.8, "people choose the same photograph"),
    (0.667, "people mostly choose the same photograph"),
    (0.3, "people often choose the same photograph, and often do not"),
    (0.1, "people hardly agree which photograph it is"),
)
CLEARLY = 1.1  # times as wide
COUNTS = {"all": "everybody", "passed": "passed the checks"}
WORDS = (
    "**Right**: the person whom the redrawn face shows was picked among the photographs. Answers that "
    "did not come in time count as wrong; practice and attention questions count for nothing here.  \n"
    "**In brackets**: the 95 % interval (Wilson): values with which the answers go together well.  \n"
    "**Guessing**: one in as many as there are photographs.  \n"
    "**p (exact)**: how often guessers would do as well or better, by the exact binomial test. Small: "
    "people do see something. Large: these answers do not show it, which is not the same as safe.  \n"
    "**d′**: how far the right photograph stands out among the others for the people asked, in units "
    "of their doubt; 0 is guessing. It does not depend on how many photographs there are (Green and "
    "Swets).  \n"
    "**Hanging together**: somebody who sees well is right more often, and some faces are easy. "
    "Intervals that allow for it resample whole participants, or whole faces.  \n"
    "**The machine**: the same questions, answered by a nearest neighbour among what is released (what "
    "an attacker with the same software would do), and by a face network that sees the same "
    "pictures.  \n"
    "**Attention checks**: questions with an unprotected face, which everybody who looks should get."
)


def sensitivity(row: Row) -> str:
    """ "1.21 (0.95–1.48)" for d'; a bound where everybody or nobody was right."""
    if not row["n"]:
        return "–"
    if math.isinf(row["d_prime"]):
        if row["d_prime"] > 0:
            return f"above {_signed(row['d_low'])}"
        return f"below {_signed(row['d_high'])}"
    return f"{_signed(row['d_prime'])} ({_signed(row['d_low'])} to {_signed(row['d_high'])})"


def _signed(value: float) -> str:
    """Two digits with a printed minus, and none before 0."""
    return f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")


def numbers(rows: Sequence[Row]) -> pd.DataFrame:
    """The table of all settings, everybody and those who passed beside each other."""
    return pd.DataFrame(
        [
            {
                "Setting": row["label"],
                "Who counts": COUNTS[row["who"]],
                "Answers": row["n"],
                "Participants": row["participants"],
                "Right (95 % interval)": _share(row, "share"),
                "Guessing": wording.percent(row["chance"]),
                "p (exact)": probability(row["p"]) if row["n"] else "–",
                "d′ (95 % interval)": sensitivity(row),
                "People's answers hanging together": _interval(row, "clustered"),
                "Answers about a face hanging together": _interval(row, "people"),
                "Machine, releases": _share(row, "machine_release"),
                "Machine, pictures": _share(row, "machine_picture"),
                "Median time": wording.seconds(row["milliseconds"]),
            }
            for row in rows
        ]
    )


def _share(row: Row, name: str) -> str:
    return with_interval(row, name) if wording.known(row[name]) else "–"


def _interval(row: Row, name: str) -> str:
    return wording.interval(row[f"{name}_low"], row[f"{name}_high"]) or "–"


def clustered(rows: Sequence[Row]) -> str:
    """Where an interval that lets answers hang together is clearly wider than Wilson's."""
    answered = [row for row in rows if row["n"] >= ENOUGH]
    parts = []
    for name, what in (
        ("clustered", "a participant's answers hang together"),
        ("people", "all answers about a face hang together"),
    ):
        wider = [row for row in answered if _widened(row, name) > CLEARLY]
        if wider:
            most = max(wider, key=lambda row, name=name: _widened(row, name))
            drawn = wording.interval(most["low"], most["high"])
            parts.append(
                f"Where {what}, the interval is wider than the one drawn at {len(wider)} of {len(answered)} "
                f"settings; most at {most['label']}: {_interval(most, name)} % instead of {drawn} %."
            )
    return " ".join(parts) or (
        "Letting a participant's answers, or all answers about a face, hang together makes no "
        "interval clearly wider."
    )


def _widened(row: Row, name: str) -> float:
    """How many times as wide as Wilson's the interval is; 0 where there is none."""
    if not wording.known(row[f"{name}_low"]):
        return 0.0
    return (row[f"{name}_high"] - row[f"{name}_low"]) / (row["high"] - row["low"])


def alpha_words(row: Row) -> str:
    """Krippendorff's alpha of a row of `core.study.analysis.breakdown.agreement` in words."""
    if not wording.known(row["alpha"]):
        return "no two people have answered about the same face yet"
    words = next(
        (words for limit, words in ALPHA if row["alpha"] >= limit),
        "people agree no more than if they had drawn lots",
    )
    alpha, counts = _signed(row["alpha"]), f"{row['faces']} faces, {row['answers']} answers"
    return f"{words} (alpha {alpha}; {counts})"


def needed(row: Row, more: Mapping[str, int | None], width: float) -> str:
    if row["n"] < ENOUGH:
        return "too few answers to plan by; come back with ten or more"
    tell, narrow = more["to_tell"], more["to_narrow"]
    if row["low"] > row["chance"]:
        first = "that people beat guessing is settled"
    elif tell is None:
        first = (
            "people do not beat guessing, or by so little that no study would find it; more answers "
            "only narrow the interval"
        )
    elif tell:
        first = f"about {tell} more to find (with 80 % probability) that people beat guessing"
    else:
        first = "as many as such a difference usually takes, yet it was not found; ask more"
    points = f"± {wording.points(width / 2)}"
    if narrow is None:
        return f"{first}; no affordable number makes the interval {points}"
    if narrow == 0:
        return f"{first}; narrower than {points} already"
    return f"{first}; {narrow} more until the interval is {points}"


def taken_away(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame([{name: row[name] for name in ("label", *SUMMARY)} for row in rows])


def faces_caption(faces: pd.DataFrame) -> str:
    """How far faces differ, of `core.study.analysis.breakdown.faces`."""
    few, many = int(faces["n"].min()), int(faces["n"].max())
    asked = f"{few} answers" if few == many else f"{few} to {many} answers"
    sentence = (
        f"{len(faces)} faces with {asked} each; the least recognised is right in "
        f"{wording.percent(faces['share'].min())}, the best in {wording.percent(faces['share'].max())}."
    )
    if many < ENOUGH:
        sentence += " With so few answers for each face, much of that is luck."
    return sentence


def face(row: Row) -> str:
    """One face: "right in 3 of 11 (10–57)"."""
    span = wording.interval(row["low"], row["high"])
    return f"right in {row['right']} of {row['n']} ({span} %)"


def faces_taken_away(faces: pd.DataFrame, labels: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Faces for a file: a column for each option, the right one first."""
    table = faces.drop(columns="choices")
    most = max(map(len, faces["choices"]), default=0)
    for option in range(most):
        table[f"chosen_{option}"] = [taken[option] for taken in faces["choices"]]
    keys = zip(table["setting"], table["attacker"], strict=True)
    return table.assign(label=[labels.get(key, key[0]) for key in keys])


def people_caption(people: pd.DataFrame) -> str:
    """How far participants differ, of `core.study.analysis.breakdown.participants`."""
    done = int(people["finished"].sum())
    return (
        f"{len(people)} participant{'s' * (len(people) != 1)}, {done} finished; the middle half is right "
        f"in {wording.interval(people['share'].quantile(0.25), people['share'].quantile(0.75))} % of "
        "their questions. Bars that reach further out than the dashed line mean that some see more "
        "than others."
    )


def times_caption(timed: pd.DataFrame, counted: pd.DataFrame) -> str:
    """Median times of right and wrong answers, and how often time ran out."""
    half = wording.seconds(float(timed["milliseconds"].median()))
    parts = [f"Half of the answers took less than {half}"]
    for right, name in ((True, "right ones"), (False, "wrong ones")):
        took = timed.loc[timed["right"] == right, "milliseconds"]
        if len(took):
            parts.append(f"{name} {wording.seconds(float(took.median()))}")
    late = int(counted["timed_out"].sum())
    text = "; ".join(parts) + "."
    return text + (f" Time ran out in {late} of {len(counted)} questions." if late else "")


def calibration_caption(table: pd.DataFrame) -> str:
    """Whether those who are surer are right more often, of
    `core.study.analysis.breakdown.calibration`."""
    first, last = table.iloc[0].to_dict(), table.iloc[-1].to_dict()
    if len(table) < 2:
        return f"All said {first['confidence']:.0f} of 5; {with_interval(first)} were right."
    text = (
        f"Who said {first['confidence']:.0f} of 5 was right in {with_interval(first)}, who said "
        f"{last['confidence']:.0f} in {with_interval(last)}: "
    )
    if last["low"] > first["high"]:
        return text + "people know when they see something."
    if last["high"] < first["low"]:
        return text + "people are right less often when they are surer."
    return text + "being sure does not clearly go with being right."


def stopping(study: Mapping[str, Any], everybody: Sequence[Row], simulated: bool) -> str:
    """How far the study is from its own end; its rule looks at everybody's answers."""
    design, parts = study["design"], []
    if design["target"] is not None:
        goal = f"{design['target']} participants have finished"
        parts.append(f"It closes itself when {goal}; {study['finished']} have")
    if design["stop_width"] is not None:
        wanted = wording.points(design["stop_width"])
        widest = max((row["high"] - row["low"] for row in everybody), default=1.0)
        now = "" if simulated else f"; the widest has {wording.points(widest)} now"
        goal = f"every setting's interval is narrower than {wanted}"
        parts.append(f"it closes itself when {goal}{now}")
    why = f": {study['message']}" if study["message"] else ""
    return f"{wording.capital('; or '.join(parts))}. It is {study['state']}{why}."


def design(study: Mapping[str, Any]) -> str:
    asked, settings = study["design"], study["design"]["settings"]
    others = "anybody"
    if asked["distractors"] == "matched":
        same = ", ".join(wording.attribute_label(name).lower() for name in asked["matched_on"])
        others = f"people alike in: {same}"
    right = "another photograph of the person"
    if asked["photograph"] == "same":
        right = "the very photograph that was redrawn"
    by = ", ".join(dict.fromkeys(wording.attacker(setting["attacker"]) for setting in settings))
    made = datetime.fromtimestamp(study["created"], UTC).strftime("%d %B %Y").lstrip("0")
    limit = f"{asked['time_limit']} s" if asked["time_limit"] else "none"
    lines = {
        "Made": made,
        "Settings": f"{len(settings)}, of the data set {settings[0]['dataset']}, redrawn by: {by}",
        "Questions": f"{asked['questions']} for each participant, about {asked['people']} people in all; "
        "nobody is asked about one person twice",
        "To choose from": f"{asked['options']} photographs; the right one is {right}, the others are {others}",
        "Practice": "one question" if asked["practice"] else "none",
        "Attention checks": f"{asked['attention']}" if asked["attention"] else "none",
        "Time limit": limit,
        "How sure they are": "asked" if asked["confidence"] else "not asked",
        "Took part": f"{study['participants']}; {study['finished']} finished, {study['withdrawn']} withdrew "
        "and left nothing behind",
    }
    return "  \n".join(f"**{name}**: {value}" for name, value in lines.items())
