"""The local GitHub's world: all state (`state.py`) with all verbs (`verbs/`), each layer in its own file."""

from demo.github.state import WorldConfig
from demo.github.verbs.checks import CheckVerbs

__all__ = ["World", "WorldConfig"]


class World(CheckVerbs):
    """Everything that is on this GitHub, and everything that can be done there. Use it from one event loop."""
