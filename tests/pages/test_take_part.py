"""The page of participants. What its component draws and says is tried in tests/browser."""

import pytest

from app.study import participant
from core.study import studies
from core.study.participation import taking
from core.study.storage import database
from tests.pages.conftest import open_page, whole, words
from tests.study.sample_study import open_study, ready_study, token

SHORT = {"questions": 3, "attention": 0, "practice": False, "people": 12}
pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture(autouse=True)
def studies_of_this_test(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path / 'studies.sqlite'}")
    yield
    database.close()


def visited(study_id, **session):
    """The page of a browser session that has heard something already."""
    app = open_page(study=study_id)
    if session:
        app.session_state["taking_part"] = app.session_state["taking_part"] | {"heard": 1} | session
        app.run()
    whole(app)
    return app


def test_nothing_is_drawn_before_the_browser_has_said_what_it_knows():
    app = visited(open_study(**SHORT))
    assert words(app).strip() == ""


def test_consent_in_the_officers_words():
    study_id = open_study(
        **SHORT,
        consent="**Read** this. ![x](https://elsewhere.example/p.png)",
        contact="office@example.org",
        time_limit=20,
    )
    app = visited(study_id, token="")
    assert [title.value for title in app.title] == ["Who is it?"]
    text = words(app)
    assert (
        "3 questions, each with one face and 4 photographs. You have 20 seconds for each." in text
    )
    assert "**Read** this." in text
    assert "![x]" not in text  # a picture would tell its server who reads this
    assert "office@example.org" in text


def test_texts_of_officers_are_no_markup_of_the_page():
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    app = visited(
        open_study(**SHORT, consent=hostile, contact=hostile, title=hostile[:100]), token=""
    )
    assert not any(element.allow_html for element in (*app.markdown, *app.caption))


def test_a_participant_is_led_to_the_end():
    study_id = open_study(**SHORT, completion="Code **C1**")
    mine = token()
    taking.start(study_id, mine)
    assert words(visited(study_id, token=mine)).strip() == ""  # the component has all of it
    for position in range(3):
        taking.answer(study_id, mine, position, 0)
    app = visited(study_id, token=mine)
    assert [title.value for title in app.title] == ["Thank you"]
    assert "Code **C1**" in words(app)


@pytest.mark.parametrize(
    "study_id", ["", "nosuchstudy1", "../../etc/passwd", "' OR 1=1; --", "é" * 5000]
)
def test_a_link_to_no_study(study_id):
    app = visited(study_id)
    assert [title.value for title in app.title] == ["There is no study here"]
    assert "This link leads to no study" in words(app)


def test_a_study_that_takes_nobody():
    study_id = ready_study(**SHORT)
    assert "not open yet" in words(visited(study_id, token=""))
    studies.open_study(study_id)
    studies.close_study(study_id)
    assert "This study has ended" in words(visited(study_id, token=""))


def test_a_database_that_is_away(monkeypatch):
    study_id = open_study(**SHORT)

    def away(study_id):
        raise database.DatabaseAway("postgresql://secret-host cannot be reached")

    monkeypatch.setattr(taking, "arrive", away)
    app = visited(study_id)
    assert "secret-host" not in words(app)
    assert app.session_state["taking_part"]["heard"] == 0


def test_other_sessions_and_other_studies_do_not_mix():
    first, second = open_study(**SHORT), open_study(**SHORT, seed=1)
    app = visited(first, token=token(), note=participant.GONE)
    app.query_params["study"] = second
    app.run()
    whole(app)
    assert app.session_state["taking_part"]["study"] == second
    assert app.session_state["taking_part"]["note"] is None
