"""Whose an address is, what an answer held, which doors to try: the pure parts of permission probing."""

import json

import pytest
from access_world import ADMIN, MEMBER, ROLES, VISITOR
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.charter import Grant, Role, SignIn
from agent.coverage.access import Access, Verdict, read_pattern
from agent.coverage.refusal import PageFacts, digest, is_bare, of_answer, of_page, read_markup, refuses
from agent.evidence import fingerprint, oracles
from agent.evidence.oracles import Scope
from agent.evidence.owner import same_answer as owner_is_answered_the_same
from agent.evidence.owner import same_page
from agent.tools.surface import Foreign, Signal

SIGN_IN = SignIn("/sign-in", (), "Sign in")
HOST = "http://club.test"
WORDS = st.text(max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | WORDS


def roles(mine: tuple[str, ...], theirs: tuple[str, ...], public: tuple[str, ...] = ()) -> tuple[Role, ...]:
    return (
        Role("guest", None, grants=(Grant("Look", public),)),
        Role("member", SIGN_IN, grants=(Grant("Mine", mine),), start="/home"),
        Role("boss", SIGN_IN, grants=(Grant("Theirs", theirs),), start="/boss"),
    )


@pytest.mark.parametrize(
    ("pattern", "method", "path", "expected"),
    [
        ("/admin/*", "GET", "/admin", True),
        ("/admin/*", "POST", "/admin/users/7/edit", True),
        ("/admin/*", "GET", "/administration", False),
        ("/admin", "GET", "/admin/", True),
        ("/admin", "GET", "/admin/users", False),
        ("/clubs/*/members", "GET", "/clubs/7/members?page=2", True),
        ("/clubs/*/members", "GET", "/clubs/members", False),
        ("/clubs/*/members/*", "GET", "/clubs/7/members", True),
        ("POST /api/bookings/*", "POST", "/api/bookings/3/approve", True),
        ("POST /api/bookings/*", "GET", "/api/bookings/3", False),
        ("post /api/x", "POST", f"{HOST}/api/x#top", True),
        ("GET /api/x", "HEAD", "/api/x", True),
        ("HEAD /api/x", "GET", "/api/x", False),
        ("/caf%C3%A9", "GET", "/café", True),
        ("/*", "DELETE", "/anything/at/all", True),
        ("", "GET", "/x", False),
        ("see /x", "GET", "/x", False),
    ],
)
def test_a_pattern_covers_what_it_says(pattern, method, path, expected):
    one = Access("member", roles((pattern,), ()))
    assert (one.verdict(method, path).standing == "granted") is expected


@pytest.mark.parametrize(
    ("mine", "theirs", "place", "expected"),
    [
        (("/bookings/*",), ("/bookings/*",), "/bookings/3", "granted"),
        (("/bookings/*",), ("/bookings/*/approve",), "/bookings/3/approve", "foreign"),
        (("/bookings/*/approve",), ("/bookings/*",), "/bookings/3/approve", "granted"),
        (("/bookings/*",), ("/bookings",), "/bookings", "granted"),
        (("GET /api/x",), ("/api/x",), "/api/x", "granted"),
        (("GET /api/x",), ("/api/x",), "POST /api/x", "foreign"),
        (("/events/*",), ("POST /events/*",), "POST /events/5", "foreign"),
        (("/events/*",), ("POST /events/*",), "/events/5", "granted"),
        (("/events/*",), ("GET /events/*",), "/events/5", "granted"),
        (("/events/*", "POST /events/*"), ("POST /events/*",), "POST /events/5", "granted"),
        (("/events/*/sign-up",), ("POST /events/*",), "POST /events/5/sign-up", "granted"),
        (("/home",), ("POST /*",), "POST /home/x", "undeclared"),
        ((), ("/admin/*",), "/admin/users", "foreign"),
        (("/admin/users/me",), ("/admin/*",), "/admin/users/me", "granted"),
        (("/*",), ("/admin/*",), "/admin/users", "foreign"),
        (("/*",), ("/admin/*",), "/about", "granted"),
        ((), ("/*",), "/about", "undeclared"),
        ((), ("/*/*",), "/about/us", "undeclared"),
        ((), (), "/about", "undeclared"),
        ((), ("/events/*", "/home", "/sign-in"), "/events/7", "granted"),
        ((), ("/home",), "/home", "granted"),
        ((), ("/sign-in",), "/sign-in?next=/", "granted"),
        ((), ("/boss",), "/boss", "foreign"),
    ],
)
def test_foreign_is_what_another_roles_grant_names_and_none_of_ones_own(mine, theirs, place, expected):
    access = Access("member", roles(mine, theirs, ("/events/*",)))
    method, _, path = place.rpartition(" ")
    verdict = access.verdict(method or "GET", path)
    assert verdict.standing == expected
    assert (verdict.capability, verdict.owner) == (("Theirs", "boss") if expected == "foreign" else ("", ""))
    assert access.is_foreign(place) == (expected == "foreign")


def test_a_visitor_is_a_role_and_the_most_specific_capability_is_named():
    visitor = Access("visitor", ROLES.values())
    assert visitor.verdict("GET", "/admin/users/me") == Verdict("foreign", "Use the own pages", "member")
    assert visitor.verdict("GET", "/admin/users") == Verdict("foreign", "Manage members", "admin")
    assert visitor.verdict("GET", "/events").standing == "granted"
    assert Access("admin", ROLES.values()).verdict("GET", "/admin/users").standing == "granted"
    assert Access("member", (VISITOR, MEMBER, ADMIN)).forbids
    assert not Access("member", (VISITOR, MEMBER)).forbids


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["GET", "POST", "x"]))
def test_any_pattern_and_any_address_are_read(pattern, path, method):
    read_pattern(pattern)
    access = Access("member", roles((pattern,), (pattern,)))
    assert access.verdict(method, path).standing in ("granted", "undeclared"), "its own wins a tie"


