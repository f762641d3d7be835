"""What a club and the platform can do in the clean twin, from the first step to what others see of it."""

import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, NEWCOMER, PLATFORM, Switchable, ahead, texts

SLOT = {"court": "4", "date": ahead(40), "start": "12", "end": "14", "guest": ""}
ACCOUNT = {"name": "Jo Park", "email": "jo@lakeside.test", "password": "long-enough", "club": "1", "terms": "1"}


@pytest.fixture(autouse=True)
def fresh(site: Switchable) -> None:
    site.reset()


def test_a_booking_goes_from_the_request_to_the_payment_and_back(site: Switchable) -> None:
    member, admin = site.person(MEMBER), site.person(ADMIN)
    booking = member.post("/api/bookings", json=SLOT).json()["id"]

    def status() -> str:
        return texts(member.get(f"/bookings/{booking}").text, r'id="status"><span class="badge (\w+)"')[0]

    assert status() == "requested"
    assert "can&#39;t be paid" in member.post(f"/bookings/{booking}/pay").text and status() == "requested"
    admin.post(f"/api/bookings/{booking}/approve", json={})
    assert status() == "approved" and f"/bookings/{booking}" in member.get("/notices").text
    assert "Paid." in member.post(f"/bookings/{booking}/pay").text and status() == "confirmed"
    assert member.post(f"/api/bookings/{booking}/cancel", json={}).json()["text"] == "Cancelled. It costs nothing."
    assert status() == "refunded"
    told = texts(admin.get("/admin/audit").text, r"</strong>: ([^<]+)<")
    assert [f"{done} booking {booking}" for done in ("Cancelled", "Paid")] == told[:2]


def test_a_new_price_counts_for_new_bookings_only(site: Switchable) -> None:
    member, admin = site.person(MEMBER), site.person(ADMIN)
    before = member.get("/api/my/bookings").json()["bookings"]
    assert "The price is saved." in admin.post("/admin/prices", data={"price": "30"}).text
    assert member.get("/api/my/bookings").json()["bookings"] == before
    assert 'id="price">€48.00<' in member.get("/bookings/review", params=SLOT).text


def test_a_suspended_club_is_looked_at_but_not_booked_until_it_resumes(site: Switchable) -> None:
    member, platform = site.person(MEMBER), site.person(PLATFORM)
    platform.post("/platform/clubs/1/suspend")
    assert "Lakeside is suspended" in member.get("/availability").text
    assert member.get("/bookings/new").status_code == member.post("/api/bookings", json=SLOT).status_code == 403
    platform.post("/platform/clubs/1/resume")
    assert member.post("/api/bookings", json=SLOT).status_code == 201
    assert [
        one for one in texts(platform.get("/platform/audit").text, r"</strong>: ([^<]+)<") if "Lakeside:" in one
    ] == [
        "Lakeside: resume",
        "Lakeside: suspend",
    ]


def test_each_feature_of_a_club_can_be_switched(site: Switchable) -> None:
    member, visitor, platform = site.person(MEMBER), site.visitor(), site.person(PLATFORM)

    def shown() -> list[bool]:
        return [
            'id="conditions"' in member.get("/availability").text,
            'name="guest"' in member.get("/bookings/new").text,
            "Guests are welcome" in visitor.get("/clubs/lakeside").text,
        ]

    for chosen in ([True, True, True], [False, True, False], [True, False, True], [False, False, False]):
        names = ("court_conditions", "guest_bookings", "welcome_note")
        platform.post("/platform/clubs/1/flags", data={name: "1" for name, on in zip(names, chosen, strict=True) if on})
        assert shown() == chosen
    price = member.get("/bookings/review", params=SLOT | {"guest": "1"}).text
    assert 'id="price">€32.00<' in price, "without guests nobody pays for one"


