"""From (seed, identity, image) to a picture and its labels: the generator's front door."""

from collections.abc import Iterator

import numpy as np

from core.synthetic import identity, labels, render, shape
from core.synthetic.camera_and_light import sample_photograph

ATTEMPTS = 100


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
        yield picture, labels.attributes(person, photo), labels.meta(person, photo)