def test_what_only_another_role_may_open_is_foreign_whatever_way_it_is_named():
    member = Access("member", ROLES.values())
    assert member.is_foreign("/admin/users") and member.is_foreign("GET /api/admin/members")
    assert member.is_foreign(f"{HOST}/admin/export?all=1")
    assert not member.is_foreign("/home") and not member.is_foreign("/news")
    assert not Access("admin", ROLES.values()).is_foreign("/admin/users")


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("application/json", '[{"name": "Ann"}]', "data"),
        ("application/json", '{"id": 7, "status": "open", "code": "A7"}', "data"),
        ("application/json", '{"data": {"members": [{"name": "Ann"}]}}', "data"),
        ("application/json", '{"count": 12}', "data"),
        ("application/json", '{"error": "forbidden"}', "refusal"),
        ("application/json", '{"errors": [{"message": "x"}], "data": null}', "refusal"),
        ("application/json", '{"error": null, "name": "Ann"}', "data"),
        ("application/json", '{"ok": false, "message": "Ask the office."}', "refusal"),
        ("application/json", '{"isAuthorized": false}', "refusal"),
        ("application/problem+json", '{"title": "x", "status": 403}', "refusal"),
        ("application/json", '{"response": {"status": "error"}}', "refusal"),
        ("application/json", '{"message": "Du hast keine Berechtigung dafür."}', "refusal"),
        ("application/json", '"not allowed"', "refusal"),
        ("application/json", "[]", "nothing"),
        ("application/json", "null", "nothing"),
        ("application/json", '{"items": [], "page": 1, "total": 0}', "nothing"),
        ("application/json", '{"items": [], "owner": {"name": "Ann"}}', "data"),
        ("application/json", "[{}, {}]", "nothing"),
        ("application/json", "<!doctype html><p>Welcome", "unread"),
        ("", "", "nothing"),
        ("text/csv", "name,phone\nAnn,555", "data"),
        ("text/plain", "Access denied", "refusal"),
        ("text/html", "<form><input name=u><input type=PASSWORD></form>", "refusal"),
        ("text/html", "<h1>Zugriff verweigert</h1>" + "<p>lorem</p>" * 200, "refusal"),
        ("text/html", "<h1>Members</h1><p>Ann</p>", "data"),
        ("text/html", "<script>start()</script>", "nothing"),
    ],
)
def test_what_an_answer_held(media_type, body, expected):
    assert of_answer(media_type, body) == expected


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("application/json", '{"approved": 3}', "data"),
        ("text/plain", '[{"id": 7}]', "data"),
        ("application/json", "", "nothing"),
        ("application/json", "{}", "nothing"),
        ("application/json", '"done"', "nothing"),
        ("application/json", '{"ok":false}', "refusal"),
        ("application/json", '{"valid": false, "title": "needed"}', "refusal"),
        ("application/json", '{"errors": {"title": ["needed"]}}', "refusal"),
        ("text/html", "<h1>New event</h1><p>The title is missing.</p><form><input name=title></form>", "nothing"),
        ("text/html", "<h1>Forbidden</h1>", "refusal"),
        ("text/plain", "done", "nothing"),
    ],
)
def test_only_json_that_tells_something_shows_that_a_write_was_done(media_type, body, expected):
    assert of_answer(media_type, body, writing=True) == expected


@settings(deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)))
def test_every_answer_is_one_of_the_kinds(value):
    assert of_answer("application/json", json.dumps(value)) in ("data", "nothing", "refusal")


@pytest.mark.parametrize(
    "said",
    ["You are not allowed to see this.", "403", "Access is denied", "Please log in first", "Staff only",
     "You don't have permission to view this page", "This area is reserved for members", "Page not found",
     "Bitte zuerst anmelden", "Nur für Mitglieder", "Accès refusé", "No tienes permisos", "Accesso negato",
     "Geen toegang", "Brak dostępu", "Доступ запрещён", "アクセスできません", "没有权限", "접근이 거부되었습니다"],
)  # fmt: skip
def test_refusals_are_known_in_many_languages(said):
    assert refuses(said)
    assert of_page(PageFacts(headings=(said,), text="x" * 1000)) == "refusal"


