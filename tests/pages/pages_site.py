"""A web site of pages that fight back: one page per thing. Plain stdlib, on free ports, two origins."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "quiet-otter-77"
MENU = """<nav aria-label="Main"><a href="/">Start</a> <a href="/moving">Moving</a> <a href="/windows">Windows</a>
    <a href="/feed">Feed</a></nav>"""
FOOT = """<footer><p>The pages that fight back, a site for tests.</p><a href="/terms">Terms</a> <a href="/help">Help</a>
    </footer>"""
PAGES = {
    "/": f"{MENU}<h1>Start</h1><p>Welcome.</p>{FOOT}",
    "/plain": f"{MENU}<h1>Plain</h1><p>Another page.</p>{FOOT}",
    "/moving": """<h1>Moving</h1><style>@keyframes k { from { margin-left: 0 } to { margin-left: 200px } }
        button { animation: k 3s infinite alternate linear; display: block; width: 200px; height: 60px }</style>
        <button onclick="out.textContent = 'caught'">Catch</button>
        <button onclick="missing()">Break</button><button ondblclick="out.textContent = 'twice'">Double</button>
        <button onclick="out.textContent = confirm('Really?') ? 'yes' : 'no'">Ask</button><p id="out">waiting</p>""",
    "/moving-under": """<h1>Under</h1><p id="out">waiting</p><button id="b" onclick="out.textContent = 'caught'"
        style="position:absolute;top:200px">Catch</button><div id="lid" onclick="out.textContent = 'wrong'"
        style="position:absolute;background:#ccc;width:300px;height:60px"></div>
        <script>n = 0; (function step() { n += 1; b.style.left = lid.style.left = (n % 300) + 'px';
        lid.style.top = (190 + n % 2) + 'px'; requestAnimationFrame(step) })()</script>""",
    "/windows": """<h1>Windows</h1><button onclick="window.open('/report')">Open report</button>
        <a href="/report" target="_blank">Report link</a> <a href="/nowhere" target="_blank">Lost link</a>
        <a href="/moved" target="_blank">Moved link</a>
        <form method="post" action="/printed" target="_blank"><button>Print</button></form>
        <button onclick="const w = window.open(); w.document.write('<h1>Preview</h1><p>Total: 12</p>')">Preview</button>
        <button onclick="for (let i = 0; i < 5; i++) window.open('/plain?' + i)">Many</button>
        <a href="/spinning" target="_blank" rel="noopener">Spinning</a>""",
    "/report": """<h1>Report</h1><p>Twelve members.</p><button>Export</button>
        <script>setTimeout(() => { undefinedReport() }, 100)</script>""",
    "/spinning": "<h1>Spinning</h1><script>setTimeout(() => { while (true) {} }, 50)</script>",
    "/downloads": """<h1>Downloads</h1><a href="/members.csv">Export members</a>
        <a href="/broken.csv">Export bookings</a>""",
    "/frames": """<h1>Frames</h1><button onclick="out.textContent = 'outer'">Save</button><p id="out"></p>
        <iframe title="Ours" src="/inner"></iframe><iframe title="Theirs" src="OTHER/inner"></iframe>""",
    "/inner": """<h2>Inner</h2><label>Word <input id="word"></label><p id="said">nothing</p>
        <button onclick="said.textContent = 'You said ' + word.value">Save</button>
        <button onclick="inFrame.missing()">Break</button>""",
    "/frame-moving": """<h1>Outer</h1><p style="height:120px">room</p><iframe title="Box" src="/moving" width="600"
        height="400" style="border:7px solid;padding:5px"></iframe>""",
    "/feed": """<h1>Feed</h1><ul id="list"></ul><script>n = 0;
        function more() { for (let i = 0; i < 30; i++) { list.innerHTML += '<li style="height:40px">Entry ' + (++n)
        + (n % 90 ? '' : ' <button onclick="gone()">Broken ' + n + '</button>') + '</li>' } }
        more(); addEventListener('scroll', () => { const end = document.body.scrollHeight - 50;
        if (n < 300 && scrollY + innerHeight > end) fetch('/more').then(more) })</script>""",
    "/box": """<h1>Box</h1><p>Outside</p><div id="box" style="height:200px;overflow:auto;width:300px"></div><script>
        n = 0; function more() { for (let i = 0; i < 20; i++) box.innerHTML += '<p>Line ' + (++n) + '</p>' } more();
        box.addEventListener('scroll', () => { if (n < 60 && box.scrollTop + 210 > box.scrollHeight)
        more() })</script>""",
    "/lazy": """<h1>Lazy</h1><div style="height:3000px"></div><section id="late"></section><script>
        new IntersectionObserver(e => { if (e[0].isIntersecting) {
        late.innerHTML = '<p>Here at last</p>'; lateFault() } })
        .observe(late)</script>""",
    "/tired": "<h1>Fresh</h1>",
    "/renamed": "<h1>Renamed</h1><script>history.replaceState(null, '', '/nowhere')</script>",
    "/spin": """<h1>Spin</h1><button onclick="while (true) {}">Now</button>
        <button onclick="setTimeout(() => { while (true) {} }, 30)">Soon</button>
        <button onclick="const r = new XMLHttpRequest(); r.open('GET', '/never', false); r.send()">Sync</button>""",
    "/loading": '<h1>Loading</h1><img src="/never" alt="never"><p>Usable</p>',
    "/leads": '<h1>Leads</h1><a href="/never">Slow report</a> <a href="/report">Report</a>',
    "/stuck": '<h1>Stuck</h1><script src="/never"></script><p>After</p>',
    "/app": """<nav aria-label="App"><button onclick="go('Members')">Members</button>
        <button onclick="go('Bookings')">Bookings</button><button onclick="go('Reports')">Reports</button>
        <button onclick="go('Settings of the club')">Settings of the club</button></nav><main id="main"></main><script>
        function go(name) { main.innerHTML = '<h1>' + name + '</h1>' + Array.from({length: 30}, (_, i) =>
        '<p>' + name + ' number ' + i + ' of the club</p>').join('') + '<button onclick="send()">Send ' + name
        + '</button>';
        }
        function send() { fetch('/api/sent?of=1', {method: 'POST'}).then(() => fetch('/api/list')) }
        go('Members')</script>""",
    "/hash": """<h1>Hash</h1><a href="#/members">Members</a><main id="main"></main><script>
        const show = () => { main.innerHTML = '<h2>' + (location.hash || 'start') + '</h2>';
        if (location.hash === '#/members') members() }; addEventListener('hashchange', show); show()</script>""",
    "/app-spin": """<h1>One place</h1><button onclick="this.nextSibling.hidden = false">Open</button><button hidden
        onclick="while (true) {}">Spin</button>""",
    "/login": """<h1>Sign in</h1><form method="post" action="/login"><label>User <input name="user"></label>
        <label>Password <input name="password" type="password"></label><button>Sign in</button></form>""",
    "/bye": "<h1>Goodbye</h1><p>You have signed out.</p><a href='/login'>Sign in</a>",
    "/password": """<h1>Change password</h1><label>Old <input type="password"></label>
        <label>New <input type="password"></label><button>Change</button>""",
}
MEMBER = """<h1>Hello {user}</h1><a href="/bye-bye">Log out</a> <a href="/drop">Next month</a>
    <a href="/private">Private</a>
    <a href="/flash">Flash</a> <a href="/password">Password</a> <a href="/login">Sign-in page</a>"""


@dataclass
class Site:
    """`url` is the origin, `other` another one with the same pages; `sessions` maps cookies to users."""

    url: str = ""
    other: str = ""
    sessions: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None: ...

        @property
        def user(self) -> str:
            pairs = [pair.partition("=") for pair in self.headers.get("Cookie", "").split("; ")]
            return next((site.sessions.get(value, "") for name, _, value in pairs if name == "sid"), "")

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            site.requests.append(f"GET {self.path}")
            match path:
                case "/favicon.ico":
                    self.answer(204, "")
                case "/members.csv" | "/report.pdf":
                    self.answer(200, "name,court\nAnn,2\n", "text/csv", "Content-Disposition: attachment")
                case "/broken.csv":
                    self.answer(500, "<h1>Broken</h1>")
                case "/moved":
                    self.redirect("/nowhere")
                case "/more":
                    self.answer(200, "more", "text/plain")
                case "/api/list":
                    self.answer(200, "[]", "application/json")
                case "/tired" if site.requests.count("GET /tired") > 1:
                    self.answer(500, "<title>Tired</title><h1>Tired</h1>")
                case "/never":
                    time.sleep(25)
                    self.close_connection = True
                case "/bye-bye":
                    self.redirect("/bye", "sid=; Max-Age=0; Path=/")
                case "/drop":
                    site.sessions.clear()
                    self.redirect("/private")
                case "/flash":
                    self.redirect("/private", "flash=; Max-Age=0; Path=/")
                case "/home" | "/private" if not self.user:
                    self.redirect("/login")
                case "/home" | "/private":
                    self.answer(200, f"<title>{path[1:].title()}</title>{MEMBER.format(user=self.user)}")
                case _ if path in PAGES:
                    title = path.strip("/").title() or "Start"
                    self.answer(200, f"<!doctype html><title>{title}</title>{PAGES[path].replace('OTHER', site.other)}")
                case _:
                    self.answer(404, "<title>Not found</title><h1>Not found</h1>")

        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            site.requests.append(f"POST {self.path}")
            if self.path == "/login" and body.get("password") == [PASSWORD]:
                key = f"s{len(site.requests)}"
                site.sessions[key] = body["user"][0]
                self.redirect("/home", f"sid={key}; Path=/", "flash=welcome; Path=/")
            elif self.path == "/login":
                self.answer(403, "<h1>Sign in</h1><p role='alert'>Wrong password</p>")
            elif self.path == "/printed":
                self.answer(200, "<title>Print</title><h1>Printed</h1><script>printing()</script>")
            else:
                self.answer(200, "{}", "application/json")

        def redirect(self, location: str, *cookies: str) -> None:
            self.send_response(303)
            self.send_header("Location", location)
            for cookie in cookies:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def answer(self, status: int, text: str, kind: str = "text/html", *headers: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for header in headers:
                self.send_header(*header.split(": ", 1))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

    return Handler


@contextmanager
def serve_pages() -> Iterator[Site]:
    site = Site()
    servers = [ThreadingHTTPServer((host, 0), _handler(site)) for host in ("127.0.0.1", "127.0.0.2")]
    site.url, site.other = (f"http://{host}:{port}" for host, port in (server.server_address[:2] for server in servers))
    for server in servers:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
