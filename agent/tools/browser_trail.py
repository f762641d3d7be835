"""What a role did on the document it is on: the only way back to a place that has no address of its own."""

from agent.tools.browser_act import Act
from agent.tools.surface import PageView

SHOWN = 8
VERBS = {
    "browser_click": "click",
    "browser_type": "type in",
    "browser_select_option": "choose in",
    "browser_scroll": "scroll at",
}


class Trail:
    """Of one role. It begins anew with each document."""

    def __init__(self) -> None:
        self._url = ""
        self._acts: list[str] = []

    def go_on(self, act: Act, after: PageView, *, succeeded: bool) -> None:
        if after.document != act.before.document:
            self._acts.clear()
        elif succeeded and act.call.tool in VERBS:
            target = act.target
            named = f' {target.role or "element"} "{target.name}"' if target else ""
            self._acts.append(f"{VERBS[act.call.tool]}{named}")
        self._url = after.url

    def way_back(self) -> str:
        """Where the role was and how it had come there, in the page's words; empty at first. Forgets it."""
        if not self._url:
            return ""
        acts, self._acts = self._acts[-SHOWN:], []
        way = f"; you had come there by: {', '.join(acts)}" if acts else ""
        return f"You were at {self._url}{way}."
