"""What the papers report: which numbers bear on a view, and what of ours stands beside them."""

import pandas as pd
import pytest

from app.evidence import published, published_words
from core.methods import FILES, METHODS
from core.published import pairing
from core.published.tables import named
from tests.app.evidence.reported import VIEW, XIAO, ours, pairs, reported, said, table


def test_the_sentence_of_the_paper_our_copy_and_a_fresh_attacker():
    assert said([ours(lambda1=1, lambda2=1)]) == (
        "At λ₁ = 1, λ₂ = 1 the paper says that its own attacker tells the gender in 58.85 % of cases; "
        "our own copy of that attacker reaches 62.5 %, a fresh attacker 95.8 %."
    )


def test_the_sentence_on_the_service():
    report = reported([ours(lambda1=1, lambda2=1)])
    assert published_words.service_line(report, VIEW, "deep_obfuscator") == (
        "Smile detection is right in 91.53 % in the paper; with us 88.0 % by the method's own network "
        "and 93.5 % by a fresh one."
    )


def test_no_number_of_ours_is_said_to_be_missing():
    assert said([]).endswith(
        "58.85 % of cases; we have no number of this kind and setting to set beside it."
    )


def test_only_the_published_setting_stands_beside():
    near = [ours(lambda1=5, lambda2=1), ours(lambda1=10, lambda2=1), ours(lambda1=0, lambda2=1)]
    assert not any(pair.ours for pair in pairs(near))
    assert "no number of this kind and setting" in said(near)
    exact = table(pairs([*near, ours(lambda1=1, lambda2=1)])).iloc[0]
    assert (exact["Ours, strict"], exact["Our setting"]) == ("95.8 %", "the same")


def test_what_a_training_does_not_depend_on_may_be_another():
    view = VIEW._replace(target="attribute:Male")
    found = pairs([ours("pric", ("Bald",), **{"lambda": 0.1})], view, "pric")
    told = [p for p in found if p.row["method"] == "pric" and p.row["metric"] == "accuracy"]
    assert [pair.strict for pair in told] == [0.958]


def test_a_training_that_was_mended_since_is_marked():
    old = ours(lambda1=1, lambda2=1) | {"recipe": 1.0}
    row = table(pairs([old])).iloc[0]
    assert row["Ours, strict"] == "≈ 95.8 %"
    assert row["Our setting"] == "trained by an earlier recipe"
    both = pairs([old, ours(lambda1=1, lambda2=1)])
    assert all(pair.setting["recipe"] is None for pair in both if pair.ours)


def test_another_layer_is_another_release():
    numbers = {("paper", "attribute:Smiling", "own_head", "mcc"): (0.7, 0.0)}
    knobs = {"lambda1": 1, "lambda2": 0}
    setting = ours(XIAO, ("Smiling",), (), {"layer": 3.0}, numbers, **knobs)
    report = reported([setting], VIEW._replace(target="image"), XIAO)
    assert not any(pair.ours for pair in report.utility)  # the paper serves Smiling at the last one


def test_methods_guard_what_a_run_named_and_baselines_guard_nothing():
    young = [ours(private=("Young",), lambda1=1, lambda2=1)]
    assert not any(pair.ours for pair in pairs(young))
    bare = [ours("original", private=("Young",))]
    mine = [pair for pair in pairs(bare) if pair.row["method"] == "original"]
    assert [pair.strict for pair in mine] == [0.958]


def test_moving_the_knob_moves_to_the_nearest_published_setting():
    view = VIEW._replace(target="attribute:Young")
    assert said([], view, "pric", **{"lambda": 0.1}).startswith(
        "At λ = 0.1 the paper says that a fresh attacker tells whether a person is young in 65.63 %"
    )
    assert said([], view, "pric", **{"lambda": 10.0}).startswith("At λ = 10 the paper says")
    assert said([], view, "pric", **{"lambda": 5.0}).startswith(
        "At λ = 10, the nearest it reports, the paper says"
    )


