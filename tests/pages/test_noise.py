"""Noise: empty, populated, damaged, nothing that moves; the slider, a link, drawing again."""

import numpy as np
import pytest

from core.run import Run
from core.run_validation import checked
from core.storage import explanations
from tests.checkpoint_folders import damage, finding, write_attack, write_run
from tests.pages.conftest import headline, open_page, whole, words

RATIO, DRAWN = "dpfe.noise_ratio", "drawn.dpfe"
MEASURED = (0.0, 0.1, 0.5)


@pytest.fixture
def dpfe(own_findings):
    """DPFE at three ratios, its codes, ranks of names and repeated releases."""
    run = checked(Run("dpfe", "synthetic", tasks=("Smiling",), private=("Male",)))
    for place, ratio in enumerate(MEASURED):
        folder = write_run(own_findings, run, 0.3 + 0.2 * place, ratio)
        rows = [
            finding(
                "identity",
                "private",
                "log_rank",
                "normalised_rank_mean",
                0.2 + 0.1 * place,
                release_value=ratio,
                chance=0.502,
            ),
            finding(
                "identity",
                "private",
                "log_rank",
                "normalised_rank_std",
                0.16,
                release_value=ratio,
                chance=0.289,
            ),
        ]
        write_attack(folder, "log_rank", rows, ratio)
    again = finding(
        "attribute:Male", "private", "averaging", "balanced_accuracy", 0.83, release_value=0.5
    )
    write_attack(folder, "averaging", [again], 0.5)
    arrays = {
        "codes": np.linspace(-1, 1, 80).reshape(8, 10).astype(np.float16),
        "noise_root": np.eye(10, dtype=np.float32),
        "mean": np.zeros(10, np.float32),
        "spread": np.ones(10, np.float32),
        "positions": np.arange(8, dtype=np.int32),
    }
    explanations.save(explanations.place(folder, "noise"), arrays, {"kind": "code"})
    return folder


def verdict_of(app):
    return headline(app)


def test_empty_says_what_to_do(root):
    app = whole(open_page("noise"))
    assert app.title[0].value == "How much noise is enough?"
    assert "Nothing has been trained yet" in words(app)


def test_a_method_without_noise_gives_way_to_one_with(dpfe):
    app = whole(open_page("noise"))
    assert "DeepObfuscator has nothing that can be moved when it releases" in words(app)
    assert app.selectbox(key="noise_of").value == "dpfe"
    assert verdict_of(app).startswith(
        "## At r = 0, β = 1 the strongest attacker tells the gender in"
    )
    assert "the most that was measured, r = 0.5, leaves" in verdict_of(app)
    whole(app.switch_page("../pages/trade_off.py").run())
    assert app.selectbox(key="method").value == "deep_obfuscator"


def test_the_slider_moves_the_words(dpfe):
    app = whole(open_page("noise", method="dpfe"))
    whole(app.select_slider(key=DRAWN).set_value(0.5).run())
    said = verdict_of(app)
    assert said.startswith("## At r = 0.5, β = 1")
    assert (
        "without noise, and in 83 % with 16 releases of one photograph; smile detection loses"
        in said
    )
    assert "What leaves the device at r = 0.5" in words(app)


def test_between_the_measured_amounts_the_page_says_whose_numbers_it_shows(dpfe):
    app = whole(open_page("noise", method="dpfe"))
    whole(app.select_slider(key=DRAWN).set_value(0.3).run())
    assert "0.3" in app.query_params[DRAWN]
    assert "0.5" in app.query_params[RATIO]
    assert "At r = 0.3 nothing was measured: the numbers are of r = 0.5, the nearest" in words(app)
    assert verdict_of(app).startswith("## At r = 0.5")
    whole(app.switch_page("../pages/trade_off.py").run())
    assert app.select_slider(key=RATIO).value == 0.5
    assert not app.info
    whole(app.switch_page("../pages/noise.py").run())
    assert app.select_slider(key=DRAWN).value == 0.3


