"""The demo's voice: lines of what happened and, on a terminal, one line below them of what goes on."""

import time

from rich.console import Console
from rich.status import Status

PLAIN_SECONDS = 15.0


class Teller:
    """Tells on `console`. On a terminal the status line is live; elsewhere it is printed every 15 seconds."""

    def __init__(self, console: Console):
        self._console = console
        self._began = time.monotonic()
        self._told = 0.0
        self._status: Status | None = Status("", console=console) if console.is_terminal else None

    def __enter__(self) -> "Teller":
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def say(self, text: str, style: str = "") -> None:
        self._console.print(f"{self._clock()}  {text}", style=style, highlight=False, markup=False, soft_wrap=True)

    def status(self, text: str) -> None:
        if self._status:
            self._status.update(f"{self._clock()}  {text}")
        elif time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            self.say(f"  … {text}")

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"{seconds // 60:02}:{seconds % 60:02}"
