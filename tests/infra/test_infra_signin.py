"""How a role gets in: by its form, by a kept state, again, or not at all. Real browsers on a real site."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from infra_scene import PASSWORD, StartSite, person
from playwright.async_api import async_playwright

from agent.charter import Profile
from agent.tools.browser import open_browser
from agent.tools.seat import BrowserOptions, Seat
from agent.tools.signin import SignInFailed
from agent.vault import Vault

Make = Callable[..., Profile]
Options = Callable[..., BrowserOptions]


async def _state_of(options: BrowserOptions) -> dict:
    seat = Seat(options)
    try:
        await seat.open()
        assert seat.entrances() == ("form",)
        state = await seat.state()
        assert state is not None
        return dict(state)
    finally:
        await seat.close()


@pytest.mark.parametrize("login", ["cookie", "token"])
async def test_a_kept_state_lets_a_role_in_without_its_form(
    start_site: StartSite, profile: Make, options: Options, tmp_path: Path, login: str
) -> None:
    site = start_site(login=login)
    role = person("ann", sign_in=person("ann").sign_in if login == "cookie" else _at_root("ann"))
    vault, folder = Vault(tmp_path / "state.key"), tmp_path / "run"
    vault.keep(folder, "ann", await _state_of(options(role, profile(site.url))))

    seat = Seat(options(role, profile(site.url), state=Vault(tmp_path / "state.key").take(folder, "ann")))
    forms = [path for path in site.asked() if "sign-in" in path]
    try:
        await seat.open()
        assert seat.entrances() == ("kept_state",) and seat.entrances() == ()
        assert await seat.page.get_by_text("Hello ann").is_visible()
        assert [path for path in site.asked() if "sign-in" in path] == forms
    finally:
        await seat.close()


def _at_root(name: str):
    """A page whose address does not change when one signs in."""
    form = person(name).sign_in
    assert form is not None
    return type(form)("/", form.fields, form.submit)


@pytest.mark.parametrize("login", ["cookie", "token"])
async def test_a_kept_state_that_holds_no_more_is_replaced_by_the_form(
    start_site: StartSite, profile: Make, options: Options, login: str
) -> None:
    site = start_site(login=login)
    role = person("ann", sign_in=person("ann").sign_in if login == "cookie" else _at_root("ann"))
    state = await _state_of(options(role, profile(site.url)))
    site.post("/__forget")
    seat = Seat(options(role, profile(site.url), state=state))
    try:
        await seat.open()
        assert seat.entrances() == ("form",)
        assert await seat.page.get_by_text("Hello ann").is_visible()
    finally:
        await seat.close()


async def test_a_session_that_is_renewed_signs_in_by_the_form(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = options(person("ann"), profile(site.url))
    seat = Seat(own)
    try:
        await seat.open()
        seat.entrances()
        await seat.renew(restart=False)
        assert seat.entrances() == ("form",)
    finally:
        await seat.close()


async def test_a_sign_in_that_fails_is_told_and_photographed_without_its_password(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    wrong = "some-other-word"
    own = options(person("eve"), profile(site.url, secrets=(("PASSWORD", wrong),)))
    with pytest.raises(SignInFailed) as caught:
        async with open_browser(own):
            pass
    assert str(caught.value) == 'eve could not sign in: the page stayed at /sign-in; the page says "Wrong password.".'
    assert own.artefacts is not None
    picture = (own.artefacts / "sign-in-failed.jpg").read_bytes()
    assert picture.startswith(b"\xff\xd8\xff") and len(picture) > 1000


async def test_a_renewed_session_that_lets_nobody_in_is_told_apart_from_a_lost_browser(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = options(person("ann"), profile(site.url))
    seat = Seat(own)
    try:
        await seat.open()
        seat.secrets._values["PASSWORD"] = "changed-meanwhile"
        with pytest.raises(SignInFailed):
            await seat.renew(restart=False)
    finally:
        await seat.close()


async def test_a_slow_application_is_signed_in_to(start_site: StartSite, profile: Make, options: Options) -> None:
    site = start_site(delay=12)  # longer than a page is watched after its form was sent
    seat = Seat(options(person("ann"), profile(site.url)))
    try:
        await seat.open()
        assert await seat.page.get_by_text("Hello ann").is_visible()
    finally:
        await seat.close()


async def test_no_secret_can_be_read_in_the_folder_of_a_run(
    start_site: StartSite, profile: Make, options: Options, tmp_path: Path
) -> None:
    site = start_site()
    vault, folder = Vault(tmp_path / "state.key"), tmp_path / "run"
    async with async_playwright() as playwright:
        seat = Seat(options(person("ann"), profile(site.url), playwright=playwright))
        try:
            await seat.open()
            await seat.page.evaluate("localStorage.setItem('token', 'kept-in-local-storage-9')")
            state = await seat.state()
            assert state is not None
            vault.keep(folder, "ann", dict(state))
            session = state["cookies"][0]["value"]
            await asyncio.sleep(0)
            for path in (item for item in folder.rglob("*") if item.is_file()):
                data = path.read_bytes()
                for secret in (PASSWORD, session, "kept-in-local-storage-9"):
                    assert secret.encode() not in data, path
            assert vault.take(folder, "ann") == state
        finally:
            await seat.close()
