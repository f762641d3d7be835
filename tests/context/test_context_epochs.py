"""Epochs of a conversation: in one nothing that was sent is changed, at its end it is short, and nothing is split."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import events as ev
from agent.charter import Compaction
from agent.context.compaction import MASKED, RESUMED, turn_of
from agent.context.conversation import AGAIN, LEFT_OUT, ORDERED, Conversation, Memory
from agent.llm.base import Message, ModelReply
from agent.llm.tokens import written_tokens
from agent.tools.surface import Image, ToolCall, ToolResult

PICTURE = (Image("image/png", b"png"),)
ARRIVAL = "The page you are on:\n<page-0>\nfirst page\n</page-0>"
CALLS = (ToolCall("a", "browser_click", {"target": "e5"}), ToolCall("b", "check", {}))


def page(number: int, words: int = 50) -> str:
    return f"Done.\n<page-0>\nURL: http://x.test/{number}\npage {number} {'word ' * words}\n</page-0>\nAlarm {number}"


class Talk:
    """A conversation that is held as a session does it, with what was sent last."""

    def __init__(self, limits: Compaction | None = None, memory: Memory | None = None):
        known = memory or Memory(LEFT_OUT)
        self.rooms: list[int] = []
        self.closings: list[ev.EpochClosed] = []
        self.turns = 0
        self.it = Conversation("Explore.", ARRIVAL, limits, lambda room, note: self._remember(room, note, known))

    def _remember(self, room: int, note: str, known: Memory) -> Memory:
        self.rooms.append(room)
        return Memory(f"{known.text}{f' Note: {note}' if note else ''}", known.facts)

    def turn(self, words: int = 50, images: tuple[Image, ...] = ()) -> None:
        self.turns += 1
        results = [ToolResult("a", "ok", "", images=images), ToolResult("b", "ok", "")]
        reply = ModelReply("called", f"I click {self.turns}.", CALLS, state={"signature": self.turns})
        self.it.add_turn(reply, [page(self.turns, words), "Claim holds."], results)

    def boundary(self, page_now: str = "") -> ev.EpochClosed | None:
        plan = self.it.due()
        if plan:
            self.closings.append(self.it.close(plan, page_now))
        return self.closings[-1] if plan else None

    def told(self) -> str:
        return "\n".join(message.text for message in self.it.messages())

    def replies(self) -> int:
        return sum(message.role == "assistant" for message in self.it.messages())


def stored(messages: Sequence[Message]) -> list[tuple]:
    return [(m.role, m.text, m.calls, m.call_id, str(m.state)) for m in messages]


def is_whole(messages: Sequence[Message]) -> bool:
    """Every call has its answer right behind it, in order, and no answer is without its call."""
    open_calls: list[str] = []
    for message in messages:
        if message.role == "tool":
            if not open_calls or open_calls.pop(0) != message.call_id:
                return False
        elif open_calls:
            return False
        open_calls = [call.id for call in message.calls] or open_calls
    return not open_calls


LIMITS = st.builds(
    Compaction,
    entries=st.integers(1, 12),
    keep=st.integers(0, 14),
    pages=st.integers(0, 6),
    tokens=st.integers(0, 4_000),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.integers(0, 400)),
        st.tuples(st.just("turn"), st.integers(0, 400)),
        st.tuples(st.sampled_from(["picture", "order", "withhold", "shrink"]), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(LIMITS, STEPS)
def test_within_an_epoch_it_only_grows_and_no_call_ever_loses_its_answer(limits, steps):
    talk = Talk(limits)
    orders: list[str] = []
    for number, (step, words) in enumerate(steps):
        before, forced = stored(talk.it.messages()), False
        match step:
            case "turn" | "picture":
                talk.turn(words, PICTURE if step == "picture" else ())
            case "order":
                orders.append(f"Look at <page-0>\nbasket {number}\n</page-0>.")
                talk.it.add_order(orders[-1])
            case _:
                forced = True
                talk.it.withhold() if step == "withhold" else talk.it.shrink()
        after = stored(talk.it.messages())
        assert forced or after[: len(before)] == before
        turns = talk.replies()
        closed = talk.boundary("The page you are on:\n<page-0>\nhere\n</page-0>")
        if closed:
            assert (closed.turns, closed.kept) == (turns, talk.replies())
            assert closed.masked or closed.kept <= min(limits.keep, turns)
            assert talk.it.messages()[-1].text.endswith("here\n</page-0>")
            assert talk.it.due() is None or closed.masked
        assert talk.replies() < limits.entries
        assert is_whole(talk.it.messages())
        assert all(order in talk.told() for order in orders)
        shown = [m.images for m in talk.it.messages() if m.images]
        assert len(shown) <= 1
    assert [closed.number for closed in talk.closings] == sorted({closed.number for closed in talk.closings})


def test_forty_turns_end_an_epoch_and_twenty_of_them_stay_six_with_their_pages():
    talk = Talk(memory=Memory("Known: fault aa.", ("aa",)))
    for _ in range(39):
        talk.turn()
        assert talk.boundary() is None
    talk.turn()
    assert talk.boundary("Here.") == ev.EpochClosed(1, "entries", 40, 20)
    told = talk.told()
    assert [m.text for m in talk.it.messages()[:2]] == ["Explore.", "Known: fault aa."]
    assert "I click 20." not in told and "I click 21." in told and talk.it.messages()[-1].text == "Here."
    assert f"page 34 {'word ' * 50}" not in told and f"page 35 {'word ' * 50}" in told
    assert "URL: http://x.test/34" in told and "Alarm 34" in told, "host's words and the address of an old page stay"
    for number in range(1, 21):
        assert (talk.boundary() is None) == (number < 21)
        talk.turn()
    assert talk.boundary() == ev.EpochClosed(2, "entries", 40, 20)
    assert talk.told().count("Known: fault aa.") == 1 and "Here." not in talk.told()


def test_the_token_mark_masks_first_and_drops_only_when_that_is_not_enough():
    def fill(words: int, pages: int) -> Talk:
        talk = Talk(Compaction(entries=100, keep=5, pages=pages, tokens=6_000))
        while not talk.closings:
            talk.turn(words)
            talk.boundary()
        return talk

    light = fill(300, 2)
    turns = light.turns
    assert light.closings == [ev.EpochClosed(1, "tokens", turns, turns, masked=True)]
    assert light.told().count(MASKED) == turns - 2 + 1 and not light.rooms, "nothing was dropped, nothing is told anew"

    heavy = fill(300, 12)
    assert heavy.closings == [ev.EpochClosed(1, "tokens", heavy.turns, 5)]
    assert heavy.rooms == [6_000]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Compaction(entries=10, keep=9, pages=9, tokens=90_000), 50),
        (Compaction(entries=10, keep=5, pages=5, tokens=900), 300),
    ],
    ids=["hardly smaller", "over the mark still"],
)
def test_a_closing_that_is_not_worth_it_drops_all_turns(limits, words):
    talk = Talk(limits)
    while not (closed := talk.boundary("Here.")):
        talk.turn(words)
    assert closed.kept == 0 and not closed.masked
    assert [m.text for m in talk.it.messages()] == ["Explore.", LEFT_OUT, "Here."]


def test_what_must_not_be_lost_is_added_when_the_text_lacks_it():
    talk = Talk(Compaction(entries=3, keep=1), Memory("Known: fault aa.", ("aa", "bb")))
    talk.it.add_order("Look at the basket.")
    for _ in range(3):
        talk.turn()
    talk.boundary()
    assert talk.it.messages()[1].text == f"Known: fault aa.\n{AGAIN}\nbb\nLook at the basket."
    assert ORDERED not in talk.told()


def test_a_resumed_role_begins_with_what_the_host_remembers_and_no_turn():
    talk = Talk(memory=Memory("Known: fault aa."))
    assert talk.it.close(RESUMED, ARRIVAL, "An idea.") == ev.EpochClosed(1, "resumed", 0, 0, False, "An idea.")
    assert [m.text for m in talk.it.messages()] == ["Explore.", "Known: fault aa. Note: An idea.", ARRIVAL]
    later = Conversation("Explore.", ARRIVAL, closed=4)
    assert later.close(RESUMED, ARRIVAL).number == 5


def test_a_picture_is_shown_with_the_newest_turn_alone():
    talk = Talk()
    talk.turn(images=PICTURE)
    assert talk.it.messages(Message("user", "Turn 2."))[-3].images == PICTURE
    talk.it.add_order("Look at the basket.")
    assert all(not message.images for message in talk.it.messages())


def test_a_full_window_takes_page_texts_then_turns_then_what_the_host_may_leave_out():
    talk = Talk(memory=Memory("Known."))
    for _ in range(9):
        talk.turn()
    sizes, whys = [], []
    while closed := talk.it.shrink():
        whys.append((closed.why, closed.masked))
        sizes.append(sum(map(written_tokens, talk.it.messages())))
    assert whys == [("window", True), *[("window", False)] * (len(whys) - 1)]
    assert sizes == sorted(sizes, reverse=True)
    assert talk.rooms == sorted(talk.rooms, reverse=True) and talk.rooms[0] == 3_000 and talk.rooms[-1] == 0
    assert "I click 9." in talk.told() and "I click 8." not in talk.told() and is_whole(talk.it.messages())


def test_a_refused_page_stays_away_and_an_order_is_never_taken_for_a_page():
    talk = Talk()
    talk.turn()
    talk.it.add_order("See <page-0>\nthe basket\n</page-0>.")
    for _ in range(5):
        talk.it.withhold()
    assert "word" not in talk.told() and "first page" not in talk.told() and "the basket" in talk.told()
    assert "Claim holds." in talk.told()


def test_of_an_old_page_its_address_stays_and_of_an_old_request_its_answer():
    told = "Done.\n<page-0>\nGET /api/a: HTTP 403, text/html, 90 bytes\n<!doctype html>\n</page-0>"
    masked = turn_of(Message("tool", page(1)), Message("tool", told)).mask()
    assert [message.text for message in masked.messages] == [
        f"Done.\n<page-0>\nURL: http://x.test/1\n{MASKED}\n</page-0>\nAlarm 1",
        f"Done.\n<page-0>\nGET /api/a: HTTP 403, text/html, 90 bytes\n{MASKED}\n</page-0>",
    ]
