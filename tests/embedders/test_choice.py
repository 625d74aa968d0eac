"""A data set names its second network; what was chosen is kept, checked and said."""

import json

import pytest
import torch

from core import embedders
from core.__main__ import main
from core.embedders import dlib_network, onnx_network
from core.embedders.onnx_network import Preparation
from core.errors import PenumbraError
from core.run import checkpoints
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=8)  # of the data set "tiny", 64 x 64


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """A data set "tiny" that is aligned as CelebA, and networks that open without packages."""
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    known = {
        "tiny": {"source": "celeba", "path": "", "options": {}},
        "loose": {"source": "folder", "path": "", "options": {}},
    }
    monkeypatch.setattr("core.data.datasets.catalogue", lambda: known)
    monkeypatch.setattr(dlib_network, "opened", lambda: lambda x: x.mean((2, 3)))
    monkeypatch.setattr(onnx_network, "opened", lambda *rest: lambda x: x.mean((2, 3)))


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    return path


def place():
    return checkpoints() / "tiny" / "_embedder" / "choice.json"


def test_without_a_choice_there_is_no_second_network():
    assert embedders.chosen(FACES) is None
    assert embedders.named("tiny") is None


def test_dlib_is_chosen_and_taken_back():
    assert embedders.choose("tiny", "dlib") == embedders.named("tiny") == "dlib"
    found = embedders.chosen(FACES)
    assert found.name == "dlib"
    assert found.folder.parent == place().parent
    assert found.folder.name == f"64x64-{FACES.fingerprint[:12]}-dlib-{found.key[:12]}"
    assert embedders.faces_in(found, torch.ones(2, 3, 64, 64)).shape == (2, 3)
    assert embedders.choose("tiny", "none") is None
    assert embedders.chosen(FACES) is None
    assert embedders.choose("tiny", "none") is None  # twice is no error


def test_dlib_is_refused_where_faces_are_not_aligned():
    with pytest.raises(PenumbraError, match="aligned as CelebA"):
        embedders.choose("loose", "dlib")
    assert embedders.named("loose") is None
    with pytest.raises(PenumbraError, match="unknown data set"):
        embedders.choose("nowhere", "dlib")


def test_a_model_is_chosen_by_path_with_its_preparation(model, monkeypatch):
    given = Preparation(0.0, 255.0, "bgr")
    name = embedders.choose("tiny", str(model), given)
    assert name == embedders.named("tiny")
    assert name.startswith("onnx_")
    asked = []
    monkeypatch.setattr(onnx_network, "opened", lambda *rest: asked.append(rest) or len)
    found = embedders.chosen(FACES)
    assert asked == [(b"weights", model, given)]
    assert found.name == name
    assert embedders.choose("tiny", str(model)) != name  # another preparation


def test_a_model_that_was_replaced_is_noticed(model):
    embedders.choose("tiny", str(model))
    model.write_bytes(b"others")
    with pytest.raises(PenumbraError, match="not the model that was chosen"):
        embedders.chosen(FACES)
    model.unlink()
    with pytest.raises(PenumbraError, match="cannot be read"):
        embedders.chosen(FACES)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"embedder": "else"}',
        '{"embedder": "onnx", "path": 3, "key": "0"}',
        '{"embedder": "onnx", "path": "x"}',
    ],
)
def test_a_damaged_choice_is_named(content):
    place().parent.mkdir(parents=True)
    place().write_text(content)
    with pytest.raises(PenumbraError, match=r"choice\.json"):
        embedders.chosen(FACES)
    with pytest.raises(PenumbraError, match=r"choice\.json"):
        embedders.named("tiny")


def test_a_damaged_preparation_is_refused(model):
    embedders.choose("tiny", str(model))
    record = json.loads(place().read_text())
    place().write_text(json.dumps(record | {"scale": 0}))
    with pytest.raises(PenumbraError, match="scale 0"):
        embedders.chosen(FACES)


def test_the_command_says_what_figures_will_be_called(model, capsys):
    assert main(["data", "embedder", "tiny", "dlib"]) == 0
    assert "ends in _dlib" in capsys.readouterr().out
    assert main(["data", "embedder", "tiny", str(model), "--scale", "128"]) == 0
    assert f"ends in _{embedders.named('tiny')}" in capsys.readouterr().out
    assert main(["data", "embedder", "tiny", "none"]) == 0
    assert "alone" in capsys.readouterr().out
    assert main(["data", "embedder", "loose", "dlib"]) == 2
    assert "error: loose: dlib's network needs faces aligned" in capsys.readouterr().err
