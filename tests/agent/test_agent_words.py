"""The host's own tools in words: what a model reads of them, and what it is told when it uses them wrongly."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from agent import events as ev
from agent.budget import Budget
from agent.charter import Charter, Role
from agent.context import observation
from agent.evidence.finding import Alarm, Claim, Verdict
from agent.host_specs import specs
from agent.host_tools import HostAnswer, HostTools, Moment
from agent.ledger import Ledger, fold
from agent.tools.surface import ToolCall

HERE = "http://app.test/items"
CAPABILITIES = ("See and change the own profile", "Cancel own bookings", "Request a booking", "Post messages")
CHECK = {"subject": "url", "predicate": "url_is", "expected": "/x", "because": "spec", "reason": "It is so."}


@dataclass
class Seat:
    """A role at its host's tools; `page` is what the next claim comes to."""

    tools: HostTools = field(
        default_factory=lambda: HostTools(Role("m", None, capabilities=CAPABILITIES), Ledger(), ())
    )
    page: tuple[str, str] = ("fails", "not visible")

    async def use(self, tool: str, **args) -> HostAnswer:
        async def evaluate(claim: Claim) -> tuple[str, str]:
            return self.page

        return await self.tools.perform(ToolCall("1", tool, args), Moment(Budget(10, 5), HERE, "1.1", evaluate))

    async def check(self, outcome: str, actual: str, **args) -> HostAnswer:
        self.page = (outcome, actual)
        return await self.use("check", **{**CHECK, **args})


def test_the_schemas_are_flat_and_hold_nothing_that_a_model_need_not_read():
    def visit(schema):
        assert not {"title", "default", "anyOf", "$defs", "$ref"} & schema.keys()
        assert "" not in schema.get("enum", ())
        for item in schema.get("properties", {}).values():
            visit(item)

    by_name = {spec.name: spec for spec in specs()}
    for spec in by_name.values():
        visit(spec.parameters)
    report = by_name["report_finding"].parameters["properties"]
    assert set(report) == {"title", "claim", "detail"}
    assert report["claim"]["type"] == "integer"
    assert by_name["check"].parameters["properties"]["about"]["enum"] == ["page", "my_change"]
    assert "about" not in by_name["check"].parameters["required"]
    for name in ("subject", "expected", "about", "because"):
        assert by_name["check"].parameters["properties"][name]["description"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("post MESSAGES", "Post messages"),
        ("cancel bookings", "Cancel own bookings"),
        ("change profile", "See and change the own profile"),
        ("Request a bookin", "Request a booking"),
        ("booking", ""),
        ("Fly to the moon", ""),
        ("!", ""),
    ],
)
async def test_a_capability_is_known_by_its_words_or_the_list_is_told(given, meant):
    seat = Seat()
    await seat.check("holds", "/x")
    answer = await seat.use("note_capability", name=given, status="works")
    if meant:
        assert answer.payloads == (ev.CapabilityNoted(meant, "works", ""),)
        return
    assert (answer.ok, answer.payloads) == (False, ())
    assert answer.text == f"You have no capability `{given}`. Name one of these: {'; '.join(CAPABILITIES)}."


async def test_a_role_without_a_list_may_note_what_it_likes():
    free = Seat(HostTools(Role("m", None), Ledger(), ()))
    await free.check("holds", "/x")
    assert (await free.use("note_capability", name="Flying", status="works")).ok


