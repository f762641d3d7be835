"""Roles side by side: what they share, and that the trouble of one stays its own."""

import os
from pathlib import Path

from agent_parts import reasons
from agent_scene import person
from scripted_model import ScriptedModel, finish, go

from agent.crew import run_crew


async def test_all_roles_share_one_driver(apps, start_site, scene):
    apps.roles = [person("member"), person("guest")]
    site = start_site("clean")
    run = scene(site.url)
    drivers: list[int] = []

    def count(request):
        drivers.append(_drivers())
        return finish()(request)

    outcome = await run_crew(run.run({"member": ScriptedModel(count), "guest": ScriptedModel(go("/terms"), count)}))
    assert outcome.state == "completed"
    assert drivers == [1, 1]


async def test_a_start_page_that_hangs_ends_its_role_and_no_other(apps, start_site, scene, monkeypatch):
    monkeypatch.setattr("agent.preflight.OPEN_SECONDS", 30.0)
    apps.roles = [person("member"), person("guest", start="/hang")]
    apps.settings["resilience"] = {"hang": 4}
    site = start_site("clean")
    run = scene(site.url)
    outcome = await run_crew(run.run({"member": ScriptedModel(go("/terms"), finish()), "guest": ScriptedModel()}))
    assert outcome.state == "completed"
    assert await reasons(run) == {"member": "finished", "guest": "browser_lost"}


def _drivers() -> int:
    """Playwright drivers that this process has started and that still run."""
    found = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            found += parent == str(os.getpid()) and b"run-driver" in path.joinpath("cmdline").read_bytes()
        except OSError:
            continue
    return found
