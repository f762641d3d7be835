"""What the model may do where nothing may be changed. Pure; the browser enforces the same again on the network."""

import re

from agent.charter import Profile
from agent.tools.surface import PageView, Target, ToolCall

WRITES = re.compile(
    r"\b(sav|creat|add|delet|remov|submit|send|pay|buy|order|confirm|approv|book|updat|publish|invit|upload|archiv"
    r"|disabl|enabl|reset|regist|sign up|subscrib|unsubscrib|join|leav|accept|reject|declin|assign|import|transfer"
    r"|refund|check ?out|plac|cancel|log ?out|sign out)(e|es|ed|ing)?\b",
    re.I,
)
LINK_WRITES = re.compile(r"\b(delete|remove|pay|cancel|unsubscribe|log ?out|sign out|confirm|approve)\b", re.I)
BUTTONS = frozenset({"button", "menuitem", "switch", "menuitemcheckbox", "menuitemradio"})
READ_ONLY = "This target is read-only (production without allow_writes)"


def decide(call: ToolCall, target: Target | None, view: PageView | None, profile: Profile) -> str | None:
    """None when the call may be made, else the sentence that the model reads."""
    if profile.may_write:
        return None
    if call.tool == "browser_type" and call.args.get("submit"):
        return f"{READ_ONLY}: typing must not submit; leave `submit` out."
    if call.tool == "browser_press_key" and str(call.args.get("key", "")) in ("Enter", "NumpadEnter"):
        return f"{READ_ONLY}: Enter may submit a form; look at the page another way."
    if call.tool == "browser_handle_dialog" and call.args.get("accept"):
        alert = view is not None and (view.dialog or "").startswith("alert")
        return None if alert else f"{READ_ONLY}: only alerts may be accepted; dismiss this dialog."
    if call.tool == "browser_click" and target is not None:
        return _click(target)
    return None


def _click(target: Target) -> str | None:
    if target.kind == "submit":
        return f"{READ_ONLY}: {_named(target)} submits a form."
    if target.role in BUTTONS and WRITES.search(target.name):
        return f"{READ_ONLY}: {_named(target)} looks like it changes something."
    if target.role == "link" and LINK_WRITES.search(target.name):
        return f"{READ_ONLY}: {_named(target)} looks like it changes something."
    return None


def _named(target: Target) -> str:
    return f'{target.role or "element"} "{target.name}"'
