"""The pure parts of proof: routes, alarms, fingerprints, steps and decision tables."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import routes
from agent.evidence import fingerprint, locators, oracles, reach, repro
from agent.evidence.finding import (
    Alarm,
    Claim,
    Finding,
    Repro,
    Step,
    Suspicion,
    Verdict,
    finding_from_json,
    suspicion_from_json,
    to_json,
)
from agent.evidence.oracles import Scope
from agent.evidence.outcome import ReplayOutcome
from agent.evidence.verdict import decide, decide_fix
from agent.tools.surface import PageView, Recovery, Signal, Target, ToolCall, ToolResult, ToolStatus

HOST = "http://app.test:8000"
SCOPE = Scope(frozenset({HOST}))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/bookings/57?page=2", "/bookings/{id}"),
        (f"{HOST}/bookings/57#top", "/bookings/{id}"),
        (HOST, "/"),
        (f"{HOST}?a=1", "/"),
        ("/a/2026-11-21/b/", "/a/{date}/b"),
        ("/o/123e4567-e89b-12d3-a456-426614174000", "/o/{id}"),
        ("/c/court-3/ORD1234", "/c/{slug}/{slug}"),
        ("/api/v2/oauth2", "/api/v2/oauth2"),
        ("/static/app.3f2a9c1b.js", "/static/app.{hash}.js"),
        ("/media/7.jpg", "/media/{id}.jpg"),
        ("/static/x.png", "/static/x.png"),
        ("about:blank", "about:"),
    ],
)
def test_a_route_holds_no_ids(url, expected):
    assert routes.template(url) == expected


def test_a_route_keeps_the_names_of_its_query_when_told():
    assert routes.template("/s?q=x&page=2&q=y", with_query=True) == "/s?page&q"
    assert routes.path(f"{HOST}/s?q=x#y") == "/s?q=x"
    assert routes.same_origin("http://a.test:80/x", "http://A.test/y")
    assert not routes.same_origin("about:blank", "about:blank")


@settings(deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_a_template_is_its_own_template(text, with_query):
    once = routes.template(text, with_query=with_query)
    assert routes.template(once, with_query=with_query) == once


def response(status, url="/x", method="GET", resource="fetch", **facts) -> Signal:
    facts = {"page_url": f"{HOST}/page", **facts}
    return Signal("response", 1.0, url=HOST + url, status=status, method=method, resource=resource, **facts)


def failed(url, text, resource="image") -> Signal:
    return Signal("requestfailed", 1.0, f"{HOST}/page", url=url, text=text, resource=resource)


def thrown(text, script=f"{HOST}/app.js", page="/page") -> Signal:
    stack = f"{text}\n    at render ({script}:1:2)\n    at {HOST}/app.js:9:1"
    return Signal("pageerror", 1.0, HOST + page, text=text, stack=stack)


def logged(text, script=f"{HOST}/app.js") -> Signal:
    return Signal("console", 1.0, f"{HOST}/page", text=text, url=script)


LINK = Scope(SCOPE.origins, 'Click link "Terms"', True)


@pytest.mark.parametrize(
    ("signals", "scope", "expected"),
    [
        ([response(500)], SCOPE, ["GET /x 500"]),
        ([response(503), response(200)], SCOPE, []),
        ([response(503), response(200, method="POST")], SCOPE, ["GET /x 503"]),
        ([response(200), response(503)], SCOPE, ["GET /x 503"]),
        ([response(404, "/terms", resource="document", navigation=True)], LINK, ["link /terms missing"]),
        ([response(404, "/terms", resource="document", navigation=True)], SCOPE, []),
        ([response(403, "/terms", resource="document", navigation=True)], LINK, []),
        ([response(404, "/api")], LINK, []),
        ([response(404, "/static/x.png", resource="image")], SCOPE, ["image /static/x.png missing"]),
        ([response(404, "/favicon.ico", resource="image")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_ABORTED")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_BLOCKED_BY_CLIENT")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_CERT_INVALID")], SCOPE, ["image /x.png missing"]),
        ([failed(f"{HOST}/x.png", "net::ERR_EMPTY_RESPONSE")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_CONNECTION_REFUSED")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_CONNECTION_RESET")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_NAME_NOT_RESOLVED")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_ADDRESS_UNREACHABLE")], SCOPE, []),
        ([failed(f"{HOST}/x.png", "net::ERR_TIMED_OUT")], SCOPE, []),
        ([failed("http://cdn.test/x.png", "net::ERR_EMPTY_RESPONSE")], SCOPE, []),
        ([thrown("TypeError: no 'x' in 7")], SCOPE, ["TypeError: no {s} in {n} @ /app.js render"]),
        ([thrown("TypeError: x", script="http://cdn.test/ads.js")], SCOPE, []),
        ([thrown("TypeError: x", script=f"{HOST}/b/5", page="/b/5")], SCOPE, ["TypeError: x @ page /b/{id} render"]),
        ([logged("Bad thing 12")], SCOPE, ["Bad thing {n} @ /app.js"]),
        ([logged("Bad thing", script="http://cdn.test/a.js")], SCOPE, []),
        ([logged("Failed to load resource: the server responded with a status of 500")], SCOPE, []),
        ([thrown("TypeError: Failed to fetch"), failed(f"{HOST}/a", "net::ERR_ABORTED", "fetch")], SCOPE, []),
        (
            [thrown("TypeError: Failed to fetch"), failed(f"{HOST}/a", "net::ERR_EMPTY_RESPONSE", "fetch")],
            SCOPE,
            [],
        ),
        (
            [thrown("TypeError: Failed to fetch"), failed(f"{HOST}/a", "net::ERR_CERT_INVALID", "fetch")],
            SCOPE,
            ["TypeError: Failed to fetch @ /app.js render"],
        ),
    ],
)
def test_what_is_an_alarm_and_what_is_not(signals, scope, expected):
    assert [alarm.signal for alarm in oracles.scan(signals, scope)] == expected


def test_a_cause_explains_lesser_alarms_of_its_document_only():
    elsewhere = thrown("TypeError: y", page="/other")
    alarms = oracles.scan([logged("Oh"), thrown("TypeError: x"), response(500), elsewhere], SCOPE)
    grouped = [(cause.signal, [alarm.signal for alarm in also]) for cause, also in oracles.lead(alarms)]
    assert grouped == [
        ("GET /x 500", ["TypeError: x @ /app.js render", "Oh @ /app.js"]),
        ("TypeError: y @ /app.js render", []),
    ]


@pytest.mark.parametrize(
    ("signal", "scope", "title", "severity"),
    [
        (response(500, "/search", navigation=True), SCOPE, "GET /search answers 500", "high"),
        (response(500, "/api"), SCOPE, "GET /api answers 500", "medium"),
        (thrown("TypeError: Cannot read 'a'"), SCOPE, "TypeError on /page: Cannot read 'a'", "high"),
        (logged("Oh no"), SCOPE, "Console error on /page: Oh no", "medium"),
        (response(410, "/terms", navigation=True), LINK, 'Link "Terms" leads to a missing page /terms (410)', "low"),
        (response(404, "/x.png", resource="image"), SCOPE, "Image /x.png is missing", "low"),
    ],
)
def test_titles_and_severity(signal, scope, title, severity):
    (alarm,) = oracles.scan([signal], scope)
    assert (oracles.title(alarm), oracles.severity(alarm)) == (title, severity)


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["http://a.test", "https://b.test:8443"]))
def test_one_fault_has_one_fingerprint_whatever_the_record_or_host(first, second, host):
    def seen(number: int, base: str) -> list[str]:
        page = f"{base}/bookings/{number}"
        stack = f"TypeError: x\n    at show ({page}:3:{number % 90})"
        signals = [
            Signal("response", 1.0, page, url=f"{page}/pay?t={number}", status=500, method="POST", resource="fetch"),
            Signal("response", 1.0, page, url=f"{base}/img/{number}.png", status=404, method="GET", resource="image"),
            Signal("pageerror", 1.0, page, text=f"TypeError: no row {number}", stack=stack),
        ]
        alarms = oracles.scan(signals, Scope(frozenset({base})))
        claim = Claim(f'get_by_role("row", name="Order {number}")', "visible", "", "spec", "")
        return [fingerprint.of_alarm(a).value for a in alarms] + [fingerprint.of_claim(claim, page).value]

    assert seen(first, HOST) == seen(second, host)
    assert len(set(seen(first, HOST))) == 4


def test_different_faults_differ_and_explain_themselves():
    (one,), (two,) = oracles.scan([response(500)], SCOPE), oracles.scan([response(500, method="POST")], SCOPE)
    assert fingerprint.of_alarm(one).value != fingerprint.of_alarm(two).value
    assert fingerprint.of_alarm(one).components == (
        ("version", "v1"), ("kind", "server_error"), ("method", "GET"), ("endpoint", "/x"), ("status", "500"),
    )  # fmt: skip
    phone, mail = (Claim(f'get_by_label("{name}")', "value_is", "x", "spec", "") for name in ("Phone", "Mail"))
    assert fingerprint.of_claim(phone, "/p").value != fingerprint.of_claim(mail, "/p").value
    assert fingerprint.subject_shape("response get /orders/7") == "response GET /orders/{id}"


@pytest.mark.parametrize(
    "code",
    ["__import__('os')", "page.evaluate('1')", "get_by_role(open('x'))", "get_by_role('a').click()", "first", "a b",
     "get_by_role('a', onclick='x')", "get_by_text(re.compile('('))", "filter(has_text='x')",
     "get_by_text(''.join(['a']))"],
)  # fmt: skip
def test_code_that_is_no_locator_is_refused(code):
    with pytest.raises(locators.LocatorRefused, match="Write one like"):
        locators.check(code)


@pytest.mark.parametrize(
    "code",
    ['get_by_role("button", name="Save", exact=True).nth(-1)', 'page.get_by_label("A").first',
     'get_by_role("button", name="Add", description="Adds a row")',
     'locator("iframe").content_frame.get_by_text(re.compile(r"^x$", re.I))',
     'get_by_role("row").filter(has_text="a").filter(has=get_by_role("button"))'],
)  # fmt: skip
def test_locators_that_tools_write_are_read(code):
    locators.check(code)


def result(target=None, targets=(), status: ToolStatus = "ok", **facts) -> ToolResult:
    return ToolResult("1", status, "", target=target, targets=targets, **facts)


SAVE = Target('get_by_role("button", name="Save")', "button", "Save")


@pytest.mark.parametrize(
    ("tool", "args", "answer", "words"),
    [
        ("browser_navigate", {"url": f"{HOST}/a?b=1"}, result(), ["Open /a?b=1"]),
        ("browser_click", {"target": "e1"}, result(SAVE), ['Click button "Save"']),
        ("browser_click", {"target": "e1", "doubleClick": True}, result(SAVE), ['Double-click button "Save"']),
        ("browser_click", {"target": "e1"}, result(SAVE, status="tool_error"), []),
        (
            "browser_type",
            {"target": "e1", "text": "{{secret:P}}", "submit": True},
            result(Target('get_by_label("P")', "textbox", "P")),
            ['Fill textbox "P" with "{{secret:P}}"', 'Press Enter in textbox "P"'],
        ),
        (
            "browser_fill_form",
            {"fields": [{"type": "textbox", "value": "x"}, {"type": "checkbox", "value": "true"}, {"value": "y"}]},
            result(targets=(Target("a", "textbox", "A"), Target("b", "checkbox", "B"), None)),
            ['Fill textbox "A" with "x"', 'Tick checkbox "B"'],
        ),
        ("browser_press_key", {"key": "Escape"}, result(), ["Press Escape"]),
        ("browser_handle_dialog", {"accept": False}, result(), ["Dismiss the dialog"]),
        ("browser_navigate", {"url": "/a"}, result(before=PageView(HOST, dialog="confirm: x")), []),
        ("browser_snapshot", {}, result(), []),
        (
            "browser_click",
            {"target": "e1"},
            result(SAVE, recoveries=(Recovery("modal", "", True, key="Escape"),)),
            ["Press Escape", 'Click button "Save"'],
        ),
    ],
)
def test_calls_become_steps_in_words(tool, args, answer, words):
    assert [step.words for step in repro.steps_of(ToolCall("1", tool, args), answer, "member")] == words


ALARM = Alarm("server_error", "/x", "GET /x 500", "d", HOST + "/x", HOST + "/x")


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(0, 10), st.sampled_from([ALARM, Claim("url", "url_is", "/", "spec", "")]))
def test_findings_and_suspicions_survive_json(text, number, oracle):
    steps = (Step("m", "goto", value=text, words=text, lands="/x"), Step("m", "click", (text,)))
    path, print_ = Repro(steps, 1, oracle), fingerprint.of_alarm(ALARM)
    suspicion = Suspicion(print_, text, "low", "m", oracle, (path,), number, text, (ALARM,))
    verdict = Verdict("FLAKY", number, 10, "clean", text)
    finding = Finding(print_, text, "low", "m", oracle, path, verdict, "A", "p", (ALARM,), (ALARM,))
    assert suspicion_from_json(json.loads(json.dumps(to_json(suspicion)))) == suspicion
    assert finding_from_json(json.loads(json.dumps(to_json(finding)))) == finding


HIT, MISS = ReplayOutcome(True, hit=True, walked=True), ReplayOutcome(True, walked=True)
LOST, EARLY = ReplayOutcome(False, error="no button"), ReplayOutcome(True, fired_before=True)
ASTRAY, OTHER = ReplayOutcome(True, error="not reached"), ReplayOutcome(True, walked=True, others=(ALARM,))


@pytest.mark.parametrize(
    ("outcomes", "control", "kind", "state"),
    [
        ([HIT] * 5, MISS, "CONFIRMED", "clean"),
        ([HIT] * 5, None, "CONFIRMED", "none"),
        ([HIT] * 5, HIT, "UNTESTABLE", "fires"),
        ([HIT] * 5, EARLY, "UNTESTABLE", "fires"),
        ([HIT] * 5, LOST, "ERRORED", "errored"),
        ([HIT] * 4, MISS, "ERRORED", "clean"),
        ([HIT] * 4 + [LOST], MISS, "ERRORED", "clean"),
        ([MISS] * 5, None, "NOT_REPRODUCED", "none"),
        ([HIT, MISS] * 5, MISS, "FLAKY", "clean"),
        ([HIT, MISS] * 5, HIT, "UNTESTABLE", "fires"),
        ([EARLY], None, "UNTESTABLE", "none"),
        ([LOST], None, "ERRORED", "none"),
        ([], None, "ERRORED", "none"),
    ],
)
def test_the_table_of_verdicts(outcomes, control, kind, state):
    verdict = decide(outcomes, control, 5)
    assert (verdict.kind, verdict.control) == (kind, state)
    assert verdict.note or kind == "CONFIRMED"


@pytest.mark.parametrize(
    ("outcomes", "kind"),
    [
        ([MISS] * 3, "FIXED"),
        ([MISS, MISS, HIT], "STILL_FAILS"),
        ([LOST, HIT], "STILL_FAILS"),
        ([MISS, MISS, OTHER], "MOVED"),
        ([MISS, MISS, LOST], "CANNOT_TELL"),
        ([MISS, MISS, ASTRAY], "CANNOT_TELL"),
        ([MISS, MISS, EARLY], "CANNOT_TELL"),
        ([OTHER, OTHER, ASTRAY], "CANNOT_TELL"),
        ([MISS] * 2, "CANNOT_TELL"),
        ([], "CANNOT_TELL"),
    ],
)
def test_the_table_of_fixes(outcomes, kind):
    verdict = decide_fix(outcomes, 3)
    assert verdict.kind == kind
    assert verdict.note


OUTCOMES = st.builds(
    ReplayOutcome, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([(), (ALARM,)])
)


@settings(deadline=None)
@given(st.lists(OUTCOMES, max_size=12), st.none() | OUTCOMES, st.integers(-1, 12))
def test_tables_are_total_and_errors_never_pass(outcomes, control, planned):
    verdict, fix = decide(outcomes, control, planned), decide_fix(outcomes, planned)
    if verdict.kind == "CONFIRMED":
        assert outcomes and all(o.executed and o.hit and not o.fired_before for o in outcomes)
        assert control is None or (control.executed and not control.hit and not control.fired_before)
    if fix.kind in ("FIXED", "MOVED"):
        assert outcomes and all(o.executed and o.walked and not (o.hit or o.fired_before) for o in outcomes)
        assert len(outcomes) >= planned


@pytest.mark.parametrize(
    ("oracle", "signals", "pages", "reached"),
    [
        (ALARM, [response(200)], [], True),
        (ALARM, [response(422)], [], True),
        (ALARM, [response(404)], [], False),
        (ALARM, [response(503)], [], False),
        (ALARM, [response(403)], [], False),
        (ALARM, [], [], False),
        (Alarm("broken_link", "/t", "", "", "", ""), [response(200, "/t", navigation=True)], [], True),
        (Alarm("broken_link", "/t", "", "", "", ""), [response(403, "/t", navigation=True)], [], False),
        (Alarm("broken_link", "/t", "", "", "", ""), [], [], False),
        (Alarm("uncaught_exception", "/p", "", "", "", HOST + "/p"), [], [HOST + "/p"], True),
        (Alarm("uncaught_exception", "/p", "", "", "", HOST + "/p"), [], [HOST + "/q"], False),
        (Alarm("broken_image", "/i", "", "", "", HOST + "/p"), [response(404, "/p", navigation=True)], [], False),
    ],
)
def test_silence_counts_only_where_the_symptom_lived(oracle, signals, pages, reached):
    assert (reach.missed(oracle, signals, pages) == "") is reached
