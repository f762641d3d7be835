"""Stories of proof: what a role saw is replayed against a real site, and each verdict is reached for its own reason."""

import base64
from dataclasses import replace

import pytest

from agent.evidence import fingerprint
from agent.evidence.finding import Alarm, AlarmKind, Claim, Repro, Step, Suspicion
from agent.evidence.proof import prove, recheck
from agent.evidence.replay import Replayer
from agent.evidence.symptom import OTHERWISE

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = "http://elsewhere.test"
COLOURS = """async ({url, places}) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const pen = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height});
  const paper = pen.getContext('2d');
  paper.drawImage(image, 0, 0);
  return places.map(([x, y]) => [...paper.getImageData(x, y, 1, 1).data].slice(0, 3));
}"""


def goto(path: str, role: str = "visitor") -> Step:
    return Step(role, "goto", value=path, words=f"Open {path}")


def click(code: str, role: str = "visitor") -> Step:
    return Step(role, "click", (code,), words=f"Click {code}")


def alarm(kind: AlarmKind, route: str, signal: str, page: str = "") -> Alarm:
    return Alarm(kind, route, signal, "as seen", HOST + route, HOST + (page or route))


def suspect(oracle: Alarm | Claim, *paths: tuple[Step, ...], route: str = "/") -> Suspicion:
    found = fingerprint.of_alarm(oracle) if isinstance(oracle, Alarm) else fingerprint.of_claim(oracle, route)
    candidates = tuple(Repro(steps, len(steps) - 1, oracle) for steps in paths)
    return Suspicion(found, "a title", "high", paths[0][-1].role if paths else "visitor", oracle, candidates)


SEARCH = alarm("server_error", "/search", "GET /search 500")
SEARCH_STEPS = (
    goto("/search"),
    Step("visitor", "fill", ('get_by_role("textbox", name="Term")',), "O'Neil", "Fill Term"),
    Step("visitor", "press", ('get_by_role("textbox", name="Term")',), "Enter", "Press Enter"),
)
TYPE_ERROR = alarm(
    "uncaught_exception",
    "/list",
    "TypeError: Cannot read properties of undefined (reading {s}) @ /static/list.js render",
)
TERMS = alarm("broken_link", "/terms", "link /terms missing", "/about")
TERMS_STEPS = (goto("/about"), click('get_by_role("link", name="Terms")'))
IMAGE = alarm("broken_image", "/static/pic.png", "image /static/pic.png missing", "/about")
PHONE = Claim('get_by_label("Phone")', "persists_after_reload", "222", "spec", "what is saved stays")
PHONE_STEPS = (
    goto("/profile", "member"),
    Step("member", "fill", ('get_by_label("Phone")',), "222", "Fill Phone"),
    click('get_by_role("button", name="Save")', "member"),
)
DICE = alarm("server_error", "/api/dice", "POST /api/dice 500", "/dice")
DICE_STEPS = (goto("/dice"), click('get_by_role("button", name="Roll")'))


@pytest.mark.parametrize(
    ("build", "suspicion"),
    [
        ("apostrophe", suspect(SEARCH, SEARCH_STEPS)),
        ("typeerror", suspect(TYPE_ERROR, (goto("/list"),))),
        ("terms", suspect(TERMS, TERMS_STEPS)),
        ("image", suspect(IMAGE, (goto("/about"),))),
        ("lost", suspect(PHONE, PHONE_STEPS, route="/profile")),
    ],
    ids=["500", "exception", "link", "image", "lost write"],
)
async def test_a_real_fault_is_confirmed_and_is_fixed_without_it(replayer: Replayer, build, suspicion):
    finding = await prove(suspicion, replayer, replays=2, build=build)

    assert (finding.verdict.kind, finding.verdict.hits, finding.verdict.runs) == ("CONFIRMED", 2, 2), finding.verdict
    assert finding.verdict.control == "clean"
    assert finding.verdict.build == build
    assert (replayer.artefacts / finding.verdict.screenshot).stat().st_size > 0

    assert (await recheck(finding, replayer, build=build)).kind == "STILL_FAILS"
    fixed = await recheck(finding, replayer, replays=1, build="none")
    assert (fixed.kind, fixed.walked, fixed.runs) == ("FIXED", 1, 1), fixed


GO_ON = Claim('get_by_role("button", name="Go on")', "reachable", "", "consistency", "it can be used", "page")


async def test_what_nobody_can_close_is_confirmed_and_is_fixed_without_it(replayer: Replayer):
    finding = await prove(suspect(GO_ON, (goto("/wall"),), route="/wall"), replayer, replays=2, build="wall")
    assert (finding.verdict.kind, finding.verdict.hits, finding.verdict.control) == ("CONFIRMED", 2, "none")
    assert 'id="wall"' in finding.verdict.actual and finding.verdict.actual.endswith("cannot be closed")
    assert (await recheck(finding, replayer, replays=1, build="none")).kind == "FIXED"


