"""Texts that want to be something else: commands to the database, markup, formulas."""

import pytest
from sqlalchemy import select

from core.errors import PenumbraError
from core.study import studies
from core.study.analysis import export
from core.study.design import LENGTHS, check
from core.study.participation import taking
from core.study.storage import database as kept
from core.study.storage.tables import panel_ids
from core.study.storage.tables import studies as table
from tests.study import sample_study

TEXTS = (
    "x'); DROP TABLE studies; --",
    "' OR '1'='1",
    "%_\\",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{0.__class__} %s %(x)s ${x} {{7*7}}",
    '=HYPERLINK("http://example.org","x")',
    "../../../etc/passwd",
    "Ж漢🙂é",
)


def test_what_an_officer_writes_comes_back_as_it_was(database):
    for number, text in enumerate(TEXTS, 1):
        name = studies.create(sample_study.design() | dict.fromkeys(LENGTHS, text))
        design = studies.read(name)["design"]
        assert {design[field] for field in LENGTHS} == {text}
        assert len(studies.list_studies()) == number


def test_a_panel_s_id_is_a_text_and_nothing_else(database):
    name = sample_study.open_study()
    for text in TEXTS:
        taking.start(name, sample_study.token(), panel_id=text)
        with pytest.raises(PenumbraError, match="already"):
            taking.start(name, sample_study.token(), panel_id=text)
    with kept.reading() as connection:
        assert set(connection.execute(select(panel_ids.c.panel_id)).scalars()) == set(TEXTS)


def test_a_code_finds_nobody_else(database):
    name, token = sample_study.open_study(), sample_study.token()
    taking.start(name, token)
    for text in TEXTS:
        assert not taking.withdraw(name, text)
    assert taking.current(name, token)["stage"] == "question"


def test_ids_and_tokens_are_looked_at_before_anything_else(database):
    name = sample_study.open_study()
    of_a_study = (studies.read, studies.delete, taking.arrive, studies.start_preparing)
    for text in TEXTS:
        for ask in (*of_a_study, export.panel_ids):
            with pytest.raises(PenumbraError):
                ask(text)
        for ask in (taking.start, taking.current):
            with pytest.raises(PenumbraError):
                ask(name, text)
    with kept.reading() as connection:
        assert connection.execute(select(table.c.id)).scalars().all() == [name]


@pytest.mark.parametrize("sign", ["\0", "\x1b", "\u202e", "\x7f", "\u2066"])
@pytest.mark.parametrize("field", LENGTHS)
def test_signs_that_nobody_sees_are_refused(field, sign):
    with pytest.raises(PenumbraError, match="cannot be seen"):
        check(sample_study.design() | {field: f"a{sign}b"})


@pytest.mark.parametrize("field", LENGTHS)
def test_lengths_are_bounded(field):
    check(sample_study.design() | {field: "x" * LENGTHS[field]})
    with pytest.raises(PenumbraError, match="at most"):
        check(sample_study.design() | {field: "x" * (LENGTHS[field] + 1)})
