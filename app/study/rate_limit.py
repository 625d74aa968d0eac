"""How often somebody may do something: a bucket that fills up again drop by drop. Pure."""

from __future__ import annotations

# What a bucket holds: (drops, when that was, in seconds of one monotonic clock).
Bucket = tuple[float, float]


def take(
    bucket: Bucket | None, burst: int, seconds_each: float, now: float
) -> tuple[Bucket, float]:
    """Takes one drop. Returns the bucket afterwards and how many seconds to wait: 0 where the drop
    was there, else nothing was taken.

    bucket        what the last call returned, None at first: a full one
    burst         how many drops it holds
    seconds_each  how long it takes until another drop is there
    now           seconds; a clock that goes backwards gives no drops
    """
    drops, then = bucket or (float(burst), now)
    latest = max(then, now)
    drops = min(float(burst), drops + (latest - then) / seconds_each)
    if drops >= 1:
        return (drops - 1, latest), 0.0
    return (drops, latest), (1 - drops) * seconds_each
