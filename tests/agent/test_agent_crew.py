"""Runs against a real site in real browsers: what is found, proven, kept, and how roles end."""

import sys
from pathlib import Path

import pytest
from agent_parts import reasons, words_of
from agent_scene import free_port, person
from scripted_model import ScriptedModel, both, click, fill, finish, go, tool

from agent import events as ev
from agent.book import MemoryBook
from agent.crew import run_crew
from agent.errors import BadInput
from agent.report.summary import summary
from agent.report.write import write_report

SEARCH = (click("link", "Search"), both(fill("Term", "O'Brien"), click("button", "Find")))


async def test_a_fault_met_while_exploring_is_proven_and_kept(start_site, scene):
    site = start_site("search")
    run = scene(site.url)
    model = ScriptedModel(*SEARCH, go("/items"), finish())
    outcome = await run_crew(run.run(model))

    assert outcome.state == "completed"
    assert [finding.title for finding in run.book.findings] == ["GET /search answers 500"]
    verdict = run.book.findings[0].verdict
    assert (verdict.kind, verdict.hits, verdict.runs, verdict.build) == ("CONFIRMED", 3, 3, "search")
    assert await reasons(run) == {"member": "finished"}
    assert model.left_over == 0
    assert site.counts()["resets"] == 0, "the explored instance is never reset"


@pytest.mark.parametrize("shared_browser", [False, True])
async def test_two_roles_at_once_share_one_proof(apps, start_site, scene, shared_browser):
    apps.settings["shared_browser"] = shared_browser
    site = start_site("search")
    apps.roles = [person("member"), person("guest")]
    run = scene(site.url)
    models = {
        "member": ScriptedModel(*SEARCH, finish()),
        "guest": ScriptedModel(*SEARCH, go("/items"), finish()),
    }
    outcome = await run_crew(run.run(models))

    assert outcome.state == "completed"
    assert await reasons(run) == {"member": "finished", "guest": "finished"}
    assert len(await run.payloads(ev.AlarmRaised)) == 2
    assert len(await run.payloads(ev.VerdictReached)) == 1
    assert len(run.book.findings) == 1


async def test_a_wrong_password_is_named_before_anything_begins(apps, start_site, scene):
    site = start_site("search")
    stranger = person("stranger")
    stranger["sign_in"]["fields"]["Password"] = "{{secret:STRANGERS_PASSWORD}}"
    apps.environ["STRANGERS_PASSWORD"] = "not-it"
    apps.roles = [person("member"), stranger]
    run = scene(site.url)
    with pytest.raises(BadInput, match=r"stranger could not sign in: .*Wrong password.*Correct the sign_in"):
        await run_crew(run.run({"member": ScriptedModel(), "stranger": ScriptedModel()}))
    assert await run.journal().read() == ()


async def test_without_faults_nothing_is_kept_and_other_servers_work_beside_the_browser(apps, start_site, scene):
    site = start_site("clean")
    server = str(Path(__file__).with_name("notes_server.py"))
    apps.settings["servers"] = [
        {"name": name, "command": [sys.executable, server], "tools": ["remember"]} for name in ("left", "right")
    ]
    run = scene(site.url)
    model = ScriptedModel(
        *SEARCH,
        both(click("link", "Help"), tool("left_remember", text="skipped, the page changed")),
        both(tool("left_remember", text="one"), tool("right_remember", text="two")),
        click("link", "Terms"),
        finish(),
    )
    outcome = await run_crew(run.run(model))

    assert outcome.state == "completed"
    assert run.book.findings == []
    assert await run.payloads(ev.AlarmRaised) == []
    notes = [p for p in await run.payloads(ev.ToolFinished) if p.tool.endswith("remember")]
    assert [(p.tool, p.status, p.text) for p in notes] == [
        ("left_remember", "skipped", "skipped: page changed"),
        ("left_remember", "ok", "1 kept"),
        ("right_remember", "ok", "1 kept"),
    ]


