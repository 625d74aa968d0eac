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

TEXTS = {
    "sql": "x'); DROP TABLE studies; --",
    "sql or": "' OR '1'='1",
    "like": "%_\\",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "format": "{0.__class__} %s %(x)s ${x} {{7*7}}",
    "formula": '=HYPERLINK("http://example.org","x")',
    "path": "../../../etc/passwd",
    "letters": "Ж漢🙂é",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_an_officer_writes_comes_back_as_it_was(database, text):
    name = studies.create(sample_study.design() | dict.fromkeys(LENGTHS, text))
    design = studies.read(name)["design"]
    assert {design[field] for field in LENGTHS} == {text}
    assert len(studies.list_studies()) == 1


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_panel_s_id_is_a_text_and_nothing_else(database, text):
    name = sample_study.open_study()
    taking.start(name, sample_study.token(), panel_id=text)
    with kept.reading() as connection:
        assert connection.execute(select(panel_ids.c.panel_id)).scalars().all() == [text]
    with pytest.raises(PenumbraError, match="already"):
        taking.start(name, sample_study.token(), panel_id=text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_code_finds_nobody_else(database, text):
    name, token = sample_study.open_study(), sample_study.token()
    taking.start(name, token)
    assert not taking.withdraw(name, text)
    assert taking.current(name, token)["stage"] == "question"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_ids_and_tokens_are_looked_at_before_anything_else(database, text):
    name = sample_study.open_study()
    for ask in (
        studies.read,
        studies.delete,
        taking.arrive,
        studies.start_preparing,
        export.panel_ids,
    ):
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
