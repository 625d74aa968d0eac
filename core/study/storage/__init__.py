"""The study database: where it is, its tables and migrations, transactions."""
