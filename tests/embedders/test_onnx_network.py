"""ONNX models of a few numbers, made here, and files that are none."""

import sys

import numpy as np
import pytest
import torch

from core.embedders import onnx_network
from core.embedders.onnx_network import Preparation
from core.errors import PenumbraError

onnx = pytest.importorskip("onnx")  # of requirements-dev.txt
pytest.importorskip("onnxruntime")
FLOAT, DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
PHOTOGRAPHS = torch.rand(5, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def model(shape=("n", 3, 12, 12), kind=FLOAT, nodes=None, inputs=1, constants=()):
    """A network whose answer is the mean of each colour, or what `nodes` make of the input x."""
    nodes = nodes or [
        onnx.helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        onnx.helper.make_node("Flatten", ["mean"], ["y"]),
    ]
    given = [
        onnx.helper.make_tensor_value_info("x" if place == 0 else f"x{place}", kind, shape)
        for place in range(inputs)
    ]
    answer = onnx.helper.make_tensor_value_info("y", kind, None)
    graph = onnx.helper.make_graph(nodes, "tiny", given, [answer], list(constants))
    opset = onnx.helper.make_opsetid("", 13)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


def opened(content, tmp_path, preparation=onnx_network.ARCFACE):
    return onnx_network.opened(content, tmp_path / "tiny.onnx", preparation)


def test_pixels_are_prepared_as_asked(tmp_path):
    means = PHOTOGRAPHS.mean((2, 3))
    found = opened(model(), tmp_path)(PHOTOGRAPHS)
    torch.testing.assert_close(found, 2 * means - 1)
    plain = opened(model(), tmp_path, Preparation(0.0, 255.0, "bgr"))(PHOTOGRAPHS)
    torch.testing.assert_close(plain, means.flip(1))


def test_photographs_are_resized_to_the_model_s_input(tmp_path):
    picked = [
        onnx.helper.make_node("Flatten", ["x"], ["flat"]),
        onnx.helper.make_node("Identity", ["flat"], ["y"]),
    ]
    found = opened(model(("n", 3, 8, 10), nodes=picked), tmp_path)(PHOTOGRAPHS)
    assert found.shape == (5, 240)
    wanted = torch.nn.functional.interpolate(PHOTOGRAPHS, (8, 10), mode="bilinear", antialias=True)
    torch.testing.assert_close(found.reshape(5, 3, 8, 10), 2 * wanted - 1)


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_model_of_a_fixed_number_of_photographs_serves_any_number(tmp_path, batch):
    found = opened(model((batch, 3, 12, 12)), tmp_path)(PHOTOGRAPHS)
    torch.testing.assert_close(found, 2 * PHOTOGRAPHS.mean((2, 3)) - 1)


def test_models_of_another_kind_are_refused(tmp_path):
    same = [onnx.helper.make_node("Identity", ["x"], ["y"])]
    for shape in [("n", 1, 12, 12), ("n", 12, 12, 3), ("n", 3, "h", "w"), ("n", 36), (1, 3, 4, 4)]:
        with pytest.raises(PenumbraError, match="fixed height and width"):
            opened(model(shape, nodes=same), tmp_path)
    with pytest.raises(PenumbraError, match=r"takes tensor\(double\)"):
        opened(model(kind=DOUBLE, nodes=same), tmp_path)
    with pytest.raises(PenumbraError, match="takes tensor"):
        opened(model(inputs=2), tmp_path)
    with pytest.raises(PenumbraError, match="no face embedder"):
        opened(model(nodes=same), tmp_path)
    whole = [onnx.helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0)]
    with pytest.raises(PenumbraError, match="no face embedder"):
        opened(model(nodes=whole), tmp_path)


def test_hostile_files_are_refused(tmp_path):
    outside = tmp_path / "outside.bin"
    outside.write_bytes(np.ones(3, np.float32).tobytes())
    weights = onnx.TensorProto(name="w", data_type=FLOAT, dims=[3], data_location=1)
    weights.external_data.add(key="location", value=str(outside))
    means = [
        onnx.helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        onnx.helper.make_node("Flatten", ["mean"], ["flat"]),
        onnx.helper.make_node("Mul", ["flat", "w"], ["y"]),
    ]
    unknown = [onnx.helper.make_node("Absent", ["x"], ["y"], domain="elsewhere")]
    for content in (
        b"",
        b"no model at all",
        model()[:40],
        model(nodes=means, constants=[weights]),
        model(nodes=unknown),
    ):
        with pytest.raises(PenumbraError, match=r"tiny\.onnx .* no ONNX model|takes none"):
            opened(content, tmp_path)
    with pytest.raises(PenumbraError, match="cannot be read"):
        onnx_network.read(tmp_path / "absent.onnx")


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_network, "LARGEST", 10)
    (tmp_path / "large.onnx").write_bytes(b"x" * 11)
    with pytest.raises(PenumbraError, match="larger than"):
        onnx_network.read(tmp_path / "large.onnx")


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PenumbraError, match=r"onnxruntime.*requirements-faces\.txt"):
        opened(model(), tmp_path)


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(scale=0.0),
        Preparation(mean=float("nan")),
        Preparation(mean="0"),
        Preparation(channels="grey"),
    ],
)
def test_a_preparation_that_is_none_is_refused(preparation):
    with pytest.raises(PenumbraError, match="must be"):
        onnx_network.checked(preparation)


def test_another_preparation_is_another_network():
    content = model()
    keys = {onnx_network.key(content, p) for p in (Preparation(), Preparation(0.0, 255.0))}
    assert len(keys | {onnx_network.key(content + b"\0", Preparation())}) == 3
