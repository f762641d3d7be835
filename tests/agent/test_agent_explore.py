"""The library behind `charterbot explore` and `charterbot replay`: files in, report and verdicts out."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from agent_scene import person
from rich.console import Console
from scripted_model import ScriptedModel, both, check, click, fill, finish, go, tool

from agent.crew import run_crew
from agent.errors import BadInput
from agent.evidence.finding import to_json
from agent.explore import ExploreOptions, explore, read_finding, replay_file
from agent.llm.choose import LlmSettings
from agent.report.write import write_report
from bot.exploring import Wish, explore_here


async def test_a_finding_is_replayed_from_the_report_until_it_is_fixed(apps, start_site, scene):
    site = start_site("search")
    run = scene(site.url)
    await run_crew(run.run(ScriptedModel(go("/search?q='"), finish())))
    write_report(run.folder, run.charter, run.profile, await run.journal().read())
    findings = run.folder / "findings.json"
    apps.settings["url"] = site.url
    apps.save()

    verdict = await replay_file(findings, apps.root, apps.environ)
    assert (verdict.kind, verdict.build) == ("STILL_FAILS", "search")

    mended = start_site("clean")
    verdict = await replay_file(findings, apps.root, apps.environ, mended.url)
    assert (verdict.kind, verdict.build, verdict.walked) == ("FIXED", "clean", 3)
    assert mended.counts()["resets"] == 0, "somebody's own instance is not reset"

    finding = read_finding(findings)
    assert read_finding(findings, finding.fingerprint.value) == finding
    with pytest.raises(BadInput, match=rf"holds no finding beef; it holds: 1 \({finding.fingerprint.value}\)\."):
        read_finding(findings, "beef")
    findings.write_text(json.dumps(to_json(finding)))
    with pytest.raises(BadInput, match="holds no finding beef; it holds: 1 "):
        read_finding(findings, "beef")

    apps.settings["environment"] = "production"
    apps.save()
    with pytest.raises(BadInput, match=rf'read-only, and replaying on {mended.url} may write .* set "allow_writes"'):
        await replay_file(findings, apps.root, apps.environ, mended.url)


async def test_what_is_false_only_because_a_write_was_lost_is_proven_with_the_write(apps, start_site, scene):
    """Opened anew by somebody who wrote nothing, the page lacks the item on a sound application as well."""
    apps.settings["replays"] = 1
    site = start_site("lost,desk")
    run = scene(site.url)
    model = ScriptedModel(
        go("/items"),
        both(fill("Name", "Ball & net, 20 %"), click("button", "Add item")),
        both(
            go("/items"),
            check('get_by_text("Ball & net")', "visible", reason="What was added is listed."),
            check('get_by_role("listitem").first', "visible", reason="Something is listed."),
            check('get_by_role("listitem").last', "visible", about="page", reason="The shop is never empty."),
        ),
        both(*(tool("report_finding", claim=number, title=f"Nothing is listed {number}") for number in (1, 2, 3))),
        go("/search"),
        both(go("/help"), check('get_by_text("Ask at the desk.")', "visible", reason="The help says where to ask.")),
        both(tool("report_finding", claim=4, title="The help says nothing"), finish()),
        finish(),
    )
    await run_crew(run.run(model))
    write_report(run.folder, run.charter, run.profile, await run.journal().read())

    stories = {finding.title: [step.words for step in finding.repro.steps] for finding in run.book.findings}
    written = ["Open /items", 'Fill textbox "Name" with "Ball & net, 20 %"', 'Click button "Add item"', "Open /items"]
    assert stories == {
        "Nothing is listed 1": written,
        "Nothing is listed 2": written,
        "Nothing is listed 3": ["Open /items"],
        "The help says nothing": ["Open /help"],
    }
    mended = start_site("clean")
    findings = {finding.title: finding for finding in run.book.findings}
    for title in ("Nothing is listed 1", "Nothing is listed 2", "The help says nothing"):
        verdict = await replay_file(findings[title], apps.root, apps.environ, mended.url)
        assert (verdict.kind, verdict.hits) == ("FIXED", 0), title


async def test_a_charter_that_cannot_be_used_is_named_and_leaves_nothing_behind(apps, tmp_path):
    def options(**changes):
        changes = {"out": tmp_path / "out", **changes}
        return ExploreOptions(apps.root, "Site/local", apps.environ, LlmSettings(), **changes)

    blank = tmp_path / "charter.md"
    blank.write_text(" \n")
    for changes, sentence in (
        ({"charter_file": blank}, "holds no mission; write in it what is to be explored"),
        ({"charter_file": tmp_path / "none.md"}, "cannot be read"),
        ({"roles": ("boss",)}, "has no role 'boss'; name one or more of member"),
        ({"out": blank}, r"cannot be made \(Not a directory\); choose another --out"),
        ({"iterations": 0}, "0 iterations are too few; give 1 or more"),
        ({"resume": tmp_path}, "holds no journal.jsonl"),
        ({"url": "nowhere"}, "is no usable address"),
        ({}, "The target http://127.0.0.1:9 cannot be reached"),
    ):
        with pytest.raises(BadInput, match=sentence):
            await explore(options(**changes))
    assert not list(tmp_path.glob("out/*"))


async def test_a_run_that_is_resumed_remembers_what_it_was_begun_with(apps, start_site, tmp_path):
    site = start_site("clean")
    apps.roles = [person("member"), person("guest")]
    apps.save()
    charter = tmp_path / "charter.md"
    charter.write_text("Look at the terms only.")

    def options(**changes):
        return ExploreOptions(
            apps.root, "Site/local", apps.environ, LlmSettings(), **{"out": tmp_path / "out", **changes}
        )

    begun = options(url=site.url, charter_file=charter, roles=("member",), iterations=1)
    folder = (await explore(begun)).folder
    assert "Look at the terms only." in (folder / "report.md").read_text()
    journal = (folder / "journal.jsonl").read_text().splitlines(keepends=True)
    (folder / "journal.jsonl").write_text("".join(journal[:2]))  # cut off before the role began

    other = tmp_path / "other.md"
    other.write_text("Look elsewhere.")
    apps.folder.parent.joinpath("other").mkdir()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for changes, sentence in (
        ({"slug": "Site/other"}, "holds a run of Site/local, not of Site/other; name that profile"),
        ({"url": "http://127.0.0.1:9"}, "was begun with another --url; leave that out, or begin a new run"),
        ({"charter_file": other, "roles": ("guest",)}, "was begun with another --charter, --role; leave"),
        ({"iterations": 5}, "was begun with another --iterations"),
    ):
        with pytest.raises(BadInput, match=sentence):
            await explore(replace(options(resume=folder), **changes))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    explored = await explore(options(resume=folder, url=site.url, charter_file=charter))
    assert [(role.name, role.iteration) for role in explored.summary.roles] == [("member", 1)]
    assert "Look at the terms only." in (folder / "report.md").read_text()
    (folder / "charter.json").write_text("{")
    with pytest.raises(BadInput, match="is damaged; begin a new run"):
        await explore(options(resume=folder))


async def test_the_terminal_tells_the_plan_and_where_the_report_is(apps, start_site, tmp_path, monkeypatch):
    site = start_site("clean")
    names = [f"Do thing {number}" for number in range(9)]
    apps.roles = [person("member", iterations=1, capabilities=names)]
    apps.save()
    for name, value in {**apps.environ, "CHARTERBOT_APPS_DIR": str(apps.root)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CHARTERBOT_DATA_DIR", str(tmp_path / "data"))
    heard = io.StringIO()
    wish = Wish("Site/local", site.url, None, (), None, tmp_path / "out", None)
    result = await explore_here(wish, Console(file=heard, width=400))
    lines = heard.getvalue().splitlines()
    plan = [line for line in lines if line.startswith("Plan: ")]
    assert len(plan) == 5 and all("Do thing" in line and "(member)" in line for line in plan)
    assert lines[-1] == f"Report: {result['report']} and {result['page']}"
    assert Path(result["page"]).name == "report.html" and Path(result["page"]).is_file()


def test_a_file_that_holds_no_finding_is_named(tmp_path):
    file = tmp_path / "findings.json"
    for text, sentence in (
        ("[]", "holds no finding 1; it holds: none"),
        ("{", "is not JSON"),
        ("7", "holds no finding"),
        (json.dumps({"format": 1}), "incomplete"),
        (json.dumps([{"format": 9}]), "is not a finding of format 1"),
    ):
        file.write_text(text)
        with pytest.raises(BadInput, match=sentence):
            read_finding(file)
