"""Stories of comments: what is a command and what is not, who may give which, and what is answered."""

import pytest
from bot_stage import Stage

from agent.events import PlanMade, Steered
from bot.commands import grammar, registry
from bot.github.port import RepoRole
from bot.handlers import progress
from bot.reasons import Outcome, Reason
from bot.store import runs
from bot.store.notes import StoredInbox


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/explore rerun", ["rerun"]),
        ("/EXPLORE  Status  now", ["status"]),
        ("please\n/explore stop\r\nthank you", ["stop"]),
        ("/explore", [""]),
        ("/explore a\n/explore b\n\n/explore c\n/explore d", ["a", "b", "c"]),
        ("> /explore stop", []),
        ("`/explore stop`", []),
        ("```\n/explore stop\n```", []),
        ("    /explore stop", []),
        ("~~~\n/explore stop", []),
        ("<!-- hidden\n/explore stop\n-->", []),
        ("<div>\n/explore stop\n</div>", []),
        ("- /explore stop", []),
        ("# /explore stop", []),
        ("a `b\n/explore stop` c", []),
        ("[a\n/explore stop](http://x)", []),
        ("\\/explore stop", []),
        ("&#47;explore stop", []),
        ("say /explore stop", []),
        ("/explorer stop", []),
        ("", []),
        (None, []),
        (">" * 5000 + "/explore stop", []),
    ],
)
def test_a_command_is_a_line_of_plain_text(text: str | None, names: list[str]) -> None:
    assert [line.name for line in grammar.parse(text)] == names


def test_every_command_has_an_example_that_means_it() -> None:
    for command in registry.COMMANDS:
        (line,) = grammar.parse(command.example)
        assert registry.find(line) is command


async def test_rerun_starts_a_second_run_once_the_first_is_over(stage: Stage) -> None:
    run = await stage.a_run()
    outcome, comment = await stage.say("/explore rerun", "triager")
    await stage.flush()
    assert outcome == Outcome.done(Reason.ALREADY_RUNNING)
    assert (
        f"[live comment](#issuecomment-{run.progress_comment or stage.charter.comments[0].id})" in stage.comments()[-1]
    )
    assert sorted(each.content for each in comment.reactions) == ["+1", "eyes"]

    await stage.end(run)
    outcome, comment = await stage.say("/explore rerun", "triager")
    assert await stage.hear(comment) == Outcome.done(Reason.ALREADY_RUNNING)  # the same comment, delivered again
    await stage.flush()
    assert outcome == Outcome.done(Reason.RUN_QUEUED)
    assert "rocket" in [each.content for each in comment.reactions]
    assert [each.requested_by for each in await stage.all_runs()] == ["pm", "triager"]


async def test_stop_asks_the_run_to_end_and_its_end_is_told(stage: Stage) -> None:
    run = await stage.a_run()
    outcome, _ = await stage.say("/explore stop", "developer")
    assert outcome == Outcome.done(Reason.STOP_REQUESTED)
    assert (await stage.get(run)).stop_requested
    await progress.sync(stage.context)
    assert "### ⏹️ Stopping" in stage.comments()[0]

    await stage.end(run, "stopped", "Stopped on request.")
    await progress.sync(stage.context)
    await stage.flush()
    live, final = stage.comments()
    assert "### ⏹️ Stopped" in live and "## ⏹️ Run stopped" in final


async def test_a_focus_reaches_the_run_once_and_the_live_comment_shows_who_gave_it(stage: Stage) -> None:
    run = await stage.a_run()
    outcome, comment = await stage.say("/explore focus  prices of long bookings, @ev3ryone", "triager")
    assert await stage.hear(comment) == outcome == Outcome.done(Reason.FOCUS_TAKEN)  # delivered twice
    await stage.flush()
    assert sorted(each.content for each in comment.reactions) == ["+1", "eyes"]
    (note,) = await StoredInbox(stage.context.db, run.id).read()
    assert (note.order, note.text, note.by) == ("focus", "prices of long bookings, @ev3ryone", "triager")

    await stage.journal(run, ("", Steered(note.id, note.order, note.text, note.by)))
    stage.clock.advance(60)
    await progress.sync(stage.context)
    live = stage.comments()[0]
    assert "**Focus, as people asked for**" in live and "triager: prices of long bookings" in live
    assert "@ev3ryone" not in live

    await stage.say("/explore stop", "developer")
    assert [(each.order, each.by) for each in await StoredInbox(stage.context.db, run.id).read()] == [
        ("focus", "triager"),
        ("stop", "developer"),
    ]
    outcome, _ = await stage.say("/explore focus the members", "triager")
    assert outcome == Outcome.done(Reason.NOTHING_TO_STEER)


