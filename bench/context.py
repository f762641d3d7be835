"""What a request of a long run holds: how much shorter it is than all that was seen, and how much of it providers have
cached. A whole run of one role, with a real browser, on an office application; only the reasoner is code.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from agent.book import MemoryBook
from agent.charter import Charter, Profile, Role
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.scout.explorer import Scout
from agent.llm.tokens import Gauge

TURNS = 200
CAPABILITIES = ("Look up and filter records", "Change a record", "Find a customer's orders")


@dataclass(frozen=True, slots=True)
class ContextFigures:
    """`median_request_share` is the median over the turns of a request's tokens by those of one that keeps the same
    observations in full, with the same system text and tools. `prefix_unchanged` is the median share of a request's
    characters with which the one before began too. Tokens are our own estimate."""

    turns: int
    median_request_share: float
    prefix_unchanged: float
    median_tokens: int
    largest_tokens: int
    last_uncompressed_tokens: int
    tokens_per_observation: int
    fixed_tokens: int
    """Of the system text and the tools."""


@dataclass(slots=True)
class Weighing:
    """The explorer in a model's seat, on a scale."""

    scout: Scout
    name: str = "scout"
    vision: bool = False
    tokens: list[int] = field(default_factory=list)
    uncompressed: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    fixed: int = 0
    _all: list[Message] = field(default_factory=list)
    _before: str = ""

    async def generate(self, request: ModelRequest) -> ModelReply:
        self._weigh(request)
        return await self.scout.generate(request)

    async def close(self) -> None:
        await self.scout.close()

    def _weigh(self, request: ModelRequest) -> None:
        self._all += _newest_turn(request.messages) if self._all else request.messages[:-1]
        whole = replace(request, messages=(*self._all, request.messages[-1]))
        self.fixed = _tokens(replace(request, messages=()))
        self.tokens.append(_tokens(request))
        self.uncompressed.append(_tokens(whole))
        text = _serialised(request)
        self.shares.append(_begins_alike(self._before, text) / len(text))
        self._before = text


async def measure(turns: int = TURNS) -> ContextFigures:
    """Takes about a second per turn."""
    scale = Weighing(Scout())
    with tempfile.TemporaryDirectory(prefix="charterbot-bench-") as name, _office() as url:
        folder = Path(name)
        role = Role("clerk", None, capabilities=CAPABILITIES, iterations=turns)
        run = CrewRun(
            charter=Charter("Explore the whole office.", "Office", "local"),
            profile=Profile("Office", "local", folder, url, "local", (role,)),
            model=lambda _: scale,
            journal=FileJournal(folder / "journal.jsonl"),
            book=MemoryBook(),
            folder=folder,
            environ=os.environ,
        )
        await run_crew(run)
    return figures(scale)


def figures(scale: Weighing) -> ContextFigures:
    made = list(zip(scale.tokens, scale.uncompressed, strict=True))
    return ContextFigures(
        turns=len(made),
        median_request_share=statistics.median(sent / whole for sent, whole in made),
        prefix_unchanged=statistics.median(scale.shares[1:]),
        median_tokens=round(statistics.median(scale.tokens)),
        largest_tokens=max(scale.tokens),
        last_uncompressed_tokens=scale.uncompressed[-1],
        tokens_per_observation=round((scale.uncompressed[-1] - scale.fixed) / len(made)),
        fixed_tokens=scale.fixed,
    )


def _newest_turn(messages: tuple[Message, ...]) -> list[Message]:
    """The last reply with its answers; nothing when a closing took it away, which then counts for the other side."""
    begins = [index for index, message in enumerate(messages) if message.role == "assistant"]
    return [m for m in messages[begins[-1] :] if m.role != "user"] if begins else []


def _begins_alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    unlike = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unlike, min(len(one), len(other)))


def _tokens(request: ModelRequest) -> int:
    return Gauge().tokens(request, Traits())


def _serialised(request: ModelRequest) -> str:
    """As the canonical records stand: providers' own forms of them are made of the same texts in the same order."""
    tools = [[spec.name, spec.description, dict(spec.parameters)] for spec in request.tools]
    messages = [asdict(replace(message, images=(), state=None)) for message in request.messages]
    return json.dumps([tools, request.system, messages], ensure_ascii=False, default=str)


@contextlib.contextmanager
def _office() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.context_site", "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(400):
            with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(url, timeout=2):
                break
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()
