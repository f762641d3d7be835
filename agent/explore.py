"""`charterbot explore` and `charterbot replay` as functions: a run without GitHub, and one finding replayed.

They print nothing; who calls them listens to the events.
"""

import contextlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import begun
from agent.book import MemoryBook
from agent.charter import Charter, Profile, Role
from agent.crew import CrewRun, RunOutcome, run_crew
from agent.effort import spent
from agent.errors import BadInput
from agent.events import Event
from agent.evidence.finding import Finding, FixVerdict, finding_from_json
from agent.evidence.instance import read_build
from agent.evidence.proof import recheck
from agent.journal import FileJournal
from agent.llm import costs
from agent.llm.choose import LlmSettings
from agent.llm.models import Metering, Models
from agent.llm.spending import Account, MemoryDay
from agent.profiles.load import chosen_roles, load_profile
from agent.prover import ProofRoom, Workshop
from agent.report.summary import RunSummary, summary
from agent.report.write import write_report
from agent.steering import Inbox, MemoryInbox
from agent.tools.chromium import require_browser
from agent.vault import Vault

LONGEST_CHARTER = 100_000
MISSION = "Explore the application in the role's capabilities and find what is broken, lost, wrong or not allowed."


@dataclass(frozen=True, slots=True)
class ExploreOptions:
    """`apps` holds the profiles, `slug` is App/profile. Reports go below `out`; `state_key` is the file of the key that
    seals signed-in states. `inbox` steers the run. An empty `roles` means the profile's default ones.

    `resume` is the folder of a run that was cut off: it goes on with what it was begun with, which `url`, charter,
    `roles` and `iterations` may repeat and not change."""

    apps: Path
    slug: str
    environ: Mapping[str, str]
    llm: LlmSettings
    url: str | None = None
    charter_file: Path | None = None
    roles: tuple[str, ...] = ()
    iterations: int | None = None
    out: Path = Path("runs")
    resume: Path | None = None
    state_key: Path | None = None
    inbox: Inbox = field(default_factory=MemoryInbox)


@dataclass(frozen=True, slots=True)
class Explored:
    """A run's end, the folder of its report and its figures."""

    outcome: RunOutcome
    folder: Path
    summary: RunSummary


async def explore(options: ExploreOptions, listen: Callable[[Event], None] | None = None) -> Explored:
    """A whole run, or the rest of one. Raises BadInput before anything was started."""
    profile, charter = _wanted(options)
    roles = chosen_roles(profile, charter)
    folder = options.resume or _new_folder(options, profile)
    try:
        outcome, events = await _run(options, Work(profile, charter, roles, folder), listen)
    except BadInput:
        if options.resume is None:  # nothing was explored, so nothing is left behind
            _remove(folder)
        raise
    write_report(folder, charter, profile, events)
    return Explored(outcome, folder, summary(events))


@dataclass(frozen=True, slots=True)
class Work:
    """What a run explores, as whom, and where it leaves what it found."""

    profile: Profile
    charter: Charter
    roles: tuple[Role, ...]
    folder: Path


async def _run(
    options: ExploreOptions, work: Work, listen: Callable[[Event], None] | None
) -> tuple[RunOutcome, Sequence[Event]]:
    profile, folder = work.profile, work.folder
    if options.resume is None:
        begun.keep(folder, work.charter, [role.name for role in work.roles], profile.url)
    journal = FileJournal(folder / "journal.jsonl")
    day = MemoryDay(costs.spent_today(options.out, profile.slug, datetime.now(UTC).date()))
    account = Account(profile.budgets, day, spent(await journal.read()))
    models = Models(options.llm, profile, Metering(folder.name, account, costs.CostLog(folder / costs.FILE)))
    run = CrewRun(
        charter=work.charter,
        profile=profile,
        model=models.of,
        journal=journal,
        book=MemoryBook(),
        folder=folder,
        environ=options.environ,
        listen=listen,
        inbox=options.inbox,
        vault=Vault(options.state_key),
    )
    try:
        models.require(work.roles)
        await models.reach()
        outcome = await run_crew(run)
    finally:
        await models.close()
    return outcome, await journal.read()


