from hypothesis import given
from hypothesis import strategies as st

from app.study.participant import take


def test_a_full_bucket_then_drop_by_drop():
    bucket, waits = None, []
    for _ in range(4):
        bucket, wait = take(bucket, burst=3, seconds_each=10, now=100)
        waits.append(wait)
    assert waits == [0, 0, 0, 10]
    bucket, wait = take(bucket, burst=3, seconds_each=10, now=107)
    assert 2.99 < wait < 3.01
    bucket, wait = take(bucket, burst=3, seconds_each=10, now=111)
    assert wait == 0
    assert take(bucket, burst=3, seconds_each=10, now=111)[1] > 0


def test_asking_in_vain_costs_nothing_and_a_clock_that_goes_back_gives_nothing():
    bucket, _ = take(None, burst=1, seconds_each=10, now=50)
    for now in (51, 20, 52, 53):
        bucket, wait = take(bucket, burst=1, seconds_each=10, now=now)
        assert wait > 0
    assert take(bucket, burst=1, seconds_each=10, now=1000)[1] == 0


@given(st.lists(st.floats(0, 60), min_size=1, max_size=60), st.integers(1, 10), st.floats(0.1, 30))
def test_never_more_than_the_burst_and_what_has_dripped(pauses, burst, seconds_each):
    bucket, now, taken = None, 0.0, 0
    for pause in pauses:
        now += pause
        bucket, wait = take(bucket, burst, seconds_each, now)
        taken += not wait
        assert taken <= burst + now / seconds_each + 1e-6
        if wait:  # that is when the next one is there
            assert take(bucket, burst, seconds_each, now + wait * (1 + 1e-9) + 1e-9)[1] == 0
