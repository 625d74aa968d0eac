"""What a study shows: the right faces, the same at every setting, in files that tell nothing."""

import io
import os
import struct
import subprocess
import sys
from collections import defaultdict

import numpy as np
import pytest
from PIL import Image

from core import data
from core.errors import PenumbraError
from core.own_photograph import redraw
from core.run import Run
from core.run_validation import checked
from core.storage import files
from core.study.material import stimuli
from tests.checkpoint_folders import write_run
from tests.study.asked_runs import (
    DATASET,
    RUNS,
    STORED,
    STORED_ALONG,
    asking,
    give_data,
    populate,
    setting,
    store_faces,
)

SEED = 11


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_HOME", str(root / "home"))
        patch.setenv("PENUMBRA_CHECKPOINTS", str(root / "checkpoints"))
        populate(root)
        yield root


@pytest.fixture(scope="module")
def faces(place):
    return data.load(DATASET, 64, 64, progress=False)


@pytest.fixture(scope="module")
def built(place):
    return stimuli.build(asking(setting("weak"), setting("strong"), setting("noisy")), SEED)


def pixels(file):
    return np.asarray(Image.open(io.BytesIO(file)))


def rows_of(faces, built):
    """Number of a picture -> the row whose photograph it is, of those that are one."""
    known = {picture.tobytes(): row for row, picture in enumerate(faces.images)}
    rows = {n: known.get(pixels(file).tobytes()) for n, file in enumerate(built["pictures"])}
    return {number: row for number, row in rows.items() if row is not None}


def questions(built, role="question"):
    return [item for item in built["items"] if item["role"] == role]