def test_a_paper_that_trained_fresh_attackers_is_met_by_a_fresh_one():
    numbers = {
        ("paper", "attribute:Male", "cnn", "accuracy"): (0.941, 0.55),
        ("paper", "attribute:Male", "training_adversary", "accuracy"): (0.625, 0.55),
        ("strict", "attribute:Male", "worst_case", "accuracy"): (0.958, 0.55),
    }
    settings = [ours("pric", numbers=numbers, **{"lambda": 0.1})]
    assert said(settings, VIEW, "pric", **{"lambda": 0.1}).endswith(
        "57.41 % of cases; with us one that is measured as the paper does reaches 94.1 %, the strongest "
        "95.8 %."
    )


def test_a_network_that_was_not_trained_along_is_stood_in_for():
    numbers = {("paper", "attribute:Male", "cnn", "accuracy"): (0.97, 0.55)}
    found = pairs([ours("original", private=(), numbers=numbers)])
    (pair,) = [p for p in found if p.ours]
    assert (pair.row["attacker"], pair.as_paper) == ("training_adversary", 0.97)
    assert "fresh convolutional network" in table([pair]).iloc[0]["Remark"]
    assert "with us a fresh network, measured as the paper does" in published_words.line(pair)


@pytest.mark.parametrize("name", [name for name in METHODS if not published.about(name)])
def test_methods_of_no_paper(name):
    report = reported([ours(name)], VIEW, name)
    assert not report.private
    assert not report.utility
    assert (
        said([], method=name)
        == f"None of the papers whose numbers are kept here reports any on “{METHODS[name].title}”."
    )
    assert published_words.service_line(report, VIEW, name) == ""
    assert published_words.differences(report.private, name, "synthetic", "compact") == ""


def test_the_methods_of_no_paper_are_these():
    ours = {name for name in METHODS if METHODS[name].hardens}
    ours |= {name for name in METHODS if METHODS[name].citation.startswith("ours")}
    unknown = {name for name in METHODS if not published.about(name)}
    assert ours <= unknown
    baselines = {"image_noise", "random_replace", "blur", "pixelate", "answer_only", "dpfe_m0"}
    others = {file.removeprefix("others.") for file in FILES if file.startswith("others.")}
    assert unknown - ours == baselines | others  # whose papers report nothing on faces


def test_what_the_paper_never_looked_at_is_said():
    settings = [ours("aia", ("verification",), alpha=0.5, beta=0.5)]
    assert said(settings, VIEW._replace(target="identity"), "aia").startswith(
        "The paper has no number on who it is; what it reports on the service is below."
    )
    report = reported(settings, VIEW, "aia")
    assert not report.utility_exact
    assert published_words.service_line(report, VIEW, "aia").startswith(
        "The paper has no number on smile detection. The closest it has: face verification is right in 78.64 %"
    )
    assert said(settings, VIEW._replace(target="attribute:Eyeglasses"), "aia").startswith(
        "The paper has no number on whether a person wears glasses. The closest it has: "
    )


def test_verification():
    numbers = {
        ("paper", "verification", "own_verifier", "accuracy"): (0.937, 0.5),
        ("strict", "verification", "best_head", "accuracy"): (0.948, 0.5),
    }
    settings = [ours("aia", ("verification",), numbers=numbers, alpha=0.5, beta=0.5)]
    view = VIEW._replace(task="verification")
    report = reported(settings, view, "aia")
    assert report.utility_exact
    assert published_words.service_line(report, view, "aia") == (
        "Face verification is right in 78.64 % in the paper; with us 93.7 % by the method's own network "
        "and 94.8 % by a fresh one."
    )


def test_rows_that_differ_in_their_photographs_alone_say_so_early():
    two = table(pairs([], VIEW, "aia"))
    assert list(two)[:4] == ["Measured", "Row", "Protection", "Photographs"]
    assert {"CelebA", "VGG Face"} == set(two["Photographs"])
    one = table(pairs([]))
    assert list(one)[3] == "The paper"


