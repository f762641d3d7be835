"""The circuit breaker: what counts, what it finds out, what it says. Results as a browser gives them; real servers."""

import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from infra_scene import StartSite, free_port

from agent import events as ev
from agent.charter import Profile
from agent.circuit import AWAY, TITLE, Breaker, Circuit, Wait, diagnose, trouble
from agent.failures import answered, failure_of
from agent.stopping import StopReason
from agent.tools.surface import PageView, Signal, ToolResult

HOME = "http://127.0.0.1:9000"
API = "http://127.0.0.1:9001"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = PageView(f"{HOME}/items")
ERROR_PAGE = PageView("chrome-error://chromewebdata/")


def heard(*signals: Signal, **changes) -> ToolResult:
    return replace(ToolResult("1", "ok", "", before=HERE, after=HERE, signals=signals), **changes)


def failed(url: str, why: str = "net::ERR_CONNECTION_REFUSED", resource: str = "fetch", **changes) -> Signal:
    return Signal("requestfailed", 0.0, HERE.url, text=why, url=url, method="GET", resource=resource, **changes)


def response(url: str, status: int = 200) -> Signal:
    return Signal("response", 0.0, HERE.url, url=url, status=status, method="GET", resource="document", navigation=True)


def refused(path: str = "/items", home: str = HOME) -> ToolResult:
    url = home + path
    text = f"Error: net::ERR_CONNECTION_REFUSED at {url}\nURL: {ERROR_PAGE.url}"
    signal = failed(url, resource="document", navigation=True)
    return heard(signal, status="tool_error", text=text, after=ERROR_PAGE)


TIMED_OUT = heard(
    status="tool_error", text='Error: TimeoutError: Timeout 15000ms exceeded. - navigating to "x", waiting'
)
HUNG = heard(status="tool_error", notice="The page hung: no answer in 8 s. session lost: a new one was opened.")
GONE = ToolResult("1", "tool_error", "session lost: notes ended during the call and was restarted.")
QUIET = heard()
LOADED = heard(response(f"{HOME}/help"))


@pytest.mark.parametrize(
    ("result", "sort", "route"),
    [
        (refused("/items/57"), "refused", "/items/{id}"),
        (heard(failed(f"{HOME}/api", "net::ERR_EMPTY_RESPONSE", "document", navigation=True)), "refused", "/api"),
        (heard(failed(f"{HOME}/api", "net::ERR_NAME_NOT_RESOLVED", "xhr")), "refused", "/api"),
        (heard(response(HERE.url), failed(f"{HOME}/api/rows")), "refused", "/api/rows"),
        (heard(response(HERE.url), failed(f"{API}/rows/1")), "refused", API),
        (heard(after=ERROR_PAGE), "refused", ""),
        (heard(response(f"{HOME}/items/57", 502)), "gateway", "/items/{id}"),
        (heard(response(f"{HOME}/help", 503)), "gateway", "/help"),
        (heard(response(f"{API}/rows", 504)), "gateway", API),
        (TIMED_OUT, "slow", ""),
        (HUNG, "browser", ""),
        (GONE, "browser", ""),
        (ToolResult("1", "lost", "notes is lost"), "browser", ""),
    ],
)
def test_what_did_not_get_through_is_counted(result: ToolResult, sort: str, route: str) -> None:
    failure = failure_of(result, (HOME, API))
    assert failure is not None and (failure.sort, failure.route) == (sort, route)
    assert not answered(result, (HOME, API)) or sort in ("gateway", "slow", "browser")


@pytest.mark.parametrize(
    "result",
    [
        QUIET,
        LOADED,
        heard(response(f"{HOME}/items", 500)),
        heard(response("http://ads.test/x", 502)),
        heard(replace(response(f"{HOME}/rows", 503), resource="fetch", navigation=False)),
        heard(failed("http://ads.test/x", "net::ERR_NAME_NOT_RESOLVED")),
        heard(failed(f"{HOME}/items", "net::ERR_ABORTED")),
        heard(failed(f"{HOME}/logo.png", resource="image")),
        heard(status="tool_error", text="Error: e5 is gone", notice=""),
        heard(text="- paragraph: session lost, Error: Timeout 5ms exceeded navigating to net::ERR_CONNECTION_REFUSED"),
        heard(status="tool_error", text="Error: The click was blocked.\n- paragraph: session lost"),
        ToolResult("1", "denied", "", notice="skipped: page changed"),
    ],
)
def test_what_a_page_says_and_what_works_is_not_counted(result: ToolResult) -> None:
    assert failure_of(result, (HOME, API)) is None


