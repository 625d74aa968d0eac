"""Plain words and plain numbers: attribute names as a person would say them, figures with units."""

import math
from collections.abc import Callable
from typing import TypeGuard

from core.attacks import attackers
from core.metrics import declared, named
from core.storage.attack_folders import parted

Words = tuple[str, str, str]


def _having(label: str) -> Words:
    """The words of something that a face has or has not."""
    thing = label[0].lower() + label[1:]
    return label, f"whether a person has {thing}", f"detection of {thing}"


# CelebA's attribute name -> (label, what an attacker tells, what a service does)
ATTRIBUTES: dict[str, Words] = {
    "verification": (
        "Face verification",
        "whether two photographs show one person",
        "face verification",
    ),
    "Male": ("Gender", "the gender", "gender detection"),
    "Young": ("Age group", "whether a person is young", "age-group detection"),
    "Smiling": ("Smile", "whether a person smiles", "smile detection"),
    "High_Cheekbones": ("High cheekbones", "high cheekbones", "detection of high cheekbones"),
    "Heavy_Makeup": ("Heavy make-up", "whether a person wears make-up", "make-up detection"),
    "Eyeglasses": ("Eyeglasses", "whether a person wears glasses", "glasses detection"),
    "Gray_Hair": ("Grey hair", "whether a person has grey hair", "grey-hair detection"),
    "Bald": ("Bald head", "whether a person is bald", "baldness detection"),
    "Mustache": ("Moustache", "whether a person has a moustache", "moustache detection"),
    "Goatee": ("Goatee", "whether a person has a goatee", "goatee detection"),
    "No_Beard": ("No beard", "whether a person has a beard", "beard detection"),
    "Big_Lips": _having("Big lips"),
    "Big_Nose": ("Big nose", "whether a person has a big nose", "detection of a big nose"),
    "Wearing_Hat": ("Hat", "whether a person wears a hat", "hat detection"),
    "Wearing_Lipstick": ("Lipstick", "whether a person wears lipstick", "lipstick detection"),
    "Pale_Skin": _having("Pale skin"),
    "Attractive": ("“Attractive”", "who was labelled attractive", "attractiveness labelling"),
    "Chubby": ("Chubby", "whether a person is chubby", "detection of chubbiness"),
    "Black_Hair": ("Black hair", "whether a person has black hair", "black-hair detection"),
    "Blond_Hair": ("Blond hair", "whether a person has blond hair", "blond-hair detection"),
    "Brown_Hair": ("Brown hair", "whether a person has brown hair", "brown-hair detection"),
    "Mouth_Slightly_Open": ("Open mouth", "whether the mouth is open", "open-mouth detection"),
    "Bangs": ("Fringe", "whether a person has a fringe", "fringe detection"),
    "Straight_Hair": ("Straight hair", "whether the hair is straight", "straight-hair detection"),
    "Wavy_Hair": ("Wavy hair", "whether the hair is wavy", "wavy-hair detection"),
    "5_o_Clock_Shadow": ("Stubble", "whether a person has stubble", "stubble detection"),
    "Arched_Eyebrows": _having("Arched eyebrows"),
    "Bushy_Eyebrows": _having("Bushy eyebrows"),
    "Receding_Hairline": (
        "Receding hairline",
        "whether a person's hairline recedes",
        "detection of a receding hairline",
    ),
    "Wearing_Earrings": ("Earrings", "whether a person wears earrings", "earring detection"),
}
TARGETS = {
    "identity": "Identity (who it is)",
    "image": "The picture itself",
    "features": "The face as a face recogniser sees it",
}
PROTOCOLS = {"strict": "Strict", "paper": "As in the paper"}
# Of findings: also those that hold whatever the attacker
PROTOCOL_WORDS = PROTOCOLS | {"proof": "Proven"}
BOUNDS = frozenset(metric.name for metric in declared("certificates"))  # metrics that are bounds
PROTOCOL_HELP = (
    "Strict: attackers are trained afterwards, on other people's photographs, and the strongest "
    "counts. As in the paper: whom the method's paper asks is asked, mostly the attacker that the "
    "method trained against, which flatters the method."
)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def attacker(name: str) -> str:
    """A finding's attacker in words, with the second data set that it was given, if any."""
    plain, extra = parted(name)
    known = attackers().get(plain)
    words = known.title if known else plain
    return f"{words}, with “{extra}” as well" if extra else words


def attribute_label(name: str) -> str:
    return ATTRIBUTES[name][0] if name in ATTRIBUTES else name.replace("_", " ")


CHOICES = {  # words that stand beside attributes where a training is planned
    "verification": "Same person on two photographs",
    "identity": "Who it is",
}


def choice_label(name: str) -> str:
    """What a training may serve or hide: an attribute's label, or plain words for the rest."""
    return CHOICES.get(name) or attribute_label(name)


def inferred(name: str) -> str:
    """What an attacker infers about a person: "the gender"."""
    return ATTRIBUTES[name][1] if name in ATTRIBUTES else f"“{name.replace('_', ' ')}”"


def service(name: str) -> str:
    """What the service does: "smile detection"."""
    return ATTRIBUTES[name][2] if name in ATTRIBUTES else f"detection of “{name.replace('_', ' ')}”"


