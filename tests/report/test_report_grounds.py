"""What the host asks for before it believes that a capability works: something that the role did for it."""

from dataclasses import replace

import pytest
from told_run import Tale

from agent import events as ev
from agent import topics
from agent.budget import Budget
from agent.charter import Grant, Role
from agent.evidence.finding import Claim
from agent.grounds import MOST_WRITES, assign, covers, writes_of
from agent.host_tools import HostAnswer, HostTools, Moment
from agent.ledger import Ledger, fold
from agent.tools.surface import PageView, Signal, ToolCall, ToolResult

NAMES = ("Pay an order", "Read the news", "Change the own address", "Send a message")
BUYER = Role("buyer", None, capabilities=NAMES)


class Seat:
    """A role at its host's tools after some events of its journal."""

    def __init__(self, tale: Tale | None = None, role: Role = BUYER):
        events = tale.events if tale else []
        self.tools = HostTools(role, fold(Ledger(), events), events)

    async def use(self, tool: str, budget: Budget | None = None, **args: object) -> HostAnswer:
        async def evaluate(claim: Claim) -> tuple[str, str]:
            return "holds", ""

        moment = Moment(budget or Budget(100, 50), "http://shop.test/account", "1", evaluate)
        return await self.tools.perform(ToolCall("1", tool, args), moment)

    async def works(self, name: str, budget: Budget | None = None) -> bool:
        return (await self.use("note_capability", budget, name=name, status="works")).ok


async def test_nothing_is_believed_before_anything_was_done():
    seat = Seat(Tale("buyer").arrive("/"))
    refused = await seat.use("note_capability", name="Pay an order", status="works")
    assert not refused.ok and refused.payloads == ()
    assert refused.text == (
        "Nothing that you did yet stands for Pay an order; each capability needs an action or a claim of its own. "
        "Use it, or state with check what it must show, then note it at once. "
        "If you cannot, note it as blocked or not_reached and say why."
    )
    assert seat.tools.untested() == NAMES
    broken = await seat.use("note_capability", name="Pay an order", status="broken", note="It fails.")
    assert not broken.ok
    assert (await seat.use("note_capability", name="Pay an order", status="blocked", note="No button.")).ok


async def test_one_action_does_not_stand_for_six_capabilities():
    seat = Seat(Tale("buyer").arrive("/").go("/start"))
    taken = [await seat.works(name) for name in NAMES]
    assert taken == [True, False, False, False]


async def test_a_role_that_did_something_for_each_may_note_them_all_in_one_answer():
    tale = Tale("buyer").arrive("/").go("/news").click("button", "Send message").go("/address").go("/orders/7")
    seat = Seat(tale)
    assert [await seat.works(name) for name in reversed(NAMES)] == [True] * 4


async def test_the_pieces_are_shared_out_so_that_nobody_is_refused_for_the_order_of_the_notes():
    # Both fit "orders and messages"; only the first fits "orders". Noted in the worse order.
    role = Role("r", None, capabilities=("See orders and messages", "See orders"))
    seat = Seat(Tale("r").arrive("/").go("/orders").go("/messages"), role)
    assert await seat.works("See orders and messages") and await seat.works("See orders")


async def test_in_other_words_than_the_page_it_must_be_noted_right_after_the_test():
    seat = Seat(Tale("buyer").arrive("/").go("/konto"))
    assert await seat.works("Change the own address")
    assert not await seat.works("Send a message")
    await seat.use("check", subject="url", predicate="url_is", expected="/x", because="spec", reason="So.")
    assert await seat.works("Send a message")


async def test_what_was_done_long_before_stands_only_for_what_it_speaks_of():
    tale = Tale("buyer").arrive("/").go("/a").go("/b").go("/orders").note("Change the own address", "works")
    seat = Seat(tale)
    assert not await seat.works("Send a message"), "/a and /b were tried before the last note"
    assert await seat.works("Pay an order")


async def test_a_word_that_all_capabilities_share_tells_none_from_another():
    names = tuple(f"See {what} of the club" for what in ("events", "members", "prices"))
    role = Role("r", None, capabilities=names)
    tale = Tale("r").arrive("/").go("/club/prices").go("/club").go("/club").note(names[2], "works")
    seat = Seat(tale, role)
    assert not await seat.works(names[0])