@pytest.mark.parametrize("build", ["banner", "waits", "none"])
async def test_what_can_be_closed_or_goes_by_itself_is_never_confirmed(replayer: Replayer, build):
    finding = await prove(suspect(GO_ON, (goto("/wall"),), route="/wall"), replayer, replays=1, build=build)
    assert finding.verdict.hits == 0, finding.verdict


async def test_the_picture_covers_the_secrets_that_the_page_shows(replayer: Replayer):
    oracle = alarm("uncaught_exception", "/leak", "RangeError: leak @ page /leak", "/leak")
    finding = await prove(suspect(oracle, (goto("/leak"),)), replayer, replays=1, build="leak")
    picture = (replayer.artefacts / finding.verdict.screenshot).read_bytes()

    page = await replayer.browser.new_page()
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    colours = await page.evaluate(COLOURS, {"url": url, "places": [[290, 50], [290, 150], [290, 250]]})
    await page.close()
    pink = [255, 0, 255]
    assert [colour == pink for colour in colours] == [True, True, False], "text and field covered, the rest not"


async def test_five_replays_and_a_control_unless_told_otherwise(replayer: Replayer):
    finding = await prove(suspect(TYPE_ERROR, (goto("/list"),)), replayer, build="typeerror")
    assert (finding.verdict.kind, finding.verdict.hits, finding.verdict.runs) == ("CONFIRMED", 5, 5)
    fixed = await recheck(finding, replayer, build="none")
    assert (fixed.kind, fixed.walked, fixed.runs) == ("FIXED", 3, 3)


async def test_what_one_role_wrote_and_another_sees_is_replayed_with_both(replayer: Replayer):
    oracle = alarm("uncaught_exception", "/notes", "RangeError: note {n} @ page /notes", "/notes")
    steps = (
        goto("/notes", "member"),
        Step("member", "fill", ('get_by_label("Text")',), "a < b", "Fill Text"),
        click('get_by_role("button", name="Post")', "member"),
        goto("/notes", "boss"),
    )
    finding = await prove(suspect(oracle, steps), replayer, replays=2, build="note")
    assert (finding.verdict.kind, finding.repro.roles) == ("CONFIRMED", ("member", "boss")), finding.verdict


async def test_a_dialog_is_answered_as_recorded(replayer: Replayer):
    oracle = alarm("server_error", "/delete", "POST /delete 500", "/danger")
    press = click('get_by_role("button", name="Delete")')
    accepted = (goto("/danger"), press, Step("visitor", "dialog", value="accept", words="Accept the dialog"))
    dismissed = (goto("/danger"), press, Step("visitor", "dialog", value="dismiss", words="Dismiss the dialog"))
    assert (await prove(suspect(oracle, accepted), replayer, replays=1, build="delete")).verdict.kind == "CONFIRMED"
    quiet = await prove(suspect(oracle, dismissed), replayer, replays=2, build="delete")
    assert (quiet.verdict.kind, quiet.verdict.runs) == ("NOT_REPRODUCED", 2)


async def test_every_second_time_is_flaky_with_ten_replays(replayer: Replayer):
    finding = await prove(suspect(DICE, DICE_STEPS), replayer, build="flaky")
    verdict = finding.verdict
    assert (verdict.kind, verdict.hits, verdict.runs, verdict.control) == ("FLAKY", 5, 10, "clean"), verdict
    assert verdict.intermittent
    # One silent replay would mean little: it showed in every second one.
    fixed = await recheck(finding, replayer, replays=1, build="none")
    assert (fixed.kind, fixed.runs) == ("FIXED", 5)
    assert (await recheck(finding, replayer, replays=1, build="flaky")).kind == "STILL_FAILS"


async def test_what_shows_now_and_then_is_looked_for_without_its_trigger_as_often(replayer: Replayer):
    """One silent run without the trigger says little: here only the eleventh one after it is not silent."""
    oracle = alarm("server_error", "/api/dice", "POST /api/dice 500", "/late")
    steps = (goto("/late"), click('get_by_role("button", name="Roll")'))
    verdict = (await prove(suspect(oracle, steps), replayer, build="flaky+late")).verdict
    assert (verdict.kind, verdict.hits, verdict.runs, verdict.control) == ("UNTESTABLE", 5, 10, "fires"), verdict
    assert not verdict.intermittent


