"""What is proven, in words; and every other page with a setting of which something is."""

import re
import shutil

import numpy as np
import pytest

from app.main import PAGES
from core.methods import METHODS
from core.run import Run
from core.run_validation import checked
from core.storage import explanations
from tests.certified_folders import (
    KNOTS,
    METHOD,
    arrays,
    bound,
    certificates,
    write_answers,
    write_certified,
)
from tests.checkpoint_folders import write_attack, write_run
from tests.pages.conftest import headline, open_page, whole, words


@pytest.fixture
def certified(own_findings):
    write_certified(own_findings)
    return own_findings


def run_of(root):
    return next(root.glob(f"*/{METHOD}-*"))


def test_the_verdict_says_what_no_attacker_can_do(certified):
    app = whole(open_page("proof", method=METHOD))
    assert app.title[0].value == "What can no attacker do?"
    assert headline(app) == (
        "## At τ = 0.1 no attacker can tell the gender in more than 56.8 % of cases (95 % "
        "confidence, one release per person; chance 50 %)."
    )
    said = words(app)
    for part in (
        "600 people of “synthetic”",
        "divided beforehand among 21 bounds",
        "estimates the secret in order to hide it",
        "Two photographs of one person**: the gender in at most 62.8 %",
        "in at most 86.0 % of cases if the device forgot",
        "of 100 people, all as likely, no attacker names the right one in more than 2.00 %",
        "multiplies the chance of guessing it by at most 2.",
        "draw at most 2 faces",
        "docs/certificates.md",
        "What would break it",
    ):
        assert part in said, part


def test_between_two_knots_the_bound_is_their_mean_and_pictures_are_of_the_nearest(certified):
    app = whole(open_page("proof", method=METHOD, **{f"{METHOD}.tau": "0.08"}))
    expected = 0.6 * bound(0.1) + 0.4 * bound(0.05)
    shown = float(re.search(r"more than ([\d.]+) %", headline(app))[1])
    assert expected * 100 <= shown < expected * 100 + 0.1  # rounded up, never down
    said = words(app)
    assert "60 % of photographs the device answers as at τ = 0.1" in said
    assert "what is shown here is of τ = 0.1, the nearest" in said
    assert "Two photographs, repeated releases**: between two measured settings" in said
    assert "in at most 62.8 %" not in said


def test_where_nothing_is_proven_it_says_what_would_have_a_proof(certified):
    app = whole(open_page("proof", method="deep_obfuscator"))
    assert "nothing is proven: a stronger attacker may learn more" in headline(app)
    assert "A proof needs a release that can be counted" in words(app)
    assert any(e.label == "All proven settings of this data set" for e in app.expander)


def test_a_data_set_without_certificates_offers_to_make_one(populated):
    app = whole(open_page("proof"))
    assert "Nothing is proven of DeepObfuscator" in words(app)
    assert "stands below" not in words(app)
    assert app.main.button[-1].label == "Train and measure a setting"


def test_answers_that_were_not_computed_or_are_damaged_say_how_to_make_them(certified):
    shutil.rmtree(run_of(certified) / "explain")
    app = whole(open_page("proof", method=METHOD))
    assert "The answers of this setting have not been computed" in words(app)
    assert any("--only answers" in code.value for code in app.code)
    broken = {"often": np.array([1.0]), "having": np.zeros((0, 1))}
    explanations.save(explanations.place(run_of(certified), "answers", 0.1), broken, {})
    app = whole(open_page("proof", method=METHOD))
    assert "The answers of this setting are damaged" in words(app)


def test_a_repeated_release_that_tells_all_is_called_that(certified):
    rows = [
        row | {"value": 1.0} if row["metric"] == "proven_accuracy_repeated" else row
        for row in certificates(0.1)
    ]
    write_attack(run_of(certified), "certificate", rows, 0.1, arrays(), protocol="proof")
    app = whole(open_page("proof", method=METHOD))
    assert "Repeated releases**: nothing is proven if the device forgot" in words(app)


