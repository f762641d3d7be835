"""report.html: the whole run on one page that needs nothing from outside, works without scripts, and can be printed.

Every text goes through the template's escaping; drawings escape their own.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent import events as ev
from agent import routes
from agent.charter import Charter, Profile
from agent.evidence.finding import Alarm, Claim, Finding, to_json
from agent.report import state_map, timeline
from agent.report.analysis import Analysis
from agent.report.outcomes import place_of
from agent.report.sheet import TASKS, findings_title, minutes, unconfirmed_notes
from agent.report.summary import RunSummary
from agent.report.turns import written

ROOM = 1_500_000
"""Bytes of pictures that are put into the page itself; beyond it they are linked as files beside it."""
KINDS: Mapping[str, str] = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
MOST_PICTURES = 60
COLOURS = 6


class Pictures:
    """The pictures of a run's folder, as addresses that a page may use; nothing outside the folder, nothing else."""

    def __init__(self, folder: Path, room: int = ROOM):
        self._folder = folder.resolve()
        self._room = room

    def address(self, file: str) -> str:
        """A data URI while there is room, then a relative path; empty when there is no such picture."""
        path = (self._folder / file).resolve()
        kind = KINDS.get(path.suffix.lower(), "")
        if not file or not kind or not path.is_relative_to(self._folder) or not path.is_file():
            return ""
        size = path.stat().st_size * 4 // 3
        if size > self._room:
            return PurePosixPath(path.relative_to(self._folder)).as_posix()
        self._room -= size
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def page(
    folder: Path, charter: Charter, profile: Profile, facts: RunSummary, events: Sequence[ev.Event], found: Analysis
) -> str:
    """HTML. `folder` is the run's, where its pictures are."""
    pictures = Pictures(folder)
    # What is drawn escapes its own texts.
    colours = {role: f"var(--role{number % COLOURS})" for number, role in enumerate(found.tales)}
    proved = Counter(routes.template(place_of(to_json(finding))) for finding in facts.confirmed)
    picture = state_map.state_map(found.coverage, proved)
    return _template().render(
        charter=charter,
        profile=profile,
        facts=facts,
        found=found,
        minutes=minutes(facts),
        findings_title=findings_title(profile),
        confirmed=[(finding, _oracle(finding), _proof(pictures, finding)) for finding in facts.confirmed],
        unsure=[finding for finding in facts.findings if not finding.verdict.proven],
        observations=unconfirmed_notes(facts, events),
        tasks=TASKS,
        roles=facts.roles,
        lines={name: Markup(timeline.draw(tale)) for name, tale in found.tales.items()},
        signs=timeline.SIGNS,
        written={name: written(tale) for name, tale in found.tales.items()},
        map=picture,
        drawing=Markup(state_map.draw(picture, colours)),
        colours=colours,
        last_pages={name: pictures.address(tale.picture) for name, tale in found.tales.items() if tale.picture},
        gallery=_gallery(pictures, events),
        orders=[event.payload for event in events if isinstance(event.payload, ev.Steered)],
    )


def _template():
    # The folder is the package's own; autoescape holds for every file in it, whatever its ending.
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    engine = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    engine.filters["money"] = lambda usd: "unknown" if usd is None else f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"
    engine.filters["number"] = lambda count: f"{count:,.0f}"
    engine.filters["slug"] = lambda status: str(status).replace(" ", "-").replace("_", "-").lower()
    return engine.get_template("report.html.j2")


def _oracle(finding: Finding) -> tuple[str, str]:
    """What was expected, and why, in plain words."""
    match finding.oracle:
        case Claim(subject=subject, predicate=predicate, expected=expected, because=because, reason=reason):
            return " ".join((subject, predicate.replace("_", " "), expected)).strip(), f"{because}: {reason}"
        case Alarm(kind=kind, signal=signal):
            return f"No {kind.replace('_', ' ')}", signal


def _proof(pictures: Pictures, finding: Finding) -> str:
    return pictures.address(f"proofs/{finding.verdict.screenshot}") if finding.verdict.screenshot else ""


def _gallery(pictures: Pictures, events: Sequence[ev.Event]) -> list[tuple[str, str, str]]:
    """Address, role and page of one picture of each state."""
    taken = {
        e.payload.state or e.payload.file: (e.role, e.payload) for e in events if isinstance(e.payload, ev.PictureTaken)
    }
    shown = [(pictures.address(shot.file), role, shot.url) for role, shot in list(taken.values())[:MOST_PICTURES]]
    return [each for each in shown if each[0]]
