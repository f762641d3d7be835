"""The command line. Each command parses its words, calls one function elsewhere and turns the outcome into words.

Commands of other packages (demo, serve) plug in through the entry point group `charterbot.commands`.
"""

import asyncio
import json
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from agent.errors import BadInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Autonomous exploratory testing people can trust: charters in, proven findings out.",
)

EXIT_FAILED, EXIT_BAD_INPUT, EXIT_CANNOT_TELL = 1, 2, 3

profiles = typer.Typer(no_args_is_help=True, help="Begin and check app profiles.")
app.add_typer(profiles, name="profile")


@app.command()
def explore(
    profile: Annotated[str, typer.Argument(help="What to explore: <App>/<profile>, a folder below apps/.")],
    url: Annotated[str, typer.Option(help="Where the app answers, instead of the profile's address.")] = "",
    charter: Annotated[Path | None, typer.Option(help="A Markdown file with the mission.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role of the profile; repeat it for several.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Turns per role, instead of the profile's.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report; runs/ by default.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run that was cut off: it goes on there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Explore an app now, without GitHub. Exit code 0: the run ended well; 1: it failed."""
    from bot.exploring import Wish, explore_here

    wish = Wish(profile, url, charter, tuple(role or ()), iterations, out, resume)
    result = asyncio.run(explore_here(wish, Console(stderr=as_json)))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit(0 if result["state"] == "completed" else EXIT_FAILED)


@app.command()
def replay(
    source: Annotated[str, typer.Argument(help="A finding: a JSON file, or findings.json#FINGERPRINT.")],
    url: Annotated[str, typer.Option(help="Replay against this address instead of the profile's own instance.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Replay the proof of one finding. Exit code 0: FIXED; 1: STILL_FAILS or MOVED; 3: CANNOT_TELL."""
    from bot.exploring import replay_here

    result = asyncio.run(replay_here(source, url, Console(stderr=as_json)))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit({"FIXED": 0, "CANNOT_TELL": EXIT_CANNOT_TELL}.get(result["verdict"], EXIT_FAILED))


@app.command()
def costs(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Say what the model calls of all runs cost, by app, role, model and day."""
    from bot.config import load_settings
    from bot.costs import show_costs

    result = show_costs(load_settings(os.environ).runs_dir, Console(stderr=as_json))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's own output


@profiles.command("check")
def check_profiles(
    profile: Annotated[str, typer.Argument(help="<App>/<profile>; all when none is named.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Name every mistake of a profile with its remedy. Exit code 0: it can be explored; 2: it cannot."""
    from bot.profiles import check_here

    result = check_here(profile, Console(stderr=as_json))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's own output
    raise typer.Exit(0 if result["ok"] else EXIT_BAD_INPUT)


@profiles.command("new")
def new_profile(
    profile: Annotated[str, typer.Argument(help="<App>/<profile>, a folder that is made below apps/.")],
    url: Annotated[str, typer.Option(help="Where the app answers, e.g. http://127.0.0.1:8080.")],
) -> None:
    """Write a commented start of a profile; nothing is overwritten."""
    from bot.profiles import start_here

    start_here(profile, url, Console())


@app.command()
def runs(
    profile: Annotated[str, typer.Argument(help="Only runs of this <App>/<profile>.")] = "",
    compare: Annotated[
        tuple[str, str] | None, typer.Option(help="Two runs side by side: folders, their names, or run ids.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the reports; runs/ by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """List the runs that left a report, newest first, or compare two of them."""
    from bot.config import load_settings
    from bot.past_runs import compare_runs, show_runs

    root, console = out or load_settings(os.environ).runs_dir, Console(stderr=as_json)
    if compare and profile:
        raise BadInput("Give either a profile to list or two runs to --compare.")
    result = compare_runs(root, compare, console) if compare else show_runs(root, profile, console)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's own output


@app.command()
def worker(name: Annotated[Literal["events", "runs"], typer.Argument(help="Which queue to work on.")]) -> None:
    """Work on one queue: `events` talks to GitHub, `runs` explores and holds no GitHub credentials."""
    from bot.worker import run_worker

    run_worker(name)


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Install what is missing and can be installed.")] = False,
    llm: Annotated[bool, typer.Option("--llm", help="Ask the configured model to call a tool; nothing else.")] = False,
) -> None:
    """Say what is missing on this machine, each with its remedy."""
    from bot import doctor as rooms

    console = Console()
    say = lambda line: console.print(line, highlight=False)  # noqa: E731 - one line, used twice
    if llm:
        checks = asyncio.run(rooms.ask_model(os.environ))
    else:
        checks = asyncio.run(rooms.fix(os.environ, say) if fix else rooms.examine(os.environ))
    for check in checks:
        mark = "[green]ok     [/]" if check.ok else "[red]missing[/]" if check.needed else "[yellow]later  [/]"
        # A detail may hold a provider's words, and those anything.
        line = f"{mark} {check.name}: {escape(check.detail)}"
        console.print(line, highlight=False, soft_wrap=True, emoji=False)
        if check.remedy:
            console.print(f"        {escape(check.remedy)}", highlight=False, soft_wrap=True, emoji=False)
    raise typer.Exit(EXIT_FAILED if any(not check.ok and check.needed for check in checks) else 0)


def main() -> None:
    """Run a command; what a person gave wrongly is one sentence on stderr and exit code 2."""
    for command in entry_points(group="charterbot.commands"):
        app.command(command.name)(command.load())
    try:
        app()
    except BadInput as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        sys.exit(EXIT_BAD_INPUT)
