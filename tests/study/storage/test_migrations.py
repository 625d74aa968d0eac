"""The tables by revision: nothing is torn (tests/kept has an older database)."""

import shutil

import pytest
import sqlalchemy as sa

from core.study import studies
from core.study.participation import taking
from core.study.storage import database as db
from core.study.storage.tables import answers, participants, trials
from tests.study import sample_study

# A revision after the last, as a later version would bring it.
REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{last}", None, None

def upgrade():
    {upgrade}
"""


@pytest.fixture
def postgresql_url(postgresql, request):
    """A database of its own for each test: its tables are changed."""
    name = request.node.originalname
    yield postgresql.create(name, "migrated")
    postgresql.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def table_names() -> set[str]:
    with db.reading() as connection:
        return set(sa.inspect(connection).get_table_names())


def last() -> str:
    with db.reading() as connection:
        found = db.revision(connection)
    assert found
    return found


def later(tmp_path, monkeypatch, upgrade: str) -> None:
    """A newer Penumbra, with one revision more."""
    copy = tmp_path / "migrations"
    shutil.copytree(db.MIGRATIONS, copy)
    text = REVISION.format(last=last(), upgrade=upgrade)
    (copy / "versions" / "9999_later.py").write_text(text)
    monkeypatch.setattr(db, "MIGRATIONS", copy)
    db.close()


def with_answers() -> str:
    study, me = sample_study.open_study(), sample_study.token()
    taking.start(study, me)
    for position in range(4):
        taking.answer(study, me, position, position)
    return study


def counted() -> list[int]:
    with db.reading() as connection:
        return [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (participants, trials, answers)
        ]


def test_up_to_date_tables_and_their_rows_are_left_alone(database):
    study = with_answers()
    db.close()
    assert studies.read(study)["answers"] == 4


def test_the_first_use_upgrades(database, tmp_path, monkeypatch):
    with_answers()
    later(tmp_path, monkeypatch, 'op.create_table("more", sa.Column("id", sa.Integer()))')
    assert "more" in table_names()
    assert last() == "9999"
    assert counted() == [1, 13, 4]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tables_of_something_else_are_left_alone(monkeypatch, tmp_path, kind, request):
    url = f"sqlite:///{tmp_path}/others.sqlite"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").create("of_something_else")
    monkeypatch.setenv("PENUMBRA_DATABASE", url)
    with sa.create_engine(db._parsed(url)).begin() as connection:
        connection.execute(sa.text("CREATE TABLE answers (theirs INTEGER)"))
    with pytest.raises((db.DatabaseError, sa.exc.ProgrammingError), match="already exists"):
        studies.list_studies()
    with sa.create_engine(db._parsed(url)).connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["answers"]


def test_newer_tables_are_refused_and_left_alone(database, tmp_path, monkeypatch):
    with_answers()
    ours = db.MIGRATIONS
    later(tmp_path, monkeypatch, 'op.create_table("more", sa.Column("id", sa.Integer()))')
    assert "more" in table_names()
    monkeypatch.setattr(db, "MIGRATIONS", ours)  # back to the older Penumbra
    db.close()
    with pytest.raises(db.DatabaseError, match="nothing was changed: update Penumbra"):
        studies.list_studies()
    with sa.create_engine(db._parsed(database)).connect() as connection:
        assert "more" in sa.inspect(connection).get_table_names()


def test_an_upgrade_that_fails_changes_nothing(database, tmp_path, monkeypatch):
    with_answers()
    ours = db.MIGRATIONS
    half = 'op.create_table("half", sa.Column("id", sa.Integer()))'
    later(tmp_path, monkeypatch, f'{half}; raise RuntimeError("in the middle")')
    with pytest.raises(RuntimeError, match="in the middle"):
        db.engine()
    monkeypatch.setattr(db, "MIGRATIONS", ours)
    assert "half" not in table_names()
    assert counted() == [1, 13, 4]


def test_a_table_that_is_made_anew_loses_no_answers(database, tmp_path, monkeypatch):
    """SQLite changes a column by copying the table and dropping the old one, whose rows others point
    to: with foreign keys watched, they would be deleted along."""
    with_answers()
    anew = 'with op.batch_alter_table("participants", recreate="auto") as batch: '
    anew += 'batch.alter_column("seed", type_=sa.Numeric(), existing_type=sa.BigInteger())'
    later(tmp_path, monkeypatch, anew)
    assert last() == "9999"
    assert counted() == [1, 13, 4]
    with db.writing() as connection:  # and they point to the new table
        connection.execute(sa.delete(participants))
    assert counted() == [0, 0, 0]
