"""Attackers that are no attacks of their own: chosen from others, brought along by a method, or
asked in a study.

What a method brings along is its own task head, and the adversaries of its training, whose numbers
are what the papers report.
"""

from core.attacks.declare import Attacker, Network, OwnNetwork, own_network
from core.attacks.identity import verification
from core.attacks.interface import AttackerView, Result, attribute_result, rows
from core.methods.declare import attributes_among
from core.metrics import images, of_pictures
from core.metrics.intervals import measured_mean
from core.torch_types import Rows, Tensor

BATCH = 256  # releases that a network reads at once


@own_network(title="the method's own task network", protocols=("strict", "paper"), serves=True)
def own_head(view: AttackerView, head: Network, protocol: str) -> Result:
    """The method's own classifier on the tasks of the test photographs.

    Strict: the threshold is chosen on validation, as for every fresh head. Paper: it is the
    network's own decision, logit 0.
    """
    return _scored(
        view, head, view.tasks, "own_head", threshold=None if protocol == "strict" else 0.0
    )


@own_network(title="the method's own pair matcher", protocols=("strict", "paper"), serves=True)
def own_verifier(view: AttackerView, embed: Network, protocol: str) -> Result:
    """The method's own Siamese network on pairs of test photographs of unseen people
    (`verification.scored`).

    Strict: the threshold is chosen on validation pairs, as for every fresh head. Paper: it is the
    network's own decision, distance 1. Empty result where no two people have two photographs.
    """
    pairs = verification.drawn(view)
    if min(len(drawn.same) for drawn in pairs.values()) == 0:
        return Result()
    embeddings = {split: _outputs(embed, view.z[split]).cpu().numpy() for split in pairs}
    threshold = None if protocol == "strict" else 1.0
    return verification.scored(view, embeddings, "own_verifier", pairs, threshold)


@own_network(title="the method's own sparring partner", protocols=("paper",))
def training_adversary(view: AttackerView, adversary: Network, protocol: str) -> Result:
    """The adversary classifier of the training loop on the private attributes, decision at 0."""
    return _scored(view, adversary, view.private, "training_adversary", threshold=0.0)


@own_network(title="the method's own redrawer", protocols=("paper",), keeps_pictures=True)
def training_reconstructor(view: AttackerView, reconstructor: Network, protocol: str) -> Result:
    """The adversary reconstructor of the training loop: mean MS-SSIM, SSIM and PSNR on test.

    It competes for no worst case. Arrays: `kept_for_people` of the first `MOST_PICTURES` of
    `view.pictured`, which every attacker's pictures show, too.
    """
    import torch

    from core.attacks.reconstruction.scoring import MOST_PICTURES, kept_for_people

    def draw(z: Tensor) -> Tensor:
        with torch.no_grad():
            return reconstructor(z).float().clamp(0, 1)

    z, x, people = view.z["test"], view.x["test"], view.identities["test"]
    both = zip(z.split(BATCH), x.split(BATCH), strict=True)
    parts = [images.similarities(draw(part), truth, of_pictures()) for part, truth in both]
    quality = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    measured = {name: measured_mean(values, people) for name, values in quality.items()}
    shown = view.pictured[:MOST_PICTURES]
    drawn = (255 * draw(z[torch.from_numpy(shown)])).round().to(torch.uint8)
    of_shown = {name: values[torch.from_numpy(shown)] for name, values in quality.items()}
    arrays = kept_for_people(view, drawn, of_shown, shown, shown)
    return Result(rows(measured, people, "image", "training_reconstructor"), arrays)


def _scored(
    view: AttackerView,
    network: Network,
    names: tuple[str, ...],
    attacker: str,
    threshold: float | None,
) -> Result:
    outputs = {s: _outputs(network, view.z[s]).cpu().numpy() for s in ("validation", "test")}
    scores = {
        name: {split: found[:, column] for split, found in outputs.items()}
        for column, name in enumerate(attributes_among(names))
    }
    return attribute_result(
        attacker, scores, view.truth, view.identities["test"], view.role, threshold
    )


def _outputs(network: Network, z: Rows) -> Tensor:
    import torch

    with torch.no_grad():
        return torch.cat([network(part).float() for part in z.split(BATCH)])


OWN_NETWORKS: dict[str, OwnNetwork] = {
    network.name: network
    for network in (own_head, own_verifier, training_adversary, training_reconstructor)
}

# Decoders that methods train along with themselves.
OWN_DECODERS = tuple(network.name for network in OWN_NETWORKS.values() if network.keeps_pictures)


def shown_under(attacker: str) -> str:
    """The protocol under which an attacker's pictures of the photographs lie that are kept for
    people. Those of a method's own decoder are the same photographs, scored as its paper does."""
    own = OWN_NETWORKS.get(attacker)
    return "strict" if own is None or "strict" in own.protocols else own.protocols[0]


WORST_CASE = Attacker(name="worst_case", title="strongest attacker")
BEST_HEAD = Attacker(name="best_head", title="best fresh task network", serves=True)
ENSEMBLE = Attacker(name="ensemble", title="all attackers together")
CERTIFICATE = Attacker(name="certificate", title="no attacker whatever")

# Of studies: participants, and machines that are asked the same questions.
HUMAN = Attacker(name="human", title="people")
MACHINE_RELEASE = Attacker(
    name="machine_release", title="nearest neighbour on what is released, asked the same"
)
MACHINE_PICTURE = Attacker(name="machine_picture", title="face network that sees the same pictures")

OTHERS: dict[str, Attacker] = {
    attacker.name: attacker
    for attacker in (
        WORST_CASE,
        BEST_HEAD,
        ENSEMBLE,
        CERTIFICATE,
        *OWN_NETWORKS.values(),
        HUMAN,
        MACHINE_RELEASE,
        MACHINE_PICTURE,
    )
}