@pytest.mark.parametrize("text", ["/explore focus", f"/explore focus {'x' * 2001}"])
async def test_a_focus_without_words_or_with_too_many_is_asked_again(stage: Stage, text: str) -> None:
    await stage.a_run()
    outcome, _ = await stage.say(text, "triager")
    await stage.flush()
    assert outcome == Outcome.done(Reason.BAD_ARGUMENT)
    assert "Say in one line what to look at" in stage.comments()[-1]


async def test_the_plan_is_posted_for_people_to_read(stage: Stage) -> None:
    item = {"risk": 5, "area": "Pay <b>bookings</b>", "role": "member", "why": "money; #12 is open", "sources": []}
    await stage.a_run(("", PlanMade((item,))))
    await progress.sync(stage.context)
    live = stage.comments()[0]
    assert "it does not steer the run" in live and "5 of 5" in live and "<b>" not in live
    assert "money; #12" not in live  # the explorer's words make no references


async def test_a_reader_may_look_but_not_stop_and_is_told_why_once(stage: Stage) -> None:
    run = await stage.a_run()
    for _ in range(2):
        outcome, comment = await stage.say("/explore stop", "reader")
        await stage.flush()
        assert outcome == Outcome.done(Reason.NOT_ALLOWED)
        assert sorted(each.content for each in comment.reactions) == ["-1", "eyes"]
    refusals = [text for text in stage.comments() if "needs the **triage** role" in text]
    assert len(refusals) == 1 and "yours is **read**" in refusals[0]
    assert not (await stage.get(run)).stop_requested

    await stage.say("/explore status", "reader")
    await stage.flush()
    assert "| State | exploring |" in stage.comments()[-1]


async def test_an_unknown_command_gets_a_suggestion_and_the_list(stage: Stage) -> None:
    outcome, comment = await stage.say("/explore rernu", "outsider")
    await stage.flush()
    assert outcome == Outcome.done(Reason.UNKNOWN_COMMAND)
    (reply,) = stage.comments()
    assert "Did you mean `/explore rerun`?" in reply and "`/explore help`" in reply
    assert "confused" in [each.content for each in comment.reactions]


async def test_what_is_no_charter_is_not_run(stage: Stage) -> None:
    issue = stage.world.open_issue(stage.repository, "pm", "A bug", "It is broken.", [])
    outcome, _ = await stage.say("/explore rerun", "pm", issue)
    assert outcome == Outcome.done(Reason.NO_RUN)
    await stage.flush()
    assert "not a test charter" in stage.comments(issue)[0]
    async with stage.context.db.read() as tx:
        assert await runs.latest_for(tx, stage.repo.id, issue.number) is None


async def test_stop_and_rerun_in_one_comment_are_decided_in_order(stage: Stage) -> None:
    await stage.say("/explore stop\n/explore rerun", "pm")
    await stage.flush()
    assert "There is nothing to stop" in stage.comments()[0] or "There is nothing to stop" in stage.comments()[1]
    assert len(await stage.all_runs()) == 1


async def test_the_bots_own_words_and_plain_talk_are_no_commands(stage: Stage) -> None:
    said = stage.world.comment(stage.charter, "pm", "I like it.")
    assert await stage.hear(said) == Outcome.ignored(Reason.NO_COMMAND)
    assert await stage.flush() == 0


@pytest.mark.parametrize("command", registry.COMMANDS, ids=lambda command: command.name)
def test_no_role_means_only_what_is_open_to_all(command) -> None:
    (line,) = grammar.parse(command.example)
    decision = registry.decide(line, "x", None, registry.Situation())
    assert (decision.reason == Reason.ROLE_UNKNOWN) == (command.minimum > RepoRole.NONE)