def test_the_platform_creates_a_club_that_people_can_join_and_book(site: Switchable) -> None:
    platform, visitor = site.person(PLATFORM), site.visitor()
    created = platform.post("/platform/clubs", data={"name": "River & Sons", "town": "Wells"})
    assert "The club is created." in created.text
    club = created.url.path.rsplit("/", 1)[1]
    assert "River &amp; Sons" in visitor.get("/").text
    visitor.post("/register", data=ACCOUNT | {"club": club})
    visitor.post("/login", data={"email": ACCOUNT["email"], "password": ACCOUNT["password"]})
    court = texts(visitor.get("/bookings/new").text, r'<option value="(\d+)">Court 1')[0]
    assert visitor.post("/api/bookings", json=SLOT | {"court": court}).status_code == 201


def test_invoices_are_seen_by_who_pays_them(site: Switchable) -> None:
    for who, base, own, foreign in ((MEMBER, "/invoices", [1], 2), (PLATFORM, "/platform/invoices", [5, 6], 1)):
        client = site.person(who)
        assert [int(one) for one in texts(client.get(base).text, rf'href="{base}/(\d+)"')] == own
        assert client.get(f"{base}/{own[0]}").status_code == 200
        assert client.get(f"{base}/{foreign}").status_code in {403, 404}
    assert "No invoices yet." in site.person(NEWCOMER).get("/invoices").text


def test_a_password_link_sets_a_new_password_once(site: Switchable) -> None:
    visitor = site.visitor()
    visitor.post("/register", data=ACCOUNT)
    visitor.post("/login", data={"email": ACCOUNT["email"], "password": ACCOUNT["password"]})
    (link,) = texts(visitor.post("/profile/password-link").text, r'href="(/reset/[^"]+)"')
    assert visitor.post(link, data={"password": "short"}).status_code == 422
    assert "Your new password is saved." in visitor.post(link, data={"password": "another-one"}).text
    assert (visitor.get(link).status_code, visitor.post(link, data={"password": "a-third-one"}).status_code) == (
        403,
        403,
    )
    signing_in = [
        site.visitor().post("/login", data={"email": ACCOUNT["email"], "password": password}).status_code
        for password in ("another-one", "a-third-one", ACCOUNT["password"])
    ]
    assert signing_in == [200, 422, 422]
    assert site.person(MEMBER).post("/profile/password-link").status_code == 403, "the office keeps seeded passwords"


def test_a_task_goes_its_way_and_only_its_way(site: Switchable) -> None:
    keeper, admin = site.person(MAINTENANCE), site.person(ADMIN)
    assert "The task is added." in admin.post("/tasks", data={"title": "Mend the bench", "place": "Court 1"}).text
    (task,) = texts(keeper.get("/tasks").text, r'href="(/tasks/\d+)">Mend the bench<')
    for step, steps in (("accept", ["start"]), ("start", ["close"]), ("close", ["reopen"]), ("reopen", ["accept"])):
        page = keeper.post(f"{task}/{step}").text
        assert texts(page, rf'action="{task}/(\w+)"') == steps
    assert "The task is open by now." in keeper.post(f"{task}/close").text
    assert keeper.post(f"{task}/delete").status_code == 403
    assert "The task is deleted." in admin.post(f"{task}/delete").text
    assert keeper.get(task).status_code == 404


def test_tickets_are_one_for_each_member_until_an_event_is_sold_out(site: Switchable) -> None:
    form = {"title": "Tiny", "day": ahead(3), "start": "10", "capacity": "1", "price": "", "description": ""}
    member, newcomer = site.person(MEMBER), site.person(NEWCOMER)
    site.person(ADMIN).post("/admin/events/new", data=form)
    (event,) = texts(member.get("/events").text, r'href="(/events/\d+)">Details<span class="unseen"> of Tiny<')
    assert "No description yet." in member.get(event).text
    assert "Your ticket is reserved" in member.post(f"{event}/ticket").text
    assert "You have a ticket already." in member.post(f"{event}/ticket").text
    full = newcomer.post(f"{event}/ticket").text
    assert "This event is full." in full and "Sold out." in full
    member.post(f"{event}/return")
    assert "Your ticket is reserved" in newcomer.post(f"{event}/ticket").text
