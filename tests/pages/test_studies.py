"""Setting up a study: from the form to a link, and what can be done with a study."""

import numpy as np
import pytest

from core.errors import PenumbraError
from core.run import Run
from core.run_validation import checked
from core.storage.pictures import packed
from core.study import design, studies
from core.study.participation import taking
from core.study.storage import database
from tests.checkpoint_folders import faces, write_attack
from tests.pages.conftest import headline, open_page, whole, words
from tests.study import sample_study


@pytest.fixture(autouse=True)
def own_database(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path}/studies.sqlite")
    yield
    database.close()


@pytest.fixture
def started(monkeypatch):
    """Ids of studies whose pictures were asked for: no process is started."""
    found = []
    monkeypatch.setattr(studies, "start_preparing", found.append)
    return found


def kept_faces(count):
    """So many faces as a decoder whose network was not kept leaves them."""
    drawn = packed("originals", faces(count)) | packed("reconstructions", faces(count))
    return drawn | {"positions": np.arange(count), "ms_ssim": np.full(count, 0.3)}


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_nothing_is_trained(root):
    app = whole(open_page("studies"))
    assert app.title[0].value == "What will people be asked?"
    assert "No study yet" in headline(app)
    assert "Nothing has been trained yet" in words(app)


def test_a_study_is_made_as_the_form_says(populated, started):
    app = whole(open_page("studies"))
    assert "8 questions on 3 settings" in words(app)
    assert "40 participants give each setting 106 answers" in words(app)
    app.text_input(key="study_title").set_value("Who is it?")
    app.number_input(key="study_questions").set_value(6)
    app.toggle(key="study_confidence").set_value(True)
    app.text_input(key="study_contact").set_value("Anna, anna@office.eu")
    whole(app.run())
    whole(press(app, "Make the study"))
    (study,) = studies.list_studies()
    assert started == [study["id"]]
    design = study["design"]
    assert (design["title"], design["questions"], design["confidence"]) == ("Who is it?", 6, True)
    assert design["contact"] == "Anna, anna@office.eu"
    assert {setting["attacker"] for setting in design["settings"]} == {"mirrored_decoder"}
    assert all(s["run_id"].startswith("deep_obfuscator") for s in design["settings"])


def test_numbers_that_had_to_be_small_grow_again(populated, started, monkeypatch):
    app = whole(open_page("studies"))
    assert app.number_input(key="study_people").value == 8  # so many faces were kept
    found = {"people": 200, "attackers": {"mirrored_decoder": 200}, "other_photographs": True}
    monkeypatch.setattr("app.cache.loaders.study_pictures", lambda place: found)
    whole(app.run())
    assert app.number_input(key="study_people").value == 24
    assert app.number_input(key="study_questions").value == 10


def test_look_alikes_share_what_was_chosen(populated, started):
    app = whole(open_page("studies"))
    app.button_group(key="study_distractors").set_value("matched")
    whole(app.run())
    assert app.multiselect(key="study_matched_on").value == ["Male", "Young"]
    whole(press(app, "Make the study"))
    assert studies.list_studies()[0]["design"]["matched_on"] == ["Male", "Young"]


def test_what_is_missing_is_said_and_nothing_is_made(populated, started):
    app = whole(open_page("studies"))
    for part, empty, said in (
        (lambda: app.text_area(key="study_consent"), "", "consent"),
        (lambda: app.text_input(key="study_title"), " ", "give the study a title"),
    ):
        part().set_value(empty)
        whole(app.run())
        assert said in words(app)
        assert not any(button.label == "Make the study" for button in app.button)
    app.text_input(key="study_title").set_value("Who?")
    app.text_area(key="study_consent").set_value("I agree.")
    app.number_input(key="study_target").set_value(None)
    whole(app.run())
    assert "enough answers" in words(app)
    assert not any(button.label == "Make the study" for button in app.button)


def test_a_study_is_opened_and_closed(populated):
    name = sample_study.ready_study(title="Who is *it*?")
    app = whole(open_page("studies"))
    assert "1 study, 0 open" in headline(app)
    assert f"/?study={name}" in words(app)
    whole(press(app, "Open the study"))
    assert studies.read(name)["state"] == "open"
    whole(app.run())
    assert "1 study, 1 open" in headline(app)
    assert r"Who is \*it\*?" in words(app)
    taking.start(name, sample_study.token())
    whole(press(app, "Close the study"))
    assert studies.read(name)["state"] == "closed"


def test_deleting_asks_first_and_takes_all(populated):
    failed = studies.create(sample_study.design())
    with pytest.raises(PenumbraError):
        studies.prepare(failed)
    why = studies.read(failed)["message"]
    name = sample_study.open_study()
    taking.start(name, sample_study.token())
    app = whole(open_page("studies"))
    assert "could not be prepared" in words(app)
    assert why in words(app)
    assert "answers of 1 participants" in words(app)
    whole(app.button(key=f"Delete it all_{name}").click().run())
    assert [study["id"] for study in studies.list_studies()] == [failed]


def test_another_begins_as_its_template(populated, started):
    runs = sorted((populated / "synthetic").glob("deep_obfuscator-*"))[:2]
    settings = [sample_study.setting(run_id=run.name) for run in runs]
    wanted = {"title": "First", "settings": settings, "questions": 7, "people": 8}
    wanted |= {"time_limit": 30, "stop_width": 0.2, "distractors": "matched"}
    studies.create(wanted | {"matched_on": ["Male"]})
    app = whole(open_page("studies"))
    whole(press(app, "Use as template"))
    whole(press(app, "Make the study"))
    second, first = (study["design"] for study in studies.list_studies())
    assert second == first


def test_it_can_be_asked_as_deepobfuscator_asked_it(own_findings, started, monkeypatch, caplog):
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)  # what is written here is seen at once
    label, own = "As DeepObfuscator asked it", "training_reconstructor"
    app = whole(open_page("studies"))
    assert label not in [button.label for button in app.button]  # no such pictures were kept
    run = checked(Run("deep_obfuscator", "synthetic"))
    folder = own_findings / "synthetic" / run.id
    write_attack(folder, own, [], arrays=kept_faces(12), protocol="paper")
    app = whole(open_page("studies"))
    whole(press(app, label))
    whole(press(app, "Make the study"))
    asked = studies.list_studies()[0]["design"]
    assert asked["settings"] == [
        {"dataset": "synthetic", "run_id": run.id, "release_value": None, "attacker": own}
    ]
    assert {name: asked[name] for name in design.PUBLISHED} == design.PUBLISHED
    assert "default value" not in caplog.text  # of a widget that is given two values


def test_a_database_that_is_away_is_said(populated, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", "postgresql://anna:secret@127.0.0.1:1/none")
    app = whole(open_page("studies"))
    assert app.error
    assert "secret" not in words(app)
    assert whole(open_page("trade_off")).title[0].value.startswith("How much protection")
