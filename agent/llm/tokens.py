"""How many tokens a text or a request may be, before anybody counted them. Knows no provider and no tokenizer.

Tokenizers need a download and are the wrong one for most models, so characters are weighed by class: on pages as the
browser describes them this is within 20 % of o200k (Cyrillic: up to twice as much, the safe side). What a model's own
counts say beyond that is learnt.
"""

import json
import math
import re
from functools import lru_cache

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits

WORDS = re.compile(r"[A-Za-z]+")
WORD_TAILS = re.compile(r"[A-Za-z]{7}([A-Za-z]+)")
DIGITS = re.compile(r"[0-9]{1,3}")
SIGNS = re.compile(r"[!-/:-@\[-`{-~]{1,2}")
SCRIPTS = re.compile(r"[\x80-\u2e80]")
IDEOGRAPHS = re.compile(r"[\u2e81-\U0010ffff]")

TAIL_LETTER = 1 / 5
NEWLINE = 0.6
SCRIPT = 0.55
IDEOGRAPH = 0.75

LEAST, MOST = 0.5, 2.0
STEP = 0.2
"""Roles that ask at the same time learn from estimates that were made before they learnt: with so small a step four
or five of them do not overshoot."""


@lru_cache(maxsize=1_024)
def estimate(text: str) -> int:
    """Tokens of a text, rounded up. Remembered, because a conversation is sent again with every turn."""
    tokens = len(WORDS.findall(text)) + TAIL_LETTER * sum(map(len, WORD_TAILS.findall(text)))
    tokens += len(DIGITS.findall(text)) + len(SIGNS.findall(text)) + NEWLINE * text.count("\n")
    if not text.isascii():
        tokens += SCRIPT * len(SCRIPTS.findall(text)) + IDEOGRAPH * len(IDEOGRAPHS.findall(text))
    return math.ceil(tokens)


def size_of(reply: ModelReply) -> int:
    """Tokens of a reply as far as it can be seen."""
    return written_tokens(Message("assistant", reply.text, calls=reply.calls))


class Gauge:
    """Sizes of requests to one model. Learns what its own counts are, compared with the estimate."""

    def __init__(self) -> None:
        self._factor = 1.0

    def tokens(self, request: ModelRequest, traits: Traits) -> int:
        """Tokens of the whole request: system text, tools, messages and pictures."""
        tools = [[spec.name, spec.description, dict(spec.parameters)] for spec in request.tools]
        written = estimate(request.system) + (estimate(_json(tools)) if tools else 0)
        written += sum(written_tokens(message) for message in request.messages)
        pictures = sum(len(message.images) for message in request.messages)
        return math.ceil((written + pictures * traits.image_tokens) * self._factor)

    def learn(self, request_estimate: int, reported: int) -> None:
        """What `tokens` said of a request, and how many input tokens the server counted in it (0: it was silent)."""
        if request_estimate <= 0 or reported <= 0:
            return
        target = _clamped(self._factor * reported / request_estimate)
        self._factor = _clamped(self._factor + STEP * (target - self._factor))


def _clamped(factor: float) -> float:
    return min(MOST, max(LEAST, factor))


def written_tokens(message: Message) -> int:
    """Tokens of a message without its pictures."""
    return estimate(message.text) + sum(
        estimate(call.tool) + estimate(_json(dict(call.args))) for call in message.calls
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
