"""The checkpoints that come with Penumbra, and how they are made.

`python -m core shipped` trains and measures all of them on the embedded synthetic faces, then
explains each, measures what it costs the device and drops what only a training needs. On two cores give it
`--workers 2`. It can be stopped and given again.
"""

import functools
from collections.abc import Mapping
from typing import NamedTuple

from core.explain import explain
from core.methods import METHODS
from core.run import Run
from core.storage import cost_file, run_folder
from core.sweep import grid, sweep

DATASET = "synthetic"
# Decoders of maps, of a few numbers, and of pictures, where the others take minutes and are weaker
# (noise of .4 on the picture: MS-SSIM .880 by the first, .856 by resrec).
MAPS = ("mirrored_decoder", "resrec", "retrained_reconstructor")
NUMBERS = (*MAPS, "kernel_redrawer")
PICTURES = ("mirrored_decoder",)
FEW = ("kernel_redrawer",)  # of a few dozen numbers or a few answers: the others take minutes


class Plan(NamedTuple):
    """Settings of one method, compact: each of `knobs` is swept with the others at their defaults.

    tasks, private   None: the method's own, as in its paper
    release          values of the release-time knob that are measured; None: its grid
    schedule         entries that replace the preset's
    decoders         attacks that reconstruct the picture
    paper_curve      whether the paper's protocol is measured at all values of the knobs, not at the
                     defaults alone: where a method has no head of its own to draw a curve by
    seeds            each setting is trained once from each
    """

    method: str
    knobs: tuple[Mapping[str, tuple[float, ...]], ...] = ({},)
    tasks: tuple[str, ...] | None = None
    private: tuple[str, ...] | None = None
    release: tuple[float, ...] | None = None
    schedule: Mapping[str, float] = {}
    decoders: tuple[str, ...] = MAPS
    paper_curve: bool = False
    seeds: tuple[int, ...] = (0,)


REPEATED = (1, 2)  # seeds besides 0
SMILE, GENDER = ("Smiling",), ("Male",)
XIAO = "adversarial_reconstruction"
PLANS = (
    Plan("original"),
    Plan("answer_only", decoders=NUMBERS),
    Plan("image_noise", decoders=PICTURES),
    Plan("random_replace", decoders=PICTURES),
    Plan("blur", decoders=PICTURES),
    Plan("pixelate", decoders=PICTURES),
    Plan("noisy_features", release=(0.4,), decoders=PICTURES),
    # lambda1 over its whole grid; of lambda2 the two ends.
    Plan(
        "deep_obfuscator", ({"lambda1": (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)}, {"lambda2": (0.0, 10.0)})
    ),
    Plan("pric", ({"lambda": (10.0, 5.0, 1.0, 0.5, 0.1, 0.0)},), paper_curve=True),
    # Cut behind the last layer; then two layers before, in a network that sees well at this size.
    Plan(XIAO, ({"lambda1": (0.0, 1.0)},), decoders=NUMBERS),
    Plan(XIAO, ({"lambda1": (0.0, 1.0, 5.0)},), schedule={"layer": 3, "stem": 1}, decoders=MAPS),
    # As in AIA's paper: which of two photographs show one person. Then as the others, the smile.
    Plan("aia", ({"alpha": (1.0, 0.75, 0.5, 0.25, 0.0)}, {"beta": (0.0, 0.25, 0.5, 0.75, 1.0)})),
    Plan("aia", schedule={"frozen_adversary": 1}),  # as its paper may have been trained
    Plan("aia_original"),
    Plan("aia_random", release=(0.5,), decoders=NUMBERS),
    Plan("aia", ({"beta": (0.0, 0.5, 1.0)},), tasks=SMILE, private=GENDER),
    # As in DPFE's paper: the gender is the task, the person the secret. Then as the others.
    Plan("dpfe", release=(0.0, 0.1, 0.5, 2.5), decoders=NUMBERS),
    Plan("dpfe_simple", release=(0.0, 0.1, 0.5, 2.5), decoders=NUMBERS),
    Plan("dpfe_m0", decoders=MAPS),
    Plan("dpfe", ({"beta": (0.0, 5.0)},), release=(0.0, 0.5), decoders=NUMBERS),
    Plan("dpfe", tasks=SMILE, private=GENDER, release=(0.0, 0.1, 0.5), decoders=NUMBERS),
    Plan("dpfe_hardened", release=(0.0,), decoders=NUMBERS),
    # Of other authors, each as it comes.
    Plan("leace", decoders=FEW),
    Plan("kernel_adversarial", decoders=FEW),
    Plan("vib", decoders=FEW),
    Plan("fair_tree", decoders=FEW),
    # What no attacker exceeds.
    Plan("certified_code", decoders=FEW),
    # Whether another training would have said the same of what the README rests on.
    Plan("deep_obfuscator", seeds=REPEATED, decoders=()),
    Plan("original", seeds=REPEATED, decoders=()),
    Plan("answer_only", seeds=REPEATED, decoders=()),
)

