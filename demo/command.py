"""`charterbot demo`: the whole loop on this machine, to its end or to stay and click around."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

EXIT_FAILED, EXIT_STOPPED = 1, 130


def demo(
    once: Annotated[bool, typer.Option("--once", help="Tell the story to its end and exit.")] = False,
    twin: Annotated[bool, typer.Option("--twin", help="Explore the clean twin, where nothing may be filed.")] = False,
    llm: Annotated[
        Literal["scout", "gemini", "openai"],
        typer.Option(help="Who sits in the model's seat.", envvar="CHARTERBOT_LLM"),
    ] = "scout",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """The main job on this machine, every part real. Exit code 1: a part of it did not happen."""
    # The stack is heavy to import; `charterbot --help` must not wait for it.
    from demo.play import Wish, play

    console = Console(stderr=as_json)
    # Database and logs stay, for whoever wants to know how it was.
    folder = Path(".charterbot/demo", f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}").resolve()
    try:
        outcome = asyncio.run(play(Wish(folder, once, twin, llm), console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(EXIT_STOPPED) from None
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit(0 if outcome["ok"] else EXIT_FAILED)
