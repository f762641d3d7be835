"""What is said on a finding's issue about a fix: the verdict, how often it was tried, on which build."""

from agent.evidence.finding import FixVerdict
from bot.render.markdown import Md, Untrusted, fill, paragraphs
from bot.render.progress import build
from bot.render.sanitize import inline


def verdict(pull_request: int, said: FixVerdict, was_fixed: bool = False) -> Md:
    on = fill(" on build {build}", build=build(said.build)) if said.build else Md()
    note = inline(Untrusted(said.note), 500)
    match said.kind:
        case "FIXED":
            head = fill("✅ **Fixed** by #{pr}{on}.", pr=pull_request, on=on)
            end = Md("I label it `finding:verified`. Should it come back, I open this issue again.")
        case "STILL_FAILS":
            head = fill("❌ **Still fails** after #{pr}{on}.", pr=pull_request, on=on)
            end = Md("This issue is open again. The steps in its description still show the problem.")
        case "MOVED":
            head = fill(
                "⚠️ **Not fixed, but different** after #{pr}{on}: the same steps now show another problem.",
                pr=pull_request,
                on=on,
            )
            end = Md("This issue is open again, because these steps do not yet work as they should.")
        case "CANNOT_TELL":
            head = fill("❔ **I cannot tell** whether #{pr} fixed this{on}.", pr=pull_request, on=on)
            end = Md(
                "An earlier replay found it fixed, so nothing was changed here; a person should try the steps."
                if was_fixed
                else "A fix that is not proven must not close this issue: it is open. A person should try the steps."
            )
    return paragraphs((head, _numbers(said), note, end))


def _numbers(said: FixVerdict) -> Md:
    if said.runs == 0:
        return Md()
    return fill(
        "I replayed the steps {runs} times: the problem showed in **{hits} of {runs}**, and {walked} of them got as "
        "far as the step that used to show it.",
        runs=said.runs,
        hits=said.hits,
        walked=said.walked,
    )
