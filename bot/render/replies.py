"""Answers to people: to their commands and their charters. Foreign words are quoted only through the sanitiser."""

from collections.abc import Sequence

from bot.commands.command import Asked, Command
from bot.domain.charter_form import Problem, Problems
from bot.domain.run import RunState
from bot.github.port import RepoRole
from bot.render.markdown import Md, Untrusted, fill, lines, paragraphs, table
from bot.render.sanitize import inline, span
from bot.store.runs import Run

HELP_LINE = Md("<sub>`/explore help` lists what I understand.</sub>")
STATES = {
    RunState.QUEUED: Md("waiting for a worker"),
    RunState.RUNNING: Md("exploring"),
    RunState.COMPLETED: Md("done"),
    RunState.STOPPED: Md("stopped"),
    RunState.FAILED: Md("could not finish"),
}


def _reply(asked: Asked, *parts: Md) -> Md:
    """Quotes what was asked, as code within a quotation, so that it cannot be taken for a command again."""
    return paragraphs((fill("> {line}", line=span(Untrusted(asked.line), 120)), *parts, HELP_LINE))


def _live(run: Run) -> Md:
    """A link to the live comment of the same issue, by its anchor."""
    return fill("[live comment](#issuecomment-{id})", id=run.progress_comment or 0)


def already_running(asked: Asked, run: Run) -> Md:
    where = (
        fill("see its {live}", live=_live(run)) if run.progress_comment else Md("its live comment appears in a moment")
    )
    return _reply(asked, fill("A run of this charter is going already: {where}.", where=where))


def nothing_to_stop(asked: Asked) -> Md:
    return _reply(asked, Md("There is nothing to stop: no run of this charter is going. Nothing was changed."))


def focus_on_what(asked: Asked, longest: int) -> Md:
    sentence = fill(
        "Say in one line what to look at, in at most {n} characters: `/explore focus the prices of long bookings`. "
        "Nothing was changed.",
        n=longest,
    )
    return _reply(asked, sentence)


def nothing_to_steer(asked: Asked) -> Md:
    sentence = Md(
        "No run of this charter is going, so nobody would hear that. Write it into the charter above, then comment "
        "`/explore rerun`."
    )
    return _reply(asked, sentence)


def stopping_already(asked: Asked) -> Md:
    return _reply(asked, Md("This run is coming to its end already. `/explore rerun` starts another one."))


def no_charter(asked: Asked) -> Md:
    sentence = Md(
        "This issue is not a test charter, so there is nothing to run here. Open one from the issue form "
        "*Test charter*, or add the label to an issue that has the form's headings."
    )
    return _reply(asked, sentence)


def no_run(asked: Asked) -> Md:
    return _reply(asked, Md("There was no run for this issue yet."))


def status(asked: Asked, run: Run, filed: int) -> Md:
    rows = [
        (Md("State"), STATES[RunState(run.state)]),
        (Md("Mission"), inline(Untrusted(run.charter.mission), 200)),
        (Md("Target"), span(Untrusted(f"{run.charter.app}/{run.charter.profile}"))),
        (Md("Findings filed"), fill("{n}", n=filed)),
        (Md("Started by"), inline(Untrusted(run.requested_by))),
    ]
    if run.detail:
        rows.append((Md("Note"), inline(Untrusted(run.detail), 300)))
    more = fill("More is in its {live}.", live=_live(run)) if run.progress_comment else Md()
    return _reply(asked, table((Md("Latest run"), span(Untrusted(run.id))), rows), more)


def help_text(asked: Asked) -> Md:
    return paragraphs((fill("> {line}", line=span(Untrusted(asked.line), 120)), Md("I understand:"), _listing(asked)))


def _listing(asked: Asked) -> Md:
    return lines(
        fill(
            "- `{usage}` {sentence} ({who})",
            usage=Md(command.usage),
            sentence=Md(command.sentence),
            who=_who(command.minimum),
        )
        for command in asked.catalogue
    )


def _who(minimum: RepoRole) -> Md:
    return Md("anyone") if minimum == RepoRole.NONE else fill("{role} role or more", role=Md(minimum.word))


def unknown_command(asked: Asked, suggestion: Command | None) -> Md:
    meant = fill(" Did you mean `{usage}`?", usage=Md(suggestion.usage)) if suggestion else Md()
    return paragraphs(
        (
            fill("> {line}", line=span(Untrusted(asked.line), 120)),
            fill("I don't know that command.{meant} I understand:", meant=meant),
            _listing(asked),
        )
    )


def not_allowed(asked: Asked, minimum: RepoRole, role: RepoRole) -> Md:
    return _reply(asked, _lacks(Md("This command"), minimum, role))


def role_unknown(asked: Asked, minimum: RepoRole) -> Md:
    return _reply(asked, _unsure(Md("This command"), minimum))


def charter_not_allowed(minimum: RepoRole, role: RepoRole | None) -> Md:
    what = Md("Starting a run")
    refusal = _unsure(what, minimum) if role is None else _lacks(what, minimum, role)
    after = fill("Somebody with the {role} role can start it with `/explore rerun`.", role=Md(minimum.word))
    return paragraphs((fill("🔒 {refusal}", refusal=refusal), after, HELP_LINE))


def _lacks(what: Md, minimum: RepoRole, role: RepoRole) -> Md:
    have = fill("yours is **{role}**", role=Md(role.word)) if role else Md("you have **none** here")
    return fill(
        "{what} needs the **{minimum}** role in this repository or more; {have}. Nothing was changed.",
        what=what,
        minimum=Md(minimum.word),
        have=have,
    )


def _unsure(what: Md, minimum: RepoRole) -> Md:
    return fill(
        "{what} needs the **{minimum}** role in this repository, and GitHub did not tell me yours just now. "
        "Nothing was changed; please try again in a minute.",
        what=what,
        minimum=Md(minimum.word),
    )


def bad_charter(problems: Problems, targets: Sequence[str]) -> Md:
    """All problems at once, with what would be accepted."""
    count = len(problems.problems)
    head = (
        Md("**One thing** in this charter needs mending")
        if count == 1
        else fill("**{n} things** in this charter need mending", n=count)
    )
    known = ", ".join(span(Untrusted(target)) for target in targets) or "none yet; add a folder to `apps/`"
    return paragraphs(
        (
            fill("✋ {head} before I can start:", head=head),
            lines(_problem(problem) for problem in problems.problems),
            Md(f"Known targets: {known}."),
            Md("Edit the description of this issue, then comment `/explore rerun`."),
        )
    )


def _problem(problem: Problem) -> Md:
    given = fill(" (it says {given})", given=span(Untrusted(problem.given), 80)) if problem.given else Md()
    return fill(
        "- **{field}** {wrong}{given}. Accepted: {accepted}.",
        field=Md(problem.field),
        wrong=inline(Untrusted(problem.wrong), 300),
        given=given,
        accepted=inline(Untrusted(problem.accepted), 600),
    )


def sorry(sentence: str) -> Md:
    """For a BadInput: one clear sentence with a remedy."""
    return paragraphs((fill("✋ {sentence}", sentence=inline(Untrusted(sentence), 600)), HELP_LINE))


def broke(reference: str) -> Md:
    """For an error that should not happen; `reference` leads to the log."""
    return paragraphs(
        (
            fill(
                "😕 Something went wrong on my side and I could not finish this. Please try again; if it stays, tell "
                "those who run me the reference {reference}.",
                reference=span(Untrusted(reference[:8])),
            ),
            HELP_LINE,
        )
    )
