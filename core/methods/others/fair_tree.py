"""A tree as encoder, in the manner of FARE: Jovanović, Balunović, Dimitrov & Vechev, "FARE: Provably fair
representation learning with practical certificates", ICML 2023.

Section 5: a decision tree is grown leaf by leaf with a criterion that wants leaves to tell the task and
not the private attribute,

    FairGini(D) = (1 - gamma) Gini_y(D) + gamma (0.5 - Gini_s(D)),   Gini_p(D) = 2 p (1 - p),

and what leaves the device is which leaf a picture is in: one of a few answers, whatever the picture. The
tree decides by the leading principal axes of the vector in front of the last layer of a network that
learned tasks and secrets (`.features`).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import PenumbraError
from core.methods.declare import Choice, Knob, Method, Model, columns
from core.methods.others import features
from core.run import Run
from core.torch_types import Generator, Tensor

AXES = 16  # principal axes that the tree may decide by
NO_GAIN = 1e-9  # of the criterion, in a split that is not made
TREE = {"leaves": 8, "fewest": 20}
PRESETS = {
    name: preset | {"schedule": preset["schedule"] | TREE}
    for name, preset in features.PRESETS.items()
}


class Split(NamedTuple):
    """The best split of some rows: `gain` of the criterion times their share of all, by whether
    `axis` lies above `threshold`. No split: gain 0."""

    gain: float = 0.0
    axis: int = 0
    threshold: float = 0.0


def fair_gini(labels: NDArray[np.float64], hidden: NDArray[np.float64], gamma: float) -> Any:
    """FairGini of nodes by the share of ones of each task attribute (…, M) and private attribute (…, K)
    in them: means over attributes, (…) in [0, 0.5]."""
    served, secret = ((2 * p * (1 - p)).mean(-1) for p in (labels, hidden))
    return (1 - gamma) * served + gamma * (0.5 - secret)


def best_split(
    x: NDArray[np.float64],
    labels: NDArray[np.float64],
    hidden: NDArray[np.float64],
    gamma: float,
    fewest: int,
    whole: int,
) -> Split:
    """The split of rows x (n, axes) whose two sides of at least `fewest` rows have the lowest
    criterion; `whole` is how many rows the tree has."""
    n = len(x)
    both = np.hstack((labels, hidden))
    tasks = labels.shape[1]
    impurity = fair_gini(labels.mean(0), hidden.mean(0), gamma) if n else 0.0
    best = Split()
    sizes = np.arange(1, n)
    allowed = (sizes >= fewest) & (n - sizes >= fewest)
    for axis in range(x.shape[1]):
        order = np.argsort(x[:, axis], kind="stable")
        values = x[order, axis]
        possible = allowed & (values[1:] > values[:-1])
        if not possible.any():
            continue
        left = np.cumsum(both[order], 0)[:-1]
        shares = (left / sizes[:, None], (both.sum(0) - left) / (n - sizes)[:, None])
        sides = [fair_gini(p[:, :tasks], p[:, tasks:], gamma) for p in shares]
        after = (sizes * sides[0] + (n - sizes) * sides[1]) / n
        gains = np.where(possible, (impurity - after) * n / whole, -np.inf)
        place = int(gains.argmax())
        threshold = float(np.float32(values[place] + (values[place + 1] - values[place]) / 2))
        if (
            gains[place] > max(best.gain, NO_GAIN)
            and values[place] <= threshold < values[place + 1]
        ):
            best = Split(float(gains[place]), axis, threshold)
    return best


def grown(
    x: NDArray[np.float64],
    labels: NDArray[np.float64],
    hidden: NDArray[np.float64],
    gamma: float,
    leaves: int,
    fewest: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes of the leaves, low and high (at most `leaves`, axes): rows x (n, axes) of a leaf lie above
    low and not above high. The leaf whose split gains most is split next, until none gains.

    labels (n, M), hidden (n, K): 0 and 1.
    """

    def split(rows: NDArray[np.int64]) -> Split:
        return best_split(x[rows], labels[rows], hidden[rows], gamma, fewest, len(x))

    everything = np.arange(len(x))
    low, high = [np.full(x.shape[1], -np.inf)], [np.full(x.shape[1], np.inf)]
    members, splits = [everything], [split(everything)]
    while len(members) < leaves:
        place = max(range(len(splits)), key=lambda number: splits[number].gain)
        gain, axis, threshold = splits[place]
        if not gain:
            break
        above = x[members[place], axis] > threshold
        low.append(low[place].copy())
        high.append(high[place].copy())
        low[-1][axis] = high[place][axis] = threshold
        members.append(members[place][above])
        members[place] = members[place][~above]
        splits.append(split(members[-1]))
        splits[place] = split(members[place])
    return np.array(low), np.array(high)


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """A network that learns tasks and secrets, then the tree on its features. Raises PenumbraError where
    nothing is private, or for a gamma above 1."""
    import torch
    from torch import nn

    from core.nets import closed_forms
    from core.nets.darknet import principal_axes
    from core.nets.vgg import seeded

    features.need_private(run)
    gamma, schedule = run.knobs["gamma"], settings["schedule"]
    if gamma > 1:
        raise PenumbraError(f"gamma is {gamma:g}; it is a share, from 0 to 1")
    tasks, private = columns(attributes, run.tasks), columns(attributes, run.private)
    networks, learned = features.both_network(run, settings, attributes)
    inputs, count = settings["fully_connected"], int(schedule["leaves"])
    axes = min(AXES, inputs)
    leaves = closed_forms.Leaves(inputs, axes, count)
    head = seeded(run.seed, "leaf answers", lambda: nn.Linear(count, len(tasks), bias=False))

    def solve(x: Tensor, labels: Tensor) -> None:
        mean, turn, _ = principal_axes([x], axes)
        leaves.turn(mean, turn)
        served, hidden = (labels[:, names].cpu().numpy() for names in (tasks, private))
        places = leaves.turned(x.float()).double().cpu().numpy()
        boxes = grown(places, served, hidden, gamma, count, int(schedule["fewest"]))
        leaves.fill(*(torch.from_numpy(part) for part in boxes))
        found = leaves(x.float()).double()
        ones = found.T @ labels[:, tasks] + 1  # a leaf's answer, as if each had been seen once more
        zeros = found.T @ (1 - labels[:, tasks]) + 1
        head.weight.copy_((ones / zeros).log().T)

    def release(x: Tensor, generator: Generator, value: float | None) -> Tensor:
        return leaves(features.penultimate(networks, x))

    return Model(
        networks=networks | {"leaves": leaves, "head": head},
        stages=(learned, features.solved(settings, networks, solve)),
        release=release,
        own_head=head,
        cells=lambda x: release(x, torch.Generator(), None).argmax(1),
        table=lambda value: torch.eye(count),
    )


