"""Tables that leave the machine as CSV."""

import io

import pandas as pd

from core.storage import csv_export


def test_a_csv_holds_the_numbers_and_is_read_back():
    frame = pd.DataFrame({"Method": ["AIA", "λ₁"], "Attacker": [0.25, -1.5]})
    written = csv_export.as_csv(frame)
    assert written.startswith(b"\xef\xbb\xbf")  # spreadsheets then read UTF-8
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(written), encoding="utf-8-sig"), frame)


def test_a_strangers_text_is_no_formula():
    hostile = ["=HYPERLINK(1)", "+1", "-1", "@SUM", "\tx", "plain"]
    written = csv_export.as_csv(pd.DataFrame({"a": hostile, "b": range(6)}))
    read = pd.read_csv(io.BytesIO(written), encoding="utf-8-sig")
    assert read["a"].tolist() == [f"'{text}" for text in hostile[:5]] + ["plain"]
    assert read["b"].tolist() == list(range(6))
