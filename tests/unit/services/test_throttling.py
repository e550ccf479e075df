"""Throttled work beside a running system."""

from closetspace.services.throttling import RateLimiter, ThrottledPool


def test_work_starts_no_faster_than_the_rate_allows() -> None:
    clock, starts = [0.0], []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pool = ThrottledPool(RateLimiter(1 / 4, clock=lambda: clock[0], sleep=sleep), workers=1)
    assert all(pool.each(map(str, range(9)), lambda _: starts.append(clock[0])))
    assert starts == [number / 4 for number in range(9)]
