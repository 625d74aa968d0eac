"""What else leaks: empty, populated, damaged; groups and people from kept decisions."""

import numpy as np
import pytest

from core.data.order import canonical_order
from core.errors import PenumbraError
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from tests.checkpoint_folders import finding, write_attack, write_run
from tests.pages.conftest import headline, open_page, whole, words
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=96, images=4, size=32)
SHOWN = "deep_obfuscator.lambda1"


def opened(*folders, **query):
    """The page with some of its folders open."""
    app = open_page("leaks", **query)
    for folder in folders:
        app.session_state[folder] = True
    return whole(app.run())


def test_empty_says_what_to_do(root):
    app = whole(open_page("leaks"))
    assert app.title[0].value == "What else leaks?"
    assert "Nothing has been trained yet" in words(app)


def test_what_nobody_declared_is_named_and_the_knob_and_the_columns_can_be_moved(populated):
    app = whole(open_page("leaks"))
    said = headline(app)
    assert "At λ₁ = 1, λ₂ = 1 an attacker also tells whether a person is young in 70 %" in said
    assert "none of 1 attributes that nobody declared stay hidden" in said
    assert "Without protection none of 1" in words(app)
    whole(app.select_slider(key=SHOWN).set_value(5.0).run())
    assert "At λ₁ = 5" in headline(app)
    whole(app.segmented_control(key="leak_columns").set_value("methods").run())
    assert app.query_params["leak_columns"] == "methods"


def test_a_method_without_a_knob_has_all_methods_as_columns(populated):
    app = opened("leak_groups_open", method="original", private="image")
    assert "kept for a few faces only" in words(app)  # pictures are not counted by group
    assert app.segmented_control(key="leak_columns").options == ["all methods"]
    assert headline(app).startswith("## With Unprotected features")


def test_bad_addresses_and_damaged_folders_are_named_and_the_rest_is_shown(damaged):
    app = whole(open_page("leaks", leak_columns="<b>", method="nobody", private="attribute:x"))
    assert "is not available here" in words(app)
    assert "an attacker also tells" in headline(app)
    assert any("damaged" in box.label for box in app.expander)


def test_without_kept_decisions_the_parts_say_so_and_the_figures_stay(populated, monkeypatch):
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    app = opened("leak_groups_open", "leak_people_open", "leak_sizes_open")
    said = words(app)
    assert said.count("This cannot be shown") == 2
    assert "python -m core evaluate" in said
    assert "an attacker also tells" in said


def test_photographs_that_are_not_decoded_are_not_waited_for(root, monkeypatch):
    run = checked(Run("original", "my_photos"))
    write_run(root, run, 0.0)
    monkeypatch.setattr("core.data.is_packed", lambda *arguments: False)
    app = opened("leak_sizes_open")
    assert "have not been decoded on this machine" in words(app)


@pytest.fixture
def told(root, monkeypatch):
    """One setting: gender is told rightly of the young alone; the first person is always named."""
    monkeypatch.setattr("core.data.load", lambda *arguments, **options: FACES)
    folder = write_run(root, checked(Run("original", "synthetic")), 0.0)
    order = canonical_order(FACES, FACES.indices("test"))
    male, _, young = FACES.attributes[order].T.astype(bool)
    packed = np.packbits(np.where(young, male, ~male)[None], axis=1)
    row = finding("attribute:Male", "private", "mlp", "balanced_accuracy", 0.7, n=len(order))
    decisions = {"targets": np.array(["attribute:Male"]), "decisions": packed}
    write_attack(folder, "mlp", [row], arrays=decisions)
    first = FACES.identities[order] == FACES.identities[order].min()
    named = finding("identity", "private", "discriminant", "top1_accuracy", 0.1, chance=1 / 24)
    hits = {"probes": np.arange(len(order)), "correct": first}
    write_attack(folder, "discriminant", [named], arrays=hits)
    chosen = {
        "targets": np.array(["attribute:Male", "identity"]),
        "chosen": np.array(["mlp", "discriminant"]),
    }
    write_attack(folder, "worst_case", [row | {"attacker": "worst_case"}], arrays=chosen)
    return root


def test_the_worse_protected_group_is_named_and_groups_stand_in_the_address(told):
    app = opened("leak_groups_open")
    said = words(app)
    assert (
        "Protection fails most for young people: there the attacker tells the gender in 100 %"
        in said
    )
    assert "for older people in 0.0 %" in said or "for older people in 0 %" in said
    whole(app.multiselect(key="leak_groups").set_value(["Smiling"]).run())
    assert app.query_params["leak_groups"] == "Smiling"
    assert "young people" not in words(app)
    whole(app.multiselect(key="leak_groups").set_value([]).run())
    assert "Choose at least one attribute" in words(app)


def test_the_person_who_is_always_named_comes_first(told):
    app = opened("leak_people_open", private="identity")
    assert "1 of 24 people are named rightly on every one of their photographs" in words(app)
    faces = [caption.value for caption in app.main.caption if "named rightly" in caption.value]
    assert faces[0].startswith("**4 of 4**")
    assert faces[1].startswith("**0 of 4**")
    whole(app.segmented_control(key="leak_people").set_value("most").run())
    faces = [caption.value for caption in app.main.caption if "named rightly" in caption.value]
    assert faces[0].startswith("**0 of 4**")


def test_sizes_of_groups_are_counted_in_the_test_photographs(told):
    app = opened("leak_sizes_open")
    table = app.dataframe[0].value.set_index("Attribute")
    rows = FACES.indices("test")
    assert table.loc["Smile", "Photographs"] == FACES.attributes[rows, 1].sum()
    men = FACES.identities[rows][FACES.attributes[rows, 0] == 1]
    assert table.loc["Gender", "People"] == len(np.unique(men))


def test_photographs_that_are_gone_leave_the_figures(told, monkeypatch):
    def gone(*arguments, **options):
        raise PenumbraError("the folder is gone")

    monkeypatch.setattr("core.data.load", gone)
    said = words(opened("leak_sizes_open"))
    assert "This cannot be shown: the folder is gone" in said
    assert "an attacker also tells" in said


def test_every_method_can_be_looked_at(populated):
    app = whole(open_page("leaks"))
    for name in app.sidebar.selectbox(key="method").options:
        method = next(entry.name for entry in METHODS.values() if entry.title == name)
        whole(app.sidebar.selectbox(key="method").set_value(method).run())
        assert "nobody declared" in headline(app)


def test_of_several_attributes_one_is_asked_about(told):
    app = opened("leak_groups_open", private="several", private_set="Young,Male")
    assert app.selectbox(key="leak_target").options == ["Age group", "Gender"]
    assert "kept no decisions about attribute:Young" in words(app)
    whole(app.selectbox(key="leak_target").set_value("attribute:Male").run())
    assert "Protection fails most for young people" in words(app)
