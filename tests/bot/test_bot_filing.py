"""Stories of proven findings: filed exactly once under crashes, lost replies, double flushes and rate limits."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest
from bot_stage import Stage, a_finding

from bot import outbox
from bot.github.port import GitHubPort, IssueView, NewIssue
from bot.handlers.finding import file_drafts
from bot.store import effects, findings, leases
from demo.github.faults import Fault

ISSUES = r"^/repos/acme/clubhouse/issues$"


class Killed(BaseException):
    """The process ends here: nothing of ours may catch it."""


class DyingAt:
    """The real GitHub, and a process that dies right before or right after it created an issue."""

    def __init__(self, real: GitHubPort, point: str):
        self._real = real
        self.point = point

    def at(self, repo: Any, installation_id: int) -> Any:
        return DyingRepository(self._real.at(repo, installation_id), self)

    async def close(self) -> None:
        await self._real.close()


class DyingRepository:
    def __init__(self, real: Any, death: DyingAt):
        self._real = real
        self._death = death

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def create_issue(self, new: NewIssue) -> IssueView:
        if self._death.point == "before the request":
            raise Killed
        made = await self._real.create_issue(new)
        if self._death.point == "after the reply":
            raise Killed
        return made


async def test_a_finding_becomes_one_labelled_issue_linked_from_the_live_comment(stage: Stage) -> None:
    run = await stage.a_run()
    (issue,) = await stage.file(run, a_finding())

    assert issue.title == "POST /bookings answers 500"
    assert sorted(issue.label_names) == ["finding", "role:member", "severity:high"]
    assert stage.repository.labels["severity:high"].color == "d93f0b"
    assert f"| Charter | #{stage.charter.number} |" in (issue.body or "")
    async with stage.context.db.read() as tx:
        (row,) = await findings.of_run(tx, run.id)
    assert (row.state, row.issue) == ("filed", issue.number)


@pytest.mark.parametrize("first", ["before the request", "after the reply", "502_after", "drop_after", "502_before"])
@pytest.mark.parametrize("second", ["after the reply", "502_after", "none"])
async def test_two_crashes_in_a_row_neither_file_twice_nor_lose(stage: Stage, first: str, second: str) -> None:
    run = await stage.a_run()
    await stage.prove(run, a_finding())
    await file_drafts(stage.context)
    for point in (first, second):
        await _flush_and_die(stage, point)
        # Sooner than GitHub may show what it did, nothing is tried again.
        before = len(stage.findings())
        await stage.flush()
        assert len(stage.findings()) == before or point == "none"
        stage.clock.advance(61)
    for _ in range(3):
        await file_drafts(stage.context)
        await stage.flush()

    assert len(stage.findings()) == 1
    async with stage.context.db.read() as tx:
        (row,) = await findings.of_run(tx, run.id)
    assert (row.state, row.issue) == ("filed", stage.findings()[0].number)


async def _flush_and_die(stage: Stage, point: str) -> None:
    if point in ("502_after", "drop_after", "502_before"):
        stage.world.faults.append(Fault("POST", ISSUES, point))  # pyright: ignore[reportArgumentType]  a parameter
        await stage.flush()
        stage.world.faults.clear()
        return
    dying = replace(stage.context, github=DyingAt(stage.github, point))
    with contextlib.suppress(Killed):
        await outbox.flush(dying)


async def test_a_process_that_dies_before_it_records_the_answer_finds_the_issue_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.a_run()
    await stage.prove(run, a_finding())
    await file_drafts(stage.context)

    async def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_record", die)
        with pytest.raises(Killed):
            await stage.flush()
    assert len(stage.findings()) == 1
    stage.clock.advance(61)
    await stage.flush()
    assert len(stage.findings()) == 1
    async with stage.context.db.read() as tx:
        assert (await findings.of_run(tx, run.id))[0].issue == stage.findings()[0].number


async def test_two_flushes_at_once_send_everything_once(stage: Stage) -> None:
    run = await stage.a_run()
    await stage.prove(run, *(a_finding(name) for name in "abcdef"))
    await file_drafts(stage.context)
    await asyncio.gather(*(stage.flush() for _ in range(4)))
    await stage.flush()
    assert len(stage.findings()) == 6


async def test_a_strangers_copy_of_the_marker_does_not_suppress_a_finding(stage: Stage) -> None:
    run = await stage.a_run()
    await stage.prove(run, a_finding())
    await file_drafts(stage.context)
    async with stage.context.db.read() as tx:
        (row,) = await findings.of_run(tx, run.id)
    planted = f"<!-- charterbot:finding v=1 id={row.id} fp={row.fingerprint} -->\n\nNothing to see."
    stage.world.add_labels(
        stage.world.open_issue(stage.repository, "developer", "x", planted), "developer", ["finding"]
    )

    stage.world.faults.append(Fault("POST", ISSUES, "502_before"))
    await stage.flush()
    stage.clock.advance(61)
    await stage.flush()
    assert [issue.author is stage.world.bot for issue in stage.findings()] == [False, True]


async def test_a_rate_limit_puts_all_off_and_loses_nothing(stage: Stage) -> None:
    run = await stage.a_run()
    await stage.prove(run, *(a_finding(name) for name in "abc"))
    await file_drafts(stage.context)
    stage.world.faults.append(Fault("POST", ISSUES, "403_secondary", seconds=120))
    await stage.flush()
    made = len(stage.findings())
    token = next(token for token in stage.world.tokens.values())
    calls = token.requests
    await stage.flush()
    assert (len(stage.findings()), token.requests) == (made, calls)  # not one call within the back-off

    stage.clock.advance(125)
    await stage.flush()
    assert len(stage.findings()) == 3


async def test_what_github_refuses_for_good_is_given_up_and_the_rest_goes_on(stage: Stage) -> None:
    run = await stage.a_run()
    installed = stage.world.installations[stage.installation_id]
    stage.world.grant(installed, {"metadata": "read", "issues": "read"})
    stage.world.revoke_tokens(installed)
    await stage.prove(run, a_finding())
    await file_drafts(stage.context)
    await stage.flush()
    async with stage.context.db.read() as tx:
        (row,) = await findings.of_run(tx, run.id)
        effect = await effects.by_key(tx, f"finding:{row.id}")
    assert effect is not None and effect.state == "failed" and "not accessible by integration" in effect.error


async def test_a_finding_that_github_refused_is_filed_when_it_is_seen_again(stage: Stage) -> None:
    run = await stage.a_run()
    installed = stage.world.installations[stage.installation_id]
    granted = dict(installed.permissions)
    stage.world.grant(installed, {"metadata": "read", "issues": "read"})
    stage.world.revoke_tokens(installed)
    assert await stage.file(run, a_finding()) == []
    stage.world.grant(installed, granted)
    stage.world.revoke_tokens(installed)
    assert await stage.file(run) == []  # given up

    lease = await leases.take(stage.context.db, "runs", run.id, 30, stage.clock())
    assert lease is not None
    assert await findings.book(stage.context.db, run, lease).reference(a_finding().fingerprint.value) == "pending"
    for _ in range(2):
        await stage.flush()
    assert len(stage.findings()) == 1


async def test_revoked_tokens_are_minted_anew_once(stage: Stage) -> None:
    run = await stage.a_run()
    stage.world.revoke_tokens(stage.world.installations[stage.installation_id])
    minted = len(stage.world.tokens)
    assert len(await stage.file(run, a_finding())) == 1
    assert len(stage.world.tokens) == minted + 1


async def test_a_fixed_finding_that_is_proven_again_reopens_its_issue(stage: Stage) -> None:
    run = await stage.a_run()
    (issue,) = await stage.file(run, a_finding())
    stage.world.close_issue(issue, "maintainer")
    async with stage.context.db.begin() as tx:
        (row,) = await findings.of_run(tx, run.id)
        await findings.set_state(tx, row.id, "fixed")
    await stage.end(run)
    await stage.say("/explore rerun", "pm")
    again = (await stage.all_runs())[-1]
    await stage.file(again, a_finding())
    await stage.file(again, a_finding())

    assert stage.findings() == [issue] and issue.state == "open"
    assert "finding:regression" in issue.label_names
    (comment,) = stage.comments(issue)
    assert "🔁 **It is back.**" in comment
