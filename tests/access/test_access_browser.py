"""Roles try each other's doors in real browsers: every open one is heard and proved, and no decoy ever is."""

import pytest
from access_world import path_of, suspicion

from agent.evidence import oracles
from agent.evidence.proof import prove, recheck

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAULTS = "page+api+console+export+visitor+token"


@pytest.mark.parametrize(
    ("role", "start", "how", "path", "title"),
    [
        ("member", "", "open", "/admin/users",
         'member can open /admin/users, which belongs to "Manage members" of admin'),
        ("member", "", "ask", "/api/admin/members",
         'member can read /api/admin/members, which belongs to "Manage members" of admin'),
        ("member", "", "ask", "/admin/export.csv",
         'member can read /admin/export.csv, which belongs to "Manage members" of admin'),
        ("member", "", "open", "/console/members",
         'member can read /api/console/list, which belongs to "Use the console" of admin'),
        ("member", "/token", "ask", "/api/token/members",
         'member can read /api/token/members, which belongs to "Manage members" of admin'),
        ("visitor", "", "open", "/reports", 'visitor can open /reports, which belongs to "Read reports" of admin'),
        ("visitor", "", "ask", "/api/admin/members",
         'visitor can read /api/admin/members, which belongs to "Manage members" of admin'),
    ],
    ids=["page", "api", "export", "console", "token", "visitor page", "visitor api"],
)  # fmt: skip
async def test_an_open_door_is_heard_proved_and_fixed_without_it(
    start_club, cast, replayer, role, start, how, path, title
):
    player = await cast(role, start_club(FAULTS))
    if start:
        assert await player.open(start) == []
    (alarm,) = await getattr(player, how)(path)
    assert (oracles.title(alarm), oracles.severity(alarm)) == (title, "critical")

    finding = await prove(suspicion(alarm, player.steps), replayer, replays=2, build=FAULTS)
    assert (finding.verdict.kind, finding.verdict.hits, finding.verdict.control) == ("CONFIRMED", 2, "clean"), (
        finding.verdict
    )
    assert (await recheck(finding, replayer, replays=1, build=FAULTS)).kind == "STILL_FAILS"
    fixed = await recheck(finding, replayer, replays=1, build="none")
    assert (fixed.kind, fixed.walked) == ("FIXED", 1), fixed


@pytest.mark.parametrize(
    ("how", "path"),
    [
        ("open", "/admin/settings"),
        ("open", "/admin/billing"),
        ("open", "/admin/prices"),
        ("open", "/admin/vault"),
        ("open", "/admin/jump"),
        ("open", "/admin/panel"),
        ("open", "/console/members"),
        ("open", "/lobby/list"),
        ("open", "/events"),
        ("open", "/about"),
        ("open", "/sign-in"),
        ("open", "/drafts/1"),
        ("ask", "/api/admin/members"),
        ("ask", "/api/admin/audit"),
        ("ask", "/api/admin/tasks"),
        ("ask", "/api/admin/login"),
        ("ask", "/admin/billing"),
        ("ask", "/admin/prices"),
        ("ask", "/lobby/list"),
        ("ask", "/events"),
    ],
)
@pytest.mark.parametrize("role", ["member", "visitor"])
async def test_a_decoy_is_never_an_alarm(club, cast, role, how, path):
    player = await cast(role, club)
    assert [path_of(alarm) for alarm in await getattr(player, how)(path)] == []


async def test_a_page_of_ones_own_below_anothers_is_granted(club, cast):
    assert await (await cast("member", club)).open("/admin/users/me") == []


@pytest.mark.parametrize("path", ["/admin/users", "/admin/settings", "/console/members", "/reports", "/events"])
async def test_the_owner_is_at_home_everywhere(club, cast, path):
    player = await cast("admin", club)
    assert await player.open(path) == []
    assert player.last.after.status == 200


async def test_a_refusal_in_words_that_nobody_listed_is_suspected_but_not_confirmed(club, cast, replayer):
    player = await cast("member", club)
    (alarm,) = await player.open("/admin/kassa")
    verdict = (await prove(suspicion(alarm, player.steps), replayer, replays=2, build="none")).verdict
    assert verdict.kind == "NOT_REPRODUCED", verdict
    assert verdict.note.endswith("The role whose capability it is sees something else there.")


async def test_a_write_that_the_page_itself_makes_counts(start_club, cast, replayer):
    player = await cast("member", start_club("write"))
    await player.open("/desk")
    (alarm,) = await player.click("Approve")
    assert oracles.title(alarm) == (
        'member can POST /api/bookings/{id}/approve, which belongs to "Approve bookings" of admin'
    )
    finding = await prove(suspicion(alarm, player.steps), replayer, replays=2, build="write")
    assert (finding.verdict.kind, finding.verdict.control) == ("CONFIRMED", "clean"), finding.verdict
    fixed = await recheck(finding, replayer, replays=1, build="none")
    assert (fixed.kind, fixed.walked) == ("FIXED", 1), fixed


async def test_a_write_that_is_refused_in_the_answer_or_by_status_does_not(club, cast):
    player = await cast("member", club)
    for page in ("/desk", "/shy-desk"):
        await player.open(page)
        assert await player.click("Approve") == []


@pytest.mark.parametrize("page", ["/bell", "/framed"])
async def test_what_a_page_of_ones_own_asks_for_by_itself_is_no_alarm(start_club, cast, page):
    player = await cast("member", start_club("page"))
    assert await player.open(page) == []
    assert await player.open("/home") == [], "nor later"


async def test_what_ones_own_page_reads_is_given_to_the_role_and_what_it_asked_for_before_is_not(start_club, cast):
    player = await cast("member", start_club("none"))
    await player.open("/ring")
    assert [path_of(alarm) for alarm in await player.ask("/api/admin/badge")] == ["/api/admin/badge"]
    assert await player.click("Ring") == []
    assert await player.ask("/api/admin/badge") == []


async def test_a_form_that_is_shown_again_is_no_write(club, cast):
    player = await cast("member", club)
    await player.open("/paper-desk")
    assert await player.click("Approve on paper") == []
    assert player.last.after.title == "Approve - Club"


@pytest.fixture(scope="module")
def club(start_club) -> str:
    return start_club("none")
