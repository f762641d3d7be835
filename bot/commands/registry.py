"""All commands in one place, and the decision about one of them: known, allowed, then its own."""

from difflib import get_close_matches

from bot.commands import info, run_commands
from bot.commands.command import Asked, Command, Decision, Situation
from bot.commands.grammar import CommandLine
from bot.github.port import RepoRole
from bot.reasons import Reason
from bot.render import replies

COMMANDS: tuple[Command, ...] = (*run_commands.COMMANDS, *info.COMMANDS)
BY_NAME = {command.name: command for command in COMMANDS}


def find(line: CommandLine) -> Command | None:
    """The prefix alone asks for help."""
    return BY_NAME.get(line.name or info.HELP.name)


def decide(line: CommandLine, login: str, role: RepoRole | None, situation: Situation) -> Decision:
    """`role` is None when GitHub did not tell it: then only what is open to all is allowed."""
    asked = Asked(line.line, line.args, login, COMMANDS)
    command = find(line)
    if command is None:
        close = get_close_matches(line.name, BY_NAME, n=1, cutoff=0.5)
        suggestion = BY_NAME[close[0]] if close else None
        return Decision(Reason.UNKNOWN_COMMAND, "confused", replies.unknown_command(asked, suggestion))
    if role is None and command.minimum > RepoRole.NONE:
        return Decision(Reason.ROLE_UNKNOWN, "-1", replies.role_unknown(asked, command.minimum))
    if role is not None and role < command.minimum:
        return Decision(Reason.NOT_ALLOWED, "-1", replies.not_allowed(asked, command.minimum, role))
    return command.decide(asked, situation)
