"""The one comment at the end of a run: what came out, the session sheet, what is worth a look.

Edits of the live comment notify nobody; this one does.
"""

from collections.abc import Sequence

from agent.events import ObservationNoted
from bot.domain.run import RunState
from bot.domain.run_view import Proof, RunView
from bot.render.markdown import Md, Untrusted, fill, folded, lines, paragraphs
from bot.render.progress import Shown, again, count, finding_line, footer, listed, mark, roles, target
from bot.render.sanitize import inline, span

MOST_OBSERVATIONS = 15


def render(shown: Shown) -> Md:
    return paragraphs(
        (
            _headline(shown),
            listed([finding_line(row) for row in shown.found]),
            _unfiled(shown.unfiled),
            again(shown.known),
            _sheet(shown),
            _observations(shown.view.observations),
            _unproven(shown.view),
            _folder(shown.run.folder),
            footer(shown.run),
        )
    )


def _headline(shown: Shown) -> Md:
    run = shown.run
    found = count(len(shown.found), "new finding", "new findings")
    why = inline(Untrusted(run.detail), 400) if run.detail else Md()
    what = fill("{found} on {target}", found=found, target=target(run))
    match RunState(run.state):
        case RunState.STOPPED:
            return fill("## ⏹️ Run stopped: {what}\n\n{why}", what=what, why=why)
        case RunState.FAILED:
            return fill("## ⚠️ The run could not finish: {what}\n\n{why}", what=what, why=why)
        case _:
            return fill("## ✅ Run finished: {what}", what=what)


def _unfiled(proofs: Sequence[Proof]) -> Md:
    if not proofs:
        return Md()
    items = [
        fill(
            "- {mark} {title} · {hits} of {runs} replays",
            mark=mark(proof.severity),
            title=inline(Untrusted(proof.title), 140),
            hits=proof.hits,
            runs=proof.runs,
        )
        for proof in proofs
    ]
    head = Md("**Proven, but not filed**, because the target's settings ask for a dry run or switch filing off:")
    return paragraphs((head, listed(items)))


def _sheet(shown: Shown) -> Md:
    """The session sheet: who went where, for how long, and what stood in the way."""
    run, view = shown.run, shown.view
    if run.started_at is None:
        return Md("The run ended before it began to explore.")
    minutes = round(((run.finished_at or run.started_at) - run.started_at).total_seconds() / 60)
    took = count(max(minutes, 1), "minute", "minutes")
    tokens = fill(", {n} tokens", n=view.tokens) if view.tokens else Md()
    line = fill(
        "{took}, {turns}, {suspicions} replayed{tokens}.",
        took=took,
        turns=count(view.turns, "turn", "turns"),
        suspicions=count(len(view.proofs), "suspicion", "suspicions"),
        tokens=tokens,
    )
    return paragraphs((Md("### Session sheet"), line, roles(view.roles, over=True), _blockers(view)))


def _blockers(view: RunView) -> Md:
    if not view.blockers:
        return Md()
    items = [
        fill(
            "- {what}: {recovery}",
            what=inline(Untrusted(blocker.what), 160),
            recovery=inline(Untrusted(blocker.recovery or ("overcome" if blocker.overcome else "not overcome")), 160),
        )
        for blocker in view.blockers
    ]
    return folded(fill("What stood in the way: {n}", n=len(items)), listed(items))


def _observations(notes: Sequence[ObservationNoted]) -> Md:
    """Not proven, so no issues: a person should look."""
    if not notes:
        return Md()
    items = [_observation(note) for note in notes[:MOST_OBSERVATIONS]]
    if len(notes) > MOST_OBSERVATIONS:
        items.append(fill("- … and {n} more in the report", n=len(notes) - MOST_OBSERVATIONS))
    return paragraphs((Md("### Worth a look\nNot proven, so not filed; a person can tell quickly."), lines(items)))


def _observation(note: ObservationNoted) -> Md:
    where = fill(" at {url}", url=span(Untrusted(note.url), 120)) if note.url else Md()
    detail = fill(": {text}", text=inline(Untrusted(note.detail), 240)) if note.detail else Md()
    return fill("- **{title}**{where}{detail}", title=inline(Untrusted(note.title), 140), where=where, detail=detail)


def _unproven(view: RunView) -> Md:
    flaky = [proof for proof in view.of_verdict("FLAKY") if not proof.proven]
    if not flaky:
        return Md()
    items = [
        fill("- {title} · {hits} of {runs}", title=inline(Untrusted(p.title), 140), hits=p.hits, runs=p.runs)
        for p in flaky
    ]
    return folded(fill("Showed only in some replays: {n}", n=len(items)), listed(items))


def _folder(folder: str) -> Md:
    return fill("The whole report is in {folder}.", folder=span(Untrusted(folder), 200)) if folder else Md()
