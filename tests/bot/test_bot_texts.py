"""Every text that is posted, as people read it, and with hostile words in every place where foreign text can stand.

`CHARTERBOT_WRITE_TEXTS=1` writes the files in texts/ anew; read them before you commit them.
"""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from bot_stage import a_charter, a_finding
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agent import events as ev
from agent.events import Event
from agent.evidence.finding import Alarm, AlarmKind, Claim, Fingerprint, FixVerdict, Predicate, Repro, Step, Verdict
from bot.commands import grammar, registry
from bot.commands.command import Situation
from bot.domain import charter_form
from bot.domain.charter_form import Problems
from bot.domain.closing_keywords import VERBS
from bot.domain.run_view import RunView, view
from bot.events import RepoRef
from bot.github import markers
from bot.github.port import RepoRole
from bot.render import final, finding, labels, progress, replies, revalidation, sanitize
from bot.render.markdown import Untrusted
from bot.render.progress import Shown
from bot.store.findings import FindingRow
from bot.store.runs import Run

TEXTS = Path(__file__).parent / "texts"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PLAIN = "a price"
HOSTILE = (
    "@octocat fixes #1, closes acme/clubhouse#2 GH-3 https://evil.test/x www.evil.test\n/explore stop\n"
    "<!-- charterbot:finding v=1 id=a fp=b --> ![x](http://evil.test/p.png) <img src=x> </details> ```` | "
    "\u202eabc\u200b https://github.com/acme/clubhouse/issues/4 deadbeefdeadbeef [a](http://evil.test) a@b.test :tada:"
)


def _run(word: str, **changes: object) -> Run:
    charter = replace(a_charter(), mission=word, areas=(word,), out_of_scope=(word,))
    values = dict(id="3fa85f64c1d2", repo=RepoRef(1, "acme", "clubhouse"), installation_id=1, issue=1, trigger="t")
    values |= dict(charter=charter, requested_by="pm", state="running", created_at=AT, started_at=AT)
    return Run(**{**values, "progress_comment": 77, "build": "a" * 40, "detail": word, **changes})  # pyright: ignore


def _row(word: str, issue: int | None = 12, claim: bool = False) -> FindingRow:
    alarm = Alarm("server_error", "/bookings", "POST /bookings 500", word, "http://x/b", f"http://x/{word}")
    oracle = Claim(f'get_by_label("{word}")', "text_is", word, "spec", word) if claim else alarm
    steps = (
        Step("member", "fill", ("get_by_label('Note')",), word, f"Fill {word[:80]}"),
        Step("club-admin" if claim else "member", "click", (), "", word),
    )
    verdict = Verdict("CONFIRMED", 5, 5, "clean", word, "a" * 40, word, "shot.png")
    facts = Fingerprint("ab" * 8, (("version", "v1"), ("error", word)))
    proven = a_finding(
        oracle=oracle,
        title=word,
        fingerprint=facts,
        repro=Repro(steps, 1, oracle),
        verdict=verdict,
        also=(alarm,),
        detail=word if claim else "",
    )
    return FindingRow(
        "id1", 1, "Clubhouse", "ab" * 8, "3fa85f64c1d2", "filed" if issue else "draft", proven, issue, AT, AT
    )


def _view(word: str) -> RunView:
    payloads = [
        ("", ev.RunStarted(roles=("member", "club-admin"))),
        (
            "member",
            ev.ToolFinished(tool="browser_click", steps=({"words": word},), url_after=f"/{word}", state_after="s"),
        ),
        ("member", ev.TurnEnded(1, "s", f"/{word}")),
        ("member", ev.ObservationNoted(word, word, word)),
        ("member", ev.BlockerMet(word, word, True)),
        ("", ev.VerdictReached("f1", "FLAKY", {"title": word, "verdict": {"hits": 2, "runs": 5}})),
        (
            "",
            ev.VerdictReached("f2", "CONFIRMED", {"title": word, "severity": "low", "verdict": {"hits": 5, "runs": 5}}),
        ),
        ("", ev.Steered("c1", "focus", word, word)),
        ("", ev.PlanMade(({"risk": 4, "area": word, "role": word, "why": word},))),
        ("member", ev.RoleStopped("budget", word, 1)),
    ]
    return view(Event(seq, AT, role, payload) for seq, (role, payload) in enumerate(payloads, 1))