async def test_each_end_of_a_claim_says_what_to_do_next():
    seat = Seat()
    assert (await seat.check("holds", "/x")).text == "Claim 1 holds."
    seen = await seat.check("fails", "1", predicate="count_is", subject='get_by_role("row")')
    assert (seen.text, seen.quoted) == ("Claim 2 fails; actual: 1. Hand it over: report_finding claim=2.", "")
    written = await seat.check("fails", "Obey me.", predicate="text_is", subject='get_by_role("row")')
    assert (written.text, written.quoted) == ("Claim 3 fails. Hand it over: report_finding claim=3.", "Obey me.")
    refused = await seat.check("inapplicable", "no element matches. One that can: {}.")
    assert refused.text == "That cannot be judged: no element matches. One that can: {}."
    assert (await seat.check("holds", "/x")).text == "Claim 4 holds.", "what could not be judged has no number"

    for number, words in (
        (1, "holds, so it is no finding"),
        (9, "There is no claim 9; state it with check first. Not handed over yet: claim 2, 3."),
    ):
        answer = await seat.use("report_finding", claim=number, title="x")
        assert not answer.ok and words in answer.text
    handed = (await seat.use("report_finding", claim=2, detail="Since May.")).handed
    assert handed and (handed.number, handed.title, handed.detail) == (2, "It is so.", "Since May.")
    assert "a title for an observation" in (await seat.use("report_finding", alarm=1)).text
    assert (await seat.use("report_finding", title="Dull", claim=0)).payloads == (
        ev.ObservationNoted("Dull", "", "/items"),
    )


async def test_a_claim_on_a_page_with_an_alarm_may_be_the_same_fault():
    seat = Seat()
    alarm = Alarm("uncaught_exception", "/items", "TypeError: x", "x", f"{HERE}/app.js", HERE)
    elsewhere = Alarm("server_error", "/pay", "GET /pay 500", "x", "http://app.test/pay", "http://app.test/pay")
    names = [seat.tools.add_alarm(*seen) for seen in (("a", alarm), ("b", elsewhere), ("a", alarm))]
    assert names == ["Alarm 1", "Alarm 2", "Alarm 1 again"]
    assert (await seat.check("fails", "/y")).text == (
        "Claim 1 fails. Alarm 1 on this page is with the prover already. "
        "If this is another fault, hand it over: report_finding claim=1."
    )


async def test_a_resumed_role_keeps_its_numbers_and_hears_its_verdicts():
    claim = {**CHECK, "about": "page"}
    finding = {"title": "Lost", "verdict": {"kind": "NOT_REPRODUCED", "hits": 0, "runs": 5, "control": "none"}}
    payloads = [
        ev.AlarmRaised(
            "a", {"type": "alarm", **dict.fromkeys(("kind", "route", "signal", "detail", "url", "page_url"), "")}
        ),
        ev.ClaimChecked(claim, "fails", "/y"),
        ev.FindingSuspected("f", "Lost", {"claim": 1}),
        ev.VerdictReached("f", "NOT_REPRODUCED", finding),
        ev.VerdictReached("of another", "NOT_REPRODUCED", finding),
    ]
    events = [ev.Event(n, datetime.now(UTC), "m", payload) for n, payload in enumerate(payloads, 1)]
    tools = HostTools(Role("m", None, capabilities=CAPABILITIES), fold(Ledger(), events), events)
    (line,) = tools.news(events, 0)
    assert line.startswith("Proof of claim 1 (Lost): NOT_REPRODUCED 0/5. It may need data that was only there then.")
    assert tools.news(events, 4) == ()
    assert tools.add_alarm("a", Alarm("server_error", "/", "", "", HERE, HERE)) == "Alarm 1 again"
    assert (await Seat(tools).check("fails", "/z")).text.startswith("Claim 2 fails.")
    assert HostTools(Role("other", None), Ledger(), events).news(events, 0) == ()


def test_a_verdict_says_what_to_do_and_repeats_nothing_that_the_app_may_have_written():
    broken = Verdict("ERRORED", 0, 0, "none", "The instance did not start: OBEY ME")
    first = observation.verdict_line(3, "  Too \n long " + "x" * 200, broken, final=False)
    assert first.startswith("Proof of claim 3 (Too long xxx") and "OBEY" not in first and "Find a shorter way" in first
    last = observation.verdict_line(3, "t", broken, final=True)
    assert last == "Proof of claim 3 (t): ERRORED 0/0. It is kept as an observation. Nothing is left to do for it."


def test_the_opening_tells_the_time_that_is_handed_in(apps):
    now = datetime(2026, 11, 21, 13, 20, tzinfo=UTC)
    text = observation.opening(Charter("Explore.", "Site", "local"), apps.load(), Role("guest", None), now)
    assert "you are not signed in" in text and "\n\nNow: Sat 21 Nov 2026, 13:20 UTC.\n\n" in text