def target_label(target: str) -> str:
    """Label of a finding's target: `attribute:Male` -> "Gender", `identity`, `image`."""
    kind, _, names = target.partition(":")
    if kind == "recognition":
        return f"Recognised by people: {names}"
    if kind != "attribute":
        return TARGETS.get(target, target)
    return ", ".join(attribute_label(name) for name in names.split(","))


def unique_labels(
    names: list[str], label: Callable[[str], str] = attribute_label
) -> dict[str, str]:
    """name -> label, falling back to the bare name where two labels would be the same."""
    labels = {name: label(name) for name in names}
    taken = list(labels.values())
    return {name: text if taken.count(text) == 1 else name for name, text in labels.items()}


def known(value: object) -> TypeGuard[float]:
    """Whether a number is there (neither None nor NaN nor infinite)."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def percent(share: float | None, digits: int = 0) -> str:
    """0.61 -> "61 %". One digit more where rounding would claim a perfect 0 or 100."""
    if not known(share):
        return "–"
    if digits == 0 and round(share * 100) in (0, 100) and share not in (0, 1):
        digits = 1
    return f"{share * 100:.{digits}f} %"


def digits_of(share: float) -> int:
    """Digits of a percentage: small shares, as with hundreds of identities, need one."""
    return 1 if known(share) and 0 < share < 0.095 else 0


def interval(low: float | None, high: float | None, digits: int = 0, scale: float = 100) -> str:
    """(0.58, 0.64) -> "58–64"; empty where there is no interval."""
    if not (known(low) and known(high)):
        return ""
    return f"{low * scale:.{digits}f}–{high * scale:.{digits}f}"


def points(difference: float | None) -> str:
    """0.012 -> "1.2 points" (hundredths of a share)."""
    if not known(difference):
        return "–"
    amount = f"{abs(difference) * 100:.1f}"
    sign = "−" if difference < 0 and float(amount) else ""
    return f"{sign}{amount} point{'' if amount == '1.0' else 's'}"


def number(value: float | None) -> str:
    """A knob value without needless zeros: 1.0 -> "1", 0.25 -> "0.25"."""
    return "–" if not known(value) else f"{value:g}"


def in_percent(metric: str) -> bool:
    """Whether a measure of the service is a share of answers; others are numbers of their own."""
    return named(metric).unit == "%"


def loss(metric: str, difference: float) -> str:
    """What the service loses, in its measure: "1.2 points", "0.012 of AUC"."""
    if in_percent(metric):
        return points(difference)
    return f"{abs(difference):.3f} of {named(metric).title}"


def score(metric: str, value: float | None) -> str:
    return with_unit(value, named(metric).unit)


def with_unit(value: float | None, unit: str) -> str:
    """A value in the unit of a metric ("%", "points", "dB" or "")."""
    if not known(value):
        return "–"
    if unit == "%":
        return percent(value, 1)
    if unit == "points":
        return points(value)
    return f"{value:.1f} dB" if unit == "dB" else f"{value:.2f}"


def measured(metric: str, value: float, low: float | None, high: float | None) -> str:
    """A metric's value, with its interval in brackets where there is one; a bound as one."""
    if metric in BOUNDS:
        return f"at most {bound(value) if named(metric).unit == '%' else number(value)}"
    about = named(metric)
    digits = 1 if about.scale == 100 or about.unit == "dB" else 2
    return with_span(score(metric, value), interval(low, high, digits, about.scale))


def bound(share: float) -> str:
    """A proven bound in per cent: one digit, never less than it is."""
    return f"{math.ceil(round(share * 1000, 6)) / 10:.1f} %"


def with_span(text: str, span: str) -> str:
    """A number in words with its interval, if any, in brackets."""
    return f"{text} ({span})" if span else text


def duration(seconds: float | None) -> str:
    """90 -> "2 minutes"; None -> "not known yet"."""
    if not known(seconds):
        return "not known yet"
    if seconds < 55:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{max(1, round(seconds / 60))} min"
    return f"{seconds / 3600:.1f} h"


def seconds(milliseconds: float | None) -> str:
    """How long an answer took: 2345 -> "2.3 s"."""
    return f"{milliseconds / 1000:.1f} s" if known(milliseconds) else "–"


def size(megabytes: float | None) -> str:
    if not known(megabytes):
        return "not known yet"
    if megabytes < 1:
        return "less than 1 MB"
    return f"{megabytes:.1f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


# Where a likeness gets another word: our own steps, for reading and not for deciding, chosen by eye
# on 64-pixel faces, where drawing blind already scores about 0.4.
LIKENESS = (
    (0.97, "nearly the same"),
    (0.85, "closely alike"),
    (0.7, "a coarse likeness"),
    (0.5, "faint traces"),
)


def likeness(ms_ssim: float | None) -> str:
    if not known(ms_ssim):
        return "not measured"
    for limit, word in LIKENESS:
        if ms_ssim >= limit:
            return word
    return "hardly anything"


def graded(ms_ssim: float) -> str:
    """ "closely alike · 0.91" """
    return f"{likeness(ms_ssim)} · {ms_ssim:.2f}"


def without_pictures(text: str) -> str:
    """Markdown whose pictures stay text: they would be fetched from elsewhere, which tells that place
    the address of everybody who reads them."""
    return text.replace("![", "!\\[")
