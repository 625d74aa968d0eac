"""How people fare in a study."""

from core.metrics.declare import Metric

RIGHT_PICKS = Metric(
    "right_picks",
    "right picks",
    "%",
    "Share of questions in which the right one of several photographs is picked as the person whom "
    "a redrawn face shows.",
    decides="recognition",
)
