"""A run whose application is away when a role must get in: when it is resumed, and in the middle. Real runs."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from infra_scene import RunningSite, StartSite, person

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Charter, Persistence, Profile, Resilience, Role
from agent.conclusion import RunOutcome
from agent.crew import CrewRun, run_crew
from agent.errors import BadInput
from agent.journal import FileJournal
from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.preflight import unanswered
from agent.steering import MemoryInbox
from agent.tools.mcp import Hung
from agent.tools.signin import SignInFailed
from agent.tools.surface import ToolCall

Make = Callable[..., Profile]
FINISH = ("finish", {"summary": "Done."})


class Walker:
    """Opens one path a turn and finishes after the last."""

    name, vision = "walker", False

    def __init__(self, *paths: str) -> None:
        self._calls: list[tuple[str, dict[str, str]]] = [("browser_navigate", {"url": path}) for path in paths]
        self.asked = 0

    async def generate(self, request: ModelRequest) -> ModelReply:
        self.asked += 1
        tool, args = self._calls.pop(0) if self._calls else FINISH
        return ModelReply("called", "", (ToolCall("1", tool, args),), Usage(input=10, output=2))

    async def close(self) -> None:
        return


class World:
    """One run with one site; `run` is a segment of it."""

    def __init__(self, profile: Profile, folder: Path) -> None:
        self.profile, self.folder = profile, folder

    async def run(self, walker: Walker, **changes: Any) -> RunOutcome:
        run = CrewRun(
            charter=Charter("Explore.", "Site", "local"),
            profile=self.profile,
            model=changes.pop("model", lambda role: walker),
            journal=FileJournal(self.folder / "journal.jsonl"),
            book=MemoryBook(),
            folder=self.folder,
            environ=dict(os.environ),
            **changes,
        )
        return await run_crew(run)

    async def begin(self) -> None:
        """A first segment, which ends after a turn of each role."""
        turns: set[str] = set()

        def over() -> float:
            return float(len(turns) == len(self.profile.roles))

        def listen(event: ev.Event) -> None:
            if event.kind == "turn_ended":
                turns.add(event.role)

        outcome = await self.run(Walker(*["/items"] * 50), deadline=1.0, clock=over, listen=listen)
        assert outcome.state == "unfinished"

    async def payloads(self, kind: type) -> list[Any]:
        events = await FileJournal(self.folder / "journal.jsonl").read()
        return [event.payload for event in events if isinstance(event.payload, kind)]

    async def reasons(self) -> list[str]:
        return [stop.reason for stop in await self.payloads(ev.RoleStopped)]


@pytest.fixture
def world(profile: Make, tmp_path: Path) -> Callable[..., World]:
    def make(site: RunningSite, *roles: Role, patience: float = 1.0, hang: float = 8.0) -> World:
        own = profile(site.url, *(roles or (person("ann"),)))
        resilience = Resilience(patience=patience, hang=hang, stagger=0.0)
        return World(replace(own, resilience=resilience, persistence=Persistence(minimum_share=0.0)), tmp_path / "run")

    return make


def later(seconds: float, site: RunningSite, away: bytes) -> None:
    timer = threading.Timer(seconds, site.post, ("/__away", b"away=" + away))
    timer.daemon = True
    timer.start()


MakeWorld = Callable[..., World]


async def test_a_run_resumed_behind_a_dead_gateway_ends_as_the_target_being_down(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site, person("ann"), Role("guest", None, start="/sign-in"))
    await here.begin()
    site.post("/__away", b"away=yes")
    walker, started = Walker(), time.monotonic()
    outcome = await here.run(walker)
    assert await here.reasons() == ["target_down", "target_down"]
    assert outcome.state == "failed" and "HTTP status 502" in outcome.detail
    assert walker.asked == 0 and 1.0 < time.monotonic() - started < 15.0


async def test_a_run_resumed_behind_a_gateway_goes_on_when_the_app_comes_back_in_time(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site, patience=20.0)
    await here.begin()
    site.post("/__away", b"away=yes")
    later(6.0, site, b"no")
    assert (await here.run(Walker("/help"))).state == "completed"
    assert await here.reasons() == ["finished"]


async def test_an_app_that_goes_away_while_a_resumed_role_signs_in_is_not_its_sign_in(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site)
    await here.begin()

    def model(role: Role) -> Walker:
        site.post("/__away", b"away=yes")  # the target was looked at before
        return Walker()

    await here.run(Walker(), model=model)
    assert await here.reasons() == ["target_down"]


async def test_a_resumed_role_that_met_a_gateway_for_a_moment_gets_in_once_the_app_is_back(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site, patience=30.0)
    await here.begin()

    def model(role: Role) -> Walker:
        site.post("/__away", b"away=yes")
        threading.Thread(target=_bring_back, args=(site, len(site.asked())), daemon=True).start()
        return Walker("/help")

    await here.run(Walker(), model=model)
    assert await here.reasons() == ["finished"]
    assert len(await here.payloads(ev.BlockerMet)) == 1


@pytest.mark.parametrize("last", ["/last-away", "/last-gone"])
async def test_a_hung_page_that_is_replaced_while_the_app_is_away_ends_as_the_target_being_down(
    start_site: StartSite, world: MakeWorld, last: str
) -> None:
    here = world(start_site(), hang=2.0)
    await here.run(Walker("/items", last, "/help"))
    assert await here.reasons() == ["target_down"]


async def test_a_page_that_hangs_before_its_role_begins_while_the_app_is_away_ends_as_the_target_being_down(
    start_site: StartSite, world: MakeWorld
) -> None:
    here = world(start_site(), Role("guest", None, start="/sign-in"), person("ann", start="/last-late"), hang=2.0)
    here.profile = replace(here.profile, resilience=replace(here.profile.resilience, stagger=8.0))
    await here.run(Walker(), model=lambda role: Walker("/help") if role.name == "ann" else Walker())
    assert sorted(await here.reasons()) == ["finished", "target_down"]


async def test_a_role_whose_sign_in_met_a_gateway_goes_on_in_a_new_browser_once_the_app_is_back(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site, hang=2.0, patience=40.0)

    turns: list[int] = []

    def listen(event: ev.Event) -> None:
        if isinstance(event.payload, ev.TurnEnded):
            turns.append(event.payload.iteration)
        if turns == [1] and event.kind == "turn_ended":
            threading.Thread(target=_bring_back, args=(site, len(site.asked())), daemon=True).start()

    await here.run(Walker("/items", "/last-away", "/help"), listen=listen)
    assert await here.reasons() == ["finished"] and turns == [1, 2, 3, 4]
    assert [path for path in site.asked() if path == "GET /help"] == ["GET /help"]


def _bring_back(site: RunningSite, asked: int) -> None:
    """Once a sign-in met the gateway and the application was asked for, not counting the first `asked` requests."""
    while not {"GET /sign-in", "GET /"} <= set(site.asked()[asked:]):
        time.sleep(0.1)
    site.post("/__away", b"away=no")


async def test_a_sign_in_that_fails_while_the_app_answers_stays_a_failed_sign_in(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site)
    await here.begin()
    here.profile = replace(here.profile, secrets=(("PASSWORD", "changed-meanwhile"),))
    await here.run(Walker())
    assert await here.reasons() == ["sign_in_failed"]


async def test_people_who_stop_a_run_while_an_app_is_waited_for_are_heard(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    here = world(site, patience=60.0)
    await here.begin()
    inbox = MemoryInbox()

    def model(role: Role) -> Walker:
        site.post("/__away", b"away=yes")
        asyncio.get_running_loop().call_later(6.0, inbox.stop)
        return Walker()

    started = time.monotonic()
    await here.run(Walker(), model=model, inbox=inbox)
    assert await here.reasons() == ["stop_requested"] and time.monotonic() - started < 40


async def test_a_run_that_begins_behind_a_dead_gateway_is_told_so_and_not_to_correct_its_sign_in(
    start_site: StartSite, world: MakeWorld
) -> None:
    site = start_site()
    site.post("/__away", b"away=yes")
    with pytest.raises(BadInput, match=r"is away: HTTP status 502.* start the application") as caught:
        await world(site).run(Walker())
    assert "sign_in" not in str(caught.value)


@pytest.mark.parametrize(
    ("trouble", "again"),
    [
        (SignInFailed("ann could not sign in at /sign-in: Page.goto: net::ERR_CONNECTION_REFUSED at http://x."), True),
        (SignInFailed("ann could not sign in at /sign-in: Page.goto: Timeout 30000ms exceeded."), True),
        (SignInFailed("ann could not sign in at /sign-in: the page gave no answer in time."), True),
        (SignInFailed('ann could not sign in: the page stayed at /sign-in; the page says "Wrong password".'), False),
        (SignInFailed("ann could not sign in at /sign-in: Locator.fill: Timeout 5000ms exceeded."), False),
        (Hung("the page does not settle"), False),
    ],
)
def test_only_who_was_not_answered_tries_again_where_the_app_answers_by_now(
    trouble: SignInFailed | Hung, again: bool
) -> None:
    assert unanswered(trouble) is again
