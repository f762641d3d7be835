"""A web site with one page per thing that a browser session meets. Plain stdlib, on a free port."""

import base64
import html
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "s3cret & <wörd>"

PAGES = {
    "/": """<h1>Home</h1><nav><a href="/form">Form</a> <a href="/dialogs">Dialogs</a> <a href="/list">List</a>
        <a href="OTHER/">Elsewhere</a></nav><p>Welcome to the small site.</p>""",
    "/form": """<h1>Form</h1><form method="post" action="/saved"><label>Name <input name="name"></label>
        <label>Notes <textarea name="notes"></textarea></label>
        <label><input type="checkbox" name="news"> News</label>
        <label>Colour <select name="colour"><option>red<option>green</select></label>
        <button>Save</button><button type="button" disabled>Locked</button></form>""",
    "/dialogs": """<h1>Dialogs</h1><button onclick="alert('Saved!')">Alert</button>
        <button onclick="out.textContent = confirm('Really?') ? 'yes' : 'no'">Confirm</button>
        <button onclick="out.textContent = prompt('Your name?')">Prompt</button><p id="out"></p>""",
    "/list": "<h1>List</h1><ul>"
    + "".join(f'<li><a href="/item/{n}">Item {n}</a> <button>Delete {n}</button></li>' for n in range(1, 41))
    + "</ul>",
    "/rows": "<h1>Rows</h1><table><thead><tr><th>Name</th><th>Note</th></tr></thead><tbody>"
    + "".join(f"<tr><td>Name {n}</td><td>{'a long note ' * 5}</td></tr>" for n in range(1, 301))
    + "</tbody></table>",
    "/banner": """<h1>Shop</h1><button onclick="this.textContent='bought'">Buy now</button>
        <div id="ban" role="dialog" aria-label="Cookie consent" style="position:fixed;inset:0;background:#fffc">
        <p>We use cookies.</p><button onclick="log('all')">Accept all</button>
        <button onclick="log('none')">Reject</button></div>
        <script>function log(w) { ban.remove(); document.title = 'cookies ' + w; }</script>""",
    "/footer": """<h1>Long</h1><p style="height:700px">text</p><a href="/late">Slow page</a><p style="height:900px"></p>
        <div role="region" aria-label="Offer" style="position:fixed;bottom:0;left:0;right:0;height:200px">Buy!</div>""",
    "/stubborn": """<h1>Stubborn</h1><button>Go on</button>
        <div id="wall" style="position:fixed;inset:0;background:#fffc">Please wait</div>""",
    "/modal": """<h1>Modal</h1><button onclick="d.showModal()">Open settings</button><button>Behind</button>
        <dialog id="d" aria-label="Settings"><p>Settings</p><button onclick="d.close()">Close</button></dialog>""",
    "/hang": """<h1>Hang</h1><button onclick="setTimeout(() => { while (true) {} }, 10)">Spin</button>""",
    "/noise": """<h1>Noise</h1><img src="/missing.png" alt="logo">
        <script>console.error('Something broke', {a: 1})</script>
        <button onclick="nowhere()">Throw</button><button onclick="fetch('/boom')">Boom</button>
        <a href="/noise2">Next</a>""",
    "/noise2": "<h1>Second</h1><script>setTimeout(() => { throw new TypeError('late') }, 30)</script>",
    "/popup": """<h1>Popup</h1><a href="/form" target="_blank">Open form</a>""",
    "/slow": """<h1>Slow</h1><button onclick="fetch('/wait').then(r => r.text())
        .then(t => out.textContent = t)">Load</button>
        <p id="out">nothing</p><script>new EventSource('/stream')</script>""",
    "/grow": """<h1>Grow</h1><button onclick="out.innerHTML += '<li>row ' + (++n) + '</li>'">Add</button>
        <ul id="out"></ul><script>n = 0</script>""",
    "/ajax": """<h1>Ajax</h1><button type="button" onclick="send()">Refresh</button><p id="out">idle</p>
        <script>function send() { fetch('/api', {method: 'POST'}).then(() => out.textContent = 'sent',
        () => out.textContent = 'blocked') }</script>""",
    "/login": """<h1>Login</h1><form method="post" action="/login"><label>User <input name="user"></label>
        <label>Password <input name="password" type="password"></label><button>Sign in</button></form>""",
}


@dataclass
class Site:
    """`url` is the origin; `requests` lists every request as `METHOD /path`, in order of arrival."""

    url: str = ""
    requests: list[str] = field(default_factory=list)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None: ...

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path != "/favicon.ico":
                site.requests.append(f"GET {self.path}")
            user = self.headers.get("Cookie", "").partition("user=")[2]
            if path == "/late":
                time.sleep(2.5)
                self.answer(200, "<title>Late</title><h1>At last</h1>")
            elif path == "/wait":
                time.sleep(0.4)
                self.answer(200, "loaded", "text/plain")
            elif path == "/stream":
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(b": hello\n\n")
                self.wfile.flush()
                time.sleep(5)
                self.close_connection = True
            elif path == "/boom":
                self.answer(500, "<h1>Broken</h1>")
            elif path == "/away":
                self.redirect("http://evil.test/")
            elif path == "/favicon.ico":
                self.answer(204, "")
            elif path.startswith("/item/"):
                self.answer(200, f"<title>Item</title><h1>Item {html.escape(path[6:])}</h1>")
            elif path == "/me":
                self.answer(200, f"<title>Me</title><h1>Hello {html.escape(user)}</h1><a href='/'>Home</a>")
            elif path == "/echo":
                self.answer(200, echo())
            elif path in PAGES:
                body = PAGES[path].replace("OTHER", site.url.replace("127.0.0.1", "localhost"))
                self.answer(200, f"<!doctype html><title>{path.strip('/').title() or 'Home'}</title>{body}")
            else:
                self.answer(404, "<title>Not found</title><h1>Not found</h1>")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = parse_qs(self.rfile.read(length).decode())
            site.requests.append(f"POST {self.path}")
            if self.path == "/login":
                if body.get("password") == [PASSWORD]:
                    self.redirect("/me", f"user={body['user'][0]}; Path=/")
                else:
                    said = html.escape(body.get("password", [""])[0])
                    self.answer(403, f"<h1>Login</h1><p role='alert'>Wrong password: {said}</p>{PAGES['/login']}")
            else:
                name = html.escape(body.get("name", [""])[0])
                self.answer(200, f"<title>Saved</title><h1>Saved</h1><p>Name: {name}</p>")

        def redirect(self, location: str, cookie: str = "") -> None:
            self.send_response(303)
            self.send_header("Location", location)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def answer(self, status: int, text: str, kind: str = "text/html") -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

    return Handler


def echo() -> str:
    """The password in the forms in which careless pages show it."""
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    return f"<title>Echo</title><h1>Echo</h1><p>{html.escape(PASSWORD)}</p><p>{encoded}</p>"


@contextmanager
def serve_small_site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    server.block_on_close = False
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
