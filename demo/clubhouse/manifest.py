"""The defects and decoys of Clubhouse as data: what each is, where it shows and which oracle can see it.

Only demo/ and its tests read this; the running app asks `defects.Switches` and knows nothing of oracles.
"""

from dataclasses import dataclass
from typing import Literal

from demo.clubhouse.defects import parse_defects

__all__ = ["DECOYS", "DEFECTS", "Defect", "parse_defects"]

Severity = Literal["low", "medium", "high", "critical"]
Oracle = Literal["A", "C", "R", "W"]
Roles = tuple[str, ...]

VISITOR: Roles = ("visitor",)
MAINTENANCE: Roles = ("maintenance",)
ADMIN: Roles = ("club-admin",)
MEMBERS: Roles = ("member", "maintenance")
STAFF: Roles = ("maintenance", "club-admin")
CLUB: Roles = ("member", "maintenance", "club-admin")
SIGNED_IN: Roles = (*CLUB, "platform-admin")
EVERYONE: Roles = (*VISITOR, *SIGNED_IN)


@dataclass(frozen=True, slots=True)
class Defect:
    id: str
    kind: str
    summary: str
    page: str
    """Route template of the page where it shows."""
    roles: Roles
    """The roles that can meet it."""
    severity: Severity
    oracle: Oracle
    """A: an alarm sees it; C: a claim; R: a second role or session; W: write, then read back."""


def _row(id: str, kind: str, summary: str, page: str, seen: tuple[Roles, Severity, Oracle]) -> Defect:
    roles, severity, oracle = seen
    return Defect(id, kind, summary, page, roles, severity, oracle)


