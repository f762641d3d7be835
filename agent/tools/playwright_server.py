"""Starts the official Playwright MCP server from the installed wheel, on a Chromium that Python owns.

`browser.bind()` and `--endpoint` are young and the driver's place is private: the wheel is pinned, with contract tests.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mcp import StdioServerParameters
from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Browser, Playwright

from agent.charter import Profile
from agent.tools.chromium import launch
from agent.tools.egress import hosts


@dataclass(frozen=True, slots=True)
class Launched:
    """A running Chromium and the socket over which MCP servers attach to it."""

    browser: Browser
    endpoint: str


class SharedChromium:
    """One Chromium for several roles. When it ends it is started once more for all of them; a second end is final.

    Whoever made it closes it.
    """

    def __init__(self, launched: Launched, launch: Callable[[], Awaitable[Launched]]) -> None:
        self.current = launched
        self._launch = launch
        self._lock = asyncio.Lock()
        self._restarted = False

    async def renewed(self) -> Launched | None:
        """A running one: the present one if another role has started it again already. None when it ended twice."""
        async with self._lock:
            if not self.current.browser.is_connected():
                if self._restarted:
                    return None
                self._restarted = True
                self.current = await self._launch()
            return self.current

    async def close(self) -> None:
        await self.current.browser.close()


async def share(playwright: Playwright, path: Path, profile: Profile, folder: Path) -> SharedChromium:
    """A Chromium that roles share, and that comes back once."""
    launch = partial(launch_bound, playwright, path, profile, folder)
    return SharedChromium(await launch(), launch)


async def launch_bound(playwright: Playwright, path: Path, profile: Profile, folder: Path) -> Launched:
    """The caller closes the browser."""
    browser = await launch(playwright, path, hosts=hosts(profile.url, profile.allowed_origins))
    bound = await browser.bind(f"charterbot-{secrets.token_hex(6)}", workspace_dir=str(folder))
    return Launched(browser, bound["endpoint"])


def driver_command() -> tuple[str, str]:
    """The wheel's own Node and its program. Without the Python wrapper, signals reach the server itself."""
    return compute_driver_executable()


def server_command(endpoint: str, folder: Path, viewport: tuple[int, int]) -> StdioServerParameters:
    """One isolated context on the bound browser. The environment is the SDK's minimal one: no keys leak into it."""
    node, program = driver_command()
    width, height = viewport
    flags = ["--headless", "--isolated", "--endpoint", endpoint, "--codegen", "python", "--no-webmcp", "--ignore-roots"]
    limits = ["--timeout-action", "1500", "--timeout-navigation", "15000", "--timeout-settle", "100"]
    rest = ["--snapshot-mode", "none", "--idle-timeout", "0", "--viewport-size", f"{width}x{height}"]
    return StdioServerParameters(
        command=node, args=[program, "mcp", *flags, *limits, *rest], cwd=folder, env={"PW_LANG_NAME": "python"}
    )
