"""A small club with three roles, whose build says which doors are open to the wrong people; a process of its own.

Beside the faults stand decoys that never are one: refusals of many kinds, shells, empty lists, public pages.
"""

import argparse
import json
from collections.abc import Callable
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PASSWORD = "pa55word!"
FRAME = """<!doctype html><html lang="en"><head><title>{title} - Club</title><link rel="icon" href="data:,">
</head><body><header><h2>Club</h2><a href="/home">Home</a> <a href="/events">Events</a></header>
<main><h1>{title}</h1>{body}</main></body></html>"""
SHELL = """<!doctype html><html lang="en"><head><title>Console</title><link rel="icon" href="data:,"></head><body>
<header><h2>Club console</h2></header><div id="app">Please wait, the console of the club is being loaded ...</div>
<script>fetch('/api/console/list').then(a => a.ok ? a.json() : [])
  .then(rows => { document.querySelector('#app').innerText = rows.map(r => r.name).join(', ') || 'Console' });</script>
</body></html>"""
SIGN_IN = """<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"""
MEMBERS = [{"id": n, "name": name, "phone": f"555-01{n}"} for n, name in enumerate(("Ann", "Bob", "Cleo", "Dan"), 10)]
ROWS = "".join(f"<li>{row['name']} {row['phone']}</li>" for row in MEMBERS)
APPROVE = """<button onclick="fetch('/api/bookings/3/approve', {method: 'POST'})
  .then(a => document.querySelector('#said').textContent = a.status)">Approve</button><p id="said"></p>"""
JUMP = "<p>Members of the club and what they pay.</p><script>location.replace('/home')</script>"
PANEL = """<p id="rows">The list of the members is on its way.</p><script>fetch('/api/admin/closed')</script>"""
TOKEN = """<p id="rows"></p><script>
const ask = url => fetch(url, {headers: {Authorization: 'Bearer ' + document.cookie}});
ask('/api/token/me').then(a => a.text()).then(t => document.querySelector('#rows').textContent = t);</script>"""
BELL = """<p id="bell"></p><script>fetch('/api/admin/badge').then(a => a.json()).then(j => {
  document.querySelector('#bell').textContent = j.name; });
fetch('/api/admin/seen', {method: 'POST'});</script>"""
RING = """<button onclick="fetch('/api/admin/badge')">Ring</button>"""
PAPER = """<form method="post" action="/api/bookings/5/approve"><label>Day <input name="day"></label>
<button>Approve on paper</button></form>"""
DRAFT = """<form method="post"><label>Title <input name="title"></label><button>Save draft</button></form>"""


class State:
    def __init__(self) -> None:
        self.drafts: list[str] = []
        self.first = 1


