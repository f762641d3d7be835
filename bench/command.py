"""`charterbot bench`: the published numbers, measured on this machine. Each area is a file of its own."""

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from bench.figures import Figures

AREAS = {
    "llm": ("bench.llm", 300),
    "explorer": ("bench.explorer", 500),
}
"""The module of each area, and how many turns its long run has."""


def bench(
    area: Annotated[
        Literal["llm", "explorer"],
        typer.Argument(help="llm: the layer between roles and models. explorer: long runs of several roles."),
    ],
    turns: Annotated[
        int | None, typer.Option(min=5, help="Turns of each role in the long run; 300 for llm, 500 for explorer.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Measure, and say what was measured and how it should be. Exit code 1: a figure is out of its bounds."""
    console = Console(stderr=as_json)
    module, usual = AREAS[area]
    measure = import_module(module).measure
    figures: Figures = asyncio.run(
        measure(turns or usual, lambda line: console.print(line, highlight=False, markup=False))
    )
    console.print(_table(figures))
    if as_json:
        print(json.dumps(figures.values, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit(0 if figures.good else 1)


def _table(figures: Figures) -> Table:
    table = Table("figure", Column("measured", overflow="fold"), "should be")
    table.columns[0].no_wrap = True
    for name, value in figures.values.items():
        if not isinstance(value, Mapping):
            table.add_row(name, str(value), figures.bounds.get(name, ""))
    return table
