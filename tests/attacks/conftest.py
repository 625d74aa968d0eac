import pytest

from core.nets import perceptual


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch):
    """The perceptual network is the one that comes with a package, whatever a machine could have."""
    perceptual._network.cache_clear()
    monkeypatch.setattr(perceptual, "vgg16_weights", lambda: None)
    yield
    perceptual._network.cache_clear()
