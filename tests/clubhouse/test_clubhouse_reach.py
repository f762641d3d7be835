"""How far each switch reaches: of all that people can read, exactly these addresses answer otherwise with it on."""

import re
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
import test_clubhouse_browser_defects
import test_clubhouse_page_defects
import test_clubhouse_record_defects
from clubhouse_site import ADMIN, MAINTENANCE, MEMBER, PLATFORM, Switchable, ahead, texts

from demo.clubhouse.manifest import DEFECTS

PEOPLE = {"visitor": "", "member": MEMBER, "maintenance": MAINTENANCE, "club-admin": ADMIN, "platform-admin": PLATFORM}
REVIEW, PAST = f"/bookings/review?court=4&date={ahead(40)}", f"/availability?date={ahead(-1)}"
ONE_HOUR, TWO_HOURS, GUEST = (
    f"{REVIEW}&start=12&end=13",
    f"{REVIEW}&start=12&end=14",
    f"{REVIEW}&start=9&end=12&guest=1",
)
BACKWARDS, NO_TIME = f"{REVIEW}&start=14&end=13", f"{REVIEW}&start=14&end=14"
FORMS = {"/bookings/new", "/bookings/new?court=&date=&start=&end=", BACKWARDS, NO_TIME}
UNLINKED = {
    "/search?q=o'clock", "/search?q=<i>x</i>", "/search?q=%25", "/search?q=run", "/scripts/review.js", "/version",
    "/api/my/bookings", "/api/members?q=", "/static/pictures/doubles.svg", "/admin/reports.csv", "/tasks?status=closed",
    "/admin/members?page=2", "/admin/members?sort=joined&page=1", "/admin/members?sort=joined&page=3",
    *(f"/events/{number}" for number in (1, 2, 3, 4, 7, 8, 11)), "/invoices/1", "/invoices/2", "/invoices/4",
    "/bookings/1", "/bookings/3", "/bookings/8", "/tasks/1", "/tasks/5", "/platform/clubs/2", "/platform/invoices/5",
    PAST, ONE_HOUR, TWO_HOURS, GUEST, BACKWARDS, NO_TIME,
}  # fmt: skip

REACH: dict[str, set[str]] = {
    "D01": {"/search?q=o'clock"},
    "D02": {PAST},
    "D03": {"/events/4"},
    "D06": {"/scripts/bookings.js"},
    "D07": {"/scripts/availability.js"},
    "D08": {"/scripts/messages.js"},
    "D10": {"/admin/reports"},
    "D11": {"/tasks?status=closed"},
    "D12": {"/terms"},
    "D13": {"/events/1"},
    "D14": {"/events"},
    "D16": FORMS,
    "D17": {"/scripts/messages.js"},
    "D18": {"/home"},
    "D19": {"/tasks", "/tasks?status=closed"},
    "D20": {"/admin/members", "/admin/members?sort=", "/admin/members?page=2"},
    "D21": {"/api/my/bookings"},
    "D22": {TWO_HOURS},
    "D23": {"/invoices/1", "/invoices/2", "/platform/invoices/5"},
    "D24": {BACKWARDS},
    "D27": {"/scripts/messages.js"},
    "D30": {"/scripts/review.js"},
    "D31": {"/scripts/bookings.js"},
    "D36": {"/events/7", "/events/8", "/events/11"},
    "D37": {"/api/members?q="},
    "D38": {"/invoices/1", "/invoices/2", "/invoices/4"},
    "D40": {"/platform/clubs/2"},
    "D43": {"/bookings/3"},
    "D44": {"/tasks/5"},
    "D45": {"/admin/members?page=2", "/admin/members?sort=joined&page=3"},
    "D46": {"/events", "/events/3"},
    "D47": {"/search?q=<i>x</i>", "/search?q=o'clock"},
    "D48": FORMS,
}
"""D09 is on every page; the others that are missing here are seen only in what an action does."""
IN_ACTIONS = sorted(set(DEFECTS) - set(REACH) - {"D09"})


@dataclass(frozen=True, slots=True)
class Reader:
    """A person with what the clean twin answers; addresses are told by their shape, those of UNLINKED as they are."""

    role: str
    client: httpx.Client
    addresses: dict[str, str]
    clean: dict[str, tuple[int, str]]

    def differing(self) -> set[str]:
        return {shape for shape, before in self.clean.items() if read(self.client, self.addresses[shape]) != before}


def read(client: httpx.Client, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, answer.text


def shape_of(address: str) -> str:
    return re.sub(r"\d+", "N", re.sub(r"=[^&]*", "=", address))


def reader(role: str, client: httpx.Client) -> Reader:
    """Reads one address of each shape that links and scripts lead to, and those that no link shows."""
    addresses = {one: one for one in UNLINKED if role != "visitor" or client.get(one).url.path != "/login"}
    shapes, todo = {shape_of(one) for one in UNLINKED}, ["/", "/home"]
    while todo:
        address = todo.pop(0)
        shape = shape_of(address)
        # Files and scripts are the same for everybody: one person reads them.
        if shape in shapes or shape.endswith("/archive") or (shape[:4] in {"/sta", "/scr"} and role != "member"):
            continue
        shapes.add(shape)
        addresses[shape] = address
        todo += [unescape(found) for found in texts(client.get(address).text, r'(?:href|src)="(/[^"]*)"')]
    return Reader(role, client, addresses, {shape: read(client, each) for shape, each in addresses.items()})


@pytest.fixture(scope="module")
def readers(site: Switchable) -> list[Reader]:
    return [reader(role, site.person(email) if email else site.visitor()) for role, email in PEOPLE.items()]


@pytest.mark.parametrize("active", [*REACH, "D09", "+".join(IN_ACTIONS)])
def test_a_switch_reaches_its_own_place_and_no_other(active: str, site: Switchable, readers: list[Reader]) -> None:
    site.switch(active)
    found = {one.role: one.differing() for one in readers}
    expected = REACH.get(active, set())
    if active == "D09":
        expected = {shape for one in readers for shape, (_, text) in one.clean.items() if "/logout" in text}
    assert set().union(*found.values()) == expected
    if active in DEFECTS:
        told = {role for role, shapes in found.items() if any(not one.startswith("/scripts/") for one in shapes)}
        assert told <= set(DEFECTS[active].roles)


def test_every_defect_has_its_own_test() -> None:
    tests = (test_clubhouse_page_defects, test_clubhouse_record_defects, test_clubhouse_browser_defects)
    assert set().union(*(each.PROBES for each in tests)) == set(DEFECTS)
