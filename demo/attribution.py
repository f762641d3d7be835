"""Which seeded defect does a finding show? Found out afterwards: its proof is replayed with one defect off at a time.

The explorer cannot see the manifest; this file can, and uses it only to try the likeliest defects first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import async_playwright

from agent import routes
from agent.charter import Profile
from agent.evidence.finding import Alarm, Finding
from agent.evidence.instance import ReplayInstance
from agent.evidence.replay import Replayer
from agent.tools.chromium import launch, require_browser
from demo.clubhouse.manifest import DEFECTS, Defect, parse_defects

# Which classes of defect an alarm of a kind usually comes from; anything else is tried later.
LIKELY = {
    "server_error": {"server error", "false success"},
    "uncaught_exception": {"client exception", "injection"},
    "console_error": {"client exception"},
    "markup_injection": {"injection"},
    "broken_link": {"broken link", "wrong navigation"},
    "broken_image": {"broken link", "injection"},
}


@dataclass
class Attribution:
    """Replays proofs on builds of Clubhouse that lack one defect each. `builds` is the folder of defect lists."""

    profile: Profile
    environ: Mapping[str, str]
    builds: Path
    artefacts: Path

    async def defect_of(self, finding: Finding, active: str) -> str | None:
        """The defect without which the proof fails, of those in the list `active`; None when it never fails."""
        # The browser lives only as long: while roles explore, memory is theirs.
        async with async_playwright() as playwright, ReplayInstance(self.profile, self.environ) as instance:
            browser = await launch(playwright, require_browser(self.environ), hosts=("127.0.0.1",))
            replayer = Replayer(self.profile, browser, instance, self.artefacts)
            for defect in ranked(finding, parse_defects(active)):
                build = f"{finding.verdict.build[:10]}-without-{defect}"
                (self.builds / build).write_text(",".join(sorted(parse_defects(active) - {defect})), encoding="utf-8")
                await instance.ensure(build)
                if await _silent(replayer, finding) and await _silent(replayer, finding):
                    return defect
        return None


async def _silent(replayer: Replayer, finding: Finding) -> bool:
    """Whether a replay ran to its end without the symptom. Asked twice: one miss of a shaky proof explains nothing."""
    outcome = await replayer.run(finding.repro)
    return outcome.executed and not outcome.hit and not outcome.fired_before


def ranked(finding: Finding, active: frozenset[str]) -> list[str]:
    """Active defects, those first whose page and class fit what was found."""
    return sorted(active, key=lambda name: (-_likeness(finding, DEFECTS[name]), name))


def _likeness(finding: Finding, defect: Defect) -> int:
    oracle, score = finding.oracle, 0
    if isinstance(oracle, Alarm):
        score += 2 * (defect.kind in LIKELY.get(oracle.kind, set()))
        score += 3 * (
            _same_route(defect.page, oracle.route) or _same_route(defect.page, routes.template(oracle.page_url))
        )
    places = {routes.template(step.value) for step in finding.repro.steps if step.action == "goto"}
    return score + 2 * any(_same_route(defect.page, place) for place in places)


def _same_route(page: str, route: str) -> bool:
    """Whether a route of the manifest and a route template are the same place, whatever a placeholder is called."""
    left, right = page.strip("/").split("/"), route.split("?")[0].strip("/").split("/")
    return len(left) == len(right) and all(
        a == b or (a.startswith("{") and b.startswith("{")) for a, b in zip(left, right, strict=True)
    )
