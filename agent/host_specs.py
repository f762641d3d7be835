"""What the host's own tools are called and take, in words for a model. Flat, because small models fill in no other."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.evidence.finding import About, Because, Predicate
from agent.tools.surface import ToolSpec

LONGEST = 600
Status = Literal["works", "broken", "blocked", "not_reached"]


class Arguments(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


class NoteCapability(Arguments):
    name: str = Field(min_length=1, max_length=200, description="One of your capabilities, in the words of your list.")
    status: Status = Field(
        description="works or broken: you tested it; note it right after the test. blocked: something stood in the "
        "way. not_reached: no time for it."
    )
    note: str = Field(default="", max_length=LONGEST, description="What was tested, or why it could not be.")


class Check(Arguments):
    subject: str = Field(
        min_length=1,
        max_length=400,
        description="What you speak of: a Playwright locator in Python, without page., that matches one element, "
        'for count_is all of them: get_by_role("heading", name="Orders"), get_by_label("Phone"), '
        'get_by_text("Paid").first, get_by_role("row").filter(has_text="Total"). Or `url`. Or `response POST /path`.',
    )
    predicate: Predicate = Field(
        description="url_is goes with `url`, status_is with `response`, the others with a locator. reachable "
        "fails where something covers the element and nobody can close it."
    )
    expected: str = Field(
        default="",
        max_length=LONGEST,
        description="What it must be: the text or value; a number for count_is and status_is; a path for url_is, with "
        "{id} for a number. Empty for visible, absent and reachable.",
    )
    about: About = Field(
        default="",
        description="my_change: it follows from something you did (typed, saved, cancelled, paid), also if you opened "
        "the page again since. page: it must be true for anyone who opens this page.",
    )
    because: Because = Field(
        description="Where you know it from. spec: the description of the app (high). permission: someone sees or does "
        "what the role may not (critical). history: it worked before (high). consistency: two places of the app "
        "disagree (medium)."
    )
    reason: str = Field(min_length=1, max_length=LONGEST, description="Why it must be true, in one sentence.")


class ReportFinding(Arguments):
    title: str = Field(default="", max_length=200, description="What is wrong, in a few words.")
    claim: int = Field(
        default=0,
        description="Number of the claim that failed, as check told it; what cannot be judged gets no number. 0 for an "
        "observation.",
    )
    detail: str = Field(default="", max_length=LONGEST, description="What a person must know beside the title.")


class Finish(Arguments):
    summary: str = Field(default="", max_length=2000, description="What you tested and what you found.")


TOOLS: Mapping[str, tuple[type[Arguments], str]] = {
    "note_capability": (NoteCapability, "Record what you know of one of your capabilities."),
    "check": (
        Check,
        "State what must be true of the page as it is now. The host looks, answers holds or fails, and numbers the "
        "claim. `fails` means that you found something: hand it over with report_finding. You may call check in the "
        "same answer, after an action.",
    ),
    "report_finding": (
        ReportFinding,
        "Hand over a claim that failed, by its number; the host repeats your steps to prove it. Without a number: an "
        "observation for people. Alarms are handed over already.",
    ),
    "finish": (Finish, "End your session when the charter is done."),
}


def specs() -> tuple[ToolSpec, ...]:
    return tuple(
        ToolSpec(name, text, _flat(shape.model_json_schema()), True, "host") for name, (shape, text) in TOOLS.items()
    )


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a model need not read, and without the empty choice, which some providers refuse."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "default", "properties")}
    if "enum" in kept:
        kept["enum"] = [choice for choice in kept["enum"] if choice]
    if "properties" in schema:
        kept["properties"] = {name: _flat(item) for name, item in schema["properties"].items()}
    return kept
