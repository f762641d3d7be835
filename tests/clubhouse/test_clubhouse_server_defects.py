"""Each defect of the server: with its switch on a person meets it, in the clean twin nobody does."""

import re
from collections.abc import Callable, Iterator

import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, NEWCOMER, OTHER_MEMBER, PLATFORM, Site, ahead, serve, texts

from demo.clubhouse.manifest import DEFECTS

Probe = Callable[[Site], bool]
SLOT = {"court": "2", "date": ahead(9), "start": "12", "end": "13", "guest": ""}


def free_slot(site: Site) -> dict[str, str]:
    """A slot of Lakeside that nobody holds."""
    html = site.person(MEMBER).get("/availability", params={"date": ahead(9)}).text
    court, start = texts(html, r"court=(\d)&amp;date=[\d-]+&amp;start=(\d+)&amp;")[0]
    return SLOT | {"court": court, "start": start, "end": str(int(start) + 1)}


def apostrophe_in_search(site: Site) -> bool:
    return site.visitor().get("/search", params={"q": "o'clock"}).status_code == 500


def past_availability(site: Site) -> bool:
    return site.person(MEMBER).get("/availability", params={"date": ahead(-1)}).status_code == 500


def event_without_description(site: Site) -> bool:
    member = site.person(MEMBER)
    pages = texts(member.get("/events").text, r'href="(/events/\d+)"')
    return 500 in [member.get(page).status_code for page in pages]


def long_name(site: Site) -> bool:
    status = site.person(MEMBER).post("/profile", data={"name": "x" * 300, "phone": "1"}).status_code
    assert status in {422, 500}
    return status == 500


def second_approval(site: Site) -> bool:
    admin = site.person(ADMIN)
    booking = texts(admin.get("/admin/bookings").text, r'data-decide="approve" data-id="(\d+)"')[0]
    first, second = (admin.post(f"/api/bookings/{booking}/approve", json={}).status_code for _ in range(2))
    assert first == 200
    return second == 500


def kept_filter(site: Site) -> bool:
    html = site.person(MAINTENANCE).get("/tasks", params={"status": "closed"}).text
    (form,) = texts(html, r"<form(?:(?!<form).)*Clear filter</button>")
    return 'value="closed"' in form


def missing_terms(site: Site) -> bool:
    visitor = site.visitor()
    return visitor.get(texts(visitor.get("/").text, r'href="([^"]+)">Terms<')[0]).status_code == 404


def missing_picture(site: Site) -> bool:
    member = site.person(MEMBER)
    return member.get(texts(member.get("/events/1").text, r'<img class="picture" src="([^"]+)"')[0]).status_code == 404


def details_of_the_next_event(site: Site) -> bool:
    member = site.person(MEMBER)
    card = r'<h2>Junior taster day</h2>(?:(?!<h2>).)*?href="(/events/\d+)"'
    address = texts(member.get("/events").text, card)[0]
    return "<h1>Junior taster day</h1>" not in member.get(address).text


def forgotten_deep_link(site: Site) -> bool:
    visitor = site.visitor()
    login = visitor.get("/invoices")
    back = texts(login.text, r'name="next" value="([^"]*)"')[0]
    form = {"email": MEMBER, "password": "court-and-net", "next": back}
    return visitor.post("/login", data=form).url.path != "/invoices"


def next_booking_a_day_early(site: Site) -> bool:
    member = site.person(MEMBER)
    shown = texts(member.get("/home").text, r'class="big">([^<]+)<')[0]
    return shown not in {booking["day"] for booking in member.get("/api/my/bookings").json()["bookings"]}


def closed_tasks_counted(site: Site) -> bool:
    html = site.person(MAINTENANCE).get("/tasks").text
    still_open = len(texts(html, r'class="badge (?:open|accepted|started)"'))
    return texts(html, r'id="open-tasks">(\d+)')[0] != str(still_open)


def capitals_first(site: Site) -> bool:
    admin = site.person(ADMIN)
    pages = [admin.get("/admin/members", params={"sort": "name", "page": page}).text for page in (1, 2, 3)]
    names = [name for page in pages for name in texts(page, r'href="/admin/members/\d+">([^<]+)<')]
    return names != sorted(names, key=str.lower)


def one_bookings(site: Site) -> bool:
    return site.person(MAINTENANCE).get("/api/my/bookings").json()["heading"] == "1 bookings"


def double_discount(site: Site) -> bool:
    slot = SLOT | {"court": "4", "date": ahead(40), "end": "14"}
    html = site.person(MEMBER).get("/bookings/review", params=slot).text
    return texts(html, r'id="price">([^<]+)<')[0] != "€32.00"


