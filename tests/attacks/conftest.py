from collections.abc import Iterator

import pytest

from core.attacks import fitting
from core.attacks.attributes import classifiers
from core.attacks.identity import pair_network
from core.metrics import intervals
from core.nets import perceptual


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[None]:
    """Attackers that train for less long, and intervals of few draws, which are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "FEWEST_STEPS", 6)
        patch.setattr(classifiers, "BATCH", 32)
        patch.setattr(classifiers, "MOST_EPOCHS", 12)
        patch.setattr(pair_network, "PEOPLE", 20)
        patch.setattr(pair_network, "MOST_STEPS", 150)
        patch.setattr(intervals.resample_identities, "__defaults__", (60, 0))
        yield


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch):
    """The perceptual network is the one that comes with a package, whatever a machine could have."""
    perceptual._network.cache_clear()
    monkeypatch.setattr(perceptual, "vgg16_weights", lambda: None)
    yield
    perceptual._network.cache_clear()
