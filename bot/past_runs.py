"""`charterbot runs`: the runs that left a folder, newest first, and two of them side by side. Reads only."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from agent.charter import Charter, Profile
from agent.errors import BadInput
from agent.events import Event, payload_from_json
from agent.report.analysis import analyse
from agent.report.figures import FORMAT, figures
from agent.report.summary import summary
from agent.report.write import FIGURES, JOURNAL

WIDEST = 1000
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastRun:
    """`figures` are those of agent.report.figures; empty when the folder holds nothing that tells them, and then
    `trouble` says why. A run without a report was cut off, or still goes on."""

    path: Path
    slug: str
    figures: Figures
    trouble: str = ""

    @property
    def id(self) -> str:
        """The folder's name: its time in UTC and the run's id."""
        return self.path.name

    @property
    def state(self) -> str:
        if self.trouble:
            return self.trouble
        state = str(self.figures["state"])
        return state if self.figures["ended"] else f"{state}, not ended"

    @property
    def confirmed(self) -> int:
        return sum(_is_proven(found) for found in self.figures.get("findings", ()))


def show_runs(root: Path, slug: str, console: Console) -> dict[str, Any]:
    """Print the runs below `root`, of one App/profile if `slug` names it. Returns JSON data. Raises BadInput."""
    runs = past_runs(root, slug)
    if not runs:
        _say(console, f"There are no runs below {root.resolve()}; charterbot explore App/profile makes one.")
    else:
        _print(console, _list_table(runs))
    return {"runs": [_as_json(run) for run in runs]}


def compare_runs(root: Path, names: Sequence[str], console: Console) -> dict[str, Any]:
    """Print two runs side by side. Each name is a folder, or its name or id below `root`. Raises BadInput."""
    one, other = (_whole(find_run(root, name)) for name in names)
    result = comparison(one, other)
    _print(console, _figures_table(one, other))
    for title, key, tell in (
        ("Findings", "findings", lambda found: f"{found['title']} ({found['fingerprint']})"),
        ("Routes", "routes", str),
    ):
        for part, where in (
            ("only_first", f"only in {one.id}"),
            ("only_second", f"only in {other.id}"),
            ("both", "in both"),
        ):
            _list(console, f"{title} {where}", [tell(each) for each in result[key][part]])
    changed = [each for each in result["capabilities"] if each["first"] != each["second"]]
    told = [f"{c['role']}: {c['name']}: {c['first'] or 'not asked'} → {c['second'] or 'not asked'}" for c in changed]
    same = len(result["capabilities"]) - len(changed)
    _list(console, f"Capabilities that ended otherwise ({same} ended alike)", told)
    return result


def past_runs(root: Path, slug: str = "") -> tuple[PastRun, ...]:
    """Newest first. Raises BadInput for a slug that has no runs."""
    known = {f"{folder.parent.name}/{folder.name}": folder for folder in sorted(root.glob("*/*")) if folder.is_dir()}
    if slug and slug not in known:
        told = ", ".join(known) or "no profile"
        raise BadInput(f"There are no runs of {slug} below {root.resolve()}; there are runs of: {told}.")
    folders = [folder for name, folder in known.items() if not slug or name == slug]
    runs = [read_run(run) for folder in folders for run in folder.iterdir() if run.is_dir()]
    return tuple(sorted(runs, key=lambda run: (_began(run), run.id), reverse=True))


def find_run(root: Path, name: str) -> PastRun:
    """By its folder, by the folder's name, or by the run's id at its end. Raises BadInput."""
    path = Path(name)
    if path.is_dir() and ((path / JOURNAL).exists() or (path / FIGURES).exists()):
        return read_run(path.resolve())
    folders = [folder for folder in root.glob("*/*/*") if folder.is_dir()]
    fits = [folder for folder in folders if folder.name == name or folder.name.partition("-")[2] == name]
    if not fits:
        raise BadInput(f"There is no run {name} below {root.resolve()}; charterbot runs lists those that there are.")
    if len(fits) > 1:
        told = ", ".join(sorted(str(folder) for folder in fits))
        raise BadInput(f"{name} may mean several runs; name one of these folders: {told}.")
    return read_run(fits[0])


def read_run(path: Path) -> PastRun:
    """From its figures, else from its journal; never raises for what the folder holds."""
    slug = f"{path.parent.parent.name}/{path.parent.name}"
    try:
        if (path / FIGURES).is_file():
            return PastRun(path, slug, _figures(path / FIGURES))
        if (path / JOURNAL).is_file():
            return PastRun(path, slug, _from_journal(path, slug))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return PastRun(path, slug, {}, "unreadable")
    return PastRun(path, slug, {}, "no journal")


def comparison(one: PastRun, other: PastRun) -> dict[str, Any]:
    """What the second run has that the first has not, and the other way round, as JSON data."""
    found = [_proved(run.figures) for run in (one, other)]
    went = [dict.fromkeys(run.figures["routes"]) for run in (one, other)]
    ended = [{(c["role"], c["name"]): c["status"] for c in run.figures["capabilities"]} for run in (one, other)]
    return {
        "first": _as_json(one),
        "second": _as_json(other),
        "findings": {
            "only_first": [found[0][key] for key in found[0] if key not in found[1]],
            "only_second": [found[1][key] for key in found[1] if key not in found[0]],
            "both": [found[1][key] for key in found[1] if key in found[0]],
        },
        "routes": {
            "only_first": sorted(went[0].keys() - went[1].keys()),
            "only_second": sorted(went[1].keys() - went[0].keys()),
            "both": sorted(went[0].keys() & went[1].keys()),
        },
        "capabilities": [
            {"role": role, "name": name, "first": ended[0].get((role, name)), "second": ended[1].get((role, name))}
            for role, name in dict.fromkeys([*ended[0], *ended[1]])
        ],
    }


def _proved(told: Figures) -> dict[str, dict[str, Any]]:
    """What the run proved, and what it met again that has an issue, by fingerprint."""
    proved = [found for found in told["findings"] if _is_proven(found)]
    return {
        found["fingerprint"]: {"fingerprint": found["fingerprint"], "title": found["title"]}
        for found in [*told["known"], *proved]
    }


def _is_proven(found: Mapping[str, Any]) -> bool:
    """Runs of earlier versions told the verdict alone."""
    return found.get("proven", found["verdict"] == "CONFIRMED")


def _figures(path: Path) -> Figures:
    told = json.loads(path.read_text(encoding="utf-8"))
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']}")
    _check(told)
    return told


def _check(told: Figures) -> None:
    """Raises KeyError, TypeError or ValueError for what could not be shown or compared."""
    _ = (told["state"] + told["detail"], sum(role["turns"] for role in told["roles"]), told["turns"] + told["tokens"])
    _ = [found["verdict"] + found["fingerprint"] + found["title"] for found in told["findings"]]
    _ = [each["role"] + each["name"] + each["status"] for each in told["capabilities"]]
    _ = [each["fingerprint"] + each["title"] for each in told["known"]]
    _ = (told["routes"].keys(), (told["price"] or 0) + 0.0, told["ended"], datetime.fromisoformat(told["started"]))


def _from_journal(path: Path, slug: str) -> Figures:
    """Without the profile, which may be another by now: capabilities are those that were noted."""
    app, _, name = slug.partition("/")
    events = read_journal(path / JOURNAL)
    bare = Profile(app, name, path, "", "local", ())
    told = figures(bare, summary(events), analyse(Charter("", app, name), bare, events))
    _check(told)
    return told


def read_journal(path: Path) -> tuple[Event, ...]:
    """A journal that somebody may be writing: its torn last line is left alone. Raises OSError, and ValueError,
    KeyError or TypeError for what is no journal."""
    data = path.read_bytes()
    lines = data[: data.rfind(b"\n") + 1].decode("utf-8").split("\n")
    records = [json.loads(line) for line in lines if line]
    return tuple(
        Event(r["seq"], datetime.fromisoformat(r["at"]), r["role"], payload_from_json(r["kind"], r["payload"]))
        for r in records
    )


def _whole(run: PastRun) -> PastRun:
    if run.trouble:
        what = "has no journal and no report" if run.trouble == "no journal" else "cannot be read"
        raise BadInput(f"{run.path} {what}; compare runs that charterbot runs shows with their figures.")
    return run


def _began(run: PastRun) -> str:
    """When the run began, so that folders sort by it; the folder's name begins with it too."""
    return str(run.figures["started"]) if run.figures else _dashed(run.id)


