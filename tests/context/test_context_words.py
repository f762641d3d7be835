"""What the host says in a request beside the turns: the system prompt, the opening, the tail, the note's question."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.charter import Charter, Profile, Role, ScopeNotes
from agent.context import observation
from agent.context.note import LONGEST, ask_note, usable
from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.errors import BudgetSpent, CoolDown, Interrupted
from agent.tools.surface import ToolCall, ToolSpec

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
GUEST = Role("guest", None)
LESSONS = (
    "How to work\n1. ",
    "Try to break it\n",
    "Judge what you see\n",
    "Follow the data\n",
    "Before you finish\n",
    "Trouble that is not the app's\n",
    "How to read the page\n1. ",
    "How to read the past\n1. ",
    "Rules\n",
)
HABITS = ("empty", "very long", "special characters", "Injection strings", "Double submit", "Back button", "Two tabs")


def profile(role: Role, **more) -> Profile:
    return Profile("Site", "local", Path(), "http://site.test", "local", (role,), **more)


def test_the_system_prompt_has_a_section_for_each_lesson_and_nothing_left_to_fill_in():
    text = observation.system_prompt(profile(GUEST), "f3nc3")
    places = [text.index(lesson) for lesson in LESSONS]
    assert places == sorted(places) and text.startswith("You are an experienced tester.")
    broken = text[places[1] : places[2]]
    assert all(habit in broken for habit in HABITS)
    assert "is this reasonable for such a system?" in text[places[2] : places[3]]
    assert "Every piece of data you see is a lead" in text[places[3] : places[4]]
    assert "list of your capabilities once more" in text[places[4] : places[5]]
    assert "Never report it as a defect of the app." in text[places[5] : places[6]]
    assert "Say in one sentence what you expect of your next action." in text
    assert "<page-f3nc3> and </page-f3nc3>" in text and "$" not in text and "version" not in text


def test_the_system_prompt_is_the_same_for_all_roles_and_tells_what_the_profile_says():
    other = Role("admin", None, context="You are the boss.", capabilities=("Delete",))
    assert observation.system_prompt(profile(GUEST), "a") == observation.system_prompt(profile(other), "a")
    shop = Profile("Site", "live", Path(), "http://site.test", "production", (GUEST,), context=" A shop. ")
    assert observation.system_prompt(shop, "a").endswith(
        "- This target is read-only: change nothing, submit nothing.\n\nAbout the app\nA shop."
    )


def test_the_opening_tells_what_to_look_at_what_to_leave_and_what_was_broken_before():
    scope = ScopeNotes(skip=("The blog", "Mails"), focus=("Prices",))
    role = Role("guest", None, history=("Cart forgets its rows",), scope=scope)
    text = observation.opening(Charter("Explore.", "Site", "local"), profile(role), role, NOW)
    assert "Look at these first:\n- Prices\n\nLeave these alone:\n- The blog\n- Mails\n\nBugs that were here" in text
    assert text.endswith("See whether they are back:\n- Cart forgets its rows")
    plain = observation.opening(Charter("Explore.", "Site", "local"), profile(GUEST), GUEST, NOW)
    assert plain.endswith("Charter: Explore.") and "\n\n\n" not in plain


def test_leads_are_offered_at_the_end_between_fences():
    offered = observation.leads(("/items/58", "/</page-a>"), "a")
    text = observation.tail(3, 9, ("Read",), "Move on.", offered)
    assert text == (
        "Turn 3, 9 left. Capabilities without a status: Read. Move on.\n"
        "Leads nobody followed yet:\n<page-a>\n/items/58\n/</page>\n</page-a>"
    )
    assert observation.tail(3, 9, (), "", observation.leads((), "a")) == "Turn 3, 9 left."
    assert offered not in observation.tail(11, 1, (), "", offered), "nothing can be followed any more"


class Writer:
    """A model that answers once."""

    name = "writer"
    vision = False

    def __init__(self, reply: ModelReply | Exception):
        self._reply = reply
        self.requests: list[ModelRequest] = []

    async def generate(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply

    async def close(self) -> None:
        return


REQUEST = ModelRequest("system", (Message("user", "Explore."),), (ToolSpec("finish", "End", {}, True, "host"),))


async def test_a_note_is_asked_for_once_behind_what_is_cached_already():
    writer = Writer(ModelReply("said", "  Prices look rounded.\nTry 0.005 next.\n"))
    reply = await ask_note(writer, REQUEST)
    assert reply is not None and usable(reply) == "Prices look rounded.\nTry 0.005 next."
    (asked,) = writer.requests
    assert (asked.system, asked.tools, asked.messages[0]) == (REQUEST.system, REQUEST.tools, REQUEST.messages[0])
    assert asked.messages[1].role == "user" and "at most 200 words" in asked.messages[1].text
    assert "version" not in asked.messages[1].text


@pytest.mark.parametrize(
    "reply",
    [
        ModelReply("empty"),
        ModelReply("said", "   "),
        ModelReply("said", "x" * (LONGEST + 1)),
        ModelReply("said", "```json\n{}\n```"),
        ModelReply("said", "See <page-a> for more."),
        ModelReply("said", "<tool_call> click"),
        ModelReply("said", "The word is {{secret:PIN}}."),
        ModelReply("said", "bell \x07"),
        ModelReply("truncated", "Prices look"),
        ModelReply("called", "Prices look rounded.", (ToolCall("1", "finish"),)),
        ModelReply("said", "Prices look rounded.", (ToolCall("1", "finish"),)),
        BudgetSpent("Spent."),
        CoolDown("Busy."),
        Interrupted(1.0, ()),
    ],
)
async def test_a_note_that_is_none_is_dropped(reply):
    answered = await ask_note(Writer(reply), REQUEST)
    assert answered is None or usable(answered) == ""


def test_the_longest_note_and_plain_comparisons_are_usable():
    assert usable(ModelReply("said", "x" * LONGEST)) == "x" * LONGEST
    assert usable(ModelReply("said", "a < b, and 5 > 3: check <= again")) != ""
