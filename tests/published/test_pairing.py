"""Which of our numbers stands beside a published one: on made-up settings, and on the shipped ones."""

import math

import pandas as pd
import pytest

from core import results
from core.methods import METHODS
from core.published import counterparts, pairing, published, reasons
from core.published.counterparts import Counterpart, counterpart
from core.run import ROOT

RESULTS = [row for row in published() if row["role"] in ("private", "utility")]
# Who of ours may stand beside whom of a paper, written down once more: (protocol, attackers).
WHO = {
    "training_adversary": {("paper", "training_adversary"), ("strict", "worst_case")},
    "training_reconstructor": {("paper", "training_reconstructor"), ("strict", "worst_case")},
    "own_head": {("paper", "own_head"), ("paper", "own_verifier"), ("strict", "best_head")},
    "fresh_head": {("paper", "cnn"), ("strict", "worst_case"), ("strict", "best_head")},
    "mirrored_decoder": {("paper", "mirrored_decoder"), ("strict", "mirrored_decoder")},
    "urec1": {("paper", "urec1"), ("strict", "urec1")},
    "urec2": {("paper", "urec2"), ("strict", "urec2")},
    "resrec": {("paper", "resrec"), ("strict", "resrec")},
    "decoder": {("paper", "pixel_decoder"), ("strict", "pixel_decoder")},
    "decoder_gan": {("paper", "critic_decoder"), ("strict", "critic_decoder")},
    "decoder_perceptual": {("paper", "perceptual_decoder"), ("strict", "perceptual_decoder")},
    "feature_mapping": {("paper", "feature_map"), ("strict", "feature_map")},
    "": {("strict", "lda_score"), ("strict", "log_rank")},
}


@pytest.fixture(scope="module")
def shipped():
    findings = results.findings(ROOT / "checkpoints")
    return findings, pairing.measured(findings)


def row_of(**about):
    return next(row for row in RESULTS if all(row[name] == value for name, value in about.items()))


def setting(method="deep_obfuscator", numbers=None, **about):
    defaults = {"tasks": ("Smiling",), "private": ("Male",), "schedule": {}, "recipe": None}
    knobs = {"lambda1": 1.0, "lambda2": 1.0} if method == "deep_obfuscator" else {}
    defaults |= {
        "knobs": knobs,
        "dataset": "synthetic",
        "source": "",
        "preset": "compact",
        "weak": set(),
    }
    numbers = {key: pairing.Number(*value) for key, value in (numbers or {}).items()}
    return {"method": method, "numbers": numbers, "run_ids": set()} | defaults | about


def test_what_ships_is_paired_by_method_tasks_setting_attacker_and_target(shipped):
    findings, settings = shipped
    pairs = [pair for row in RESULTS if (pair := pairing.beside(row, settings)).ours]
    assert len(pairs) > 20
    for pair in pairs:
        row, ours = pair.row, pair.setting
        assert ours["method"] == row["method"]
        free = counterparts.INDIFFERENT.get(row["method"], ())
        for column in ("tasks", "private"):
            whole = column == "tasks" and row[column] == ("all",)
            assert column in free or whole or set(ours[column]) == set(row[column]), row
        for name, value in row["knobs"].items():
            assert ours["knobs"][name] == value
        usual = METHODS[row["method"]].presets[ours["preset"]]["schedule"]
        there = usual | ours["schedule"]
        for name, value in row["schedule"].items():
            assert there[name] == value
        assert set(ours["schedule"]) <= set(row["schedule"]), "another training than the paper's"
        lacks = row["attacker"] in counterparts.WITHOUT.get(row["method"], ())
        allowed = WHO[row["attacker"]] | ({("paper", "cnn")} if lacks else set())
        if lacks and row["role"] == "utility":
            allowed |= {("strict", "worst_case")}
        mine = findings[findings["run_id"].isin(ours["run_ids"])]
        drawn = METHODS[row["method"]].release_knob
        if drawn is not None:
            mine = mine[mine["release_value"] == ours["knobs"][drawn.name]]
        target = {"identity": ("identity", "features")}.get(row["target"], (row["target"],))
        if row["target"] in ("task", "private", "attributes") or row["metric"].startswith(
            "accuracy_"
        ):
            continue  # a mean or a difference: below
        mine = mine[mine["target"].isin(target) & (mine["metric"] == pair.metric)]
        for side, protocol in pairing.SIDES.items():
            if side in pair.numbers:
                here = mine[mine["protocol"] == protocol]
                near = here[(here["value"] - pair.numbers[side].value).abs() < 1e-9]
                assert {(protocol, who) for who in near["attacker"]} & allowed, (row, side)


