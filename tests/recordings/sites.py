"""Where a tape is played: a fresh instance of its app, as it was when the tape was made, and the profile for it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tape import Tape

from agent.charter import Profile
from agent.profiles.load import load_profile

ROOT = Path(__file__).parents[2]
REPLAYS = 1
"""A proof's replays. That a fault shows each time was proved when the tape was made; here it must show again."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A running app and its profile. `environ` is for the run, and so for the instances that proofs start."""

    profile: Profile
    environ: Mapping[str, str]


def profile_of(tape: Tape, apps: Path, folder: Path, environ: Mapping[str, str], url: str) -> Profile:
    """The profile below `apps` with the settings of the tape, from a copy in `folder`."""
    app, _, name = tape.header["app"].partition("/")
    shutil.copytree(apps / app, folder / "apps" / app)
    file = folder / "apps" / app / name / "settings.json"
    settings = {**json.loads(file.read_text(encoding="utf-8")), **tape.header["settings"], "replays": REPLAYS}
    file.write_text(json.dumps(settings), encoding="utf-8")
    return load_profile(folder / "apps", tape.header["app"], environ, url)


@contextmanager
def clubhouse(tape: Tape, folder: Path) -> Iterator[Stage]:
    """With all its defects, at the time of the recording: its data hang on the day."""
    began = datetime.fromisoformat(tape.header["began"]).replace(tzinfo=None)
    environ = {**os.environ, "CLUBHOUSE_NOW": began.isoformat(timespec="seconds")}
    command = [sys.executable, "-m", "demo.clubhouse", "--port", "0", "--build", "all"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url = process.stdout.readline().split()[3]
        yield Stage(profile_of(tape, ROOT / "apps", folder, environ, url), environ)
    finally:
        process.kill()
        process.wait()


@contextmanager
def wagtail(tape: Tape, folder: Path) -> Iterator[Stage]:
    """At the time of the recording, when the dates that were typed lay in the future and in the past."""
    environ = {**os.environ, "WAGTAIL_NOW": tape.header["began"]}
    command = [sys.executable, "-m", "tests.targets.wagtail_site", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url = process.stdout.readline().split()[3]
        yield Stage(profile_of(tape, ROOT / "tests" / "targets" / "apps", folder, environ, url), environ)
    finally:
        process.terminate()
        process.wait()


SITES: dict[str, Callable[[Tape, Path], AbstractContextManager[Stage]]] = {"clubhouse": clubhouse, "wagtail": wagtail}
