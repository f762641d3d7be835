"""The marks by which widgets from elsewhere are known: chats, consent managers, newsletter boxes. Pure tables.

A mark is an id, class, frame name, title or address that the vendor's own script leaves in the page.
"""

import re
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["chat", "consent", "newsletter"]


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    purpose: Purpose


_TABLE: tuple[tuple[str, Purpose, str], ...] = (
    ("Intercom", "chat", r"\bintercom-(?:frame|container|lightweight-app|messenger|launcher|namespace|notifications)"),
    ("Zendesk", "chat", r"\bwebwidget\b|\bze-snippet\b|data-product=web_widget|\biframe id=launcher\b|zdassets\.com"),
    ("Drift", "chat", r"\bdrift-(?:widget|frame|conductor)|driftt\.com"),
    ("HubSpot", "chat", r"\bhubspot-messages-iframe|hubspot-conversations"),
    ("Crisp", "chat", r"\bcrisp-client\b|client\.crisp\.chat"),
    ("tawk.to", "chat", r"\btawk(?:chat|-|to\b)|embed\.tawk\.to"),
    ("LiveChat", "chat", r"\bchat-widget-container\b|livechatinc\.com"),
    ("Tidio", "chat", r"\btidio-chat\b"),
    ("Freshchat", "chat", r"\bfc_frame\b|freshchat"),
    ("Olark", "chat", r"\bolark-"),
    ("OneTrust", "consent", r"\bonetrust-"),
    ("Cookiebot", "consent", r"\bcybotcookiebot"),
    ("Didomi", "consent", r"\bdidomi-"),
    ("Usercentrics", "consent", r"\busercentrics-"),
    ("Quantcast", "consent", r"\bqc-cmp2?-"),
    ("TrustArc", "consent", r"\btruste-|trustarc"),
    ("Sourcepoint", "consent", r"\bsp_message_(?:iframe|container)"),
    ("Osano", "consent", r"\bosano-cm|\bcc-window\b"),
    ("Klaviyo", "newsletter", r"\bklaviyo-form|\bkl-private-reset"),
    ("Mailchimp", "newsletter", r"\bpopupsignupform_|\bmc-modal\b"),
    ("OptinMonster", "newsletter", r"\bom-holder\b|\boptinmonster|\bom-campaign"),
)
_MARKS = tuple((Vendor(name, purpose), re.compile(pattern, re.I)) for name, purpose, pattern in _TABLE)


def vendor_of(marks: str) -> Vendor | None:
    """`marks`: the attributes of the overlay and of what is around and in it, as `name=value` with blanks between."""
    return next((vendor for vendor, pattern in _MARKS if pattern.search(marks)), None)
