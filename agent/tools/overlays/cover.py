"""Sees what lies over an element, or holds the focus, and what of the page belongs to that. It changes nothing.

Only what covers is asked about, in whichever frame it is: a chat in a frame over the page, a banner over a frame.
"""

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.async_api import ElementHandle, JSHandle, Page

from agent.tools.aria import Node, headings, parse, walk, words
from agent.tools.overlays.classify import Overlay

T = TypeVar("T")

SECONDS = 2.0
"""For one question to the page: a browser dialog that opens meanwhile would never let it answer."""
TEXT = 1_500
MARKS = 2_000
_WALK = """
  const up = n => n.assignedSlot || n.parentElement || (n.getRootNode() instanceof ShadowRoot ? n.getRootNode().host
    : null);
  const holds = (a, b) => { for (let n = b; n; n = up(n)) if (n === a) return true; return false; };
  const deep = (doc, x, y) => {
    let hit = doc.elementFromPoint(x, y);
    for (let next = hit; next; ) { hit = next; next = hit.shadowRoot && hit.shadowRoot.elementFromPoint(x, y);
      if (next === hit) break; }
    return hit;
  };
  const boxes = 'dialog, [role=dialog], [role=alertdialog], [aria-modal=true]';
  const says = n => n.tagName === 'IFRAME' || !!n.shadowRoot || (n.innerText || '').trim() !== ''
    || !!n.querySelector('button, a[href], input, iframe, [role=button]');
  const surface = (hit, e) => {
    let outer = hit;
    while (up(outer) && !holds(up(outer), e) && up(outer) !== outer.ownerDocument.body) outer = up(outer);
    let near = null, fixed = null;
    for (let n = hit; n && !near; n = n === outer ? null : up(n)) {
      if (n.matches(`${boxes}, [popover], iframe`)) near = n;
      else if (!fixed && getComputedStyle(n).position === 'fixed') fixed = n;
    }
    near = near || fixed || outer;
    if (says(near)) return {near, outer};
    // A bare backdrop belongs to the dialog beside it, if there is one.
    const beside = [...outer.ownerDocument.querySelectorAll(boxes)].filter(n => !holds(n, e) && n.checkVisibility());
    const box = beside[beside.length - 1];
    return box ? {near: box, outer: holds(outer, box) ? outer : box} : {near: says(outer) ? outer : near, outer};
  };
"""
# The point is given in the frame whose element `e` is, else it is the middle of `e`, once in sight.
COVER = f"""(e, inner) => {{ {_WALK}
  if (!inner) e.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
  const box = e.getBoundingClientRect();
  const pad = side => parseFloat(getComputedStyle(e).getPropertyValue('padding-' + side)) || 0;
  const x = box.x + (inner ? e.clientLeft + pad('left') + inner.x : box.width / 2);
  const y = box.y + (inner ? e.clientTop + pad('top') + inner.y : box.height / 2);
  const hit = deep(e.ownerDocument, x, y);
  const own = hit && [...(e.labels || [])].some(label => holds(label, hit));
  const free = !hit || own || holds(hit, e) || holds(e, hit);
  return free ? {{point: {{x, y}}}} : {{point: {{x, y}}, ...surface(hit, e)}};
}}"""
# What has the focus instead of the field and took what was typed, or stands in a dialog without the field.
THIEF = f"""(e, text) => {{ {_WALK}
  let active = e.ownerDocument.activeElement;
  while (active && active.shadowRoot && active.shadowRoot.activeElement) active = active.shadowRoot.activeElement;
  if (!active || active === e.ownerDocument.body || holds(active, e) || holds(e, active)) return {{}};
  const box = active.closest(boxes);
  const took = (active.value || active.textContent || '').includes(text);
  return took || (box && !holds(box, e)) ? surface(active, e) : {{}};
}}"""
SAID = f"""(s, outer) => {{ {_WALK}
  const around = [];
  for (let n = s; n && around.length < 8; n = n === outer ? null : up(n)) around.push(n);
  const told = n => n.tagName + ' ' + ['id', 'class', 'name', 'title', 'src', 'data-product'].filter(a =>
    n.getAttribute(a)).map(a => `${{a}}=${{n.getAttribute(a)}}`).join(' ');
  const named = n => n.id || n.getAttribute('class') || n.getAttribute('role') || n.getAttribute('aria-label');
  const parts = [...s.querySelectorAll('iframe, [id], [class]')].slice(0, 40);
  const text = n => n ? n.textContent : '';
  const labels = (s.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean).map(id =>
    text(s.getRootNode().getElementById(id)));
  const heads = [...s.querySelectorAll('h1, h2, h3, h4, [role=heading], legend')].map(text);
  return {{
    tag: (around.find(named) || s).cloneNode(false).outerHTML.slice(0, 400),
    title: [s.getAttribute('aria-label'), s.getAttribute('title'), ...labels, ...heads].filter(Boolean).join(' . ')
      .slice(0, 400),
    text: ((s.shadowRoot || s).innerText || s.innerText || '').slice(0, {TEXT}),
    modal: s.matches(boxes) || !!s.querySelector(boxes),
    marks: [...around, ...parts].map(told).join(' ').slice(0, {MARKS}),
  }};
}}"""
HELD = f"(s, all) => {{ {_WALK} return all.map(n => holds(s, n)); }}"


