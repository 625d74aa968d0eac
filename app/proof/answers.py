"""The few answers of a finite release as they were kept: faces, how often each is given, what it
says. No Streamlit."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from app.leakage import groups
from app.page import wording
from core.errors import PenumbraError
from core.storage.pictures import unpacked


class Answers(NamedTuple):
    """faces    uint8 (K, H, W, 3), the mean face of whoever is answered so
    often      (K,), the share of each answer
    having, without  (secrets, K) among people with and without each of `secrets`
    says       (K, tasks) of 0 and 1, of `tasks`; no columns where nobody says
    people     how many they were counted on
    """

    faces: np.ndarray
    often: np.ndarray
    having: np.ndarray
    without: np.ndarray
    says: np.ndarray
    secrets: tuple[str, ...]
    tasks: tuple[str, ...]
    people: int


def checked(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Answers:
    """Raises PenumbraError where the explanation is not what it should be."""
    try:
        faces = unpacked("faces", arrays)
        often = np.asarray(arrays["often"], float)
        having, without = (np.asarray(arrays[side], float) for side in ("having", "without"))
        says = np.asarray(arrays["says"])
        secrets, tasks = (tuple(map(str, facts[name])) for name in ("secrets", "tasks"))
        found = Answers(faces, often, having, without, says, secrets, tasks, int(facts["people"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PenumbraError(f"the answers are damaged ({error})") from error
    count = len(faces)
    whole = often.shape == (count,) and len(says) == count and np.isfinite(often).all()
    sides = having.shape == without.shape == (len(secrets), count)
    if not whole or not sides or says.ndim != 2 or says.shape[1] not in (0, len(tasks)):
        raise PenumbraError("the answers are damaged: their parts do not fit together")
    return found


def meaning(found: Answers, number: int) -> str:
    """What the service understands by an answer: "Smile: yes"."""
    if not found.says.shape[1]:
        return ""
    return ", ".join(
        f"{wording.attribute_label(name)}: {'yes' if said else 'no'}"
        for name, said in zip(found.tasks, found.says[number].tolist(), strict=True)
    )


def table(found: Answers) -> pd.DataFrame:
    """One row an answer: what it says, how often it is given, to people with and without a secret."""
    rows: dict[str, Any] = {"Answer": [n + 1 for n in range(len(found.faces))]}
    if found.says.shape[1]:
        rows["Says"] = [meaning(found, n) for n in range(len(found.faces))]
    rows["Of all"] = 100 * found.often
    for place, name in enumerate(found.secrets):
        for has, side in ((True, found.having), (False, found.without)):
            rows[f"Of {groups.name(name, has)}"] = 100 * side[place]
    return pd.DataFrame(rows)


def sentence(found: Answers) -> str:
    """How many faces can be drawn at all."""
    given, there = int((found.often > 0).sum()), len(found.often)
    how_many = f"{given} answers" if given == there else f"{given} of {there} answers"
    some = "One answer alone is" if given == 1 else f"{how_many} are"
    faces = "one face" if given == 1 else f"{given} faces"
    return (
        f"{some} given at this setting, so an attacker can draw at most {faces}, whoever the person is; "
        "whatever else it adds is invented. Each is the mean of everybody who is answered so: no other face "
        "comes nearer to all of them."
    )
