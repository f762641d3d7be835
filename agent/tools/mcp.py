"""One MCP server over stdio: a process, a queue, one task that owns the client. Knows nothing of browsers.

The SDK's client must be entered and left in one task, and Playwright's server runs calls interleaved: hence the queue.
"""

import asyncio
import os
import time
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, TextContent, Tool

from agent.charter import ServerSpec
from agent.tools.secrets import Secrets
from agent.tools.surface import Image, ToolCall, ToolResult, ToolSpec

TIMED_OUT = -32001
START_SECONDS = 20.0
CALL_SECONDS = 30.0
RESTARTS = 3
BACK_OFF = 0.5
LONGEST = 12_000
LARGEST_IMAGE = 4_000_000
"""Characters of base64."""
HIDDEN_PARAMETERS = frozenset({"element", "filename", "boxes", "isolatedContext", "_meta"})
HIDDEN_KEYS = frozenset({"$schema", "additionalProperties"})


class Hung(Exception):
    """The server did not answer in time. It may still work on the call."""


class Gone(Exception):
    """The server's process ended, or never came up."""


@dataclass(slots=True)
class _Job:
    tool: str
    args: Mapping[str, Any]
    seconds: float
    answer: asyncio.Future[CallToolResult]


class Wire:
    """A running server. `start` before the first call, `stop` at the end; a stopped or dead wire is not reused."""

    def __init__(self, command: StdioServerParameters, log: Path) -> None:
        self._command = command
        self._log = log
        self._jobs: asyncio.Queue[_Job | None] = asyncio.Queue()
        self._owner: asyncio.Task[None] | None = None
        self._dead = False
        self._busy = True
        self.tools: tuple[Tool, ...] = ()

    async def start(self) -> None:
        """Raises Gone when the server does not come up."""
        ready: asyncio.Future[tuple[Tool, ...]] = asyncio.get_running_loop().create_future()
        self._owner = asyncio.create_task(self._own(ready), name="mcp-wire")
        try:
            async with asyncio.timeout(START_SECONDS):
                self.tools = await ready
        except TimeoutError:
            await self.stop()
            raise Gone(f"{self._command.command} did not start within {START_SECONDS:.0f} s") from None

    async def call(self, tool: str, args: Mapping[str, Any], seconds: float) -> CallToolResult:
        """Raises Hung after `seconds` without an answer, Gone when the process ended."""
        if self._dead:
            raise Gone("the server has ended")
        job = _Job(tool, args, seconds, asyncio.get_running_loop().create_future())
        self._jobs.put_nowait(job)
        return await job.answer

    async def stop(self) -> None:
        """Ends the process; gently first, then by force after some seconds. A start or call under way is given up."""
        self._jobs.put_nowait(None)
        if self._owner is not None:
            if self._busy:
                self._owner.cancel()
            await asyncio.wait({self._owner})

    async def _own(self, ready: asyncio.Future[tuple[Tool, ...]]) -> None:
        cause = "the server has ended"
        try:
            with self._log.open("a") as log:
                async with Client(stdio_client(self._command, errlog=log), mode="legacy") as client:
                    ready.set_result(tuple((await client.list_tools()).tools))
                    self._busy = False
                    while (job := await self._jobs.get()) is not None:
                        self._busy = True
                        if not await _serve(client, job):
                            break
                        self._busy = False
        # The SDK wraps whatever leaves its task group; every such end means the same here.
        except (BaseExceptionGroup, MCPError, OSError) as error:
            cause = _leaf(error)
        finally:
            self._dead = True
            if not ready.done():
                ready.set_exception(Gone(f"{self._command.command} did not start: {cause}"))
            while not self._jobs.empty():
                job = self._jobs.get_nowait()
                if job is not None and not job.answer.done():
                    job.answer.set_exception(Gone(cause))


async def _serve(client: Client, job: _Job) -> bool:
    """Answers one job; False when the server is gone."""
    if job.answer.done():
        return True
    try:
        result = await client.call_tool(job.tool, dict(job.args), read_timeout_seconds=job.seconds)
    except asyncio.CancelledError:
        if not job.answer.done():
            job.answer.set_exception(Gone("the server was stopped"))
        raise
    except MCPError as error:
        hung = error.code == TIMED_OUT
        if not job.answer.done():
            job.answer.set_exception(Hung(f"no answer in {job.seconds:.0f} s") if hung else Gone(error.message))
        return hung
    except RuntimeError as error:
        # The SDK checks the answer against the tool's own schema; the server and its session are still sound.
        result = CallToolResult(content=[TextContent(type="text", text=str(error))], is_error=True)
    except Exception as error:  # noqa: BLE001 - whatever it was, the caller must not wait for ever
        if not job.answer.done():
            job.answer.set_exception(Gone(_leaf(error)))
        return False
    if not job.answer.done():
        job.answer.set_result(result)
    return True


