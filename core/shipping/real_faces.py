"""What comes with Penumbra of photographs of people: numbers alone.

`python -m core shipped --dataset celeba_64` trains and attacks one setting after the other, the most
telling and fastest first, in the folder that PENUMBRA_CHECKPOINTS names, never in the repository.
As soon as a setting has been attacked by all that are planned, its numbers are exported to the
repository (`core.shipping.numbers_export`): the command can be ended at any time, and given again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from core import data
from core.analysis import device_cost, training_time
from core.errors import PenumbraError
from core.methods import METHODS
from core.run import ROOT, Run, checkpoints
from core.shipping import shipped
from core.shipping.numbers_export import export
from core.shipping.shipped import FEW, GENDER, PICTURES, REPEATED, SMILE, XIAO, Plan
from core.storage import attack_folders, cost_file, numbers_only, run_folder
from core.storage.attack_folders import Task
from core.storage.numbers_only import NumbersOnly
from core.sweep import sweep

# One decoder that all releases have, and the method's own trained afresh: each further one takes
# minutes, and on the synthetic faces none of them draws a picture that is clearly more alike.
MAPS = ("mirrored_decoder", "retrained_reconstructor")
NUMBERS = (*MAPS, "kernel_redrawer")


class RealFaces(NamedTuple):
    """A data set of photographs of people.

    said    what the app says of it
    people  how many of the people are used (the option of `core.data`), None for all
    plans   in the order in which they are worked off
    counted a data set of more people, where it is registered under this name: certificates count
            them as well
    """

    said: NumbersOnly
    people: int | None
    plans: tuple[Plan, ...]
    counted: str = ""


SETS = {
    # Many people with a few photographs each: what a service and an attacker read from a face.
    "celeba_64": RealFaces(
        NumbersOnly(
            title="CelebA",
            whose="CelebA",
            made_of="Photographs of 2,400 people, drawn by their names from 8,119 of CelebA's, at "
            "64 × 64 pixels.",
            own_name="celeba",
            source="celeba",
        ),
        2400,  # as many photographs as the synthetic set has
        (
            # Every method as its paper has it, and what it has to be compared with.
            Plan("original", decoders=MAPS),
            Plan("deep_obfuscator", decoders=MAPS),
            Plan("answer_only", decoders=NUMBERS),
            Plan("certified_code", decoders=FEW),
            Plan("pric", decoders=MAPS),
            Plan("dpfe", ({},), SMILE, GENDER, (0.0, 0.5), decoders=NUMBERS),
            Plan("aia", ({},), SMILE, GENDER, decoders=MAPS),
            # Its own network undefended is what this one is compared with.
            Plan(XIAO, ({"lambda1": (1.0, 0.0)},), decoders=NUMBERS),
            Plan("pixelate", release=(8.0,), decoders=PICTURES),
            Plan("blur", release=(6.0,), decoders=PICTURES),
            # A weaker and a stronger value of each first knob.
            Plan("deep_obfuscator", ({"lambda1": (5.0, 0.0)},), decoders=MAPS),
            Plan("pric", ({"lambda": (0.0, 1.0)},), decoders=MAPS, paper_curve=True),
            Plan("aia", ({"alpha": (0.0, 1.0)},), SMILE, GENDER, decoders=MAPS),
            Plan(XIAO, ({"lambda1": (5.0,)},), decoders=NUMBERS),
            # Noise, which takes its attackers longer than anything else.
            Plan("random_replace", release=(0.9,), decoders=PICTURES),
            Plan("image_noise", release=(0.4,), decoders=PICTURES),
            Plan("noisy_features", release=(0.4,), decoders=MAPS),
            # Of other authors, at three settings each; and code words for whatever is asked later.
            Plan("fair_tree", ({"gamma": (0.0, 0.5, 0.9)},), decoders=FEW),
            Plan("leace", ({"share": (0.0, 0.9, 1.0)},), decoders=FEW),
            Plan("kernel_adversarial", ({"lambda": (0.0, 0.5, 0.9)},), decoders=FEW),
            Plan("vib", ({"beta": (0.0001, 0.01, 0.1)},), decoders=FEW),
            Plan("maxent_arl", ({"alpha": (0.1, 1.0, 10.0)},), decoders=FEW),
            Plan("conditional_entropy", ({"lambda": (0.0, 1.0, 20.0)},), decoders=MAPS),
            Plan("universal_code", decoders=FEW),
            # Whether another training would have said the same.
            Plan("deep_obfuscator", seeds=REPEATED, decoders=MAPS),
            Plan("original", seeds=REPEATED, decoders=MAPS),
            Plan("pric", seeds=REPEATED, decoders=MAPS),
            # The papers' own baselines, a cut two layers before, hardened variants.
            Plan("dpfe_simple", ({},), SMILE, GENDER, (0.0, 0.5), decoders=NUMBERS),
            Plan("dpfe_m0", ({},), SMILE, GENDER, decoders=MAPS),
            Plan("aia_original", ({},), SMILE, GENDER, decoders=MAPS),
            Plan("aia_random", ({},), SMILE, GENDER, (0.5,), decoders=MAPS),
            Plan(XIAO, schedule={"layer": 3}, decoders=NUMBERS),
            Plan("deep_obfuscator_hardened", decoders=MAPS),
            Plan("dpfe_hardened", release=(0.0,), decoders=NUMBERS),
            Plan("pric_hardened", decoders=MAPS),
            # What takes longest for what it tells: the other values of the filters.
            Plan("pixelate", decoders=PICTURES),
            Plan("blur", decoders=PICTURES),
            Plan("image_noise", decoders=PICTURES),
            Plan("random_replace", decoders=PICTURES),
        ),
        counted="celeba_people",
    ),
    # Few people with many photographs each: who somebody is.
    "celeba_128": RealFaces(
        NumbersOnly(
            title="CelebA, many photographs of each person",
            whose="CelebA",
            made_of="All 4,950 photographs of 241 of CelebA's people, at 64 × 64 pixels.",
            own_name="celeba",
            source="celeba",
        ),
        None,
        (
            Plan("original", decoders=MAPS),
            Plan("dpfe", release=(0.0, 0.5), decoders=NUMBERS),
            Plan("dpfe_simple", release=(0.0, 0.5), decoders=NUMBERS),
            Plan("aia", decoders=MAPS),
            Plan("aia_original", decoders=MAPS),
            Plan("deep_obfuscator", decoders=MAPS),
            Plan("answer_only", decoders=NUMBERS),
            Plan("aia", ({"alpha": (0.0, 1.0)},), decoders=MAPS),
            Plan("aia_random", release=(0.5,), decoders=MAPS),
            Plan("dpfe_m0", decoders=MAPS),
            Plan("pixelate", release=(8.0,), decoders=PICTURES),
            Plan("blur", release=(6.0,), decoders=PICTURES),
            Plan("dpfe", release=(0.0, 0.1, 0.5, 2.5), decoders=NUMBERS),
            Plan("dpfe", release=(0.0,), seeds=REPEATED, decoders=NUMBERS),
            Plan("dpfe", ({"beta": (5.0, 0.0)},), release=(0.0,), decoders=NUMBERS),
            Plan("aia", seeds=REPEATED, decoders=MAPS),
            Plan("aia_hardened", decoders=MAPS),
            Plan("image_noise", release=(0.4,), decoders=PICTURES),
            Plan("random_replace", release=(0.9,), decoders=PICTURES),
        ),
    ),
}


def repository() -> Path:
    """Where the numbers go."""
    return ROOT / "checkpoints"


def steps(dataset: str) -> Iterator[tuple[Plan, Run]]:
    """What there is to do, in order."""
    for plan in SETS[dataset].plans:
        for run in shipped.of_plan(plan, dataset):
            yield plan, run


def check(dataset: str) -> None:
    """Raise PenumbraError where the networks would come to lie in the repository, or where the data
    set is not registered here as the plan wants it."""
    if checkpoints().is_relative_to(ROOT):
        raise PenumbraError(
            f"networks trained on photographs of people do not belong into {ROOT}: set "
            "PENUMBRA_CHECKPOINTS to a folder elsewhere and give the command again"
        )
    people = SETS[dataset].people
    option = "" if people is None else f" --option people={people}"
    command = (
        f"python -m core data add {dataset} --source {SETS[dataset].said.source} --path FOLDER"
    )
    entry = data.catalogue().get(dataset)
    if entry is None or entry["options"].get("people") != people:
        wrong = "is not registered here" if entry is None else "is registered in another way"
        first = "" if entry is None else f"python -m core data remove {dataset}, then "
        raise PenumbraError(f"{dataset} {wrong}; give: {first}{command}{option}")


def build(dataset: str, device: str) -> int:
    """Train, attack and export what is not done, in order; returns the exit status. Several
    processes at once divide the runs among themselves."""
    check(dataset)
    failures = []
    for plan, run in steps(dataset):
        try:
            with FileLock(run.lock("shipped"), timeout=0):
                failures += sweep([run], device, evaluate=False)
                if run_folder.is_finished(run.folder):
                    shipped.attack(run, plan, device)
                    count(dataset, run, plan, device)
                    hand_over(dataset, run)
        except Timeout:
            continue  # another process is at it
        except PenumbraError as error:
            failures.append(f"{run.id}: {error}")
            print(failures[-1])
    return 1 if failures else 0


def count(dataset: str, run: Run, plan: Plan, device: str) -> None:
    """Certify a run on the people of `RealFaces.counted` as well, where they are registered."""
    from core import evaluate

    people = SETS[dataset].counted
    if people in data.catalogue() and METHODS[run.method].finite:
        opened = evaluate.open_run(run.folder, device)
        evaluate.certify(opened, shipped.values(run, plan), people)


def finish(dataset: str) -> int:
    """What comes after all runs, on a machine that has nothing else to do by then: what each costs the
    device, and handing all over once more. Returns 0."""
    runs = {run.id: run for _, run in steps(dataset)}.values()
    done = [run for run in runs if run_folder.is_finished(run.folder)]
    for run in done:
        if cost_file.read(run.folder) is None:
            device_cost.measure(run.folder)
    handed = sum(hand_over(dataset, run) for run in done)
    print(f"{handed} settings of {dataset} are in {repository() / dataset}")
    return 0


def hand_over(dataset: str, run: Run) -> int:
    """Export what is whole of a finished run; returns how many settings that is."""
    values = whole(dataset, run)
    if values:
        folder = export(run.folder, repository(), values)
        numbers_only.declare(folder.parent, SETS[dataset].said)
        print(f"{run.id}: the numbers are in {folder}", flush=True)
    return len(values)


def whole(dataset: str, run: Run) -> list[float | None]:
    """The release values of a run at which all that one plan wants is done."""
    return [
        value
        for value in METHODS[run.method].release_values
        if any(
            value in shipped.values(run, plan) and not missing(plan, run, value)
            for plan, other in steps(dataset)
            if other.id == run.id
        )
    ]


def missing(plan: Plan, run: Run, value: float | None) -> list[str]:
    """The attacks of a plan that are not done at one release value."""
    return [
        f"{protocol} {attack}"
        for protocol, attacks in shipped.attackers(run, plan).items()
        for attack in attacks
        if not attack_folders.is_done(run.folder, Task(protocol, attack, value))
    ]


def table(dataset: str) -> list[str]:
    """The plan as lines: what is there, and what the rest may take by what was timed here."""
    lines, ahead, untimed = [], 0.0, 0
    settings: set[tuple[str, float | None]] = set()
    for number, (plan, run) in enumerate(steps(dataset), 1):
        values = shipped.values(run, plan)
        left = [value for value in values if missing(plan, run, value)]
        settings |= {(run.id, value) for value in values}
        expected = training_time.estimate([run])["seconds"] if left else 0.0
        untimed += expected is None
        ahead += expected or 0.0
        said = "done" if not left else "not timed" if expected is None else _minutes(expected)
        knobs = [f"{name}={value:g}" for name, value in (run.knobs | run.schedule).items()]
        at = ",".join(f"{value:g}" for value in values if value is not None)
        about = [*knobs, f"release {at}" if at else "", f"seed {run.seed}" if run.seed else ""]
        words = "  ".join((f"{number:3}", f"{said:>10}", run.id, *filter(None, about)))
        lines.append(words)
    parts = [f"about {_minutes(ahead)} of one process"] if ahead or not untimed else []
    parts += [f"{untimed} trainings of methods that none was timed of here"] if untimed else []
    return [*lines, f"{len(settings)} settings; ahead: {', and '.join(parts)}"]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
