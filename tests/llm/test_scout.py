"""The scout explores two apps that it has never seen: a shop and a ticket tracker, both simulated."""

import re
from dataclasses import replace

import pytest
from large_app import catalogue
from simulated_apps import ORIGIN, shop, tracker
from simulated_walk import DAY, Explorer, Team, Walk

from agent import events as ev
from agent import routes
from agent.coverage.repetition import repeated_ground
from agent.llm.base import ModelRequest
from agent.llm.scout.explorer import Scout
from agent.tools.surface import ToolResult, ToolSpec

APPS = {"shop": shop, "tracker": tracker}
WALKS: dict[str, Walk] = {}


async def explored(name: str) -> Walk:
    """A member's walk through an app with the usual budget, walked once."""
    if name not in WALKS:
        WALKS[name] = await Explorer(APPS[name]()).run()
    return WALKS[name]


@pytest.mark.parametrize("name", APPS)
async def test_every_page_is_visited_within_the_budget_and_the_role_accounts_for_itself(name: str):
    walk = await explored(name)
    assert walk.routes >= {routes.template(path) for path in walk.app.screens}
    assert len(walk.turns) <= 70
    assert walk.summary and "routes" in walk.summary
    notes = {call.args["name"]: call.args["status"] for call in walk.app.calls if call.tool == "note_capability"}
    assert notes == {"browse products and tickets": "works", "fly to the moon": "not_reached"}


@pytest.mark.parametrize("name", APPS)
async def test_every_form_is_sent_with_valid_and_with_boundary_values(name: str):
    walk = await Explorer(APPS[name](), budget=90).run()
    for path, screen in walk.app.screens.items():
        names = {field for _, field, _ in screen.fields}
        if not names or "Password" in names:
            continue
        sent = [value for where, _, value in walk.app.typed if where.partition("?")[0] == path]
        assert len(set(sent)) >= 3, path
        assert any(re.search(r"O'Brien|<b>|^2026-11-20|^-5", value) for value in sent), path
        assert any(re.fullmatch(r"a|\w[\w @.]*|\d[\d-]+", value) for value in sent), path


async def test_a_form_with_a_password_is_left_alone_while_signed_in():
    walk = await explored("shop")
    assert not [value for path, _, value in walk.app.typed if path == "/account"]


async def test_an_end_before_the_start_is_tried():
    walk = await Explorer(tracker(), budget=90).run()
    starts = [value for _, name, value in walk.app.typed if name == "Start date"]
    ends = [value for _, name, value in walk.app.typed if name == "Due date"]
    assert any(start > end > "2002" for start, end in zip(starts, ends, strict=True))


@pytest.mark.parametrize("name", APPS)
async def test_signing_out_is_the_last_thing_a_role_does(name: str):
    walk = await explored(name)
    labels = [button for _, button in walk.app.pressed]
    assert labels.count("Sign out") == 1 and labels[-1] == "Sign out"
    turn = next(
        n for n, calls in enumerate(walk.turns) if any(call.args.get("predicate") == "absent" for call in calls)
    )
    assert len(walk.turns) - turn <= 5


async def test_a_list_is_sampled_and_paging_is_not_followed_for_ever():
    walk = await explored("tracker")
    visited = walk.ledger.visited["member"]
    assert 2 <= sum(bool(re.fullmatch(r"/tickets/\d+", url)) for url in visited) <= 4
    assert sum("page=" in url for url in visited) <= 2


async def test_the_third_page_of_a_list_is_enough():
    explorer = Explorer(tracker())
    for page in ("/tickets", "/tickets?page=2", "/tickets?page=3"):
        explorer.team.tell("member", ev.ToolFinished(tool="browser_navigate", url_after=f"{ORIGIN}{page}"))
    walk = await explorer.run()
    assert "/tickets?page=4" not in walk.ledger.visited["member"]


async def test_an_item_without_a_text_is_looked_at():
    walk = await explored("shop")
    assert "/products/3" in walk.ledger.visited["member"]


async def test_a_button_that_opens_a_dialog_is_pressed_again_after_closing_it():
    walk = await explored("shop")
    presses = [button for _, button in walk.app.pressed if button in ("Show sizes", "Close")]
    assert presses[:4] == ["Show sizes", "Close", "Show sizes", "Close"]


async def test_a_button_that_acts_is_also_double_clicked():
    walk = await explored("shop")
    assert {"Add to cart", "Check out"} <= set(walk.app.doubled)
    assert "Show sizes" not in walk.app.doubled


async def test_browser_dialogs_are_accepted_first_and_dismissed_next():
    walk = await Explorer(shop(), budget=90).run()
    answers = [call.args["accept"] for call in walk.app.calls if call.tool == "browser_handle_dialog"]
    assert answers[0] is True
    assert False in answers


