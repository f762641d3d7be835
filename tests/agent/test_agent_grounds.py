"""A form that was sent is evidence in a real session: the role notes what it did and may finish."""

from agent_parts import reasons
from agent_scene import person
from scripted_model import ScriptedModel, both, click, fill, finish, go, tool

from agent import events as ev
from agent.crew import run_crew


async def test_a_role_that_sent_the_form_may_say_so_and_finish(apps, start_site, scene):
    named = [
        {"name": "Add items", "routes": ["POST /items", "/items/new"]},
        {"name": "Read the help", "routes": ["/help"]},
    ]
    apps.roles = [person("member", iterations=20, capabilities=named)]
    run = scene(start_site("clean").url)
    note = tool("note_capability", name="Add items", status="works")
    model = ScriptedModel(
        both(go("/items"), note),
        both(fill("Name", "Rope"), click("button", "Add item")),
        note,
        both(go("/help"), tool("note_capability", name="Read the help", status="works"), finish()),
    )
    await run_crew(run.run(model))

    assert await reasons(run) == {"member": "finished"} and model.left_over == 0
    done = await run.payloads(ev.ToolFinished)
    assert [call.requests for call in done if call.requests] == [("POST /items",)]
    assert [noted.name for noted in await run.payloads(ev.CapabilityNoted)] == ["Add items", "Read the help"]
