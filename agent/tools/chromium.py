"""Finds a Chromium on this machine and starts it behind an egress fence. Knows nothing of MCP or roles."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Browser, Error, Playwright

from agent.errors import BadInput

VARIABLE = "CHARTERBOT_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "run `charterbot doctor --fix`"
# Asked in a process of its own: Playwright tells the path only with its driver running, and downloads nothing.
ASK = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
NO_SANDBOX = "sandboxing failed"
USER_NAMESPACES = (
    "{path} cannot start its sandbox here; allow user namespaces (in a container: by its seccomp profile), "
    "or set {variable} to a Chromium that brings its setuid sandbox."
)
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebRTC would pass by the resolver fence with bare addresses.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)


def find_browser(environ: Mapping[str, str]) -> Path | None:
    """CHARTERBOT_BROWSER, else a Chromium or Chrome on the PATH, else Playwright's own download, else None.

    Raises BadInput when CHARTERBOT_BROWSER names nothing that can be run.
    """
    if chosen := environ.get(VARIABLE, ""):
        path = Path(chosen)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise BadInput(f"{VARIABLE} is {chosen}, which is no program; name a Chromium, or unset it and {REMEDY}.")
        return path
    for name in NAMES:
        if found := shutil.which(name, path=environ.get("PATH", "")):
            return Path(found)
    return _playwrights_own(environ)


def require_browser(environ: Mapping[str, str]) -> Path:
    found = find_browser(environ)
    if found is None:
        raise BadInput(f"No Chromium or Chrome was found; {REMEDY}, or set {VARIABLE} to the program.")
    return found


async def launch(playwright: Playwright, path: Path, *, hosts: tuple[str, ...]) -> Browser:
    """Starts Chromium headless. Names and addresses other than `hosts` do not resolve, redirects included.

    Raises BadInput when Chromium's sandbox cannot be had here, Playwright's Error when it does not start otherwise.
    """
    fence = " , ".join(("MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)))
    args = [*QUIET, f"--host-resolver-rules={fence}"]
    # Chromium's sandbox refuses to run as root; for everybody else Playwright must be told to leave it on.
    sandbox = os.geteuid() != 0
    try:
        return await playwright.chromium.launch(executable_path=path, args=args, chromium_sandbox=sandbox)
    except Error as error:
        if NO_SANDBOX in str(error):
            raise BadInput(USER_NAMESPACES.format(path=path, variable=VARIABLE)) from None
        raise


def _playwrights_own(environ: Mapping[str, str]) -> Path | None:
    answer = subprocess.run([sys.executable, "-c", ASK], env=dict(environ), capture_output=True, text=True, check=False)
    path = Path(answer.stdout.strip() or "/nonexistent")
    return path if path.is_file() else None
