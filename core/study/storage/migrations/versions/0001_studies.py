"""The tables of Penumbra's first version, from which later revisions go on. It makes none: a new
database gets today's tables at once (`core.study.storage.database`)."""

revision = "0001"
down_revision = None
