"""Study results: no study, nobody, few, many, simulated; a database that is away or damaged."""

import pytest

from core.run import Run
from core.run_validation import checked
from core.study import studies
from core.study.analysis import simulate
from core.study.storage import database
from tests.checkpoint_folders import write_run
from tests.pages.conftest import headline, open_page, whole, words
from tests.study import sample_study
from tests.study.taken import takes

SMALL = {"questions": 4, "people": 6, "attention": 1, "target": 40, "confidence": True}
RUNS = [
    checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": value, "lambda2": 1.0}))
    for value in (0.0, 5.0)
]
WEAK, STRONG = (run.id for run in RUNS)
FOLDERS = (
    "numbers",
    "reference",
    "faces",
    "people",
    "times",
    "sure",
    "alike",
    "enough",
    "asked",
    "files",
    "words",
)


@pytest.fixture(autouse=True)
def own_database(tmp_path, monkeypatch):
    monkeypatch.delenv("PENUMBRA_DATABASE", raising=False)
    yield
    database.close()


def study(title="Who is it?", **more):
    """Id of an open study of two runs, weak and strong protection."""
    design = sample_study.design(1, **SMALL | {"title": title} | more)
    design["settings"] = [sample_study.setting(run_id=run) for run in (STRONG, WEAK)]
    name = studies.create(design)
    studies.store_material(name, sample_study.material(design))
    studies.open_study(name)
    return name


def sees_the_weak_one(item):
    """Right wherever protection is weak, and in attention checks."""
    return 1 if item["setting"] == STRONG else 0


def looks_away(item):
    return 1


def asked(name, number, choose=sees_the_weak_one, **more):
    for person in range(number):
        takes(name, choose, milliseconds=1000 + 100 * person, confidence=1 + person % 5, **more)


@pytest.fixture
def runs(root):
    for run in RUNS:
        write_run(root, run, 0.5)


def opened(*folders, **query):
    """The page with some of its folders open."""
    app = open_page("study_results", **query)
    for folder in folders:
        app.session_state[f"study_{folder}_open"] = True
    return whole(app.run())


def test_without_a_study_the_page_says_what_to_do(root):
    app = whole(open_page("study_results"))
    assert app.title[0].value == "Do people recognise the face?"
    assert "No study yet" in words(app)
    assert app.button


def test_without_answers_it_says_where_the_study_stands(runs):
    study()
    said = words(whole(open_page("study_results")))
    assert "Nobody has answered yet" in said
    assert "“Open” is where this study stands" in said


def test_the_verdict_compares_weak_and_strong_protection_with_guessing(runs):
    name = study()
    asked(name, 10)
    asked(name, 2, looks_away)
    app = whole(open_page("study_results"))
    said = headline(app)
    assert said.startswith("## At λ₁ = 0, λ₂ = 1 people pick the right person in 100 % (84–100)")
    assert (
        "at λ₁ = 5, λ₂ = 1 in 0 % (0–16) (guessing 25 %; a machine that compares releases" in said
    )
    assert "40 answers of those who passed the attention checks: 10 participants" in words(app)
    assert "The study is still open" in words(app)
    whole(app.toggle(key="passed").set_value(False).run())
    assert "48 answers of everybody: 12 participants" in words(app)
    assert app.query_params["passed"] == "False"


def test_few_answers_are_too_early(runs):
    asked(study(), 2)
    assert "Too early to say: 4 answers so far" in headline(whole(open_page("study_results")))


def test_every_folder_opens_and_says_its_part(runs):
    name = study(stop_width=0.05)
    asked(name, 10)
    asked(name, 1, questions=3)
    app = opened(*FOLDERS)
    said = words(app)
    for part in (
        "40 people 10 questions",
        "112 of 400",
        "Recognised least",
        "middle half",
        "took less than",
        "Krippendorff",
        "that people beat guessing is settled",
        "Time limit",
        "rounded to the hour",
        "The machine",
        "narrower than 5.0 points",
    ):
        assert part in said
    table = app.dataframe[0].value
    assert table["Who counts"].tolist() == ["everybody", "passed the checks"] * 2
    assert table["Setting"].tolist()[::2] == ["λ₁ = 0, λ₂ = 1", "λ₁ = 5, λ₂ = 1"]
    # a face of the other setting
    whole(app.selectbox(key="study_faces_of").set_value("λ₁ = 5, λ₂ = 1").run())
    assert "6 faces" in words(app)


def test_every_folder_opens_with_a_single_answer(runs):
    takes(study(), questions=3)
    opened(*FOLDERS)


def test_studies_are_chosen_at_the_top_and_from_the_address(runs):
    quiet, loud = study("Quiet"), study("Loud")
    asked(loud, 6)
    app = whole(open_page("study_results"))
    assert app.selectbox(key="results_of").value == loud
    whole(app.selectbox(key="results_of").set_value(quiet).run())
    assert "Nobody has answered yet" in words(app)
    assert app.query_params["results_of"] == quiet
    assert "Loud" in str(app.selectbox(key="results_of").options)
    odd = whole(open_page("study_results", results_of="<script>", passed="perhaps"))
    assert "is not available here" in words(odd)
    assert odd.selectbox(key="results_of").value == loud


def test_simulated_answers_are_never_taken_for_people(runs):
    name = study()
    simulate.simulate(name, 6, 0.5)
    app = whole(open_page("study_results"))
    assert "Nobody has answered yet" in words(app)
    assert "6 simulated participants" in words(app)
    whole(app.segmented_control(key="answers_of").set_value("simulated").run())
    assert "These are not people" in words(app)
    assert "simulated participants pick" in headline_of(app)
    asked(name, 6)
    people = whole(open_page("study_results"))
    assert "These are not people" not in words(people)
    assert "12 answers" in words(people) or "24 answers" in words(people)


def headline_of(app):
    return next(e.value for e in app.main.markdown if e.value.startswith("## "))


def test_the_very_photograph_takes_its_meaning_from_the_machine(runs):
    asked(study(photograph="same"), 6)
    app = whole(open_page("study_results"))
    assert "right by construction" in words(app)
    assert "a machine" not in headline(app)


def test_a_run_that_is_gone_is_named_and_its_answers_stay(root):
    write_run(root, RUNS[0], 0.5)
    asked(study(), 6)
    app = whole(open_page("study_results"))
    assert STRONG in headline(app)
    assert any("left out" in box.label for box in app.expander)


def test_other_numbers_of_options_are_not_compared_with_28_percent(runs):
    asked(study(options=3), 6)
    assert "28 % is not drawn" in words(opened("reference"))


def test_a_damaged_database_is_named_and_nothing_is_lost(root, tmp_path, monkeypatch):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("PENUMBRA_DATABASE", f"sqlite:///{broken}")
    app = whole(open_page("study_results"))
    assert "cannot be read" in app.error[0].value
    assert "not touched" in app.error[0].value
    assert broken.read_bytes() == b"this is no database" * 100


def test_a_database_that_is_away_is_an_error_without_its_password(root, monkeypatch):
    away = "postgresql://officer:open-sesame@127.0.0.1:1/penumbra"
    monkeypatch.setenv("PENUMBRA_DATABASE", away)
    app = whole(open_page("study_results"))
    assert app.error
    assert "open-sesame" not in app.error[0].value
