"""One running pretalx as a process: what explores or proves starts it with faults, puts it back, ends it."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.request import Request, urlopen

from bench.pretalx import environment

ANSWER_SECONDS = 60
STOP_SECONDS = 5
TOLD = re.compile(r"pretalx listening on (http://\S+) build ")


class StartFailed(Exception):
    """pretalx did not come up. `str(error)` is one sentence with its last words."""


class Instance:
    """A context manager. `faults`: a list as PRETALX_FAULTS takes it, or a build's name; `url` is where it answers."""

    def __init__(self, faults: str = "none", folder: Path | None = None) -> None:
        self.faults = faults
        self.url = ""
        self._folder = folder or environment.default_folder()
        self._said: IO[str] | None = None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self, port: int = 0) -> str:
        """The url, once it answers. A missing environment is made before. Raises CannotInstall, StartFailed."""
        environment.prepare(self._folder)
        command = [sys.executable, "-m", "bench.pretalx", "--port", str(port), "--build", self.faults]
        # A file: nobody would empty a pipe while pretalx runs.
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in stop()
        self._process = subprocess.Popen(
            [*command, "--folder", str(self._folder)], stdout=subprocess.PIPE, stderr=self._said, text=True
        )
        assert self._process.stdout
        if told := TOLD.match(self._process.stdout.readline()):
            self.url = told[1]
            return self.url
        self._process.wait()
        self._said.seek(0)
        words = self._said.read().strip().splitlines()
        self.stop()
        raise StartFailed(f"pretalx did not start: {words[-1] if words else 'no output'}")

    def switch(self, faults: str) -> str:
        """Starts anew with other faults and with the data as they were at first; the url of the new instance."""
        self.stop()
        self.faults = faults
        return self.start()

    def build(self) -> str:
        with urlopen(f"{self.url}/__version", timeout=ANSWER_SECONDS) as answer:
            return str(json.load(answer)["build"])

    def reset(self) -> None:
        urlopen(Request(f"{self.url}/__reset", method="POST"), timeout=ANSWER_SECONDS).close()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, self._said):
            if stream:
                stream.close()