def chunks(file):
    """Type and length of a PNG's chunks, and its header's content."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    found, start = [], 8
    while start < len(file):
        length, kind = struct.unpack(">I4s", file[start : start + 8])
        found.append((kind, length))
        start += length + 12
    return found, file[16:29]


def test_the_right_person_is_the_first_option_and_nobody_asked_about_another(built, faces):
    rows = rows_of(faces, built)
    asked = {item["person"] for item in built["items"]}
    test = set(faces.indices("test").tolist())
    for item in built["items"]:
        options = [rows[number] for number in item["options"]]  # the photographs, bit for bit
        assert set(options) <= test
        people = faces.identities[options].tolist()
        assert people[0] == item["person"]
        assert len(set(people)) == len(people) == 3
        assert not set(people[1:]) & asked


def test_people_and_options_are_the_same_at_every_setting(built):
    found = defaultdict(dict)
    for item in questions(built):
        found[item["setting"]][item["person"]] = item["options"]
    assert list(found) == [RUNS["weak"].id, RUNS["strong"].id, f"{RUNS['noisy'].id}@0.4"]
    first, *others = found.values()
    assert len(first) == 5
    assert all(other == first for other in others)


def test_items_say_what_they_are_of(built):
    item = questions(built)[-1]
    assert item["dataset"] == DATASET
    assert item["run_id"] == RUNS["noisy"].id
    assert item["release_value"] == 0.4
    assert item["attacker"] == "mirrored_decoder"
    assert -1 <= item["ms_ssim"] <= 1
    assert item["machine_release"] in (0, 1, 2)
    assert item["machine_picture"] is None  # this data set has no face network


def test_the_redrawn_face_is_what_the_attacker_makes_of_the_photograph(place, faces):
    same = stimuli.build(asking(setting("weak"), photograph="same"), SEED)
    rows = rows_of(faces, same)
    restored = redraw.restore(RUNS["weak"].folder, None, "cpu")
    for item in questions(same):
        photograph = np.asarray(faces.images[[rows[item["options"][0]]]])
        found = redraw.redraw(restored, photograph)
        away = pixels(same["pictures"][item["redrawn"]]).astype(int) - found["reconstructions"][0]
        assert np.abs(away).max() <= 1  # another batch rounds otherwise
        assert item["ms_ssim"] == pytest.approx(found["ms_ssim"][0], abs=1e-3)
        assert item["machine_release"] == 0


def test_another_photograph_is_the_right_option_by_default(built, place, faces):
    same = stimuli.build(asking(setting("weak"), photograph="same"), SEED)
    for item, other in zip(questions(same), questions(built), strict=False):
        assert item["person"] == other["person"]
        # who is asked about and what is redrawn of them stays; the right option is another
        assert same["pictures"][item["redrawn"]] == built["pictures"][other["redrawn"]]
        assert same["pictures"][item["options"][0]] != built["pictures"][other["options"][0]]


def test_no_file_tells_what_it_shows(built):
    seen = {str(chunks(file)) for file in built["pictures"]}
    assert len(seen) == 1
    kinds = {kind for kind, _ in chunks(built["pictures"][0])[0]}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}
    assert len({len(file) for file in built["pictures"]}) == 1
    for file in built["pictures"]:
        with Image.open(io.BytesIO(file)) as picture:
            assert (picture.mode, picture.size, picture.info) == ("RGB", (64, 64), {})


def test_no_number_of_a_picture_tells_what_it_shows(built):
    redrawn = [item["redrawn"] for item in built["items"]]
    rights = [item["options"][0] for item in built["items"]]
    assert min(rights) < np.mean(redrawn) < max(rights)
    assert redrawn != sorted(redrawn)
    wrong = [number for item in built["items"] for number in item["options"][1:]]
    assert min(rights) < np.mean(wrong) < max(rights)
    assert rights != sorted(rights)
    options = {n for item in built["items"] for n in item["options"]}
    assert len({built["pictures"][n] for n in options}) == len(options)  # each photograph once
    used = {n for item in built["items"] for n in (item["redrawn"], *item["options"])}
    assert used == set(range(len(built["pictures"])))


def test_files_hold_the_pixels_unchanged_and_are_equally_long_whatever_they_show():
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    plain = np.zeros_like(noise)
    assert len(stimuli.png(noise)) == len(stimuli.png(plain))
    assert np.array_equal(pixels(stimuli.png(noise)), noise)


def test_all_follows_from_the_seed(built):
    design = asking(setting("weak"), setting("strong"), setting("noisy"))
    assert stimuli.build(design, SEED) == built
    other = stimuli.build(design, SEED + 1)
    assert {i["person"] for i in other["items"]} != {i["person"] for i in built["items"]}
    assert other["pictures"] != built["pictures"]


def test_attention_and_practice_show_the_unprotected_face_of_the_very_photograph(built, faces):
    rows = rows_of(faces, built)
    restored = redraw.restore(RUNS["original"].folder, None, "cpu")
    asked = {item["person"] for item in questions(built)}
    checks = [*questions(built, "attention"), *questions(built, "practice")]
    assert len(checks) == 3 + 1
    for item in checks:
        assert item["run_id"] == item["setting"] == RUNS["original"].id
        assert item["person"] not in asked
        photograph = np.asarray(faces.images[[rows[item["options"][0]]]])
        found = redraw.redraw(restored, photograph)["reconstructions"][0]
        away = pixels(built["pictures"][item["redrawn"]]).astype(int) - found
        assert np.abs(away).max() <= 1


def test_without_unprotected_features_the_photograph_itself_is_shown(place, faces, monkeypatch):
    monkeypatch.setattr(stimuli, "UNPROTECTED", "no_such_method")
    found = stimuli.build(asking(setting("weak")), SEED)
    for item in [*questions(found, "attention"), *questions(found, "practice")]:
        assert item["run_id"] == item["setting"] == item["attacker"] == stimuli.PHOTOGRAPH
        assert item["machine_release"] is item["machine_picture"] is item["ms_ssim"] is None
        redrawn, right, other = (
            found["pictures"][n] for n in (item["redrawn"], *item["options"][:2])
        )
        assert redrawn != right  # one file twice would tell by its address
        away, far = (
            np.abs(pixels(redrawn).astype(int) - pixels(file)).mean() for file in (right, other)
        )
        assert away < 0.7 * far
    assert len({len(file) for file in found["pictures"]}) == 1


def test_matched_distractors_share_the_attributes(place, faces):
    design = asking(setting("weak"), distractors="matched", matched_on=["Male", "Smiling"])
    found = stimuli.build(design, SEED)
    rows, columns = rows_of(faces, found), faces.columns(["Male", "Smiling"])
    for item in questions(found):
        shown = faces.attributes[[rows[n] for n in item["options"]]][:, columns]
        assert (shown == shown[0]).all()


def test_an_attacker_without_weights_is_asked_about_what_he_drew(place, faces):
    found = stimuli.build(asking(setting("strong"), setting("weak", "resrec")), SEED)
    test = faces.indices("test")
    for item in questions(found):
        if item["attacker"] != "resrec":
            continue
        grey = pixels(found["pictures"][item["redrawn"]]).astype(int)
        position = round(grey.mean() / 2)
        assert position % 3 == 0
        assert position < 3 * STORED
        assert faces.identities[test[position]] == item["person"]
        assert item["ms_ssim"] == pytest.approx(position / 3 / (STORED - 1))
    attackers = ("mirrored_decoder", "resrec")
    people = [{i["person"] for i in questions(found) if i["attacker"] == a} for a in attackers]
    assert people[0] == people[1]
    # two attackers of one release: the machine sees the same
    found = stimuli.build(asking(setting("weak"), setting("weak", "resrec")), SEED)
    said = [
        [i["machine_release"] for i in questions(found) if i["attacker"] == a] for a in attackers
    ]
    assert said[0] == said[1]


def test_the_decoder_of_the_training_can_be_asked_about_as_in_its_paper(place, faces):
    asked = asking(setting("weak", "training_reconstructor"), photograph="same", options=4)
    found, test = stimuli.build(asked, SEED), faces.indices("test")
    assert len(questions(found)) == 5
    for item in questions(found):
        assert item["attacker"] == "training_reconstructor"
        position = round(pixels(found["pictures"][item["redrawn"]]).astype(int).mean() / 2)
        assert faces.identities[test[position]] == item["person"]
    asked = asking(setting("weak", "training_reconstructor"), people=STORED_ALONG + 1)
    with pytest.raises(PenumbraError, match=f"redrawn {STORED_ALONG} test people"):
        stimuli.build(asked, SEED)


def test_more_people_than_an_attacker_drew_are_refused_with_their_number(place):
    with pytest.raises(PenumbraError, match=f"redrawn {STORED} test people; .* about 9.*mirrored"):
        stimuli.build(asking(setting("weak", "resrec"), people=9), SEED)


def test_progress_is_told_up_to_the_end(place):
    told = []
    design = asking(setting("weak"), setting("strong"))
    stimuli.build(design, SEED, lambda *step: told.append(step))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_what_is_possible(place, faces):
    people = len(np.unique(faces.identities[faces.indices("test")]))
    assert stimuli.possible(setting("weak")) == {
        "people": people,
        "attackers": {
            "mirrored_decoder": people,
            "resrec": STORED,
            "training_reconstructor": STORED_ALONG,
        },
        "other_photographs": True,
        "people_other": people,
    }
    assert stimuli.possible(setting("weak", "resrec"))["people"] == STORED
    assert stimuli.possible(setting("weak") | {"release_value": 3.0})["attackers"] == {}
    anybody = {name: value for name, value in setting("weak").items() if name != "attacker"}
    assert stimuli.possible(anybody)["people"] == people


def test_what_is_possible_is_known_before_the_photographs_are_decoded(place, faces, monkeypatch):
    before = stimuli.possible(setting("weak"))
    monkeypatch.setattr(data, "is_packed", lambda *asked: False)
    monkeypatch.setattr(data, "load", None)  # nothing may be decoded for a page
    assert stimuli.possible(setting("weak")) == before


def test_what_is_possible_needs_no_torch(place):
    code = (
        "import sys; from core.study.material import stimuli; "
        f"print(stimuli.possible({setting('weak')!r})['people']); assert 'torch' not in sys.modules"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > STORED


def test_what_is_not_there_is_said(place, tmp_path, monkeypatch):
    missing = setting("weak") | {"run_id": "deep_obfuscator-0123456789"}
    for ask in (lambda s: stimuli.build(asking(s), SEED), stimuli.possible):
        with pytest.raises(PenumbraError, match="deep_obfuscator-0123456789 is not among the runs"):
            ask(missing)
    for hostile in ({"dataset": ".."}, {"dataset": "a/../b"}, {"run_id": "../../x-0123456789"}):
        with pytest.raises(PenumbraError, match="is no run"):
            stimuli.possible(setting("weak") | hostile)
    with pytest.raises(PenumbraError, match="inversion has redrawn no faces; choose one of mirr"):
        stimuli.build(asking(setting("weak", "inversion")), SEED)
    at = setting("noisy") | {"release_value": 0.8}
    with pytest.raises(PenumbraError, match=r"redrawn no faces at release value 0\.8; evaluate"):
        stimuli.build(asking(at), SEED)


def test_unfinished_damaged_and_foreign_runs_are_refused(place):
    root = place / "checkpoints"
    run = checked(Run("deep_obfuscator", DATASET, seed=3))
    asked = setting("weak") | {"run_id": run.id}
    folder = write_run(root, run, 0.5, finished=False)
    with pytest.raises(PenumbraError, match="still in training"):
        stimuli.build(asking(asked), SEED)
    write_run(root, run, 0.5)
    give_data(run, "of another day")
    with pytest.raises(PenumbraError, match="another version of tiny"):
        stimuli.build(asking(asked), SEED)
    # the shared faces stay the first setting's: a later one is checked as well
    with pytest.raises(PenumbraError, match="another version of tiny"):
        stimuli.build(asking(setting("weak"), asked), SEED)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(PenumbraError, match="damaged"):
        stimuli.possible(asked)
    (folder / "run.json").write_text("{")
    with pytest.raises(PenumbraError, match="cannot be read"):
        stimuli.possible(asked)


def test_settings_of_two_sizes_are_refused(place):
    run = checked(Run("deep_obfuscator", DATASET, preset="paper"))
    write_run(place / "checkpoints", run, 0.5)
    with pytest.raises(PenumbraError, match=r"64 x 64.*178 x 218.*one data set and size"):
        stimuli.build(asking(setting("weak"), setting("weak") | {"run_id": run.id}), SEED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"positions": np.arange(STORED) * 1000},
        {"positions": np.arange(STORED) - 1},
        {"positions": np.arange(STORED) / 2},
        {"positions": np.arange(STORED - 1)},
        {"ms_ssim": np.zeros(2)},
    ],
)
def test_stored_faces_that_cannot_be_are_refused(place, wrong):
    store_faces(RUNS["weak"], "kernel_redrawer", STORED, **wrong)
    with pytest.raises(PenumbraError, match="evaluate"):
        stimuli.build(asking(setting("weak", "kernel_redrawer")), SEED)


def test_a_broken_unprotected_run_is_passed_over(place, tmp_path):
    record = files.read_json(RUNS["original"].folder / "run.json")
    try:
        give_data(RUNS["original"], "of another day")
        found = stimuli.build(asking(setting("weak")), SEED)
    finally:
        files.write_json(RUNS["original"].folder / "run.json", record)
    assert questions(found, "attention")[0]["run_id"] == stimuli.PHOTOGRAPH