def test_the_rows_of_a_table_of_attackers_show_numbers_of_their_own(shipped):
    rows = [r for r in RESULTS if r["paper"] == "deep_obfuscator" and r["place"] == "Table 3"]
    numbers = {
        ("strict", "image", name, "ms_ssim"): (value, 0.4, value - 0.01, value + 0.01)
        for name, value in {"worst_case": 0.9, "urec1": 0.7, "urec2": 0.8, "resrec": 0.85}.items()
    }
    found = [pairing.beside(row, [setting(numbers=numbers)]) for row in rows]
    assert [pair.strict for pair in found] == [0.9, 0.7, 0.8, 0.85]


def test_the_papers_photographs_come_first_and_others_where_there_are_none():
    key = ("paper", "attribute:Male", "training_adversary", "accuracy")
    about = {"method": "aia", "tasks": ("verification",), "knobs": {"alpha": 0.5, "beta": 0.5}}
    settings = [
        setting(dataset=name, preset=preset, numbers={key: (value, 0.5, 0, 1)}, **about)
        for name, preset, value in (
            ("synthetic", "compact", 0.6),
            ("celeba_64", "compact", 0.7),
            ("celeba", "paper", 0.8),
        )
    ]
    celeba = row_of(paper="aia", label="AIA", dataset="CelebA", role="private")
    vgg = row_of(paper="aia", label="AIA", dataset="VGG Face", role="private")
    here = ("synthetic", "compact")
    assert pairing.beside(celeba, settings, here=here).as_paper == 0.8
    assert pairing.beside(celeba, settings[:2], here=here).as_paper == 0.7
    assert pairing.beside(vgg, settings, here=here).as_paper == 0.6
    mine = [setting(source="celeba", numbers={key: (0.5, 0.5, 0, 1)}, **about)]
    mine = [one | {"dataset": "mine"} for one in mine]
    assert pairing.beside(celeba, [*settings[:1], *mine], here=here).as_paper == 0.5
    for looked in ("celeba_64", "celeba_128"):  # of two that are the paper's, what is looked at
        both = [
            setting(dataset=name, numbers={key: (share, 0.5, 0, 1)}, **about)
            for name, share in (("celeba_64", 0.7), ("celeba_128", 0.9))
        ]
        found = pairing.beside(celeba, both, here=(looked, "compact"))
        assert found.setting["dataset"] == looked
    assert pairing.is_of("CelebA-128", "", "CelebA, adversary also MS-Celeb-1M")
    assert pairing.is_of("mine", "celeba", "CelebA")
    assert not pairing.is_of("synthetic", "synthetic", "CelebA")


def test_a_difference_has_an_interval_and_needs_what_it_is_taken_from():
    head = ("paper", "attribute:Smiling", "own_head", "accuracy")
    ours = setting(numbers={head: (0.88, 0.5, 0.86, 0.90)})
    bare = setting("original", numbers={head: (0.95, 0.5, 0.94, 0.96)})
    row = row_of(paper="deep_obfuscator", label="DeepObfuscator", metric="accuracy_drop")
    number = pairing.beside(row, [ours, bare]).numbers["as_paper"]
    spread = (0.01**2 + 0.02**2) ** 0.5  # MOVER, by hand
    assert number.value == pytest.approx(0.07)
    assert (number.low, number.high) == pytest.approx((0.07 - spread, 0.07 + spread))
    alone = pairing.beside(row, [ours])
    assert alone.missing == "reference"
    assert "Unprotected features" in reasons.why(alone)
    elsewhere = bare | {"dataset": "mine"}
    assert pairing.beside(row, [ours, elsewhere]).missing == "reference"


def test_a_gain_is_taken_from_the_mean_of_each_task_alone():
    key = ("paper", "attribute:Male", "training_adversary", "accuracy")
    private = ("Male", "Heavy_Makeup")

    def at(tasks, value):
        return setting(tasks=tasks, private=private, numbers={key: (value, 0.5, value, value)})

    both = at(("Smiling", "High_Cheekbones"), 0.66)
    alone = [at(("Smiling",), 0.6), at(("High_Cheekbones",), 0.64)]
    row = row_of(metric="accuracy_gain", target="attribute:Male")
    assert pairing.beside(row, [both, *alone]).as_paper == pytest.approx(0.04)
    assert not pairing.beside(row, [both, alone[0]]).ours


