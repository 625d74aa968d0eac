"""Tables as CSV files that are safe to open in a spreadsheet."""

from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

# A cell that starts so is a formula to spreadsheets; texts may come from a stranger.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a mark that spreadsheets ask for; texts that look like formulas are quoted."""
    safe = frame.copy()
    for column in safe.columns[[not is_numeric_dtype(safe[name]) for name in safe.columns]]:
        safe[column] = [_quoted(value) for value in safe[column]]
    return b"\xef\xbb\xbf" + safe.to_csv(index=False).encode()


def _quoted(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
