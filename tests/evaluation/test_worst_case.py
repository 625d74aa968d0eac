"""Who is the strongest on pictures: by likeness, and by the face that is recognised."""

import numpy as np

from core.evaluation.worst_case import strongest


def drawn(likeness, recognised, tried):
    """An attack's rows (MS-SSIM, face similarity, re-identification) and what it had on validation."""
    values = {"ms_ssim": likeness, "face_similarity": recognised, "reidentification": recognised}
    about = {"target": "image", "role": "private", "attacker": "x", "conclusive": True}
    rows = [about | {"metric": metric, "value": value} for metric, value in values.items()]
    arrays = {
        "targets": np.array(["image"]),
        "validation": np.array([likeness], np.float32),
        "criteria": np.array(["face_similarity", "reidentification"]),
        "criteria_validation": np.array(tried, np.float32),
    }
    return rows, arrays


def test_the_likest_picture_and_the_best_recognised_face_may_be_two_attackers():
    done = {"alike": drawn(0.9, 0.2, (0.2, 0.2)), "face": drawn(0.5, 0.7, (0.6, 0.1))}
    rows, arrays = strongest(done)
    assert {row["metric"]: row["value"] for row in rows} == {
        "ms_ssim": 0.9,
        "face_similarity": 0.7,
        "reidentification": 0.2,
    }
    assert {row["attacker"] for row in rows} == {"worst_case"}
    assert arrays["chosen"].tolist() == ["alike"]
    chosen = dict(zip(arrays["criteria"].tolist(), arrays["criteria_chosen"].tolist(), strict=True))
    assert chosen == {"face_similarity": "face", "reidentification": "alike"}


def test_findings_of_before_compete_as_they_did():
    rows, arrays = drawn(0.9, 0.2, (0.2, 0.2))
    for name in ("criteria", "criteria_validation"):
        del arrays[name]
    taken, chosen = strongest({"alike": (rows, arrays), "other": drawn(0.5, 0.7, (np.nan, np.nan))})
    assert {row["metric"]: row["value"] for row in taken} == {
        "ms_ssim": 0.9,
        "face_similarity": 0.2,
        "reidentification": 0.2,
    }
    assert set(chosen) == {"targets", "chosen"}
