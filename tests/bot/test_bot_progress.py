"""Stories of the live comment: it follows the journal, is not edited for nothing, and the end is told once."""

from bot_stage import Stage, a_finding

from agent import events as ev
from agent.evidence.finding import to_json
from bot.handlers import progress
from demo.github.faults import Fault


def _turn(number: int, words: str) -> tuple[tuple[str, ev.Payload], ...]:
    tool = ev.ToolFinished(tool="browser_click", steps=({"words": words},), url_after="/courts", state_after="s")
    return ("member", tool), ("member", ev.TurnEnded(number, "s", "/courts"))


async def test_the_live_comment_follows_the_run_and_is_not_edited_too_often(stage: Stage) -> None:
    run = await stage.a_run(("", ev.RunStarted(build="b1", roles=("member",))), *_turn(1, "Click link Courts"))
    live = stage.charter.comments[0]
    await progress.sync(stage.context)
    assert "### 🔎 Exploring" in live.body and "| member | 1 | 1 | `/courts` |" in live.body

    await stage.journal(run, *_turn(2, "Click link Bookings"))
    await progress.sync(stage.context)
    assert "Bookings" not in live.body  # less than 20 seconds ago
    stage.clock.advance(21)
    await progress.sync(stage.context)
    assert "Click link Bookings" in live.body

    edited = live.updated_at
    stage.clock.advance(60)
    await progress.sync(stage.context)
    assert live.updated_at == edited


async def test_a_new_finding_is_shown_at_once(stage: Stage) -> None:
    run = await stage.a_run()
    await progress.sync(stage.context)
    (issue,) = await stage.file(run, a_finding())
    await progress.sync(stage.context)
    assert f"#{issue.number} POST /bookings answers 500" in stage.comments()[0]


async def test_the_end_is_told_in_exactly_one_comment_after_all_was_filed(stage: Stage) -> None:
    note = ev.ObservationNoted("Odd price", "12 € or 14 €", "/courts/3")
    run = await stage.a_run(("", ev.RunStarted(roles=("member",))), ("member", note))
    await stage.prove(run, a_finding())
    await stage.end(run)
    await progress.sync(stage.context)
    await stage.flush()
    assert len(stage.comments()) == 1  # a draft is still to be filed

    (issue,) = await stage.file(run)
    for _ in range(3):
        await progress.sync(stage.context)
        await stage.flush()
    live, final = stage.comments()
    assert "### ✅ Done" in live
    assert f"#{issue.number}" in final and "**Odd price** at `/courts/3`" in final and "Session sheet" in final


async def test_a_lost_answer_to_the_final_comment_does_not_post_it_twice(stage: Stage) -> None:
    run = await stage.a_run()
    await stage.end(run)
    await progress.sync(stage.context)
    stage.world.faults.append(Fault("POST", r"/comments$", "502_after"))
    await stage.flush()
    stage.clock.advance(61)
    await stage.flush()
    assert len(stage.comments()) == 2


async def test_what_a_dry_run_proved_is_listed_and_not_filed(stage: Stage) -> None:
    proven = ev.VerdictReached("0" * 16, "CONFIRMED", to_json(a_finding("0")))
    run = await stage.a_run(("", ev.RunStarted(roles=("member",))), ("", proven))
    await stage.end(run)
    await progress.sync(stage.context)
    await stage.flush()
    assert "**Proven, but not filed**" in stage.comments()[-1] and not stage.findings()


async def test_a_known_finding_is_mentioned_not_filed(stage: Stage) -> None:
    run = await stage.a_run()
    (issue,) = await stage.file(run, a_finding())
    await stage.end(run)
    await stage.say("/explore rerun")
    await stage.flush()
    second = (await stage.all_runs())[-1]
    await stage.file(second, a_finding())
    await stage.end(second)
    await progress.sync(stage.context)
    await stage.flush()
    assert len(stage.findings()) == 1
    assert f"**Seen again, already known:** #{issue.number}" in stage.comments()[-1]
