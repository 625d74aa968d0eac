"""Withdrawal: nothing is left, and nothing that is stored leads back to somebody."""

import hashlib
import re
from pathlib import Path

import pytest

from core.errors import PenumbraError
from core.study import studies
from core.study.participation import taking, tokens
from core.study.storage.tables import answers, metadata, panel_ids, participants, pictures, trials
from tests.study.participating import begin, go_on, table
from tests.study.sample_study import open_study, token


def test_withdrawal_leaves_nothing(database):
    study = open_study()
    stays, goes = begin(study, panel_id="stays"), begin(study, panel_id="goes")
    go_on(study, stays)
    code = go_on(study, goes)["code"]
    assert re.fullmatch("([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    typed = " " + code.lower().replace("-", "").replace("0", "o").replace("1", "l") + " "
    assert taking.withdraw(study, typed)
    assert not taking.withdraw(study, code)
    found = studies.read(study)
    assert (found["participants"], found["answers"], found["withdrawn"]) == (1, 13, 1)
    assert [row["panel_id"] for row in table(panel_ids)] == ["stays"]
    assert {row["participant_id"] for row in table(trials)} == {1}
    assert taking.current(study, goes) == {"stage": "unknown"}
    with pytest.raises(
        PenumbraError, match="takes no part in the study, or its answers were withdrawn"
    ):
        taking.answer(study, goes, 0, 0)
    assert len(table(participants)) == 1
    assert begin(study, panel_id="goes")  # and may take part anew, when asked
    assert [row["number"] for row in table(participants)] == [1, 3]


def test_who_is_not_done_can_withdraw_as_well(database):
    study = open_study()
    me = begin(study)
    taking.answer(study, me, 0, 0)
    assert taking.withdraw(study, tokens.withdrawal_code(me))
    assert taking.current(study, me) == {"stage": "unknown"}
    assert [len(table(one)) for one in (participants, trials, answers)] == [0, 0, 0]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_withdrawn_is_overwritten_on_the_disk(database):
    study = open_study()
    me = begin(study, panel_id="somebody-we-will-look-for")
    path = database.removeprefix("sqlite:///")

    def found() -> bool:
        files = [Path(path), Path(f"{path}-wal")]
        return any(b"somebody-we-will-look-for" in file.read_bytes() for file in files)

    assert found()
    taking.withdraw(study, tokens.withdrawal_code(me))
    assert not found()


@pytest.mark.parametrize(
    "code",
    ["", "0000-0000-0000", "x" * 10_000, "U" * 12, "' OR '1'='1", None, 7, "é" * 12, "0" * 13],
)
def test_what_is_no_code(database, code):
    study = open_study()
    begin(study)
    assert not taking.withdraw(study, code)
    assert studies.read(study)["participants"] == 1


def test_nothing_stored_leads_back_to_the_browser(database):
    study = open_study()
    me = begin(study)
    code = tokens.withdrawal_code(me)
    held = str([table(one) for one in metadata.sorted_tables if one is not pictures])
    for secret in (me, code, code.replace("-", ""), hashlib.sha256(me.encode()).hexdigest()):
        assert secret not in held
    assert tokens.token_hash(me) in held
    assert tokens.withdrawal_code(token()) != code
