"""What the Train page plans, and the command line that does the same."""

import shlex

import pytest

from app.training import plans
from core.__main__ import _parser
from core.cli import options as options_module
from core.errors import PenumbraError
from core.methods import METHODS

PLAN = plans.Plan(
    "tiny",
    "deep_obfuscator",
    "compact",
    ("Smiling",),
    ("Male",),
    {"lambda1": (0.0, 0.5, 1.0), "lambda2": (1.0,)},
    3,
    "cpu",
)


def test_every_combination_is_one_run():
    runs = plans.runs(PLAN._replace(knobs={"lambda1": (0.0, 1.0), "lambda2": (0.0, 1.0)}))
    assert len({run.id for run in runs}) == 4
    assert {run.seed for run in runs} == {3}


def test_the_command_line_means_the_same_runs():
    words = shlex.split(plans.command(PLAN))
    assert words[:3] == ["python", "-m", "core"]
    options = _parser().parse_args(words[3:])
    assert (options.method, options.dataset, options.preset) == (
        "deep_obfuscator",
        "tiny",
        "compact",
    )
    assert options.tasks == ("Smiling",)
    assert options.private == ("Male",)
    assert options.knob == ["lambda1=0,0.5,1", "lambda2=1"]
    assert options.seed == (3,)
    assert options.device == "cpu"


def test_odd_names_are_quoted():
    words = shlex.split(plans.command(PLAN._replace(tasks=("Wears Badge", "$(x)"))))
    assert words[words.index("--tasks") + 1] == "Wears Badge,$(x)"


@pytest.mark.parametrize("bad", ["", "x", "-1", "nan", "inf", "1e12"])
def test_values_that_are_no_numbers_are_refused_by_name(bad):
    with pytest.raises(PenumbraError, match="λ₁"):
        plans.numbers(["1", bad], "λ₁")


def test_values_are_sorted_and_single():
    assert plans.numbers(["5", "0.5", "0,5", "5.0"], "λ₁") == (0.5, 5.0)
    with pytest.raises(PenumbraError, match="at least one"):
        plans.numbers([], "λ₁")


def test_too_many_settings_are_refused_before_they_are_made():
    many = tuple(float(v) for v in range(1000))
    with pytest.raises(PenumbraError, match="1000000 settings"):
        plans.runs(PLAN._replace(knobs={"lambda1": many, "lambda2": many}))


def test_a_method_needs_something_to_hide_and_a_baseline_does_not():
    with pytest.raises(PenumbraError, match="private"):
        plans.runs(PLAN._replace(private=()))
    assert len(plans.runs(PLAN._replace(method="original", private=(), knobs={}))) == 1
    # what this one hides is the picture
    redrawing = PLAN._replace(method="adversarial_reconstruction", private=(), knobs={})
    assert [run.private for run in plans.runs(redrawing)] == [()]


@pytest.mark.parametrize("name", list(METHODS))
def test_usual_values_come_from_the_declaration(name):
    usual = plans.usual(name)
    assert list(usual) == [knob.name for knob in METHODS[name].knobs if knob.when == "train"]
    assert plans.runs(PLAN._replace(method=name, knobs=usual))


def test_verification_and_identity_are_offered_to_methods_that_understand_them():
    attributes = ["Male", "Smiling"]
    for name, method in METHODS.items():
        tasks, private = plans.offered(name, attributes)
        assert (tasks[2:], private[2:]) == (
            ["verification"] if "verification" in method.understands else [],
            ["identity"] if "identity" in method.understands else [],
        )
        for names in (tasks, private):
            assert names[:2] == attributes
    assert plans.offered("aia", attributes)[0][-1] == "verification"
    assert plans.offered("dpfe", attributes)[1][-1] == "identity"


def test_what_is_offered_can_be_planned():
    for name in METHODS:
        for words, (tasks, private) in plans.paper_sets(name, EVERY).items():
            plan = PLAN._replace(method=name, tasks=tasks, private=private, knobs={})
            assert [run.tasks for run in plans.runs(plan)] == [tasks], words


EVERY = [
    "Smiling",
    "Male",
    "Young",
    "High_Cheekbones",
    "Heavy_Makeup",
    "Gray_Hair",
    "Big_Lips",
    "Big_Nose",
]


def test_the_paper_s_combinations_in_words():
    assert list(plans.paper_sets("deep_obfuscator", EVERY))[3] == (
        "Smile; hidden: Gender, Heavy make-up"
    )
    assert plans.paper_sets("aia", EVERY) == {
        "Same person on two photographs; hidden: Gender": (
            ("verification",),
            ("Male",),
        )
    }
    assert "Gender; hidden: Who it is" in plans.paper_sets("dpfe", EVERY)
    assert list(plans.paper_sets("adversarial_reconstruction", EVERY)) == [
        "Smile; hidden: nothing by name"
    ]
    assert plans.paper_sets("blur", EVERY) == {}


def test_combinations_that_the_data_set_cannot_have_are_not_offered():
    assert len(plans.paper_sets("dpfe", EVERY)) == 5
    assert len(plans.paper_sets("dpfe", ["Male", "Young"])) == 2
    assert plans.paper_sets("aia", ["Smiling"]) == {}


def job(**more):
    runs = [
        {"method": "deep_obfuscator", "dataset": "tiny", "knobs": {"lambda1": v}} for v in (0, 1)
    ]
    state = {
        "runs": runs,
        "state": "running",
        "index": 0,
        "phase": "train",
        "stage": "task_training",
        "step": 50,
        "steps": 100,
        "eta_seconds": 120,
        "evaluate": True,
        "attack": None,
        "attacks_done": 0,
        "attacks": 0,
    }
    return state | more


