"""Two apps and a session, simulated in memory: pages as snapshots, transitions, a ledger folded from what was done."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

from agent import events as ev
from agent import routes
from agent.charter import Sharing
from agent.coverage import coverage as covering
from agent.coverage.coverage import Coverage
from agent.coverage.frontier import Frontier, Seeker
from agent.coverage.leads import Bounds, leads_in
from agent.coverage.similar import Recogniser
from agent.ledger import Ledger, fold
from agent.llm.base import ModelRequest, Situation
from agent.llm.scout.explorer import Scout
from agent.tools.aria import elements, parse
from agent.tools.browser_tools import ACTING
from agent.tools.surface import PageView, Target, ToolCall, ToolResult, ToolSpec

ORIGIN = "http://app.test"
DAY = date(2026, 11, 21)


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


@dataclass
class Walk:
    app: App
    turns: list[tuple[ToolCall, ...]]
    ledger: Ledger
    coverage: Coverage
    summary: str | None

    @property
    def routes(self) -> set[str]:
        return {routes.template(place) for place, roles in self.coverage.done.pairs() if "member" in roles}

    @property
    def tools(self) -> list[str]:
        return [call.tool for turn in self.turns for call in turn]


class Team:
    """What the roles of a run share: the reasoner, the journal and what follows from it, the frontier."""

    def __init__(self, seed: int = 0):
        self.scout = Scout(seed, lambda: DAY)
        self.events: list[ev.Event] = []
        self.ledger = Ledger()
        self.coverage = Coverage()
        self.frontier = Frontier(Sharing())
        self.recogniser = Recogniser(Sharing().alike)

    def tell(self, role: str, *payloads: ev.Payload) -> None:
        for payload in payloads:
            event = ev.Event(len(self.events) + 1, datetime.now(UTC), role, payload)
            self.events.append(event)
            self.ledger = fold(self.ledger, [event])
            self.coverage = covering.fold(self.coverage, event)


class Explorer:
    """Plays the session's part: performs calls, folds what happened, stops at finish or at the end of the budget."""

    def __init__(
        self,
        app: App,
        budget: int = 70,
        role: str = "member",
        seed: int = 0,
        may_write: bool = True,
        team: Team | None = None,
    ):
        self.app, self.budget, self.role, self.seed, self.may_write = app, budget, role, seed, may_write
        self.team = team or Team(seed)
        self.orders: tuple[str, ...] = ()
        self.tools: tuple[ToolSpec, ...] = ()
        self.turns: list[tuple[ToolCall, ...]] = []
        self.summary: str | None = None
        self._last: tuple[ToolResult, ...] = ()

    async def run(self) -> Walk:
        """All turns of one process; a second run is another process, which has nothing but the ledger."""
        self.team.scout, self.turns, self.summary = Scout(self.seed, lambda: DAY), [], None
        self.team.tell(self.role, ev.RoleStarted(url=self.app.path))
        for iteration in range(1, self.budget + 1):
            await self.turn(iteration)
            if self.summary is not None:
                break
        return Walk(self.app, self.turns, self.team.ledger, self.team.coverage, self.summary)

    async def turn(self, iteration: int) -> None:
        reply = await self.team.scout.generate(ModelRequest("", (), self.tools, self.situation(iteration, self._last)))
        assert reply.outcome == "called"
        self.turns.append(reply.calls)
        self._last = tuple(self.perform(call) for call in reply.calls)
        view = self.app.view()
        found = leads_in(view, (), self.role, self.team.coverage, Bounds(ORIGIN, frozenset({ORIGIN})))
        self.team.tell(self.role, *found, ev.TurnEnded(iteration, self.recognise(view), self.app.path))
        finish = next((call for call in reply.calls if call.tool == "finish"), None)
        self.summary = finish.args["summary"] if finish else None

    def situation(self, iteration: int, last: tuple[ToolResult, ...]) -> Situation:
        seeker = Seeker(self.role, iteration, self.orders)
        offers, fresh = self.team.frontier.offer(self.team.coverage, seeker)
        self.team.tell(self.role, *fresh)
        return Situation(
            role=self.role,
            origin=ORIGIN,
            start="/",
            view=self.app.view(),
            ledger=self.team.ledger,
            last=last,
            iteration=iteration,
            remaining=self.budget - iteration + 1,
            capabilities=("browse products and tickets", "fly to the moon"),
            may_write=self.may_write,
            offers=offers,
            orders=self.orders,
        )

    def perform(self, call: ToolCall) -> ToolResult:
        if not call.tool.startswith("browser_"):
            self.app.calls.append(call)
            return ToolResult(call.id, "ok", "")
        result = self.app.perform(call)
        assert result.before is not None and result.after is not None
        done = ev.ToolFinished(
            call_id=call.id,
            tool=call.tool,
            args=call.args,
            status=result.status,
            writes=call.tool in ACTING,
            url_before=result.before.url,
            url_after=result.after.url,
            state_before=self.recognise(result.before),
            state_after=self.recognise(result.after),
            target=asdict(result.target) if result.target else None,
        )
        self.team.tell(self.role, done)
        return result

    def recognise(self, view: PageView) -> str:
        key, met = self.team.recogniser.recognise(view)
        self.team.tell(self.role, *([met] if met else []))
        return key
