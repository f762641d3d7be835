"""Reads what an overlay offers to press, and whether the role's own action brought it up. Presses nothing."""

import asyncio
from itertools import pairwise

from playwright.async_api import ElementHandle, Error, Page

from agent.tools.aria import Element, elements, walk
from agent.tools.overlays.classify import Control
from agent.tools.overlays.cover import Cover, ask, inside
from agent.tools.overlays.labels import layers_of, nameless

MOST = 60
"""Elements of one kind that are asked about; an overlay has a handful."""
FIELDS = frozenset({"textbox", "searchbox", "combobox", "listbox", "spinbutton", "slider", "option"})
FACTS = """e => {
  const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
  let hit = e.ownerDocument.elementFromPoint(x, y);
  for (let next = hit; next && next.shadowRoot; ) {
    next = next.shadowRoot.elementFromPoint(x, y);
    if (next === hit) break;
    hit = next;
  }
  const below = e.ownerDocument.defaultView;
  const outside = x < 0 || y < 0 || x > below.innerWidth || y > below.innerHeight;
  const parts = [e, ...e.querySelectorAll('svg, use, i, img, path, span')].slice(0, 12);
  const marks = parts.flatMap(n => ['id', 'class', 'href', 'xlink:href', 'src', 'name', 'data-icon', 'data-action',
    'data-testid', 'data-dismiss', 'data-bs-dismiss', 'value', 'formaction'].map(a => {
      const said = n.getAttribute(a);
      return said ? said.slice(0, 100) : n.hasAttribute(a) ? a : '';
    })).filter(Boolean);
  const button = e.closest('button, input');
  const form = button && button.type === 'submit' ? button.form : null;
  const fields = form ? form.querySelectorAll('input:not([type=hidden]):not([type=submit]), select, textarea') : [];
  const link = e.closest('a[href]');
  const here = e.ownerDocument.location.href.split('#')[0];
  let panel = e.parentElement;
  while (panel && panel.parentElement && (panel.getBoundingClientRect().width < 120
      || panel.getBoundingClientRect().height < 80)) panel = panel.parentElement;
  const around = panel ? panel.getBoundingClientRect() : box;
  const small = box.width <= 64 && box.height <= 64 && !!e.querySelector('svg, img, i');
  return {
    marks,
    shown: outside || !hit || e.contains(hit) || hit.contains(e),
    sends: !!form && form.method !== 'dialog' && fields.length > 0,
    leaves: !!link && /^https?:/.test(link.href) && link.href.split('#')[0] !== here,
    corner: small && y - around.y < 60 && (around.right - x < 60 || x - around.x < 60),
  };
}"""


async def controls_of(page: Page, cover: Cover, root: ElementHandle) -> tuple[Control, ...]:
    """What in `root` could close it, by its words or the lack of them."""
    likely = [item for item in elements(cover.tree) if _likely(item)][-MOST:]
    held = await inside(page, cover, (item.ref for item in likely), root)
    read = await asyncio.gather(*(_read(page, item) for item in likely if item.ref in held))
    return tuple(control for control in read if control is not None)


async def has_controls(page: Page, cover: Cover) -> bool:
    """Whether a person could press anything in it, or around it where its dialog may stand beside its backdrop."""
    refs = [item.ref for item in elements(cover.tree) if item.role not in FIELDS and not item.disabled][-MOST:]
    return any([await inside(page, cover, refs, root) for root in (cover.near, cover.outer)])


async def opened_by(page: Page, cover: Cover, fresh: frozenset[str]) -> bool:
    """Whether all that is in the overlay is among the refs that the last action brought up."""
    order = [node.ref for node in walk(cover.tree) if node.ref]
    new = [ref for ref in order if ref in fresh][:MOST]
    # What an overlay holds stands together in the tree, so older content in it has a new neighbour.
    edges = {ref for pair in pairwise(order) if (pair[0] in fresh) != (pair[1] in fresh) for ref in pair} - fresh
    held = await inside(page, cover, [*new, *sorted(edges)], cover.near)
    return bool(held) and held.isdisjoint(edges)


def _likely(item: Element) -> bool:
    return item.role not in FIELDS and not item.disabled and (nameless(item.name) or bool(layers_of(item.name)))


async def _read(page: Page, item: Element) -> Control | None:
    """None for what is itself covered, or gone."""
    try:
        facts = await ask(page.get_by_ref(item.ref).evaluate(FACTS, timeout=1_000))
    except Error:
        return None
    if not facts["shown"]:
        return None
    marks = tuple(str(mark) for mark in facts["marks"])
    return Control(item.ref, item.role, item.name, marks, facts["sends"], facts["leaves"], facts["corner"])
