"""Each defect that a single answer of the server shows: errors, links, wrong data and totals, validation."""

import re

import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, Site, Switchable, ahead, texts
from clubhouse_switch import SLOT, Probe, hold_to_its_switch


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
    "D45": repeated_row,
    "D46": doubly_escaped,
    "D47": unescaped_term,
}


@pytest.mark.parametrize("defect", PROBES)
def test_it_shows_with_its_switch_and_only_with_it(defect: str, site: Switchable) -> None:
    hold_to_its_switch(defect, PROBES[defect], site)
