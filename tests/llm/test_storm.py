"""Whole runs in a storm of faults: three roles in real browsers, each protocol's emulator, waits on a virtual clock."""

import pytest

from bench.storm import ROLES, StormFigures, measure

TURNS = 24


@pytest.fixture(scope="module", params=["openai", "gemini"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.timeout(300)
async def test_no_turn_is_lost_and_everything_is_counted(protocol):
    storm: StormFigures = await measure(protocol, TURNS)

    assert storm.ended == ("completed: budget",) * len(ROLES)
    assert (storm.lost_turns, storm.wrong_writes, storm.reports) == (0, 0, 1)
    assert storm.replies > storm.turns == TURNS * len(ROLES)
    assert storm.retries > 0 and storm.asked_again > 0 and storm.waited > 0
    assert storm.counted_rightly, storm