def test_only_an_answer_of_the_app_ends_a_row() -> None:
    circuit = Circuit((HOME,), 5).after([refused(), QUIET, refused("/help"), QUIET], NOON)
    assert (len(circuit.failures), circuit.since, circuit.open) == (2, NOON, False)
    from_the_cache = heard(response(f"{HOME}/items"), failed(f"{HOME}/logo.png", resource="image"))
    assert len(circuit.after([from_the_cache], NOON).failures) == 2
    assert circuit.after([heard(response(f"{HOME}/help", 500))], NOON).failures == ()
    assert circuit.after([refused()] * 3, NOON).open


async def test_an_app_that_is_gone_is_waited_for_and_then_explained() -> None:
    home = f"http://127.0.0.1:{free_port()}"
    circuit = Circuit((home,), 5).after([refused("/items?page=2", home)], NOON)
    assert not circuit.open and circuit.in_doubt, "one refusal is enough to ask"
    found = await diagnose(circuit, home, Wait(patience=1.0))
    assert (found.outcome, found.failures >= 5) == ("app_down", True)
    assert found.sentence.startswith(
        f"The application at {home} does not answer since 12:00:00 UTC: 1 call (/items?page=2) and "
    )
    assert "probes in a row got no answer from it (the last: " in found.sentence
    assert re.search(r"\), and it did not come back within \d+ seconds\.$", found.sentence)
    assert found.stop is not None and found.stop.reason == StopReason.TARGET_DOWN
    assert [type(item) for item in found.payloads] == [ev.CircuitOpened]


async def test_without_patience_five_in_a_row_are_still_needed() -> None:
    home = f"http://127.0.0.1:{free_port()}"
    found = await diagnose(Circuit((home,), 5).after([refused("/", home)], NOON), home, Wait(patience=0.0))
    assert (found.outcome, found.failures) == ("app_down", 5)