FAIR_TREE = Method(
    name="fair_tree",
    title="Fair tree (FARE)",
    summary=(
        "A decision tree sorts pictures into a few groups that differ in the task and are mixed in the "
        "private attribute; only the number of the group leaves the device."
    ),
    citation="Jovanović, Balunović, Dimitrov & Vechev, FARE, section 5",
    knobs=(
        Knob(
            name="gamma",
            symbol="γ",
            default=0.5,
            grid=(0.0, 0.3, 0.5, 0.7, 0.9, 1.0),
            help=(
                "How much groups mixed in the private attribute count against groups that tell the "
                "task; at 1 nothing is worth a second group."
            ),
        ),
    ),
    presets=PRESETS,
    build=build,
    color="#8D5A3B",
    release_kind="code",
    finite=True,
    choices=(Choice("leaves", words="{:g} groups", released=True, between=(2, 256)),),
    paper_attackers={},
    departures=(
        "The paper's trees decide by the columns of tables; here by the leading principal axes of the last "
        "features of a network that learned the task and what is private.",
        "The paper sends the typical member of a leaf; here the leaf's number is sent, which tells as "
        "much.",
        "The paper certifies how unfair any service can be by a bound on each leaf; here all leaves are "
        "counted together, as for our own codes (docs/certificates.md), which is tighter.",
        "With several tasks or private attributes the criterion takes the mean of their impurities.",
    ),
)

METHODS = (FAIR_TREE,)
