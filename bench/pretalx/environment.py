"""pretalx's own environment, made once: a virtual environment from pinned requirements, and the template, a filled
database with its static files that every instance starts from. Knows no faults."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
FILLED_BY = (HERE / "inside" / "seed.py", HERE / "inside" / "settings.py")
MAKING_SECONDS = 600
PINNED = re.search(r"^pretalx==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.M)
VERSION = PINNED[1] if PINNED else ""
CONFIG = """[filesystem]
data = {folder}
static = {static}
[site]
debug = False
url = {url}
secret = only-for-a-target-under-test
"""


class CannotInstall(Exception):
    """pretalx cannot be installed or filled here. `str(error)` is one sentence with the reason."""


@dataclass(frozen=True, slots=True)
class Environment:
    """`python` is pretalx's own interpreter; `template` holds `db.sqlite3`, `media` and `static`."""

    python: Path
    template: Path

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` for a process in this environment, without what would reach it from ours."""
        ours = ("PRETALX_", "PYTHON", "DJANGO_")
        kept = {name: value for name, value in environ.items() if not name.startswith(ours)}
        inside = {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "DJANGO_SETTINGS_MODULE": "inside.settings"}
        return kept | inside | {"PRETALX_CONFIG_FILE": "pretalx.cfg", "PRETALX_NO_INITIAL_LOG": "1"}


def default_folder() -> Path:
    return Path.cwd() / ".charterbot" / f"pretalx-{VERSION}"


def prepare(folder: Path) -> Environment:
    """The environment in `folder`, made where it is missing or was made from other pins. Raises CannotInstall."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    made = Environment(folder / "venv" / "bin" / "python", folder / "template")
    with _alone(folder):
        _once(folder / "venv", _digest(REQUIREMENTS), lambda: _install(made))
        _once(folder / "template", _digest(REQUIREMENTS, *FILLED_BY), lambda: _fill(made))
    return made


def write_config(folder: Path, environment: Environment, url: str) -> None:
    text = CONFIG.format(folder=folder, static=environment.template / "static", url=url)
    (folder / "pretalx.cfg").write_text(text, encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time makes it; the others wait and find it made."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _once(folder: Path, digest: str, make: Callable[[], None]) -> None:
    """`folder` as `make` leaves it, made anew where what it was made from has changed or it was not finished."""
    stamp = folder.with_name(f"{folder.name}.made")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    make()
    stamp.write_text(digest, encoding="utf-8")


def _install(made: Environment) -> None:
    folder = made.python.parents[1]
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    pinned = ("install", "--quiet", "--require-hashes", "--requirement", str(REQUIREMENTS))
    by_pip = [(sys.executable, "-m", "venv", str(folder)), (str(made.python), "-m", "pip", *pinned)]
    ways: list[list[tuple[str, ...]]] = [by_pip]
    if uv:
        ways.insert(0, [(uv, "venv", "--quiet", "--python", sys.executable, str(folder)), (uv, "pip", *pinned)])
    # Where a registry is only known to pip, uv finds nothing.
    for commands in ways:
        shutil.rmtree(folder, ignore_errors=True)
        if all(_runs(command, folder, os.environ | {"VIRTUAL_ENV": str(folder)}) for command in commands):
            return
    raise CannotInstall(f"pretalx {VERSION} could not be installed: is a package registry within reach?")


def _fill(made: Environment) -> None:
    made.template.mkdir()
    write_config(made.template, made, "http://pretalx.invalid")
    if not _runs((str(made.python), "-m", "inside.seed"), made.template, made.variables(os.environ)):
        raise CannotInstall(f"pretalx {VERSION} is installed, but its database could not be filled.")


def _runs(command: tuple[str, ...], folder: Path, variables: Mapping[str, str]) -> bool:
    """What it says goes into a file beside `folder`; a registry's address in it stays there."""
    with folder.with_name(f"{folder.name}.log").open("a") as log:
        place = folder if folder.is_dir() else folder.parent
        try:
            ended = subprocess.run(
                command, cwd=place, env=variables, stdout=log, stderr=log, timeout=MAKING_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return ended.returncode == 0
