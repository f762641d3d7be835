"""Stories of fixes: a pull request is merged, a deployment holds it or not, a verdict is reported on the issue."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bot_stage import Stage, a_finding

from agent.errors import BadInput
from agent.evidence.finding import FixVerdict
from bot.dispatch import handle_delivery
from bot.domain.closing_keywords import VERBS, closed_issues
from bot.events import CharterLabelled, DeploymentFinished, PullRequestMerged, to_json
from bot.handlers import deployment, fix
from bot.reasons import Outcome, Reason
from bot.store import deliveries, findings, revalidations
from bot.store.deliveries import NewDelivery
from bot.store.revalidations import RevalidationRow
from demo.github.model import Issue, PullRequest


async def _merge(stage: Stage, body: str, title: str = "Mend it") -> tuple[Outcome, PullRequest]:
    world, repository = stage.world, stage.repository
    branch = f"fix-{world.new_id()}"
    world.push(repository, "developer", branch, {f"{branch}.txt": "x"}, "mend")
    pull = world.open_pull(repository, "developer", title, body, branch)
    merge = world.merge(pull, "maintainer")
    event = PullRequestMerged(
        stage.repo, stage.installation_id, stage.actor("maintainer"), pull.number, title, body,
        merge.sha, pull.head_sha, "main", "main",
    )  # fmt: skip
    return await fix.on_merged(event, stage.context), pull


async def _deployed(stage: Stage, sha: str, environment: str = "local", state: str = "success") -> Outcome:
    event = DeploymentFinished(stage.repo, stage.installation_id, stage.actor("maintainer"), 1, sha, environment, state)
    return await deployment.on_deployment(event, stage.context)


async def _rows(stage: Stage, *states: str) -> tuple[RevalidationRow, ...]:
    async with stage.context.db.read() as tx:
        return await revalidations.of_state(tx, *states)


async def _filed(stage: Stage, name: str = "a") -> Issue:
    return (await stage.file(await stage.a_run(), a_finding(name)))[0]


async def test_a_merged_fix_waits_for_the_deployment_that_holds_it(stage: Stage) -> None:
    issue = await _filed(stage)
    before = stage.repository.graph.branches["main"]
    outcome, pull = await _merge(stage, f"Fixes #{issue.number}")
    assert outcome == Outcome.done(Reason.WAITS_FOR_DEPLOYMENT)
    await stage.flush()
    assert "finding:awaiting-deploy" in issue.label_names

    merged = pull.merge_commit_sha or ""
    assert await _deployed(stage, before) == Outcome.ignored(Reason.NOT_CONTAINED)
    assert await _deployed(stage, merged, state="failure") == Outcome.ignored(Reason.NOT_LIVE)
    assert await _deployed(stage, merged, environment="production") == Outcome.ignored(Reason.NOBODY_WAITS)
    later = stage.world.push(stage.repository, "developer", "main", {"later.txt": "x"}, "later")
    assert await _deployed(stage, later.sha) == Outcome.done(Reason.READY)
    (row,) = await _rows(stage, "ready")
    assert (row.pull_request, row.merge_sha, row.build) == (pull.number, merged, later.sha)


async def test_the_sweep_finds_a_deployment_that_no_webhook_told(stage: Stage) -> None:
    issue = await _filed(stage)
    _, pull = await _merge(stage, "", title=f"Resolves: #{issue.number}")
    await deployment.check(stage.context)
    assert len(await _rows(stage, "waiting")) == 1
    await stage.world.deploy(stage.repository, "maintainer", pull.merge_commit_sha or "", "local")
    await deployment.check(stage.context)
    assert [row.build for row in await _rows(stage, "ready")] == [pull.merge_commit_sha]


async def test_a_wait_ends_after_a_day_and_says_why(stage: Stage) -> None:
    issue = await _filed(stage)
    await _merge(stage, f"Fixes #{issue.number}")
    async with stage.context.db.begin() as tx:
        (row,) = await revalidations.waiting(tx)
    late = replace(stage.context, clock=lambda: row.deadline)
    await deployment.check(late)
    await fix.report(stage.context)
    await stage.flush()
    assert "❔ **I cannot tell**" in stage.comments(issue)[-1] and "within 24 hours" in stage.comments(issue)[-1]


async def test_a_pull_request_without_findings_is_left_alone(stage: Stage) -> None:
    outcome, _ = await _merge(stage, f"Fixes #{stage.charter.number}")
    assert outcome == Outcome.ignored(Reason.NO_FINDING_LINKED)


@pytest.mark.parametrize(
    ("kind", "state", "labels", "words"),
    [
        ("FIXED", "closed", {"finding:verified"}, "✅ **Fixed**"),
        ("STILL_FAILS", "open", {"finding:still-reproduces"}, "❌ **Still fails**"),
        ("MOVED", "open", {"finding:still-reproduces"}, "⚠️ **Not fixed, but different**"),
        ("CANNOT_TELL", "open", set(), "❔ **I cannot tell**"),
    ],
)
async def test_each_verdict_is_told_once_and_the_issue_is_as_it_says(
    stage: Stage, kind: Any, state: str, labels: set[str], words: str
) -> None:
    issue = await _filed(stage)
    _, pull = await _merge(stage, f"Fixes #{issue.number}")
    await _deployed(stage, pull.merge_commit_sha or "")
    await stage.flush()
    assert issue.state == "closed"  # GitHub's own doing, by the keyword
    (row,) = await _rows(stage, "ready")
    hits = 0 if kind in ("FIXED", "MOVED") else 5
    async with stage.context.db.begin() as tx:
        await revalidations.decide(tx, row.id, FixVerdict(kind, hits, 5, 5, row.build), stage.clock())
    for _ in range(2):
        await fix.report(stage.context)
        await stage.flush()

    assert issue.state == state
    assert {name for name in issue.label_names if name.startswith("finding:")} == labels
    (comment,) = stage.comments(issue)
    assert words in comment and f"#{pull.number}" in comment and f"**{hits} of 5**" in comment
    async with stage.context.db.read() as tx:
        found = await findings.by_issue(tx, stage.repo.id, issue.number)
    expected = {"FIXED": "fixed", "CANNOT_TELL": "filed"}.get(kind, "still_fails")
    assert found is not None and found.state == expected


async def test_what_was_proven_fixed_stays_closed_when_a_later_replay_cannot_tell(stage: Stage) -> None:
    issue = await _filed(stage)
    for kind in ("FIXED", "CANNOT_TELL"):
        _, pull = await _merge(stage, f"Fixes #{issue.number}")
        await _deployed(stage, pull.merge_commit_sha or "")
        (row,) = await _rows(stage, "ready")
        async with stage.context.db.begin() as tx:
            await revalidations.decide(tx, row.id, FixVerdict(kind, 0, 5, 5, row.build), stage.clock())
        await fix.report(stage.context)
        await stage.flush()
    assert issue.state == "closed" and "An earlier replay found it fixed" in stage.comments(issue)[-1]


async def test_a_target_that_is_gone_is_said_and_nothing_waits_for_it(stage: Stage, tmp_path: Path) -> None:
    issue = await _filed(stage)
    elsewhere = stage.context.settings.model_copy(update={"apps_dir": tmp_path})
    stage.context = replace(stage.context, settings=elsewhere)
    outcome, _ = await _merge(stage, f"Fixes #{issue.number}")
    assert outcome.kind == "done"
    await fix.report(stage.context)
    await stage.flush()
    said = stage.comments(issue)[-1]
    assert "❔ **I cannot tell**" in said and "Clubhouse" in said and str(tmp_path) not in said
    assert issue.state == "open" and "finding:awaiting-deploy" not in issue.label_names


async def test_bad_input_in_a_handler_is_one_sentence_in_the_issue(stage: Stage) -> None:
    async def refuse(*_: object) -> Outcome:
        raise BadInput("The moon is not a target; name another one.")

    event = CharterLabelled(
        stage.repo, stage.installation_id, stage.actor("pm"), stage.charter.number, "test-charter", "x", ""
    )
    new = NewDelivery("d1", "issues", "labeled", to_json(event))
    async with stage.context.db.begin() as tx:
        await deliveries.claim(tx, new, stage.clock())
    await handle_delivery(stage.context, "d1", {CharterLabelled: refuse})
    await stage.flush()
    assert "✋ The moon is not a target; name another one." in stage.comments()[-1]
    async with stage.context.db.read() as tx:
        found = await deliveries.get(tx, "d1")
    assert found is not None and found.state == "done"


@pytest.mark.parametrize("verb", VERBS)
def test_all_nine_verbs_close(verb: str) -> None:
    text = f"{verb.upper()}: #7 and {verb} acme/clubhouse#8, {verb} https://github.com/Acme/clubhouse/issues/9"
    assert closed_issues((text,), "acme/clubhouse") == (7, 8, 9)


@pytest.mark.parametrize("text", ["prefix #7", "fixes#7", "fixes other/repo#7", "unfixes #7", "fixing #7", "", None])
def test_what_only_looks_like_it_does_not_close(text: Any) -> None:
    assert closed_issues((text,), "acme/clubhouse") == ()
