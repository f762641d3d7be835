"""The note that a model may write to itself when an epoch closes. Nothing depends on it: it is unverified, and dropped
whenever it is not what was asked for.
"""

import re
from dataclasses import replace

from agent.context.observation import PROMPTS, VERSION
from agent.llm.base import Message, Model, ModelRequest
from agent.llm.errors import Interrupted, ModelFailure

LONGEST = 1_600
MARKUP = re.compile(r"```|<page-|</?[a-z_]+>|\{\{secret:|[\x00-\x09\x0b-\x1f\x7f]", re.I)


async def ask_note(model: Model, request: ModelRequest) -> str:
    """What the model thinks, at most 1600 characters of plain text; empty when there is nothing usable.

    `request` is the role's own as it stands, without a tail, so that its beginning is cached; it is asked once and what
    comes back is not kept in the conversation. A model that cannot be had, or a spent budget, costs the note alone.
    """
    question = VERSION.sub("", (PROMPTS / "note.md").read_text(encoding="utf-8")).strip()
    asked = replace(request, messages=(*request.messages, Message("user", question)))
    try:
        reply = await model.generate(asked)
    except (ModelFailure, Interrupted):
        return ""
    return "" if reply.calls or reply.outcome != "said" else usable(reply.text)


def usable(text: str) -> str:
    """The note when it is one: some plain text, not too long."""
    note = text.strip()
    return note if len(note) <= LONGEST and not MARKUP.search(note) else ""
