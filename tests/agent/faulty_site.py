"""A small site with faults that its build switches on, run as a process of its own: the target of the agent's tests.

`python faulty_site.py --port N --build search,help`; the build `clean` has none. Items can be added; a reset forgets
them. Every writing request is counted at /__writes.
"""

import argparse
import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "correct-horse-9"
FRAME = """<!doctype html><html lang="en"><head><title>{title}</title><link rel="icon" href="data:,"></head><body>
<nav><a href="/">Home</a> <a href="/items">Items</a> <a href="/search">Search</a> <a href="/help">Help</a>
<a href="/terms">Terms</a></nav><main><h1>{title}</h1>{body}</main></body></html>"""
HOVER = """<p>Be kind.</p><button onmouseover="location='/help'">Desk</button>"""
SIGN_IN = """<form method="post"><label>Email <input name="email"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"""
ITEMS = """<form method="post"><label>Name <input name="name"></label><button>Add item</button></form><ul>{rows}</ul>"""
SEARCH = """<form><label>Term <input name="q"></label><button>Find</button></form><p>{said}</p>"""


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, build: str):
        super().__init__(("127.0.0.1", port), Page)
        self.build = build
        self.faults = frozenset(build.split(","))
        self.items: list[str] = []
        self.writes = 0
        self.resets = 0


class Page(BaseHTTPRequestHandler):
    @property
    def site(self) -> Site:
        assert isinstance(self.server, Site)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        match parts.path:
            case "/version":
                self._json({"build": self.site.build})
            case "/__counts":
                self._json({"writes": self.site.writes, "resets": self.site.resets})
            case "/sign-in":
                self._page("Sign in", SIGN_IN)
            case _ if "who=" not in self.headers.get("Cookie", ""):
                self._move("/sign-in")
            case "/":
                self._page("Home", "<p>Welcome.</p>")
            case "/hang":
                self._page("Hang", "<script>setTimeout(() => { while (true) {} }, 100)</script>")
            case "/items":
                rows = "".join(f"<li>{html.escape(item)}</li>" for item in self.site.items)
                self._page("Items", ITEMS.format(rows=rows))
            case "/search":
                self._search(query.get("q", ""))
            case "/help":
                script = "<script>window.missing.call();</script>" if "help" in self.site.faults else ""
                told = "Come back later." if "desk" in self.site.faults else "Ask at the desk."
                self._page("Help", f"<p>{told}</p>{script}")
            case "/terms":
                self._page("Terms", HOVER, 404 if "terms" in self.site.faults else 200)
            case _:
                self._page("Not found", "<p>There is nothing here.</p>", 404)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        match urlsplit(self.path).path:
            case "/__reset":
                self.site.items.clear()
                self.site.resets += 1
                self._json({})
            case "/sign-in" if form.get("password") == PASSWORD:
                self._move("/", cookie=f"who={form.get('email', '')}; Path=/")
            case "/sign-in":
                self._page("Sign in", '<p role="alert">Wrong password.</p>' + SIGN_IN)
            case "/items":
                self.site.writes += 1
                if "items" in self.site.faults and len(form.get("name", "")) > 40:
                    self._page("Error", "<p>Something broke.</p>", 500)
                    return
                if "lost" not in self.site.faults:
                    self.site.items.append(form.get("name", ""))
                self._move("/items")
            case _:
                self._page("Not found", "<p>There is nothing here.</p>", 404)

    def _search(self, term: str) -> None:
        if "search" in self.site.faults and "'" in term:
            self._page("Error", "<p>Something broke.</p>", 500)
            return
        said = f"Nothing found for {html.escape(term)}." if term else "Type a term."
        self._page("Search", SEARCH.format(said=said))

    def _page(self, title: str, body: str, status: int = 200) -> None:
        self._send(status, FRAME.format(title=title, body=body).encode(), "text/html; charset=utf-8")

    def _json(self, data: dict[str, object]) -> None:
        self._send(200, json.dumps(data).encode(), "application/json")

    def _move(self, path: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("Location", path)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", default="clean")
    wanted = parser.parse_args()
    Site(wanted.port, wanted.build).serve_forever()
