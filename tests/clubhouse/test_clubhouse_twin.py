"""The clean twin has nothing to find: every link works, no input breaks it, no script throws, decoys are harmless."""

import random
import re
from html import unescape

import httpx
import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, NEWCOMER, OTHER_MEMBER, PLATFORM, Site, ahead, texts
from playwright.sync_api import Browser, Page, expect

PEOPLE = ("", MEMBER, MAINTENANCE, ADMIN, OTHER_MEMBER, PLATFORM, NEWCOMER)
NASTY = (
    "", " ", "x" * 300, "O'Hara", '<b>"&', "🎾" * 20, "-5", "0", "99999999999999999999", "1.5", "2020-01-01",
    "9999-12-31", "0000-00-00", "not a date", "?", "a\x00b", "../../etc", "%", "_", "١٢", "1e9",
)  # fmt: skip
ENDPOINTS = ("/api/my/bookings", "/api/members", "/api/messages", "/api/leaving", "/scripts/none.js", "/reset/none")


def somebody(site: Site, email: str) -> httpx.Client:
    return site.person(email) if email else site.visitor()


def crawl(client: httpx.Client) -> dict[str, str]:
    """Every page that links lead to, one per address without its values, with its HTML."""
    seen: dict[str, str] = {}
    shapes: set[str] = set()
    todo = ["/", "/home"]
    while todo:
        address = todo.pop()
        shape = re.sub(r"=[^&]*", "=", address)
        if shape in shapes or "/archive" in address or address.endswith(".csv"):
            continue
        shapes.add(shape)
        answer = client.get(address)
        assert answer.status_code < 400, f"{address} answers {answer.status_code}"
        seen[address] = answer.text
        if "html" in answer.headers["content-type"]:
            todo += [unescape(found) for found in texts(answer.text, r'(?:href|src)="(/[^"]*)"')]
    return seen


@pytest.mark.parametrize("email", PEOPLE)
def test_every_link_of_every_role_works(email: str, twin: Site) -> None:
    pages = crawl(somebody(twin, email))
    assert len(pages) >= (8 if not email else 15)


@pytest.mark.parametrize("email", PEOPLE)
def test_no_form_input_breaks_a_page(email: str, twin: Site) -> None:
    twin.reset()
    client, chance = somebody(twin, email), random.Random(email)
    forms = {form for html in crawl(client).values() for form in texts(html, r"<form.*?</form>")}
    for form in sorted(forms):
        action = (texts(form, r'action="([^"]+)"') or [""])[0]
        if not action or action == "/logout":
            continue
        posted = 'method="post"' in form
        names = texts(form, r'name="([^"]+)"')
        # A form of one field gets everything, a longer one a few mixtures.
        mixtures = [{name: chance.choice(NASTY) for name in names} for _ in range(4)]
        for values in [{names[0]: value} for value in NASTY] if len(names) == 1 else mixtures:
            address = unescape(action)
            answer = client.post(address, data=values) if posted else client.get(address, params=values)
            assert answer.status_code in {200, 400, 403, 404, 422}, f"{action} {values}: {answer.status_code}"


@pytest.mark.parametrize("email", PEOPLE)
def test_no_direct_call_breaks_the_server(email: str, twin: Site) -> None:
    """Addresses with odd numbers, missing parameters, other people's ids and bodies of any kind."""
    twin.reset()
    client, chance = somebody(twin, email), random.Random(email)
    for path in ("/bookings/{}", "/events/{}", "/invoices/{}", "/tasks/{}", "/admin/members/{}", "/admin/bookings/{}",
                 "/admin/events/{}/edit", "/platform/clubs/{}", "/platform/invoices/{}", "/clubs/{}", "/reset/{}",
                 "/availability?date={}", "/admin/members?page={}", "/tasks?status={}", "/login?next={}",
                 "/bookings/new?court={}&date={}", "/bookings/review?court=1&date={}&start={}"):  # fmt: skip
        for value in (
            "1",
            "9",
            "0",
            "-1",
            "abc",
            "9" * 30,
            "9999-12-31",
            "%27",
            "%F0%9F%8E%BE",
            "1.0",
            "%00",
            "//x.test",
        ):
            assert client.get(path.replace("{}", value)).status_code < 500, (path, value)
    for path in ("/api/bookings", "/api/waiting", "/api/messages", "/api/bookings/2/cancel", "/api/bookings/2/approve",
                 "/api/bookings/9/reject", "/api/tasks/1/note", "/api/tasks/x/note"):  # fmt: skip
        bodies = [
            b"",
            b"[]",
            b"{",
            b"null",
            b'{"text": "\\ud800", "note": "\\ud800"}',
            b'{"court": 1e400, "text": {}}',
            b"\xff",
        ]
        for body in bodies:
            assert client.post(path, content=body).status_code < 500, (path, body)
        names = ("court", "date", "start", "end", "guest", "text", "note")
        assert client.post(path, json={name: chance.choice(NASTY) for name in names}).status_code < 500
    for path in ENDPOINTS:
        assert client.get(path).status_code < 500
    assert client.request("DELETE", "/api/courts/x").status_code in {401, 403, 404}
    assert client.get("/logout").status_code == 405