async def replay_file(
    source: Path | Finding, apps: Path, environ: Mapping[str, str], url: str | None = None
) -> FixVerdict:
    """What the finding's proof does now: on `url` when given, else on the profile's replay instance.

    Raises BadInput.
    """
    finding = source if isinstance(source, Finding) else read_finding(source)
    profile = load_profile(apps, f"{finding.app}/{finding.profile}", environ, url)
    if url:
        # Somebody's own instance: it is neither started nor reset by us.
        profile = replace(profile, replay=None)
    if url and not profile.may_write:
        raise BadInput(
            f"{profile.slug} is read-only, and replaying on {url} may write there; "
            'set "allow_writes" to true in its settings.json if it may, or leave out --url.'
        )
    if profile.replay is None and not profile.may_write:
        raise BadInput(f"{profile.slug} is read-only; give its settings.json a replay instance of its own.")
    require_browser(environ)
    build = "" if url else await read_build(profile, profile.url) or finding.verdict.build
    # A re-check takes no pictures, so the folder of proofs stays untouched.
    room = ProofRoom(profile, MemoryBook(), profile.folder, environ)
    async with Workshop(room) as workshop:
        return await recheck(finding, await workshop.replayer(), profile.replays, build)


def read_finding(path: Path, which: str = "1") -> Finding:
    """From a file with one finding, or with the list of a run: by fingerprint, or by number from 1. Raises BadInput."""
    found = _findings(path)
    places = {str(number): finding for number, finding in enumerate(found, 1)}
    places |= {finding.fingerprint.value: finding for finding in found}
    if which not in places:
        known = ", ".join(f"{number} ({finding.fingerprint.value})" for number, finding in enumerate(found, 1))
        raise BadInput(f"{path} holds no finding {which}; it holds: {known or 'none'}.")
    return places[which]


def _findings(path: Path) -> list[Finding]:
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); name a findings.json of a run.") from None
    except ValueError:
        raise BadInput(f"{path} is not JSON; name a findings.json of a run.") from None
    records = data if isinstance(data, list) else [data]
    if not all(isinstance(record, dict) for record in records):
        raise BadInput(f"{path} holds no finding; name a findings.json of a run.")
    try:
        return [finding_from_json(record) for record in records]
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from None


def read_charter(options: ExploreOptions, profile: Profile) -> Charter:
    """The mission of the charter file, or one for everything. Raises BadInput."""
    mission = MISSION
    if options.charter_file is not None:
        try:
            mission = options.charter_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadInput(f"{options.charter_file} cannot be read ({error.strerror}); name a text file.") from None
        except UnicodeDecodeError:
            raise BadInput(f"{options.charter_file} is not UTF-8; save it as UTF-8.") from None
        if not mission:
            raise BadInput(f"{options.charter_file} holds no mission; write in it what is to be explored.")
        if len(mission) > LONGEST_CHARTER:
            raise BadInput(f"{options.charter_file} is longer than {LONGEST_CHARTER} characters; shorten the charter.")
    if options.iterations is not None and options.iterations < 1:
        raise BadInput(f"{options.iterations} iterations are too few; give 1 or more.")
    return Charter(mission, profile.app, profile.name, options.roles, iterations=options.iterations)


def run_folder(out: Path, profile: Profile, run_id: str, now: datetime) -> Path:
    """runs/<app>/<profile>/<UTC time>-<run id>."""
    return out / profile.app / profile.name / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{run_id}"


def _wanted(options: ExploreOptions) -> tuple[Profile, Charter]:
    """The profile and the charter of a run that begins, or of the one that is resumed. Raises BadInput."""
    if options.resume is None:
        profile = load_profile(options.apps, options.slug, options.environ, options.url)
        return profile, read_charter(options, profile)
    was = begun.recall(options.resume)
    if options.slug != was.slug:
        raise BadInput(f"{options.resume} holds a run of {was.slug}, not of {options.slug}; name that profile.")
    profile = load_profile(options.apps, was.slug, options.environ, options.url or was.url)
    said = read_charter(options, profile)
    differing = {
        "--url": profile.url != was.url,
        "--charter": options.charter_file is not None and said.mission != was.mission,
        "--role": bool(said.roles) and set(said.roles) != set(was.roles),
        "--iterations": said.iterations is not None and said.iterations != was.iterations,
    }
    if any(differing.values()):
        names = ", ".join(name for name, differs in differing.items() if differs)
        raise BadInput(f"{options.resume} was begun with another {names}; leave that out, or begin a new run.")
    return profile, was.charter


def _new_folder(options: ExploreOptions, profile: Profile) -> Path:
    folder = run_folder(options.out, profile, secrets.token_hex(3), datetime.now(UTC))
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise BadInput(f"{folder} cannot be made ({error.strerror}); choose another --out.") from None
    return folder


def _remove(folder: Path) -> None:
    """With the folders of its profile and app when they hold no other run."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
        folder.parent.parent.rmdir()
