"""What model calls cost, a line of JSON for each call beside the run's report. Adding, reading and summing these lines.

Knows no model; prices are worked out before a line is written.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from agent.llm.spending import NOTHING, Spend

FILE = "usage.ndjson"
FILES = (FILE, "costs.ndjson")
"""What the lines are in; older runs have them under the second name."""

Key = Literal["app", "role", "model", "day"]


@dataclass(frozen=True, slots=True)
class CostLine:
    """One call. `at` is ISO 8601 in UTC, `app` App/profile; tokens as in base.Usage; `seconds` the provider's and
    `waited` ours. `outcome` is base.Outcome, or busy, failed, interrupted. `price` is in US dollars, None: unknown."""

    at: str
    run: str
    app: str
    role: str
    provider: str
    model: str
    input: int
    cached: int
    output: int
    reasoning: int
    seconds: float
    outcome: str
    price: float | None
    tries: int
    waited: float

    @property
    def day(self) -> str:
        """The UTC date."""
        return _utc(self.at).date().isoformat()


class CostLog:
    """Appends lines to a file, each with one write, so that a killed process leaves at worst a torn last line."""

    def __init__(self, path: Path):
        self._path = path
        self._begun = False

    def add(self, line: CostLine) -> None:
        """Raises OSError when the file cannot be written."""
        text = json.dumps(asdict(line), ensure_ascii=False) + "\n"
        if not self._begun:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = ("\n" if _torn(self._path) else "") + text
        with self._path.open("ab", buffering=0) as file:
            file.write(text.encode("utf-8"))
        self._begun = True


@dataclass(frozen=True, slots=True)
class CostBook:
    """The lines found in `files` files; `skipped` lines could not be read (torn, or not ours)."""

    lines: tuple[CostLine, ...] = ()
    files: int = 0
    skipped: int = 0


def scan_costs(root: Path, since: datetime | None = None) -> CostBook:
    """Every usage.ndjson below `root`, and the files of older runs; with `since` only those written after it. No folder
    is an empty book."""
    files = sorted(path for name in FILES for path in root.rglob(name) if path.is_file())
    if since is not None:
        files = [path for path in files if path.stat().st_mtime >= since.timestamp()]
    read = [_line(text) for path in files for text in path.read_bytes().split(b"\n") if text.strip()]
    lines = tuple(line for line in read if line is not None)
    return CostBook(lines, len(files), len(read) - len(lines))


def read_costs(root: Path) -> list[CostLine]:
    """The lines of every usage.ndjson below `root`, without those that cannot be read."""
    return list(scan_costs(root).lines)


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over calls. `price` holds the known prices, None when none is known; `unpriced` calls have no price."""

    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    price: float | None = 0.0
    unpriced: int = 0


def totals(lines: Iterable[CostLine], by: Key) -> Mapping[str, Total]:
    """Sums by app, role, model or day (UTC), in alphabetical order."""
    groups: dict[str, list[CostLine]] = {}
    for line in lines:
        groups.setdefault(getattr(line, by), []).append(line)
    return {key: total(groups[key]) for key in sorted(groups)}


def total(lines: Iterable[CostLine]) -> Total:
    calls = list(lines)
    unpriced = sum(line.price is None for line in calls)
    # A call that came to nothing has the price 0, which says nothing of what its model costs.
    known = not unpriced or any(line.price is not None and line.input + line.output for line in calls)
    return Total(
        calls=len(calls),
        input=sum(line.input for line in calls),
        cached=sum(line.cached for line in calls),
        output=sum(line.output for line in calls),
        reasoning=sum(line.reasoning for line in calls),
        seconds=math.fsum(line.seconds for line in calls),
        waited=math.fsum(line.waited for line in calls),
        price=math.fsum(line.price or 0.0 for line in calls) if known else None,
        unpriced=unpriced,
    )


def spent_today(root: Path, app: str, today: date) -> Spend:
    """What the runs below `root` of one profile (`app`: App/profile) spent on `today` (UTC)."""
    midnight = datetime.combine(today, time(), UTC)
    spends = [
        Spend(line.input + line.output, line.price or 0.0)
        for line in scan_costs(root / app, since=midnight).lines
        if line.app == app and line.day == today.isoformat()
    ]
    return sum(spends, NOTHING)


_LINES = TypeAdapter(CostLine)


def _line(text: bytes) -> CostLine | None:
    try:
        line = _LINES.validate_json(text, strict=True)
        _utc(line.at)
    except (ValidationError, ValueError):
        return None
    return line if math.isfinite(line.seconds + line.waited + (line.price or 0.0)) else None


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _torn(path: Path) -> bool:
    """Whether the last line of the file was not finished."""
    data = path.read_bytes() if path.exists() else b""
    return bool(data) and not data.endswith(b"\n")