def test_each_role_boundary_answers_403(twin: Site) -> None:
    twin.reset()
    member, keeper, other = twin.person(MEMBER), twin.person(MAINTENANCE), twin.person(OTHER_MEMBER)
    for path in (
        "/tasks",
        "/admin/bookings",
        "/platform/clubs",
        "/invoices/2",
        "/bookings/8",
        "/events/8",
        "/events/7",
    ):
        assert member.get(path).status_code == 403, path
    assert keeper.get("/platform/clubs/1").status_code == 403
    assert keeper.post("/platform/clubs/1/suspend").status_code == 403
    assert other.get("/bookings/1").status_code == 403
    assert twin.person(PLATFORM).get("/bookings").status_code == 403
    assert member.post("/api/bookings/2/approve", json={}).status_code == 403
    assert member.post("/api/bookings/2/reject", json={}).status_code == 403
    assert twin.person(ADMIN).post("/api/bookings/9/approve", json={}).status_code == 403


def test_people_signed_in_at_once_do_not_disturb_each_other(twin: Site) -> None:
    twin.reset()
    member, admin = twin.person(MEMBER), twin.person(ADMIN)
    assert "Mara Lindqvist" in member.get("/home").text
    admin.post("/logout")
    assert "Mara Lindqvist" in member.get("/home").text
    assert admin.get("/home").url.path == "/login"


def test_a_late_cancellation_costs_half_and_frees_the_slot(twin: Site) -> None:
    twin.reset()
    member = twin.person(MEMBER)
    late = next(one for one in member.get("/api/my/bookings").json()["bookings"] if one["hours"] == "08:00 to 09:00")
    assert "€8.00" in member.post(f"/api/bookings/{late['id']}/cancel", json={}).json()["text"]
    slot = {"court": "1", "date": ahead(1), "start": "8", "end": "9", "guest": ""}
    assert twin.person(NEWCOMER).post("/api/bookings", json=slot).status_code == 201


def test_guests_pay_in_full(twin: Site) -> None:
    slot = {"court": "1", "date": ahead(30), "start": "8", "end": "10"}
    member = twin.person(MEMBER)
    assert "€32.00" in member.get("/bookings/review", params=slot).text
    assert "€40.00" in member.get("/bookings/review", params=slot | {"guest": "1"}).text


def watched(browser: Browser, site: Site) -> tuple[Page, list[str]]:
    page, wrong = browser.new_page(), []
    page.set_default_timeout(8000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # The browser itself reports every answer from 400 on as an error; those are not the page's words.
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text and site.url in said.location["url"]
            else None
        ),
    )
    return page, wrong


@pytest.mark.parametrize("email", ["", MEMBER, ADMIN, PLATFORM, NEWCOMER])
def test_no_page_throws_in_a_browser_and_every_field_has_a_name(email: str, twin: Site, browser: Browser) -> None:
    twin.reset()
    page, wrong = watched(browser, twin)
    if email:
        page.goto(f"{twin.url}/login")
        page.get_by_role("button", name="Accept cookies").click()
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill("court-and-net")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/home")
    pages = crawl(somebody(twin, email))
    kinds = {re.sub(r"\d+", "N", address.partition("?")[0]): address for address in pages}
    for address in kinds.values():
        html = pages[address]
        if "<!doctype html>" not in html or not re.search(r"/scripts/(?!app)|<form", html):
            continue
        page.goto(twin.url + address)
        nameless = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter(f => !f.labels.length && !f.ariaLabel).map(f => f.name)"
        )
        assert nameless == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), address
    assert wrong == []
    page.close()


def test_going_back_to_a_refused_form_shows_it_again(twin: Site, browser: Browser) -> None:
    page, wrong = watched(browser, twin)
    page.goto(f"{twin.url}/login")
    page.get_by_role("button", name="Only necessary").click()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Fill in both fields.")).to_be_visible()
    page.get_by_role("link", name="Terms").click()
    page.wait_for_url("**/terms")
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert wrong == []
    page.close()
