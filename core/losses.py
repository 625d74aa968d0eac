"""Loss functions: pure, one formula each, with the equation it comes from.

Sums over the N images of an equation are means over the batch here: a constant factor that leaves
Adam's steps and the trade-off between the terms as they are.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from core.metrics.multi_scale import ms_ssim

# Contrast terms below this are held there: x ** 0.0448 has no finite slope at 0, where strongly
# different pictures put it, and training would end in NaN.
SMALLEST_CONTRAST = 1e-4


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy summed over attributes, averaged over the batch.

    DeepObfuscator Eq. 1 (tasks) and Eq. 3 (private attributes); PRIC Eq. 1 (private attributes).
    logits, labels: (B, M); labels of 0 and 1. Scalar >= 0, in nats.
    """
    return (
        functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()
    )


def guessing(labels: Tensor) -> Tensor:
    """Cross-entropy of a guesser that knows how frequent each label is and sees nothing: the
    entropies of labels (B, M) of 0 and 1, summed over attributes. Scalar in [0, M log 2], in nats.
    Ours: the bound of hardened training (`core.methods.papers.hardening`)."""
    frequency = labels.mean(0)
    return torch.special.entr(frequency).sum() + torch.special.entr(1 - frequency).sum()


def dissimilarity(pictures: Tensor, others: Tensor) -> Tensor:
    """1 - MS-SSIM, averaged over the batch: DeepObfuscator Eq. 6 (against the original) and
    Eq. 8 (against a Gaussian noise image). Scalar in [0, 1]."""
    return 1 - ms_ssim(pictures, others, floor=SMALLEST_CONTRAST).mean()


def jensen_shannon_bound(matched: Tensor, mismatched: Tensor) -> Tensor:
    """PRIC Eq. 4, the Jensen-Shannon bound of I(x; z, u): -sp(-E(x, z, u)) - sp(E(x', z, u)), sp the
    softplus, of scores E (B,). Scalar < 0, averaged over the batch: -2 ln 2 where nothing is told
    apart, 0 in the limit."""
    return -functional.softplus(-matched).mean() - functional.softplus(mismatched).mean()


def contrastive(distances: Tensor, different: Tensor, margin: float) -> Tensor:
    """AIA Eq. 7: (1 - y) D^2 / 2 + y max(0, m - D)^2 / 2, averaged over the pairs, as printed: y
    is 1 for pairs of *different* people.

    distances: (P,) Euclidean, >= 0. different: (P,) of 0 and 1. Scalar >= 0.
    """
    together = distances.square()
    apart = (margin - distances).clamp(min=0).square()
    return 0.5 * torch.where(different.bool(), apart, together).mean()


def pair_distances(embeddings: Tensor, identities: Tensor) -> tuple[Tensor, Tensor]:
    """Distances D (P,) of the pairs of a batch and which of them show different people (P,) bool.

    embeddings (B, d) and identities (B,) come in pairs of one person, rows 2i and 2i + 1. Pairs of
    different people: the first of each person against the second of the next, if another one.
    """
    first, second = embeddings[0::2], embeddings[1::2]
    other = second.roll(-1, 0)
    stranger = identities[0::2] != identities[1::2].roll(-1, 0)
    squared = torch.cat(
        ((first - second).square().sum(1), (first - other).square().sum(1)[stranger])
    )
    different = torch.arange(len(squared), device=squared.device) >= len(first)
    return squared.clamp(min=1e-12).sqrt(), different  # the root has no slope at 0


def pixel_distance(pictures: Tensor, others: Tensor) -> Tensor:
    """||X^ - X||^2 of Xiao et al. (AAAI-20) Eqs. 1 and 7, as a mean over pixels and channels, compared
    in [-1, 1], the range of Figure 6's Tanh: (B,) in [0, 4] of pictures (B, 3, H, W) in [0, 1]."""
    return 4 * (pictures - others).square().flatten(1).mean(1)


def perceptual_distance(features: list[Tensor], others: list[Tensor]) -> Tensor:
    """||g(X^) - g(X)||^2 of Xiao Eqs. 4 and 8, summed over channels and layers, a mean over
    positions: (B,) in [0, 4 times the number of layers] of maps (B or 1, C, h, w) of
    `core.nets.perceptual.features`, of length 1 along C."""
    distances = [
        (a - b).square().sum(1).flatten(1).mean(1) for a, b in zip(features, others, strict=True)
    ]
    return torch.stack(distances).sum(0)


def adversarial(reconstructions: Tensor) -> Tensor:
    """Xiao Eq. 2, for the decoder: mean of log(1 - D(X^)), of D's logits (B,), positive for "a
    photograph". Scalar < 0."""
    return -functional.softplus(reconstructions).mean()


