"""Each defect of what is kept and of who may reach it: writes, two people at once, borders, sessions, states."""

import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, NEWCOMER, OTHER_MEMBER, PLATFORM, Site, Switchable, texts
from clubhouse_switch import Probe, free_slot, hold_to_its_switch


def phone_not_saved(site: Site) -> bool:
    saved = site.person(MEMBER).post("/profile", data={"name": "Mara", "phone": "555 777"})
    assert "Your profile is saved." in saved.text
    return "555 777" not in saved.text


def second_note_dropped(site: Site) -> bool:
    keeper = site.person(MAINTENANCE)
    for note in ("first edit", "second edit"):
        assert keeper.post("/api/tasks/1/note", json={"note": note}).json()["note"] == note
    return "second edit" not in keeper.get("/tasks/1").text


def two_bookings_of_one_wish(site: Site) -> bool:
    slot, member = free_slot(site), site.person(MEMBER)
    first, second = (member.post("/api/bookings", json=slot).json()["id"] for _ in range(2))
    return first != second


def late_cancellation_fails(site: Site) -> bool:
    member = site.person(MEMBER)
    late = next(one for one in member.get("/api/my/bookings").json()["bookings"] if one["hours"] == "08:00 to 09:00")
    status = member.post(f"/api/bookings/{late['id']}/cancel", json={}).status_code
    return status == 500


def court_stays(site: Site) -> bool:
    admin = site.person(ADMIN)
    assert admin.delete("/api/courts/4").status_code == 204
    return 'data-remove="4"' in admin.get("/admin/courts").text


def stale_status(site: Site) -> bool:
    member, admin = site.person(MEMBER), site.person(ADMIN)
    bookings = member.get("/api/my/bookings").json()["bookings"]
    asked = next(one["id"] for one in bookings if one["status"] == "requested")
    admin.post(f"/api/bookings/{asked}/approve", json={})
    after = {one["id"]: one["status"] for one in member.get("/api/my/bookings").json()["bookings"]}
    anew = {one["id"]: one["status"] for one in site.person(MEMBER).get("/api/my/bookings").json()["bookings"]}
    assert anew[asked] == "approved"
    return after[asked] == "requested"


def same_slot_twice(site: Site) -> bool:
    slot, people = free_slot(site), [site.person(MEMBER), site.person(MAINTENANCE)]
    return [one.post("/api/bookings", json=slot).status_code for one in people] == [201, 201]


def last_in_list_is_told(site: Site) -> bool:
    member = site.person(MEMBER)
    freed = next(one for one in member.get("/api/my/bookings").json()["bookings"] if one["id"] == 1)
    assert member.post(f"/api/bookings/{freed['id']}/cancel", json={}).status_code == 200
    return "offered to you" not in site.person(NEWCOMER).get("/waiting").text


def draft_of_the_other_club(site: Site) -> bool:
    other = site.person(OTHER_MEMBER)
    published, draft = (other.get(page).status_code for page in ("/events/1", "/events/7"))
    assert published == draft
    return draft == 200


def members_of_all_clubs(site: Site) -> bool:
    found = site.person(MEMBER).get("/api/members", params={"q": "a"}).json()["members"]
    return {one["club"] for one in found} != {"Lakeside"}


def foreign_invoice(site: Site) -> bool:
    return site.person(MEMBER).get("/invoices/2").status_code == 200


def member_approves(site: Site) -> bool:
    done = [
        site.person(who).post(f"/api/bookings/{booking}/approve", json={}).status_code
        for who, booking in ((MEMBER, 2), (MAINTENANCE, 8))
    ]
    badges = [texts(site.person(ADMIN).get(f"/admin/bookings/{one}").text, r'class="badge (\w+)"')[0] for one in (2, 8)]
    assert (done, badges) in (([200, 200], ["approved"] * 2), ([403, 403], ["requested"] * 2))
    return badges[0] == "approved"


def maintenance_suspends(site: Site) -> bool:
    keeper = site.person(MAINTENANCE)
    seen = "Suspend" in keeper.get("/platform/clubs/2").text
    keeper.post("/platform/clubs/2/suspend")
    assert site.person(PLATFORM).get("/platform/clubs/2").status_code == 200
    used = "suspended" in site.visitor().get("/clubs/hilltop").text
    assert used == seen
    return used


def session_outlives_sign_out(site: Site) -> bool:
    member = site.person(MEMBER)
    assert "You are signed out." in member.post("/logout").text
    return member.get("/bookings").url.path == "/bookings"


def link_works_twice(site: Site) -> bool:
    visitor = site.visitor()
    form = {"name": "Jo", "email": "jo@lakeside.test", "password": "long-enough", "club": "1", "terms": "1"}
    visitor.post("/register", data=form)
    visitor.post("/login", data={"email": form["email"], "password": form["password"]})
    link = texts(visitor.post("/profile/password-link").text, r'href="(/reset/[^"]+)"')[0]
    assert visitor.post(link, data={"password": "another-one"}).url.path == "/login"
    return visitor.post(link, data={"password": "a-third-one"}).url.path == "/login"


def rejected_is_paid(site: Site) -> bool:
    return 'class="badge confirmed"' in site.person(MEMBER).post("/bookings/3/pay").text


def closed_is_started(site: Site) -> bool:
    return 'class="badge started"' in site.person(MAINTENANCE).post("/tasks/5/start").text


PROBES: dict[str, Probe] = {
    "D28": phone_not_saved,
    "D29": second_note_dropped,
    "D30": two_bookings_of_one_wish,
    "D31": late_cancellation_fails,
    "D32": court_stays,
    "D33": stale_status,
    "D34": same_slot_twice,
    "D35": last_in_list_is_told,
    "D36": draft_of_the_other_club,
    "D37": members_of_all_clubs,
    "D38": foreign_invoice,
    "D39": member_approves,
    "D40": maintenance_suspends,
    "D41": session_outlives_sign_out,
    "D42": link_works_twice,
    "D43": rejected_is_paid,
    "D44": closed_is_started,
}


@pytest.mark.parametrize("defect", PROBES)
def test_it_shows_with_its_switch_and_only_with_it(defect: str, site: Switchable) -> None:
    hold_to_its_switch(defect, PROBES[defect], site)
