"""Two roles in one run: what the admin writes down, the member opens by its address."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
from access_world import ADMIN, MEMBER, VISITOR, club_profile

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Charter
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.tools.aria import elements, parse
from agent.tools.surface import ToolCall

Calls = Sequence[tuple[str, dict[str, Any]]]


class Reader:
    """A model that takes the next thing to do from what it sees; `written` tells that there is a draft."""

    name, vision = "reader", False

    def __init__(self, written: asyncio.Event) -> None:
        self.written = written

    async def generate(self, request: ModelRequest) -> ModelReply:
        calls = tuple(ToolCall(f"call-{n}", tool, args) for n, (tool, args) in enumerate(self.next(request)))
        return ModelReply("called", "", calls, Usage(input=10, output=2))

    async def close(self) -> None:
        return

    def next(self, request: ModelRequest) -> Calls:
        raise NotImplementedError


class Writer(Reader):
    """Writes a draft and goes home."""

    def next(self, request: ModelRequest) -> Calls:
        view = request.situation.view
        assert view is not None
        if view.url.endswith("/drafts/new"):
            found = {item.name: item.ref for item in elements(parse(view.snapshot))}
            title = {"target": found["Title"], "text": "Budget"}
            return [("browser_type", title), ("browser_click", {"target": found["Save draft"]})]
        if "/drafts/" in view.url:
            self.written.set()
            return [("finish", {"summary": "The draft is written."})]
        return [("browser_navigate", {"url": "/drafts/new"})]


class Neighbour(Reader):
    """Waits for the draft, then tries its address, and the office's pages and requests."""

    def __init__(self, written: asyncio.Event) -> None:
        super().__init__(written)
        self.asked = False
        self.left = ["/drafts/40", "/admin/settings", "/admin/billing", "/admin/prices", "/events"]

    async def generate(self, request: ModelRequest) -> ModelReply:
        await self.written.wait()
        return await super().generate(request)

    def next(self, request: ModelRequest) -> Calls:
        if self.left:
            return [("browser_navigate", {"url": self.left.pop(0)})]
        if not self.asked:
            self.asked = True
            return [("browser_request", {"url": "/api/admin/audit"})]
        return [("finish", {"summary": "Tried."})]


async def test_a_draft_of_the_admin_that_a_member_can_open_is_one_critical_finding(start_club, tmp_path):
    url = start_club("object")
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.post(f"{url}/__fill")
    roles = (replace(MEMBER, iterations=60), replace(ADMIN, iterations=60), VISITOR)
    profile = club_profile(tmp_path, url, roles=roles, default_roles=("member", "admin"), replays=2)
    written = asyncio.Event()
    book, journal = MemoryBook(), FileJournal(tmp_path / "journal.jsonl")
    run = CrewRun(
        charter=Charter("Try each other's doors.", "Club", "local"),
        profile=profile,
        model=lambda role: Neighbour(written) if role.name == "member" else Writer(written),
        journal=journal,
        book=book,
        folder=tmp_path / "run",
        environ=os.environ,
    )
    outcome = await run_crew(run)

    assert outcome.state == "completed"
    payloads = [event.payload for event in await journal.read()]
    asked = [p for p in payloads if isinstance(p, ev.ToolFinished) and p.tool == "browser_request"]
    assert [p.text.splitlines()[0] for p in asked] == ["GET /api/admin/audit: HTTP 200, application/json, 43 bytes"]
    (finding,) = book.findings
    assert finding.title == 'member can open /drafts/{id}, which belongs to "Write drafts" of admin'
    assert (finding.severity, finding.verdict.kind, finding.verdict.hits) == ("critical", "CONFIRMED", 2)
    assert finding.repro.roles == ("admin", "member")
    assert finding.repro.steps[-1].value == "/drafts/40", "as it was seen; the replay has its own number"
    raised = [p for p in payloads if isinstance(p, ev.AlarmRaised)]
    assert len(raised) == 1
