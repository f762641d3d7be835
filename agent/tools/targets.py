"""Turns a ref of the snapshot into what outlives the document: a locator, a role, a name, an address."""

import asyncio

from playwright.async_api import Error, Page

from agent.tools.aria import Node, find, words
from agent.tools.surface import Target

SECONDS = 2.0
FACTS = """all => {
  if (all.length !== 1) return null;
  const [e] = all;
  const link = e.closest('a[href]');
  const control = e.closest('button, input, select, textarea');
  const kind = control ? (control.type || '') : '';
  const submits = control && kind === 'submit' && control.form;
  return {href: link ? link.href : '', kind: kind === 'submit' && !submits ? 'button' : kind};
}"""


async def resolve(page: Page, ref: str, tree: tuple[Node, ...]) -> Target | None:
    """None when the ref is stale, the page does not answer, or no locator names just this element."""
    node = find(tree, ref)
    try:
        async with asyncio.timeout(SECONDS):
            locator = await page.get_by_ref(ref).normalize()
            facts = await locator.evaluate_all(FACTS)
    except (Error, TimeoutError):
        return None
    if facts is None:
        return None
    href, kind = str(facts["href"]), str(facts["kind"])
    if node is None:
        return Target(str(locator), href=href, kind=kind)
    name = node.name or ("" if node.role in ("textbox", "combobox", "searchbox") else words(node))
    return Target(str(locator), node.role, name, href, kind)