async def test_what_destroys_data_waits_until_the_rest_is_done():
    walk = await explored("shop")
    pressed = [button for _, button in walk.app.pressed if button != "Sign out"]
    assert "Remove all" in pressed
    assert set(pressed[pressed.index("Remove all") :]) == {"Remove all"}


async def test_a_saved_value_is_claimed_to_be_kept():
    walk = await explored("shop")
    claims = [call.args for call in walk.app.calls if call.args.get("predicate") == "persists_after_reload"]
    assert {claim["subject"] for claim in claims} == {
        'get_by_role("textbox", name="Street", exact=True)',
        'get_by_role("textbox", name="Phone", exact=True)',
    }


async def test_a_failed_claim_is_handed_over():
    scout, explorer = Scout(0, lambda: DAY), Explorer(shop())
    failed = (ToolResult("x", "ok", "Claim 3 fails; actual: 1."),)
    reply = await scout.generate(ModelRequest("", (), (), explorer.situation(5, failed)))
    assert [(call.tool, call.args["claim"]) for call in reply.calls] == [("report_finding", 3)]


@pytest.mark.parametrize("name", APPS)
async def test_the_same_seed_walks_the_same_way_and_roles_differ(name: str):
    again, other = [await Explorer(APPS[name](), role=role).run() for role in ("member", "guest")]
    first = await explored(name)
    assert first.turns == again.turns
    ways = [[dict(call.args) for turn in walk.turns[:5] for call in turn] for walk in (first, other)]
    assert ways[0] != ways[1]
    ours, theirs = ({value for _, _, value in walk.app.typed if "O'Brien" in value} for walk in (first, other))
    assert ours and theirs and not ours & theirs


async def test_asking_twice_for_the_same_turn_gives_the_same_answer():
    scout, explorer = Scout(0, lambda: DAY), Explorer(shop())
    request = ModelRequest("", (), (), explorer.situation(1, ()))
    assert await scout.generate(request) == await scout.generate(request)


@pytest.mark.parametrize("name", APPS)
async def test_where_nothing_may_be_changed_the_scout_only_reads(name: str):
    walk = await Explorer(APPS[name](), may_write=False).run()
    assert walk.app.typed == [] and walk.app.pressed == []
    assert set(walk.tools) <= {"browser_navigate", "browser_click", "note_capability", "finish"}
    assert walk.routes >= {routes.template(path) for path in walk.app.screens}


async def test_addresses_of_other_roles_are_tried():
    explorer = Explorer(shop())
    for page in ("/admin/users", "/logout", "/cart"):
        explorer.team.tell("admin", ev.ToolFinished(tool="browser_navigate", url_after=f"{ORIGIN}{page}"))
    walk = await explorer.run()
    assert "/admin/users" in walk.ledger.visited["member"]
    assert "/logout" not in walk.ledger.visited["member"]


async def test_a_new_process_goes_on_where_the_old_one_was_killed():
    """Only the ledger survives: what it holds is not walked again."""
    explorer = Explorer(tracker(), budget=12)
    first = await explorer.run()
    explorer.app.signed_out = False
    explorer.budget = 40
    second = await explorer.run()
    assert second.routes >= first.routes
    repeated = [call for turn in second.turns[:3] for call in turn if call.tool == "finish"]
    assert not repeated


async def test_a_small_budget_still_ends_with_an_account():
    walk = await Explorer(shop(), budget=8).run()
    assert walk.summary is not None


async def test_an_error_page_does_not_make_the_scout_forget_what_the_place_offered():
    app = replace(shop(), broken=lambda value: "O'Brien" in value)
    walk = await Explorer(app).run()
    searched = [value for path, name, value in app.typed if name == "Search"]
    assert any("O'Brien" in value for value in searched) and any("<b>" in value for value in searched)
    assert "/products/3" in walk.ledger.visited["member"]


async def test_a_field_that_refuses_a_date_is_tried_with_other_forms_of_time():
    app = replace(tracker(), refuses=lambda value: bool(re.fullmatch(r"20\d\d-\d\d-\d\d", value)))
    await Explorer(app).run()
    starts = [value for _, name, value in app.typed if name == "Start date"]
    assert any("T10:00" in value for value in starts)


async def test_a_dialog_is_answered_before_anything_else():
    app = replace(shop(), dialog="confirm dialog: Leave?")
    scout, explorer = Scout(0, lambda: DAY), Explorer(app)
    reply = await scout.generate(ModelRequest("", (), (), explorer.situation(1, ())))
    assert [(call.tool, dict(call.args)) for call in reply.calls] == [("browser_handle_dialog", {"accept": True})]


