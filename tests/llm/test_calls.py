"""Calls as servers send them, made ready to run or refused with a sentence for the model."""

import json

import pytest

from agent.llm.repair.arguments import Unreadable
from agent.llm.repair.calls import RawCall, ready
from agent.tools.surface import ToolSpec
from bench.repair import CORPUS

SCHEMAS = json.loads(CORPUS.read_text(encoding="utf-8"))["schemas"]
CLICK = ToolSpec("browser_click", "", SCHEMAS["browser_click"], True, "browser")
TYPE = ToolSpec("browser_type", "", SCHEMAS["browser_type"], True, "browser")
FIND = ToolSpec("browser_find", "", SCHEMAS["browser_navigate"] | {"required": []}, False, "browser")
WAIT = ToolSpec("browser_wait_for", "", SCHEMAS["browser_wait_for"], False, "browser")
TOOLS = (CLICK, TYPE, FIND, WAIT)
GOOD = '{"target": "e12"}'


def test_good_calls_pass_without_a_word() -> None:
    found = ready([RawCall("a", "browser_click", GOOD), RawCall("b", "browser_find", {"url": "/x"})], TOOLS, cut=False)
    assert [(call.id, call.tool, dict(call.args)) for call in found.calls] == [
        ("a", "browser_click", {"target": "e12"}),
        ("b", "browser_find", {"url": "/x"}),
    ]
    assert found.repairs == ()


def test_no_calls_are_no_fault() -> None:
    assert ready([], TOOLS, cut=True).calls == ()


def test_missing_and_repeated_ids_become_unique() -> None:
    raw = [RawCall(call_id, "browser_click", GOOD) for call_id in ("", "call_1", "x", "x", "", "call_4")]
    ids = [call.id for call in ready(raw, TOOLS, cut=False).calls]
    assert len(set(ids)) == 6 and all(ids)
    assert (ids[1], ids[2], ids[5]) == ("call_1", "x", "call_4")


@pytest.mark.parametrize(
    "name",
    [
        "functions.browser_click",
        "browser_click<|channel|>commentary",
        "functions.browser_click:0",
        "to=functions.browser_click",
        "default_api:browser_click",
        " browser_click\n",
        '"browser_click"',
    ],
)
def test_markers_around_a_known_name_go(name: str) -> None:
    found = ready([RawCall("a", name, GOOD)], TOOLS, cut=False)
    assert found.calls[0].tool == "browser_click"
    assert found.repairs == ("browser_click: name",)


def test_a_name_that_looks_like_a_marker_is_taken_as_it_is() -> None:
    tools = (*TOOLS, ToolSpec("functions.browser_click", "", {"type": "object"}, False, "other"))
    assert ready([RawCall("a", "functions.browser_click", "{}")], tools, cut=False).calls[0].tool == tools[-1].name


def test_an_unknown_tool_is_refused_with_the_nearest() -> None:
    with pytest.raises(Unreadable, match=r"There is no tool 'browser_clik'.*nearest.*browser_click"):
        ready([RawCall("a", "browser_clik", GOOD)], TOOLS, cut=False)
    with pytest.raises(Unreadable, match="There are browser_click, browser_find, browser_type, browser_wait_for"):
        ready([RawCall("a", "zzz", GOOD)], TOOLS, cut=False)
    with pytest.raises(Unreadable, match="named no tool"):
        ready([RawCall("a", "", GOOD)], TOOLS, cut=False)


def test_another_servers_prefix_is_not_guessed_away() -> None:
    with pytest.raises(Unreadable, match="There is no tool"):
        ready([RawCall("a", "shop.browser_click", GOOD)], TOOLS, cut=False)


def test_a_lossy_call_never_reaches_a_tool_that_writes() -> None:
    cut_off = '{"url": "/members'
    with pytest.raises(Unreadable, match=r"browser_type.*lost.*Nothing was done"):
        ready([RawCall("a", "browser_type", '{"target": "e1", "text": "ann@exam')], TOOLS, cut=False)
    found = ready([RawCall("a", "browser_find", cut_off)], TOOLS, cut=False)
    assert found.calls[0].args == {"url": "/members"}
    assert found.repairs == ("browser_find: closed, lossy",)


def test_one_unusable_call_stops_the_whole_reply() -> None:
    raw = [RawCall("a", "browser_click", GOOD), RawCall("b", "browser_type", "the form")]
    with pytest.raises(Unreadable, match="The arguments of browser_type cannot be used"):
        ready(raw, TOOLS, cut=False)


def test_repairs_without_a_loss_run_and_are_told() -> None:
    found = ready([RawCall("a", "browser_click", "{'target': 'e12',}")], TOOLS, cut=False)
    assert found.calls[0].args == {"target": "e12"}
    assert found.repairs == ("browser_click: punctuation",)


def test_in_a_reply_that_was_cut_every_repair_is_lossy() -> None:
    raw = [RawCall("a", "browser_click", '{"target": "e12",}'), RawCall("b", "browser_click", GOOD)]
    with pytest.raises(Unreadable, match="cut off"):
        ready(raw, TOOLS, cut=True)
    assert len(ready(raw, TOOLS, cut=False).calls) == 2


def test_in_a_reply_that_was_cut_only_the_last_call_is_suspect() -> None:
    whole = ready([RawCall("a", "browser_click", GOOD), RawCall("b", "browser_click", GOOD)], TOOLS, cut=True)
    assert len(whole.calls) == 2 and whole.repairs == ()
    objects = [RawCall("a", "browser_click", {"target": "e1"}), RawCall("b", "browser_click", GOOD)]
    assert len(ready(objects, TOOLS, cut=True).calls) == 2
    with pytest.raises(Unreadable, match="cut off"):
        ready([RawCall("b", "browser_click", {"target": "e1"})], TOOLS, cut=True)
    assert ready([RawCall("b", "browser_find", {})], TOOLS, cut=True).repairs == ("browser_find: lossy",)


def test_a_call_written_as_code_must_name_its_tool() -> None:
    good = ready([RawCall("a", "browser_click", 'browser_click(target="e12")')], TOOLS, cut=False)
    assert good.calls[0].args == {"target": "e12"}
    with pytest.raises(Unreadable):
        ready([RawCall("a", "browser_click", 'browser_hover(target="e12")')], TOOLS, cut=False)
