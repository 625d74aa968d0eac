"""CEM: Xia, Yu, Yang, Ding, Chen, Duan, Kot & Jiang, "Theoretical insights in model inversion robustness
and conditional entropy maximization for collaborative inference systems", CVPR 2025.

The error of every attacker that reconstructs the picture x from a release z is at least a growing
function of H(x | z) (section 3). With z = f(x) + N(0, noise^2), H(x | z) = H(x) - I(x; z), and where f(x) is
described by a Gaussian mixture I(x; z) is at most what `core.losses.information_bound` gives: that is
minimised along with the task (section 4), so that the mixture's clusters shrink below the noise. As in
the authors' code the mixture has several clusters in each class of the task, diagonal covariances, and
its bound is averaged over the map's numbers.
"""

from collections.abc import Callable, Iterator
from typing import Any

from core.methods.baselines.original import COMPACT, PAPER, task_networks, task_stage
from core.methods.declare import Batch, Choice, Knob, Method, Model, Phase, columns, stage_of
from core.methods.others import features
from core.run import Run
from core.seeding import generator_for
from core.torch_types import Generator, Tensor

STARTED_FROM = 1000  # photographs on whose maps the first clusters are found
PACE = 0.1  # of the way to the mean of a batch's rows that a centre moves
PRESETS = {
    name: preset
    | {
        "schedule": preset["schedule"]
        | {"entropy_epochs": 10, "entropy_learning_rate": rate, "clusters": 4, "noise": 0.1}
    }
    for name, preset, rate in (("paper", PAPER, 1e-4), ("compact", COMPACT, 1e-3))
}


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """Pretrain on the tasks, find clusters, then train with noise and the bound."""
    import torch

    from core import losses
    from core.nets import closed_forms

    schedule, weight = settings["schedule"], run.knobs["lambda"]
    tasks, noise = columns(attributes, run.tasks), schedule["noise"]
    networks = task_networks(run, settings)
    obfuscator, classifier = networks["obfuscator"], networks["classifier"]
    size = settings["encoder"][1] * (settings["height"] // 4) * (settings["width"] // 4)
    centres = closed_forms.Centres(2 ** len(tasks), int(schedule["clusters"]), size)

    def noisy(z: Tensor, generator: Generator) -> Tensor:
        return z + noise * torch.randn(z.shape, generator=generator).to(z.device)

    def classes(batch: Batch) -> Tensor:
        return features.classes(batch.attributes[:, tasks])

    def confine(batch: Batch) -> dict[str, Tensor]:
        z = obfuscator(batch.x)
        logits = classifier(noisy(z, batch.generator))
        task = losses.cross_entropy(logits, batch.attributes[:, tasks])
        flat = z.flatten(1)
        number, centre = centres(flat, classes(batch))
        bound = losses.information_bound(flat, number, centre, noise) / size
        centres.follow(flat, number, PACE)
        return {"total": task + weight * bound, "task": task, "information": bound}

    def find_clusters(batches: Callable[[int], Iterator[Batch]]) -> None:
        found = [(obfuscator(b.x).flatten(1), classes(b)) for b in batches(STARTED_FROM)]
        z, group = (torch.cat(part) for part in zip(*found, strict=True))
        centres.start(z, group, generator_for(f"{run.seed}/clusters"))

    confining = Phase("confine", ("obfuscator", "classifier"), confine)
    stage = stage_of(schedule, "entropy", (confining,), prepare=find_clusters)
    return Model(
        networks=networks | {"centres": centres},
        stages=(task_stage(run, settings, networks, attributes), stage),
        release=lambda x, generator, value: noisy(obfuscator(x), generator),
        own_head=classifier,
    )


CONDITIONAL_ENTROPY = Method(
    name="conditional_entropy",
    title="Conditional entropy maximisation (CEM)",
    summary=(
        "A little noise is added to the features, and the network learns to make pictures of one kind so "
        "alike that the noise hides which of them it was. Made against redrawing the picture."
    ),
    citation="Xia et al., Theoretical insights in model inversion robustness and conditional entropy maximization",
    knobs=(
        Knob(
            name="lambda",
            symbol="λ",
            default=1.0,
            grid=(0.0, 0.1, 1.0, 5.0, 20.0),
            help="How hard the network works towards features that the noise hides; 0 leaves the noise alone.",
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#6A8F1F",
    noisy=True,
    choices=(Choice("clusters", words="{:g} clusters a class", between=(1, 64)),),
    training_only=("centres",),
    paper_attackers={},
    departures=(
        "The paper adds its term to other defences, too; here it stands alone, with noise of a fixed "
        "deviation of 0.1.",
        "The paper fits its clusters anew after each pass over the photographs; here they follow the "
        "features from batch to batch.",
        "The authors' code counts variances down to a threshold; here, as in the paper, against the "
        "variance of the noise.",
        "The paper squeezes the features through eight channels before it sends them; here they are "
        "those of the task network.",
    ),
)

METHODS = (CONDITIONAL_ENTROPY,)
