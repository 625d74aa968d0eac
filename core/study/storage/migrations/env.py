"""Alembic's entry: runs revisions inside the transaction that `core.study.storage.database` has begun.

A new revision is a file in `versions/`, written by hand beside the change in
`core/study/storage/tables.py`; tests/kept compares what it makes of an older database with these.
"""

from alembic import context

from core.errors import PenumbraError
from core.study.storage.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise PenumbraError("migrations are run by `python -m core study upgrade`")
# Batch mode: SQLite changes a table by making it anew. Both databases roll back what they define.
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
