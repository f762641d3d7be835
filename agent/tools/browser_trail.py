"""What a role did on the document it is on: the only way back to a place that has no address of its own."""

from agent.tools.browser_act import Act
from agent.tools.browser_tools import STILL
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
        self.untouched = True
        """The document came by its address or a link, and has only been looked at. What a button led to may say once
        what became of it."""

    def go_on(self, act: Act, after: PageView, *, succeeded: bool) -> None:
        tool = act.call.tool
        if after.document != act.before.document:
            self._acts.clear()
            self.untouched = tool == "browser_navigate" or (act.target is not None and act.target.role == "link")
        else:
            self.untouched = self.untouched and tool in STILL
            if succeeded and tool in VERBS:
                self._acts.append(_worded(act))
        self._url = after.url

    def way_back(self) -> str:
        """Where the role was and how it had come there, in the page's words; empty at first. Forgets it."""
        if not self._url:
            return ""
        acts, self._acts = self._acts[-SHOWN:], []
        way = f"; you had come there by: {', '.join(acts)}" if acts else ""
        return f"You were at {self._url}{way}."


def _worded(act: Act) -> str:
    target = act.target
    named = f' {target.role or "element"} "{target.name}"' if target else ""
    return f"{VERBS[act.call.tool]}{named}"