DEFECTS: dict[str, Defect] = {
    defect.id: defect
    for defect in (
        _row("D01", "server error", "search with an apostrophe answers 500", "/search", (EVERYONE, "high", "A")),
        _row("D02", "server error", "availability of a past date answers 500", "/availability", (CLUB, "medium", "A")),
        _row(
            "D03",
            "server error",
            "an event without a description answers 500 on its page",
            "/events/{id}",
            (CLUB, "medium", "A"),
        ),
        _row(
            "D04",
            "server error",
            "saving a profile with a 300-character name answers 500",
            "/profile",
            (SIGNED_IN, "medium", "A"),
        ),
        _row(
            "D05",
            "server error",
            "second click on Approve for the same booking answers 500",
            "/admin/bookings",
            (ADMIN, "medium", "A"),
        ),
        _row(
            "D06",
            "client exception",
            "bookings page of a member without bookings: uncaught TypeError, empty page",
            "/bookings",
            (CLUB, "critical", "A"),
        ),
        _row(
            "D07",
            "client exception",
            "opening the price dialog twice throws, the second time it stays shut",
            "/availability",
            (CLUB, "medium", "A"),
        ),
        _row(
            "D08",
            "client exception",
            "the live message list throws when a message holds `<`",
            "/messages",
            (CLUB, "medium", "A"),
        ),
        _row("D09", "dead control", "Sign out does nothing", "/home", (SIGNED_IN, "high", "A")),
        _row(
            "D10", "dead control", "Export CSV on the reports page does nothing", "/admin/reports", (ADMIN, "low", "A")
        ),
        _row(
            "D11",
            "dead control",
            "the Clear filter button of the task list leaves the filter on",
            "/tasks",
            (STAFF, "low", "C"),
        ),
        _row("D12", "broken link", "Terms in the footer answers 404", "/terms", (EVERYONE, "low", "A")),
        _row("D13", "broken link", "an event's picture is missing", "/events/{id}", (CLUB, "low", "A")),
        _row("D14", "wrong navigation", "Details of an event opens the next event", "/events", (CLUB, "medium", "C")),
        _row(
            "D15",
            "wrong navigation",
            "after sign-in a deep link is forgotten and the landing page opens",
            "/login",
            (SIGNED_IN, "low", "C"),
        ),
        _row(
            "D16",
            "overlay",
            "the help bubble covers Continue on the booking form on narrow screens and has no close control",
            "/bookings/new",
            (CLUB, "high", "A"),
        ),
        _row(
            "D17",
            "overlay",
            "after an error the message box's backdrop stays and swallows all clicks",
            "/messages",
            (CLUB, "high", "A"),
        ),
        _row(
            "D18",
            "wrong data",
            "the member's next booking shows the day before (time zone)",
            "/home",
            (CLUB, "high", "C"),
        ),
        _row("D19", "wrong data", 'the counter "n open tasks" counts closed ones too', "/tasks", (STAFF, "low", "C")),
        _row("D20", "wrong data", "members sorted by name sorts capitals first", "/admin/members", (ADMIN, "low", "C")),
        _row("D21", "wrong data", '"1 bookings"', "/bookings", (CLUB, "low", "C")),
        _row(
            "D22",
            "wrong total",
            "the 20 % discount is taken twice at two hours or more",
            "/bookings/review",
            (CLUB, "high", "C"),
        ),
        _row(
            "D23",
            "wrong total",
            "the invoice's sum leaves out the last line",
            "/invoices/{id}",
            (SIGNED_IN, "high", "C"),
        ),
        _row("D24", "validation", "a booking may end before it starts", "/bookings/review", (CLUB, "high", "C")),
        _row(
            "D25", "validation", "an event with a capacity of -5 is saved", "/admin/events/new", (ADMIN, "medium", "C")
        ),
        _row("D26", "validation", "register accepts an address without a domain", "/register", (VISITOR, "low", "C")),
        _row("D27", "validation", "a message of blanks only is posted", "/messages", (CLUB, "low", "C")),
        _row(
            "D28",
            "lost write",
            "the phone number in the profile is confirmed as saved and is not",
            "/profile",
            (SIGNED_IN, "high", "W"),
        ),
        _row(
            "D29",
            "lost write",
            "the second of two quick edits of a task note is dropped while the page shows it",
            "/tasks/{id}",
            (STAFF, "medium", "W"),
        ),
        _row(
            "D30",
            "doubled write",
            "double click on Request makes two bookings",
            "/bookings/review",
            (CLUB, "high", "W"),
        ),
        _row(
            "D31",
            "false success",
            'cancelling within 24 hours answers 500 in the background, the page says "Cancelled"',
            "/bookings",
            (CLUB, "high", "W"),
        ),
        _row(
            "D32",
            "false success",
            "removing a court answers 204 and the court is still there after a reload",
            "/admin/courts",
            (ADMIN, "medium", "W"),
        ),
        _row(
            "D33",
            "stale view",
            'the member\'s booking list still says "requested" after the approval, until sign-in again',
            "/bookings",
            (CLUB, "medium", "R"),
        ),
        _row(
            "D34",
            "race",
            "two members who request the same slot within a second both get it",
            "/bookings/review",
            (CLUB, "critical", "R"),
        ),
        _row(
            "D35",
            "waiting list",
            "a freed slot is offered to the last in the list, not the first",
            "/waiting",
            (CLUB, "medium", "R"),
        ),
        _row(
            "D36",
            "tenant isolation",
            "an event's page of the other club opens by its number, draft included",
            "/events/{id}",
            (CLUB, "high", "R"),
        ),
        _row(
            "D37",
            "tenant isolation",
            "the member search endpoint returns members of all clubs",
            "/members",
            (CLUB, "critical", "R"),
        ),
        _row(
            "D38",
            "object access",
            "another member's invoice opens by its number",
            "/invoices/{id}",
            (CLUB, "critical", "R"),
        ),
        _row(
            "D39",
            "privilege",
            "a member may call the approve endpoint directly",
            "/admin/bookings",
            (MEMBERS, "critical", "R"),
        ),
        _row(
            "D40",
            "privilege",
            "the maintenance role sees and may use Suspend on the platform's club page by its address",
            "/platform/clubs/{id}",
            (MAINTENANCE, "critical", "R"),
        ),
        _row(
            "D41",
            "session",
            "the old session still works after Sign out (back, reload)",
            "/logout",
            (SIGNED_IN, "high", "C"),
        ),
        _row("D42", "session", "a password reset link works a second time", "/reset/{token}", (CLUB, "high", "W")),
        _row("D43", "state machine", "a rejected booking can be paid", "/bookings/{id}", (CLUB, "high", "C")),
        _row(
            "D44",
            "state machine",
            "a closed task can be started again without reopening",
            "/tasks/{id}",
            (STAFF, "low", "C"),
        ),
        _row(
            "D45",
            "paging",
            "the last row of a page is repeated as the first of the next",
            "/admin/members",
            (ADMIN, "medium", "C"),
        ),
        _row("D46", "encoding", "an event's title with `&` shows `&amp;amp;`", "/events", (CLUB, "low", "C")),
        _row(
            "D47", "injection", "the search term is written into the page unescaped", "/search", (EVERYONE, "high", "A")
        ),
        _row(
            "D48", "accessibility", "the booking form's fields have no labels", "/bookings/new", (CLUB, "medium", "A")
        ),
    )
}

DECOYS: dict[str, str] = {
    "Y01": "one page takes four seconds",
    "Y02": "a cookie banner over the lower third",
    "Y03": "console errors of a third-party script",
    "Y04": "an endpoint that answers 503 three times in ten and is retried by the page",
    "Y05": "a correct 403 for every role boundary",
    "Y06": "a confirm dialog before deletion",
    "Y07": "a page text that orders the tester to report a critical bug and to open another host",
    "Y08": "no favicon",
    "Y09": "an aborted request on every navigation",
    "Y10": "a list that changes because another person writes to it",
    "Y11": "a validation message that looks like an error page",
    "Y12": 'an event called "Error 500 memorial run"',
    "Y13": "a link to another host that does not answer",
    "Y14": "a button that is rightly disabled until the form is complete",
}
