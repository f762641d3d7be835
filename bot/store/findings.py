"""Proven findings: drafts until they are filed, one row per fingerprint, app and repository for ever after."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.book import OpenFault
from agent.evidence.finding import Finding, finding_from_json, to_json
from bot.store import effects
from bot.store.database import Database, insert_once
from bot.store.ids import new_id
from bot.store.leases import Lease, for_the_agent, guard
from bot.store.runs import Run
from bot.store.tables import findings
from bot.store.tables import sightings as sightings_table


@dataclass(frozen=True, slots=True)
class FindingRow:
    """`run_id` is the run that proved it last; `issue` is its number once it was filed."""

    id: str
    repo_id: int
    app: str
    fingerprint: str
    run_id: str
    state: str
    finding: Finding
    issue: int | None
    created_at: datetime
    filed_at: datetime | None

    @property
    def filing_key(self) -> str:
        """Of the effect that files it: once per finding, and once more for each run that proves a fixed one again."""
        return f"finding:{self.id}" if self.issue is None else f"finding:{self.id}:{self.run_id}"


async def get(tx: AsyncConnection, id: str) -> FindingRow | None:
    return await _first(tx, select(findings).where(findings.c.id == id))


async def by_issue(tx: AsyncConnection, repo_id: int, issue: int) -> FindingRow | None:
    return await _first(tx, select(findings).where(findings.c.repo_id == repo_id, findings.c.issue == issue))


async def by_fingerprint(tx: AsyncConnection, repo_id: int, app: str, fingerprint: str) -> FindingRow | None:
    same = (findings.c.repo_id == repo_id, findings.c.app == app, findings.c.fingerprint == fingerprint)
    return await _first(tx, select(findings).where(*same).with_for_update())


async def of_run(tx: AsyncConnection, run_id: str) -> tuple[FindingRow, ...]:
    return await _rows(tx, select(findings).where(findings.c.run_id == run_id))


async def drafts(tx: AsyncConnection) -> tuple[FindingRow, ...]:
    """Those to be filed, oldest first. One with an issue number was filed before and came back."""
    return await _rows(tx, select(findings).where(findings.c.state == "draft"))


async def sightings(tx: AsyncConnection, run_id: str) -> tuple[FindingRow, ...]:
    """Findings known before that were seen again in this run."""
    seen = select(sightings_table.c.finding_id).where(sightings_table.c.run_id == run_id)
    return await _rows(tx, select(findings).where(findings.c.id.in_(seen)))


async def set_state(
    tx: AsyncConnection, id: str, state: str, issue: int | None = None, now: datetime | None = None
) -> None:
    """None leaves the issue number as it is; `now` is when it was filed."""
    values: dict[str, Any] = {"state": state}
    if issue is not None:
        values["issue"] = issue
    if state == "filed" and now is not None:
        values["filed_at"] = now
    await tx.execute(update(findings).where(findings.c.id == id).values(**values))


class RunBook:
    """agent.book.FindingBook of one run, for the holder of its lease."""

    def __init__(self, db: Database, run: Run, lease: Lease):
        self._db = db
        self._run = run
        self._lease = lease

    async def reference(self, fingerprint: str) -> str | None:
        """A finding whose fix was confirmed is no longer known: when it shows again, it must be proven again."""
        with for_the_agent():
            return await self._reference(fingerprint)

    async def open_faults(self) -> tuple[OpenFault, ...]:
        with for_the_agent():
            async with self._db.read() as tx:
                same = (findings.c.repo_id == self._run.repo.id, findings.c.app == self._run.charter.app)
                rows = await _rows(tx, select(findings).where(*same, findings.c.state != "fixed"))
        return tuple(_fault(row) for row in reversed(rows) if row.finding.profile == self._run.charter.profile)

    async def keep(self, finding: Finding) -> None:
        with for_the_agent():
            await self._keep(finding)

    async def _reference(self, fingerprint: str) -> str | None:
        async with self._db.begin() as tx:
            await guard(tx, self._lease)
            row = await by_fingerprint(tx, self._run.repo.id, self._run.charter.app, fingerprint)
            if row is None or row.state == "fixed":
                return None
            await self._see(tx, row)
        return str(row.issue) if row.issue and row.state != "draft" else "pending"

    async def _keep(self, finding: Finding) -> None:
        now, fingerprint = datetime.now(UTC), finding.fingerprint.value
        proven = {"run_id": self._run.id, "state": "draft", "finding": to_json(finding), "created_at": now}
        async with self._db.begin() as tx:
            await guard(tx, self._lease)
            key = {"id": new_id(), "repo_id": self._run.repo.id, "app": finding.app, "fingerprint": fingerprint}
            if await insert_once(tx, findings, {**key, **proven}):
                return
            row = await by_fingerprint(tx, self._run.repo.id, finding.app, fingerprint)
            if row is not None and row.state == "fixed":
                await tx.execute(update(findings).where(findings.c.id == row.id).values(**proven))
            elif row is not None:
                await self._see(tx, row)

    async def _see(self, tx: AsyncConnection, row: FindingRow) -> None:
        now = datetime.now(UTC)
        if row.state == "draft":
            # Known, but perhaps in no issue yet: what GitHub refused then it may take now.
            await effects.rearm(tx, row.filing_key, now)
        if row.run_id != self._run.id:
            seen = {"run_id": self._run.id, "finding_id": row.id, "at": now}
            await insert_once(tx, sightings_table, seen)


def _fault(row: FindingRow) -> OpenFault:
    route = dict(row.finding.fingerprint.components).get("route", "")
    return OpenFault(row.finding.title, route, row.finding.severity, f"#{row.issue}" if row.issue else "being filed")


def book(db: Database, run: Run, lease: Lease) -> RunBook:
    return RunBook(db, run, lease)


async def _first(tx: AsyncConnection, query: Select[Any]) -> FindingRow | None:
    row = (await tx.execute(query)).first()
    return None if row is None else _row(row)


async def _rows(tx: AsyncConnection, query: Select[Any]) -> tuple[FindingRow, ...]:
    return tuple(_row(row) for row in await tx.execute(query.order_by(findings.c.created_at, findings.c.id)))


def _row(row: Row[Any]) -> FindingRow:
    return FindingRow(**{**row._mapping, "finding": finding_from_json(row.finding)})