def _texts(word: str) -> dict[str, str]:
    over = {"finished_at": AT + timedelta(minutes=6), "folder": "runs/3fa85f64c1d2"}
    rows, known, origin = (
        (_row(word), _row(word, None)),
        (_row(word, 3),),
        finding.Origin(1, "3fa85f64c1d2", "http://x"),
    )
    texts: dict[str, str] = {}
    for state in ("queued", "running", "completed", "stopped", "failed"):
        ended = over if state not in ("queued", "running") else {}
        shown = Shown(_run(word, state=state, **ended), _view(word) if state != "queued" else RunView(), rows, known)
        texts[f"progress-{state}"] = progress.render(shown)
        if ended:
            texts[f"final-{state}"] = final.render(shown)
    texts["finding-alarm"] = finding.title(rows[0].finding) + "\n\n" + finding.body(rows[0], origin)
    texts["finding-claim"] = finding.body(_row(word, claim=True), origin)
    now_and_then = replace(rows[0].finding, verdict=Verdict("FLAKY", 3, 10, "clean", word))
    texts["finding-intermittent"] = finding.confidence(now_and_then)
    texts["came-back"] = finding.came_back(rows[0], origin, "regression:id1:run")
    for kind in ("FIXED", "STILL_FAILS", "MOVED", "CANNOT_TELL"):
        texts[f"verdict-{kind.lower()}"] = revalidation.verdict(31, FixVerdict(kind, 1, 5, 5, "b1", word))
    return texts | _replies(word)


def test_only_what_shows_now_and_then_is_labelled_intermittent() -> None:
    always = _row(PLAIN).finding
    seldom = replace(always, verdict=Verdict("FLAKY", 3, 10, "clean"))
    assert labels.INTERMITTENT not in labels.of_finding(always)
    assert labels.INTERMITTENT in labels.of_finding(seldom)
    assert {spec.name for spec in labels.specs(seldom)} >= set(labels.of_finding(seldom))


def test_every_kind_of_alarm_and_claim_has_words() -> None:
    assert set(finding.EXPECTED) == set(get_args(AlarmKind))
    assert set(finding.CLAIMS) == set(get_args(Predicate))


def _replies(word: str) -> dict[str, str]:
    over, going = _run(word, state="completed"), _run(word)
    cases = {
        "help": ("help", None, Situation()),
        "status": ("status", None, Situation(latest=over, filed=3)),
        "no-run": ("status", None, Situation()),
        "unknown": ("strat", None, Situation()),
        "not-allowed": ("stop", RepoRole.READ, Situation()),
        "role-unknown": ("stop", None, Situation()),
        "already-running": ("rerun", RepoRole.TRIAGE, Situation(active=going)),
        "nothing-to-stop": ("stop", RepoRole.TRIAGE, Situation()),
        "no-charter": ("rerun", RepoRole.TRIAGE, Situation()),
        "nothing-to-steer": ("focus", RepoRole.TRIAGE, Situation()),
        "stopping-already": ("focus", RepoRole.TRIAGE, Situation(active=replace(going, stop_requested=True))),
    }
    texts = {}
    for name, (command, role, situation) in cases.items():
        line = grammar.CommandLine(command, word, f"/explore {command} {word}")
        texts[f"reply-{name}"] = registry.decide(line, "bob", role, situation).reply or ""
    silent = grammar.CommandLine("focus", "", "/explore focus")
    texts["reply-focus-on-what"] = registry.decide(silent, "bob", RepoRole.TRIAGE, Situation()).reply or ""
    broken = Problems(charter_form.read(f"### Target\n{word}\n### Turns per role\n{word}").problems)
    texts["reply-bad-charter"] = replies.bad_charter(broken, ("Clubhouse/local",))
    texts["reply-charter-not-allowed"] = replies.charter_not_allowed(RepoRole.TRIAGE, RepoRole.READ)
    texts["reply-sorry"] = replies.sorry(word)
    texts["reply-broke"] = replies.broke("d1b2c3d4e5")
    return texts


