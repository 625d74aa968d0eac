"""What a network of others sees is asked for once and kept."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.embedders import Embedder, embedder, faces_in, photographed
from core.errors import PenumbraError

PHOTOGRAPHS = torch.randint(
    0, 256, (10, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


@pytest.fixture
def network(tmp_path):
    """Answers with mean colours and 1, and counts the pictures it is asked for."""
    asked = []

    def embed(x):
        assert x.dtype == torch.float32
        asked.append(len(x))
        return torch.cat((x.mean((2, 3)), torch.ones(len(x), 1)), 1)

    return Embedder("planted", "0" * 64, embed, tmp_path / "seen"), asked


def test_unit_vectors_of_bytes_and_of_floats_are_the_same(network):
    seen = faces_in(network[0], PHOTOGRAPHS)
    assert seen.shape == (10, 4)
    torch.testing.assert_close(seen.norm(dim=1), torch.ones(10))
    torch.testing.assert_close(faces_in(network[0], PHOTOGRAPHS.double() / 255), seen)
    colours = PHOTOGRAPHS[3].float().mean((1, 2)) / 255
    torch.testing.assert_close(seen[3, :3] / seen[3, 3], colours)


def test_photographs_are_asked_for_once_whatever_their_order(network):
    given, asked = network
    twice = PHOTOGRAPHS[[0, 1, 2, 3, 1]]
    seen = photographed(given, twice)
    torch.testing.assert_close(seen, faces_in(given, twice))
    asked.clear()
    torch.testing.assert_close(photographed(given, PHOTOGRAPHS.flip(0)).flip(0)[:4], seen[:4])
    assert asked == [6]
    again = dataclasses.replace(given, embed=forbidden)
    torch.testing.assert_close(photographed(again, PHOTOGRAPHS)[:4], seen[:4])
    assert [path.name for path in given.folder.iterdir() if path.suffix] == [
        "photographs.safetensors"
    ]


def forbidden(x):
    raise AssertionError("asked again")


def test_one_that_was_killed_goes_on_where_it_was(network, monkeypatch):
    given, asked = network
    monkeypatch.setattr(embedder, "OFTEN", 4)

    def dying(x):
        if sum(asked) >= 8:
            raise KeyboardInterrupt
        return given.embed(x)

    with pytest.raises(KeyboardInterrupt):
        photographed(dataclasses.replace(given, embed=dying), PHOTOGRAPHS)
    asked.clear()
    photographed(given, PHOTOGRAPHS)
    assert asked == [2]


@pytest.mark.parametrize("spoilt", ["bytes", "shape", "type", "nan", "name"])
def test_a_damaged_file_is_named(network, spoilt):
    given = network[0]
    photographed(given, PHOTOGRAPHS)
    path = given.folder / "photographs.safetensors"
    tensors = load_file(path)
    if spoilt == "bytes":
        path.write_bytes(b"no tensors")
    else:
        if spoilt == "shape":
            tensors["digests"] = tensors["digests"][1:].clone()
        elif spoilt == "type":
            tensors["vectors"] = tensors["vectors"].double()
        elif spoilt == "nan":
            tensors["vectors"][0, 0] = torch.nan
        else:
            tensors["others"] = tensors.pop("vectors")
        save_file(tensors, path)
    with pytest.raises(PenumbraError, match=r"photographs\.safetensors"):
        photographed(given, PHOTOGRAPHS)


def test_what_is_not_finite_is_never_kept(network):
    broken = dataclasses.replace(network[0], embed=lambda x: torch.full((len(x), 4), torch.nan))
    with pytest.raises(PenumbraError, match="planted answers with NaN"):
        photographed(broken, PHOTOGRAPHS)
    assert not (broken.folder / "photographs.safetensors").exists()
