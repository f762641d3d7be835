"""What an overlay is, and which of its controls may be pressed in which order. Pure: facts in, a decision out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.tools.overlays.labels import (
    Layer,
    asked_about,
    closes_by_mark,
    dangerous_by_mark,
    destructive,
    layers_of,
    nameless,
)
from agent.tools.overlays.vendors import vendor_of

Kind = Literal["permission prompt", "external overlay", "in-app modal", "focus interference"]

PERMISSION = re.compile(
    r"\b(permission|notifications?|push|your location|geolocation|camera|microphone|benachrichtigungen|mitteilungen"
    r"|standort|kamera|autorisation|localisation|votre position|notificaciones|ubicación|cámara)\b",
    re.I,
)
EXTERNAL = re.compile(
    r"\b(cookies?|consent|newsletter|subscribe|chat|gdpr|privacy|terms|dsgvo|datenschutz|einwilligung"
    r"|nutzungsbedingungen|confidentialité|consentement|privacidad|consentimiento|boletín|suscríb\w*|abonnez\w*)\b",
    re.I,
)
CONSENT = re.compile(r"\b(cookies?|consent|gdpr|dsgvo|einwilligung|consentement|consentimiento)\b", re.I)
QUESTION = re.compile(r"[^.!?\n]*\?")
ORDERS: dict[Kind, tuple[Layer, ...]] = {
    "permission prompt": ("deny", "safe", "decline", "proceed", "accept"),
    "external overlay": ("decline", "safe", "proceed", "accept"),
    "in-app modal": ("safe", "proceed", "accept"),
    "focus interference": ("safe", "proceed", "accept"),
}
SAFE = frozenset[Layer](("deny", "safe", "decline"))


@dataclass(frozen=True, slots=True)
class Overlay:
    """`name` as people would call it, `title` its label and headings, `text` what it says, `marks` its attributes."""

    name: str
    title: str = ""
    text: str = ""
    marks: str = ""
    modal: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to press. `marks` are words of its attributes and its picture, `sends`: it submits a form with fields,
    `leaves`: a link to elsewhere, `corner`: a small picture without words in an upper corner of the overlay."""

    ref: str
    role: str
    label: str
    marks: tuple[str, ...] = ()
    sends: bool = False
    leaves: bool = False
    corner: bool = False


def classify(overlay: Overlay) -> Kind:
    words = f"{overlay.name} {overlay.title} {overlay.text}"
    vendor = vendor_of(overlay.marks)
    if vendor is None and PERMISSION.search(words) and not CONSENT.search(words):
        return "permission prompt"
    if vendor is not None or EXTERNAL.search(words):
        return "external overlay"
    return "in-app modal" if overlay.modal else "focus interference"


def title_of(overlay: Overlay, kind: Kind) -> str:
    """How the blocker log calls it."""
    vendor = vendor_of(overlay.marks)
    known = f"{vendor.name} {vendor.purpose}, " if vendor else ""
    return f"{overlay.name} ({known}{kind})"


def rank(controls: Sequence[Control], overlay: Overlay, kind: Kind) -> tuple[Control, ...]:
    """What may be pressed, safest first; Escape comes after all of them."""
    order = ORDERS[kind]
    found: list[tuple[float, Control]] = []
    for control in controls:
        if control.leaves:
            continue
        if nameless(control.label):
            if closes(control):
                found.append((len(SAFE.intersection(order)) - 0.5, control))
            continue
        fitting = layers_of(control.label)
        place = next((place for place, layer in enumerate(order) if layer in fitting), None)
        if place is not None and _may_press(control, overlay, kind, order[place]):
            found.append((place, control))
    return tuple(control for _, control in sorted(found, key=lambda pair: pair[0]))


def closes(icon: Control) -> bool:
    """Of a control without words: whether its marks or its place say that it closes the overlay."""
    if icon.sends or dangerous_by_mark(icon.marks):
        return False
    return closes_by_mark(icon.marks) or icon.corner


def _may_press(control: Control, overlay: Overlay, kind: Kind, layer: Layer) -> bool:
    questions = f"{overlay.title} {' '.join(QUESTION.findall(overlay.text))}"
    if layer in SAFE:
        # "Cancel" below "Cancel your order?" is no way out; "Block" below "May we notify you, or block us?" is.
        return layer != "safe" or not asked_about(control.label, questions)
    if control.sends or dangerous_by_mark(control.marks):
        return False
    # A consent text may speak of orders and payments; agreed to is only what the overlay asks.
    consent = kind == "external overlay" and CONSENT.search(f"{overlay.name} {overlay.title} {overlay.text}")
    return not destructive(questions if consent else f"{overlay.title} {overlay.text}")
