"""Two apps, simulated in memory: pages as snapshots and the ways between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from agent import routes
from agent.tools.aria import elements, parse
from agent.tools.surface import PageView, Target, ToolCall, ToolResult

ORIGIN = "http://app.test"


@dataclass(frozen=True)
class Screen:
    """What a page holds: `links` as (name, address), `items` as links in a list, `fields` as (role, name, value)."""

    title: str
    links: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()
    submit: str = ""
    buttons: tuple[str, ...] = ()
    said: str = ""


@dataclass
class App:
    """One browser on an app: `press(button)` may return a browser dialog's text or the name of an in-app dialog."""

    screens: Mapping[str, Screen]
    nav: tuple[tuple[str, str], ...]
    press: Callable[[str, str], str] = lambda path, button: ""
    refuses: Callable[[str], bool] = lambda value: False
    broken: Callable[[str], bool] = lambda value: False
    """Typed values after which the page answers 500."""
    status: int = 200
    path: str = "/"
    dialog: str | None = None
    modal: str = ""
    notice: str = ""
    document: int = 1
    signed_out: bool = False
    typed: list[tuple[str, str, str]] = field(default_factory=list)
    pressed: list[tuple[str, str]] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)

    def view(self) -> PageView:
        if self.dialog:
            return PageView(ORIGIN + self.path, dialog=self.dialog, document=self.document)
        return PageView(ORIGIN + self.path, status=self.status, snapshot=self._snapshot(), document=self.document)

    def _snapshot(self) -> str:
        screen = self.screens.get(self.path.partition("?")[0], Screen("Not found"))
        if self.status == 500:
            return '- heading "Internal error" [level=1] [ref=e1]'
        number, lines = iter(range(1, 999)), ["- banner [ref=e900]:"]
        for name, url in () if self.signed_out else self.nav:
            lines += [f'  - link "{name}" [ref=e{next(number)}]:', f"    - /url: {url}"]
        lines += [] if self.signed_out else [f'  - button "Sign out" [ref=e{next(number)}]']
        lines += ["- main [ref=e901]:", f'  - heading "{screen.title}" [level=1] [ref=e{next(number)}]']
        lines += [f"  - status: {self.notice}"] if self.notice else []
        for name, url in screen.links:
            lines += [f'  - link "{name}" [ref=e{next(number)}]:', f"    - /url: {url}"]
        for name, url in screen.items:
            lines += [
                "  - list:",
                "    - listitem:",
                f'      - link "{name}" [ref=e{next(number)}]:',
                f"        - /url: {url}",
            ]
        if screen.fields:
            lines.append("  - generic [ref=e902]:")
            lines += [
                f'    - {role} "{name}" [ref=e{next(number)}]{f": {value}" if value else ""}'
                for role, name, value in screen.fields
            ]
            lines += [f'    - button "{screen.submit}" [ref=e{next(number)}]'] if screen.submit else []
        lines += [f'  - button "{name}" [ref=e{next(number)}]' for name in screen.buttons]
        if self.modal:
            lines += [f'  - dialog "{self.modal}" [ref=e903]:', f'    - button "Close" [ref=e{next(number)}]']
        return "\n".join(lines)

    def perform(self, call: ToolCall) -> ToolResult:
        before = self.view()
        self.calls.append(call)
        target = next((item for item in elements(parse(before.snapshot)) if item.ref == call.args.get("target")), None)
        status = self._do(call, target)
        hit = target and Target("", target.role, target.name, urljoin(before.url, target.url) if target.url else "")
        return ToolResult(call.id, status, "", hit, before, self.view())

    def _do(self, call: ToolCall, target: Any) -> Any:
        args = call.args
        if self.dialog and call.tool != "browser_handle_dialog":
            return "tool_error"
        match call.tool:
            case "browser_handle_dialog":
                self.dialog = None
            case "browser_navigate":
                self._open(urljoin(ORIGIN + self.path, args["url"]))
            case "browser_fill_form" if any(self.refuses(item["value"]) for item in args["fields"]):
                return "tool_error"
            case "browser_fill_form":
                for item in args["fields"]:
                    self.typed.append((self.path, item["name"], item["value"]))
            case "browser_type":
                assert target is not None
                self.typed.append((self.path, target.name, args["text"]))
            case "browser_click":
                if target is None:
                    return "tool_error"
                self._click(target)
                self.doubled += [target.name] if args.get("doubleClick") else []
            case "browser_request" | "browser_press_key" | "browser_navigate_back" | "browser_select_option":
                pass
            case other:
                raise AssertionError(f"{other} is no tool of the browser")
        return "ok"

    def _click(self, target: Any) -> None:
        if target.role == "link":
            self._open(urljoin(ORIGIN + self.path, target.url))
            return
        self.pressed.append((self.path, target.name))
        screen = self.screens.get(self.path.partition("?")[0])
        if target.name == "Sign out":
            self.signed_out = True
            self._open(f"{ORIGIN}/")
        elif self.modal and target.name == "Close":
            self.modal = ""
        elif screen and target.name == screen.submit:
            self._open(ORIGIN + self.path)
            self.notice = screen.said
            self.status = 500 if self.typed and self.broken(self.typed[-1][2]) else 200
        else:
            effect = self.press(self.path, target.name)
            if effect.startswith("modal "):
                self.modal = effect[6:]
            elif effect:
                self.dialog = effect

    def _open(self, url: str) -> None:
        assert url.startswith(ORIGIN), f"left the app for {url}"
        self.path, self.document, self.modal, self.notice = routes.path(url), self.document + 1, "", ""
        self.status = 200


