"""`charterbot bench`: the published numbers, measured on this machine. Each area is a file of its own."""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Column, Table


def bench(
    area: Annotated[Literal["llm"], typer.Argument(help="What to measure: llm, the layer between roles and models.")],
    turns: Annotated[int, typer.Option(min=5, help="Turns of each of the three roles in the fault storm.")] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Measure, and say what was measured and how it should be. Exit code 1: a figure is out of its bounds."""
    from bench.llm import measure

    console = Console(stderr=as_json)
    figures = asyncio.run(measure(turns, lambda line: console.print(line, highlight=False, markup=False)))
    console.print(_table(figures))
    if as_json:
        print(json.dumps(figures.values, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit(0 if figures.good else 1)


def _table(figures: Any) -> Table:
    table = Table("figure", Column("measured", overflow="fold"), "should be")
    table.columns[0].no_wrap = True
    for name, value in figures.values.items():
        if not isinstance(value, Mapping):
            table.add_row(name, str(value), figures.bounds.get(name, ""))
    return table