async def test_a_request_that_the_page_repeats_with_success_is_no_fault(replayer: Replayer):
    oracle = alarm("server_error", "/api/shy", "GET /api/shy 503", "/shy")
    verdict = (await prove(suspect(oracle, (goto("/shy"),)), replayer, replays=2, build="none")).verdict
    assert (verdict.kind, verdict.hits, verdict.runs) == ("NOT_REPRODUCED", 0, 2), verdict
    lasting = (await prove(suspect(oracle, (goto("/shy"),)), replayer, replays=1, build="shy")).verdict
    assert lasting.kind == "CONFIRMED", lasting


async def test_the_shortest_candidate_that_hits_is_kept(replayer: Replayer):
    too_short = (goto("/search"),)
    too_long = (goto("/"), click('get_by_role("link", name="About")'), *SEARCH_STEPS)
    finding = await prove(suspect(SEARCH, too_short, SEARCH_STEPS, too_long), replayer, replays=2, build="apostrophe")
    assert finding.verdict.kind == "CONFIRMED"
    assert finding.repro.steps == SEARCH_STEPS


async def test_a_step_that_already_fires_becomes_the_trigger(replayer: Replayer):
    steps = (goto("/list"), click('get_by_text("nothing to click")'))
    finding = await prove(suspect(TYPE_ERROR, steps), replayer, replays=2, build="typeerror")
    assert finding.verdict.kind == "CONFIRMED", finding.verdict
    assert finding.repro.steps == steps[:1]


async def test_steps_that_cannot_run_are_an_error_and_never_a_pass(replayer: Replayer):
    steps = (goto("/danger"), click('get_by_role("button", name="No such")'))
    verdict = (await prove(suspect(SEARCH, steps), replayer, build="apostrophe")).verdict
    assert (verdict.kind, verdict.runs) == ("ERRORED", 0)
    assert "no visible element matches on /danger" in verdict.note


FICKLE = alarm("server_error", "/delete", "POST /delete 500", "/fickle")
FICKLE_STEPS = (goto("/fickle"), click('get_by_role("button", name="Delete")'))


@pytest.mark.parametrize(
    ("build", "kind", "runs"),
    [("delete+gone3", "CONFIRMED", 3), ("delete+gone3+gone4", "ERRORED", 1), ("delete+gone3+gone5", "ERRORED", 2)],
)
async def test_a_replay_that_failed_for_its_own_reason_is_made_again_once(replayer: Replayer, build, kind, runs):
    verdict = (await prove(suspect(FICKLE, FICKLE_STEPS), replayer, replays=3, build=build)).verdict
    assert (verdict.kind, verdict.runs, verdict.hits) == (kind, runs, runs), verdict


async def test_a_fault_of_the_start_page_is_not_proven_by_later_steps(replayer: Replayer):
    oracle = alarm("uncaught_exception", "/home", "ReferenceError: nothing is not defined @ page /home")
    verdict = (await prove(suspect(oracle, (goto("/home", "member"),)), replayer, build="home")).verdict
    assert (verdict.kind, verdict.control) == ("UNTESTABLE", "none")
    assert "on the start page" in verdict.note


async def test_an_instance_that_does_not_start_is_an_error_with_its_last_words(replayer: Replayer):
    verdict = (await prove(suspect(SEARCH, SEARCH_STEPS), replayer, build="dead")).verdict
    assert verdict.kind == "ERRORED"
    assert "the database is missing" in verdict.note


async def test_a_symptom_without_its_last_step_is_not_proven(replayer: Replayer):
    """The claim is about what must not be there, and it is there from the start."""
    claim = Claim('get_by_role("button", name="Never")', "absent", "", "spec", "")
    steps = (goto("/danger"), Step("visitor", "press", value="Escape", words="Press Escape"))
    verdict = (await prove(suspect(claim, steps, route="/danger"), replayer, replays=2, build="none")).verdict
    assert (verdict.kind, verdict.control) == ("UNTESTABLE", "fires"), verdict


async def test_no_steps_no_proof(replayer: Replayer):
    assert (await prove(suspect(SEARCH), replayer)).verdict.kind == "UNTESTABLE"


@pytest.mark.parametrize(
    ("build", "kind", "words"),
    [
        ("moved", "MOVED", "Cannot read properties of null"),
        ("removed", "CANNOT_TELL", "/search answered 404"),
        ("down", "CANNOT_TELL", "not sound"),
        ("all500", "CANNOT_TELL", "not sound"),
        ("dead", "CANNOT_TELL", "the database is missing"),
    ],
)
async def test_a_mended_500_is_told_from_all_that_only_looks_mended(replayer: Replayer, build, kind, words):
    finding = await prove(suspect(SEARCH, SEARCH_STEPS), replayer, replays=1, build="apostrophe")
    verdict = await recheck(finding, replayer, replays=1, build=build)
    assert (verdict.kind, verdict.hits) == (kind, 0), verdict
    assert words in verdict.note


