"""Stories of people who ask for runs: by the label, with good and bad charters, with and without the right role."""

from bot_stage import FORM, MISSION, Stage

from bot.handlers import progress
from bot.reasons import Outcome, Reason


async def test_a_triage_person_labels_a_charter_and_gets_one_run_and_one_live_comment(stage: Stage) -> None:
    assert await stage.label("pm") == Outcome.done(Reason.RUN_QUEUED)
    await stage.flush()
    await stage.flush()

    (run,) = await stage.all_runs()
    assert (run.state, run.requested_by, run.issue) == ("queued", "pm", stage.charter.number)
    assert (run.charter.mission, run.charter.roles) == (MISSION, ("member", "club-admin"))
    (comment,) = stage.comments()
    assert "### ⏳ Queued" in comment and MISSION in comment and "`Clubhouse/local`" in comment
    assert run.progress_comment == stage.charter.comments[0].id
    assert [reaction.content for reaction in stage.charter.reactions] == ["eyes"]


async def test_the_same_delivery_twice_and_a_second_label_start_one_run(stage: Stage) -> None:
    await stage.deliver_label("pm", stage.charter, "test-charter", "the-same")
    again = await stage.deliver_label("pm", stage.charter, "test-charter", "the-same")
    other = await stage.label("pm")
    await stage.flush()

    assert {again, other} == {Outcome.ignored(Reason.ALREADY_RUNNING)}
    assert len(await stage.all_runs()) == len(stage.comments()) == 1


async def test_another_label_starts_nothing(stage: Stage) -> None:
    assert await stage.label(label="bug") == Outcome.ignored(Reason.OTHER_LABEL)
    assert await stage.flush() == 0 and not await stage.all_runs()


async def test_an_outsider_whose_form_set_the_label_is_told_once_which_role_it_takes(stage: Stage) -> None:
    for _ in range(2):
        assert await stage.label("outsider") == Outcome.done(Reason.NOT_ALLOWED)
        await stage.flush()
    assert await stage.label("reader") == Outcome.done(Reason.NOT_ALLOWED)
    await stage.flush()

    to_outsider, to_reader = stage.comments()
    assert "needs the **triage** role" in to_outsider and "you have **none** here" in to_outsider
    assert "yours is **read**" in to_reader
    assert not await stage.all_runs()


async def test_without_the_right_to_ask_for_roles_nobody_starts_anything(stage: Stage) -> None:
    installed = stage.world.installations[stage.installation_id]
    stage.world.grant(installed, {"issues": "write"})

    assert await stage.label("maintainer") == Outcome.done(Reason.ROLE_UNKNOWN)
    await stage.flush()
    assert "GitHub did not tell me yours" in stage.comments()[0]
    assert not await stage.all_runs()


async def test_a_broken_charter_gets_one_reply_with_all_that_is_wrong_and_a_rerun_after_mending(stage: Stage) -> None:
    body = "### Target\r\n\r\nClubhouse/live\r\n\r\n### Mission\r\n\r\n_No response_\r\n### Turns per role\r\n\r\nmany"
    issue = stage.world.open_issue(stage.repository, "pm", "Charter", body, ["test-charter"])
    assert await stage.label(issue=issue) == Outcome.done(Reason.BAD_CHARTER)
    await stage.flush()

    (reply,) = stage.comments(issue)
    assert "**3 things**" in reply
    for expected in ("**Target** is not known (it says `Clubhouse/live`)", "**Mission** is missing", "`many`"):
        assert expected in reply
    assert "Known targets: `Clubhouse/local`" in reply
    assert not await stage.all_runs()

    stage.world.edit_issue(issue, "pm", body=FORM)
    outcome, _ = await stage.say("/explore rerun", "pm", issue)
    assert outcome == Outcome.done(Reason.RUN_QUEUED)


async def test_an_unknown_role_of_the_target_is_named_with_those_that_exist(stage: Stage) -> None:
    body = FORM.replace("member, club-admin", "member, wizard")
    issue = stage.world.open_issue(stage.repository, "pm", "Charter", body, ["test-charter"])
    await stage.label(issue=issue)
    await stage.flush()
    (reply,) = stage.comments(issue)
    assert "`wizard`" in reply and "club-admin" in reply


async def test_an_emptied_body_is_answered_like_any_other(stage: Stage) -> None:
    issue = stage.world.open_issue(stage.repository, "pm", "Charter", None, ["test-charter"])
    await stage.label(issue=issue)
    await stage.flush()
    assert "**Target** is missing" in stage.comments(issue)[0]


async def test_a_run_that_cannot_start_says_so_in_the_issue(stage: Stage) -> None:
    run = await stage.a_run()
    await stage.end(run, "failed", "http://127.0.0.1:8180 does not answer; start the app.")
    await progress.sync(stage.context)
    await stage.flush()
    live, final = stage.comments()
    assert "### ⚠️ Could not finish" in live
    assert "`http://127.0.0.1:8180` does not answer" in final
