"""Wire emulators of both protocols for tests, over real HTTP, with every kind of fault. The public door to them.

The helpers that make answers have the same names in both protocols, so that they are reached through OPENAI and GEMINI.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from agent.llm.emulators import gemini, gemini_faults, openai, openai_faults
from agent.llm.emulators.gemini import GeminiEmulator, gemini_emulator
from agent.llm.emulators.openai import OpenAIEmulator, Step, openai_emulator
from agent.llm.emulators.openai_hosts import Host
from agent.llm.emulators.server import Answer, Asked

__all__ = [
    "GEMINI",
    "OPENAI",
    "Answer",
    "Asked",
    "GeminiEmulator",
    "Host",
    "OpenAIEmulator",
    "Protocol",
    "Step",
    "gemini_emulator",
    "openai_emulator",
]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol's emulator and what makes its answers. `effects` says of each fault what a good layer does."""

    name: str
    emulator: Callable[..., AbstractContextManager[Any]]
    said: Callable[..., Answer]
    called: Callable[..., Answer]
    failed: Callable[..., Answer]
    faults: Mapping[str, Callable[[Answer], Answer]]
    effects: Mapping[str, Literal["none", "retry", "reask"]]


OPENAI = Protocol(
    "openai",
    openai_emulator,
    openai.said,
    openai.called,
    openai.failed,
    openai_faults.FAULTS,
    openai_faults.FAULT_EFFECT,
)
GEMINI = Protocol(
    "gemini",
    gemini_emulator,
    gemini.said,
    gemini.called,
    gemini.failed,
    gemini_faults.FAULTS,
    gemini_faults.FAULT_EFFECT,
)
