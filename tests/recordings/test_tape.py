"""A tape gives its replies in the recorded order, waits for no one in vain, and says what does not fit."""

import asyncio
from dataclasses import replace

import pytest
import tape as taping
from tape import NOTE, Line, Recorded, Tape

from agent.llm.base import NOWHERE, Message, ModelRequest
from agent.tools.surface import PageView


def called(role: str, turn: int, url: str = "/", **more) -> Line:
    call = {"tool": "browser_navigate", "args": {"url": url}}
    return Line(role, turn, "called", calls=(call,), statuses=("ok",), **more)


def request(words: str = "Go on.", snapshot: str = "") -> ModelRequest:
    situation = replace(NOWHERE, view=PageView("http://app.test/", snapshot=snapshot)) if snapshot else NOWHERE
    return ModelRequest("", (Message("user", words),), (), situation)


def recorded(*lines: Line) -> Recorded:
    return Recorded(Tape({}, lines))


async def test_a_reply_waits_until_the_turn_before_it_is_over():
    player = recorded(called("a", 1, "/1"), called("b", 1, "/2"), called("a", 2, "/3"))
    first, second = player.model("a"), player.model("b")
    waiting = asyncio.create_task(second.generate(request()))
    assert (await first.generate(request())).calls[0].args == {"url": "/1"}
    await asyncio.sleep(0)
    assert not waiting.done(), "the turn of a goes on"
    after = asyncio.create_task(first.generate(request()))
    assert (await waiting).calls[0].args == {"url": "/2"}
    await asyncio.sleep(0)
    assert not after.done()
    await second.close()
    assert (await after).calls[0].args == {"url": "/3"}
    assert player.unplayed == player.complaints == []


async def test_a_note_is_given_where_it_is_asked_for_and_passed_over_where_it_is_not():
    note = Line("a", 2, "said", "An idea.", note=True)
    player = recorded(called("a", 1), note, called("b", 1), called("a", 2))
    seat = player.model("a")
    assert (await seat.generate(request(NOTE))).text == "", "none was recorded before turn 1"
    await seat.generate(request())
    assert (await seat.generate(request(NOTE))).text == "An idea."
    player = recorded(called("a", 1), note, called("b", 1), called("a", 2))
    seat, other = player.model("a"), player.model("b")
    await seat.generate(request())
    again = asyncio.create_task(seat.generate(request()))
    await other.generate(request())
    await other.close()
    assert (await again).outcome == "called" and player.unplayed == []


async def test_what_does_not_fit_the_tape_is_told(monkeypatch):
    monkeypatch.setattr(taping, "LONGEST_WAIT", 0.01)
    player = recorded(called("a", 1), called("b", 1), called("b", 2))
    with pytest.raises(AssertionError, match="b turn 1 waited in vain for a turn 1"):
        await player.model("b").generate(request())
    seat = player.model("a")
    await seat.generate(request())
    with pytest.raises(AssertionError, match="a asks once more than was recorded"):
        await seat.generate(request())
    await player.model("b").close()
    assert len(player.complaints) == 2 and player.unplayed == ["b turn 1", "b turn 2"]


async def test_a_ref_that_moved_is_found_by_role_and_name():
    click = {"tool": "browser_click", "args": {"target": "e5"}}
    line = Line("a", 1, "called", calls=(click,), statuses=("ok",), refs={"e5": ["button", "Save"]})
    for snapshot, ref in (
        ('- button "Save" [ref=e5]', "e5"),
        ('- button "Other" [ref=e5]\n- button "Save" [ref=e9]', "e9"),
        ('- button "Save" [ref=e8]\n- button "Save" [ref=e9]', "e5"),
    ):
        reply = await recorded(line).model("a").generate(request(snapshot=snapshot))
        assert reply.calls[0].args == {"target": ref}


def test_a_tape_is_read_as_it_was_written(tmp_path):
    lines = (
        called("a", 1, refs={"e5": ["link", "É"]}),
        Line("a", 2, "said", "No.", note=True),
        Line("b", 1, "malformed"),
    )
    written = Tape({"app": "Site/local"}, lines)
    written.write(tmp_path / "x.ndjson.gz")
    read = Tape.read(tmp_path / "x.ndjson.gz")
    assert read.header == written.header
    assert [(line.role, line.turn, line.outcome, list(line.calls), list(line.statuses)) for line in read.lines] == [
        (line.role, line.turn, line.outcome, list(line.calls), list(line.statuses)) for line in lines
    ]
    assert read.lines[0].refs == {"e5": ["link", "É"]} and read.lines[1].note
