"""What the papers report of pictures: redrawers, guessing, what is drawn only."""

from app.evidence import published, published_words
from core.published import pairing
from tests.app.evidence.reported import VIEW, XIAO, ours, pairs, reported, said


def test_what_guessing_gives_is_never_the_claim():
    found = pairs([], VIEW._replace(target="identity"), "dpfe")
    guesses = [pair.row["label"] == "uniform distribution" for pair in found]
    assert sum(guesses) == 2
    assert guesses == sorted(guesses)  # at the end of the table
    assert "0.3 of the way" in said([], VIEW._replace(target="identity"), "dpfe")


def test_pictures():
    numbers = {
        ("paper", "image", "training_reconstructor", "ms_ssim"): (0.02, float("nan")),
        ("strict", "image", "worst_case", "ms_ssim"): (0.89, 0.42),
    }
    text = said([ours(lambda1=1, lambda2=1, numbers=numbers)], VIEW._replace(target="image"))
    assert text == (
        "At λ₁ = 1, λ₂ = 1 the paper says that its own attacker redraws the picture with a likeness of "
        "0.3175 (MS-SSIM; 1 is the same); our own copy of that attacker reaches 0.02, a fresh attacker 0.89."
    )


def test_each_redrawer_of_a_table_is_set_beside_itself():
    """DeepObfuscator's Table 3: four networks; of those that nobody ran there is nothing of ours."""
    numbers = {
        ("paper", "image", "training_reconstructor", "ms_ssim"): (0.02, 0.2),
        ("strict", "image", "worst_case", "ms_ssim"): (0.91, 0.2),
        ("strict", "image", "urec1", "ms_ssim"): (0.85, 0.2),
        ("strict", "image", "resrec", "ms_ssim"): (0.91, 0.2),
    }
    setting = ours(numbers=numbers, lambda1=1, lambda2=1)
    rows = published.by_place("deep_obfuscator")["Table 3"]
    found = {row["attacker"]: pairing.beside(row, [setting], {}) for row in rows}
    assert {name: pair.strict for name, pair in found.items()} == {
        "urec1": 0.85,
        "urec2": None,
        "resrec": 0.91,
        "training_reconstructor": 0.91,  # the strongest beside what was trained along
    }
    assert found["training_reconstructor"].as_paper == 0.02
    assert found["urec2"].missing == "measure"


def test_what_drawing_blind_reaches():
    numbers = {
        ("paper", "image", "training_reconstructor", "ms_ssim"): (0.02, float("nan")),
        ("strict", "image", "worst_case", "ms_ssim"): (0.89, 0.42),
    }
    view = VIEW._replace(target="image")
    settings = [ours(lambda1=1, lambda2=1, numbers=numbers)]
    report = reported(settings, view)
    said = "Drawing blind reaches 0.42 with us: likeness in structure (MS-SSIM)."
    assert said in published_words.measures(report.private, report.private)


def test_what_was_read_from_redrawn_pictures_has_its_own_attacker():
    """DeepObfuscator, Figure 2 (c): neither its own attacker nor the strongest of ours."""
    numbers = {
        ("strict", "attribute:Male", "worst_case", "accuracy"): (0.97, 0.55),
        ("strict", "attribute:Male", "redrawn", "accuracy"): (0.81, 0.55),
        ("paper", "attribute:Male", "redrawn", "accuracy"): (0.84, 0.55),
    }
    settings = [ours(numbers=numbers, lambda1=0, lambda2=1)]
    found = [p for p in pairs(settings, lambda1=0, lambda2=1) if p.ours]
    assert [(p.row["printed"], p.as_paper, p.strict) for p in found] == [("93.7%", 0.84, 0.81)]
    assert published_words.line(found[0]).endswith(
        "with us one that reads redrawn pictures reaches 84.0 % as the paper measures, 81.0 % under "
        "the strict protocol."
    )


def test_a_paper_s_decoder_is_its_own_attacker():
    """Xiao et al., Table 1: #9 is attacked by a decoder that plays against a critic alone."""
    numbers = {
        ("strict", "image", "worst_case", "ssim"): (0.5, 0.34),
        ("strict", "image", "critic_decoder", "ssim"): (0.35, 0.34),
        ("paper", "image", "critic_decoder", "ssim"): (0.36, 0.34),
    }
    settings = [ours(XIAO, ("Smiling",), (), numbers=numbers, lambda1=0, lambda2=0)]
    found = [p for p in pairs(settings, VIEW._replace(target="image"), XIAO) if p.ours]
    assert [(p.row["label"], p.as_paper, p.strict) for p in found] == [("#9", 0.36, 0.35)]
    assert published_words.line(found[0]).endswith(
        "with us the same attacker reaches 0.36 as the paper measures, 0.35 under the strict protocol."
    )
