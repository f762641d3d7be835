"""The library behind `charterbot explore` and `charterbot replay`: files in, report and verdicts out."""

import json

import pytest
from scripted_model import ScriptedModel, finish, go

from agent.crew import run_crew
from agent.errors import BadInput
from agent.evidence.finding import to_json
from agent.explore import ExploreOptions, explore, read_finding, replay_file
from agent.llm.choose import LlmSettings
from agent.report import write_report


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
    assert not list(tmp_path.glob("out/**/*.*"))


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
