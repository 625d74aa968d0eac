"""Report: what is handed in, and what it says before it is downloaded."""

from core.run import Run
from core.run_validation import checked
from core.study import studies
from core.study.storage import database
from tests.checkpoint_folders import write_run
from tests.pages.conftest import headline, open_page, whole, words
from tests.study.participating import answered

QUESTION = "What do I hand in?"


def test_empty_says_what_to_do(root):
    app = whole(open_page("report"))
    assert app.title[0].value == QUESTION
    assert "Nothing has been trained yet" in words(app)


def test_the_verdict_and_what_is_in_the_file(populated):
    app = open_page("report")
    app.session_state["report_contents"] = True
    whole(app.run())
    assert "tells the gender in 82 %" in headline(app)
    assert "You set no limits" in words(app)
    assert "faces, original and redrawn" in words(app)
    assert "of nobody" in words(app)  # the faces are computed


def test_what_people_recognised_is_evidence_once_the_study_is_closed(
    populated, tmp_path, monkeypatch
):
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{tmp_path}/studies.sqlite")
    monkeypatch.setattr("app.study.findings.FRESH", 0.0)
    monkeypatch.setattr("app.cache.loaders.FRESH", 0.0)
    name, _ = answered(checked(Run("deep_obfuscator", "synthetic")).id)
    app = open_page("report")
    app.session_state["report_contents"] = True
    assert "Recognised by people" not in words(whole(app.run()))
    studies.close_study(name)
    assert "Recognised by people: Who? (right picks)" in words(whole(app.run()))
    whole(app.button[0].click().run())
    written = app.session_state["report_file"][1].decode()
    line = written[written.index("Recognised by people: Who?") :][:300]
    assert "75.0" in line
    assert "25.0" in line
    database.close()


def test_limits_come_from_the_trade_off_page(populated):
    app = whole(open_page("report", attack_limit="60"))
    assert "This setting is outside your limits" in words(app)
    assert app.query_params["attack_limit"]


def test_real_people_are_shown_only_when_the_officer_says_so(own_findings):
    write_run(own_findings, checked(Run("deep_obfuscator", "people")), 0.5)
    app = whole(open_page("report", data="people"))
    assert app.checkbox(key="report_faces").value is False
    app.session_state["report_contents"] = True
    whole(app.run())
    assert "were left out of this report" in words(app)
    app.checkbox(key="report_faces").check()
    whole(app.button[0].click().run())
    assert "faces, original and redrawn" in words(app)


def test_it_is_written_and_offered_until_another_setting_is_chosen(populated):
    app = whole(open_page("report"))
    assert not app.get("download_button")
    app.text_area(key="report_decision").set_value("Go <b>ahead</b>")
    whole(app.button[0].click().run())
    key, written = app.session_state["report_file"]
    assert key.startswith("deep_obfuscator-")
    assert b"Go &lt;b&gt;ahead&lt;/b&gt;" in written
    assert app.get("download_button")
    whole(app.select_slider(key="deep_obfuscator.lambda1").set_value(5.0).run())
    assert not app.get("download_button")


def test_a_damaged_folder_is_said(populated, monkeypatch):
    from core.errors import PenumbraError

    def broken(*_):
        raise PenumbraError("run.json is missing")

    monkeypatch.setattr("app.cache.loaders.provenance", broken)
    app = whole(open_page("report"))
    whole(app.button[0].click().run())
    assert "No report can be made of this setting: run.json is missing" in app.error[0].value
    assert not app.get("download_button")


def test_an_attack_too_weak_is_a_limit_of_the_report(root):
    write_run(root, checked(Run("deep_obfuscator", "synthetic")), 0.5, conclusive=False)
    app = open_page("report")
    app.session_state["report_contents"] = True
    assert "nothing can be concluded" in words(whole(app.run()))


def test_a_report_is_about_the_strongest_attacker_whatever_the_sidebar_says(populated):
    app = whole(open_page("report", attacker="mlp", by="auc"))
    assert "the strongest attacker tells the gender in 82 %" in headline(app)
    assert "Here the strongest attacker and right guesses count" in words(app)
    assert app.query_params["attacker"]  # the other pages keep it