async def test_a_known_fault_is_seen_again_but_not_replayed(start_site, scene):
    class KnowingBook(MemoryBook):
        async def reference(self, fingerprint: str) -> str | None:
            return "17"

    site = start_site("search")
    run = scene(site.url)
    run.book = KnowingBook()
    await run_crew(run.run(ScriptedModel(*SEARCH, finish())))

    assert [p.reference for p in await run.payloads(ev.FindingKnown)] == ["17"]
    assert await run.payloads(ev.VerdictReached) == []
    assert not (run.folder / "proofs").exists()


async def test_a_failed_claim_is_proven_like_an_alarm_and_one_that_holds_is_refused(start_site, scene):
    site = start_site("clean")
    run = scene(site.url)
    claim = {"subject": 'get_by_role("listitem")', "predicate": "count_is", "because": "spec", "reason": "One of each."}
    model = ScriptedModel(
        go("/items"),
        both(fill("Name", "Ball"), click("button", "Add item")),
        both(tool("check", **claim, expected="1"), tool("check", **claim, expected="3")),
        both(
            tool("report_finding", claim=1, title="Holds"),
            tool("report_finding", claim=2, title="Three items are wanted"),
            tool("report_finding", title="The page is dull"),
        ),
        finish(),
    )
    outcome = await run_crew(run.run(model))

    assert outcome.state == "completed"
    assert [(p.outcome, p.actual) for p in await run.payloads(ev.ClaimChecked)] == [("holds", "1"), ("fails", "1")]
    assert [(finding.title, finding.verdict.kind) for finding in run.book.findings] == [
        ("Three items are wanted", "CONFIRMED")
    ]
    told = words_of(model.requests[-1])
    assert "Claim 1 holds, so it is no finding." in told
    assert [p.title for p in await run.payloads(ev.ObservationNoted)] == ["The page is dull"]


async def test_a_dry_run_proves_and_lists_but_keeps_nothing(apps, start_site, scene):
    apps.settings["filing"] = {"enabled": True, "dry_run": True}
    site = start_site("search")
    run = scene(site.url)
    await run_crew(run.run(ScriptedModel(*SEARCH, finish())))

    assert run.book.findings == []
    events = await run.journal().read()
    assert [finding.title for finding in summary(events).confirmed] == ["GET /search answers 500"]
    write_report(run.folder, run.charter, run.profile, events)
    sheet = (run.folder / "report.md").read_text()
    assert "## Findings (not filed)\n\n- **GET /search answers 500**" in sheet
    assert "member: " not in sheet.partition("## Not reached")[2].partition("##")[0]


async def test_production_is_only_read(apps, start_site, scene):
    apps.settings["environment"] = "production"
    site = start_site("search")
    run = scene(site.url)
    model = ScriptedModel(
        go("/items"),
        both(fill("Name", "Ball"), click("button", "Add item")),
        tool("browser_press_key", key="Enter"),
        go("/search?q='"),
        finish(),
    )
    outcome = await run_crew(run.run(model))

    assert outcome.state == "completed"
    assert site.counts() == {"writes": 0, "resets": 0}
    assert [p.status for p in await run.payloads(ev.ToolFinished)] == ["ok", "ok", "denied", "denied", "ok"]
    assert "read-only" in model.requests[0].system


async def test_a_target_that_does_not_answer_is_named_before_anything_starts(scene):
    run = scene(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(BadInput, match=r"The target http://127.* cannot be reached .* start the application"):
        await run_crew(run.run(ScriptedModel()))
    assert await run.journal().read() == ()


async def test_a_server_that_dies_ends_the_role_with_the_reason(apps, start_site, scene):
    apps.settings["resilience"] = {"patience": 0.5}
    site = start_site("clean")
    run = scene(site.url)

    def kill(request):
        site.process.kill()
        site.process.wait()
        return go("/items")(request)

    outcome = await run_crew(run.run(ScriptedModel(go("/help"), kill, go("/items"))))

    assert outcome.state == "failed"
    assert await reasons(run) == {"member": "target_down"}
    assert run.book.findings == [] and await run.payloads(ev.AlarmRaised) == []
    (noted,) = await run.payloads(ev.ObservationNoted)
    assert noted.title == "The application went down during the run"
    calls = [p for p in await run.payloads(ev.ToolFinished) if p.status != "skipped"]
    assert len(calls) <= 1 + 5
