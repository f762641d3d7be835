"""A site whose troubles its command line switches on, run as a process of its own so that a test can kill it.

`python infra_site.py --port N [--head refuse|hang|drop] [--move URL] [--delay SECONDS] [--login cookie|token|single]`.
`/drop` ends without an answer, `/poll` is a page whose fetch goes there, `/broken` answers 500, `/busy` 503, `/hang` is
a page that never comes to rest. So is `/last-away`, after which a gateway stands in front of an app that is gone, and
`/last-gone`, after which nobody is there; to `/last-late` the first happens after 3 seconds. `/stuck` freezes while it
is read. What was asked is at /__asked, a POST to /__forget ends all sessions, one to /__away puts the gateway there.
"""

import argparse
import json
import os
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "staple-battery-7"
HEAD = """<!doctype html><html lang="en"><title>{0}</title><link rel="icon" href="data:,"><h1>{0}</h1>
<a href="/items">Items</a> <a href="/drop">Drop</a>"""
FORM = """<form method="post" action="/sign-in"><label>Email <input name="email"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form><p role="alert">{}</p>"""
LATE = "<script>setTimeout(() => { while (true) {} }, 3000)</script>"
FREEZE = "<script>setTimeout(() => { while (true) {} }, 100)</script>"
TOKEN = """<script>
async function enter(form) {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch('/token', {method: 'POST', body});
  if (answer.ok) { localStorage.setItem('token', await answer.text()); show(); }
  else document.querySelector('[role=alert]').textContent = 'Wrong password.';
}
async function show() {
  const token = localStorage.getItem('token');
  const me = token && await fetch('/me', {headers: {'X-Token': token}});
  document.querySelector('main').innerHTML = me && me.ok ? '<p>Hello ' + await me.text() + '</p>' : FORM;
}
const FORM = `<form onsubmit="enter(this); return false"><label>Email <input name="email"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form><p role="alert"></p>`;
</script><main></main><script>show()</script>"""


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options: argparse.Namespace):
        super().__init__(("127.0.0.1", options.port), Page)
        self.options = options
        self.asked: list[str] = []
        self.sessions: dict[str, str] = {}
        self.away = False


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def site(self) -> Site:
        assert isinstance(self.server, Site)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_HEAD(self) -> None:
        self.site.asked.append(f"HEAD {self.path}")
        match self.site.options.head:
            case "hang":
                time.sleep(30)
            case "drop":
                self.close_connection = True
            case "":
                self._get("HEAD")
            case status:
                self._send(int(status), b"", "text/plain")

    def do_GET(self) -> None:
        if not self.path.startswith("/__"):
            self.site.asked.append(f"GET {self.path}")
            time.sleep(self.site.options.delay)
        self._get("GET")

    def _get(self, method: str) -> None:
        path, token = urlsplit(self.path).path, self.site.options.login == "token"
        if path == "/__asked":
            self._send(200, json.dumps(self.site.asked).encode(), "application/json")
        elif self.site.options.move:
            self._move(self.site.options.move)
        elif self.site.away:
            self._send(502, b"<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>", "text/html")
        elif path in ("/hang", "/last-away", "/last-gone"):
            self._page("Hang", FREEZE)
            self.wfile.flush()
            self.site.away = path == "/last-away"
            if path == "/last-gone":
                os._exit(0)
        elif path == "/last-late":
            self._page("Late", LATE)
            threading.Timer(3.0, setattr, (self.site, "away", True)).start()
        elif path == "/stuck":
            self._page("Stuck", "<script>while (true) {}</script>")
        elif path == "/drop":
            self.close_connection = True
        elif path == "/sign-in":
            self._page("Sign in", FORM.format(""))
        elif path == "/me":
            name = self.site.sessions.get(self.headers.get("X-Token", ""))
            self._send(200 if name else 401, (name or "").encode(), "text/plain")
        elif token:
            self._page("Start", TOKEN)
        elif not self._person():
            self._move("/sign-in")
        elif path == "/poll":
            self._page("Poll", "<script>setInterval(() => fetch('/drop').catch(() => 0), 300); fetch('/drop')</script>")
        elif path == "/broken":
            self._page("Broken", "<p>Something broke.</p>", 500)
        elif path == "/busy":
            self._page("Busy", "<p>Come back later.</p>", 503)
        else:
            self._page(path.strip("/").title() or "Start", f"<p>Hello {self._person()}</p>")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        name, good = form.get("email", [""])[0], form.get("password") == [PASSWORD]
        time.sleep(self.site.options.delay)
        if self.path == "/__forget":
            self.site.sessions.clear()
            self._send(200, b"", "text/plain")
        elif self.path == "/__away":
            self.site.away = form["away"][0] == "yes"
            self._send(200, b"", "text/plain")
        elif self.path == "/__slow":
            self.site.options.delay = float(form["seconds"][0])
            self._send(200, b"", "text/plain")
        elif self.path == "/token":
            self._send(200 if good else 403, self._admit(name).encode() if good else b"", "text/plain")
        elif good:
            self._move("/", f"session={self._admit(name)}; Path=/")
        else:
            self._page("Sign in", FORM.format("Wrong password."))

    def _admit(self, name: str) -> str:
        token = secrets.token_hex(16)
        self.site.sessions[token] = name
        return token

    def _person(self) -> str:
        return self.site.sessions.get(self.headers.get("Cookie", "").partition("session=")[2], "")

    def _page(self, title: str, body: str, status: int = 200) -> None:
        self._send(status, (HEAD.format(title) + body).encode(), "text/html; charset=utf-8")

    def _move(self, place: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("Location", place)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--head", default="")
    parser.add_argument("--move", default="")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--login", default="cookie")
    Site(parser.parse_args()).serve_forever()
