"""However a model's text goes on, it is read to an end. How long that takes is measured by `charterbot bench llm`."""

import pytest

from agent.llm.repair.arguments import Unreadable, arguments
from agent.llm.repair.calls import RawCall, ready
from bench.growth import LONG, SCHEMA, TOOLS, Case, cases


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", tuple(cases()), ids=lambda case: case.name)
def test_endless_signs_are_read_or_refused(case: Case) -> None:
    case.read(case.text(LONG))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", ['{"t":' + "`" * 40 + "x", '{"t":"x",{' + "/**/" * 40 + "x}"])
def test_signs_that_can_be_taken_in_many_ways_are_taken_in_one(text: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        arguments(text, {**SCHEMA, "required": ["t", "n"]}, "click")
    assert len(str(refusal.value)) < 1_000


def test_many_calls_without_ids() -> None:
    found = ready([RawCall("", "click", {"t": "x"})] * 10_000, TOOLS, cut=False)
    assert len({call.id for call in found.calls}) == 10_000


@pytest.mark.parametrize("depth", [150, 400, 900, 5_000])
def test_what_is_nested_too_deeply_is_refused_like_all_else(depth: int) -> None:
    for text in ('{"t":"x","a":' + '{"a":' * depth + "1" + "}" * (depth + 1), '{"a":' * depth):
        with pytest.raises(Unreadable):
            arguments(text, SCHEMA)
