import json

import pytest

from core.storage import training_log

OURS = {"stage": "task", "step": 3, "steps": 9, "phase": "all", "total": 0.5}


@pytest.mark.parametrize(
    "line",
    [
        '{"stage": "task", "st',
        "[" * 100_000,
        '{"step": ' + "1" * 5000 + "}",
        '{"step": 1' + "0" * 400 + "}",
        '{"step": "3", "steps": 9}',
        '{"step": 3, "steps": null}',
        '{"step": -1, "steps": 9}',
        '{"step": NaN}',
        '{"phase": "all"}',
        "[3]",
    ],
)
def test_a_row_that_is_not_ours_is_left_out(tmp_path, line):
    (tmp_path / training_log.NAME).write_text(f"{line}\n{json.dumps(OURS)}\n")
    assert training_log.read(tmp_path) == [OURS]
    training_log.Log(tmp_path, keep=9)
    assert training_log.read(tmp_path) == [OURS]
