"""Typed claims on a real page: they hold, fail, do not apply, or are refused with an example."""

import time

import pytest

from agent.evidence.claims import ClaimRefused, evaluate, unacknowledged
from agent.evidence.finding import Claim
from agent.tools.surface import Signal
from agent.tools.watch import Watch

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = """<h1>Order 7</h1><p class=row>a</p><p class=row>b</p><p class=row hidden>c</p><div id=gone hidden>no</div>
<label>Phone<input value=" 555  01"></label><label>Kind<select><option value=x>Ex</option></select></label>
<label>Ready<input type=checkbox checked></label><label>Key<input type=password value=geheim></label>"""


def claim(subject: str, predicate, expected: str = "") -> Claim:
    return Claim(subject, predicate, expected, "spec", "")


def heard(status: int, method: str = "POST", url: str = "http://app.test/orders/7") -> Signal:
    return Signal("response", 1.0, "http://app.test/", url=url, status=status, method=method, resource="fetch")


@pytest.mark.parametrize(
    ("subject", "predicate", "expected", "outcome", "actual"),
    [
        ('get_by_role("heading")', "visible", "", "holds", "visible"),
        ('locator("#gone")', "visible", "", "fails", "not visible"),
        ('locator("#gone")', "absent", "", "holds", "not visible"),
        ('get_by_role("heading")', "absent", "", "fails", "visible"),
        ('get_by_role("heading")', "text_is", "Order 7", "holds", "Order 7"),
        ('get_by_role("heading")', "text_is", "Order", "fails", "Order 7"),
        ('get_by_role("heading")', "text_contains", "der", "holds", "Order 7"),
        ('locator(".row")', "count_is", "2", "holds", "2"),
        ('locator(".row")', "count_is", "3", "fails", "2"),
        ('get_by_label("Phone")', "value_is", "555 01", "holds", "555 01"),
        ('get_by_label("Kind")', "value_is", "Ex", "holds", "Ex"),
        ('get_by_label("Ready")', "value_is", "unchecked", "fails", "checked"),
        ("response POST /orders/9", "status_is", "201", "fails", "500"),
        ("response GET /orders/9", "status_is", "200", "inapplicable", "no response to GET /orders/{id} was heard"),
        ('get_by_label("Phone")', "persists_after_reload", "x", "inapplicable", None),
    ],
)
async def test_a_claim_is_measured(browser, subject, predicate, expected, outcome, actual):
    context = await browser.new_context()
    page = await context.new_page()
    watch = Watch(context)
    await page.set_content(PAGE)
    origins = frozenset({"http://app.test"})
    result = await evaluate(page, watch, claim(subject, predicate, expected), [heard(500)], origins)
    await context.close()
    assert result.outcome == outcome
    assert actual is None or result.actual == actual


@pytest.mark.parametrize(
    ("subject", "predicate", "expected", "reason"),
    [
        ('get_by_role("alert")', "text_is", "x", "no element matches"),
        ('locator("p")', "text_is", "x", "3 elements match"),
        ('get_by_role("heading")', "value_is", "x", "holds no value"),
        ('get_by_label("Key")', "value_is", "geheim", "does not show its value"),
        ('get_by_role("heading")', "text_contains", " ", "contains an empty one"),
        ('locator("p")', "count_is", "many", "compares numbers"),
        ("page", "url_is", "/", "speaks of the subject `url`"),
        ("orders", "status_is", "200", "response METHOD /route"),
        ("print('x')", "visible", "", "not allowed"),
        ('locator("p >>> !")', "visible", "", "cannot be evaluated"),
    ],
)
async def test_a_claim_that_cannot_be_measured_is_refused_in_time(browser, subject, predicate, expected, reason):
    context = await browser.new_context()
    page = await context.new_page()
    await page.set_content(PAGE)
    began = time.monotonic()
    with pytest.raises(ClaimRefused, match="One that can: ") as refused:
        await evaluate(page, Watch(context), claim(subject, predicate, expected))
    await context.close()
    assert reason in str(refused.value)
    assert "geheim" not in str(refused.value).partition("One that can")[2]
    assert time.monotonic() - began < 15


async def test_the_url_is_compared_without_its_host(browser, replayer):
    origin = await replayer.instance.ensure("none")
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{origin}/items/7?tab=a")
    watch = Watch(context)
    for expected, outcome in (
        ("/items/{id}", "holds"), ("/items/7", "holds"), ("/items/7?tab=a", "holds"),
        ("http://else.test/items/7", "holds"), ("/items/7?tab=b", "fails"), ("/items", "fails"),
    ):  # fmt: skip
        assert (await evaluate(page, watch, claim("url", "url_is", expected))).outcome == outcome, expected
    await context.close()


@pytest.mark.parametrize(
    ("signals", "acknowledged"),
    [
        ([], False),
        ([heard(200, "GET")], False),
        ([heard(200)], True),
        ([heard(303)], True),
        ([heard(422)], False),
        ([heard(200), heard(500)], False),
        ([heard(200, url="http://elsewhere.test/track")], False),
    ],
)
async def test_only_a_confirmed_write_must_persist(signals, acknowledged):
    assert (unacknowledged(signals, frozenset({"http://app.test"})) == "") is acknowledged