async def test_where_the_profile_names_addresses_only_those_count():
    role = Role("buyer", None, capabilities=NAMES, grants=(Grant("Pay an order", ("/checkout/*", "POST /api/pay")),))
    seat = Seat(Tale("buyer").arrive("/").go("/news").click("link", "Pay an order"), role)
    refused = await seat.use("note_capability", name="Pay an order", status="works")
    assert "Open /checkout/* or POST /api/pay and test there" in refused.text
    assert await Seat(Tale("buyer").arrive("/").go("/checkout/7"), role).works("Pay an order")


async def test_asking_an_api_is_evidence_where_it_was_asked():
    grant = Grant("Read members", ("GET /api/members",))
    role = Role("r", None, capabilities=("Read members", "Look round"), grants=(grant,))

    def asked(status: str = "ok", method: str = "GET") -> Seat:
        step = {"role": "r", "action": "request", "value": f"{method} /api/members", "words": "Request members"}
        done = ev.ToolFinished(
            call_id="1",
            tool="browser_request",
            args={"url": "/api/members", "method": method},
            status=status,
            url_before="http://shop.test/home",
            url_after="http://shop.test/home",
            steps=(step,),
        )
        return Seat(Tale("r").arrive("/home").add(done), role)

    assert await asked().works("Read members")
    assert not await asked("tool_error").works("Read members")
    assert not await asked(method="POST").works("Read members")


SUBMIT = Grant("Submit a text", ("POST /texts/*/edit", "/texts/*/status"))
WRITER = Role("r", None, capabilities=("Submit a text", "Look round"), grants=(SUBMIT,))


def sent(tale: Tale, *requests: str, **changes: object) -> Tale:
    """The last call of the tale was answered these writes."""
    last = tale.events.pop().payload
    assert isinstance(last, ev.ToolFinished)
    return tale.add(replace(last, requests=requests, **changes))


async def test_a_write_is_evidence_for_the_address_that_was_written_to():
    tale = Tale("r").arrive("/").go("/texts/7/edit").click("button", "Send")
    assert not await Seat(tale, WRITER).works("Submit a text"), "the page alone was read"
    assert await Seat(sent(tale, "POST /texts/7/edit"), WRITER).works("Submit a text")
    assert not await Seat(sent(tale, "PUT /texts/7/edit"), WRITER).works("Submit a text")
    assert not await Seat(sent(tale, "POST /texts/7/edit", status="tool_error"), WRITER).works("Submit a text")


async def test_what_a_page_that_was_opened_wrote_by_itself_is_no_evidence():
    tale = sent(Tale("r").arrive("/").go("/texts/7"), "POST /texts/7/edit")
    assert not await Seat(tale, WRITER).works("Submit a text")
    linked = sent(Tale("r").arrive("/").click("link", "Send", "/texts"), "POST /texts/7/edit")
    assert await Seat(linked, WRITER).works("Submit a text"), "a link that a script made write"


async def test_a_call_with_many_writes_is_still_one_piece():
    role = replace(
        WRITER, capabilities=("Submit a text", "Send"), grants=(SUBMIT, Grant("Send", ("POST /out", "/out")))
    )
    tale = sent(Tale("r").arrive("/").click("button", "Go"), "POST /texts/7/edit", "POST /out")
    seat = Seat(tale, role)
    assert [await seat.works("Submit a text"), await seat.works("Send")] == [True, False]


async def test_where_only_writes_are_named_they_count_beside_the_words():
    role = Role("r", None, capabilities=NAMES, grants=(Grant("Pay an order", ("POST /basket/close",)),))
    before = Tale("r").arrive("/").click("button", "Done").note("Send a message", "works")
    assert not await Seat(before, role).works("Pay an order")
    done = sent(Tale("r").arrive("/").click("button", "Done"), "POST /basket/close").note("Send a message", "works")
    done.click("button", "Further").note("Send a message", "works")
    assert await Seat(done, role).works("Pay an order")
    spoken = Tale("r").arrive("/").go("/orders/7").go("/x").note("Send a message", "works")
    assert await Seat(spoken, role).works("Pay an order")


async def test_the_words_of_a_write_count_where_no_address_is_named():
    tale = Tale("buyer").arrive("/").click("button", "Go")
    sent(tale, "POST /messages").go("/a").note("Read the news", "works")
    assert await Seat(tale).works("Send a message")


