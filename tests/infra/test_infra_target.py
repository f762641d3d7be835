"""Is the target there, and is it where the profile says? Asked of real servers."""

import threading

import pytest
from infra_scene import RunningSite, StartSite, free_port

from agent.charter import Resilience
from agent.preflight import check_target
from agent.target import misplaced, unreachable


async def test_a_target_is_asked_for_its_head_only(start_site: StartSite) -> None:
    site = start_site()
    assert await unreachable(site.url) == ""
    assert site.asked() == ["HEAD /"]


@pytest.mark.parametrize("refusal", ["405", "501", "403", "404", "drop", "hang"])
async def test_where_head_is_refused_the_page_itself_is_asked_for(start_site: StartSite, refusal: str) -> None:
    site = start_site(head=refusal)
    assert await unreachable(site.url) == ""
    assert site.asked() == ["HEAD /", "GET /"]


async def test_an_error_is_an_answer(start_site: StartSite) -> None:
    site = start_site()
    assert await unreachable(f"{site.url}/broken") == ""
    site = start_site(head="500")
    assert await unreachable(site.url) == ""
    assert site.asked() == ["HEAD /"]


async def test_nobody_there_is_said_with_the_remedy() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = await unreachable(url)
    assert said.startswith(f"The target {url} cannot be reached (")
    assert said.endswith("); start the application or correct the profile's url.")


async def test_a_server_that_comes_back_is_waited_for_when_a_run_is_resumed(start_site: StartSite, profile) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert "does not answer" in await check_target(profile(url), resumed=True)
    timer = threading.Timer(1.0, lambda: started.append(start_site(port=int(url.rpartition(":")[2]))))
    started: list[RunningSite] = []
    timer.start()
    assert await check_target(profile(url, resilience=Resilience(patience=20.0)), resumed=True) == ""
    timer.join()
    assert started


async def test_a_redirect_on_the_same_origin_is_fine(start_site: StartSite, profile) -> None:
    site = start_site()
    assert await check_target(profile(site.url)) == ""
    assert site.asked() == ["HEAD /", "HEAD /", "HEAD /sign-in"]


async def test_a_redirect_to_another_origin_is_named_with_the_remedy(start_site: StartSite, profile) -> None:
    other = start_site()
    site = start_site(move=f"{other.url}/portal?from=here")
    assert await check_target(profile(site.url)) == (
        f"The target {site.url} redirects to {other.url}; correct the profile's url, or add {other.url} to its "
        "allowed_origins if it belongs to the application."
    )
    assert other.asked() == [], "where it leads is not asked for anything"
    assert await check_target(profile(site.url, allowed_origins=(other.url,))) == ""


async def test_also_a_redirect_behind_an_allowed_one_is_named(start_site: StartSite) -> None:
    last = start_site()
    middle = start_site(move=last.url)
    first = start_site(move=middle.url)
    assert f"redirects to {last.url};" in await misplaced(first.url, (middle.url,))


async def test_a_target_that_sends_in_circles_is_not_misplaced(start_site: StartSite) -> None:
    site = start_site(move="/round")
    assert await misplaced(site.url) == ""
