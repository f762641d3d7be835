"""What the tests of runs read from a journal."""

from typing import Any

from agent import events as ev
from agent.llm.base import ModelRequest


async def reasons(scene: Any) -> dict[str, str]:
    """Why each role stopped."""
    events = await scene.journal().read()
    return {event.role: event.payload.reason for event in events if isinstance(event.payload, ev.RoleStopped)}


def words_of(request: ModelRequest) -> str:
    return "\n".join(message.text for message in request.messages)
