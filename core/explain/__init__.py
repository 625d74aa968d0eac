"""What pages show of a run beside its numbers: where an attacker looks, how releases lie.

An explanation is one file with one function and one line in `EXPLANATIONS`. It is computed once
for each release value of a finished run (or once, `ONCE`), kept in its folder
(`core.storage.explanations`) and read back without torch.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tqdm import tqdm

from core import results
from core.attacks.attackers import WORST_CASE
from core.errors import PenumbraError
from core.explain import answers, noise
from core.explain.attention import attention_maps
from core.explain.embedding import embedding_maps
from core.explain.subject import Subject
from core.methods import METHODS
from core.run import Run
from core.seeding import generator_for
from core.storage import attack_folders, explanations, whole_folders
from core.storage.explanations import Explanation, place
from core.torch_types import Generator

# (subject, generator) -> (arrays for arrays.npz, never objects; facts for facts.json, finite).
# Files of explanations import torch and its like within functions: the app imports this module.
EXPLANATIONS: dict[str, Callable[[Subject, Generator], Explanation]] = {
    "attention": attention_maps,
    "embedding": embedding_maps,
    "noise": noise.noise,
    "answers": answers.answers,
}
# The runs that an explanation is of, where it is not of all.
APPLIES: dict[str, Callable[[Run], bool]] = {
    "attention": lambda run: not answers.applies(run),
    "embedding": lambda run: not answers.applies(run),
    "noise": noise.applies,
    "answers": answers.applies,
}
ONCE = {"noise"}  # the same at every release value: computed once, without one


def explain(
    run: Run | Path | str,
    names: Sequence[str] | None = None,
    device: str = "auto",
    progress: bool = True,
) -> None:
    """Compute the missing explanations of a finished run, once for each release value at which it
    was attacked (of its knob's grid where it has not been).

    run    a Run, or its folder
    names  of `EXPLANATIONS`; default: all

    What is done already is left as it is, and what another process is at is left to it. Raises
    PenumbraError when the run is unfinished, damaged, or its data set has changed.
    """
    folder = run.folder if isinstance(run, Run) else Path(run)
    wanted = list(EXPLANATIONS if names is None else names)
    for name in wanted:
        if name not in EXPLANATIONS:
            raise PenumbraError(
                f"unknown explanation {name!r}; choose from {', '.join(EXPLANATIONS)}"
            )
    described = results.read_run(folder)
    wanted = [name for name in wanted if name not in APPLIES or APPLIES[name](described)]
    each = [name for name in wanted if name not in ONCE]
    pending = [(name, value) for value in (release_values(folder) if each else ()) for name in each]
    pending += [(name, None) for name in wanted if name in ONCE]
    pending = [
        (name, value)
        for name, value in pending
        if not whole_folders.is_done(place(folder, name, value))
    ]
    if not pending:
        return
    from core.evaluate import open_run, view_at

    opened = open_run(folder, device, progress)
    run, model, faces = opened.run, opened.model, opened.faces
    for value, group in groupby(pending, itemgetter(1)):
        view = None  # one for all of them; two at once may not fit into memory
        for name, _ in group:
            target = place(folder, name, value)
            with whole_folders.taken(target, run.lock(f"explain-{target.name}")) as mine:
                if mine:
                    # what is computed once looks at no release: at any value there is one
                    at = METHODS[run.method].release_values[0] if name in ONCE else value
                    view = view or view_at(opened, at, recognisers=False)
                    generator = generator_for(f"explain/{run.seed}/{name}/{value}")
                    explained = EXPLANATIONS[name](
                        Subject(folder, run, value, faces, model, view), generator
                    )
                    explanations.save(target, *explained)
                    if progress:
                        tqdm.write(f"{run.id} {target.name}: explained")


def release_values(folder: Path) -> list[float | None]:
    """The release values at which a run was attacked, in rising order; the knob's grid where it has
    not been attacked; [None] for a method without such a knob."""
    usual = METHODS[results.read_run(folder).method].release_values
    attacked = attack_folders.values(folder, "strict", WORST_CASE.name) - {None}
    return usual if usual == [None] else sorted(attacked) or usual  # type: ignore[type-var]


def read(folder: Path | str, name: str, value: float | None = None) -> Explanation:
    """(arrays, facts) of one explanation of a run at one release value; needs no torch.

    Raises PenumbraError, with the command that mends it, where it has not been computed or is
    damaged.
    """
    target = place(Path(folder), name, value)
    run_id = target.parent.parent.name
    missing = f"{run_id} has no finished {target.name}"
    return explanations.read(target, missing, f"run python -m core explain {run_id} --only {name}")
