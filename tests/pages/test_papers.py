"""Papers beside ours: empty, populated, damaged; the pickers and a link."""

from core.published import PAPERS
from tests.pages.conftest import headline, open_page, whole, words


def test_empty_says_what_to_do(root):
    app = whole(open_page("papers"))
    assert app.title[0].value == "Do the papers' numbers hold?"
    assert "Nothing has been trained yet" in words(app)


def test_populated_speaks_of_the_chosen_methods_paper(populated):
    app = whole(open_page("papers"))
    assert app.selectbox(key="paper").value == "deep_obfuscator"
    assert "printed numbers have one of ours beside them" in words(app)
    assert "we on synthetic faces at 64 × 64 pixels" in words(app)


def test_every_paper_and_its_measures(populated):
    app = whole(open_page("papers"))
    for paper in PAPERS:
        whole(app.selectbox(key="paper").set_value(paper).run())
        assert headline(app).startswith("## ")
        measures = app.selectbox(key="measure").options
        assert measures
    whole(app.selectbox(key="table").set_value("Figure 11").run())
    assert "has no number on what is to be hidden" in headline(app)


def test_a_figure_that_cannot_be_made_says_why(populated):
    app = whole(open_page("papers", paper="deep_obfuscator", table="Figure 3"))
    assert headline(app) == "## Figure 3: The design of DeepObfuscator."
    assert "A drawing of the idea: nothing is measured." in words(app)


def test_the_rest_of_a_table_is_queued(populated, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.start", lambda runs, **more: started.append((runs, more)))
    app = open_page("papers", paper="deep_obfuscator", table="Table 3")
    app.session_state["reproduce"] = True
    whole(app.run())
    command = (
        "python -m core reproduce deep_obfuscator 'Table 3' --dataset synthetic --preset compact"
    )
    assert command in [code.value for code in app.code]
    (button,) = [b for b in app.button if b.label == "Train and attack what is missing"]
    whole(button.click().run())
    ((runs, more),) = started
    assert [run.knobs for run in runs] == [{"lambda1": 1.0, "lambda2": 1.0}]
    asked = {m.protocol: m.attacks for m in more["measures"][runs[0].id]}
    assert {"urec1", "urec2", "resrec"} <= set(asked["paper"]) & set(asked["strict"])
    assert more["explain"] == []


def test_the_whole_table_says_why_numbers_are_missing(populated):
    app = open_page("papers", paper="dpfe")
    app.session_state["every"] = True
    whole(app.run())
    shown = app.dataframe[0].value
    assert "Measured on a telephone that we do not have." in set(shown["Why nothing of ours"])


def test_a_link_shows_the_same_and_nonsense_falls_back(populated):
    app = whole(open_page("papers", paper="aia", table="Table 9", measure="luck"))
    assert app.selectbox(key="paper").value == "aia"
    assert "“Table 9” is not available here" in words(app)
    assert "“luck” is not available here" in words(app)


def test_what_another_choice_took_away_goes_without_a_note(populated):
    app = whole(open_page("papers", paper="deep_obfuscator"))
    whole(app.selectbox(key="table").set_value("Table 4").run())
    whole(app.selectbox(key="paper").set_value("aia").run())
    assert app.selectbox(key="measure").value == "accuracy"
    assert "is not available here" not in words(app)


def test_the_method_looked_at_names_the_paper(populated):
    app = whole(open_page(method="blur"))
    whole(app.switch_page("../pages/papers.py").run())
    assert app.selectbox(key="paper").value == "pric"


def test_damaged_folders_are_named(damaged):
    app = whole(open_page("papers"))
    assert any("damaged and left out" in e.label for e in app.expander)
