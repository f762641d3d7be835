"""Commands that only answer. Anyone who may comment may use them."""

from bot.commands.command import Asked, Command, Decision, Situation
from bot.github.port import RepoRole
from bot.reasons import Reason
from bot.render import replies


def decide_status(asked: Asked, situation: Situation) -> Decision:
    run = situation.active or situation.latest
    if run is None:
        return Decision(Reason.NO_RUN, "+1", replies.no_run(asked))
    return Decision(Reason.ANSWERED, "+1", replies.status(asked, run, situation.filed))


def decide_help(asked: Asked, situation: Situation) -> Decision:
    return Decision(Reason.ANSWERED, "+1", replies.help_text(asked))


STATUS = Command(
    name="status",
    usage="/explore status",
    sentence="says what the latest run of this charter is doing or has found",
    example="/explore status",
    minimum=RepoRole.NONE,
    decide=decide_status,
)
HELP = Command(
    name="help",
    usage="/explore help",
    sentence="lists the commands",
    example="/explore help",
    minimum=RepoRole.NONE,
    decide=decide_help,
)
COMMANDS = (STATUS, HELP)