class Club(BaseHTTPRequestHandler):
    build, state = "", State()
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: object) -> None:
        return

    def has(self, fault: str) -> bool:
        return fault in self.build.split("+")

    @property
    def who(self) -> str:
        cookie = SimpleCookie(self.headers.get("cookie", ""))
        return cookie["who"].value if "who" in cookie else ""

    def may(self, fault: str, *roles: str) -> bool:
        return self.who in (roles or ("admin",)) or self.has(fault)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.rstrip("/") or "/"
        if path == "/version":
            return self.json({"build": self.build})
        if path.startswith("/drafts/"):
            return self.draft(path.rpartition("/")[2])
        if path.startswith("/lobby/"):
            return self.page("Lobby", "<p>Welcome to the lobby of the club, have a coffee while you are here.</p>")
        if path.startswith("/console"):
            return self.send(200, SHELL.encode(), "text/html")
        name = path.strip("/").replace("/", "_").replace("-", "_").replace(".", "_") or "start"
        answer: Callable[[], None] = getattr(self, f"get_{name}", self.missing)
        return answer()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        form = {key: values[0] for key, values in parse_qs(raw).items()}
        path = urlsplit(self.path).path
        if path == "/reset":
            self.state.__init__()
            return self.json({})
        if path == "/__fill":
            self.state.first = 40
            return self.json({})
        if path == "/sign-in":
            known = form.get("password") == PASSWORD
            return self.go("/home", f"who={form['name']}; Path=/") if known else self.refuse()
        if path == "/drafts/new" and self.who == "admin":
            self.state.drafts.append(form.get("title", ""))
            return self.go(f"/drafts/{self.state.first + len(self.state.drafts) - 1}")
        if path == "/api/bookings/3/approve":
            return self.json({"approved": 3}) if self.may("write") else self.json({"error": "no"}, 403)
        if path == "/api/bookings/4/approve":
            return self.json({"ok": self.who == "admin", "booking": 4})
        if path == "/api/admin/seen":
            return self.json({"seen": 12})
        if path == "/api/bookings/5/approve":
            return self.page("Approve", f"<p>The day is missing.</p>{PAPER}")
        return self.missing()

    # What everybody may see.

    def get_start(self) -> None:
        self.page("Welcome", '<p>A club for all.</p><a href="/sign-in">Sign in</a>')

    def get_sign_in(self) -> None:
        self.page("Sign in", SIGN_IN)

    def get_events(self) -> None:
        self.page("Events", "<p>Summer party, autumn run.</p>")

    def get_about(self) -> None:
        self.page("About", "<p>Founded long ago.</p>")

    def get_home(self) -> None:
        self.page("Home", "<p>Your club.</p>") if self.who else self.go("/sign-in")

    def get_desk(self) -> None:
        self.page("Desk", APPROVE)

    def get_shy_desk(self) -> None:
        self.page("Desk", APPROVE.replace("/3/", "/4/"))

    # Pages for everybody that ask by themselves for what the profile names under the admin only.

    def get_bell(self) -> None:
        self.page("Bell", BELL)

    def get_ring(self) -> None:
        self.page("Ring", RING)

    def get_api_admin_badge(self) -> None:
        self.json({"name": "Club 1.2"})

    def get_paper_desk(self) -> None:
        self.page("Paper desk", PAPER)

    def get_framed(self) -> None:
        self.page("Framed", '<iframe src="/admin/users" title="Users"></iframe>')

    # Faults.

    def get_admin_users(self) -> None:
        self.page("Users", f"<ul>{ROWS}</ul>") if self.may("page") else self.refuse()

    def get_admin_users_me(self) -> None:
        self.page("My account", "<p>Name and phone.</p>")

    def get_api_admin_members(self) -> None:
        self.json(MEMBERS) if self.may("api") else self.json({"error": "forbidden"}, 403)

    def get_api_console_list(self) -> None:
        self.json(MEMBERS) if self.may("console") else self.json({"error": "forbidden"}, 403)

    def get_admin_export_csv(self) -> None:
        rows = "name,phone\n" + "\n".join(f"{row['name']},{row['phone']}" for row in MEMBERS)
        self.send(200, rows.encode(), "text/csv") if self.may("export") else self.refuse()

    def get_reports(self) -> None:
        self.page("Reports", f"<ul>{ROWS}</ul>") if self.may("visitor") else self.go("/sign-in")

    def draft(self, number: str) -> None:
        if number == "new":
            return self.page("New draft", DRAFT) if self.who == "admin" else self.refuse()
        drafts = {str(self.state.first + at): title for at, title in enumerate(self.state.drafts)}
        if number not in drafts:
            return self.missing()
        text = f"<p>Draft of the board: {drafts[number]}</p>"
        return self.page("Draft", text) if self.may("object") else self.refuse()

    # Behind a header that scripts send: cookies alone open nothing.

    def get_token(self) -> None:
        self.page("Token", TOKEN)

    def get_api_token_me(self) -> None:
        self.token(lambda who: {"me": who})

    def get_api_token_members(self) -> None:
        self.token(lambda who: MEMBERS if who == "admin" or self.has("token") else None)

    def token(self, answer: Callable[[str], Any]) -> None:
        _, _, who = self.headers.get("Authorization", "").rpartition("who=")
        value = answer(who) if who else None
        self.json(value) if value is not None else self.json({"error": "who are you?"}, 401)

    # Decoys: nothing of these is a fault.

    def get_admin_settings(self) -> None:
        self.page("Settings", "<p>Prices.</p>") if self.may("") else self.refuse()

    def get_admin_billing(self) -> None:
        said = '<p role="alert">Sorry, you do not have access to this part of the club.</p>'
        self.page("Billing", f"<ul>{ROWS}</ul>" if self.may("") else said)

    def get_admin_kassa(self) -> None:
        refusal = "<p>Ez az oldal a vezetőségé, kérjük forduljon az irodához, ha kérdése van.</p>"
        self.page("Kassa", f"<ul>{ROWS}</ul>" if self.may("") else refusal)

    def get_admin_prices(self) -> None:
        self.page("Prices", "<p>Ten a week.</p>") if self.may("") else self.go("/sign-in")

    def get_admin_vault(self) -> None:
        self.page("Vault", f"<ul>{ROWS}</ul>" if self.may("") else SIGN_IN)

    def get_admin_jump(self) -> None:
        self.page("Jump", f"<ul>{ROWS}</ul>" if self.may("") else JUMP)

    def get_admin_panel(self) -> None:
        self.page("Panel", PANEL)

    def get_api_admin_closed(self) -> None:
        self.json(MEMBERS) if self.may("") else self.json({"error": "forbidden"}, 403)

    def get_api_admin_audit(self) -> None:
        self.json(MEMBERS if self.may("") else {"ok": False, "message": "Ask the office."})

    def get_api_admin_tasks(self) -> None:
        self.json({"tasks": MEMBERS if self.may("") else [], "page": 1, "total": 0})

    def get_api_admin_login(self) -> None:
        if self.may(""):
            return self.json(MEMBERS)
        return self.page("Sign in", SIGN_IN)

    def refuse(self) -> None:
        self.page("Not for you", "<p>This is for others.</p>", 403)

    def missing(self) -> None:
        self.page("Not found", "<p>There is nothing here.</p>", 404)

    def page(self, title: str, body: str, status: int = 200) -> None:
        self.send(status, FRAME.format(title=title, body=body).encode(), "text/html; charset=utf-8")

    def json(self, value: Any, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), "application/json")

    def go(self, path: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("Location", path)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", default="none")
    options = parser.parse_args()
    Club.build = options.build
    ThreadingHTTPServer(("127.0.0.1", options.port), Club).serve_forever()