def test_the_slider_follows_the_other_pages(dpfe):
    app = whole(open_page("noise", method="dpfe", **{RATIO: "0.5"}))
    assert app.select_slider(key=DRAWN).value == 0.5
    whole(app.switch_page("../pages/trade_off.py").run())
    whole(app.select_slider(key=RATIO).set_value(0.1).run())
    whole(app.switch_page("../pages/noise.py").run())
    assert app.select_slider(key=DRAWN).value == 0.1


def test_a_shared_link_draws_the_same_amount(dpfe):
    app = whole(open_page("noise", method="dpfe", **{RATIO: "0.5", DRAWN: "0.3"}))
    assert app.select_slider(key=DRAWN).value == 0.3
    assert verdict_of(app).startswith("## At r = 0.5")


def test_drawing_again_and_another_face(dpfe):
    app = whole(open_page("noise", method="dpfe"))
    before = verdict_of(app)
    whole(app.button(key="draw_again").click().run())
    assert app.session_state["noise.draws"] == 1
    whole(app.selectbox(key="face").set_value(3).run())
    assert verdict_of(app) == before


def test_ranks_trade_off_and_table(dpfe):
    app = open_page("noise", method="dpfe", **{RATIO: "0.5"})
    for key in ("ranks", "noise_trade_off", "amounts"):
        app.session_state[key] = True
    whole(app.run())
    assert "finds the right one 40 % of the way down the list" in words(app)
    shown = app.dataframe[0].value
    assert shown["Setting"].tolist() == [f"r = {r:g}, β = 1" for r in MEASURED]


def test_nobody_ranked_names(populated):
    app = open_page("noise", method="blur")
    app.session_state["ranks"] = True
    whole(app.run())
    assert "Nobody ranked names" in words(app)


@pytest.mark.parametrize("method", ["image_noise", "random_replace", "blur", "pixelate"])
def test_filters_show_what_is_sent(populated, method):
    app = whole(open_page("noise", method=method))
    assert "what leaves the device at" in words(app)
    assert bool([b for b in app.button if b.key == "draw_again"]) == (
        method in ("image_noise", "random_replace")
    )


def test_codes_that_were_not_kept_name_the_command(dpfe):
    (explanations.place(dpfe, "noise") / "done").unlink()
    app = whole(open_page("noise", method="dpfe"))
    assert f"python -m core explain {dpfe.name} --only noise" in words(app)


def test_damaged_codes_are_named(dpfe):
    path = explanations.place(dpfe, "noise") / "arrays.npz"
    path.write_bytes(path.read_bytes()[:100])
    app = whole(open_page("noise", method="dpfe"))
    assert "cannot be drawn" in words(app)
    assert verdict_of(app)


def test_codes_of_another_shape_are_refused(dpfe):
    explanations.save(
        explanations.place(dpfe, "noise"), {"codes": np.zeros((2, 3))}, {"kind": "code"}
    )
    assert "damaged" in words(whole(open_page("noise", method="dpfe")))


def test_nothing_that_moves_was_measured(root):
    run = checked(Run("deep_obfuscator", "synthetic", knobs={"lambda1": 1.0, "lambda2": 1.0}))
    write_run(root, run, 0.5)
    app = whole(open_page("noise"))
    assert "No method that adds noise when it releases was measured" in words(app)


def test_nonsense_in_a_link_falls_back(dpfe):
    app = whole(open_page("noise", method="dpfe", face="99", **{DRAWN: "lots", RATIO: "lots"}))
    assert "“99” is not available here" in words(app)
    assert verdict_of(app).startswith("## At r = 0")


def test_damaged_folders_are_named(own_findings):
    damage(own_findings)
    app = whole(open_page("noise", method="blur"))
    assert any("damaged and left out" in e.label for e in app.expander)


def test_the_strongest_attacker_counts_whatever_the_sidebar_says(populated):
    usual = headline(whole(open_page("noise", method="image_noise")))
    app = whole(open_page("noise", method="image_noise", attacker="mlp"))
    assert headline(app) == usual
    assert "Here the strongest attacker and right guesses count" in words(app)
