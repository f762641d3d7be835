"""What to do about a reply that holds no usable call: advice, taking a page away, giving up. Pure."""

from dataclasses import dataclass, replace

from agent.llm.base import ModelReply

UNUSABLE = 8
BLOCKED = 3
PROSE = 4
ADVICE = {
    "said": "Answer with tool calls only; call finish when you are done.",
    "malformed": "None of that answer's calls was run. {detail} Send all of them again, corrected.",
    "truncated": "That answer was cut off. Answer with one short tool call.",
    "empty": "That answer was empty. Answer with a tool call.",
    "blocked": "The provider withheld that answer, so the newest page text was taken away. Go on with a tool call, in "
    "another part of the application if this one cannot be read.",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """`advice` is told to the model; `force` demands a call from it, `mask` takes the newest page text away."""

    advice: str
    force: bool = False
    mask: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """Unusable replies in a row: all of them, and those of one kind."""

    unusable: int = 0
    kind: str = ""
    same: int = 0

    def after(self, outcome: str) -> "Patience":
        if outcome == "called":
            return Patience()
        same = self.same + 1 if outcome == self.kind else 1
        return replace(self, unusable=self.unusable + 1, kind=outcome, same=same)

    @property
    def over(self) -> str:
        """Why the role ends, as one sentence; empty while there is patience left."""
        if self.kind == "said" and self.same >= PROSE:
            return (
                f"The model answered in prose {self.same} times in a row and called no tool; "
                "name a model that can call tools in CHARTERBOT_LLM_MODEL."
            )
        if self.kind == "blocked" and self.same >= BLOCKED:
            return (
                f"The provider withheld {self.same} answers in a row, also without the newest page; "
                "relax its safety settings or name another model in CHARTERBOT_LLM_MODEL."
            )
        if self.unusable >= UNUSABLE:
            return (
                f"{self.unusable} replies in a row held no usable call (the last one was {self.kind}); "
                "name a more capable model in CHARTERBOT_LLM_MODEL."
            )
        return ""

    def correction(self, reply: ModelReply) -> Correction:
        """What to tell about the reply that was just counted. A second one of a kind must become a call."""
        advice = " ".join(ADVICE[reply.outcome].format(detail=reply.detail).split())
        blocked = reply.outcome == "blocked"
        return Correction(advice, force=self.same > 1 and not blocked, mask=blocked)
