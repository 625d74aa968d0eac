"""The metrics: one family per file, one line here. Importing this package does not import torch.

Beside their declarations the files hold the formulas, pure functions of arrays with their sources;
`intervals` turns any of them into a 95 % interval by resampling people.
"""

from dataclasses import replace

from core.metrics import attributes, identity, images, learning_curves, linking, ranks, scatter
from core.metrics.declare import Bound, Control, Metric

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        attributes.BALANCED_ACCURACY,
        attributes.AUC,
        attributes.MCC,
        attributes.ACCURACY,
        attributes.ADVANTAGE,
        identity.TOP1_ACCURACY,
        linking.VERIFICATION_AUC,
        linking.TAR_AT_FAR,
        identity.BAYES_ERROR_BOUND,
        learning_curves.AT_4X,
        learning_curves.AT_16X,
        ranks.LOG_RANK_PRIVACY,
        ranks.RANK_MEAN,
        ranks.RANK_DEVIATION,
        *ranks.RANK_GUARANTEES,
        identity.COSINE_SIMILARITY,
        scatter.LDA_WITHIN,
        scatter.LDA_BETWEEN,
        scatter.LDA_RATIO,
        images.MS_SSIM,
        images.SSIM,
        images.PSNR,
        images.FACE_SIMILARITY,
        images.REIDENTIFICATION,
        identity.RIGHT_PICKS,
    )
}


def named(name: str) -> Metric:
    """The metric of a finding, also one measured through a second face network, which its name ends
    in and its title says (`core.embedders`); of one that nobody declares, its bare name."""
    if name in METRICS:
        return METRICS[name]
    for plain in METRICS.values():
        if plain.second_network and name.startswith(f"{plain.name}_"):
            network = name.removeprefix(f"{plain.name}_").replace("_", " ")
            return replace(plain, name=name, title=f"{plain.title} ({network})", control=None)
    return Metric(name, name, "", "")


def deciding() -> dict[str, str]:
    """Kind of target -> the metric that attackers on it are judged by: attribute, identity, image
    and recognition (of a study: people, and machines on the same questions)."""
    return {metric.decides: metric.name for metric in METRICS.values() if metric.decides}


def of_pictures() -> list[Metric]:
    """The metrics of two pictures."""
    return [metric for metric in METRICS.values() if metric.of_pictures is not None]