async def test_an_app_that_takes_calls_and_never_answers_is_not_asked_for_long_and_the_wait_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.circuit.PROBE_SECONDS", 4.0)
    monkeypatch.setattr("agent.circuit.SHORTEST_PROBE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        home = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        found = await diagnose(Circuit((home,), 5).after([refused("/", home)], NOON), home, Wait(1.0))
        took = time.monotonic() - started
    assert (found.outcome, found.failures) == ("app_down", 5)
    assert "(the last: no answer within 1 seconds)" in found.sentence, "beyond the patience it is asked shortly"
    told = re.search(r"within (\d+) seconds\.$", found.sentence)
    assert told and abs(int(told[1]) - took) <= 1


async def test_a_gateway_in_front_of_an_app_that_is_gone_ends_the_role(
    start_site: StartSite, profile: Callable[..., Profile]
) -> None:
    site = start_site()
    site.post("/__away", b"away=yes")
    breaker = Breaker(profile(site.url))
    assert breaker.hear(heard(response(f"{site.url}/items", 502))) == AWAY
    found = await breaker.settle()
    assert found.stop is not None and found.stop.reason == StopReason.TARGET_DOWN
    assert "1 call (/items)" in found.sentence and "(the last: HTTP status 502)" in found.sentence


async def test_a_gateway_is_waited_for_while_the_app_starts_again(start_site: StartSite) -> None:
    site = start_site()
    site.post("/__away", b"away=yes")

    async def give_up() -> bool:
        site.post("/__away", b"away=no")
        return False

    circuit = Circuit((site.url,), 5).after([heard(response(f"{site.url}/items", 502))], NOON)
    found = await diagnose(circuit, site.url, Wait(60.0, give_up))
    assert (found.outcome, found.stop) == ("back", None)
    assert circuit.settled(found).failures == ()


async def test_what_one_page_of_an_app_that_answers_says_is_its_own_trouble(
    start_site: StartSite, profile: Callable[..., Profile]
) -> None:
    site = start_site()
    breaker = Breaker(profile(site.url))
    busy = heard(response(f"{site.url}/busy", 503))
    for _ in range(9):
        breaker.hear(busy)
        found = await breaker.settle()
        assert (found.outcome, found.payloads, breaker.reason) == ("", (), "")
    for _ in range(9):  # all in one turn
        breaker.hear(busy)
    assert (await breaker.settle()).payloads == ()
    breaker.hear(refused("/drop", site.url))
    breaker.hear(busy)
    breaker.hear(refused("/drop", site.url))
    assert (await breaker.settle()).outcome == "" and len(breaker.circuit.failures) == 1


async def test_an_app_that_comes_back_is_no_trouble(start_site: StartSite) -> None:
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    asked: list[bool] = []

    async def give_up() -> bool:
        if len(asked) == 2:  # the deployment ends while it is waited for
            start_site(port=port)
        asked.append(True)
        return False

    circuit = Circuit((home,), 5).after([refused("/", home)], NOON)
    found = await diagnose(circuit, home, Wait(60.0, give_up))
    assert (found.outcome, found.stop) == ("back", None)
    assert [type(item) for item in found.payloads] == [ev.BlockerMet]
    assert circuit.settled(found).failures == ()


async def test_waiting_ends_when_people_stop_the_run() -> None:
    async def give_up() -> bool:
        return True

    home = f"http://127.0.0.1:{free_port()}"
    found = await diagnose(Circuit((home,), 5).after([refused("/", home)], NOON), home, Wait(3600.0, give_up))
    assert (found.outcome, found.payloads) == ("", ())


async def test_one_route_that_is_gone_is_left_and_not_counted_again(start_site: StartSite) -> None:
    site = start_site()
    circuit = Circuit((site.url,), 5).after([refused("/report/4", site.url)], NOON)
    found = await diagnose(circuit, site.url, Wait())
    assert (found.outcome, found.payloads) == ("", ())
    circuit = circuit.settled(found)
    assert not circuit.in_doubt and len(circuit.failures) == 1, "the app answers, but the row goes on"

    circuit = circuit.after([refused(f"/report/{number}", site.url) for number in range(4)], NOON)
    found = await diagnose(circuit, site.url, Wait())
    assert (found.outcome, found.route, found.stop) == ("route_down", "/report/{id}", None)
    assert "one route" in found.told and "/report" not in found.told
    circuit = circuit.settled(found).after([refused("/report/9", site.url)] * 9, NOON)
    assert circuit.failures == ()
    assert circuit.after([refused("/items", site.url)], NOON).failures != ()


async def test_a_second_origin_that_is_gone_is_one_route(start_site: StartSite) -> None:
    site = start_site()
    circuit = Circuit((site.url, API), 5).after([heard(failed(f"{API}/{n}")) for n in "abcde"], NOON)
    found = await diagnose(circuit, site.url, Wait())
    assert (found.outcome, found.route) == ("route_down", API)


async def test_tools_that_keep_breaking_while_the_app_answers_are_the_browser(start_site: StartSite) -> None:
    site = start_site()
    circuit = Circuit((site.url,), 5).after([HUNG] * 4, NOON)
    assert (await diagnose(circuit, site.url, Wait())).outcome == ""
    found = await diagnose(circuit.after([GONE], NOON), site.url, Wait())
    assert found.outcome == "browser_gone"
    assert found.stop is not None and found.stop.reason == StopReason.BROWSER_LOST


@pytest.mark.parametrize("results", [[TIMED_OUT] * 5, [HUNG] * 5, [TIMED_OUT, HUNG] * 3])
async def test_a_server_that_thinks_for_20_seconds_is_slow_and_not_down(start_site: StartSite, results) -> None:
    site = start_site(delay=20)
    found = await diagnose(Circuit((site.url,), 5).after(results, NOON), site.url, Wait())
    assert (found.outcome, found.stop, found.payloads) == ("slow", None, ())
    assert "slowly" in found.told


async def test_failures_here_and_there_of_an_app_that_answers_end_nothing(start_site: StartSite) -> None:
    site = start_site()
    results = [refused(path, site.url) for path in ("/a", "/b", "/c", "/d", "/e")]
    found = await diagnose(Circuit((site.url,), 5).after(results, NOON), site.url, Wait())
    assert (found.outcome, found.stop, found.payloads) == ("unsteady", None, ())


async def test_the_breaker_stops_a_reply_of_many_calls_at_the_first_refusal(profile: Callable[..., Profile]) -> None:
    home = f"http://127.0.0.1:{free_port()}"
    breaker = Breaker(profile(home))
    assert breaker.hear(QUIET) == ""
    assert breaker.hear(refused("/", home)) == AWAY
    assert (await breaker.settle()).outcome == "app_down"


async def test_the_breaker_lets_a_role_go_on_once_the_app_has_answered(
    start_site: StartSite, profile: Callable[..., Profile]
) -> None:
    site = start_site()
    breaker = Breaker(profile(site.url))
    for number in range(1, 5):
        assert breaker.hear(refused("/drop", site.url)) == AWAY
        assert (await breaker.settle()).outcome == "" and breaker.reason == ""
        assert len(breaker.circuit.failures) == number
    breaker.hear(refused("/drop", site.url))
    assert (await breaker.settle()).outcome == "route_down"
    assert breaker.hear(refused("/drop", site.url)) == ""


def test_a_run_makes_one_observation_of_it() -> None:
    def event(seq: int, role: str, payload: ev.Payload) -> ev.Event:
        return ev.Event(seq, NOON, role, payload)

    route = event(1, "ann", ev.CircuitOpened("route_down", "/x", 5, "x"))
    assert trouble([route]) is None
    down = [event(n, role, ev.CircuitOpened("app_down", "", 6, "It is gone.")) for n, role in ((2, "ann"), (3, "bob"))]
    note = trouble([route, *down])
    assert note is not None and note.title == TITLE
    assert note.detail == "It is gone. It ended ann, bob. It is trouble of the infrastructure, not a finding."
    assert trouble([route, *down, event(4, "", note)]) is None
