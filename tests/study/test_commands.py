"""`python -m core study …`, as a person meets it."""

import getpass

import pytest
from argon2 import PasswordHasher

from core.__main__ import main
from core.study import studies
from core.study.analysis import simulate
from core.study.material import stimuli
from tests.study import sample_study

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@SQLITE
def test_list_tells_how_far_studies_are(database, capsys):
    assert main(["study", "list"]) == 0
    assert capsys.readouterr().out == ""
    study = sample_study.open_study(title="Who is it?")
    simulate.simulate(study, 2, 0.5)
    main(["study", "list"])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(study)
    assert "open" in line
    assert "0 participants" in line
    assert "2 simulated" in line
    assert line.endswith("Who is it?")


@SQLITE
def test_prepare_and_simulate(database, capsys, monkeypatch):
    study = studies.create(sample_study.design(2))
    monkeypatch.setattr(
        stimuli, "build", lambda design, seed, progress: sample_study.material(design)
    )
    assert main(["study", "prepare", study]) == 0
    assert studies.read(study)["state"] == "ready"
    few = ["--participants", "7", "--skill", "0.4,0.6"]
    assert main(["study", "simulate", "--study", study, *few]) == 0
    assert "7 simulated participants" in capsys.readouterr().out
    assert studies.read(study)["simulated"] == 7


@SQLITE
def test_mistakes_are_said_in_one_line(database, capsys):
    study = sample_study.ready_study()
    for arguments, message in (
        (["prepare", "nonsense"], "leads to no study"),
        (["simulate", "--study", "AAAAAAAAAAAA", "--skill", "0.5"], "leads to no study"),
        (["simulate", "--study", study, "--skill", "7"], "a share from 0 to 1"),
        (["simulate", "--study", study, "--skill", "0.5", "--participants", "0"], "simulate 1 to"),
        (["simulate", "--skill", "0.5"], "shipped DeepObfuscator runs are not here"),
    ):
        assert main(["study", *arguments]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert message in said


@SQLITE
def test_a_rehearsal_makes_a_study_of_its_own(database, capsys, monkeypatch):
    """Here with the shipped runs' descriptions, and made-up pictures: redrawing takes a minute."""
    monkeypatch.delenv("PENUMBRA_CHECKPOINTS")
    monkeypatch.setattr(
        stimuli, "build", lambda design, seed, progress: sample_study.material(design)
    )
    assert main(["study", "simulate", "--participants", "5", "--skill", "0.5"]) == 0
    (study,) = studies.list_studies()
    assert (study["state"], study["simulated"]) == ("ready", 5)
    assert study["title"].startswith("Rehearsal")
    assert len(study["design"]["settings"]) > 2
    assert study["id"] in capsys.readouterr().out


def test_the_password_is_asked_for_twice_and_hashed(capsys, monkeypatch):
    typed = iter(["correct horse", "correct horse"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))
    assert main(["study", "password"]) == 0
    said = capsys.readouterr()
    name, _, value = said.out.strip().partition("=")
    assert name == "PENUMBRA_PASSWORD_HASH"
    assert PasswordHasher().verify(value.strip("'"), "correct horse")
    assert "correct horse" not in said.out + said.err


@pytest.mark.parametrize(
    ("typed", "message"),
    [(["short"], "8 characters"), (["long enough", "long enouhg"], "not the same")],
)
def test_a_password_that_will_not_do(typed, message, capsys, monkeypatch):
    answers = iter(typed)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    assert main(["study", "password"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err


def test_upgrade_says_the_revision(database, capsys):
    assert main(["study", "upgrade"]) == 0
    assert "at revision 0001" in capsys.readouterr().out


@SQLITE
def test_results_and_export(database, capsys, tmp_path):
    study = sample_study.ready_study(2)
    assert main(["study", "results", study]) == 0
    assert capsys.readouterr().out == "no answers yet\n"
    simulate.simulate(study, 20, 0.5)
    assert main(["study", "results", study, "--simulated"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1 + 2 * 2  # two settings, for all and for those who passed
    assert {"setting", "share", "low", "high", "chance"} <= set(shown[0].split())
    assert main(["study", "results", study, "--simulated", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("mirrored_decoder") == 4
    for form in ("csv", "parquet"):
        place = tmp_path / form
        how = ["--simulated", "--format", form, "--out", str(place)]
        assert main(["study", "export", study, *how]) == 0
        written = capsys.readouterr().out.split()
        assert sorted(map(str, place.iterdir())) == sorted(written)
        assert any(name.endswith(form) for name in written)
