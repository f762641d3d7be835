"""The files of a run: session sheets, page, findings, figures. Reads events only; all that it writes is masked.

Twice: what a rendering would escape, and so hide from a mask, is masked before it; all else in the finished texts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import escape

from agent import events as ev
from agent.charter import Charter, Profile
from agent.llm.costs import FILE as USAGE
from agent.report import html
from agent.report.analysis import Analysis, analyse
from agent.report.figures import figures
from agent.report.markdown import plain
from agent.report.sheet import role_sheet, session_sheet
from agent.report.summary import summary
from agent.tools.secrets import Secrets

FIGURES = "run.json"
JOURNAL = "journal.jsonl"


def write_report(folder: Path, charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> None:
    """`report.md`, `report.html`, `findings.json`, `run.json` and a sheet for each role in the run's folder. A journal
    that was kept elsewhere is written beside them, and an empty list of model calls where there was none. Raises
    OSError."""
    mask = Secrets(dict(profile.secrets), ()).mask
    charter, events = _masked(charter, events, profile)
    facts, found = summary(events), analyse(charter, profile, events)
    texts = {
        "findings.json": _json(findings_json(events)),
        "report.md": session_sheet(facts, charter, profile, events, found),
        **_role_sheets(events, found),
        "report.html": html.page(folder, charter, profile, facts, events, found),
    }
    if not (folder / JOURNAL).exists():
        texts[JOURNAL] = "".join(_line(event) for event in events)
    if not (folder / USAGE).exists():
        texts[USAGE] = ""
    # Last of all: where it stands, the report is whole.
    texts[FIGURES] = _json(figures(profile, facts, found))
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mask(text), encoding="utf-8")


def _masked(charter: Charter, events: Sequence[ev.Event], profile: Profile) -> tuple[Charter, Sequence[ev.Event]]:
    """Without the secrets that rendering would spell otherwise. The others stay: they may be words of the run's own, a
    role's name or a status, by which its events belong together."""
    odd = {name: value for name, value in profile.secrets if {plain(value), str(escape(value))} != {value}}
    if not odd:
        return charter, events
    mask = Secrets(odd, ()).mask

    def inside(data: Any) -> Any:
        match data:
            case str():
                return mask(data)
            case Mapping():
                return {key: inside(value) for key, value in data.items()}
            case list() | tuple():
                return [inside(value) for value in data]
            case _:
                return data

    told = [replace(each, payload=ev.payload_from_json(each.kind, inside(each.payload.to_json()))) for each in events]
    return replace(charter, mission=mask(charter.mission), areas=tuple(map(mask, charter.areas))), told


def findings_json(events: Sequence[ev.Event]) -> list[Mapping[str, Any]]:
    """Every judged suspicion in the form that `charterbot replay` reads."""
    verdicts = {e.payload.fingerprint: e.payload for e in events if isinstance(e.payload, ev.VerdictReached)}
    return [verdict.finding for verdict in verdicts.values()]


def _role_sheets(events: Sequence[ev.Event], found: Analysis) -> dict[str, str]:
    sheets: dict[str, str] = {}
    for name, tale in found.tales.items():
        mine = [outcome for outcome in found.outcomes.capabilities if outcome.role == name]
        shots = [e.payload for e in events if e.role == name and isinstance(e.payload, ev.PictureTaken)]
        sheets[f"roles/{name}/sheet.md"] = role_sheet(tale, mine, shots, "../..")
    return sheets


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _line(event: ev.Event) -> str:
    record = {"seq": event.seq, "at": event.at.isoformat(), "role": event.role, "kind": event.kind}
    return json.dumps({**record, "payload": event.payload.to_json()}, ensure_ascii=False) + "\n"
