"""Attribute probes: what classifiers of six kinds read from a release about every attribute."""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator


@attack(title="straight-line classifier", target="attribute")
def logistic(view: AttackerView, generator: Generator) -> Result:
    """Logistic regression on the standardised, flattened release; the penalty of each attribute
    is chosen on validation."""
    from core.attacks.attributes import classifiers, scoring

    return scoring.probe(view, generator, "logistic", classifiers.fit_logistic)


@attack(title="look-alikes (nearest neighbours)", target="attribute")
def neighbours(view: AttackerView, generator: Generator) -> Result:
    """k nearest neighbours by Euclidean distance on the standardised release, nearer ones counting
    more; k is chosen per attribute on validation (Cover and Hart, IEEE TIT 13, 1967).

    Also `bayes_error_bound` of attributes that are no tasks, from the error of the single nearest
    neighbour (`cover_hart`); its chance is the share of the rarer class.
    """
    from core.attacks.attributes import classifiers, scoring

    result = scoring.probe(view, generator, "neighbours", classifiers.fit_neighbours)
    return Result([*result.findings, *classifiers.error_bounds(view)], result.arrays)


@attack(title="boosted decision trees", target="attribute")
def boosted_trees(view: AttackerView, generator: Generator) -> Result:
    """Gradient-boosted decision trees, one forest per attribute, on the leading principal axes of
    the standardised release (narrow releases as they are); the number of trees is chosen on
    validation. Friedman, Ann. Stat. 29 (2001)."""
    from core.attacks.attributes import classifiers, scoring

    return scoring.probe(view, generator, "boosted_trees", classifiers.fit_trees)


@attack(title="smooth boundaries (kernel ridge)", target="attribute")
def kernel(view: AttackerView, generator: Generator) -> Result:
    """Kernel ridge regression with a Gaussian kernel on the standardised, flattened release; width
    and penalty of each attribute are chosen on validation.

    With a squared loss in place of the hinge it draws the boundaries of a support vector machine
    (Rifkin, Yeo and Poggio, "Regularized least-squares classification", 2003), and a single
    factorisation serves all attributes at once.
    """
    from core.attacks.attributes import kernels, scoring

    return scoring.probe(view, generator, "kernel", kernels.fit_kernel)


@attack(title="small neural network", target="attribute")
def mlp(view: AttackerView, generator: Generator) -> Result:
    """Two hidden layers on the standardised, flattened release; weak and strong regularisation
    are both tried, and chosen per attribute on validation."""
    from core.attacks.attributes import classifiers, scoring

    return scoring.probe(view, generator, "mlp", classifiers.fit_mlp)


@attack(title="convolutional network", target="attribute")
def cnn(view: AttackerView, generator: Generator) -> Result:
    """Convolutional network on a spatial release (n, C, h, w), its width following the map's; on
    pictures it begins with the layers of DeepObfuscator's Table 1, so that nothing a task network
    finds is out of its reach. Left-right flips double its data. Empty result for a
    flat release."""
    from core.attacks.attributes import classifiers, scoring
    from core.attacks.features import is_spatial

    if not is_spatial(view):
        return Result()
    return scoring.probe(view, generator, "cnn", classifiers.fit_cnn)
