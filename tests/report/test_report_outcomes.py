"""How lines of a charter and capabilities end: proven, touched, not reached and why."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from told_run import Tale

from agent import events as ev
from agent.charter import Charter, Grant, Profile, Role
from agent.evidence.finding import Claim
from agent.planning import PlanItem
from agent.report.outcomes import Outcome, outcomes

NAMES = ("Pay an order", "Read the news", "Change the own address")
BUYER = Role("buyer", None, capabilities=NAMES)
SHOP = Profile("Shop", "local", Path("/nowhere"), "http://shop.test", "local", (BUYER,))
CHARTER = Charter("Explore the shop and find what is broken.", "Shop", "local")


def ended(tale: Tale, profile: Profile = SHOP) -> dict[str, Outcome]:
    return {each.subject: each for each in outcomes(CHARTER, profile, tale.end()).capabilities}


def statuses(tale: Tale, profile: Profile = SHOP) -> list[str]:
    return [each.status for each in ended(tale, profile).values()]


def test_a_judged_claim_proves_the_one_that_it_speaks_of():
    tale = Tale("buyer").arrive("/").turn().go("/news").claim('get_by_text("News")').turn().stop()
    told = ended(tale)
    assert [each.status for each in told.values()] == ["not reached", "proven", "not reached"]
    assert told["Read the news"].why == "a claim was evaluated" and told["Read the news"].turn == 2
    assert told["Pay an order"].why == "the budget was used up"


def test_one_claim_proves_one_capability_and_one_that_could_not_be_judged_none():
    names = ("See orders", "Cancel orders")
    profile = replace(SHOP, roles=(replace(BUYER, capabilities=names),))
    row = 'get_by_role("row", name="Order 7")'
    once = Tale("buyer").arrive("/").go("/orders").claim(row).turn()
    assert sorted(statuses(once, profile)) == ["proven", "touched"]
    assert statuses(once.claim('get_by_text("Order 8")', "fails"), profile) == ["proven", "proven"]
    never = Tale("buyer").arrive("/").go("/orders").claim(row, "inapplicable").turn()
    assert statuses(never, profile) == ["touched", "touched"]


def test_a_claim_in_other_words_counts_when_the_note_speaks_of_the_same():
    tale = Tale("buyer").arrive("/").go("/konto").claim('get_by_label("Phone")')
    assert ended(tale)["Change the own address"].status == "not reached"
    tale.note("Change the own address", "works", "The phone is kept after a reload.")
    assert ended(tale)["Change the own address"].status == "proven"


def test_a_status_without_evidence_is_only_touched():
    told = ended(Tale("buyer").arrive("/").note("Pay an order", "works").turn())
    assert (told["Pay an order"].status, told["Pay an order"].noted) == ("touched", "works")


@pytest.mark.parametrize(("read", "status"), [("/addresses", "proven"), ("/news", "touched"), ("", "touched")])
def test_a_write_counts_when_it_was_read_back_where_it_belongs(read, status):
    tale = Tale("buyer").arrive("/").go("/addresses").fill("Street", "Elm 1").click("button", "Save")
    tale = (tale.go(read) if read else tale).note("Change the own address", "works").turn()
    assert ended(tale)["Change the own address"].status == status


def test_a_search_is_no_write():
    tale = Tale("buyer").arrive("/").go("/news").fill("Search", "x").click("button", "Find", "/news?q=x").go("/news")
    assert ended(tale.note("Read the news", "works"))["Read the news"].status == "touched"


def test_a_proved_finding_proves_what_it_is_about():
    tale = Tale("buyer").arrive("/").turn().prove("An order is paid twice", "/orders/{id}")
    assert ended(tale)["Pay an order"].why == "a finding was proved there"
    flaky = Tale("buyer").arrive("/").turn().prove("An order is paid twice", "/orders/{id}", "FLAKY")
    assert ended(flaky)["Pay an order"].status == "not reached"


def test_addresses_of_the_profile_decide_where_there_are_some():
    granted = replace(BUYER, grants=(Grant("Pay an order", ("/checkout/*",)),))
    profile = replace(SHOP, roles=(granted,))
    elsewhere = Tale("buyer").arrive("/").go("/news").claim('get_by_text("Pay an order")')
    assert ended(elsewhere, profile)["Pay an order"].status == "not reached"
    there = Tale("buyer").arrive("/").go("/checkout/7").claim('get_by_role("row", name="Order 7")')
    assert ended(there, profile)["Pay an order"].status == "proven"


@pytest.mark.parametrize("grants", [(), (Grant("See and change the own profile", ("/profile",)),)])
def test_what_is_claimed_at_an_address_need_not_be_about_what_the_address_is_for(grants):
    names = ("See and change the own profile", "See and sign up for events", "Sign out")
    profile = replace(SHOP, roles=(replace(BUYER, capabilities=names, grants=grants),))
    charter = replace(CHARTER, areas=("The profile",))
    tale = (
        Tale("buyer").arrive("/").go("/profile").claim('get_by_role("button", name="Sign out")', reason="Signed out.")
    )
    tale.note(names[0], "works", "Looked at the profile.").turn()
    assert statuses(tale, profile) == ["touched", "not reached", "proven"]
    assert outcomes(charter, profile, tale.events).lines[0].status == "touched"
    claim = Claim('get_by_label("Phone")', "visible", "", "spec", "It was typed.", about="my_change")
    tale.add(ev.ClaimChecked(asdict(claim), "holds", ""))
    assert statuses(tale, profile) == ["proven", "not reached", "proven"]


@pytest.mark.parametrize(("turns", "why"), [(2, "the budget was used up"), (1, "the role ended by itself without it")])
def test_a_role_that_says_goodbye_on_its_last_turn_used_up_its_budget(turns, why):
    tale = Tale("buyer").arrive("/")
    for _ in range(turns):
        tale.turn()
    told = outcomes(replace(CHARTER, iterations=2), SHOP, tale.stop("finished", "Saw one route.").end()).capabilities
    assert {each.why for each in told} == {why}


@pytest.mark.parametrize(
    ("reason", "detail", "why"),
    [
        ("budget", "Used its 9 turns.", "the budget was used up"),
        ("target_down", "Nobody answers.", "the role ended: target down (Nobody answers.)"),
        ("sign_in_failed", "Wrong password.", "the role ended: sign-in failed (Wrong password.)"),
        ("finished", "All done.", "the role ended by itself without it"),
        ("", "", "the role had not come to it yet"),
    ],
)
def test_what_was_not_reached_says_why(reason, detail, why):
    tale = Tale("buyer")
    if reason:
        tale.stop(reason, detail)
    assert {each.why for each in ended(tale).values()} == {why}


def test_what_the_role_said_itself_explains_better():
    tale = Tale("buyer").arrive("/").turn()
    tale.note("Pay an order", "blocked", "The button is gone.").note("Read the news", "not_reached", "No link.").stop()
    told = ended(tale)
    assert (told["Pay an order"].status, told["Pay an order"].why) == ("not reached", "blocked: The button is gone.")
    assert (told["Read the news"].status, told["Read the news"].why) == ("not reached", "No link.")
    tale.as_role("buyer").go("/order/7").turn()
    assert ended(tale)["Pay an order"].status == "touched"


def test_lines_of_the_charter_are_told_by_what_all_roles_did():
    other = Role("clerk", None, capabilities=("Send parcels",))
    profile = replace(SHOP, roles=(BUYER, other))
    tale = Tale("buyer", "clerk").arrive("/").go("/news").claim('get_by_text("News")').turn().stop()
    tale.as_role("clerk").arrive("/").go("/parcels").turn().stop("crashed", "A bug.")
    charter = replace(CHARTER, areas=("The news", "Parcels", "Coupons", "Look at everything"))
    lines = outcomes(charter, profile, tale.end()).lines
    assert [(line.status, line.why) for line in lines] == [
        ("proven", "1 claim evaluated, proven for buyer"),
        ("touched", "nothing was evaluated there"),
        ("not reached", "the budget was used up; the role ended: it crashed (A bug.)"),
        ("touched", "1 of 4 capabilities proven, 1 touched"),
    ]


def test_the_plan_is_held_against_what_was_done():
    items = (
        PlanItem("Read the news", "buyer", 4, "it writes", ("capability",)),
        PlanItem("/legal", "", 3, "open finding there", ("open finding",)),
        PlanItem("Coupons", "", 2, "named in the charter", ("charter",)),
    )
    tale = Tale("buyer").add(ev.PlanMade(tuple(item.to_json() for item in items)), role="").arrive("/")
    tale.go("/news").claim('get_by_text("News")').turn().go("/legal").turn().stop()
    planned = outcomes(CHARTER, SHOP, tale.end()).planned
    assert [(item.area, each.status, each.turn) for item, each in planned] == [
        ("Read the news", "proven", 1),
        ("/legal", "touched", 2),
        ("Coupons", "not reached", 0),
    ]


def test_the_same_holds_in_the_middle_of_a_run_and_for_roles_that_the_profile_no_longer_has():
    tale = Tale("ghost").arrive("/").go("/news").note("Read the news", "works").turn()
    (each,) = outcomes(CHARTER, SHOP, tale.events).capabilities
    assert (each.role, each.subject, each.status) == ("ghost", "Read the news", "touched")
    assert outcomes(CHARTER, SHOP, ()).capabilities == ()
