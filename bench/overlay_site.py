"""A site with one page per thing that gets in the way of a click, served over real HTTP on a free port.

Every control that would destroy, pay or send tells the server that it was pressed.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from bench.overlay_pages import DRIFT, PAGES, SCRIPT, OverlayPage


@dataclass
class OverlaySite:
    """`url` is the origin, `other` the same server under another name; `harm` lists the dangerous controls pressed."""

    pages: Sequence[OverlayPage]
    url: str = ""
    other: str = ""
    harm: list[str] = field(default_factory=list)

    def path(self, page: OverlayPage) -> str:
        return f"/page/{self.pages.index(page)}"


def _handler(site: OverlaySite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None: ...

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/page/"):
                page = site.pages[int(path.removeprefix("/page/"))]
                self._answer(f"<title>{page.name}</title>{SCRIPT}{page.body}".replace("OTHER", site.other))
            elif path == "/frames/drift":
                self._answer(DRIFT.replace("HOME", site.url))
            else:
                self._answer("<title>Elsewhere</title><h1>Elsewhere</h1>")

        def do_POST(self) -> None:
            site.harm.append(unquote(self.path.removeprefix("/harm/")))
            self._answer("")

        def _answer(self, body: str) -> None:
            data = f"<!doctype html>{body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serve_overlays(pages: Sequence[OverlayPage] = PAGES) -> Iterator[OverlaySite]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site := OverlaySite(pages)))
    server.daemon_threads = True
    server.block_on_close = False
    port = server.server_address[1]
    site.url, site.other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