def discrimination(photographs: Tensor, reconstructions: Tensor) -> Tensor:
    """What D minimises: -log D(X) - log(1 - D(X^)), averaged over the batch, of its logits (B,).
    Scalar > 0.

    Eq. 3 of Xiao et al. as printed has D(X) and D(X^) the other way round and asks for its maximum:
    D would then call reconstructions photographs, which leaves Eq. 2 nothing to win. This is the
    loss of Goodfellow et al., NIPS 2014, which they cite.
    """
    return functional.softplus(-photographs).mean() + functional.softplus(reconstructions).mean()


def inversion(
    pixel: Tensor, adversarial: Tensor | float, perceptual: Tensor | float, mu1: float, mu2: float
) -> Tensor:
    """Xiao Eq. 5, for Dec and Dec^a: L_p + mu1 L_adv + mu2 L_perc."""
    return pixel + mu1 * adversarial + mu2 * perceptual


def same_secret(*secrets: Tensor) -> Tensor:
    """y_i = y_j of DPFE Eq. 7: which pairs of rows agree in every secret (B,) or (B, K), such as
    identities or private attributes. (B, B) of bool."""
    columns = [secret.reshape(len(secret), -1) for secret in secrets]
    return torch.stack([(c[:, None] == c[None]).all(2) for c in columns]).all(0)


def uninformative_distances(codes: Tensor, same: Tensor, margin: float) -> Tensor:
    """The second term of DPFE Eq. 7 in its authors' contrastive form: over the pairs i < j,
    (mean of max(margin - |f_i - f_j|, 0)^2 over same ones + mean of |f_i - f_j|^2 over others) / 4.

    Same secrets are pushed apart, different ones pulled together. The authors average half a
    squared term over drawn pairs; here all pairs of a batch count, both kinds as one half.
    codes: (B, d), each dimension of variance 1; same: (B, B) of bool. Scalar >= 0.
    """
    first, second = torch.triu_indices(len(codes), len(codes), 1, device=codes.device)
    distance = (codes[first] - codes[second]).norm(dim=1)
    equal = same[first, second].to(codes)
    apart = ((margin - distance).clamp(min=0).square() * equal).sum() / equal.sum().clamp(min=1)
    other = 1 - equal
    together = (distance.square() * other).sum() / other.sum().clamp(min=1)
    return (apart + together) / 4


def margin_softmax(cosines: Tensor, people: Tensor, margin: float, scale: float) -> Tensor:
    """Cross-entropy of scale * cosine, in which a face must resemble its own person by `margin`
    more than anybody else: CosFace, Wang et al., CVPR 2018, Eq. 4. Scalar >= 0, in nats.

    cosines: (B, I) of embeddings and the I people's weights; people: (B,) places of the true ones.
    """
    held_back = margin * functional.one_hot(people, cosines.shape[1])
    return functional.cross_entropy(scale * (cosines - held_back), people)


def divergence_from_guessing(logits: Tensor) -> Tensor:
    """KL(q || uniform) of each attribute's q = (sigmoid(logit), 1 - sigmoid(logit)), summed over
    attributes, averaged over the batch: ln 2 - H(q). Roy & Boddeti (CVPR 2019), what the encoder
    minimises beside its task. logits (B, M); scalar in [0, M ln 2], in nats."""
    p = torch.sigmoid(logits)
    entropy = p * functional.softplus(-logits) + (1 - p) * functional.softplus(logits)
    return (math.log(2) - entropy).sum(1).mean()


def divergence_from_normal(mean: Tensor, deviation: Tensor) -> Tensor:
    """KL(N(mean, deviation^2) || N(0, 1)) summed over dimensions, averaged over the batch: the rate in
    Alemi et al. (ICLR 2017) Eq. 17. mean, deviation > 0: (B, K); scalar >= 0, in nats."""
    each = mean.square() + deviation.square() - 2 * deviation.log() - 1
    return 0.5 * each.sum(1).mean()


def information_bound(z: Tensor, number: Tensor, centre: Tensor, noise: float) -> Tensor:
    """Upper bound, in nats, of I(x; z + N(0, noise^2)): Xia et al. (CVPR 2025), of a Gaussian mixture with
    diagonal covariances. H(x | released) is at least H(x) minus it.

    sum over components i of share_i * (-ln share_i + sum over dimensions of ln(1 + v_i / noise^2) / 2),
    v_i the mean squared distance of component i's rows from its centre.
    z, centre (B, d): maps without noise and the centre of each one's component; number (B,) names it.
    """
    squared = (z - centre).square()
    bound = z.new_zeros(())
    for component in number.unique():
        mine = number == component
        share = mine.to(z).mean()
        spread = squared[mine].mean(0)
        bound = bound + share * (torch.log1p(spread / noise**2).sum() / 2 - share.log())
    return bound
