"""Every published number has a counterpart of ours, or a reason why it has none."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file

from core.attacks import ATTACKS, attackers
from core.methods import METHODS
from core.metrics import METRICS as OURS
from core.published import counterparts, published
from core.published.counterparts import INDIFFERENT, REASONS, WITHOUT, Counterpart, counterpart
from core.run import Run
from core.run_validation import checked
from core.train import train
from tests.tiny_faces import ATTRIBUTES, small_presets, tiny_faces

RESULTS = [row for row in published() if row["role"] in ("private", "utility")]
NAMES = ("Male", "Smiling", "Young", "Heavy_Makeup", "High_Cheekbones", "Gray_Hair")


@pytest.mark.parametrize("row", published(), ids=lambda row: f"{row['paper']}-{row['printed']}")
def test_every_row_has_a_counterpart_or_a_reason(row):
    found = counterpart(row)
    if isinstance(found, str):
        assert REASONS[found].endswith(".")
        return
    assert row["role"] in ("private", "utility")
    assert found.method == row["method"]
    assert found.tasks == row["tasks"] or found.largest
    assert found.private == row["private"]
    assert row["knobs"].items() <= found.knobs.items()
    assert {found.strict, found.paper} - {""} <= counterparts.attackers() & {*attackers()}
    assert found.metrics
    assert {*found.metrics} <= {*OURS}, found.metrics
    assert all(isinstance(other, Counterpart) for other in found.needed)
    assert found.strict


def test_a_reason_is_given_only_where_nothing_of_ours_could_stand():
    """Looked through by hand: all that is not a count, a telephone or a person asked."""
    rest = {"count", "device", "people", "chosen", "log"}
    without = {
        (row["paper"], row["label"], reason)
        for row in RESULTS
        if isinstance(reason := counterpart(row), str) and reason not in rest
    }
    xiao = "adversarial_reconstruction"
    assert without == {
        ("pric", "PRIC", "summary"),
        *((xiao, label, "one_source") for label in ("#5", "#6")),
        *((xiao, label, "joined") for label in ("#7", "#8")),
        *((xiao, label, "other_attributes") for label in ("#9", "#10")),
    }


def test_beside_what_was_read_from_redrawn_pictures_stands_what_is_read_from_ours():
    (row,) = [row for row in RESULTS if "read from the reconstructed images" in row["note"]]
    found = counterpart(row)
    assert isinstance(found, Counterpart)
    assert (found.paper, found.strict) == ("redrawn", "redrawn")
    assert found.knobs == {"lambda1": 0.0, "lambda2": 1.0}
    assert "neither who reads nor who redraws" in counterparts.REMARKS[found.remarks[0]]


def test_a_row_is_told_apart_by_who_attacks_and_how():
    table = [r for r in RESULTS if r["paper"] == "deep_obfuscator" and r["place"] == "Table 3"]
    assert [counterpart(row).paper for row in table] == [
        "training_reconstructor",
        "urec1",
        "urec2",
        "resrec",
    ]
    pictures = [
        row
        for row in RESULTS
        if row["paper"] == "adversarial_reconstruction"
        and row["target"] == "image"
        and row["place"].startswith("Table")
        and isinstance(counterpart(row), Counterpart)
    ]
    # the last layer's decoder stands in Table 1 and in Table 3; nothing else is the same twice
    told: dict[str, set[str]] = {}
    for row in pictures:
        told.setdefault(repr(counterpart(row)), set()).add(f"{row['place']} {row['label']}")
    same = [labels for labels in told.values() if len(labels) > 1]
    assert same == [
        {"Table 1 #1", "Table 3 FC Layer w/o adv"},
        {"Table 1 #2", "Table 3 FC Layer w/ adv"},
    ]
    assert {counterpart(row).paper for row in pictures} == {
        "pixel_decoder",
        "critic_decoder",
        "perceptual_decoder",
    }


@pytest.mark.parametrize(
    ("metric", "attacker", "ours"),
    [
        ("lda_score", "lda_score", "lda_ratio"),
        ("within_class_variance", "lda_score", "lda_within"),
        ("between_class_variance", "lda_score", "lda_between"),
        ("feature_similarity", "feature_map", "cosine_similarity"),
        ("rank_mean", "log_rank", "normalised_rank_mean"),
        ("rank_standard_deviation", "log_rank", "normalised_rank_std"),
        ("probability", "log_rank", "rank_guarantee_0.1"),
    ],
)
def test_what_attacks_here_measure_is_found(metric, attacker, ours):
    rows = [row for row in RESULTS if row["metric"] == metric]
    found = [c for c in map(counterpart, rows) if isinstance(c, Counterpart)]
    assert found
    assert {(c.strict, c.metrics) for c in found} == {(attacker, (ours,))}
    assert attacker in ATTACKS


def test_the_guarantee_is_that_of_the_place_that_the_paper_promises():
    promised = next(row for row in RESULTS if row["metric"] == "rank_guarantee")
    probability = next(row for row in RESULTS if row["metric"] == "probability")
    assert counterpart(probability).metrics == (f"rank_guarantee_{promised['value']:g}",)


def test_variances_are_shares_of_their_sum():
    def row(metric):
        found = (r for r in RESULTS if r["label"] == "Conv1 w/o adv" and r["metric"] == metric)
        return next(found)

    within, between = row("within_class_variance"), row("between_class_variance")
    assert counterparts.comparable(within) == pytest.approx(1468.77 / (1468.77 + 2884.42))
    assert counterparts.comparable(between) == pytest.approx(2884.42 / (1468.77 + 2884.42))
    assert counterparts.comparable(row("lda_score")) == 1.96


def test_a_network_is_stood_in_for_exactly_where_the_method_has_none():
    own = ("own_head", "training_adversary", "training_reconstructor")
    asked = {(r["method"], r["target"] == "verification") for r in RESULTS if r["attacker"] in own}
    for name, pairs in sorted(asked):
        tasks = ("verification",) if pairs or name.startswith("aia") else ("Smiling",)
        with torch.device("meta"):
            run = checked(Run(name, "tiny", tasks=tasks, private=("Young",)))
            model = METHODS[name].model(run, NAMES)
        mine = [
            r for r in RESULTS if r["method"] == name and (r["target"] == "verification") == pairs
        ]
        for attacker in {r["attacker"] for r in mine} & set(own):
            network = "own_verifier" if pairs else attacker
            lacking = attacker in WITHOUT.get(name, ())
            assert (getattr(model, network) is None) == lacking, (name, attacker)


@pytest.mark.parametrize(
    ("method", "one", "other"),
    [
        ("original", {"private": ("Male",)}, {"private": ("Young",)}),
        ("pric", {"tasks": ("Smiling",)}, {"tasks": ("Young",)}),
        ("adversarial_reconstruction", {"private": ()}, {"private": ("Male",)}),
        ("dpfe_simple", {"private": ("identity",)}, {"private": ("Male",)}),
        ("dpfe_m0", {"private": ("identity",)}, {"private": ("Male",)}),
    ],
)
def test_what_a_training_does_not_depend_on(method, one, other, tmp_path, monkeypatch):
    assert set(one) == set(INDIFFERENT[method])
    small_presets(monkeypatch)
    usual = METHODS[method].presets["compact"]["schedule"]
    quick = {
        n: 1.0 for n in usual if n.endswith(("_epochs", "_iterations")) and n != "renew_epochs"
    }
    quick["batch_size"] = 6.0
    faces = dataclasses.replace(tiny_faces(size=32), attribute_names=ATTRIBUTES)
    weights = []
    for about in (one, other):
        monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / str(len(weights))))
        monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / f"home{len(weights)}"))
        described = {"tasks": ("Smiling",), "private": ("Male",)} | about
        run = checked(Run(method, "tiny", schedule=quick, **described))
        train(run, faces, device="cpu", progress=False)
        weights.append(load_file(run.folder / "weights.safetensors"))
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
