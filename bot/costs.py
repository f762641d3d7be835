"""`charterbot costs`: what the model calls of all runs cost, by app, role, model and day."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from agent.llm.costs import FILE, CostBook, Key, Total, scan_costs, total, totals

COLUMNS = ("calls", "input", "cached", "output", "reasoning", "seconds", "waited", "price")
WIDEST = 1000


def show_costs(root: Path, console: Console) -> dict[str, Any]:
    """Print the sums of every usage.ndjson below `root`. Returns them as JSON data, an unknown price as null."""
    book = scan_costs(root)
    if book.lines:
        for key in get_args(Key):
            table = _table(key, totals(book.lines, key))
            # In its full width even on a narrow terminal: a figure cut short would be a wrong one.
            needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
            console.width = max(console.width, needed)
            console.print(table, crop=False)
    else:
        _say(
            console,
            f"No model call was found in any {FILE} below {root.resolve()}; "
            "a run with CHARTERBOT_LLM set to gemini or openai writes one into its folder.",
        )
    for remark in _remarks(book):
        _say(console, remark)
    sums = {key: totals(book.lines, key) for key in get_args(Key)}
    return {
        **{f"by_{key}": {name: asdict(each) for name, each in rows.items()} for key, rows in sums.items()},
        "total": asdict(total(book.lines)),
        "files": book.files,
        "skipped_lines": book.skipped,
    }


def _table(key: Key, rows: Mapping[str, Total]) -> Table:
    table = Table(title=f"By {key}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(key, overflow="fold")
    for name in COLUMNS:
        table.add_column("price (USD)" if name == "price" else name, justify="right", no_wrap=True)
    for name, sums in rows.items():
        table.add_row(Text(name), *_cells(sums))
    return table


def _cells(sums: Total) -> list[str]:
    counts = (sums.calls, sums.input, sums.cached, sums.output, sums.reasoning)
    return [*(f"{count:,}" for count in counts), f"{sums.seconds:.1f}", f"{sums.waited:.1f}", _price(sums)]


def _price(sums: Total) -> str:
    if sums.price is None:
        return "unknown"
    return f"{sums.price:.4f}" + (" + unknown" if sums.unpriced else "")


def _remarks(book: CostBook) -> list[str]:
    unpriced, calls = total(book.lines).unpriced, len(book.lines)
    said = []
    if unpriced:
        said.append(
            f"Calls without a known price: {unpriced} of {calls}. "
            "The file that CHARTERBOT_MODELS names can give their models one, for later runs."
        )
    if book.skipped:
        said.append(f"Lines skipped because they are torn or no cost lines: {book.skipped}.")
    return said


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