@pytest.mark.parametrize(
    ("oracle", "steps", "before", "after", "words"),
    [
        (TERMS, TERMS_STEPS, "terms", "no_link", "no visible element"),
        (TYPE_ERROR, (goto("/list"),), "typeerror", "login_only", "led to /sign-in"),
    ],
    ids=["link removed", "redirected to sign-in"],
)
async def test_a_path_that_is_gone_proves_no_fix(replayer: Replayer, oracle, steps, before, after, words):
    finding = await prove(suspect(oracle, steps), replayer, replays=1, build=before)
    verdict = await recheck(finding, replayer, replays=1, build=after)
    assert verdict.kind == "CANNOT_TELL", verdict
    assert words in verdict.note


async def test_another_fault_that_was_there_all_the_time_is_no_moved_symptom(replayer: Replayer):
    finding = await prove(suspect(TERMS, TERMS_STEPS), replayer, replays=1, build="terms")
    assert (await recheck(finding, replayer, replays=1, build="none")).kind == "FIXED"
    picture = await prove(suspect(IMAGE, (goto("/about"),)), replayer, replays=1, build="image+terms")
    assert picture.around == ()
    listed = suspect(alarm("server_error", "/items/{id}", "GET /items/{id} 500"), (goto("/items/9"),))
    assert (await prove(listed, replayer, replays=2, build="item")).verdict.kind == "CONFIRMED"


async def test_the_password_never_reaches_an_outcome(replayer: Replayer):
    await replayer.instance.ensure("none")
    claim = Claim('get_by_label("Text")', "value_is", "other", "spec", "")
    steps = (goto("/notes", "member"), Step("member", "fill", ('get_by_label("Text")',), "{{secret:SITE_PASSWORD}}"))
    outcome = await replayer.run(Repro(steps, 1, claim))
    assert outcome.hit
    assert outcome.actual == "{{secret:SITE_PASSWORD}}"


NOTES = Claim('get_by_role("paragraph")', "text_is", "1 notes", "consistency", "what was posted once is there once")
POST = (
    Step("visitor", "fill", ('get_by_label("Text")',), "new net", "Fill Text"),
    click('get_by_role("button", name="Post")'),
)


async def test_a_claim_that_fails_in_another_way_than_the_one_seen_confirms_nothing(replayer: Replayer):
    short, whole = (goto("/notes"),), (goto("/notes"), *POST, *POST)
    seen = replace(suspect(NOTES, short, whole, route="/notes"), actual="2 notes")
    finding = await prove(seen, replayer, replays=2, build="none")
    assert (finding.verdict.kind, finding.repro.steps) == ("CONFIRMED", whole)
    assert finding.verdict.actual == "2 notes"

    verdict = (await prove(replace(seen, candidates=seen.candidates[:1]), replayer, replays=2, build="none")).verdict
    assert (verdict.kind, verdict.hits, verdict.screenshot) == ("NOT_REPRODUCED", 0, "")
    assert OTHERWISE in verdict.note and "0 notes" not in verdict.note, "what a page shows is not said in our voice"


async def test_a_fix_that_only_changes_how_the_claim_fails_is_none(replayer: Replayer):
    whole = (goto("/notes"), *POST, *POST)
    finding = await prove(replace(suspect(NOTES, whole, route="/notes"), actual="2 notes"), replayer, 2, "none")
    other = replace(finding, verdict=replace(finding.verdict, actual="7 notes"))
    assert (await recheck(other, replayer, replays=1, build="none")).kind == "STILL_FAILS"


async def test_steps_that_the_symptom_does_not_need_are_left_out_of_its_proof(replayer: Replayer):
    around = (goto("/about"), goto("/list"), goto("/notes"), *POST)
    finding = await prove(suspect(SEARCH, (*around, *SEARCH_STEPS)), replayer, replays=2, build="apostrophe")
    assert (finding.verdict.kind, finding.verdict.hits, finding.verdict.runs) == ("CONFIRMED", 2, 2)
    assert finding.repro.steps == SEARCH_STEPS and finding.verdict.control == "clean"


async def test_who_waits_for_the_end_waits_for_no_shorter_steps(replayer: Replayer):
    steps = (goto("/about"), *SEARCH_STEPS)
    finding = await prove(suspect(SEARCH, steps), replayer, 2, "apostrophe", hurried=lambda: True)
    assert (finding.verdict.kind, finding.repro.steps) == ("CONFIRMED", steps)


async def test_the_steps_of_a_claim_stay(replayer: Replayer):
    """What was lost is missing without the change as well: proved without it, a sound application would fail, too."""
    lost = replace(suspect(PHONE, (goto("/about"), *PHONE_STEPS), route="/profile"), actual="111")
    finding = await prove(lost, replayer, replays=2, build="lost")
    assert finding.repro.steps == (goto("/about"), *PHONE_STEPS), finding.verdict
