"""Who a face belongs to: everything that stays the same in all photographs of one person, drawn from
a seed and the table of correlations and completed by `shape.settle`."""

import numpy as np

from core.synthetic.appearance import colour

# Local targets drawn for everybody, "?" for both sides alike: their part, then the deviation and
# "name:negative:positive" (else decr and incr).
LOCAL_TARGETS = (
    (
        "nose/nose",
        "0.32 scale-vert curve:concave:convex hump point:down:up width1 width2 base:down:up greek",
    ),
    (
        "mouth/mouth",
        "0.38 scale-horiz trans:down:up cupidsbow philtrum-volume angles:down:up lowerlip-width "
        "upperlip-width",
    ),
    ("chin/chin", "0.32 height width prominent bones cleft jaw-drop"),
    ("forehead/forehead", "0.3 scale-vert temple nubian"),
    ("eyebrows/eyebrows", "0.36 angle:down:up trans:down:up trans:backward:forward"),
    ("head/head", "0.22 scale-horiz scale-vert fat"),
    ("neck/neck", "0.3 scale-horiz"),
    ("eyes/?-eye", "0.24 scale"),
    (
        "eyes/?-eye",
        "0.38 trans:in:out trans:down:up corner1:down:up corner2:down:up height2 eyefold:down:up bag",
    ),
    ("ears/?-ear", "0.38 scale wing"),
)
HEAD_SHAPES = "oval round square rectangular diamond triangular invertedtriangular"


def _drawn(random: np.random.Generator, targets: str) -> dict[str, float]:
    """Signed amounts by "name:negative:positive"."""
    deviation, *names = targets.split()
    spelled = [name if ":" in name else f"{name}:decr:incr" for name in names]
    return {name: random.normal(0, float(deviation)) for name in spelled}


def chance(random: np.random.Generator, probability: float) -> bool:
    return bool(random.random() < probability)


def draw(random: np.random.Generator, table: dict) -> str:
    """One outcome of a distribution given as {outcome: probability}."""
    names = list(table)
    weights = np.array([table[name] for name in names])
    return str(names[int(random.choice(len(names), p=weights / weights.sum()))])


def habit(random: np.random.Generator, probability: float, varying: float) -> float:
    """How often a person wears something: 0, .5 (a share `varying` of the wearers) or 1 of their
    photographs; `probability` is the mean over people."""
    wearer = min(probability / (1 - 0.5 * varying), 1.0)
    if not chance(random, wearer):
        return 0.0
    return 0.5 if chance(random, varying) else 1.0


def sample(random: np.random.Generator, table: dict) -> dict:
    """Draw a person from a table of `correlations.completed`: `male`, `young`, `chubby`, wished
    `big_lips`, `big_nose`, `high_cheekbones` (bool), `age` 0..1, `ancestry` (3,), `tone` 0..6,
    `weights` (local target weights) and the appearance used by the painters."""
    male = chance(random, table["male"])
    sex = "male" if male else "female"
    young = chance(random, table["young"][sex])
    group = ("young_" if young else "old_") + sex
    person: dict = {"male": male, "young": young, "group": group}
    person["masculinity"] = random.uniform(0.84, 1) if male else random.uniform(0, 0.13)
    person["age"] = random.uniform(0, 0.18) if young else random.uniform(0.68, 1)
    person["ancestry"] = random.dirichlet([table["ancestry_concentration"]] * 3)
    tone = person["ancestry"] @ [5.0, 1.6, 0.8] + random.normal(0, 0.5)
    person["tone"] = _outside(float(np.clip(tone, 0, 5.6)), 0.55, 0.85)
    person["chubby"] = chance(random, table["chubby"]["young" if young else "old"])
    person["weight"] = random.uniform(0.7, 1) if person["chubby"] else random.uniform(-0.7, 0.2)
    person["muscle"] = float(np.clip(random.normal(0.15 if male else -0.2, 0.3), -1, 1))
    for wish in ("big_lips", "big_nose", "high_cheekbones"):
        person[wish] = chance(random, table[wish][sex])
    person["weights"] = _local_weights(random, male, person)
    person.update(_appearance(random, table, person, sex))
    return person


def _outside(value: float, low: float, high: float) -> float:
    """Push a value out of a dead zone, to the nearer side."""
    if low < value < high:
        return low if value - low < high - value else high
    return value


