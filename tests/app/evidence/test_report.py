"""The report: one file, nothing from elsewhere, nothing of a stranger's executed."""

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from app.evidence import report
from app.evidence.report import Words, cells

HOSTILE = "<script>alert('x')</script>"
PROVENANCE = {
    "run": '{"method":"aia"}',
    "run_id": "aia-0",
    "release_value": 0.5,
    "data": {"name": HOSTILE, "fingerprint": "f" * 64},
    "weights_sha256": "w" * 64,
    "weights_match": True,
    "weights_here": True,
    "trained": {"code": "c" * 64},
    "findings": [{"protocol": "strict", "attack": "mlp", "sha256": "a" * 64}],
    "findings_sha256": "b" * 64,
    "here": {"code": "d" * 64, "packages": {"torch": "2"}},
}


def made(**changes):
    leaks = pd.DataFrame(
        {
            "label": [HOSTILE, "Fringe", "Zyx"],
            "value": [0.8, 0.6, 0.9],
            "low": [0.7, 0.45, 0.8],
            "high": [0.9, 0.7, 1.0],
            "chance": [0.5] * 3,
            "conclusive": [True, True, False],
        }
    )
    face = np.zeros((8, 8, 3), np.uint8)
    parts = {
        "words": Words(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        "subject": HOSTILE,
        "verdict": "At λ = 1 …",
        "detail": "",
        "kept": (False, "outside"),
        "evidence": [("Gender", cells([0.613, 0.6, 0.63, 0.5, 0.97]))],
        "leaks": leaks,
        "proven": {"said": [], "assumed": [], "breaks": []},
        "repeated": "",
        "chart": go.Figure({"data": [], "layout": {"title": HOSTILE}}),
        "faces": [(face, face, 0.7)],
        "why_no_faces": "",
        "limits": ["one"],
        "provenance": PROVENANCE,
        "commands": ["python -m core evaluate aia-0"],
        "numbers": pd.DataFrame({"a": [HOSTILE]}),
        "date": "today",
    }
    return report.report(**(parts | changes))


def test_what_strangers_wrote_is_text():
    text = made()
    assert HOSTILE not in text
    assert (
        text.count("&lt;script&gt;") >= 7
    )  # in the title, author, purpose, decision, data, leaks …


def test_nothing_is_fetched_from_elsewhere():
    outside = re.sub(r"<script.*?</script>", "", made(), flags=re.S)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", outside)
    assert "url(" not in outside
    assert "cdn" not in outside.lower()


def test_the_numbers_stand_in_it():
    text = made()
    for part in (
        "61.3 %",
        "60.0–63.0",
        "97.0 %",
        "a" * 64,
        "b" * 64,
        "c" * 64,
        "f" * 64,
        "w" * 64,
        "python -m core evaluate aia-0",
        "1 of 3 attributes",
        "on 1 the attack was too weak",
    ):
        assert part in text, part
    assert "Zyx" not in text  # nothing can be concluded about it


@pytest.mark.parametrize("match", [True, False])
def test_weights_that_are_not_the_recorded_ones_are_said(match):
    text = made(provenance=PROVENANCE | {"weights_match": match})
    assert ("the file on disk is another one" in text) is not match


def test_without_faces_it_says_why():
    text = made(faces=[], why_no_faces="Left out.")
    assert "Left out." in text
    assert "data:image" not in re.sub(r"<script.*?</script>", "", text, flags=re.S)