def test_progress_in_words_and_as_a_share():
    share, text = plans.progress(job())
    assert share == pytest.approx(0.125)
    assert (
        text
        == "setting 1 of 2, λ₁ = 0, task training, step 50 of 100, about 2 min of training left"
    )


def test_progress_never_runs_backwards():
    steps = [
        job(step=0),
        job(step=100),
        job(phase="evaluate", step=100),
        job(phase="evaluate", attacks_done=3, attacks=6),
        job(index=1, step=0),
        job(index=1, step=100),
        job(state="finished"),
    ]
    shares = [plans.progress(step)[0] for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "queued"}, "waiting for its turn"),
        ({"phase": "evaluate"}, "attacking it"),
        (
            {"phase": "evaluate", "attack": "mirrored_decoder", "attacks_done": 2, "attacks": 6},
            "attacking it: mirrored decoder (3 of 6)",
        ),
        ({"stage": None, "steps": 0}, "starting"),
        ({"runs": [], "index": 3}, "task training"),
    ],
)
def test_progress_in_every_state(more, words):
    assert words in plans.progress(job(**more))[1]


def test_titles():
    assert plans.job_title(job()) == "DeepObfuscator on tiny: 2 settings"
    assert plans.job_title(job(runs=job()["runs"][:1])) == "DeepObfuscator on tiny: λ₁ = 0"
    assert "cannot be read" in plans.job_title(job(runs=[]))


def test_what_an_estimate_goes_by_is_said():
    cost = {"examples": 3, "dataset": "synthetic", "devices": ["a GPU", ""], "trimmed": True}
    said = plans.basis(cost)
    assert "3 finished settings of this method and size on “synthetic”, trained on a GPU" in said
    assert "slimmed down" in said
    assert "1 finished setting " in plans.basis(cost | {"examples": 1, "trimmed": False})
    assert "slimmed" not in plans.basis(cost | {"trimmed": False})
    assert "Nothing like it" in plans.basis({"examples": 0})


def test_the_time_that_attacks_still_take_is_said():
    job = {
        "runs": [{"method": "original", "dataset": "tiny", "knobs": {}}],
        "state": "running",
        "evaluate": True,
        "index": 0,
        "phase": "evaluate",
        "attack": "mlp",
        "attacks_done": 1,
        "attacks": 4,
        "step": 0,
        "steps": 0,
        "stage": None,
        "eta_seconds": 240.0,
    }
    assert "about 4 min of attacks on this setting left" in plans.progress(job)[1]


def test_trained_settings_in_words():
    row = {
        "method": "deep_obfuscator",
        "knob:lambda1": 2.0,
        "knob:lambda2": float("nan"),
        "dataset": "tiny",
        "tasks": "Smiling",
        "private": "Male,Young",
        "preset": "compact",
        "state": "finished",
        "evaluated": 3,
        "seconds": 90.0,
        "run_id": "deep_obfuscator-0123456789",
    }
    damaged = row | dict.fromkeys(
        ("tasks", "private", "preset", "seconds", "knob:lambda1"), float("nan")
    )
    table = plans.trained_table([row, damaged | {"method": "unknown", "state": "damaged"}])
    assert table["Setting"].tolist() == ["DeepObfuscator, λ₁ = 2", "unknown"]
    assert table["Hides"].tolist() == ["Gender, Age group", ""]
    assert table["Training"].tolist() == ["2 min", ""]


XIAO = PLAN._replace(
    method="adversarial_reconstruction",
    private=(),
    knobs={"lambda1": (0.0, 1.0), "lambda2": (0.0,)},
    schedule={"layer": (3.0, 5.0), "mu2": (0.0, 1.0)},
)


def test_lists_of_entries_make_one_grid_and_the_preset_s_own_values_replace_nothing():
    runs = plans.runs(XIAO)
    assert len(runs) == 8
    found = {tuple(sorted(run.schedule.items())) for run in runs}
    assert found == {(), (("layer", 3.0),), (("mu2", 1.0),), (("layer", 3.0), ("mu2", 1.0))}
    plain = plans.runs(XIAO._replace(schedule={}))
    assert {run.id for run in plain} < {run.id for run in runs}
    sentence, _ = plans.promise(XIAO, 8, 0, {"seconds": None})
    assert sentence.startswith("8 settings (2 values of λ₁ × 2 of layer × 2 of mu2) of Adv")


def test_the_command_line_means_the_same_grid_of_entries():
    options = _parser().parse_args(shlex.split(plans.command(XIAO))[3:])
    assert options.schedule == ["layer=3,5", "mu2=0,1"]
    said = options_module.described_runs(options)
    assert {run.id for run in said} == {run.id for run in plans.runs(XIAO)}


def test_entries_have_the_method_s_words_or_the_preset_s_number():
    kinds, numbers = plans.entries("adversarial_reconstruction", "compact")
    assert kinds["layer"]["3"] == "conv4"
    assert numbers["mu2"] == 0
    assert not set(kinds) & set(numbers)
    assert plans.entries("blur", "compact")[0] == {}


def test_too_many_settings_count_entries_too():
    many = XIAO._replace(schedule={"mu1": tuple(map(float, range(150)))})
    with pytest.raises(PenumbraError, match="300 settings are too many"):
        plans.runs(many)


def test_a_run_in_short_says_what_of_its_schedule_was_replaced():
    run = {
        "method": "adversarial_reconstruction",
        "knobs": {"lambda1": 1},
        "schedule": {"layer": 3},
    }
    assert plans.setting(run) == "λ₁ = 1, released behind layer 3"
    assert plans.setting(run | {"schedule": {}}) == "λ₁ = 1"
