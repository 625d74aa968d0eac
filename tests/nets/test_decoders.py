"""Table 2 of DeepObfuscator, layer by layer, and what the networks do with other releases."""

import pytest
import torch
from torch import nn

from core.attacks.reconstruction.adversarial import figure_six
from core.nets import decoders

RELEASED = (128, 54, 44)  # of the paper's obfuscator at 218x178
BUILDS = (decoders.urec1, decoders.urec2, decoders.resrec)


def drawn(build, shape=RELEASED, size=(218, 178)):
    """(output channels, kernel, map size) of every convolution, in the order they are applied."""
    with torch.device("meta"):
        network = build(shape, *size)
    seen = []
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            layer.register_forward_hook(
                lambda layer, _, out: seen.append(
                    (layer.out_channels, layer.kernel_size[0], tuple(out.shape[2:]))
                )
            )
    pictures = network(torch.zeros(2, *shape, device="meta"))
    assert pictures.shape == (2, 3, *size)
    return seen


COARSE, MIDDLE, FINE = (54, 44), (108, 88), (218, 178)


@pytest.mark.parametrize(("build", "count"), [(BUILDS[0], 3), (BUILDS[1], 2)])
def test_urec_as_printed(build, count):
    assert drawn(build) == [
        *[(64, 3, COARSE)] * count,
        *[(128, 3, MIDDLE)] * count,
        *[(256, 3, FINE)] * count,
        (3, 3, FINE),
        (3, 1, FINE),
    ]


def test_resrec_as_printed():
    assert drawn(decoders.resrec) == [
        *[(64, 3, COARSE)] * 5,
        *[(64, 3, MIDDLE)] * 4,
        (3, 1, FINE),
    ]
    with torch.device("meta"):
        network = decoders.resrec(RELEASED, 218, 178)
    assert isinstance(network[1], nn.ConvTranspose2d)  # behind what brings a release to a map
    kinds = [type(layer).__name__ for layer in network.modules()]
    assert kinds.count("BasicBlock") == 4


def test_compact_pictures_have_compact_widths():
    assert {c for c, _, _ in drawn(BUILDS[0], (32, 16, 16), (64, 64))} == {16, 3}
    assert {c for c, _, _ in drawn(BUILDS[2], (32, 16, 16), (64, 64))} == {32, 3}


@pytest.mark.parametrize("build", [*BUILDS, figure_six])
@pytest.mark.parametrize(
    "shape",
    [
        (32, 16, 16),
        (3, 64, 64),
        (1, 64, 64),
        (8, 32, 32),
        (5, 9, 7),
        (6, 80, 80),
        (2, 1, 1),
        (10,),
        (2000,),
        (1,),
    ],
)
def test_every_release_has_a_decoder(build, shape):
    pictures = build(shape, 64, 64)(torch.randn(2, *shape))
    assert pictures.shape == (2, 3, 64, 64)
    assert pictures.min() >= 0
    assert pictures.max() <= 1


@pytest.mark.parametrize(
    ("shape", "maps"),
    [
        ((2048,), 5),
        ((1024, 14, 14), 4),
        ((512, 28, 28), 3),
        ((256, 56, 56), 2),
        ((64, 112, 112), 1),
    ],
)
def test_figure_six_starts_at_the_cut_of_that_size(shape, maps):
    with torch.device("meta"):
        decoder = figure_six(shape, 224, 224)
        assert decoder(torch.zeros(2, *shape)).shape == (2, 3, 224, 224)
    assert sum(isinstance(m, nn.ConvTranspose2d) for m in decoder.modules()) == maps
