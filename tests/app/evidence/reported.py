"""Settings of ours and what is said of them beside a paper, for tests."""

from app.evidence import published, published_words
from app.settings.views import View

XIAO = "adversarial_reconstruction"
VIEW = View("synthetic", "compact", "Smiling", "attribute:Male", "strict")


def ours(
    method="deep_obfuscator",
    tasks=("Smiling",),
    private=("Male",),
    schedule=None,
    numbers=None,
    **knobs,
):
    """A setting of `pairing.measured`: plain accuracies of the attackers and of the task networks."""
    usual = {
        ("paper", "attribute:Male", "training_adversary", "accuracy"): (0.625, 0.55),
        ("strict", "attribute:Male", "worst_case", "accuracy"): (0.958, 0.55),
        ("paper", "attribute:Smiling", "own_head", "accuracy"): (0.88, 0.52),
        ("strict", "attribute:Smiling", "best_head", "accuracy"): (0.935, 0.52),
    }
    return {
        "method": method,
        "dataset": "synthetic",
        "source": "synthetic",
        "preset": "compact",
        "recipe": None,
        "weak": set(),
        "tasks": tasks,
        "private": private,
        "schedule": schedule or {},
        "knobs": {name: float(value) for name, value in knobs.items()},
        "numbers": usual if numbers is None else numbers,
    }


def reported(settings, view=VIEW, method="deep_obfuscator", schedule=None, **chosen):
    return published.report(settings, view, method, chosen, schedule or {})


def said(settings, view=VIEW, method="deep_obfuscator", **chosen):
    report = reported(settings, view, method, **chosen)
    return published_words.headline(report, view, method, chosen)


def pairs(settings, view=VIEW, method="deep_obfuscator", role="private", **chosen):
    return getattr(reported(settings, view, method, **chosen), role)


def table(pairs, view=VIEW):
    return published_words.table(pairs, *published_words.looked_at(view))