def invoice_sum(site: Site) -> bool:
    html = site.person(MEMBER).get("/invoices/1").text
    amounts = [round(float(amount) * 100) for amount in texts(html, r'class="sum"[^>]*>€([\d.]+)<')]
    return sum(amounts[:-1]) != amounts[-1]


def ends_before_it_starts(site: Site) -> bool:
    slot = SLOT | {"start": "15", "end": "13"}
    return site.person(MEMBER).post("/api/bookings", json=slot).status_code == 201


def negative_capacity(site: Site) -> bool:
    form = {"title": "Odd", "day": ahead(3), "start": "10", "capacity": "-5", "price": "", "description": "x"}
    admin = site.person(ADMIN)
    admin.post("/admin/events/new", data=form)
    return "<td>Odd</td>" in admin.get("/admin/events").text


def address_without_domain(site: Site) -> bool:
    form = {"name": "Jo", "email": "jo@", "password": "long-enough", "club": "1", "terms": "1"}
    return site.visitor().post("/register", data=form).url.path == "/login"


def blank_message(site: Site) -> bool:
    member = site.person(MEMBER)
    member.post("/api/messages", json={"text": "   "})
    return not all(message["text"].strip() for message in member.get("/api/messages").json()["messages"])


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
    return site.person(OTHER_MEMBER).get("/events/7").status_code == 200


def members_of_all_clubs(site: Site) -> bool:
    found = site.person(MEMBER).get("/api/members", params={"q": "a"}).json()["members"]
    return {one["club"] for one in found} != {"Lakeside"}


def foreign_invoice(site: Site) -> bool:
    return site.person(MEMBER).get("/invoices/2").status_code == 200


def member_approves(site: Site) -> bool:
    return site.person(MEMBER).post("/api/bookings/2/approve", json={}).status_code == 200


def maintenance_suspends(site: Site) -> bool:
    keeper = site.person(MAINTENANCE)
    keeper.post("/platform/clubs/2/suspend")
    assert site.person(PLATFORM).get("/platform/clubs/2").status_code == 200
    return "suspended" in site.visitor().get("/clubs/hilltop").text


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


def repeated_row(site: Site) -> bool:
    admin = site.person(ADMIN)
    pages = [admin.get("/admin/members", params={"page": page}).text for page in (1, 2)]
    first, second = (texts(page, r'href="/admin/members/(\d+)"') for page in pages)
    return first[-1] == second[0]


def doubly_escaped(site: Site) -> bool:
    html = site.person(MEMBER).get("/events").text
    assert re.search("Strings &amp;", html)
    return "&amp;amp;" in html


def unescaped_term(site: Site) -> bool:
    payload = "<img src=x onerror=alert(1)>"
    return payload in site.visitor().get("/search", params={"q": payload}).text


PROBES: dict[str, Probe] = {
    "D01": apostrophe_in_search,
    "D02": past_availability,
    "D03": event_without_description,
    "D04": long_name,
    "D05": second_approval,
    "D11": kept_filter,
    "D12": missing_terms,
    "D13": missing_picture,
    "D14": details_of_the_next_event,
    "D15": forgotten_deep_link,
    "D18": next_booking_a_day_early,
    "D19": closed_tasks_counted,
    "D20": capitals_first,
    "D21": one_bookings,
    "D22": double_discount,
    "D23": invoice_sum,
    "D24": ends_before_it_starts,
    "D25": negative_capacity,
    "D26": address_without_domain,
    "D27": blank_message,
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
    "D45": repeated_row,
    "D46": doubly_escaped,
    "D47": unescaped_term,
}


@pytest.mark.parametrize("defect", PROBES)
def test_server_defect_shows_only_with_its_switch(defect: str, twin: Site) -> None:
    twin.reset()
    assert not PROBES[defect](twin), f"the clean twin has {defect}: {DEFECTS[defect].summary}"
    with serve(defect) as site:
        assert PROBES[defect](site), f"{defect} does not show: {DEFECTS[defect].summary}"


@pytest.mark.parametrize("defect", PROBES)
def test_switches_change_nothing_else(defect: str, all_others: dict[str, Site]) -> None:
    """Where half of the other switches are on, this defect still stays away."""
    neighbour = all_others["odd" if int(defect[1:]) % 2 == 0 else "even"]
    neighbour.reset()
    assert not PROBES[defect](neighbour)


@pytest.fixture(scope="module")
def all_others() -> Iterator[dict[str, Site]]:
    odd = ",".join(one for one in DEFECTS if int(one[1:]) % 2)
    even = ",".join(one for one in DEFECTS if int(one[1:]) % 2 == 0)
    with serve(odd) as odd_site, serve(even) as even_site:
        yield {"odd": odd_site, "even": even_site}
