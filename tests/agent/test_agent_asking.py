"""How one turn's question is asked until it is answered: corrections, pages taken away, waits, the end of patience."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_model import ScriptedModel

from agent.asking import Asking, OutOfBudget, Unanswered, replied
from agent.assignment import Assignment
from agent.charter import Charter, Pace, Profile, Role
from agent.context.conversation import Conversation
from agent.coverage.frontier import Frontier
from agent.coverage.similar import Recogniser
from agent.effort import efforts
from agent.journal import FileJournal
from agent.llm.base import Effort, Message, ModelReply, ModelRequest, Usage
from agent.llm.errors import BudgetSpent, ContextOverflow, CoolDown, Interrupted, ModelFailure
from agent.logbook import Logbook
from agent.stopping import Stop, StopReason
from agent.tools.surface import Image, ToolCall, ToolResult

CALLED = ModelReply("called", calls=(ToolCall("1", "browser_snapshot"),))
TAIL = Message("user", "Turn 1.")
PAGE = 'Done.\n<page-0>\n- heading "<script>alert(1)</script>"\n</page-0>'


class Seat(ScriptedModel):
    """A script whose steps are replies, or what is raised instead of one."""

    async def generate(self, request: ModelRequest) -> ModelReply:
        first: object = self._steps[0] if self._steps else None
        if isinstance(first, Exception):
            self.requests.append(request)
            self._steps.pop(0)
            raise first
        return await super().generate(request)


class Table:
    """One role asking, with its journal and its conversation."""

    def __init__(self, folder: Path, *steps: Any):
        self.model = Seat(*steps)
        self.talk = Conversation("Explore.", "The page you are on:\n<page-0>\nfirst page\n</page-0>")
        self.paused = False
        role = Role("member", None)
        profile = Profile("Site", "local", folder, "http://x.test", "local", (role,), pace=Pace(cool_downs=3))
        self.logbook = Logbook(FileJournal(folder / "journal.jsonl"))
        charter = Charter("Explore.", "Site", "local")
        shared = ((role,), Recogniser(profile.sharing.alike), Frontier(profile.sharing), Path())
        self._work = Assignment(
            charter, profile, role, self.model, self.logbook, *shared, "0", lambda: self.paused, self._stop
        )
        self.renew()

    def renew(self) -> None:
        """As a worker does that takes the run up."""
        self.asking = Asking(self._work, self.talk)

    async def _stop(self) -> bool:
        return False

    async def ask(self, closing: bool = False) -> Any:
        return await self.asking.ask(lambda messages: ModelRequest("system", messages, (), closing=closing), TAIL)

    def told(self, request: int = -1) -> list[str]:
        return [message.text for message in self.model.requests[request].messages]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.logbook.events]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Table]:
    return lambda *steps: Table(tmp_path, *steps)


async def test_an_unusable_reply_is_corrected_within_the_turn_and_leaves_nothing_in_the_history(table):
    malformed = ModelReply("malformed", detail="browser_click: target is missing.", usage=Usage(input=70, output=9))
    role = table(malformed, ModelReply("said", "I would click."), CALLED, CALLED)

    assert await role.ask() == CALLED
    assert "browser_click: target is missing." in role.told(1)[-1]
    assert role.told(2)[-2:] == ["I would click.", "Answer with tool calls only; call finish when you are done."]
    await role.ask()
    assert role.told(3) == role.told(0), "the next turn begins without the corrections"
    assert role.kinds() == ["model_replied", "model_replied"]
    assert efforts(role.logbook.events)["member"].tokens == 79


async def test_a_second_reply_of_a_kind_must_become_a_call(table):
    role = table(ModelReply("empty"), ModelReply("empty"), CALLED)
    await role.ask()
    assert [request.force for request in role.model.requests] == [False, False, True]


async def test_prose_and_nothing_but_prose_ends_the_role_with_the_remedy(table):
    role = table(*[ModelReply("said", "Hello!")] * 4)
    stop = await role.ask()
    assert isinstance(stop, Stop) and stop.reason == StopReason.MODEL_FAILED
    assert "in prose 4 times in a row" in stop.detail and "CHARTERBOT_LLM_MODEL" in stop.detail


async def test_patience_is_for_replies_in_a_row_over_all_turns(table):
    poor = [ModelReply("malformed"), ModelReply("truncated"), ModelReply("empty")]
    role = table(*poor, CALLED, *poor, *poor, *poor)
    assert await role.ask() == CALLED
    stop = await role.ask()
    assert isinstance(stop, Stop) and "8 replies in a row" in stop.detail
    assert role.model.left_over == 1


async def test_a_blocked_turn_is_asked_again_without_the_page_that_set_the_filter_off(table):
    role = table(ModelReply("blocked", detail="SAFETY"), ModelReply("blocked", detail="SAFETY"), CALLED, CALLED)
    shot = ToolResult("1", "ok", "", images=(Image("image/png", b"png"),))
    role.talk.add_turn(CALLED, [PAGE], [shot])

    assert await role.ask() == CALLED
    assert "alert(1)" in "".join(role.told(0)) and "alert(1)" not in "".join(role.told(1))
    assert role.model.requests[1].messages[-3].images == ()
    assert "first page" in "".join(role.told(1)) and "first page" not in "".join(role.told(2))
    assert "The provider withheld that answer" in role.told(1)[-1]
    await role.ask()
    assert "alert(1)" not in "".join(role.told()), "what set the filter off once stays away"
    assert [event.payload.outcome for event in role.logbook.events] == ["blocked", "blocked"]


async def test_three_blocks_in_a_row_end_the_role(table):
    role = table(*[ModelReply("blocked")] * 3)
    stop = await role.ask()
    assert isinstance(stop, Stop) and "withheld 3 answers in a row" in stop.detail


async def test_cool_downs_in_a_row_end_the_role_and_a_reply_in_between_starts_the_count_again(table):
    down = CoolDown("The server is overloaded (503).")
    down.tries, down.waited, down.faults = 10, 120.5, ("overloaded",) * 10
    role = table(down, down, CALLED, down, down, down)

    assert [type(await role.ask()) for _ in range(2)] == [Unanswered, Unanswered]
    assert await role.ask() == CALLED
    await role.ask()
    await role.ask()
    stop = await role.ask()
    assert isinstance(stop, Stop) and stop.reason == StopReason.RATE_LIMITED
    assert "3 calls in a row were given up after 10 tries each" in stop.detail and "overloaded (503)" in stop.detail
    effort = efforts(role.logbook.events)["member"]
    assert (effort.cool_downs, effort.waited, effort.faults["overloaded"]) == (5, 602.5, 50)


async def test_a_wait_that_is_given_up_is_journalled_and_the_turn_is_still_to_come(table):
    role = table(Interrupted(7.5, ("rate_limit",)), CALLED)
    assert await role.ask() == Unanswered()
    assert await role.ask() == CALLED
    assert [(p.payload.end, p.payload.waited) for p in role.logbook.events] == [("given_up", 7.5)]


async def test_the_model_is_told_when_patience_of_the_segment_ends(table):
    role = table(CALLED)
    await role.ask()
    role.paused = True
    assert await role.model.requests[0].give_up()


async def test_a_request_that_is_too_long_is_shortened_until_it_fits_or_nothing_is_left(table):
    role = table(*[ContextOverflow("Too long; name another model in CHARTERBOT_LLM_MODEL.")] * 3, CALLED)
    for number in range(12):
        role.talk.add_turn(
            CALLED,
            [f"Done {number}.\n<page-0>\npage {number} {'word ' * 99}\n</page-0>\nAlarm {number}"],
            [ToolResult("1", "ok", "")],
        )
    assert await role.ask() == CALLED
    sizes = [sum(map(len, role.told(request))) for request in range(4)]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 4
    assert "page 11" in "".join(role.told()) and "page 0" not in "".join(role.told())
    assert role.told()[:2] == ["Explore.", "(The turns before this were left out for want of room.)"]
    assert "Alarm 8" in "".join(role.told()), "the host's own words stay"
    calls = sum(len(message.calls) for message in role.model.requests[-1].messages)
    assert calls == sum(message.role == "tool" for message in role.model.requests[-1].messages)

    hopeless = table(*[ContextOverflow("Too long; name another model in CHARTERBOT_LLM_MODEL.")] * 9)
    stop = await hopeless.ask()
    assert isinstance(stop, Stop) and "CHARTERBOT_LLM_MODEL" in stop.detail


async def test_a_spent_budget_and_a_hopeless_failure_are_told_apart(table):
    role = table(BudgetSpent("The run's budget is spent."), ModelFailure("The key was refused."))
    assert await role.ask() == OutOfBudget("The run's budget is spent.")
    assert await role.ask() == Stop(StopReason.MODEL_FAILED, "The key was refused.")


async def test_a_closing_turn_is_corrected_like_any_other(table):
    role = table(ModelReply("said", "Bye."), CALLED)
    assert await role.ask(closing=True) == CALLED
    assert role.model.requests[1].closing


async def test_cool_downs_and_poor_replies_are_counted_over_the_segments_of_a_run(table, tmp_path):
    down = CoolDown("The server is overloaded (503).")
    down.tries, down.waited = 10, 60.0
    first = table(down, down, *[ModelReply("said", "Hello!")] * 2)
    await first.ask()
    await first.ask()

    second = table(down)
    await second.logbook.open()
    second.renew()
    stop = await second.ask()
    assert isinstance(stop, Stop) and stop.reason == StopReason.RATE_LIMITED

    third = table(*[ModelReply("said", "Hello!")] * 3)
    for _ in range(3):
        await third.logbook.append("member", replied(ModelReply("said", "Hello!")))
    third.renew()
    stop = await third.ask()
    assert isinstance(stop, Stop) and "in prose 4 times" in stop.detail


async def test_what_a_filter_withheld_is_not_sent_back_and_host_words_are_no_page(table):
    role = table(ModelReply("blocked", "partial <script>"), CALLED)
    role.talk.add_turn(CALLED, [PAGE], [ToolResult("1", "ok", "")])
    for number in range(3):
        role.talk.add_turn(CALLED, [f"Noted: Capability {number}: works."], [ToolResult("1", "ok", "")])
    await role.ask()
    assert "script" not in "".join(role.told())
    assert "Noted: Capability 2: works." in role.told()


async def test_a_wait_before_a_hopeless_failure_is_counted(table):
    failure = ModelFailure("The key was refused.")
    failure.waited = 42.0
    long = ContextOverflow("Too long.")
    long.waited, long.faults = 3.0, ("timeout",)
    role = table(long, failure)
    for _ in range(6):
        role.talk.add_turn(CALLED, [PAGE], [ToolResult("1", "ok", "")])
    await role.ask()
    effort = efforts(role.logbook.events)["member"]
    assert (effort.waited, effort.faults) == (45.0, {"timeout": 1})


async def test_a_reply_carries_what_it_took_into_the_journal(table):
    poor = ModelReply("empty", effort=Effort(3, 12.25, ("rate_limit", "timeout")), price=0.02, repairs=("closed",))
    role = table(poor, CALLED)
    await role.ask()
    effort = efforts(role.logbook.events)["member"]
    assert (effort.waited, effort.usd, effort.unpriced) == (12.25, 0.02, 0)
    assert effort.faults == {"rate_limit": 1, "timeout": 1} and effort.repairs == {"closed": 1}


def test_an_old_page_keeps_its_address_and_status_and_is_no_page_any_more():
    talk = Conversation("Explore.", "The page you are on:\n<page-0>\nfirst page\n</page-0>")
    page = "Done.\n<page-0>\nURL: http://x.test/bookings/9\nHTTP status: 403\n- text: secret plans\n</page-0>\nAlarm 1"
    for _ in range(6):
        talk.add_turn(CALLED, [page], [ToolResult("1", "ok", "")])
    assert talk.shrink()
    old = talk.messages()[3].text
    assert old.startswith("Done.\n<page-0>\nURL: http://x.test/bookings/9\nHTTP status: 403\n(page text left out")
    assert old.endswith("</page-0>\nAlarm 1") and "plans" not in old
    for _ in range(4):
        talk.withhold()
    words = "".join(message.text for message in talk.messages())
    assert "plans" not in words and words.count("URL:") == 2, "what is withheld has no address either"


async def test_what_was_said_of_earlier_slips_stays_within_the_turn(table):
    role = table(ModelReply("malformed", detail="First slip."), ModelReply("malformed", detail="Second slip."), CALLED)
    await role.ask()
    told = "".join(role.told())
    assert "First slip." in told and "Second slip." in told and "None of that answer's calls was run." in told