def shop() -> App:
    screens = {
        "/": Screen("Welcome"),
        "/products": Screen(
            "Products",
            items=(("Ball", "/products/1"), ("Racket", "/products/2"), ("", "/products/3"), ("Shoes", "/products/4")),
            fields=(("searchbox", "Search", ""),),
            submit="Find",
        ),
        **{f"/products/{n}": Screen(f"Product {n}", buttons=("Add to cart", "Show sizes")) for n in range(1, 5)},
        "/cart": Screen("Cart", buttons=("Remove all", "Check out")),
        "/account": Screen(
            "Account",
            fields=(("textbox", "Full name", "Ann"), ("textbox", "Phone", "1"), ("textbox", "Password", "")),
            submit="Save",
        ),
        "/address": Screen(
            "Address", fields=(("textbox", "Street", "Elm"), ("textbox", "Phone", "1")), submit="Save", said="Saved"
        ),
        "/terms": Screen("Terms", links=(("Mail us", "mailto:a@b"), ("Partner", "https://other.example/"))),
    }
    nav = (
        ("Products", "/products"),
        ("Cart", "/cart"),
        ("Account", "/account"),
        ("Address", "/address"),
        ("Terms", "/terms"),
    )
    effects = {
        "Show sizes": "modal Sizes",
        "Check out": "confirm dialog: Really?",
        "Remove all": "confirm dialog: Sure?",
    }
    return App(screens, nav, lambda path, button: effects.get(button, ""))


def tracker() -> App:
    screens = {
        "/": Screen("Dashboard", links=(("All tickets", "/tickets"), ("Reports", "/reports?from=2026-01-01"))),
        "/tickets": Screen(
            "Tickets",
            links=(
                ("New ticket", "/tickets/new"),
                ("Next", "/tickets?page=2"),
                ("3", "/tickets?page=3"),
                ("4", "/tickets?page=4"),
            ),
            items=tuple((f"Ticket {n}", f"/tickets/{n}") for n in range(10, 40)),
            buttons=("Clear filter",),
        ),
        **{f"/tickets/{n}": Screen(f"Ticket {n}", buttons=("Start", "Close ticket")) for n in range(10, 40)},
        "/tickets/new": Screen(
            "New ticket",
            fields=(
                ("textbox", "Title", ""),
                ("textbox", "Description", ""),
                ("spinbutton", "Effort", ""),
                ("textbox", "Start date", ""),
                ("textbox", "Due date", ""),
            ),
            submit="Create",
        ),
        "/reports": Screen(
            "Reports", fields=(("textbox", "From date", "2026-11-01"),), submit="Apply", buttons=("Export",)
        ),
        "/team": Screen("Team", items=(("Ann", "/team/ann"), ("Bob", "/team/bob"))),
        "/team/ann": Screen("Ann"),
        "/team/bob": Screen("Bob"),
    }
    return App(screens, (("Tickets", "/tickets"), ("Team", "/team")))
