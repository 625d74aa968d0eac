"""A kernel encoder in closed form: Sadeghi, Dehdashtian & Boddeti, "On characterizing the trade-off in
invariant representation learning" (K-TOpt), TMLR 2022, which goes on from Sadeghi, Wang & Boddeti,
"Adversarial representation learning with closed-form solvers", ECML PKDD 2021.

Among functions f of a reproducing kernel Hilbert space with Cov(f_i, f_j) + gamma <f_i, f_j> equal to 1
for i = j and else 0, K-TOpt looks for those that maximise

    (1 - lambda) Dep(f(X), Y) - lambda Dep(f(X), S),

Dep(f(X), Y) being the squared norm of the cross-covariance of f(X) and the kernel features of Y: HSIC
with a linear kernel on f(X). The answer is the leading eigenvectors of a generalised eigenproblem:

    ((1 - lambda) B_Y - lambda B_S) u = rho (Cov(phi(X)) + gamma I) u,   B_Y = C_XY C_XY^T,

C_XY = Cov(phi(X), phi(Y)), and phi(X) random Fourier features (Rahimi & Recht, NIPS 2007) of a Gaussian
kernel. Directions with rho <= 0 give away more than they serve and are left out. X is the vector in
front of the last layer of a network that learned tasks and secrets (`.features`): another lambda takes
seconds.
"""

from typing import Any

from core.errors import PenumbraError
from core.methods.declare import Knob, Method, Model, columns
from core.methods.others import features
from core.run import Run
from core.torch_types import Tensor

MOST_NUMBERS = 15  # of a code; four tasks have 16 classes
RANDOM_FEATURES = 1000  # D and gamma as in the authors' settings for CelebA
REGULARISER = 5e-5
RARE = 0.01  # spread of a feature, as a share of the largest, below which it is not enlarged more
DISTANT = 1000  # photographs between which the kernel's width is measured
NO_GAIN = 1e-6  # rho, as a share of what lambda = 0 could reach, from which on a direction counts


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """A network that learns tasks and secrets, then encoder and head in closed form. Raises PenumbraError
    where nothing is private, or unless 0 <= lambda < 1."""
    from torch import nn

    from core.nets import closed_forms
    from core.nets.vgg import seeded

    features.need_private(run)
    weight = run.knobs["lambda"]
    if not weight < 1:
        raise PenumbraError(f"lambda is {weight:g}; at 1 the task would not count: stay below")
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)
    networks, learned = features.both_network(run, settings, attributes)
    inputs = settings["fully_connected"]
    width = min(2 ** len(tasks) - 1, MOST_NUMBERS)
    encoder = seeded(
        run.seed,
        "random features",
        lambda: closed_forms.KernelEncoder(inputs, RANDOM_FEATURES, width),
    )
    head = seeded(run.seed, "least squares", lambda: nn.Linear(width, len(tasks)))

    def solve(x: Tensor, labels: Tensor) -> None:
        spread = x.std(0)
        scale = 1 / spread.clamp(min=float(RARE * spread.max().clamp(min=1e-30)))
        scale = scale / median_distance(x * scale)
        encoder.scale_by(x.mean(0), scale)
        lifted = encoder.double().lift(x)
        served, hidden = labels[:, tasks], labels[:, private]
        weights = encoder_weights(lifted, indicators(served), indicators(hidden), weight, width)
        encoder.fill(weights, lifted.mean(0) @ weights)
        codes = encoder(x)
        encoder.float()
        slopes, intercepts = least_squares(codes, 2 * served - 1)
        head.weight.copy_(slopes.T)
        head.bias.copy_(intercepts)

    return Model(
        networks=networks | {"encoder": encoder, "head": head},
        stages=(learned, features.solved(settings, networks, solve)),
        release=lambda x, generator, value: encoder(features.penultimate(networks, x)),
        own_head=head,
    )