def test_ranks_at_the_noise_that_keeps_what_the_paper_keeps():
    """DPFE reports ranks where the gender is right in up to 90 %."""

    def at(noise, accuracy, rank):
        numbers = {
            ("paper", "attribute:Male", "own_head", "accuracy"): (accuracy, 0.5),
            ("strict", "identity", "log_rank", "normalised_rank_mean"): (rank, 0.5),
        }
        knobs = {"beta": 1, "noise_ratio": noise}
        return ours("dpfe", ("Male",), ("identity",), numbers=numbers, **knobs)

    settings = [at(0.0, 0.97, 0.05), at(0.5, 0.91, 0.41), at(1.0, 0.8, 0.47)]
    view = VIEW._replace(task="Male", target="identity")
    assert said(settings, view, "dpfe", beta=1.0, noise_ratio=0.0) == (
        "The paper says that an attacker finds the right name 0.3 of the way down the list (0.5 is "
        "guessing); with us it is 0.41 (ours: r = 0.5, β = 1; the paper does not say its own)."
    )


def test_what_is_drawn_only_is_named_by_itself():
    """Not by a meaning that leans on another: "the logarithm of that rank"."""
    rows = [row for row in named("dpfe", "Figure 6").rows if row["metric"] == "log_rank_privacy"]
    assert published_words.line(pairing.beside(rows[0], [])).startswith(
        "At r = 0 the paper draws what an attacker reaches (depth in the list of names), not a number"
    )


def test_people_are_not_compared_with_a_network():
    numbers = {("strict", "identity", "nearest_neighbour", "top1_accuracy"): (0.37, 0.005)}
    text = said([ours(lambda1=1, lambda2=1, numbers=numbers)], VIEW._replace(target="identity"))
    assert (
        "names the right person in 28 % of cases; studies of your own stand under Study results."
        in text
    )


def test_a_loss_is_taken_against_the_method_s_own_reference():
    bare = {("strict", "attribute:Smiling", "best_head", "accuracy"): (0.96, 0.52)}
    settings = [ours(lambda1=1, lambda2=1), ours("original", numbers=bare)]
    drop = next(p for p in pairs(settings, role="utility") if p.row["metric"] == "accuracy_drop")
    assert drop.strict == pytest.approx(0.96 - 0.935)
    assert drop.as_paper is None  # the reference has no such number
    assert published_words.shown(drop, "strict") == "2.5 points"


def test_balanced_accuracy_stands_in_and_says_so():
    numbers = {("strict", "attribute:Male", "worst_case", "balanced_accuracy"): (0.9, 0.5)}
    settings = [ours(lambda1=1, lambda2=1, numbers=numbers)]
    assert "with us a fresh attacker reaches 90.0 % (balanced)" in said(settings)
    report = reported(settings)
    assert "balanced" in published_words.measures(report.private, ())


def test_the_mean_over_all_attributes_needs_a_run_that_serves_all():
    def row(tasks):
        numbers = {
            ("paper", f"attribute:{name}", "own_head", "mcc"): (value, 0.0)
            for name, value in (("Smiling", 0.8), ("Male", 0.6))
        }
        settings = [ours(XIAO, tasks, (), numbers=numbers, lambda1=1, lambda2=0)]
        found = pairs(settings, VIEW._replace(target="image"), XIAO, "utility")
        return [p for p in found if p.row["target"] == "attributes" and p.ours]

    assert row(("Smiling",)) == []
    both = row(("Smiling", "Male"))
    assert both
    assert [p.as_paper for p in both] == pytest.approx([0.7] * len(both))


def test_a_number_printed_at_several_places_is_one_row():
    rows = published.about("deep_obfuscator")
    likeness = [r for r in rows if r["printed"] == "0.3175"]
    assert [r["place"] for r in likeness] == ["Table 3; Table 4; Abstract; Section 5"]
    assert all(r["metric"] != "loss" for r in rows)


@pytest.mark.parametrize("name", list(METHODS))
@pytest.mark.parametrize("task", ["Smiling", "verification", "Eyeglasses"])
@pytest.mark.parametrize("target", ["attribute:Male", "attribute:Eyeglasses", "identity", "image"])
def test_every_view_has_its_words(name, task, target):
    view = VIEW._replace(task=task, target=target)
    settings = [ours(name, **{knob.name: knob.default for knob in METHODS[name].knobs})]
    report = reported(settings, view, name)
    assert published_words.headline(report, view, name, {}).endswith(".")
    for found in (report.private, report.utility):
        rows = table(found, view)
        assert len(rows) == len(found)
        assert not rows.isna().any().any()
        if len(rows):
            assert rows["The paper"].str.len().gt(0).all()
            assert rows["Place"].str.len().gt(0).all()