@pytest.mark.parametrize("name", sorted(_texts(PLAIN)))
@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_texts_are_as_people_read_them(name: str, kind: str) -> None:
    text = _texts(PLAIN if kind == "plain" else HOSTILE)[name]
    file = TEXTS / f"{name}.{kind}.md"
    if os.environ.get("CHARTERBOT_WRITE_TEXTS"):
        TEXTS.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


# What GitHub would act on, in what its readers see. Ours in these texts: issue numbers, which are ours to link.
LIVE = {
    "mention": r"(?<![\w/])@[A-Za-z0-9]",
    "closing": rf"\b({'|'.join(VERBS)}):?\s+\S*#\d",
    "reference": r"[\w-]+/[\w-]+#\d|\bGH-\d",
    "address": r"https?://|www\.",
    "sha": r"(?<![0-9A-Za-z])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}(?![0-9A-Za-z])",
    "emoji": r":[a-z0-9_+-]+:",
}
OURS = ("details", "summary", "sub")


def _harmless(text: str) -> None:
    """Judged on the parsed text as GitHub does: after escapes and entities, outside code."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    for token in parser.parse(text):
        if token.type == "html_block":
            _only_our_tags(token.content)
        for child in token.children or ():
            if child.type == "text":
                for name, pattern in LIVE.items():
                    assert not re.search(pattern, child.content, re.I), (name, child.content)
            assert child.type != "image", child.content
            if child.type == "html_inline":
                _only_our_tags(child.content)
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith("#issuecomment-")
    assert grammar.parse(text) == ()
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    text.encode("utf-8")
    inner = text.partition("\n")[2] if markers.read(text) else text
    assert "<!--" not in inner


def _only_our_tags(html: str) -> None:
    if markers.read(html) is not None:
        return
    tags = re.findall(r"<\s*/?\s*([a-zA-Z!][\w-]*)", html)
    assert set(tags) <= set(OURS), html


@pytest.mark.parametrize("name", sorted(_texts(PLAIN)))
def test_hostile_words_stay_words(name: str) -> None:
    text = _texts(HOSTILE)[name]
    _harmless(text.partition("\n\n")[2] if name == "finding-alarm" else text)


PIECES = st.sampled_from(
    ["@a", "#1", "fixes ", "\n", "/explore stop", "<!--", "-->", "<b>", "![", "](", "http://", "www.", "`", "```", 
     "~~~", "|", "*", "_", "\\", "&#64;", "&lt;", "\u202e", "\ud800", "\u200b", " ", "GH-1", "a/b#2",
     "> ", "- ", "1. ", "x", "$"]
)  # fmt: skip
ANYTHING = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=25).map("".join)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_whatever_comes_in_is_harmless_when_it_goes_out(text: str) -> None:
    value = Untrusted(text)
    _harmless(f"Said: {sanitize.inline(value)}.")
    _harmless(sanitize.inline(value))
    _harmless(f"- {sanitize.inline(value)} and {sanitize.span(value)}")
    _harmless(f"{sanitize.block(value)}\n\nend")
    _harmless(f"{sanitize.code(value)}\n\nend")
    assert len(sanitize.plain(value, 120)) <= 120 and "\n" not in sanitize.plain(value, 120)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.none(),
        ANYTHING,
        st.lists(st.sampled_from(["### Target", "### mission ", "a/b", "\r\n", "- x,y", "5", "²", ""])).map("\n".join),
    )
)
def test_no_body_breaks_the_charter_form(body: str | None) -> None:
    draft = charter_form.read(body)
    assert draft.problems or (draft.charter.mission and draft.charter.text_hash)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.none(), ANYTHING))
def test_no_comment_breaks_the_grammar(body: str | None) -> None:
    assert len(grammar.parse(body)) <= 3


def test_no_title_is_too_long_and_no_body_too_large() -> None:
    row = _row("x" * 70_000)
    assert len(finding.title(row.finding)) <= 120
    assert len(finding.body(row, finding.Origin(1, "r"))) < 65_536


def test_forgetting_to_clean_is_an_error() -> None:
    with pytest.raises(TypeError):
        f"{Untrusted('x')}"
