"""`charterbot explore` and `charterbot replay`: an exploration told on the terminal as it goes. No GitHub, no queue."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from agent import events as ev
from agent.evidence.finding import finding_from_json
from agent.explore import ExploreOptions, explore, read_finding, replay_file
from agent.vault import STATE_KEY
from bot.config import load_settings
from bot.log import configure
from bot.reasoner import llm_settings

PLANNED = 5
"""Lines of the plan that are told; the report has them all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line; empty values mean the profile's own."""

    profile: str
    url: str
    charter: Path | None
    roles: tuple[str, ...]
    iterations: int | None
    out: Path | None
    resume: Path | None


async def explore_here(wish: Wish, console: Console) -> dict[str, Any]:
    """Explore and tell. Returns the run's figures as JSON data. Raises BadInput."""
    settings = load_settings(os.environ)
    configure(settings.log_json)
    options = ExploreOptions(
        apps=settings.apps_dir,
        slug=wish.profile,
        environ=os.environ,
        llm=llm_settings(settings),
        # A run that is resumed knows its address.
        url=wish.url or (None if wish.resume else settings.target_urls.get(wish.profile)),
        charter_file=wish.charter,
        roles=wish.roles,
        iterations=wish.iterations,
        out=wish.out or settings.runs_dir,
        resume=wish.resume,
        state_key=settings.data_dir / STATE_KEY,
    )
    explored = await explore(options, lambda event: _tell(event, console))
    facts = explored.summary
    _say(console, f"{explored.outcome.state}: {explored.outcome.detail or 'every role came to its end'}")
    _say(console, f"{len(facts.confirmed)} proven, {len(facts.observations)} observations worth a look")
    _say(console, f"Report: {explored.folder / 'report.md'} and {explored.folder / 'report.html'}")
    return {
        "state": explored.outcome.state,
        "detail": explored.outcome.detail,
        "iterations": facts.iterations,
        "findings": [_finding(finding) for finding in facts.confirmed],
        "observations": len(facts.observations),
        "tokens": facts.input_tokens + facts.output_tokens,
        "report": str(explored.folder / "report.md"),
        "page": str(explored.folder / "report.html"),
    }


async def replay_here(source: str, url: str, console: Console) -> dict[str, Any]:
    """Replay one finding: `FILE`, or `FILE#n` (or `#fingerprint`) of a findings.json. Raises BadInput."""
    settings = load_settings(os.environ)
    configure(settings.log_json)
    name, _, which = source.partition("#")
    finding = read_finding(Path(name), which or "1")
    _say(console, f"Replaying: {finding.title}")
    verdict = await replay_file(finding, settings.apps_dir, os.environ, url or None)
    _say(console, f"{verdict.kind}: {verdict.hits} hits in {verdict.walked} of {verdict.runs} replays. {verdict.note}")
    return {"verdict": verdict.kind, **asdict(verdict), "title": finding.title}


def _finding(finding: Any) -> dict[str, Any]:
    verdict = finding.verdict
    return {
        "title": finding.title,
        "fingerprint": finding.fingerprint.value,
        "severity": finding.severity,
        "role": finding.role,
        "verdict": verdict.kind,
        "hits": verdict.hits,
        "runs": verdict.runs,
    }


def _tell(event: ev.Event, console: Console) -> None:
    """The lines that a person wants to see while a run goes on."""
    match event.payload:
        case ev.PlanMade(items=items):
            for item in items[:PLANNED]:
                whose = f" ({item['role']})" if item["role"] else ""
                _say(console, f"Plan: {item['area']}{whose}: {item['why']}")
        case ev.RoleStarted(url=url):
            _say(console, f"[{event.role}] signed in and at {url}")
        case ev.ToolFinished(tool=tool, target=target, status=status, url_after=url):
            what = f" {_element(target)}" if target else ""
            _say(console, f"[{event.role}] {tool}{what} → {url or status}")
        case ev.FindingSuspected(title=title):
            _say(console, f"[{event.role}] suspects: {title}", "yellow")
        case ev.VerdictReached(verdict=verdict, finding=finding):
            style = "green" if verdict == "CONFIRMED" else "dim"
            _say(console, f"[proof] {verdict}: {finding_from_json(dict(finding)).title}", style)
        case ev.RoleStopped(detail=detail):
            _say(console, f"[{event.role}] stopped: {detail}")
        case _:
            return


def _element(target: Mapping[str, Any]) -> str:
    return f"{target.get('role', '')} “{target.get('name', '')}”"


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
