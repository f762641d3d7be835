"""What k of n replays say about something that shows only now and then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.charter import Filing
from agent.evidence.finding import Verdict
from agent.evidence.rate import MOST_REPLAYS, bounds, silent_replays
from agent.suspicions import worth_filing


@pytest.mark.parametrize(
    ("hits", "runs", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (2, 10, 0.0252, 0.5561),
        (5, 10, 0.1871, 0.8129),
        (9, 10, 0.5550, 0.9975),
        (5, 5, 0.4782, 1),
    ],
)
def test_the_bounds_are_those_of_the_tables(hits: int, runs: int, low: float, high: float) -> None:
    """Figures of the exact binomial interval as statistics packages give them."""
    assert bounds(hits, runs) == pytest.approx((low, high), abs=0.0001)


@given(st.integers(1, 60).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_the_share_that_was_seen_lies_within_its_bounds(seen: tuple[int, int]) -> None:
    hits, runs = seen
    low, high = bounds(hits, runs)
    assert 0 <= low <= hits / runs <= high <= 1


@pytest.mark.parametrize(
    ("hits", "runs", "needed"), [(5, 5, 1), (0, 10, 1), (5, 10, 5), (2, 10, 14), (1, 10, 29), (1, 40, 30)]
)
def test_the_rarer_it_shows_the_longer_it_must_stay_silent(hits: int, runs: int, needed: int) -> None:
    assert silent_replays(hits, runs) == needed
    if 0 < hits < runs and needed < MOST_REPLAYS:
        assert (1 - hits / runs) ** needed <= 0.05 < (1 - hits / runs) ** (needed - 1)


@pytest.mark.parametrize(
    ("verdict", "filed"),
    [
        (Verdict("CONFIRMED", 5, 5, "clean"), True),
        (Verdict("FLAKY", 2, 10, "clean"), True),
        (Verdict("FLAKY", 1, 10, "clean"), False),
        (Verdict("FLAKY", 3, 5, "clean"), False),
        (Verdict("FLAKY", 5, 10, "none"), False),
        (Verdict("FLAKY", 2, 10, "clean", reset=False), False),
        (Verdict("NOT_REPRODUCED", 0, 5, "none"), False),
    ],
)
def test_what_shows_now_and_then_is_filed_where_it_showed_twice_in_ten(verdict: Verdict, filed: bool) -> None:
    assert worth_filing(verdict, Filing()) == filed
    assert worth_filing(verdict, Filing(intermittent=False)) == (filed and verdict.kind == "CONFIRMED")
    assert not worth_filing(verdict, Filing(dry_run=True)) and not worth_filing(verdict, Filing(enabled=False))