def test_numbers_alone_are_enough(certified):
    for place in certified.glob("*/*/attacks/proof/*/arrays.npz"):
        place.unlink()
    app = whole(open_page("proof", method=METHOD))
    assert "56.8 %" in headline(app)
    assert "divided beforehand among all bounds" in words(app)
    whole(open_page(method=METHOD))


@pytest.mark.parametrize(
    "changes",
    [{"frontiers": np.zeros(3)}, {"names": np.array([1, 2])}, {"delta": np.array("x")}],
)
def test_damaged_arrays_break_no_page(certified, changes):
    for tau in KNOTS:
        rows = certificates(tau)
        found = arrays() | changes
        write_attack(run_of(certified), "certificate", rows, tau, found, protocol="proof")
    assert "56.8 %" in headline(whole(open_page("proof", method=METHOD)))
    assert "56.8 %" in headline(whole(open_page(method=METHOD)))


def test_the_trade_off_says_both_and_links_the_assumptions(certified):
    app = whole(open_page(method=METHOD))
    assert headline(app) == (
        "## At τ = 0.1 no attacker can tell the gender in more than 56.8 % of cases (95 % "
        "confidence, one release per person; chance 50 %); the strongest we trained reaches 54 %; "
        "smile detection loses 1.1 points."
    )
    assert any(e.label == "Under which assumptions this is proven" for e in app.expander)
    assert "people counted, whatever the method" in words(app)
    whole(app.selectbox(key="method").set_value("deep_obfuscator").run())
    assert "Nothing is proven here: a stronger attacker may learn more." in words(app)
    assert "82 %" in headline(app)


def test_the_slider_stands_between_knots_and_comes_back_to_it(certified):
    app = whole(open_page(method=METHOD))
    slider = app.select_slider(key=f"{METHOD}.tau")
    assert len(slider.options) > 250
    whole(slider.set_value(0.073).run())
    assert "At τ = 0.073 no attacker" in headline(app)
    whole(app.switch_page("../pages/leaks.py").run())
    assert (
        "τ = 0.073 lies between two measured settings; what is shown here is of τ = 0.05"
        in words(app)
    )
    whole(app.switch_page("../pages/trade_off.py").run())
    assert "At τ = 0.073 no attacker" in headline(app)


def test_goal_seek_goes_to_the_value_that_meets_a_limit_exactly(certified):
    app = whole(open_page(method=METHOD, attack_limit="56", confident="False"))
    assert "With proof: the best proven setting is Certified answers, τ = 0.0" in words(app)
    go = next(b for b in app.button if b.label.startswith("Go to Certified answers, τ = 0.0"))
    whole(go.click().run())
    assert "no attacker can tell the gender in more than 56.0 % of cases" in headline(app)


def test_identity_says_what_is_proven_of_it(certified):
    app = whole(open_page(method=METHOD, private="identity"))
    assert "Proven, whoever attacks: of 100 people" in words(app)
    assert "Nothing is proven here" not in words(app)
    whole(open_page("proof", method=METHOD, private="identity"))
    picture = words(whole(open_page(method=METHOD, private="image", likeness_limit="0.5")))
    assert "nobody can draw more faces than there are answers" in picture
    assert "Nothing is proven here" not in picture


def test_beside_the_papers_protocol_the_proof_is_not_denied(certified):
    said = words(whole(open_page(method=METHOD, protocol="paper", attack_limit="60")))
    assert "holds whoever is asked: the page Proof has it" in said
    assert "Nothing is proven here" not in said


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_no_page_fails_with_such_a_setting(certified, page):
    for query in ({}, {f"{METHOD}.tau": "0.08"}, {"private": "identity"}, {"protocol": "paper"}):
        whole(open_page(page, method=METHOD, **query))


