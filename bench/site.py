"""A generated site that never runs dry: a catalogue of word routes, each with items, forms and links to further routes.

`python -m bench.site --port N`. The same address always shows the same page but for what roles wrote since the last
`POST /__reset`; `--faults no` leaves the seeded faults out. Knows nothing of the explorer.
"""

import argparse
import hashlib
import html
import json
import re
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SIGN_IN_WORD = "generated-pass-1"
ROLES = ("buyer", "seller", "clerk", "auditor", "visitor")
WORDS = re.findall(
    r"\w+",
    "amber anchor apple arbor arrow autumn badge bakery barley basil beacon birch bottle bramble bridge bronze cabin "
    "candle canvas cedar chalk cherry cinder clover cobalt copper coral cotton cradle crystal dahlia daisy dune ember "
    "fabric falcon feather fern fiddle flint forest garnet ginger glacier granite gravel hammer harbor hazel heather "
    "ivory jasmine juniper kettle ladder lagoon lantern lavender ledger lemon linen maple marble meadow mirror mosaic "
    "nectar nutmeg oak olive onyx opal orchard paddle pebble pepper pewter pillar plum poplar quarry quartz quill",
)
WIDTH = 6
"""Links from a route to routes below it."""
DEPTH = 3
ITEMS = 7
FRAME = """<!doctype html><html lang="en"><head><title>{title}</title><link rel="icon" href="data:,"></head><body>
<header><a href="/">Start</a> <a href="/find">Find</a> <a href="/notes">Notes</a> <a href="/leave">Sign out</a></header>
<main><h1>{title}</h1>{body}</main><footer><a href="/about">About</a></footer></body></html>"""
SIGN_IN = """<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"""
NOTE = """<form method="post" action="/notes"><label>Note <input name="note"></label>
<label>Kind <select name="kind"><option>small</option><option>large</option></select></label>
<button>Save note</button></form>"""
FIND = """<form><label>Words <input name="q"></label><button>Find</button></form>"""
SCRIPT_FAULT = """<button type="button" onclick="undefinedPriceTable.show()">Show prices</button>"""


class Site(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, faults: bool):
        super().__init__(("127.0.0.1", port), Answer)
        self.faults = faults
        self.notes: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves in the middle of an answer is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


def number(*parts: object) -> int:
    """The same parts, the same number: the site's only source of variety."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:4], "big")


def words_below(path: tuple[str, ...]) -> tuple[str, ...]:
    """The routes below a route; none below the deepest."""
    if len(path) >= DEPTH:
        return ()
    first = number("below", *path)
    step = 1 + number("step", *path) % (len(WORDS) - 1)
    return tuple(dict.fromkeys(WORDS[(first + step * n) % len(WORDS)] for n in range(WIDTH if path else len(WORDS))))


def fault_of(path: tuple[str, ...]) -> str:
    """`server`, `script`, `link`, or none: one route in forty has one."""
    return {0: "server", 1: "script", 2: "link"}.get(number("fault", *path) % 120, "")


class Answer(BaseHTTPRequestHandler):
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
                self._send(200, json.dumps({"build": "faulty" if self.site.faults else "sound"}), "application/json")
            case "/sign-in":
                self._page("Sign in", SIGN_IN)
            case _ if "who=" not in self.headers.get("Cookie", ""):
                self._move("/sign-in")
            case "/leave":
                self._move("/sign-in", "who=; Max-Age=0")
            case "/":
                self._page("Start", self._links(()))
            case "/about":
                self._page("About", "<p>A catalogue of words.</p>")
            case "/find":
                self._page("Find", FIND + f"<p>Nothing fits {html.escape(query.get('q', ''))}.</p>")
            case "/notes":
                rows = "".join(f"<li>{html.escape(note)}</li>" for note in self.site.notes[-ITEMS:])
                self._page("Notes", NOTE + f"<ul>{rows}</ul>")
            case path:
                self._catalogue(path, query)

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
        match urlsplit(self.path).path:
            case "/__reset":
                self.site.notes.clear()
                self._send(200, "{}", "application/json")
            case "/sign-in" if form.get("password") == SIGN_IN_WORD and form.get("name") in ROLES:
                self._move("/", f"who={form['name']}")
            case "/sign-in":
                self._page("Sign in", '<p role="alert">That is not right.</p>' + SIGN_IN)
            case "/notes":
                self.site.notes.append(f"{form.get('kind', '')}: {form.get('note', '')}"[:200])
                self._move("/notes")
            case _:
                self._page("Not found", "<p>There is no such page.</p>", 404)

    def _catalogue(self, path: str, query: dict[str, str]) -> None:
        words = tuple(path.strip("/").split("/"))
        item = words[-1] if words[-1].isdigit() else ""
        route = words[:-1] if item else words
        known = all(word in words_below(route[:place]) for place, word in enumerate(route))
        if not known or (item and int(item) > ITEMS):
            self._page("Not found", "<p>There is no such page.</p>", 404)
        elif item:
            self._page(f"{route[-1].title()} number {item}", f"<p>Weighs {number(path) % 900} grams.</p>{NOTE}")
        elif self.site.faults and fault_of(route) == "server":
            self._page("Oops", "<p>Something broke.</p>", 500)
        else:
            broken = fault_of(route) if self.site.faults else ""
            extra = SCRIPT_FAULT if broken == "script" else ""
            extra += f'<p><a href="{path}/gone">Read the terms of {route[-1]}</a></p>' if broken == "link" else ""
            self._page(" ".join(route).title(), self._links(route) + extra)

    def _links(self, route: tuple[str, ...]) -> str:
        base = "".join(f"/{word}" for word in route)
        below = "".join(f'<li><a href="{base}/{word}">{word.title()}</a></li>' for word in words_below(route))
        items = "".join(f'<tr><td><a href="{base}/{n}">No. {n}</a></td></tr>' for n in range(1, ITEMS + 1))
        return f"<ul>{below}</ul>" + (f"<table>{items}</table>" if route else "")

    def _page(self, title: str, body: str, status: int = 200) -> None:
        self._send(status, FRAME.format(title=html.escape(title), body=body), "text/html; charset=utf-8")

    def _move(self, path: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("Location", path)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Path=/; HttpOnly")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, text: str, kind: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the generated site.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", choices=("yes", "no"), default="yes")
    given = parser.parse_args()
    Site(given.port, given.faults == "yes").serve_forever()


if __name__ == "__main__":
    main()