def _dashed(name: str) -> str:
    stamp = name.partition("-")[0]
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%S%z").isoformat()
    except ValueError:
        return ""


def _as_json(run: PastRun) -> dict[str, Any]:
    told = run.figures
    return {
        "run": run.id,
        "profile": run.slug,
        "path": str(run.path),
        "state": run.state,
        "started": told.get("started") or _dashed(run.id) or None,
        "roles": [role["name"] for role in told.get("roles", ())],
        "turns": told.get("turns"),
        "confirmed": run.confirmed if told else None,
        "tokens": told.get("tokens"),
        "price": told.get("price"),
    }


def _list_table(runs: Iterable[PastRun]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("when (UTC)", "profile", "state", "roles"):
        table.add_column(name, no_wrap=True)
    for name in ("turns", "confirmed", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("path", no_wrap=True)
    for run in runs:
        told = run.figures
        began = (told.get("started") or _dashed(run.id))[:16].replace("T", " ")
        counts = [f"{told['turns']:,}", str(run.confirmed), _cost(told)] if told else ["", "", ""]
        roles = ", ".join(role["name"] for role in told.get("roles", ()))
        table.add_row(*map(Text, (began, run.slug, run.state, roles, *counts, str(run.path))))
    return table


def _figures_table(one: PastRun, other: PastRun) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    table.add_column(Text(one.id), no_wrap=True)
    table.add_column(Text(other.id), no_wrap=True)
    rows = {
        "profile": lambda run: run.slug,
        "build": lambda run: str(run.figures.get("build") or "unknown"),
        "state": lambda run: run.state,
        "roles": lambda run: ", ".join(role["name"] for role in run.figures["roles"]),
        "turns": lambda run: f"{run.figures['turns']:,}",
        "confirmed": lambda run: str(run.confirmed),
        "routes": lambda run: str(len(run.figures["routes"])),
        "capabilities proven": lambda run: str(sum(each["status"] == "proven" for each in run.figures["capabilities"])),
        "tokens": lambda run: f"{run.figures['tokens']:,}",
        "cost": lambda run: _cost(run.figures),
    }
    for name, tell in rows.items():
        table.add_row(*map(Text, (name, tell(one), tell(other))))
    return table


def _cost(told: Figures) -> str:
    if not told["tokens"]:
        return "none"
    return "unknown" if told["price"] is None else f"${told['price']:.4f}"


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    _say(console, f"{title}: {len(lines) or 'none'}")
    for line in lines:
        _say(console, f"  {line}")


def _print(console: Console, table: Table) -> None:
    # In its full width even on a narrow terminal: a path cut short would be of no use.
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
    console.width = max(console.width, needed)
    console.print(table, crop=False)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)