def _local_weights(random: np.random.Generator, male: bool, person: dict) -> dict:
    """Weights of the local targets, {target: weight}, small enough not to deform a head."""
    signed = {}
    for parts, targets in LOCAL_TARGETS:
        for name, value in _drawn(random, targets).items():
            for side in "lr":
                signed[f"{parts.replace('?', side)}-{name}"] = value
    # What the two whole-head gender targets leave too faint to see at 64 pixels.
    bias = {
        True: {"chin/chin-width:decr:incr": 0.2, "chin/chin-bones:decr:incr": 0.2},
        False: {
            "chin/chin-width:decr:incr": -0.4,
            "chin/chin-jaw-drop:decr:incr": -0.25,
            "chin/chin-bones:decr:incr": -0.25,
            "eyebrows/eyebrows-trans:down:up": 0.25,
            "eyebrows/eyebrows-trans:backward:forward": -0.4,
            "eyes/l-eye-scale:decr:incr": 0.25,
            "eyes/r-eye-scale:decr:incr": 0.25,
            "forehead/forehead-scale-vert:decr:incr": -0.15,
        },
    }[male]
    for name, value in bias.items():
        signed[name] += value
    weights = {}
    for name, value in signed.items():
        target, negative, positive = name.split(":")
        weights[f"{target}-{positive if value > 0 else negative}"] = min(abs(value), 1.0)
    for shape in HEAD_SHAPES.split():
        if chance(random, 0.3):
            weights["head/head-" + shape] = random.uniform(0.1, 0.45)
    if not male:
        weights["head/head-oval"] = weights.get("head/head-oval", 0) + 0.3
    if person["chubby"]:
        weights.pop("head/head-fat-decr", None)
        weights["head/head-fat-incr"] = random.uniform(0.5, 0.9)
        weights["neck/neck-double-incr"] = random.uniform(0.3, 0.8)
    if not person["young"]:
        weights["head/head-age-incr"] = 0.75 * person["age"]
        for side in "lr":
            weights[f"eyes/{side}-eye-bag-decr"] = 0.0
            weights[f"eyes/{side}-eye-bag-incr"] = random.uniform(0.3, 0.9)
            weights[f"eyes/{side}-eye-eyefold-down"] = random.uniform(0.2, 0.7)
    return weights


def _appearance(random: np.random.Generator, table: dict, person: dict, sex: str) -> dict:
    """Skin details, hair, brows, eyes and what the person tends to wear."""
    male, young, group, tone = person["male"], person["young"], person["group"], person["tone"]
    dark_haired = tone > 3 or person["ancestry"][1] > 0.7
    skin = "dark" if tone > 3 else ("medium" if dark_haired or tone > 1.8 else "light")
    gray = chance(random, table["gray_hair"]["young" if young else "old"])
    colour_name = "gray" if gray and chance(random, 0.6) else "white" if gray else None
    colour_name = colour_name or draw(random, table["hair_colour"][skin])
    bushy = chance(random, 0.45 if male else 0.1)
    arched = chance(random, 0.1 if male else 0.45)
    facial_hair = draw(random, table["facial_hair"]) if male else "none"
    makeup = table["heavy_makeup"]["male" if male else group]
    return {
        "skin": skin,
        "hair_colour": colour_name,
        "hair": colour.HAIR_COLOURS[colour_name] * np.float32(random.uniform(0.85, 1.15)),
        "iris": colour.IRIS_COLOURS[int(random.integers(0, 2 if dark_haired else 7))],
        "style": draw(random, table["hair_style"][group]),
        "parting": random.uniform(-0.3, 0.3),
        "recession": random.uniform(0, 0.1) if male else random.uniform(-0.2, -0.06),
        "upright": random.random() < 0.5,
        "hair_length": random.random(),
        "facial_hair": facial_hair,
        "beard_habit": 0.5 if chance(random, table["varying"]["beard"]) else 1.0,
        "glasses_habit": habit(random, table["eyeglasses"][group], table["varying"]["glasses"]),
        "makeup_habit": habit(random, makeup, table["varying"]["makeup"]),
        "lipstick_habit": table["lipstick_without_makeup"][sex],
        "bushy_brows": bushy,
        "arched_brows": arched,
        "brow_thickness": random.uniform(0.072, 0.088) if bushy else random.uniform(0.03, 0.045),
        "brow_arch": random.uniform(0.045, 0.06) if arched else random.uniform(0, 0.015),
        "brow_height": random.normal(0, 0.012),
        "ruddiness": random.uniform(0.2, 1),
        "freckles": random.uniform(0.4, 1) if chance(random, 0.2) and tone < 2 else 0.0,
        "moles": [
            (random.uniform(-0.5, 0.5), random.uniform(6.4, 7.9), random.uniform(0.01, 0.018))
            for _ in range(random.poisson(0.8))
        ],
        "frame": {
            "half_width": random.uniform(0.25, 0.31),
            "half_height": random.uniform(0.17, 0.25),
            "exponent": random.uniform(2, 4.5),
            "radius": random.uniform(0.014, 0.032),
            "colour": colour.FRAME_COLOURS[int(random.integers(0, 6))],
        },
    }
