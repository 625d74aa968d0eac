"""Studies in words."""

import pytest

from app.study import words as study_words
from core.study import design

SETTING = {"dataset": "synthetic", "release_value": None, "attacker": "mirrored_decoder"}


def asked(settings=2, **more):
    runs = [SETTING | {"run_id": f"deep_obfuscator-{number:010x}"} for number in range(settings)]
    return design.check({"title": "Who?", "settings": runs} | more)


def study(**more):
    return {
        "state": "open",
        "participants": 0,
        "finished": 0,
        "answers": 0,
        "withdrawn": 0,
        "done": 0,
        "wanted": 0,
        "design": asked(target=40),
    } | more


def test_a_design_says_what_each_setting_gets_and_how_sure_that_is():
    what, sure = study_words.promise(asked(target=40))
    assert what == "10 questions on 2 settings, 4 photographs each: guessing is right in 25 %."
    # 40 x 10 / 2 = 200 answers, 50 right: Wilson's interval is .1950 to .3144
    assert "40 participants give each setting 200 answers" in sure
    assert "about 12 points wide (20–31)" in sure


def test_attackers_share_the_questions_as_settings_do():
    _, sure = study_words.promise(asked(settings=3, target=40))
    assert "each setting 133 answers" in sure


def test_without_a_number_of_people_it_ends_when_the_interval_is_narrow():
    _, sure = study_words.promise(asked(target=None, stop_width=0.1))
    assert "narrower than 10.0 points, however many people that takes" in sure
    _, sure = study_words.promise(asked(target=40, stop_width=0.1))
    assert "ends sooner" in sure


@pytest.mark.parametrize(
    ("found", "share", "words"),
    [
        (study(), 0.0, "0 participants, 0 finished, 0 answers; enough at 40"),
        (
            study(participants=12, finished=10, answers=104, withdrawn=1),
            0.25,
            "1 withdrew; enough at 40",
        ),
        (study(finished=50, participants=51), 1.0, "enough at 40"),
        (
            study(design=asked(target=None, stop_width=0.1), participants=1),
            0.0,
            "1 participant, 0 finished",
        ),
        (study(state="preparing", done=3, wanted=12), 0.25, "redrawn"),
    ],
)
def test_progress(found, share, words):
    got, said = study_words.progress(found)
    assert got == share
    assert words in said


def test_headline_counts_studies_and_people():
    assert "No study yet" in study_words.headline([])
    assert (
        study_words.headline([study(participants=1)])
        == "1 study, 1 open; 1 person took part so far."
    )
    two = [study(participants=30), study(state="closed", participants=1200)]
    assert study_words.headline(two) == "2 studies, 1 open; 1,230 people took part so far."
