"""From (seed, identity, image) to a picture and its labels: the generator's front door."""

from collections.abc import Iterator

import numpy as np

from core.synthetic import identity, render, shape
from core.synthetic.appearance.hair import WAVY
from core.synthetic.camera_and_light import sample_photograph
from core.synthetic.shape import OPEN_MOUTHS, SMILES

ATTEMPTS = 100
BROWN = ("dark_brown", "brown", "light_brown")


def generator(seed: int, *key: int) -> np.random.Generator:
    """An independent random generator for a seed and a key of integers."""
    return np.random.default_rng(np.random.SeedSequence([seed, *key]))


def make_person(seed: int, number: int, table: dict) -> tuple[dict, np.ndarray]:
    """Person `number` of a set and the neutral head's vertices (V, 3); drawn again where labelled
    features cannot be moved out of their dead zones."""
    for attempt in range(ATTEMPTS):
        random = generator(seed, number, 0, attempt)
        person = identity.sample(random, table)
        vertices = shape.settle(person, random)
        if vertices is not None:
            return person, vertices
    raise RuntimeError(f"no face left its dead zones in {ATTEMPTS} draws (seed {seed}, {number})")


def photographs(
    seed: int, number: int, images: int, size: int, table: dict
) -> Iterator[tuple[np.ndarray, dict, dict]]:
    """All photographs of a person: yields (picture uint8 (size, size, 3), attributes, meta)."""
    person, vertices = make_person(seed, number, table)
    prepared = render.prepare(person, vertices, generator(seed, number, 1))
    for index in range(images):
        random = generator(seed, number, 2, index)
        photo = sample_photograph(random, person, table)
        picture = render.photograph(person, prepared, photo, size, random)
        yield picture, labels(person, photo), meta(person, photo)


def labels(person: dict, photo: dict) -> dict[str, int]:
    """All attributes of one photograph, {CelebA name: 0 or 1}."""
    style, hair, beard = person["style"], person["hair_colour"], photo["facial_hair"]
    haired = style != "bald"
    values = {
        "5_o_Clock_Shadow": beard == "stubble",
        "Arched_Eyebrows": person["arched_brows"],
        "Bald": style == "bald",
        "Bangs": style == "bangs",
        "Big_Lips": person["big_lips"],
        "Big_Nose": person["big_nose"],
        "Black_Hair": haired and hair == "black",
        "Blond_Hair": haired and hair == "blond",
        "Brown_Hair": haired and hair in BROWN,
        "Bushy_Eyebrows": person["bushy_brows"],
        "Chubby": person["chubby"],
        "Eyeglasses": photo["glasses"],
        "Goatee": beard == "goatee",
        "Gray_Hair": haired and hair in ("gray", "white"),
        "Heavy_Makeup": photo["makeup"],
        "High_Cheekbones": person["high_cheekbones"],
        "Male": person["male"],
        "Mouth_Slightly_Open": photo["expression"] in OPEN_MOUTHS,
        "Mustache": beard == "moustache",
        "No_Beard": beard == "none",
        "Pale_Skin": person["tone"] <= 0.55,
        "Receding_Hairline": style == "receding",
        "Smiling": photo["expression"] in SMILES,
        "Wavy_Hair": style in WAVY,
        "Wearing_Lipstick": photo["lipstick"],
        "Young": person["young"],
    }
    return {name: int(value) for name, value in values.items()}


def meta(person: dict, photo: dict) -> dict:
    """Documented extra columns, {name: text or number}; angles in radians."""
    measures = person["measures"]
    angles = ("yaw", "pitch", "roll", "light_azimuth", "light_elevation")
    return {
        "meta_skin_tone": round(person["tone"], 3),
        "meta_hair_style": person["style"],
        "meta_hair_colour": person["hair_colour"],
        "meta_facial_hair": photo["facial_hair"],
        "meta_expression": photo["expression"],
        **{f"meta_{angle}": round(photo[angle], 4) for angle in angles},
        "meta_lip_height": round(measures["big_lips"], 4),
        "meta_nose_width": round(measures["big_nose"], 4),
        "meta_cheekbone_prominence": round(measures["high_cheekbones"], 4),
    }