@pytest.mark.parametrize(
    ("printed", "metric", "text"),
    [
        ("%78.01", "accuracy", "78.01 %"),
        ("around 30%", "accuracy_drop", "around 30 points"),
        ("(0.862)", "mcc", "0.862"),
        ("6.32", "psnr", "6.32 dB"),
        ("up to 90%", "accuracy", "up to 90 %"),
        ("1%", "accuracy_gain", "1 point"),
    ],
)
def test_printed_numbers_keep_their_digits(printed, metric, text):
    unit = "dB" if metric == "psnr" else "percent" if "%" in printed else "number"
    assert published_words.tidy({"printed": printed, "metric": metric, "unit": unit}) == text


def test_settings_of_ours_are_means_over_seeds(findings):
    other = findings.assign(seed=1, run_id=findings["run_id"] + "x", value=findings["value"] + 0.02)
    one = pairing.measured(findings)
    both = pairing.measured(pd.concat([findings, other]))
    assert len(both) == len(one)
    key = ("strict", "attribute:Male", "worst_case", "balanced_accuracy")
    assert both[0]["numbers"][key][0] == pytest.approx(one[0]["numbers"][key][0] + 0.01)
    noise = {s["knobs"]["sigma"] for s in one if s["method"] == "image_noise"}
    assert noise == set(METHODS["image_noise"].knobs[0].grid)


def test_an_attack_too_weak_is_not_set_beside_a_paper(findings):
    weak = findings.assign(conclusive=findings["attacker"] != "worst_case")
    found = pairing.measured(weak)
    assert found
    assert not any(key[2] == "worst_case" for s in found for key in s["numbers"])


def test_why_the_numbers_do_not_compare():
    private = pairs([])
    assert published_words.differences(private, "deep_obfuscator", "synthetic", "compact") == (
        "Compare how far a number moves, not the number: the paper worked on CelebA at 218 × 178 pixels "
        "with the published networks, we on synthetic faces at 64 × 64 pixels with thinner ones."
    )
    text = published_words.differences(private, "deep_obfuscator", "celeba_64", "paper")
    assert "we on the photographs of “celeba_64” at 218 × 178 pixels with the same ones" in text


def test_the_chosen_variants_layer_comes_first():
    numbers = {("strict", "image", "pixel_decoder", "face_similarity"): (0.2, 0.0)}
    numbers[("strict", "attribute:Bald", "best_head", "mcc")] = (0.5, 0.0)
    numbers[("strict", "attribute:Male", "best_head", "mcc")] = (0.5, 0.0)
    settings = [
        ours(XIAO, ("Bald", "Male"), (), schedule, numbers, lambda1=1, lambda2=0)
        for schedule in ({}, {"layer": 3.0})
    ]
    view = VIEW._replace(target="image")
    for schedule, place in (({}, "Table 1"), ({"layer": 3.0}, "Table 3")):
        report = reported(settings, view, XIAO, schedule, lambda1=1.0, lambda2=0.0)
        first = next(p for p in report.private if p.row["protocol"] != "count" and p.ours)
        assert first.row["schedule"].get("layer", 5.0) == schedule.get("layer", 5.0)
        assert first.row["place"].startswith(place)
        assert first.setting["schedule"] == schedule


@pytest.mark.parametrize(
    ("settings", "label", "why"),
    [
        ([], "Human Perceptual Study", "people"),
        ([], "DeepObfuscator", "method"),
        ([ours(lambda1=0, lambda2=0)], "DeepObfuscator", "setting"),
        ([ours(lambda1=1, lambda2=1, numbers={})], "DeepObfuscator", "measure"),
    ],
)
def test_why_nothing_stands_beside(settings, label, why):
    rows = published.results("deep_obfuscator")
    row = next(r for r in rows if r["label"] == label and r["role"] == "private")
    assert pairing.beside(row, settings, {}).missing == why