@pytest.mark.parametrize(
    "said", ["Members", "Manage access", "Bookings to approve", "Audit page", "Permissions of Ann"]
)
def test_titles_of_an_office_are_no_refusals(said):
    assert of_page(PageFacts(said, (said,), text="x" * 1000)) == "data"


def test_a_sign_in_form_is_a_refusal_and_a_form_for_a_new_member_is_not():
    assert of_page(PageFacts("Club", ("Welcome",), text="x" * 999, passwords=1, fields=2)) == "refusal"
    assert of_page(PageFacts("Club", ("New member",), text="x" * 999, passwords=1, fields=6)) == "data"


def test_a_shell_is_known_by_what_it_does_not_say():
    assert is_bare(read_markup('<title>Club</title><div id="root"></div><script>go("long script")</script>'))
    assert not is_bare(read_markup("<h1>Members</h1>"))
    one = '<h1>Oops</h1><p>/admin/users, request 4711, is not for you at 12:30</p><script nonce="a1b2"></script>'
    other = '<h1>Oops</h1><p>/admin/zqx, request 4712, is not for you at 12:31</p><script nonce="c3d4"></script>'
    echoes = ("/admin/users", "/admin/zqx")
    assert digest("text/html", one, echoes) == digest("text/html", other, echoes)
    assert digest("text/html", one, echoes) != digest("text/html", other.replace("Oops", "Members"), echoes)


def test_a_role_sees_the_same_as_the_owner_or_something_else():
    start = PageFacts(headings=("Club",), text="Club\nHome\nEvents")
    members = PageFacts(headings=("Club", "Members"), text="Club\nHome\nMembers\nAnn 555\nBob 556")
    fewer = PageFacts(headings=("Club", "Members"), text="Club\nHome\nMembers\nZoe 999")
    refusal = PageFacts(headings=("Club", "Nem"), text="Club\nHome\nNem")
    assert same_page(members, members, start)
    assert not same_page(fewer, members, start), "one's own rows under the same heading"
    assert not same_page(refusal, members, start)
    assert not same_page(start, start, start), "nothing there that the start page does not show"
    assert owner_is_answered_the_same('[{"name": "Ann"}]', '[{"name": "Ann"}, {"name": "Bob"}]')
    assert not owner_is_answered_the_same('[{"name": "Me"}]', '[{"name": "Ann"}, {"name": "Bob"}]')
    assert owner_is_answered_the_same("name,phone\nAnn,555", "name,phone\nAnn,555")


def heard(held: str, path: str = "/admin/users/7", *, navigation: bool = True, **facts) -> Signal:
    foreign = Foreign("member", "club-admin", "Manage members", held)
    facts = {"method": "GET", "resource": "document" if navigation else "fetch", "page_url": f"{HOST}/admin", **facts}
    return Signal("response", 1.0, url=HOST + path, status=200, navigation=navigation, foreign=foreign, **facts)


@pytest.mark.parametrize("held", ["nothing", "refusal", "shell", "unread"])
def test_only_content_raises_the_alarm(held):
    assert oracles.scan([heard(held)], Scope(frozenset({HOST}))) == ()
    assert oracles.scan([heard("data")], Scope(frozenset({"http://else.test"}))) == ()


def test_the_alarm_names_who_what_and_whose_and_no_record():
    (alarm,) = oracles.scan([heard("data")], Scope(frozenset({HOST})))
    assert oracles.title(alarm) == 'member can open /admin/users/{id}, which belongs to "Manage members" of club-admin'
    assert alarm.detail.startswith("member can open /admin/users/7, which")
    assert oracles.severity(alarm) == "critical"
    (other,) = oracles.scan([heard("data", "/admin/users/8")], Scope(frozenset({HOST})))
    assert fingerprint.of_alarm(alarm) == fingerprint.of_alarm(other)
    assert fingerprint.of_alarm(alarm).components == (
        ("version", "v1"), ("kind", "forbidden_access"), ("method", "GET"), ("route", "/admin/users/{id}"),
        ("role", "member"),
    )  # fmt: skip


def test_a_page_explains_what_its_own_scripts_got_and_an_answer_explains_no_other():
    page, part = heard("data", "/admin"), heard("data", "/api/members", navigation=False)
    ((cause, also),) = oracles.lead(oracles.scan([part, page], Scope(frozenset({HOST}))))
    assert (cause.route, [alarm.route for alarm in also]) == ("/admin", ["/api/members"])
    two = [heard("data", f"/api/{name}", navigation=False) for name in ("members", "prices")]
    assert len(oracles.lead(oracles.scan(two, Scope(frozenset({HOST}))))) == 2