@pytest.mark.parametrize("page", ["attention", "embeddings"])
def test_an_answer_has_no_map_and_the_page_says_where_to_look(certified, page):
    app = whole(open_page(page, method=METHOD))
    assert "An answer has no" in words(app)
    assert "have not been computed" not in words(app)


def test_the_noise_page_lists_no_drawn_answers(certified):
    app = whole(open_page("noise", method=METHOD))
    assert METHODS[METHOD].title not in app.selectbox(key="noise_of").options
    assert "sends one of a few answers" in words(app)


def test_compare_sets_bounds_beside_each_other(certified):
    app = whole(open_page("compare", method=METHOD))
    said = words(app)
    assert "no attacker tells the gender in more than 56.8 % of cases with Certified" in said
    assert "Of Unprotected features nothing is proven." in said


def test_the_report_has_bound_assumptions_and_what_would_break_it(certified):
    app = open_page("report", method=METHOD)
    app.session_state["report_contents"] = True
    whole(app.run())
    assert "statements that are proven, with their assumptions" in words(app)
    whole(app.button[0].click().run())
    written = app.session_state["report_file"][1].decode()
    section = written[written.index("<h2>What is proven</h2>") :]
    section = section[: section.index("</section>")]
    for part in ("in at most 56.8 % of cases", "600 people", "What would break it"):
        assert part in section, part
    assert "**" not in section
    assert "no attacker whatever" in written  # in the table of all numbers
    whole(app.selectbox(key="method").set_value("deep_obfuscator").run())
    assert "Nothing is proven of this setting" in words(app)


def test_a_code_with_known_noise_has_a_proof_without_answers(own_findings):
    run = checked(Run("dpfe_simple", "synthetic", tasks=("Smiling",), private=("Male",)))
    knob = next(knob for knob in METHODS["dpfe_simple"].knobs if knob.when == "release")
    for value in knob.grid:
        folder = write_run(own_findings, run, 0.5, value, attack=0.6)
        if value:
            rows = [
                row | {"release_value": value}
                for row in certificates(0.1)
                if row["target"] != "identity"
            ]
            write_attack(folder, "certificate", rows, value, arrays(), protocol="proof")
    strongest = {f"dpfe_simple.{knob.name}": f"{knob.grid[-1]:g}"}
    app = whole(open_page("proof", method="dpfe_simple", **strongest))
    said = words(app)
    assert "no attacker can tell the gender" in headline(app)
    assert "its size is known to everybody" in said
    assert "16 releases of one photograph" in said
    assert "estimates the secret" not in said
    assert "All that any attacker can draw" not in said
    app = whole(open_page(method="dpfe_simple", **strongest))
    assert "no attacker can tell the gender" in headline(app)
    slider = app.select_slider(key=f"dpfe_simple.{knob.name}")
    assert [float(option) for option in slider.options] == sorted(knob.grid)  # it snaps as ever


def test_answers_without_chance_and_without_a_knob(own_findings):
    """A tree sends the number of a leaf: nothing is drawn, no secret is estimated."""
    folder = write_run(own_findings, checked(Run("fair_tree", "synthetic")), 0.5, attack=0.55)
    rows = [
        row | {"release_value": None}
        for row in certificates(0.1)
        if row["metric"] != "proven_accuracy_repeated"
    ]
    write_attack(folder, "certificate", rows, None, arrays(), protocol="proof")
    write_answers(folder, None)
    app = whole(open_page("proof", method="fair_tree"))
    said = words(app)
    assert "no attacker can tell the gender in more than 56.8 %" in headline(app)
    assert "The device remembers" not in said
    assert "estimates the secret" not in said
    assert "draws anew" not in said
    assert "gives the same answer and tells nothing more" in said
    assert "draw at most 2 faces" in said
    for page in ("trade_off", "attention", "noise", "compare", "report"):
        whole(open_page(page, method="fair_tree"))
