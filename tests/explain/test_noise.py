"""What is kept so that the noise can be drawn: a tiny run of each kind."""

import pytest
import torch

from core import explain, train
from core.explain import noise as kept
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import SMALL, small_presets, tiny_faces


@pytest.fixture
def faces(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))
    small_presets(monkeypatch)
    faces = tiny_faces(size=SMALL)
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: faces)
    return faces


def explained(run, faces):
    train.train(run, faces, device="cpu", progress=False)
    explain.explain(run, ["noise"], device="cpu", progress=False)
    return explain.read(run.folder, "noise")


def test_every_method_with_noise_has_its_kind():
    for name, method in METHODS.items():
        moving = any(knob.when == "release" for knob in method.knobs)
        drawn = method.preview is not None or kept.applies(Run(name, "tiny"))
        if method.finite:  # an answer is drawn, if anything: there is no noise to be seen
            assert not drawn, name
        else:
            assert moving == drawn, name
        assert method.preview is None or method.release_kind in ("picture", "map")


def test_a_code_is_kept_without_noise(faces):
    schedule = {"pretrain_epochs": 1, "embed_iterations": 2, "tune_iterations": 2}
    run = checked(
        Run("dpfe_simple", "tiny", tasks=("Male",), private=("identity",), schedule=schedule)
    )
    arrays, facts = explained(run, faces)
    assert facts == {"kind": "code"}
    count, width = arrays["codes"].shape
    assert width == 10
    assert arrays["positions"].shape == (count,)
    root = arrays["noise_root"]
    assert root == pytest.approx(root.T, abs=1e-6)
    _, _, model = train.load(run.folder, "cpu")
    assert root.ravel() == pytest.approx(model.networks["encoder"].noise_root.numpy(), abs=1e-6)
    rows = faces.indices("test")[arrays["positions"]]
    photographs = torch.from_numpy(faces.images[rows]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        bare = model.release(photographs, torch.Generator(), 0.0).numpy()
    assert arrays["codes"] == pytest.approx(bare, abs=2e-3, rel=2e-3)


def test_it_is_kept_once_for_all_amounts(faces):
    schedule = {"pretrain_epochs": 1, "embed_iterations": 2, "tune_iterations": 2}
    run = checked(
        Run("dpfe_simple", "tiny", tasks=("Male",), private=("identity",), schedule=schedule)
    )
    explained(run, faces)
    assert [p.name for p in sorted((run.folder / "explain").glob("noise*"))] == ["noise"]


def test_a_filter_keeps_nothing(faces):
    run = checked(Run("blur", "tiny"))
    train.train(run, faces, device="cpu", progress=False)
    explain.explain(run, ["noise"], device="cpu", progress=False)
    assert not (run.folder / "explain").exists()


def test_a_map_is_kept_without_replacements_and_the_range_they_are_drawn_from(faces):
    short = {
        name: 1 for name in METHODS["aia_random"].presets["compact"]["schedule"] if "epochs" in name
    }
    run = checked(Run("aia_random", "tiny", tasks=("Smiling",), schedule=short))
    arrays, facts = explained(run, faces)
    assert facts["kind"] == "map"
    assert facts["low"] < facts["high"]
    assert 0 <= facts["channel"] < facts["channels"]
    assert len(arrays["maps"]) == min(kept.MAPS, len(arrays["positions"]))
    assert arrays["maps"].max() > 0
