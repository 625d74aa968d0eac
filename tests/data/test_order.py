"""The order that attacks share, without torch."""

import dataclasses
import subprocess
import sys

import numpy as np

from core.data.faces import Faces
from core.data.order import canonical_order, labels_of

RNG = np.random.default_rng(0)
FACES = Faces(
    images=RNG.integers(0, 256, (12, 4, 4, 3), dtype=np.uint8),
    attributes=RNG.integers(0, 2, (12, 3)).astype(np.int8),
    attribute_names=("Male", "Young", "Smiling"),
    identities=np.repeat(np.arange(4), 3),
    split=np.repeat([0, 1, 2, 3], 3).astype(np.int8),
    names=tuple(f"{i}.png" for i in range(12)),
    fingerprint="0" * 64,
)


def test_the_order_follows_the_pictures_and_not_their_places():
    rows = np.arange(12)
    shuffled = RNG.permutation(12)
    moved = dataclasses.replace(
        FACES, images=FACES.images[shuffled], attributes=FACES.attributes[shuffled]
    )
    here = FACES.images[canonical_order(FACES, rows)]
    there = moved.images[canonical_order(moved, rows)]
    assert np.array_equal(here, there)
    assert not np.array_equal(here, FACES.images)


def test_labels_come_in_that_order():
    order = canonical_order(FACES, FACES.indices("test"))
    attributes, people = labels_of(FACES, "test", 2)
    assert np.array_equal(attributes, FACES.attributes[order[:2]])
    assert np.array_equal(people, FACES.identities[order[:2]])


def test_pages_read_labels_and_decisions_without_torch_and_scipy():
    loaded = (
        "import sys, core.analysis.compare, core.data.order, core.metrics.intervals;"
        "print([name for name in ('torch', 'scipy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