def _leaf(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


def text_of(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


def images_of(result: CallToolResult) -> tuple[Image, ...]:
    """The pictures of an answer; one that is too large or no base64 is left out."""
    found = []
    for part in result.content:
        if part.type == "image" and len(part.data) <= LARGEST_IMAGE:
            with suppress(ValueError):
                found.append(Image(part.mime_type, b64decode(part.data, validate=True)))
    return tuple(found)


def trim_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what the model must not set or need not read."""
    return _trim(schema)


def _trim(value: Any) -> Any:
    if isinstance(value, list):
        return [_trim(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: _trim(item) for key, item in value.items() if key not in HIDDEN_KEYS}
    properties = kept.get("properties")
    if isinstance(properties, dict):
        kept["properties"] = {key: item for key, item in properties.items() if key not in HIDDEN_PARAMETERS}
    return kept


class McpSurface:
    """A server that the profile declares beside the browser. `folder` is its working directory and log place.

    It is started at the first use; a server that ends is started again, at most three times in a session.
    """

    def __init__(
        self, spec: ServerSpec, folder: Path, secrets: Secrets, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name = spec.name
        self._spec = spec
        self._folder = folder
        self._secrets = secrets
        self._environ = os.environ if environ is None else environ
        self._wire: Wire | None = None
        self._restarts = 0
        self._lock = asyncio.Lock()

    async def tools(self) -> tuple[ToolSpec, ...]:
        """Raises Gone when the server cannot be started."""
        async with self._lock:
            wire = self._wire or await self._start()
        return tuple(
            ToolSpec(
                tool.name,
                tool.description or "",
                trim_schema(tool.input_schema),
                tool.name in self._spec.writes,
                self.name,
            )
            for tool in wire.tools
            if tool.name in self._spec.tools
        )

    async def call(self, call: ToolCall) -> ToolResult:
        started = time.monotonic()
        if call.tool not in self._spec.tools:
            return ToolResult(call.id, "denied", f"{self.name} has no tool {call.tool}.")
        async with self._lock:
            result = await self._call(call)
        return replace(result, text=self._fit(result.text), seconds=time.monotonic() - started)

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.stop()
            self._wire = None

    async def _call(self, call: ToolCall) -> ToolResult:
        try:
            wire = self._wire or await self._start()
            args = {key: value for key, value in call.args.items() if key != "_meta"}
            result = await wire.call(call.tool, args, CALL_SECONDS)
        except Hung as error:
            return ToolResult(call.id, "tool_error", f"{self.name}: {error}; the effect of the call is unknown.")
        except Gone as error:
            return await self._restarted(call, error)
        status = "tool_error" if result.is_error else "ok"
        return ToolResult(call.id, status, text_of(result), images=images_of(result))

    async def _restarted(self, call: ToolCall, error: Gone) -> ToolResult:
        while self._restarts < RESTARTS:
            self._restarts += 1
            await self.close()
            await asyncio.sleep(BACK_OFF * 2 ** (self._restarts - 1))
            try:
                await self._start()
            except Gone as again:
                error = again
                continue
            text = f"session lost: {self.name} ended during the call and was restarted; the call's effect is unknown."
            return ToolResult(call.id, "tool_error", text)
        await self.close()
        return ToolResult(call.id, "lost", f"{self.name} is lost: {error}; its tools cannot be used any more.")

    async def _start(self) -> Wire:
        command, *args = self._spec.command
        env = {name: self._environ[name] for name in self._spec.env if name in self._environ}
        parameters = StdioServerParameters(command=command, args=args, env=env, cwd=self._folder)
        wire = Wire(parameters, self._folder / f"{self.name}.log")
        await wire.start()
        self._wire = wire
        return wire

    def _fit(self, text: str) -> str:
        text = self._secrets.mask(text)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… {len(text) - LONGEST} characters cut"