# Who attacks them. All of `core.attacks.ATTACKS` would take twice as long and more room than a
# repository should; any of the others is added to a run by `python -m core evaluate`.
STRICT = (
    "logistic",
    "neighbours",
    "boosted_trees",
    "kernel",
    "mlp",
    "cnn",
    "retrained_adversary",
    "informed",
    "augmented",
    "averaging",
    "data_curve",
    "nearest_neighbour",
    "discriminant",
    "siamese",
    "lda_score",
    "log_rank",
)
# On whole pictures it takes ten minutes a value and moves little (noise of .4: gender .939 where `cnn`
# alone reads .928).
SLOW_ON_PICTURES = ("augmented",)
# By the paper's protocol, of methods at their knobs' defaults; and what stands in for a network that
# a paper trains afterwards, where it asks no attacker of the training.
PAPER = ("logistic", "mlp", "nearest_neighbour")
PAPER_AFRESH = ("cnn",)


@functools.cache
def runs() -> tuple[Run, ...]:
    """Every shipped run, without doubles: compact presets."""
    return tuple({run.id: run for plan in PLANS for run in of_plan(plan)}.values())


def of_plan(plan: Plan, dataset: str = DATASET) -> list[Run]:
    method = METHODS[plan.method]
    tasks = method.tasks if plan.tasks is None else plan.tasks
    private = method.private if plan.private is None else plan.private
    about = (plan.method, dataset, "compact", tasks, private)
    schedule = {name: (value,) for name, value in plan.schedule.items()}
    return [run for k in plan.knobs for run in grid(*about, k, plan.seeds, schedule)]


def build(device: str) -> int:
    """Train and attack every shipped run; returns the exit status. Several processes at once
    divide the runs, and then the attacks, among themselves; `finish` comes after all of them."""
    failures = []
    for plan in PLANS:
        failures += sweep(of_plan(plan), device, evaluate=False)
    if failures:
        return 1
    for plan in PLANS:
        for run in of_plan(plan):
            if run_folder.is_finished(run.folder):  # else another process is training it
                attack(run, plan, device)
    return 0


def attack(run: Run, plan: Plan, device: str) -> None:
    """Attack a shipped run by both protocols, as far as that has not been done."""
    from core.evaluate import evaluate

    given = [value for value in values(run, plan) if value is not None] or None
    for protocol, attacks in attackers(run, plan).items():
        evaluate(run.folder, attacks, given, device, protocol=protocol)


def attackers(run: Run, plan: Plan) -> dict[str, tuple[str, ...]]:
    """Protocol -> names of the attacks that a shipped run comes with."""
    method = METHODS[run.method]
    knobs = [knob for knob in method.knobs if knob.when == "train"]
    plain = all(run.knobs.get(knob.name) == knob.default for knob in knobs)
    filtered = method.release_kind == "picture"
    strict = tuple(a for a in STRICT if not (filtered and a in SLOW_ON_PICTURES))
    wanted = {"strict": (*strict, *plan.decoders)}
    asked = not filtered and (plain or plan.paper_curve)
    asked_afresh = method.baseline or method.asked_afresh("attribute")
    afresh = PAPER_AFRESH if asked_afresh else ()
    return wanted | ({"paper": (*PAPER, *afresh)} if asked else {})


def values(run: Run, plan: Plan) -> tuple[float | None, ...]:
    """Release values at which a shipped run is measured; (None,) without such a knob."""
    usual = tuple(METHODS[run.method].release_values)
    return usual if plan.release is None or usual == (None,) else plan.release


def finish() -> int:
    """What comes after all runs are measured: what pages show beside the numbers, device costs, on a
    machine that has nothing else to do by then, and trimming. Returns 0."""
    from core.analysis import device_cost
    from core.shipping.trimming import trim

    first = [run for run in runs() if run.seed not in REPEATED]  # of the others, numbers alone
    done = [run for run in first if run_folder.is_finished(run.folder)]
    for run in done:
        explain(run)
    for run in done:
        if cost_file.read(run.folder) is None:
            device_cost.measure(run.folder)
    trim(runs())
    return 0
