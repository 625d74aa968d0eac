"""A Siamese network on frozen releases: near for two of one person, far for two of two people."""

from operator import itemgetter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import fitting
from core.attacks.identity.gallery import Embeddings
from core.attacks.interface import AttackerView
from core.data.held import Rows
from core.data.on_device import pair_positions
from core.metrics import attributes, verification
from core.metrics.verification import Pairs
from core.seeding import seeded

EMBEDDING = 64
PEOPLE = 64  # in a batch, with two photographs each
TEMPERATURE = 0.1
RECIPE = fitting.Recipe(2e-3, enough=2e-3, patience=3)  # a look gives an AUC
LOOK_EVERY = 25  # steps between two looks at the validation pairs
MOST_STEPS = 1000


def pair_loss(embeddings: Tensor, identities: Tensor) -> Tensor:
    """Softmax over cosines, in both directions (Sohn, "Improved deep metric learning with multi-class
    N-pair loss", NIPS 2016). embeddings (B, d), identities (B,): rows 2i and 2i + 1 show one person.
    """
    unit = functional.normalize(embeddings)
    cosines = unit[0::2] @ unit[1::2].T / TEMPERATURE
    right = torch.arange(len(cosines), device=cosines.device)
    again = identities[0::2, None] == identities[None, 1::2]  # a person twice in one batch
    again[right, right] = False
    cosines = cosines.masked_fill(again, -1e4)
    both = functional.cross_entropy(cosines, right) + functional.cross_entropy(cosines.T, right)
    return both / 2


def embedded(
    view: AttackerView, split: str, pairs: Pairs, generator: Generator
) -> tuple[float, Embeddings]:
    """(AUC on validation, embeddings of "validation" and "test") of the better of a dense network
    on the flattened release and, for maps, a convolutional one, trained on the people of `split`.

    pairs: of the validation people, whose AUC ends the training and chooses.
    """
    readers = fitting.readers(view, split, EMBEDDING, (256,), (0.1, 0.3), generator)
    found = [_train(reader, view.identities[split], pairs, generator) for reader in readers]
    return max(found, key=itemgetter(0))


def _train(
    reader: fitting.Reader, people: NDArray[np.int64], pairs: Pairs, generator: Generator
) -> tuple[float, Embeddings]:
    """(validation AUC, embeddings) of the running average of a head's weights at its best look;
    training ends when the AUC on validation pairs stops rising."""
    data = reader.data
    device = data["train"].device
    identities = torch.as_tensor(people, device=device)
    order = int(torch.randint(2**31, (), generator=generator))

    def loss(embeddings: Tensor, rows: Tensor) -> Tensor:
        return pair_loss(embeddings, identities[rows])

    def look(average: nn.Module) -> float:
        apart = verification.distances(_embeddings(average, data["validation"]), pairs)
        return attributes.auc(pairs.same, -apart)

    with seeded(generator, device):
        average, best = fitting.fit_on(
            data["train"],
            reader.build(),
            (
                (
                    pair_positions(people, 2 * PEOPLE, step + k, order, "siamese")
                    for k in range(LOOK_EVERY)
                )
                for step in range(0, MOST_STEPS, LOOK_EVERY)
            ),
            loss,
            look,
            RECIPE,
            reader.augment,
        )
    return best, {s: _embeddings(average, data[s]) for s in ("validation", "test")}


def _embeddings(network: nn.Module, data: Rows) -> NDArray[np.float32]:
    """Embeddings of length 1, (n, EMBEDDING): the cosine decides."""
    return functional.normalize(fitting.predict(network, data)).cpu().numpy()
