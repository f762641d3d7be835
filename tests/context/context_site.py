"""A small site with faults that its build switches on, a process of its own. No menu: one finds a page through those
above it, so that whoever forgets where a page was has to look again.

`python context_site.py --port N --build search,team`; the build `clean` has none. A reset forgets the notes.
"""

import argparse
import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FAULTS = ("search", "team", "archive", "contact", "notes", "hidden")
FRAME = """<!doctype html><html lang="en"><head><title>{title}</title><link rel="icon" href="data:,"></head><body>
<main><h1>{title}</h1>{body}</main></body></html>"""
FORM = '<form method="{method}"><label>{field} <input name="v"></label><button>{button}</button></form>'
PARAGRAPH = (
    "<p>{name}: this page tells at some length what there is to know, so that a few pages fill a small window.</p>"
)
PAGES: dict[str, tuple[str, ...]] = {
    "/": ("/shop", "/desk", "/news"),
    "/shop": ("/shop/tools", "/shop/search", "/shop/books"),
    "/shop/tools": ("/shop/tools/hammer", "/shop/tools/pliers", "/shop/tools/saw"),
    "/shop/tools/hammer": (),
    "/shop/tools/pliers": (),
    "/shop/tools/saw": (),
    "/shop/books": ("/shop/books/maps", "/shop/books/poems"),
    "/shop/books/maps": (),
    "/shop/books/poems": (),
    "/shop/search": (),
    "/desk": ("/desk/contact", "/desk/notes", "/desk/team"),
    "/desk/contact": (),
    "/desk/notes": (),
    "/desk/team": (),
    "/news": ("/news/today", "/news/archive"),
    "/news/today": (),
    "/hidden": (),
}


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, build: str):
        super().__init__(("127.0.0.1", port), Page)
        self.build = build
        self.faults = frozenset(build.split(","))
        self.notes: list[str] = []


class Page(BaseHTTPRequestHandler):
    @property
    def site(self) -> Site:
        assert isinstance(self.server, Site)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        value = parse_qs(parts.query).get("v", [""])[0]
        faults = self.site.faults
        match parts.path:
            case "/version":
                self._send(200, json.dumps({"build": self.site.build}).encode(), "application/json")
            case "/shop/search" if "search" in faults and "'" in value:
                self._broken()
            case "/shop/search":
                self._page(parts.path, FORM.format(method="get", field="Term", button="Find"))
            case "/desk/contact":
                self._page(parts.path, FORM.format(method="post", field="Message", button="Send"))
            case "/desk/notes":
                kept = "".join(f"<li>{html.escape(note)}</li>" for note in self.site.notes)
                form = FORM.format(method="post", field="Note", button="Save note")
                self._page(parts.path, f"{form}<ul>{kept}</ul>")
            case "/desk/team" if "team" in faults:
                self._page(parts.path, "<script>window.members.count();</script>")
            case "/news/archive" if "archive" not in faults:
                self._page(parts.path, "")
            case "/hidden" if "hidden" in faults:
                self._broken()
            case path if path in PAGES:
                self._page(path, "")
            case _:
                self._send(404, FRAME.format(title="Not found", body="").encode())

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        value = form.get("v", [""])[0]
        match urlsplit(self.path).path:
            case "/__reset":
                self.site.notes.clear()
                self._send(200, b"{}", "application/json")
            case "/desk/contact" if "contact" in self.site.faults and not value:
                self._broken()
            case "/desk/notes" as path:
                if "notes" not in self.site.faults and value:
                    self.site.notes.append(value)
                self._move(path)
            case path:
                self._move(path)

    def _page(self, path: str, body: str) -> None:
        name = path.rpartition("/")[2].capitalize() or "Home"
        links = "".join(f'<a href="{below}">{below.rpartition("/")[2]}</a> ' for below in PAGES.get(path, ()))
        text = FRAME.format(title=name, body=PARAGRAPH.format(name=name) * 3 + body + f"<nav>{links}</nav>")
        self._send(200, text.encode())

    def _broken(self) -> None:
        self._send(500, FRAME.format(title="Error", body="<p>Something broke.</p>").encode())

    def _move(self, path: str) -> None:
        self.send_response(303)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, data: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", default="clean")
    wanted = parser.parse_args()
    Site(wanted.port, wanted.build).serve_forever()
