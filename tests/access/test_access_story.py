"""What one role made and another can open is proved with the steps of both, whatever its id is in the replay."""

from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from agent import events as ev
from agent.evidence import traces
from agent.evidence.finding import Alarm, Step
from agent.evidence.story import candidates

HOST = "http://club.test"
ALARM = Alarm("forbidden_access", "/drafts/{id}", "GET /drafts/{id} for member", "", HOST, HOST)
TITLE = Step("admin", "fill", ('get_by_label("Title")',), "Plan", "Fill Title")
SAVE = Step("admin", "click", ('get_by_role("button", name="Save draft")',), words="Save")
LINK = Step("admin", "click", ('get_by_role("link", name="Plan")',), words="Open it")


def opened(path: str, role: str = "admin") -> Step:
    return Step(role, "goto", value=path, words=f"Open {path}")


def journal(*entries: tuple[int, str, str, Step]) -> list[ev.Event]:
    """Entries are (document, path before, path after, step); the calls of a role are its name and a number."""
    counts: dict[str, int] = {}
    events = []
    for document, before, after, step in entries:
        number = counts[step.role] = counts.get(step.role, -1) + 1
        payload = ev.ToolFinished(
            call_id=f"{step.role}{number}",
            tool="t",
            url_before=HOST + before,
            url_after=HOST + after,
            document=document,
            steps=(asdict(step),),
        )
        events.append(ev.Event(len(events) + 1, datetime.now(UTC), step.role, payload))
    return events


def tried(events: list[ev.Event], call: str = "member0") -> list[list[tuple[str, str]]]:
    found = candidates(events, "member", call, ALARM)
    return [[(step.role, step.words) for step in repro.steps] for repro in found]


MADE = (
    (1, "/home", "/drafts/new", opened("/drafts/new")),
    (2, "/drafts/new", "/drafts/new", TITLE),
    (2, "/drafts/new", "/drafts/41", SAVE),
)
OPENED = ("member", "Open /drafts/41")


def test_the_steps_that_made_the_record_come_first():
    events = journal(
        *MADE, (3, "/drafts/41", "/home", opened("/home")), (1, "/", "/drafts/41", opened("/drafts/41", "member"))
    )
    made = [("admin", "Open /drafts/new"), ("admin", "Fill Title"), ("admin", "Save"), OPENED]
    assert [OPENED] in tried(events)
    assert made in tried(events)
    found = next(item for item in candidates(events, "member", "member0", ALARM) if len(item.steps) == 4)
    assert [step.made for step in found.steps] == ["", "", "/drafts/41", ""]
    assert (found.trigger, found.roles) == (3, ("admin", "member"))


@pytest.mark.parametrize("request_", ["GET /api/drafts/41", "GET /drafts/41?full=1"])
def test_a_request_by_the_same_id_is_traced_too(request_):
    asked = Step("member", "request", value=request_, words="Ask")
    events = journal(*MADE, (1, "/home", "/home", asked))
    assert tried(events)[-1][-2:] == [("admin", "Save"), ("member", "Ask")]


def test_what_was_there_before_was_made_by_nobody():
    there = (
        (1, "/home", "/drafts", opened("/drafts")),
        (2, "/drafts", "/drafts/41", LINK),
        (3, "/drafts/41", "/drafts/41", SAVE),
    )
    events = journal(*there, (1, "/home", "/drafts/41", opened("/drafts/41", "member")))
    assert {role for path in tried(events) for role, _ in path} == {"member"}


def test_a_page_without_an_id_and_one_that_was_made_later_are_not_traced():
    late = journal((1, "/home", "/drafts/41", opened("/drafts/41", "member")), *MADE)
    assert {role for path in tried(late) for role, _ in path} == {"member"}
    plain = journal(*MADE, (1, "/home", "/drafts/new", opened("/drafts/new", "member")))
    assert {role for path in tried(plain) for role, _ in path} == {"member"}


def test_an_id_goes_by_its_name_of_this_replay():
    ids = traces.learn("/clubs/7/drafts/41", f"{HOST}/clubs/7/drafts/3?new=1")
    assert ids == {"clubs": "clubs", "7": "7", "drafts": "drafts", "41": "3"}
    assert ids is not None
    assert traces.rename(opened("/drafts/41?tab=41"), ids).value == "/drafts/3?tab=41"
    assert traces.rename(Step("m", "request", value="GET /api/drafts/41"), ids).value == "GET /api/drafts/3"
    assert traces.rename(TITLE, ids) == TITLE
    assert traces.learn("/drafts/41", "/sign-in") is None
