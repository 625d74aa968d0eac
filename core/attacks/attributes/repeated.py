"""Releases that hold noise, asked for again and again.

Attackers that have the encoder can release their own photographs as often as they like, and so
learn what is noise (`informed`); those that get several releases of one photograph can average it
away (`averaging`).
"""

from dataclasses import replace

import numpy as np

from core.attacks.declare import attack
from core.attacks.identity.matchers import discriminant, nearest_neighbour
from core.attacks.interface import AttackerView, Result, check_finite
from core.torch_types import Generator

COPIES = 4  # releases of each of the attacker's photographs that `informed` learns from
REPEATS = 16  # releases of one photograph that `averaging` has


@attack(title="attacker who learned the noise", target="attribute", made_of=("logistic", "mlp"))
def informed(view: AttackerView, generator: Generator) -> Result:
    """Logistic regression and MLP, the better on validation, trained on `COPIES` releases of each
    of the attacker's photographs, scored on one release of each test photograph.

    Empty result where a release holds no noise, or is so wide that several would not fit. Rows and
    arrays as a probe's, without the tasks.
    """
    import torch

    from core.attacks import features as flat
    from core.attacks.attributes.classifiers import fit_logistic, fit_mlp
    from core.attacks.attributes.scoring import best_of, probe
    from core.attacks.releases import draws_noise, released
    from core.data.held import joined

    if not draws_noise(view.release, view.x["validation"]):
        return Result()
    z, copies = view.z["attacker"], COPIES
    if z[0].numel() >= flat.WIDE:
        copies = min(COPIES, flat.LARGE // len(z))  # no more rows than can be turned
    if copies < 2:
        return Result()
    seeds = torch.randint(2**31, (copies - 1,), generator=generator).tolist()
    more = [released(view.release, view.x["attacker"], seed) for seed in seeds]
    rows = np.tile(np.arange(len(z)), copies)
    given = view.with_attacker(joined([z, *more]), rows)
    check_finite(given)  # it holds releases that the attack's own check has not seen
    return probe(given, generator, "informed", best_of(fit_logistic, fit_mlp), ["attacker"])


@attack(
    title=f"attacker with {REPEATS} releases of each photograph",
    target="attribute",
    made_of=("logistic", "kernel", "mlp", "nearest_neighbour", "discriminant"),
)
def averaging(view: AttackerView, generator: Generator) -> Result:
    """What is read where every photograph was released `REPEATS` times and the releases averaged:
    attributes by logistic regression, kernel ridge regression or MLP, identities by the nearest
    neighbour or by linear discriminants, each the best on validation.

    Empty result where a release holds no noise. No arrays: having been given more than the others,
    it does not compete with them.
    """
    import torch

    from core.attacks.attributes.classifiers import fit_logistic, fit_mlp
    from core.attacks.attributes.kernels import fit_kernel
    from core.attacks.attributes.scoring import best_of, probe
    from core.attacks.releases import averaged, draws_noise

    if not draws_noise(view.release, view.x["validation"]):
        return Result()
    parts = ("attacker", "validation", "test")
    seeds = torch.randint(2**31, (REPEATS - 1,), generator=generator).tolist()
    # Seeds of its own for every split: the same noise on all sides would be no noise.
    means = {
        part: averaged(view.release, view.z[part], view.x[part], [s + len(part) for s in seeds])
        for part in parts
    }
    given = replace(view, z=view.z | means)
    check_finite(given)
    family = best_of(fit_logistic, fit_kernel, fit_mlp)
    rows = probe(given, generator, "averaging", family, ["attacker"]).findings
    matchers = [match.run(given, generator) for match in (nearest_neighbour, discriminant)]
    matchers = [found for found in matchers if "validation" in found.arrays]
    if matchers:
        best = max(matchers, key=lambda found: float(found.arrays["validation"][0]))
        named = [row for row in best.findings if row["metric"] == "top1_accuracy"]
        rows += [row | {"attacker": "averaging"} for row in named]
    return Result(rows)
