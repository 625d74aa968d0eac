"""How many examples a Hypothesis test gets, as a share of what `make test` or `make fuzz` gives."""

from hypothesis import settings


def examples(share: float) -> settings:
    """For tests whose single example takes long."""
    return settings(max_examples=max(1, round(share * settings().max_examples)))
