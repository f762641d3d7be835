"""The gate before the browser: checks a call, completes it with what it means on the page, puts the secrets in."""

from typing import Any

from agent.charter import Profile
from agent.tools.aria import find, parse
from agent.tools.aria_text import refs
from agent.tools.browser_act import Act, Refused
from agent.tools.browser_senses import Senses
from agent.tools.browser_tools import ALLOWED, PICTURE, Unusable, clean, stale, target_refs
from agent.tools.egress import destination, leaves, origin_of
from agent.tools.page_request import REQUEST
from agent.tools.policy import decide
from agent.tools.seat import Seat
from agent.tools.targets import resolve


class Gate:
    """Before one seat."""

    def __init__(self, seat: Seat, senses: Senses) -> None:
        self._seat = seat
        self._senses = senses
        self._profile: Profile = seat.options.profile

    async def admit(self, act: Act) -> None:
        """Checks and completes the call. Raises Unusable, Refused or Forbidden."""
        call, seen = act.call, act.before
        if call.tool not in ALLOWED or (call.tool == PICTURE.name and not self._seat.options.pictures):
            raise Refused(f"{call.tool} is not available; the tools are {', '.join(sorted(ALLOWED))}.")
        act.args = clean(call.tool, call.args)
        if seen.dialog and call.tool != "browser_handle_dialog":
            raise Unusable("A dialog is open; answer it with browser_handle_dialog first.")
        if call.tool in ("browser_navigate", REQUEST.name):
            wanted = str(act.args.get("url", ""))
            act.args["url"] = destination(wanted, self._profile.url, self._profile.allowed_origins)
        tree = parse(seen.snapshot)
        named = target_refs(act.args)
        act.targets = tuple([self._senses.masked(await resolve(self._seat.page, ref, tree)) for ref in named])
        for ref, target in zip(named, act.targets, strict=True):
            if target is None and find(tree, ref) is None:
                raise Unusable(stale(ref, refs(tree)))
        denial = decide(call, act.target, seen, self._profile)
        if denial:
            # The element's name is the page's word; which one it was, the model knows by its ref.
            raise Refused(denial.replace(f' "{act.target.name}"', "") if act.target else denial)
        href = act.target.href if act.target else ""
        if call.tool == "browser_click" and leaves(href, self._profile.url, self._profile.allowed_origins):
            raise Refused(f"That link leaves the app for {origin_of(href) or 'another place'}; it was not followed.")

    def with_secrets(self, act: Act) -> dict[str, Any]:
        """The arguments with placeholders resolved, for typing only. Raises SecretRefused."""
        origin = origin_of(self._seat.page.url) or ""
        secrets = self._seat.secrets
        if act.call.tool == "browser_type":
            return {**act.args, "text": secrets.resolve(str(act.args.get("text", "")), origin)}
        if act.call.tool == "browser_fill_form":
            fields = [
                {**item, "value": secrets.resolve(str(item.get("value", "")), origin)} for item in act.args["fields"]
            ]
            return {**act.args, "fields": fields}
        return act.args
