"""A small run told as events: who did what where, without a browser. The times are a minute apart."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from agent import events as ev
from agent import routes
from agent.evidence.finding import Claim, Finding, Fingerprint, Repro, Step, StepAction, Verdict, VerdictKind, to_json
from agent.tools.surface import Target

BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
APP = "http://shop.test"


class Tale:
    """Events in order. `role` speaks until another one is named."""

    def __init__(self, *roles: str):
        self.events: list[ev.Event] = []
        self.role = roles[0] if roles else ""
        self._turns: dict[str, int] = {}
        self._pages: dict[str, str] = {}
        self._call = 0
        self.add(ev.RunStarted("b1", roles), role="")

    def add(self, payload: ev.Payload, role: str | None = None) -> "Tale":
        at = BEGAN + timedelta(minutes=len(self.events))
        self.events.append(ev.Event(len(self.events) + 1, at, self.role if role is None else role, payload))
        return self

    def as_role(self, role: str) -> "Tale":
        self.role = role
        return self

    def arrive(self, path: str = "/") -> "Tale":
        self._pages[self.role] = path
        return self.add(ev.RoleStarted(True, path))

    def go(self, path: str) -> "Tale":
        return self._use("goto", path, f"Open {path}", {"url": path})

    def click(self, role: str, name: str, lands: str = "") -> "Tale":
        target = asdict(Target(f"get_by_role('{role}')", role, name))
        return self._use("click", lands, f'Click {role} "{name}"', {"target": "e1"}, target)

    def fill(self, name: str, value: str) -> "Tale":
        target = asdict(Target("get_by_role('textbox')", "textbox", name))
        return self._use("fill", "", f'Fill textbox "{name}" with "{value}"', {"text": value}, target)

    def claim(self, subject: str, outcome: str = "holds", reason: str = "It was said so.", actual: str = "") -> "Tale":
        claim = Claim(subject, "visible", "", "spec", reason)
        return self.add(ev.ClaimChecked(asdict(claim), outcome, actual))

    def note(self, name: str, status: str, note: str = "") -> "Tale":
        return self.add(ev.CapabilityNoted(name, status, note))

    def turn(self, **reply: object) -> "Tale":
        number = self._turns[self.role] = self._turns.get(self.role, 0) + 1
        page = self._pages.get(self.role, "/")
        values: dict = {"outcome": "called", "input_tokens": 100, "output_tokens": 10, "price": 0.01, **reply}
        self.add(ev.ModelReplied(**values))
        return self.add(ev.TurnEnded(number, _state(page), page))

    def stop(self, reason: str = "budget", detail: str = "Used its turns.") -> "Tale":
        return self.add(ev.RoleStopped(reason, detail, self._turns.get(self.role, 0)))

    def prove(self, title: str, route: str, verdict: VerdictKind = "CONFIRMED") -> "Tale":
        finding = found(title, route, self.role, verdict)
        mark = finding.fingerprint.value
        self.add(ev.FindingSuspected(mark, title, {"title": title, "role": self.role}))
        return self.add(ev.VerdictReached(mark, verdict, to_json(finding)))

    def end(self, state: str = "completed") -> list[ev.Event]:
        self.add(ev.RunEnded(state, "All roles are done."), role="")
        return self.events

    def _use(self, action: StepAction, lands: str, words: str, args: dict, target: dict | None = None) -> "Tale":
        before = self._pages.get(self.role, "/")
        after = self._pages[self.role] = lands or before
        self._call += 1
        tool = {"goto": "browser_navigate", "click": "browser_click", "fill": "browser_type"}[action]
        step = asdict(Step(self.role, action, words=words))
        done = ev.ToolFinished(
            call_id=str(self._call),
            tool=tool,
            args=args,
            writes=action != "goto",
            url_before=APP + before,
            url_after=APP + after,
            state_before=_state(before),
            state_after=_state(after),
            steps=(step,),
            target=target,
        )
        return self.add(done)


def found(title: str, route: str, role: str = "buyer", verdict: VerdictKind = "CONFIRMED") -> Finding:
    claim = Claim('get_by_text("Paid")', "visible", "", "spec", "An order that was paid says so.")
    mark = Fingerprint(f"{sum(map(ord, title + route)):016x}", (("kind", "claim"), ("route", route)))
    steps = (Step(role, "goto", value=route, words=f"Open {route}"), Step(role, "click", words='Click button "Save"'))
    judged = Verdict(verdict, 5 if verdict == "CONFIRMED" else 2, 5, "clean", actual="Open", screenshot="a.png")
    return Finding(mark, title, "high", role, claim, Repro(steps, 1, claim), judged, "Shop", "local")


def _state(path: str) -> str:
    return f"s{routes.template(path)}"
