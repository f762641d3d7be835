"""A role's run on an axis of turns, as an SVG that is as wide as its place: tasks and events. Pure.

Its sizes are in percent, so that it fits a phone and a sheet of paper.
"""

from collections.abc import Mapping
from html import escape

from agent.report.turns import RoleTale, Sort, Task

SIGNS: Mapping[Sort, tuple[str, str, int]] = {
    "finding": ("◆", "finding proved", 0),
    "claim": ("▲", "claim failed", 0),
    "alarm": ("●", "alarm of the host", 0),
    "blocker": ("■", "blocker", 1),
    "trouble": ("✖", "app or browser gone", 1),
    "sign-in": ("↻", "signed in again", 1),
    "stop": ("▮", "end", 1),
    "wait": ("○", "wait for the model", 2),
    "epoch": ("❘", "epoch closed", 2),
    "order": ("★", "order of a person", 2),
    "note": ("✓", "capability noted", 2),
}
"""How each kind of mark is drawn, what it is called, and in which row it stands."""
TASKS: Mapping[Task, str] = {"test": "testing", "bug": "investigating and reporting", "setup": "setup and blockers"}
LEFT, WIDE = 1.5, 97.0
"""Percent of the width."""
ROW = 20
CELLS = 60
TOLD = 6


def draw(tale: RoleTale) -> str:
    """Marks that would lie upon each other are one, whose title tells them all. All text is escaped."""
    total = max(tale.turns[-1].number if tale.turns else 1, 1)
    parts = [*_strip(tale, total), *_axis(total), *_marks(tale, total)]
    name = escape(f"{total} turns of {tale.role}")
    return (
        f'<svg class="line" width="100%" height="{34 + 3 * ROW}" role="img" aria-label="{name}">{"".join(parts)}</svg>'
    )


def _at(turn: float, total: int) -> float:
    return round(LEFT + WIDE * turn / total, 3)


def _strip(tale: RoleTale, total: int) -> list[str]:
    """Runs of turns that were for the same are one piece."""
    pieces: list[tuple[Task, int, int]] = []
    for turn in tale.turns:
        if pieces and pieces[-1][0] == turn.task and pieces[-1][2] == turn.number - 1:
            pieces[-1] = (turn.task, pieces[-1][1], turn.number)
        else:
            pieces.append((turn.task, turn.number, turn.number))
    return [
        f'<rect class="task {task}" x="{_at(first - 1, total)}%" y="4" height="12" '
        f'width="{round(WIDE * (last - first + 1) / total, 3)}%">'
        f"<title>{_turns(first, last)}: {TASKS[task]}</title></rect>"
        for task, first, last in pieces
    ]


def _axis(total: int) -> list[str]:
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if total / step <= 8), 5000)
    ticks = [turn for turn in range(0, total + 1, step)]
    return [
        f'<line class="tick" x1="{_at(turn, total)}%" x2="{_at(turn, total)}%" y1="16" y2="{18 + 3 * ROW}"/>'
        f'<text class="tick" x="{_at(turn, total)}%" y="{30 + 3 * ROW}" text-anchor="middle">{turn}</text>'
        for turn in ticks
    ]


def _marks(tale: RoleTale, total: int) -> list[str]:
    cells: dict[tuple[Sort, int], list[tuple[int, str]]] = {}
    for mark in tale.marks:
        cell = int((mark.turn - 0.5) * CELLS / total) if total > CELLS else mark.turn
        cells.setdefault((mark.sort, cell), []).append((mark.turn, mark.words))
    drawn = []
    beside: dict[tuple[int, int], int] = {}
    for (sort, cell), told in cells.items():
        sign, _, row = SIGNS[sort]
        # Different marks of one turn stand side by side.
        shift = 9 * beside.get((row, cell), 0)
        beside[row, cell] = beside.get((row, cell), 0) + 1
        words = "\n".join(f"Turn {turn}: {text}" for turn, text in told[:TOLD])
        more = f"\n… and {len(told) - TOLD} more" if len(told) > TOLD else ""
        x = _at(told[0][0] - 0.5, total)
        drawn.append(
            f'<text class="mark {sort}" x="{x}%" dx="{shift}" y="{15 + ROW * (row + 1)}" text-anchor="middle">{sign}'
            f"<title>{escape(words + more)}</title></text>"
        )
    return drawn


def _turns(first: int, last: int) -> str:
    return f"Turn {first}" if first == last else f"Turns {first} to {last}"
