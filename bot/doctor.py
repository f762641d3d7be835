"""What this machine has and lacks, each with its remedy. `fix` installs what can be installed without asking.

Knows programs and settings, nothing of runs or GitHub's content.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from agent.errors import BadInput
from agent.llm.models import check_settings
from agent.tools.chromium import find_browser, launch
from bot.config import Settings, load_settings
from bot.reasoner import llm_settings
from bot.redis import find_redis

INSTALL_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report. `remedy` is empty when `ok`; `needed` ones decide the exit code."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = True


async def examine(environ: Mapping[str, str]) -> list[Check]:
    """Every check, in the order in which a newcomer should mend them."""
    checks = [_check_python(), await _check_browser(environ)]
    try:
        settings = load_settings(environ)
    except BadInput as error:
        return [*checks, Check("settings", False, str(error), "Correct the variable or the line in .env.")]
    redis = _check_redis(environ)
    return [*checks, redis, _check_folder(settings), await _check_reasoner(settings), _check_app(settings)]


def _check_python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Check("python", ok, found, "" if ok else "Install Python 3.11 and run `make setup` again.")


async def _check_browser(environ: Mapping[str, str]) -> Check:
    try:
        path = find_browser(environ)
    except BadInput as error:
        return Check("browser", False, str(error), "Set CHARTERBOT_BROWSER to an executable Chromium or unset it.")
    if path is None:
        return Check("browser", False, "no Chromium or Chrome found", _advice("browser", "chromium"))
    try:
        async with async_playwright() as playwright, asyncio.timeout(30):
            browser = await launch(playwright, path, hosts=())
            version = browser.version
            await browser.close()
    except BadInput as error:
        return Check("browser", False, str(error), "Allow it: `sysctl -w kernel.unprivileged_userns_clone=1`.")
    except (PlaywrightError, TimeoutError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no answer in 30 s"
        return Check("browser", False, f"{path} does not start: {first}", _advice("browser", "chromium"))
    return Check("browser", True, f"{path} ({version})")


def _check_redis(environ: Mapping[str, str]) -> Check:
    if url := environ.get("CHARTERBOT_REDIS_URL"):
        return Check("redis", True, f"CHARTERBOT_REDIS_URL is set ({url.rpartition('@')[2]})")
    path = find_redis(environ)
    if path is None:
        return Check("redis", False, "no redis-server or valkey-server found", _advice("redis", "redis-server"))
    return Check("redis", True, str(path))


def _check_folder(settings: Settings) -> Check:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check("data folder", False, f"{folder}: {error.strerror}", "Set CHARTERBOT_DATA_DIR to a writable one.")
    return Check("data folder", True, str(folder.resolve()))


async def _check_reasoner(settings: Settings) -> Check:
    if settings.llm == "scout":
        return Check("reasoner", True, "scout, the built-in explorer (needs no key)")
    try:
        name = await check_settings(llm_settings(settings))
    except BadInput as error:
        return Check("reasoner", False, str(error), "Or set CHARTERBOT_LLM=scout, which needs no model and no key.")
    return Check("reasoner", True, f"{settings.llm}, model {name}; `charterbot doctor --llm` asks it")


async def ask_model(environ: Mapping[str, str]) -> list[Check]:
    """`doctor --llm`: one round trip with the configured model."""
    from agent.llm.probe import probe

    try:
        settings = load_settings(environ)
    except BadInput as error:
        return [Check("settings", False, str(error), "Correct the variable or the line in .env.")]
    if settings.llm == "scout":
        hint = "Set CHARTERBOT_LLM to gemini or openai to have a model asked."
        return [Check("model", True, f"scout, the built-in explorer, needs no model. {hint}")]
    found = await probe(llm_settings(settings))
    checks = [Check("model", True, f"{settings.llm}, {found.model}: {line}") for line in found.said]
    if found.problem:
        remedy = "Or set CHARTERBOT_LLM=scout, which needs no model and no key."
        checks.append(Check("model", False, found.problem, remedy))
    return checks


def _check_app(settings: Settings) -> Check:
    ready = bool(settings.app_id and settings.webhook_secret.get_secret_value())
    detail = f"App {settings.app_id}" if ready else "not configured (the demo brings its own)"
    remedy = "" if ready else "Set CHARTERBOT_APP_ID, CHARTERBOT_PRIVATE_KEY_PATH and CHARTERBOT_WEBHOOK_SECRET."
    return Check("GitHub App", ready, detail, remedy, needed=False)


def _advice(what: str, package: str) -> str:
    """The one line that installs it here: ours as root, the administrator's otherwise."""
    if os.geteuid() == 0:
        return "Run `charterbot doctor --fix`."
    own = "`.venv/bin/playwright install chromium`, or as root " if what == "browser" else "as root "
    return f"Run {own}`apt-get install -y {package}`."


async def fix(environ: Mapping[str, str], say: Callable[[str], None]) -> list[Check]:
    """Install what is missing, then examine again. Distribution packages are installed only as root."""
    if not (await _check_browser(environ)).ok:
        say("Installing a browser: Playwright's own download ...")
        arguments = ["install", *(["--with-deps"] if os.geteuid() == 0 else []), "chromium"]
        await _run([sys.executable, "-m", "playwright", *arguments])
        if not (await _check_browser(environ)).ok:
            await _install_package("chromium", say)
    if not _check_redis(environ).ok:
        await _install_package("redis-server", say)
    return await examine(environ)


async def _install_package(package: str, say: Callable[[str], None]) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"Installing the distribution's package {package} ...")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    await _run(["apt-get", "update", "-qq"], quiet)
    await _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], quiet)


async def _run(command: list[str], extra: Mapping[str, str] | None = None) -> bool:
    """Whether the command ended well in time. Its words go to a log: the check that follows says what counts."""
    log = Path(tempfile.gettempdir()) / f"charterbot-install-{os.getpid()}.log"
    with log.open("ab") as output:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdout=output,
            stderr=output,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, **(extra or {})},
        )
        try:
            async with asyncio.timeout(INSTALL_SECONDS):
                return await child.wait() == 0
        except TimeoutError:
            child.kill()
            await child.wait()
            return False
