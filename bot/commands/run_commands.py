"""Commands that start, steer and end runs. Pure decisions."""

from agent.charter import Charter
from agent.steering import LONGEST
from bot.commands.command import Asked, Command, Decision, Situation
from bot.domain.charter_form import Problems
from bot.github.port import RepoRole
from bot.reasons import Reason
from bot.render import replies


def decide_rerun(asked: Asked, situation: Situation) -> Decision:
    """Takes the charter as the issue states it now, so that a mended or changed one needs no new issue."""
    if situation.active is not None:
        return Decision(Reason.ALREADY_RUNNING, "+1", replies.already_running(asked, situation.active))
    match situation.charter:
        case Charter():
            return Decision(Reason.RUN_QUEUED, "rocket", start=situation.charter)
        case Problems():
            reply = replies.bad_charter(situation.charter, situation.targets)
            return Decision(Reason.BAD_CHARTER, "confused", reply)
        case None:
            return Decision(Reason.NO_RUN, "confused", replies.no_charter(asked))


def decide_stop(asked: Asked, situation: Situation) -> Decision:
    if situation.active is None:
        return Decision(Reason.NOTHING_TO_STOP, "confused", replies.nothing_to_stop(asked))
    return Decision(Reason.STOP_REQUESTED, "+1", stop=situation.active)


def decide_focus(asked: Asked, situation: Situation) -> Decision:
    """Heard by each role at its next turn; the live comment shows that it was taken up."""
    if not 0 < len(asked.args) <= LONGEST:
        return Decision(Reason.BAD_ARGUMENT, "confused", replies.focus_on_what(asked, LONGEST))
    if situation.active is None:
        return Decision(Reason.NOTHING_TO_STEER, "confused", replies.nothing_to_steer(asked))
    if situation.active.stop_requested:
        return Decision(Reason.NOTHING_TO_STEER, "confused", replies.stopping_already(asked))
    return Decision(Reason.FOCUS_TAKEN, "+1", steer=situation.active)


RERUN = Command(
    name="rerun",
    usage="/explore rerun",
    sentence="explores again, with the charter as it stands in this issue now",
    example="/explore rerun",
    minimum=RepoRole.TRIAGE,
    decide=decide_rerun,
    reads_charter=True,
)
STOP = Command(
    name="stop",
    usage="/explore stop",
    sentence="ends the run that is going; what was found until then stays",
    example="/explore stop",
    minimum=RepoRole.TRIAGE,
    decide=decide_stop,
)
FOCUS = Command(
    name="focus",
    usage="/explore focus <text>",
    sentence="tells the run that is going what to look at; every role hears it at its next turn",
    example="/explore focus the prices of long bookings",
    minimum=RepoRole.TRIAGE,
    decide=decide_focus,
)
COMMANDS = (RERUN, STOP, FOCUS)
