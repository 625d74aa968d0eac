"""Re-identification by the nearest photograph or person: as releases are, by discriminant analysis,
and by a network that learned what makes two photographs one."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.attacks.declare import attack
from core.attacks.identity import gallery
from core.attacks.identity.gallery import Matcher, with_two
from core.attacks.identity.verification import drawn
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator, Tensor

SHRINKAGES = (0.001, 0.03, 0.1, 0.3, 0.6)  # share of the mean variance in the one within a person
FEW = 64  # axes
NARROW = 32  # dimensions up to which curved functions of a release are looked at, too
WAVES = 500


@attack(title="photo matcher (nearest neighbour)", target="identity", default=True)
def nearest_neighbour(view: AttackerView, generator: Generator) -> Result:
    """1-nearest-neighbour among the test identities, on features standardised by the attacker's.

    Half of each identity's photographs, the same for every release of them, are the gallery; the
    rest are probes (`gallery.scored`, with the bound on the Bayes error). Empty result when fewer
    than two test identities have two photographs.
    """
    from core.attacks import features as flat

    standard = flat.standardiser(view.z["attacker"])
    matcher = gallery.Matcher(lambda split: flat.compared(view.z[split], standard).cpu().numpy())
    return gallery.scored(view, matcher, matcher, "nearest_neighbour", bayes_bound=True)


@attack(
    title="photo matcher that learned what stays the same (discriminant analysis)",
    target="identity",
)
def discriminant(view: AttackerView, generator: Generator) -> Result:
    """Fisher's linear discriminants, learned on the attacker's people, then the nearest photograph
    or person (Fisher, Annals of Eugenics 7, 1936; Belhumeur, Hespanha and Kriegman, "Eigenfaces
    vs. Fisherfaces", IEEE TPAMI 19, 1997).

    Principal axes of the standardised release are turned and scaled so that photographs of one
    person have variance 1 in every direction, then onto the directions in which people differ
    most. Chosen on validation people, once to name people and once to tell pairs apart: the
    shrinkage of the variance within a person; the weighting of axes (all the same, the first `FEW`
    alone, or the posterior mean of Ioffe, "Probabilistic linear discriminant analysis", ECCV 2006);
    Euclidean distance or cosine; nearest photograph or person.

    A release of at most `NARROW` dimensions is also looked at through products of its coordinates
    and through random waves (Rahimi and Recht, "Random features for large-scale kernel machines",
    NIPS 2007). Empty result where fewer than two of the attacker's or of the test people have two
    photographs.
    """
    from core.attacks import features as flat

    people = view.identities["attacker"]
    if with_two(people) < 2 or with_two(view.identities["test"]) < 2:
        return Result()
    sources = [flat.flat_features(view, "attacker", turned=True)]
    if view.z["attacker"][0].numel() <= NARROW:
        sources += _curved(flat.flat_features(view, "attacker", turned=False), generator)
    embeds = (
        partial(_projected, features, axes)
        for features in sources
        for axes in _axes(features["train"], people)
    )
    matchers = (
        Matcher(embed, average, unit)
        for embed in embeds
        for unit in (False, True)
        for average in (False, True)
    )
    return gallery.scored(view, *gallery.best(view, matchers), "discriminant")


@attack(title="photo matcher with its own network (Siamese network)", target="identity")
def embedding(view: AttackerView, generator: Generator) -> Result:
    """A Siamese network (`core.attacks.identity.pair_network`) trained on the attacker's people until
    pairs of validation people are told apart no better; then the photograph, or the person, with
    the nearest embedding, whichever names more of the validation people (`gallery.scored`).

    Empty result where fewer than two of the attacker's, validation's or test people have two
    photographs.
    """
    from core.attacks.identity.pair_network import embedded

    splits = ("attacker", "validation", "test")
    if min(with_two(view.identities[split]) for split in splits) < 2:
        return Result()
    _, embeddings = embedded(view, "attacker", drawn(view)["validation"], generator)
    matchers = (Matcher(embeddings.__getitem__, mean, unit=True) for mean in (False, True))
    return gallery.scored(view, *gallery.best(view, matchers), "embedding")


def _projected(features: dict[str, Tensor], axes: Tensor, split: str) -> NDArray[np.float32]:
    return (features[split] @ axes).cpu().numpy()


def _curved(features: dict[str, Tensor], generator: Generator) -> list[dict[str, Tensor]]:
    """Standardised features (n, d) with their products, and with random waves of them; both
    standardised again."""
    import torch

    from core.attacks import features as flat

    width = features["train"].shape[1]
    device = features["train"].device
    one, two = torch.triu_indices(width, width, device=device)
    ways = (torch.randn(width, WAVES, generator=generator) / width**0.5).to(device)
    shift = (2 * torch.pi * torch.rand(WAVES, generator=generator)).to(device)
    found = []
    for curve in (lambda z: z[:, one] * z[:, two], lambda z: torch.cos(z @ ways + shift)):
        wide = {part: torch.cat((z, curve(z)), 1) for part, z in features.items()}
        standard = flat.standardiser(wide["train"])
        found.append({part: standard(z) for part, z in wide.items()})
    return found


def _axes(features: Tensor, people: NDArray[np.int64]) -> Iterator[Tensor]:
    """Maps (r, k) onto discriminants of features (n, r) of people (n,), for every shrinkage and
    weighting."""
    import torch

    _, names, counts = np.unique(people, return_inverse=True, return_counts=True)
    codes = torch.as_tensor(names, device=features.device)
    size = torch.as_tensor(counts, device=features.device).float()
    means = torch.zeros(len(counts), features.shape[1], device=features.device)
    means = means.index_add_(0, codes, features) / size[:, None]
    rest = features - means[codes]
    within = (rest.T @ rest).double() / max(1, len(features) - len(counts))
    values, vectors = torch.linalg.eigh(within)
    values, vectors = values.clamp_min(0).float(), vectors.float()
    # People may be told apart by coordinates that are exactly the same on all their photographs.
    whole = features.square().mean()
    level = torch.maximum(values.mean(), 1e-6 * whole).clamp_min(1e-30)
    centred = (means - features.mean(0)) * size.sqrt()[:, None]
    each = float(size.mean())
    for shrinkage in SHRINKAGES:
        whiten = vectors / ((1 - shrinkage) * values + shrinkage * level).sqrt()
        _, spread, directions = torch.linalg.svd(centred @ whiten, full_matrices=False)
        turned = whiten @ directions.T
        # Variance between people, of which 1 / each is what means of few photographs vary anyway.
        between = (spread.square() / max(1, len(counts) - 1) / each - 1 / each).clamp_min(0)
        yield turned
        yield turned * (between / (between + 1)).sqrt()
        if turned.shape[1] > FEW:
            yield turned[:, :FEW]
