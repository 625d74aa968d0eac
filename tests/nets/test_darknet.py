"""The attribute network of DPFE: the published shapes and size, and principal axes."""

import pytest
import torch

from core.methods.papers import dpfe
from core.nets import darknet


@pytest.mark.parametrize(
    ("cut", "shape"), enumerate([(16, 31, 26), (32, 18, 15), (64, 12, 11), (128, 16, 15)])
)
def test_the_papers_cuts_have_the_shapes_of_the_authors_files(cut, shape):
    assert darknet.cut_shape(cut, dpfe.PRESETS["paper"]["widths"], 218, 178) == shape


def test_the_papers_network_has_caffe_moons_size():
    with torch.device("meta"):
        widths = dpfe.PRESETS["paper"]["widths"]
        layers = [darknet.segment(number, widths) for number in range(4)]
        count = sum(
            p.numel() for part in (*layers, darknet.Head(widths, 40)) for p in part.parameters()
        )
    convolutions = (
        9 * (3 * 16 + 16 * 32 + 2 * 16 * 128 + 2 * 32 * 256 + 2 * 64 * 512)
        + 32 * 16
        + 128 * 16
        + 128 * 32
        + 256 * 32
        + 256 * 64
        + 512 * 64
        + 512 * 128
        + 128 * 1000
    )
    assert count == convolutions + 2000 * 40 + 40 + 40
    assert 4.4e6 < 4 * count < 4.5e6  # "only 4+M size"


def test_principal_axes_are_exact_while_little_is_dropped_and_need_no_more_memory():
    mixing = torch.randn(8, 40, generator=torch.Generator().manual_seed(1))
    rows = torch.randn(500, 8, generator=torch.Generator().manual_seed(2)) @ mixing + 5
    mean, axes, variance = darknet.principal_axes(rows.split(33), 3)
    centred = (rows - rows.mean(0)).double()
    _, lengths, right = torch.linalg.svd(centred, full_matrices=False)
    torch.testing.assert_close(mean, rows.mean(0), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        (axes.double() @ right[:3].T).abs(), torch.eye(3).double(), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(variance.double(), lengths[:3] ** 2 / 499, rtol=1e-4, atol=0)


def test_axes_without_variance_are_zero():
    rows = torch.zeros(20, 6)
    rows[:, 2] = torch.arange(20.0)
    _, axes, variance = darknet.principal_axes(rows.split(8), 3)
    assert axes.abs().round(decimals=4).tolist()[0] == [0, 0, 1, 0, 0, 0]
    assert axes[1:].abs().sum() == variance[1:].sum() == 0
