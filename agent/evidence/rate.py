"""How often something shows that showed in k of n replays, and how many silent replays speak against it. Pure."""

from collections.abc import Callable
from math import comb, log

CONFIDENCE = 0.95
MOST_REPLAYS = 30
_HALVINGS = 40


def bounds(hits: int, runs: int) -> tuple[float, float]:
    """The exact (Clopper-Pearson) interval of the true rate at 95 %, from `hits` of `runs`, one run at least."""
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if not hits else _rate(lambda rate: _at_least(hits, runs, rate) > tail)
    high = 1.0 if hits == runs else _rate(lambda rate: 1 - _at_least(hits + 1, runs, rate) < tail)
    return low, high


def silent_replays(hits: int, runs: int) -> int:
    """So many replays without the symptom are as unlikely as 1 in 20 while it shows as often as it did; at most 30."""
    if not 0 < hits < runs:
        return 1
    needed = log(1 - CONFIDENCE) / log(1 - hits / runs)
    return min(MOST_REPLAYS, int(needed) + 1)


def _at_least(hits: int, runs: int, rate: float) -> float:
    return sum(comb(runs, k) * rate**k * (1 - rate) ** (runs - k) for k in range(hits, runs + 1))


def _rate(above: Callable[[float], bool]) -> float:
    """The rate from which on `above` is true."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return high
