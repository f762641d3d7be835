"""Commands that start and end runs. Pure decisions."""

from agent.charter import Charter
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
COMMANDS = (RERUN, STOP)
