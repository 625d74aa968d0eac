"""The stored attacker, restored: it reconstructs what the measured one did, to the same score."""

import numpy as np
import pytest

from core import data
from core.data import datasets
from core.data.faces import SPLITS
from core.data.packing import decode
from core.errors import PenumbraError
from core.own_photograph import redraw
from core.run import Run, checkpoints
from core.run_validation import checked
from core.storage import files
from core.storage.pictures import kept_pictures
from tests.live_runs import bring_to_life
from tests.own_photograph.scenes import known_faces

RUNS = (  # a map, a flattened one, a few numbers, a picture with a knob at release
    (Run("deep_obfuscator", "tiny"), None),
    (Run("aia", "tiny", tasks=("Smiling",)), None),
    (Run("dpfe", "tiny"), 0.5),
    (Run("blur", "tiny"), 3.0),
)


@pytest.fixture(params=RUNS, ids=lambda pair: pair[0].method)
def alive(request, tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    run, value = checked(request.param[0]), request.param[1]
    bring_to_life(run.folder, run, value)
    return run, value


def faces(count):
    return np.stack([picture[::2, ::2] for picture in known_faces()[:count]])


def test_every_kind_of_release_is_redrawn(alive):
    run, value = alive
    restored = redraw.restore(run.folder, value, "cpu")
    found = redraw.redraw(restored, faces(3))
    assert found["reconstructions"].shape == (3, 64, 64, 3)
    assert found["reconstructions"].dtype == np.uint8
    for name in ("ms_ssim", "ssim", "psnr"):
        assert found[name].shape == (3,)
        assert np.isfinite(found[name]).all()
    alone = redraw.redraw(restored, faces(3)[1:2])
    assert alone["ms_ssim"][0] == pytest.approx(found["ms_ssim"][1], abs=1e-3)


def test_the_same_photograph_gives_the_same_picture_where_noise_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    run = checked(Run("image_noise", "tiny"))
    bring_to_life(run.folder, run, 0.4)
    restored = redraw.restore(run.folder, 0.4, "cpu")
    one, other = (redraw.redraw(restored, faces(1))["reconstructions"] for _ in range(2))
    assert np.array_equal(one, other)


def test_a_shipped_attacker_scores_as_it_was_measured():
    """On the shipped run's own test photographs, read as they were then."""
    folder = next(iter(sorted((checkpoints() / "synthetic").glob("deep_obfuscator-*"))))
    stored = kept_pictures(folder, redraw.ATTACKER)
    listed = datasets.listed(data.catalogue()["synthetic"])
    rows = np.flatnonzero(listed.split == SPLITS.index("test"))[stored["positions"]]
    photographs, _, _ = decode.decode_chunk([listed.photographs[row] for row in rows], 64, 64)
    found = redraw.redraw(redraw.restore(folder, None, "cpu"), photographs)
    # processors differ in how they round (some have bfloat16): by 5e-4 between two that were tried
    assert np.allclose(found["ms_ssim"], stored["ms_ssim"], atol=2e-3)
    # the stored pictures were packed with loss
    away = np.abs(found["reconstructions"].astype(int) - stored["reconstructions"])
    assert away.mean() < 4


def test_another_size_is_refused(alive):
    run, value = alive
    with pytest.raises(PenumbraError, match="64 x 64"):
        redraw.redraw(redraw.restore(run.folder, value, "cpu"), np.zeros((1, 32, 32, 3), np.uint8))


def test_an_attacker_that_was_not_kept_is_said(alive):
    run, value = alive
    redraw.weights_of(run.folder, value).unlink()
    assert not redraw.kept(run.folder, value)
    with pytest.raises(PenumbraError, match="not kept"):
        redraw.restore(run.folder, value, "cpu")


def test_damaged_and_foreign_weights_are_refused(alive):
    run, value = alive
    place = redraw.weights_of(run.folder, value)
    whole = files.load_tensors(place)
    place.write_bytes(place.read_bytes()[:200])
    with pytest.raises(PenumbraError, match="damaged"):
        redraw.restore(run.folder, value, "cpu")
    weight = next(name for name in sorted(whole) if name.endswith("weight"))
    for gone in ("mean", weight):
        files.save_tensors(place, {n: t for n, t in whole.items() if n != gone})
        with pytest.raises(PenumbraError, match="does not fit"):
            redraw.restore(run.folder, value, "cpu")
    wrong = whole | {"mean": whole["mean"].new_zeros(1, 7, 3, 5, 5)}
    files.save_tensors(place, wrong)
    with pytest.raises(PenumbraError, match="does not fit"):
        redraw.restore(run.folder, value, "cpu")