@dataclass(frozen=True, slots=True)
class Cover:
    """`near` is the overlay itself, `outer` the widest thing around it without the wanted element; both in the frame
    that `frames` leads to: the refs of the iframes from the page down to it."""

    near: ElementHandle
    outer: ElementHandle
    frames: tuple[str, ...]
    tree: tuple[Node, ...]


async def cover_of(page: Page, ref: str) -> Cover | None:
    """What takes a click on the element. None when nothing does. Raises Playwright's Error or TimeoutError."""
    tree = await read(page)
    chain = frames_of(tree).get(ref, ())
    element = await ask(page.get_by_ref(ref).element_handle(timeout=1_000))
    inner: Mapping[str, Any] | None = None
    for depth in range(len(chain), -1, -1):
        seen = await ask(_parts(element.evaluate_handle(COVER, inner)))
        if found := _cover(seen, chain[:depth], tree):
            return found
        if depth == 0:
            break
        inner = await ask(seen["point"].json_value())
        frame = await ask(element.owner_frame())
        if frame is None:
            break
        element = await ask(frame.frame_element())
    return None


async def thief_of(page: Page, ref: str, text: str) -> Cover | None:
    """What holds the focus although the field should have it, and so took the text. Raises as `cover_of` does."""
    tree = await read(page)
    element = await ask(page.get_by_ref(ref).element_handle(timeout=1_000))
    return _cover(await ask(_parts(element.evaluate_handle(THIEF, text))), frames_of(tree).get(ref, ()), tree)


async def read(page: Page) -> tuple[Node, ...]:
    return parse(await ask(page.aria_snapshot(mode="ai", timeout=SECONDS * 1000)))


def frames_of(tree: tuple[Node, ...], chain: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """For each ref, the refs of the iframes that it is in, outermost first."""
    found: dict[str, tuple[str, ...]] = {}
    for node in tree:
        if node.ref:
            found[node.ref] = chain
        found |= frames_of(node.children, (*chain, node.ref) if node.role == "iframe" else chain)
    return found


async def inside(page: Page, cover: Cover, refs: Iterable[str], root: ElementHandle) -> frozenset[str]:
    """Which of the refs are in `root`, be it through frames. A ref that is gone is in nothing."""
    places, depth = frames_of(cover.tree), len(cover.frames)
    stands: dict[str, str] = {}
    for ref in refs:
        chain = places.get(ref, ())
        if ref in places and chain[:depth] == cover.frames:
            # What is in a frame within is where that frame is.
            stands[ref] = ref if len(chain) == depth else chain[depth]
    wanted = list(dict.fromkeys(stands.values()))
    handles = await ask(
        asyncio.gather(*(page.get_by_ref(ref).element_handle(timeout=1_000) for ref in wanted), return_exceptions=True)
    )
    there = {ref: found for ref, found in zip(wanted, handles, strict=True) if isinstance(found, ElementHandle)}
    held = await ask(root.evaluate(HELD, list(there.values())))
    yes = {ref for ref, in_root in zip(there, held, strict=True) if in_root}
    return frozenset(ref for ref, stand in stands.items() if stand in yes)


async def describe(page: Page, cover: Cover, root: ElementHandle) -> tuple[str, Overlay]:
    """The tag of the overlay as markup, and what `root` says of itself, with what its frames say."""
    said = await ask(root.evaluate(SAID, cover.outer))
    framed = [node for node in walk(cover.tree) if node.role == "iframe" and node.ref]
    held = await inside(page, cover, (node.ref for node in framed), root)
    within = tuple(node for node in framed if node.ref in held)
    title = " . ".join([said["title"], *(" . ".join(headings(node.children)) for node in within)])
    text = " ".join([said["text"], *(words(node) for node in within)])[:TEXT]
    return str(said["tag"]), Overlay("", title, text, str(said["marks"]), bool(said["modal"]))


async def ask(question: Awaitable[T]) -> T:
    """The page's answer. Raises TimeoutError when there is none in time."""
    async with asyncio.timeout(SECONDS):
        return await question


async def _parts(answer: Awaitable[JSHandle]) -> dict[str, JSHandle]:
    return await (await answer).get_properties()


def _cover(seen: Mapping[str, JSHandle], frames: tuple[str, ...], tree: tuple[Node, ...]) -> Cover | None:
    near, outer = (seen[part].as_element() if part in seen else None for part in ("near", "outer"))
    return Cover(near, outer, frames, tree) if near and outer else None


def blocked_ref(raw: str) -> str:
    """The ref that the server was about to use when it was blocked; empty when its error names none."""
    found = re.search(r"aria-ref=((?:f\d+)?e\d+)", raw)
    return found[1] if found else ""