def indicators(labels: Tensor) -> Tensor:
    """A column for each combination of labels (n, M) that occurs: float64 (n, c) of 0 and 1. A Gaussian
    kernel on combinations is, but for a factor and a constant, the inner product of these rows."""
    found = features.classes(labels)
    return (found[:, None] == found.unique()[None]).double()


def median_distance(x: Tensor) -> Tensor:
    """Median distance of two of the first `DISTANT` rows of x (n, d): the width of the kernel."""
    import torch

    distances = torch.pdist(x[:DISTANT])
    return distances.median().clamp(min=1e-6) if len(distances) else x.new_ones(())


def encoder_weights(
    phi: Tensor, served: Tensor, hidden: Tensor, weight: float, width: int
) -> Tensor:
    """The leading eigenvectors (D, width) of the generalised eigenproblem, 0 from where rho <= 0.

    phi (n, D), served (n, c), hidden (n, c'): features of X, Y and S, float64. Both dependences count
    as shares of the most that one direction can have (`REGULARISER` apart), as in the authors' code.
    """
    import torch

    n = len(phi)
    centred = phi - phi.mean(0)
    within = centred.T @ centred / n
    within.diagonal().add_(REGULARISER)
    lower = torch.linalg.cholesky(within)
    parts = []
    for labels in (served, hidden):
        crossed = centred.T @ (labels - labels.mean(0)) / n
        largest = torch.linalg.matrix_norm(crossed, 2).clamp(min=1e-30)
        parts.append(torch.linalg.solve_triangular(lower, crossed / largest, upper=False))
    for_task, against = parts
    both = (1 - weight) * for_task @ for_task.T - weight * against @ against.T
    values, vectors = torch.linalg.eigh(both)
    values, vectors = values[-width:].flip(0), vectors[:, -width:].flip(1)
    reach = torch.linalg.matrix_norm(for_task, 2).square()
    found = torch.linalg.solve_triangular(lower.T, vectors, upper=True)
    found = found * (values > NO_GAIN * reach)
    largest = found.gather(0, found.abs().argmax(0, keepdim=True))
    return found * torch.where(largest < 0, -1.0, 1.0)  # eigenvectors have no sign of their own


def least_squares(codes: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes (r, M) and intercepts (M,) of the least-squares fit of `wanted` (n, M) by codes (n, r);
    0 for codes that do not vary."""
    import torch

    centred = codes - codes.mean(0)
    slopes = torch.linalg.pinv(centred.T @ centred, hermitian=True) @ centred.T
    slopes = slopes @ (wanted - wanted.mean(0))
    return slopes, wanted.mean(0) - codes.mean(0) @ slopes


KERNEL_ADVERSARIAL = Method(
    name="kernel_adversarial",
    title="Closed-form kernel encoder (K-TOpt)",
    summary=(
        "A formula finds the few numbers that say most about the task and least about the private "
        "attribute; no simulated attacker is trained."
    ),
    citation="Sadeghi, Dehdashtian & Boddeti, On characterizing the trade-off in invariant representation learning",
    knobs=(
        Knob(
            name="lambda",
            symbol="λ",
            default=0.5,
            grid=(0.0, 0.25, 0.5, 0.75, 0.9, 0.99),
            help=(
                "How much depending on the private attribute counts against depending on the task; 0 "
                "leaves it out, 1 would leave out the task."
            ),
        ),
    ),
    presets=features.PRESETS,
    build=build,
    color="#B58900",
    release_kind="code",
    paper_attackers={},
    departures=(
        "The paper takes features of a network trained elsewhere; here they are those of a network that "
        "learned the task and what is private, in front of its last layer.",
        "The paper weighs the two dependences as they are; here, as in its authors' code, each is "
        "divided by the largest that one number could have.",
        "The width of the kernel is the median distance of two photographs' features; the authors "
        "choose it for each data set.",
        "The service's head on the released numbers is a least-squares fit; the paper trains a network.",
    ),
)

METHODS = (KERNEL_ADVERSARIAL,)