async def test_how_something_was_sent_is_no_word_of_what_it_was():
    role = Role("r", None, capabilities=("Post a message", "Put an item away", "Look round"))
    tale = sent(Tale("r").arrive("/").click("button", "Go"), "POST /courts").go("/a").note("Look round", "works")
    assert not await Seat(tale, role).works("Post a message")
    assert not topics.speaks_of(topics.words("/courts"), topics.words("Post a message"))


def test_only_what_the_call_itself_wrote_to_the_app_is_kept():
    app, old, new = "http://shop.test", 3, 4

    def heard(method: str, path: str, document: int = old, navigation: bool = False) -> Signal:
        url = f"{app}{path}"
        return Signal("response", 0.0, app, "", url, 200, method, document=document, navigation=navigation)

    signals = (
        heard("POST", "/login", navigation=True),
        heard("POST", "/a?token=1"),
        heard("POST", "/a?token=2"),
        heard("GET", "/b"),
        heard("OPTIONS", "/b"),
        heard("POST", "/c", new, navigation=True),
        heard("POST", "/d", new),
        replace(heard("DELETE", "/e"), url="http://else.test/e"),
        replace(heard("PUT", "/f"), kind="requestfailed"),
        heard("PATCH", "/g"),
    )
    result = ToolResult("1", "ok", "", before=PageView(app, document=old), signals=signals)
    assert writes_of(result, frozenset({app})) == ("POST /a", "POST /c", "PATCH /g")
    many = replace(result, signals=tuple(heard("POST", f"/{n}") for n in range(99)))
    assert len(writes_of(many, frozenset({app}))) == MOST_WRITES


def test_a_journal_without_requests_is_read_and_one_with_them_comes_back_the_same():
    done = ev.ToolFinished(call_id="1", tool="browser_click", requests=("POST /a",))
    plain = {**done.to_json(), "requests": ["POST /a"]}
    assert ev.payload_from_json("tool_finished", plain) == done
    del plain["requests"]
    assert ev.payload_from_json("tool_finished", plain) == replace(done, requests=())


async def test_what_could_not_be_judged_or_done_is_no_evidence():
    tale = Tale("buyer").arrive("/").claim('get_by_text("News")', "inapplicable")
    tale.add(ev.ToolFinished(tool="browser_click", status="tool_error", url_after="http://shop.test/news"))
    tale.add(ev.ToolFinished(tool="browser_snapshot", url_after="http://shop.test/news"))
    assert not await Seat(tale).works("Read the news")


async def test_the_last_turn_takes_what_it_gets_and_finish_is_free():
    closing, spent = Budget(100, 50, closing=True), Budget(10, 10)
    for budget in (closing, spent):
        seat = Seat(Tale("buyer").arrive("/"))
        assert await seat.works("Read the news", budget=budget)
        assert (await seat.use("finish", budget, summary="Over.")).finished == "Over."


@pytest.mark.parametrize(("share", "used", "refused"), [(0.1, 9, True), (0.1, 10, False), (0.5, 49, True)])
async def test_finish_waits_for_the_profile_s_share_and_names_all_that_is_missing(share, used, refused):
    role = Role("buyer", None)
    answer = await Seat(role=role).use("finish", Budget(100, used, minimum_share=share))
    assert answer.ok is not refused
    early = await Seat().use("finish", Budget(100, 1, minimum_share=share))
    assert early.text == (
        f"Not yet: 1 of at least {100 * share:.0f} turns are used; explore on. "
        f"Then test, or explain with note_capability: {'; '.join(NAMES)}."
    )


async def test_a_resumed_role_has_what_it_did_and_what_it_used_up():
    tale = Tale("buyer").arrive("/").go("/start").note("Read the news", "works")
    seat = Seat(tale)
    assert not await seat.works("Pay an order"), "the only action stands for the news"
    assert await seat.works("Read the news"), "saying it again takes nothing"
    seat.tools.witness(next(e.payload for e in tale.events if isinstance(e.payload, ev.ToolFinished)))
    assert await seat.works("Pay an order")


def test_an_address_is_covered_as_grants_say():
    assert covers("/admin/*", "/admin/users/3") and covers("/a/*/edit", "/a/7/edit?x=1")
    assert covers("GET /x", "/x") and covers("POST /x", "POST /x")
    assert not covers("POST /x", "/x") and not covers("/a/*/edit", "/a/edit") and not covers("/", "/a")


def test_as_many_as_can_get_a_number_of_their_own_do():
    assert assign({"a": {1, 2}, "b": {1}, "c": {1}}) == {"b": 1, "a": 2}
    assert assign({}) == {}
