"""The clock of Clubhouse: real time, or time that runs on from a given moment. Club time, without a zone."""

import os
import time
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]


def clock_from(start: datetime) -> Clock:
    """A clock that shows `start` now and runs on at the real speed."""
    begun = time.monotonic()
    base = start.replace(tzinfo=None).timestamp()
    return lambda: datetime.fromtimestamp(base + time.monotonic() - begun)


def clock_of_environment() -> Clock:
    """Real time unless CLUBHOUSE_NOW holds an ISO time; ValueError if it can't be read."""
    start = os.environ.get("CLUBHOUSE_NOW", "").strip()
    if not start:
        return datetime.now
    try:
        return clock_from(datetime.fromisoformat(start))
    except ValueError:
        raise ValueError("CLUBHOUSE_NOW must be an ISO time such as 2026-05-20T10:00:00.") from None
