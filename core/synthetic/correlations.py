"""How attributes go together: the one table that a set is drawn from.

Every number is a probability that can be set; `set.json` keeps the whole table. Whatever it does not
name is drawn independently.
"""

import copy
from typing import Any

from core.errors import PenumbraError


def shares(text: str) -> dict[str, float]:
    """{outcome: share} of "outcome share, …"."""
    return {name: float(share) for name, share in (part.split() for part in text.split(", "))}


# P(attribute | group) as probabilities, P(outcome | group) as distributions that sum to 1: over
# photographs for `eyeglasses` and `heavy_makeup`, over men for `facial_hair`.
DEFAULTS: dict[str, Any] = {
    "male": 0.46,
    "young": {"male": 0.66, "female": 0.74},
    # Dirichlet concentration of the three ancestries' shares: small means little mixed.
    "ancestry_concentration": 0.45,
    "gray_hair": {"young": 0.02, "old": 0.72},
    # Natural hair colour by skin; gray hair replaces it.
    "hair_colour": {
        "light": shares(
            "black 0.16, dark_brown 0.18, brown 0.26, light_brown 0.08, blond 0.25, red 0.07"
        ),
        "medium": shares(
            "black 0.55, dark_brown 0.25, brown 0.16, light_brown 0.02, blond 0.02, red 0.0"
        ),
        "dark": shares(
            "black 0.8, dark_brown 0.17, brown 0.03, light_brown 0.0, blond 0.0, red 0.0"
        ),
    },
    "hair_style": {
        "young_male": shares(
            "crop 0.42, side 0.24, slick 0.1, curly 0.14, receding 0.03, bald 0.07"
        ),
        "old_male": shares("crop 0.22, side 0.2, slick 0.14, curly 0.06, receding 0.2, bald 0.18"),
        "young_female": shares(
            "long 0.32, long_wavy 0.22, bob 0.12, bangs 0.14, bun 0.08, curly 0.09, crop 0.03"
        ),
        "old_female": shares(
            "long 0.18, long_wavy 0.15, bob 0.24, bangs 0.1, bun 0.12, curly 0.13, crop 0.08"
        ),
    },
    # What men grow; women have none.
    "facial_hair": {"none": 0.48, "stubble": 0.15, "moustache": 0.1, "goatee": 0.12, "full": 0.15},
    "eyeglasses": {"young_male": 0.17, "young_female": 0.12, "old_male": 0.36, "old_female": 0.28},
    "heavy_makeup": {"male": 0.0, "young_female": 0.58, "old_female": 0.42},
    "lipstick_without_makeup": {"male": 0.0, "female": 0.2},
    "smiling": {"male": 0.42, "female": 0.54},
    "big_lips": {"male": 0.36, "female": 0.46},
    "big_nose": {"male": 0.46, "female": 0.3},
    "high_cheekbones": {"male": 0.4, "female": 0.52},
    "chubby": {"young": 0.16, "old": 0.26},
    # Share of wearers who go without in about half of their photographs.
    "varying": {"glasses": 0.4, "makeup": 0.5, "beard": 0.3},
}

LIMITS = {"ancestry_concentration": (0.05, 20)}  # where an entry is no probability
HAIR_STYLES = tuple(dict.fromkeys(n for table in DEFAULTS["hair_style"].values() for n in table))


def completed(changes: dict | None = None) -> dict[str, Any]:
    """`DEFAULTS` with `changes` in it: groups may be given in part, a distribution has to be given
    whole. Raises PenumbraError for an unknown entry and for what is no probability."""
    changes = {} if changes is None else changes
    if not isinstance(changes, dict):
        raise PenumbraError("correlations: give an object of named probabilities")
    table = copy.deepcopy(DEFAULTS)
    for name, value in changes.items():
        if name not in DEFAULTS:
            raise PenumbraError(
                f"correlations: unknown entry {str(name)[:40]!r}; known: {', '.join(DEFAULTS)}"
            )
        in_part = isinstance(value, dict) and isinstance(DEFAULTS[name], dict)
        table[name] = table[name] | value if in_part and not _is_distribution(name) else value
        _check(name, table[name], DEFAULTS[name])
    return table


def _check(name: str, value: Any, default: Any) -> None:
    """Raise PenumbraError unless a value has its default's form: a probability, a distribution or a
    table of either."""
    if not isinstance(default, dict):
        low, high = LIMITS.get(name, (0, 1))
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            kind = "number" if name in LIMITS else "probability"
            raise PenumbraError(f"correlations: {name} must be a {kind} from {low} to {high}")
        return
    if not isinstance(value, dict):
        raise PenumbraError(f"correlations: {name} must be a table with {', '.join(default)}")
    outcomes = HAIR_STYLES if name.startswith("hair_style.") else tuple(default)
    for key in value:
        if key not in outcomes:
            raise PenumbraError(
                f"correlations: {name} knows no {str(key)[:40]!r}; known: {', '.join(outcomes)}"
            )
    for key in default:
        if key not in value and not _is_distribution(name):
            raise PenumbraError(f"correlations: {name} lacks {key}")
    for key, share in value.items():
        _check(f"{name}.{key}", share, default.get(key))
    if _is_distribution(name) and abs(sum(value.values()) - 1) > 1e-6:
        raise PenumbraError(f"correlations: the probabilities of {name} must sum to 1")


def _is_distribution(name: str) -> bool:
    """Whether an entry lists outcomes that exclude each other (`hair_style.old_male`)."""
    return name == "facial_hair" or name.startswith(("hair_style.", "hair_colour."))
