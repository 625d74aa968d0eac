"""Whatever lies where a JSON file should be is refused in words that say what to do."""

import pytest

from core.errors import PenumbraError
from core.storage import files

HOSTILE = {
    "digits": b'{"a": ' + b"1" * 5000 + b"}",  # Python reads no integer of more than 4300
    "depth": b"[" * 100_000,
    "cut short": b'{"a": [1, ',
    "encoding": '{"a": "ä"}'.encode("utf-16"),
    "bytes": b"\x00\xff",
    "no object": b"[1]",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_json_file_is_refused(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(PenumbraError, match=r"run\.json .*; ask again"):
        files.read_json(path, "ask again")


def test_a_folder_in_place_of_a_json_file_is_refused(tmp_path):
    with pytest.raises(PenumbraError, match="cannot be read"):
        files.read_json(tmp_path)


def test_a_huge_json_file_is_not_read(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b" " * (files.LARGEST_JSON + 1))
    with pytest.raises(PenumbraError, match="larger than 4 MiB; it is not ours"):
        files.read_json(path)