def test_the_largest_of_twenty_differences_needs_all_of_them():
    """DPFE, section 6.2: every cut and set of attributes against the undivided network."""
    row = row_of(label="DPFE", metric="accuracy_difference")
    asked = counterpart(row).needed
    assert len({repr(each) for each in asked}) == 20 + 5
    settings = []
    for number, each in enumerate({repr(each): each for each in asked}.values()):
        value = 0.9 if each.method == "dpfe_m0" else 0.9 - 0.001 * number
        numbers = {
            ("paper", f"attribute:{name}", "own_head", "accuracy"): (value, 0.5, value, value)
            for name in each.tasks
        }
        about = {"tasks": each.tasks, "private": each.private, "schedule": each.schedule}
        settings.append(setting(each.method, numbers, knobs=each.knobs, **about))
    found = pairing.beside(row, settings)
    last = max(n for n, s in enumerate(settings) if s["method"] == "dpfe")
    assert found.as_paper == pytest.approx(0.001 * last)
    assert not pairing.beside(row, settings[1:]).ours
    assert not pairing.beside(row, settings[:-1]).ours


def test_a_second_data_set_is_an_attackers_own():
    xiao = {"method": "adversarial_reconstruction", "knobs": {"lambda1": 0.0, "lambda2": 0.0}}
    numbers = {
        ("strict", "image", name, "ssim"): (value, 0.1, 0, 1)
        for name, value in {"pixel_decoder": 0.2, "pixel_decoder+mine": 0.3}.items()
    }
    numbers |= {
        ("strict", f"attribute:{name}", "best_head", "mcc"): (0.5, 0, 0, 1) for name in ("A", "B")
    }
    ours = setting(tasks=("A", "B"), private=(), numbers=numbers, **xiao)
    plain = row_of(paper=xiao["method"], label="#1", metric="ssim")
    more = row_of(paper=xiao["method"], label="#5", metric="ssim")
    assert pairing.beside(plain, [ours]).strict == 0.2
    assert pairing.beside(more, [ours]).strict == 0.3
    without = setting(tasks=("A",), private=(), numbers=numbers, **xiao)
    assert pairing.beside(plain, [without]).missing == "setting"  # it does not serve all there is


def test_an_attack_that_proves_nothing_is_said_to():
    ours = setting(weak={("strict", "image", "urec1", "ms_ssim")})
    row = row_of(label="URec#1")
    assert pairing.beside(row, [ours]).missing == "weak"
    assert pairing.beside(row_of(label="URec#2"), [ours]).missing == "measure"


def test_numbers_over_seeds_keep_the_widest_interval():
    columns = {"dataset": "d", "preset": "compact", "method": "original", "tasks": "Smiling"}
    columns |= {"private": "Male", "schedule": "", "release_value": math.nan, "chance": 0.5}
    columns |= {"protocol": "strict", "target": "attribute:Male", "attacker": "worst_case"}
    columns |= {"metric": "accuracy", "conclusive": True}
    seeds = ((0, 0.9, 0.88, 0.91), (1, 0.92, 0.91, 0.95))
    rows = [
        columns | {"run_id": f"run{seed}", "seed": seed, "value": v, "low": low, "high": high}
        for seed, v, low, high in seeds
    ]
    (found,) = pairing.measured(pd.DataFrame(rows))
    (number,) = found["numbers"].values()
    assert number == pytest.approx((0.91, 0.5, 0.88, 0.95))
    assert found["run_ids"] == {"run0", "run1"}


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: f"{row['paper']}-{row['printed']}")
def test_where_nothing_stands_beside_there_is_a_sentence(row):
    pair = pairing.beside(row, [])
    assert not pair.ours
    assert reasons.why(pair).endswith(".")
    if isinstance(counterpart(row), Counterpart):
        assert pair.missing == "method"
        bare = setting(row["method"], tasks=("Nothing",), private=("Nobody",), knobs={})
        assert reasons.why(pairing.beside(row, [bare])).endswith(".")
