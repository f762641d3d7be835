"""Journals of runs that never were, for hypothesis: any order of any facts, in words that no app has."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from agent import events as ev

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLE = "member"
MARKS = [f"{number:016x}" for number in range(6)]
WORDS = st.text("abcåß漢 <>/\"'`\n-{}", min_size=1, max_size=60).filter(str.strip)
PATHS = st.sampled_from(["/", "/items", "/items/57", "/items/58?page=2", "/search?q=a", "/very/" + "long/" * 30])
URLS = PATHS.map("http://app.test".__add__)
TARGETS = st.builds(lambda role, name: {"role": role, "name": name}, st.sampled_from(["button", "link"]), WORDS)
STEPS = st.builds(
    lambda name, value: ({"action": "fill", "value": value, "words": f'Fill textbox "{name}" with "{value}"'},),
    WORDS,
    WORDS,
)
TOOLS = st.builds(
    ev.ToolFinished,
    call_id=st.sampled_from(["1.1", "1.2", "2.1"]),
    tool=st.sampled_from(["browser_click", "browser_navigate", "browser_type", "browser_snapshot", "other_tool"]),
    args=PATHS.map(lambda path: {"url": path, "target": "e5"}),
    status=st.sampled_from(["ok", "ok", "tool_error", "denied", "skipped", "lost"]),
    text=st.sampled_from(["", "HTTP status: 404", "HTTP status: 200"]),
    writes=st.booleans(),
    url_before=URLS,
    url_after=st.one_of(st.just(""), URLS),
    steps=st.one_of(st.just(()), STEPS),
    target=st.one_of(st.none(), TARGETS),
)
CLAIMS = WORDS.map(lambda words: {"subject": words, "predicate": "visible", "expected": ""})
PAYLOADS = st.one_of(
    TOOLS,
    TOOLS,
    st.builds(ev.TurnEnded, st.integers(1, 400), st.just("s"), PATHS),
    st.builds(ev.RoleStarted, st.booleans(), PATHS),
    st.builds(ev.ToolStarted, st.sampled_from(["1.1", "3.1"]), st.just("browser_click"), st.just({"target": "e5"})),
    st.builds(ev.ClaimChecked, CLAIMS, st.sampled_from(["holds", "fails", "inapplicable"]), WORDS),
    st.builds(ev.CapabilityNoted, WORDS, st.just("works"), WORDS),
    st.builds(ev.AlarmRaised, st.sampled_from(MARKS), WORDS.map(lambda words: {"kind": "x", "signal": words})),
    st.builds(ev.FindingSuspected, st.sampled_from(MARKS), WORDS, st.integers(0, 3).map(lambda n: {"claim": n})),
    st.builds(
        ev.VerdictReached,
        st.sampled_from(MARKS),
        st.sampled_from(["CONFIRMED", "FLAKY", "ERRORED"]),
        WORDS.map(lambda words: {"title": words, "verdict": {"hits": 2, "runs": 3}}),
    ),
    st.builds(ev.FindingKnown, st.sampled_from(MARKS), WORDS, st.just("12")),
    st.builds(ev.BlockerMet, WORDS, WORDS, st.booleans()),
    st.builds(ev.ObservationNoted, WORDS, WORDS),
    st.builds(ev.LeadFound, st.just("link"), PATHS, WORDS),
    st.builds(ev.LeadTaken, PATHS, st.just(3)),
    st.builds(ev.Steered, st.uuids().map(str), st.sampled_from(["focus", "stop"]), WORDS, WORDS),
    st.builds(ev.EpochClosed, st.integers(1, 9), st.just("entries"), note=WORDS),
)
EVENTS = st.builds(ev.Event, st.just(0), st.just(NOW), st.sampled_from([ROLE, ROLE, "guest", ""]), PAYLOADS)
JOURNALS = st.lists(EVENTS, max_size=80).map(
    lambda events: [replace(event, seq=number) for number, event in enumerate(events, 1)]
)


def journal(*payloads: ev.Payload, role: str = ROLE) -> list[ev.Event]:
    """One role's, in order."""
    return [ev.Event(number, NOW, role, payload) for number, payload in enumerate(payloads, 1)]
