"""The note that a model may write to itself when an epoch closes. Nothing depends on it: it is unverified, and dropped
whenever it is not what was asked for.
"""

import re
from dataclasses import replace

from agent.context.observation import PROMPTS, VERSION
from agent.llm.base import Message, Model, ModelReply, ModelRequest
from agent.llm.errors import Interrupted, ModelFailure

LONGEST = 1_600
MARKUP = re.compile(r"```|<page-|</?[a-z_]+>|\{\{secret:|[\x00-\x09\x0b-\x1f\x7f]", re.I)


async def ask_note(model: Model, request: ModelRequest) -> ModelReply | None:
    """What the model answered, None when it could not be had; what is usable of it is `usable`'s to say.

    `request` is the role's own as it stands, without a tail, so that its beginning is cached; it is asked once and what
    comes back is not kept in the conversation. A model that cannot be had, or a spent budget, costs the note alone.
    """
    question = VERSION.sub("", (PROMPTS / "note.md").read_text(encoding="utf-8")).strip()
    asked = replace(request, messages=(*request.messages, Message("user", question)))
    try:
        return await model.generate(asked)
    except (ModelFailure, Interrupted):
        return None


def usable(reply: ModelReply) -> str:
    """The note when it is one: some plain text of at most 1600 characters and no call; else empty."""
    note = reply.text.strip()
    plain = reply.outcome == "said" and not reply.calls and len(note) <= LONGEST and not MARKUP.search(note)
    return note if plain else ""
