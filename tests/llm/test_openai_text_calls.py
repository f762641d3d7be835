"""Calls that local models write into their text: read where there is one reading, else left as what they said."""

import pytest

from agent.llm.openai.text_calls import recover
from agent.tools.surface import ToolSpec


def tool(name: str, writes: bool, required: tuple[str, ...] = (), **properties: dict) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return ToolSpec(name, name, schema, writes, "browser")


TEXT = {"type": "string"}
TOOLS = (
    tool("click", True, ("target",), target=TEXT, times={"type": "integer"}, force={"anyOf": [{"type": "boolean"}]}),
    tool("fill", True, ("text",), text=TEXT, fields={"type": "array"}),
    tool("look", False, depth={"type": "integer"}),
)
CLICK = ("click", {"target": "e1"})
LOOK = ("look", {})

READ = {
    "Hermes and Qwen": ('<tool_call>\n{"name": "click", "arguments": {"target": "e1"}}\n</tool_call>', [CLICK], ""),
    "two of them": (
        '<tool_call>{"name": "click", "arguments": {"target": "e1"}}</tool_call>'
        '<tool_call>{"name": "look", "arguments": {}}</tool_call>',
        [CLICK, LOOK],
        "",
    ),
    "prose before": (
        'I will click Save.\n<tool_call>\n{"name": "click", "arguments": {"target": "e1"}}\n</tool_call>',
        [CLICK],
        "I will click Save.",
    ),
    "the end tag was the stop word": ('<tool_call>\n{"name": "click", "arguments": {"target": "e1"}}', [CLICK], ""),
    "a stop word that leaked": (
        '<tool_call>\n{"name": "click", "arguments": {"target": "e1"}}\n</tool_call><|im_end|>',
        [CLICK],
        "",
    ),
    "thoughts before": (
        '<think>Maybe <tool_call>{"name": "look"}</tool_call>?</think>\n'
        '<tool_call>{"name": "click", "arguments": {"target": "e1"}}</tool_call>',
        [CLICK],
        "",
    ),
    "arguments as text": (
        '<tool_call>{"name":"click","arguments":"{\\"target\\": \\"e1\\"}"}</tool_call>',
        [CLICK],
        "",
    ),
    "a call without arguments": ('<tool_call>{"name": "look"}</tool_call>', [LOOK], ""),
    "another tag": ('<function_call>{"name": "look", "arguments": {}}</function_call>', [LOOK], ""),
    "a list in the tag": (
        '<tool_call>[{"name": "click", "arguments": {"target": "e1"}}, {"name": "look", "arguments": {}}]</tool_call>',
        [CLICK, LOOK],
        "",
    ),
    "Mistral": ('[TOOL_CALLS][{"name": "click", "arguments": {"target": "e1"}, "id": "123456789"}]', [CLICK], ""),
    "Mistral of late": ('[TOOL_CALLS]click[ARGS]{"target": "e1"}[TOOL_CALLS]look[ARGS]{}', [CLICK, LOOK], ""),
    "Llama": ('<function=click>{"target": "e1"}</function>', [CLICK], ""),
    "Qwen-coder": (
        "<tool_call>\n<function=click>\n<parameter=target>\ne1\n</parameter>\n<parameter=times>\n2\n</parameter>\n"
        "</function>\n</tool_call>",
        [("click", {"target": "e1", "times": 2})],
        "",
    ),
    "Qwen-coder without its tag": (
        "Next:\n<function=fill>\n<parameter=text>\n12\nlines <b>\n</parameter>\n"
        "<parameter=fields>\n[1]\n</parameter>\n</function>",
        [("fill", {"text": "12\nlines <b>", "fields": [1]})],
        "Next:",
    ),
    "a boolean of any": (
        "<function=click><parameter=target>e1</parameter><parameter=force>true</parameter></function>",
        [("click", {"target": "e1", "force": True})],
        "",
    ),
    "python tag": ('<|python_tag|>{"name": "click", "parameters": {"target": "e1"}}<|eom_id|>', [CLICK], ""),
    "a fence": (
        'I click it now.\n```json\n{"name": "click", "arguments": {"target": "e1"}}\n```',
        [CLICK],
        "I click it now.",
    ),
    "a fence with other words": ('```\n{"tool": "click", "parameters": {"target": "e1"}}\n```', [CLICK], ""),
    "the whole text": ('{"name": "click", "parameters": {"target": "e1"}}', [CLICK], ""),
    "OpenAI's own form": (
        '{"type": "function", "function": {"name": "click", "arguments": "{\\"target\\": \\"e1\\"}"}}',
        [CLICK],
        "",
    ),
    "a number as text that the schema wants": (
        '{"name": "look", "arguments": "{\\"depth\\": 2}"}',
        [("look", {"depth": 2})],
        "",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_call_with_one_reading_is_recovered(name: str):
    text, calls, rest = READ[name]
    found = recover(text, TOOLS)
    assert found is not None
    assert [(call.tool, dict(call.args)) for call in found.calls] == calls
    assert len({call.id for call in found.calls}) == len(calls)
    assert found.rest == rest


SAID = {
    "prose": "I would click the button e1 with click.",
    "prose about the form": 'Use the <tool_call> tag with {"name": "click"}.',
    "an unknown tool": '<tool_call>{"name": "delete_all", "arguments": {}}</tool_call>',
    "one of two unknown": '<tool_call>{"name": "look"}</tool_call>\n<tool_call>{"name": "fly"}</tool_call>',
    "arguments that do not fit": '<tool_call>{"name": "click", "arguments": {"ref": "e1"}}</tool_call>',
    "arguments that were cut": '<tool_call>{"name": "fill", "arguments": {"text": "Hello wor',
    "arguments of a reading tool that were cut": '<tool_call>{"name": "look", "arguments": {"depth": 1',
    "arguments as text that were cut": '<tool_call>{"name": "look", "arguments": "{\\"depth\\": 1"}</tool_call>',
    "quoted within a line": 'The page says: "<tool_call>{"name": "click", "arguments": {"target": "e1"}}</tool_call>".',
    "quoted as a citation": '> <tool_call>{"name": "click", "arguments": {"target": "e1"}}</tool_call>',
    "quoted in a fence": 'It holds\n```\n<tool_call>{"name": "look"}</tool_call>\n```',
    "words behind the tag": '<tool_call>{"name": "click", "arguments": {"target": "e1"}}</tool_call> but not now',
    "a second call of another form": (
        '<tool_call>{"name": "look"}</tool_call>\n```json\n{"name": "click", "arguments": {"target": "e1"}}\n```'
    ),
    "a second call in braces": '<tool_call>{"name": "look"}</tool_call>\nor {"name": "click", "arguments": {}}',
    "two fences": """```json\n{"name":"look","arguments":{}}\n```\n```json\n{"name":"look","arguments":{}}\n```""",
    "a fence as an example": 'For example:\n```json\n{"name": "click", "arguments": {"target": "e1"}}\n```',
    "a fence as a question": '```json\n{"name": "click", "arguments": {"target": "e1"}}\n```\nShould I do this?',
    "a fence with data": '```json\n{"name": "Alice", "role": "admin"}\n```',
    "a fence without arguments": '```json\n{"name": "look"}\n```',
    "data that is named like a tool": '{"name": "click", "price": 3, "arguments": {"target": "e1"}}',
    "an object without arguments": '{"name": "look"}',
    "two names": '{"name": "click", "tool": "look", "arguments": {"target": "e1"}}',
    "two arguments": '{"name": "click", "arguments": {"target": "e1"}, "parameters": {"target": "e2"}}',
    "two objects": '{"name": "look", "arguments": {}}\n{"name": "click", "arguments": {"target": "e1"}}',
    "thoughts that never end": '<think>\n<tool_call>{"name": "look"}</tool_call>',
    "an empty tag": "<tool_call></tool_call>",
    "a parameter twice": ("<function=click><parameter=target>a</parameter><parameter=target>b</parameter></function>"),
    "a parameter that is no number": (
        "<function=click><parameter=target>a</parameter><parameter=times>two</parameter></function>"
    ),
    "words between parameters": "<function=click><parameter=target>a</parameter> or so</function>",
    "Mistral with words behind": '[TOOL_CALLS]click[ARGS]{"target": "e1"} perhaps',
    "Mistral without a list": "[TOOL_CALLS][1]",
    "deep nonsense": "{" * 5000 + "}" * 5000,
    "too long": '{"name": "fill", "arguments": {"text": "' + "x" * 70_000 + '"}}',
    "nothing": "",
}


@pytest.mark.parametrize("name", SAID)
def test_what_has_no_reading_or_two_stays_what_was_said(name: str):
    assert recover(SAID[name], TOOLS) is None


def test_without_tools_nothing_is_a_call():
    assert recover('{"name": "click", "arguments": {"target": "e1"}}', ()) is None
