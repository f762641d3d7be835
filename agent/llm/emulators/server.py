"""The HTTP side of the wire emulators: a small real server whose answers a function decides, with every bad manner
that servers and networks have. Knows no protocol.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Manner = Literal["whole", "drip", "cut", "reset", "hang"]
DRIP_SECONDS = 0.1
HANG_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came. Header names are in lower case; `at` is `time.monotonic()`, common to all processes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    at: float

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.raw)


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is sent as it is when it is text or bytes, else as JSON; `delay` is in seconds, before the first byte.

    `manner`: `drip` sends the body in small pieces over `drip` seconds, `cut` closes in the middle of the body with the
    full length announced, `reset` closes without any answer, `hang` never answers.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    manner: Manner = "whole"
    drip: float = 1.0


@dataclass
class Served:
    """`url` has no trailing slash; `asked` holds the requests in the order in which they came."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(decide: Callable[[Asked], Answer], port: int = 0) -> Iterator[Served]:
    """Serves on the loopback address until the block ends. `decide` is called by one thread at a time."""
    served = Served("")
    server = _Server(("127.0.0.1", port), _handler(served, decide))
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _handler(served: Served, decide: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, raw, time.monotonic())
            with served.lock:
                served.asked.append(asked)
                answer = decide(asked)
            if answer.delay:
                served.closing.wait(answer.delay)
            try:
                self._send(answer)
            except OSError:
                self.close_connection = True  # the client gave up waiting

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def _send(self, answer: Answer) -> None:
            if answer.manner in ("hang", "reset"):
                if answer.manner == "hang":
                    served.closing.wait(HANG_SECONDS)
                self._reset()
                return
            body = _bytes(answer.body)
            self.send_response(answer.status)
            for name, value in {"content-type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if answer.status == 204:
                return
            if answer.manner == "cut":
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                self._reset()
            elif answer.manner == "drip":
                self._drip(body, answer.drip)
            else:
                self.wfile.write(body)
            self.wfile.flush()

        def _drip(self, body: bytes, seconds: float) -> None:
            pieces = max(1, int(seconds / DRIP_SECONDS))
            size = max(1, -(-len(body) // pieces))
            for start in range(0, len(body), size):
                self.wfile.write(body[start : start + size])
                self.wfile.flush()
                if served.closing.wait(DRIP_SECONDS):
                    return

        def _reset(self) -> None:
            """A hard reset rather than an orderly end."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
