"""The cut ResNet against torchvision's, and Figure 6's decoder at every cut and size."""

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from core.nets import resnet


def test_width_64_is_torchvisions_resnet():
    torch.manual_seed(0)
    theirs = resnet18().eval()
    ours = resnet.resnet("basic", (2, 2, 2, 2), 64, 1000).eval()
    values = [v for name, v in theirs.state_dict().items()]
    own = ours.state_dict()
    # torchvision registers a block's shortcut last, as its blocks do here: the orders agree.
    ours.load_state_dict(dict(zip(own, values, strict=True)))
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (218, 178), (224, 224), (67, 45)])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_decoder_reverses_every_cut_to_the_exact_size(height, width, stride):
    with torch.device("meta"):
        whole = resnet.resnet("basic", (1, 1, 1, 1), 4, 10, stride)
        x = torch.rand(2, 3, height, width)
        channels = resnet.channels_of("basic", 4)
        for layer in range(6):
            z = whole[: layer + 1](x)
            if layer < 4:
                assert tuple(z.shape[2:]) == resnet.map_sizes(height, width, stride)[layer]
            decoder = resnet.InversionDecoder(layer, channels, 10, height, width, stride=stride)
            assert decoder(z).shape == x.shape


def test_the_decoder_at_fc_has_the_layers_of_figure_6():
    with torch.device("meta"):
        decoder = resnet.InversionDecoder(5, (64, 256, 512, 1024, 2048), 1000, 224, 224)
    dense = [(m.in_features, m.out_features) for m in decoder.dense if isinstance(m, nn.Linear)]
    assert dense == [(1000, 2048), (2048, 2048 * 7 * 7)]
    maps = [m for m in decoder.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [(m.in_channels, m.out_channels, m.kernel_size) for m in maps] == [
        (2048, 1024, (3, 3)),
        (1024, 512, (3, 3)),
        (512, 256, (3, 3)),
        (256, 64, (3, 3)),
        (64, 3, (3, 3)),
    ]
    assert decoder.sizes == [(14, 14), (28, 28), (56, 56), (112, 112), (224, 224)]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in decoder.modules()) == 4


def test_the_decoders_tanh_is_mapped_to_pictures():
    decoder = resnet.InversionDecoder(0, (4, 4, 8, 16, 32), 10, 8, 8)
    with torch.no_grad():
        decoder.maps[-1].weight.zero_()
        decoder.maps[-1].bias.copy_(torch.tensor([0.0, 20.0, -20.0]))
        shown = decoder(torch.rand(1, 4, 4, 4))[0, :, 0, 0]
    torch.testing.assert_close(shown, torch.tensor([0.5, 1.0, 0.0]))
