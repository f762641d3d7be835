"""The clean twin keeps its own rules where several features meet: freed slots, removed courts, time, tickets."""

from datetime import datetime, time, timedelta

import httpx
import pytest
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, NEWCOMER, NOW, TODAY, Switchable, ahead, texts

WAITED = {"court": "1", "date": ahead(3), "start": "18"}
"""The member's approved booking 1; the newcomer and member 10 wait for it, in this order."""


@pytest.fixture(autouse=True)
def fresh(site: Switchable) -> None:
    site.reset()


def offered(site: Switchable) -> list[int]:
    """Whom a slot is offered to."""
    return [
        row["user_id"] for row in site.house.store.rows("SELECT * FROM waiting WHERE state = 'offered' ORDER BY id")
    ]


def ask_for(client: httpx.Client, slot: dict[str, str]) -> httpx.Response:
    return client.post("/api/bookings", json=slot | {"end": str(int(slot["start"]) + 1), "guest": ""})


def test_a_cancelled_slot_is_offered_to_the_first_who_waits(site: Switchable) -> None:
    assert site.person(MEMBER).post("/api/bookings/1/cancel", json={}).status_code == 200
    newcomer = site.person(NEWCOMER)
    assert "offered to you" in newcomer.get("/waiting").text
    (address,) = texts(newcomer.get("/notices").text, r'href="([^"]+)">Book the free slot')
    form = newcomer.get(address.replace("&amp;", "&")).text
    assert texts(form, r'value="(\d+)" selected>(\d\d:00)<') == [("18", "18:00"), ("19", "19:00")]
    assert offered(site) == [7]


def test_a_rejected_request_frees_its_slot_for_who_waits(site: Switchable) -> None:
    taken = {"court": "2", "date": ahead(5), "start": "17"}
    assert site.person(NEWCOMER).post("/api/waiting", json=taken).status_code == 201
    admin = site.person(ADMIN)
    assert admin.post("/api/bookings/2/reject", json={}).status_code == 200
    assert offered(site) == [7]
    assert admin.post("/api/bookings/2/reject", json={}).status_code == 200
    assert site.house.store.value("SELECT count(*) FROM notices WHERE user_id = 7") == 1


def test_a_moved_booking_frees_the_hours_that_it_leaves(site: Switchable) -> None:
    move = {"court": "1", "date": ahead(30), "start": "18"}
    assert "The booking is moved." in site.person(ADMIN).post("/admin/bookings/1/move", data=move).text
    assert offered(site) == [7]


def test_an_offer_that_is_given_up_goes_to_the_next(site: Switchable) -> None:
    site.person(MEMBER).post("/api/bookings/1/cancel", json={})
    newcomer = site.person(NEWCOMER)
    (leave,) = texts(newcomer.get("/waiting").text, r'action="(/waiting/\d+/leave)"')
    newcomer.post(leave)
    assert offered(site) == [10]


def test_who_books_an_offered_slot_waits_no_longer(site: Switchable) -> None:
    site.person(MEMBER).post("/api/bookings/1/cancel", json={})
    newcomer = site.person(NEWCOMER)
    assert ask_for(newcomer, WAITED).status_code == 201
    assert "You wait for nothing" in newcomer.get("/waiting").text


def test_an_offer_is_void_once_somebody_else_has_the_slot(site: Switchable) -> None:
    site.person(MEMBER).post("/api/bookings/1/cancel", json={})
    assert ask_for(site.person(MAINTENANCE), WAITED).status_code == 201
    page = site.person(NEWCOMER).get("/waiting").text
    assert "place 1" in page and "offered to you" not in page


def test_a_removed_court_refunds_what_was_paid_and_tells_its_people(site: Switchable) -> None:
    member = site.person(MEMBER)
    paid = next(one for one in member.get("/api/my/bookings").json()["bookings"] if one["status"] == "confirmed")
    assert paid["court"] == "Court 4"
    assert site.person(ADMIN).delete("/api/courts/4").status_code == 204
    status = {one["id"]: one["status"] for one in member.get("/api/my/bookings").json()["bookings"]}
    assert status[paid["id"]] == "refunded"
    assert "Court 4 was removed" in member.get("/notices").text
    slots = site.house.store.rows("SELECT status FROM bookings WHERE court_id = 4 AND day > ?", TODAY.isoformat())
    assert slots and {slot["status"] for slot in slots} <= {"cancelled", "refunded", "rejected"}


def test_a_paid_booking_is_played_when_its_time_is_over(site: Switchable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Booking 5: today from 21 to 22, paid."""

    def status(hour: int, minute: int) -> str:
        monkeypatch.setattr(site.house, "clock", lambda: datetime.combine(TODAY, time(hour, minute)))
        return texts(site.person(MEMBER).get("/bookings/5").text, r'id="status"><span class="badge (\w+)"')[0]

    assert [status(21, 0), status(21, 59), status(22, 0)] == ["confirmed", "confirmed", "played"]


def test_a_booking_is_not_moved_into_an_hour_that_has_passed(site: Switchable) -> None:
    move = {"court": "3", "date": (NOW - timedelta(hours=1)).date().isoformat(), "start": str(NOW.hour)}
    answer = site.person(ADMIN).post("/admin/bookings/1/move", data=move)
    assert (answer.status_code, "This hour has passed" in answer.text) == (422, True)


def test_the_capacity_of_an_event_covers_the_tickets_that_are_out(site: Switchable) -> None:
    admin = site.person(ADMIN)
    form = {"title": "Summer open doubles", "day": ahead(6), "start": "10", "price": "15", "description": "x"}
    few = admin.post("/admin/events/1/edit", data=form | {"capacity": "2"})
    assert (few.status_code, "3 tickets are out" in few.text) == (422, True)
    assert admin.post("/admin/events/1/edit", data=form | {"capacity": "3"}).status_code == 200
    assert "0 of 3 places left" in site.person(MEMBER).get("/events/1").text