async def test_on_a_site_without_end_roles_find_new_ground_to_the_last_turn_and_hardly_repeat_themselves():
    team = Team()
    pair = [Explorer(catalogue(), 220, role, team=team) for role in ("member", "guest")]
    for explorer in pair:
        team.tell(explorer.role, ev.RoleStarted(url="/"))
    known = 0
    for iteration in range(1, 201):
        if iteration == 150:
            known = len(team.coverage.done)
        for explorer in pair:
            await explorer.turn(iteration)
    assert not [explorer.role for explorer in pair if explorer.summary is not None]
    assert len(team.coverage.done) > known + 20
    ground = repeated_ground(team.events)
    assert max(share.share for share in ground.values()) <= 0.15
    items = [place for place in team.coverage.done if place.rpartition("/")[2].isdigit()]
    twice = [place for place in items if len(team.coverage.done_by(place)) > 1]
    assert len(items) > 60 and len(twice) <= len(items) / 4


async def test_what_people_order_is_looked_at_first():
    explorer = Explorer(catalogue(), 40)
    explorer.orders = ("Have a look at jasmine, please",)
    walk = await explorer.run()
    seen = [place for place in walk.coverage.done if "jasmine" in place]
    others = [place for place in walk.coverage.done if place.count("/") > 1 and "jasmine" not in place]
    assert len(seen) > 4 * len(others)


async def test_an_api_path_that_another_role_reached_is_asked_for_where_that_is_possible():
    request = ToolSpec("browser_request", "", {}, False, "browser")
    for tools, asked in (((), []), ((request,), [{"url": "/api/users?all=1", "method": "GET"}])):
        explorer = Explorer(shop())
        explorer.tools = tools
        found = [ev.LeadFound("api", f"{method} /api/users?all=1", "") for method in ("GET", "POST")]
        explorer.team.tell("admin", ev.RoleStarted(url="/"), *found)
        walk = await explorer.run()
        assert [dict(call.args) for call in walk.app.calls if call.tool == "browser_request"] == asked


def accounts(walk: Walk) -> list[tuple[str, str, str]]:
    notes = [call.args for call in walk.app.calls if call.tool == "note_capability"]
    return [(note["name"], note["status"], note["note"]) for note in notes]


async def test_the_account_says_no_more_than_what_was_done():
    walk = Explorer(shop(), budget=70)
    walk.capabilities = ("Search products", "Keep the address", "Look at the cart", "Read the terms", "Sign out", "Fly")
    told = {name: (status, note) for name, status, note in accounts(await walk.run())}
    assert told["Search products"][0] == told["Keep the address"][0] == told["Sign out"][0] == "works"
    assert re.fullmatch(
        r"Sent 1 form with \d+ sorts of values(, used \d+ controls?)? there\.", told["Keep the address"][1]
    )
    assert told["Sign out"][1] == "Used 1 control there."
    assert told["Read the terms"] == ("not_reached", "Opened 1 page of it; nothing was sent.")
    assert told["Fly"] == ("not_reached", "No link or control that fits was seen on the 9 pages opened.")


async def test_what_a_short_walk_only_passed_by_is_not_said_to_work():
    explorer = Explorer(tracker(), budget=5)
    explorer.capabilities = ("See tickets", "See the team", "Write reports")
    walk = await explorer.run()
    told = {name: (status, note) for name, status, note in accounts(walk)}
    over = "the turns were used up"
    assert {status for status, _ in told.values()} == {"not_reached"}
    assert {note for _, note in told.values()} <= {
        *(f"Opened {pages} of it; nothing was sent: {over}." for pages in ("1 page", "2 pages", "3 pages")),
        "A link to /team was found but not followed: the turns were used up.",
        "A link to /reports?from=2026-01-01 was found but not followed: the turns were used up.",
    }
    assert any("not followed" in note for _, note in told.values())
    assert walk.summary and walk.summary.endswith("sent no form, used no control.")


async def test_a_form_that_could_not_be_filled_was_not_sent():
    app = replace(tracker(), refuses=lambda value: True)
    explorer = Explorer(app, budget=60)
    explorer.capabilities = ("Create new tickets with descriptions", "Start date reports")
    walk = await explorer.run()
    assert walk.summary and "form" not in walk.summary.replace("no form", "")


async def test_what_the_host_does_not_believe_is_explained_instead_of_said_again():
    explorer = Explorer(shop(), budget=70)
    explorer.capabilities = ("Search products", "Keep the address")
    sentence = "Nothing that you did yet stands for {}; each capability needs an action or a claim of its own. {}"
    explorer.disbelieved = {
        "Search products": sentence.format(
            "Search products", "Open /find or POST /api/find and test there, then note it."
        ),
        "Keep the address": sentence.format("Keep the address", "Use it, or state with check what it must show."),
    }
    walk = await explorer.run()
    assert walk.summary is not None
    assert accounts(walk)[2:] == [
        ("Search products", "not_reached", "Nothing was tested at /find or POST /api/find."),
        ("Keep the address", "not_reached", "What was done there stands for other capabilities already."),
    ]
