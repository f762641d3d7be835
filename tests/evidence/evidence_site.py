"""A small site with three personas and switchable faults, for replays. The build is the list of active faults."""

import argparse
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LIST_JS = "function render(items) { document.title = items[0].name; }\nrender([]);"
RETRY_JS = """async function load(left) {
  const answer = await fetch('/api/shy');
  if (!answer.ok && left) return setTimeout(() => load(left - 1), 400);
  document.querySelector('#out').textContent = await answer.text();
}
load(2);"""
DICE_JS = "document.querySelector('button').onclick = () => fetch('/api/dice', {method: 'POST'}).then(a => a.text());"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


class State:
    def __init__(self) -> None:
        self.rolls = self.visits = 0
        self.reset()

    def reset(self) -> None:
        self.phone, self.notes, self.shy = "111", [], 0


class Site(BaseHTTPRequestHandler):
    build, state = "", State()

    def log_message(self, format: str, *args: object) -> None:
        return

    @property
    def who(self) -> str:
        cookie = SimpleCookie(self.headers.get("cookie", ""))
        return cookie["who"].value if "who" in cookie else ""

    def has(self, fault: str) -> bool:
        return fault in self.build.split("+")

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/version":
            return self.send(200, f'{{"app": {{"build": "{self.build}"}}}}', "application/json")
        if self.has("down"):
            return self.send(503, "away")
        if self.has("all500"):
            return self.send(500, "oops")
        page = getattr(self, "page_" + path.strip("/").replace("/", "_").replace(".", "_").replace("-", "_"), None)
        if path.startswith("/items/"):
            page = self.page_item
        return page(query) if page else self.send(404, "<h1>No such page</h1>")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        form = {key: values[0] for key, values in parse_qs(raw).items()}
        path = urlsplit(self.path).path
        if path == "/reset":
            self.state.reset()
            return self.send(200, "ok")
        if path == "/sign-in":
            known = form.get("password") == "pa55word!"
            return self.go("/home", f"who={form['name']}; Path=/") if known else self.send(403, "Wrong password")
        if path == "/profile":
            if not self.has("lost"):
                self.state.phone = form.get("phone", "")
            return self.go("/profile")
        if path == "/notes":
            self.state.notes.append(form.get("text", ""))
            return self.go("/notes")
        if path == "/api/dice":
            self.state.rolls += 1
            return self.send(500 if self.has("flaky") and self.state.rolls % 2 else 200, "4")
        if path == "/delete":
            return self.send(500 if self.has("delete") else 200, "done")
        return self.send(404, "nothing here")

    def page_(self, query: dict) -> None:
        self.html('<a href="/list">List</a> <a href="/about">About</a>')

    def page_home(self, query: dict) -> None:
        script = "<script>nothing.here</script>" if self.has("home") else ""
        self.html(f"<h1>Hello {self.who}</h1>{script}")

    def page_sign_in(self, query: dict) -> None:
        self.html(
            '<form method="post"><label>Name<input name="name"></label>'
            '<label>Password<input type="password" name="password"></label><button>Sign in</button></form>'
        )

    def page_search(self, query: dict) -> None:
        if self.has("removed"):
            return self.send(404, "gone")
        term = query.get("q", [""])[0]
        if "'" in term and self.has("apostrophe"):
            return self.send(500, "near quote")
        moved = "<script>null.length</script>" if term and self.has("moved") else ""
        self.html(f'<form><label>Term<input name="q"></label><button>Search</button></form>{moved}')

    def page_item(self, query: dict) -> None:
        self.send(500, "broken item") if self.has("item") else self.html("<h1>Item</h1>")

    def page_list(self, query: dict) -> None:
        if self.has("login_only") and not self.who:
            return self.go("/sign-in")
        self.html('<script src="/static/list.js"></script>' if self.has("typeerror") else "<p>No items</p>")

    def page_static_list_js(self, query: dict) -> None:
        self.send(200, LIST_JS, "text/javascript")

    def page_about(self, query: dict) -> None:
        link = "" if self.has("no_link") else '<a href="/terms">Terms</a>'
        self.html(f'{link}<img src="/static/pic.png" alt="logo">' + ("<hr>" * 3))

    def page_terms(self, query: dict) -> None:
        self.send(404, "gone") if self.has("terms") else self.html("<h1>Terms</h1>")

    def page_static_pic_png(self, query: dict) -> None:
        self.send(404, "gone") if self.has("image") else self.send(200, PNG, "image/png")

    def page_profile(self, query: dict) -> None:
        self.html(
            f'<form method="post"><label>Phone<input name="phone" value="{self.state.phone}"></label>'
            "<button>Save</button></form>"
        )

    def page_notes(self, query: dict) -> None:
        broken = any("<" in note for note in self.state.notes) and self.who == "boss" and self.has("note")
        script = "<script>throw new RangeError('note 7')</script>" if broken else ""
        self.html(
            f'<form method="post"><label>Text<input name="text"></label><button>Post</button></form>'
            f"<p>{len(self.state.notes)} notes</p>{script}"
        )

    def page_danger(self, query: dict) -> None:
        self.html(
            "<button onclick=\"if (confirm('Really?')) fetch('/delete', {method: 'POST'})\">Delete</button>"
            "<button disabled>Never</button>"
        )

    def page_leak(self, query: dict) -> None:
        place = "position: fixed; margin: 0; left: 0; width: 300px; height: 60px"
        self.html(
            f'<p style="{place}; top: 0">It is pa55word!</p><textarea style="{place}; top: 100px">pa55word!</textarea>'
            f'<p style="{place}; top: 200px">Nothing</p><script>throw new RangeError("leak")</script>'
        )

    def page_dice(self, query: dict) -> None:
        self.html(f"<button>Roll</button><script>{DICE_JS}</script>")

    def page_late(self, query: dict) -> None:
        """After eleven visits the page rolls by itself as it opens."""
        self.state.visits += 1
        rolls = "fetch('/api/dice', {method: 'POST'});" if self.state.visits > 11 else ""
        self.html(f"<button>Roll</button><script>{DICE_JS}{rolls}</script>")

    def page_fickle(self, query: dict) -> None:
        """On the visits that the build names, such as `gone3`, the page comes without its button."""
        self.state.visits += 1
        button = "" if self.has(f"gone{self.state.visits}") else "<button>Delete</button>"
        self.html(f'<form method="post" action="/delete">{button}</form>')

    def page_wall(self, query: dict) -> None:
        close = '<button onclick="wall.remove()">OK</button>'
        said = {"banner": f"We use cookies. {close}", "waits": "<script>setTimeout(() => wall.remove(), 1500)</script>"}
        over = next(
            (text for fault, text in said.items() if self.has(fault)), "Spring sale" if self.has("wall") else ""
        )
        place = "position: fixed; inset: 0; background: #fffc"
        self.html("<button>Go on</button>" + (f'<div id="wall" style="{place}">{over}</div>' if over else ""))

    def page_shy(self, query: dict) -> None:
        self.html(f'<p id="out"></p><script>{RETRY_JS}</script>')

    def page_api_shy(self, query: dict) -> None:
        self.state.shy += 1
        self.send(503 if self.state.shy == 1 or self.has("shy") else 200, "here")

    def html(self, body: str) -> None:
        self.send(200, f"<!doctype html><title>Site</title><body>{body}</body>")

    def go(self, where: str, cookie: str = "") -> None:
        self.send_response(303)
        self.send_header("location", where)
        if cookie:
            self.send_header("set-cookie", cookie)
        self.send_header("content-length", "0")
        self.end_headers()

    def send(self, status: int, body: str | bytes, kind: str = "text/html; charset=utf-8") -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--build", required=True)
    options = parser.parse_args()
    if options.build == "dead":
        sys.exit("the database is missing")
    Site.build = options.build
    ThreadingHTTPServer(("127.0.0.1", options.port), Site).serve_forever()
