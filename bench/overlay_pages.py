"""One page per thing that gets in the way of a click: its markup, what is wanted on it, how the meeting should end.

Served by bench.overlay_site. A control that calls `harm` is one that nobody may press on the way.
"""

from dataclasses import dataclass
from typing import Literal

End = Literal["reached", "left open", "told"]

SCRIPT = """<script>
  const harm = what => { fetch('/harm/' + encodeURIComponent(what), {method: 'POST'}); };
  const gone = (id, delay) => setTimeout(() => document.getElementById(id).remove(), delay || 0);
</script>"""
CORNER = "position:fixed;right:20px;bottom:20px;width:140px;height:40px"
BUY = f"""<h1>Shop</h1><p id="out">nothing yet</p>
  <button style="{CORNER}" onclick="out.textContent = 'bought'">Buy now</button>"""
FIELD = "<h1>Search</h1><label>Search <input id='search'></label>"
WALL = "position:fixed;inset:0;background:#fffd"
BOX = "position:fixed;right:0;bottom:0;width:320px;height:320px;background:#eee;border:0"
HARM = "".join(
    f"<button type=button onclick=\"harm('{label}')\">{label}</button>"
    for label in ("Delete my data", "Cancel order", "Close account", "OK, delete", "Pay now", "Sign out", "Submit")
)
ICON = '<svg width="16" height="16" viewBox="0 0 16 16"><path d="M2 2L14 14M14 2L2 14" stroke="black"/></svg>'


@dataclass(frozen=True, slots=True)
class OverlayPage:
    """`wanted` is the control that the role is after; `proof` is on the page once it worked. `first` is clicked before,
    `shows` is waited for, `text` is typed instead of clicking, and after that the page is left for `leaves`."""

    name: str
    body: str
    wanted: str = "Buy now"
    proof: str = "bought"
    end: End = "reached"
    first: str = ""
    shows: str = ""
    text: str = ""
    leaves: str = ""


def _shop(name: str, overlay: str, **more: str) -> OverlayPage:
    # The fields are OverlayPage's own.
    return OverlayPage(name, BUY + overlay, **more)  # pyright: ignore[reportArgumentType]


def _frame(kind: str, attributes: str, inner: str) -> str:
    source = inner.replace("&", "&amp;").replace('"', "&quot;")
    return f'<iframe {attributes} title="{kind}" style="{BOX}" srcdoc="{source}"></iframe>'


def _later(markup: str, milliseconds: int = 300) -> str:
    script = f"setTimeout(() => document.body.append(later.content), {milliseconds})"
    return f"<template id=later>{markup}</template><script>{script}</script>"


def _close(ident: str) -> str:
    return f"onclick=\"gone('{ident}')\""


PERMISSION = f"""<div id="ask" role="dialog" aria-label="Permission" style="{BOX}"><p>%s</p>
  <button onclick="out.textContent = 'granted'">%s</button> <button {_close("ask")}>%s</button></div>"""
LETTER = f"""<div id="letter" class="popup" style="{WALL}">
        <div style="width:400px;height:300px;margin:100px auto;background:#ddd">
  <div style="text-align:right">%s</div><h2>Join our newsletter</h2><input type="email" placeholder="you@example.com">
  <button onclick="harm('Subscribe')">Subscribe</button></div></div>"""

PAGES = (
    _shop(
        "cookie bar",
        f"""<div id="bar" role="region" aria-label="Cookie notice"
        style="position:fixed;left:0;right:0;bottom:0;height:140px;
        background:#222;color:#fff"><p>We use cookies to remember your order.</p><button {_close("bar")}>Accept all
        </button>
        <a href="/elsewhere">Cookie policy</a> <button {_close("bar")}>Reject all</button></div>""",
    ),
    _shop(
        "cookie wall in German",
        f"""<div id="onetrust-consent-sdk"><div style="{WALL}"></div><div id="onetrust-banner-sdk" role="dialog"
        aria-label="Ihre Privatsphäre" style="position:fixed;inset:100px;background:#eee"><p>Wir verwenden Cookies.</p>
        <button onclick="harm('Einstellungen löschen')">Einstellungen löschen</button>
        <button {_close("onetrust-consent-sdk")}>Alle akzeptieren</button>
        <button {_close("onetrust-consent-sdk")}>Nur notwendige Cookies</button></div></div>""",
    ),
    _shop(
        "consent that loads the page anew",
        f"""<div id="wall" style="{WALL}"><p>This site uses cookies. We may send you offers and place orders.</p>
        <button onclick="document.cookie = 'ok=1'; location.reload()">OK</button></div>
        <script>if (document.cookie.includes('ok=1')) wall.remove()</script>""",
    ),
    _shop(
        "consent in a shadow tree",
        f"""<div id="usercentrics-root"></div><script>const root = document.getElementById('usercentrics-root');
        root.attachShadow({{mode: 'open'}}).innerHTML = `<div style="{WALL}"><p>Wir verwenden Cookies.</p>
        <button>Alles akzeptieren</button><button id=no>Ablehnen</button></div>`;
        root.shadowRoot.getElementById('no').onclick = () => root.remove();</script>""",
    ),
    _shop(
        "newsletter with a sign",
        _later(LETTER % f'<button aria-label="Close" {_close("letter")}>×</button>'),
        shows="Join our newsletter",
    ),
    _shop(
        "newsletter with a picture only",
        _later(LETTER % f"<button {_close('letter')}>{ICON}</button>"),
        shows="Join our newsletter",
    ),
    _shop(
        "newsletter with a bare element",
        _later(LETTER % f'<span class="popup__close" style="cursor:pointer" {_close("letter")}>{ICON}</span>'),
        shows="Join our newsletter",
    ),
    _shop(
        "cookie bar over a newsletter",
        LETTER % f'<button class="close" {_close("letter")}>{ICON}</button>'
        + f"""<div id="bar" style="position:fixed;left:0;right:0;bottom:0;height:140px;background:#222;color:#fff">
        We use cookies. <button {_close("bar")}>Got it</button></div>""",
    ),
    _shop(
        "Intercom",
        '<div id="intercom-container" class="intercom-namespace">'
        + _frame(
            "Intercom live chat",
            'name="intercom-messenger-frame" class="intercom-messenger-frame"',
            f"""<h2>Hi there</h2><p>How can we help?</p><button>Send us a message</button>
            <div role="button" tabindex="0" aria-label="Close Intercom Messenger"
            onclick="parent.document.querySelector('.intercom-messenger-frame').remove()">{ICON}</div>""",
        )
        + '<iframe name="intercom-launcher-frame" title="Intercom live chat launcher" srcdoc="<button>Open</button>" '
        + 'style="position:fixed;left:10px;bottom:10px;width:60px;height:60px"></iframe></div>',
    ),
    _shop(
        "Zendesk",
        _frame(
            "Find more information here",
            'id="webWidget" data-product="web_widget"',
            """<h1>Help</h1><input placeholder="Type a question"><button>Send</button>
        <button aria-label="Minimize widget"
            onclick="parent.document.getElementById('webWidget').style.display = 'none'">_</button>""",
        )
        + '<iframe id="launcher" title="Opens a widget where you can find more information" '
        + 'srcdoc="<button>Help</button>" style="position:fixed;left:10px;bottom:10px;width:90px"></iframe>',
    ),
    _shop(
        "Drift from another origin",
        f"""<div id="drift-widget-container"><iframe id="drift-widget" class="drift-frame-controller" style="{BOX}"
        title="Drift Widget Chat Window" src="OTHER/frames/drift"></iframe></div>
        <script>onmessage = e => {{ if (e.data === 'away') gone('drift-widget-container') }}</script>""",
    ),
    OverlayPage(
        "chat launcher over a button",
        """<h1>Shop</h1><p id="out"></p><p style="height:900px">Things</p><button style="margin-left:70%"
        onclick="out.textContent = 'bought'">Buy now</button><p style="height:900px">More things</p>
        <iframe id="launcher" title="Opens a chat" srcdoc="<button>Chat</button>"
        style="position:fixed;right:0;bottom:0;
        width:400px;height:120px;border:0;background:#cce"></iframe>""",
    ),
    _shop("permission for notifications", PERMISSION % ("Shop wants to show notifications.", "Allow", "Block")),
    _shop("permission for the location in French", PERMISSION % ("Accéder à votre position ?", "Autoriser", "Refuser")),
    _shop("alert", "<script>document.querySelector('button').addEventListener('click', () => alert('Hi'))</script>"),
    OverlayPage(
        "confirm",
        """<h1>Shop</h1><p id="out"></p>
        <button onclick="if (confirm('Really?')) out.textContent = 'bought'">Buy now</button>""",
    ),
    OverlayPage(
        "prompt",
        """<h1>Shop</h1><p id="out"></p>
        <button onclick="if (prompt('Name?') !== null) out.textContent = 'bought'">Buy now</button>""",
    ),
    OverlayPage(
        "leave this page?",
        """<h1>Draft</h1><label>Text <input></label>
        <script>onbeforeunload = e => { e.preventDefault(); return 'x'; }</script>""",
        wanted="Text",
        text="a draft",
        leaves="/elsewhere",
        proof="Elsewhere",
    ),
    _shop(
        "modal that the app opened",
        f"""<div id="news" role="dialog" aria-modal="true" aria-label="What is new" style="{WALL}"><h2>What is new</h2>
        <p>Filters are faster.</p>{HARM}<button {_close("news")}>Close</button></div>""",
    ),
    _shop(
        "modal that fades",
        f"""<div id="tip" role="dialog" aria-label="Tip" style="{WALL}"><p>Use the arrow keys.</p>
        <button onclick="gone('tip', 600)">Got it</button></div>""",
    ),
    _shop(
        "question whether to delete",
        f"""<div id="sure" role="alertdialog" aria-label="Delete 3 members?" style="{WALL}">
        <p>This cannot be undone.</p>
        <button onclick="harm('OK')">OK</button><button {_close("sure")}>Cancel</button></div>""",
    ),
    _shop(
        "question whether to cancel",
        f"""<div id="sure" role="dialog" aria-label="Cancel your subscription?" style="{WALL}">
        <p>You will miss much.</p>
        <button onclick="harm('Cancel')">Cancel</button><button onclick="harm('Yes')">Yes</button></div>
        <script>onkeydown = e => {{ if (e.key === 'Escape') gone('sure') }}</script>""",
    ),
    _shop(
        "native dialog",
        """<dialog id="d" aria-label="Welcome"><p>Welcome back.</p><form method="dialog"><button>OK</button></form>
        </dialog>
        <script>d.showModal()</script>""",
    ),
    _shop(
        "modal that the action opened",
        f"""<button onclick="document.body.append(later.content)">Edit</button><template id=later><div id="edit"
        role="dialog"
        aria-label="Edit" style="{WALL}"><label>Name <input></label><button {_close("edit")}>Cancel</button></div>
        </template>""",
        first="Edit",
        end="left open",
        proof="Cancel",
    ),
    _shop(
        "dialog beside its backdrop",
        f"""<div class="ui-widget-overlay" style="{WALL};z-index:100"></div><div class="ui-dialog" role="dialog"
        aria-label="Tip of the day" style="position:fixed;left:50px;top:50px;width:300px;height:200px;background:#eee;
        z-index:101"><p>Did you know?</p>{HARM}<button onclick="document.querySelector('.ui-widget-overlay').remove();
        this.parentElement.remove()">Close</button></div>""",
    ),
    _shop(
        "question beside its backdrop",
        f"""<div class="ui-widget-overlay" style="{WALL};z-index:100"></div><div class="ui-dialog" role="dialog"
        style="position:fixed;left:50px;top:50px;width:300px;height:200px;background:#eee;z-index:101">
        <p>Remove 3 members
        for good?</p><button onclick="harm('OK')">OK</button><button onclick="document.querySelector(
        '.ui-widget-overlay').remove(); this.parentElement.remove()">Cancel</button></div>""",
    ),
    _shop(
        "backdrop that stays behind",
        f"""<div class="backdrop" style="{WALL};z-index:100"></div><div id="failed" role="dialog"
        aria-label="Sending failed"
        style="position:fixed;left:50px;top:50px;width:300px;height:200px;background:#eee;z-index:101">
        <button {_close("failed")}>Dismiss</button></div>""",
        first="Dismiss",
        end="told",
        proof="nothing yet",
    ),
    _shop(
        "close button that asks",
        f"""<div id="draft" role="dialog" aria-label="Draft" style="{WALL}">
        <button onclick="if (confirm('Leave the draft?'))
        gone('draft')">Close</button></div>""",
    ),
    OverlayPage(
        "focus trap",
        FIELD
        + """<div id="trap" role="dialog" aria-label="Feedback" style="position:fixed;right:0;bottom:0">
        <input id="inner"
        aria-label="Opinion"><button onclick="harm('Send')">Send</button><button onclick="document.removeEventListener(
        'focusin', hold); gone('trap')">Not now</button></div><script>const hold = e => { if (!trap.contains(e.target))
        inner.focus(); }; document.addEventListener('focusin', hold); inner.focus()</script>""",
        wanted="Search",
        text="lamps",
        proof="lamps",
    ),
    _shop(
        "overlay without any control",
        f'<div id="wall" style="{WALL}">Thank you!</div>',
        end="told",
        proof="nothing yet",
    ),
    _shop(
        "please wait",
        f'<div id="busy" style="{WALL}">Please wait …</div><script>gone("busy", 4000)</script>',
    ),
    OverlayPage(
        "overlay inside of a frame",
        _frame(
            "App",
            'id="app"',
            f"""<p id="out"></p><button onclick="out.textContent = 'bought'">Buy now</button><div id="over"
        style="{WALL}">
            <button onclick="document.getElementById('over').remove()">Schließen</button></div>""",
        ),
    ),
    OverlayPage(
        "overlay over a frame",
        _frame("App", 'id="app"', "<p id='out'></p><button onclick=\"out.textContent = 'bought'\">Buy now</button>")
        + f'<div id="over" style="{WALL}"><p>Neu: dunkles Design</p><button {_close("over")}>Cerrar</button></div>',
    ),
    _shop("dialog by itself", "<script>setTimeout(() => alert('Your session ends soon'), 400)</script>"),
    OverlayPage(
        "browser's own permission",
        """<h1>Map</h1><p id="out"></p><button onclick="navigator.geolocation.getCurrentPosition(() =>
        out.textContent = 'found',
        () => out.textContent = 'bought'); Notification.requestPermission()">Buy now</button>""",
    ),
)
DRIFT = f"""<h2>Chat with us</h2>
        <button onclick="fetch('HOME/harm/Book', {{method: 'POST', mode: 'no-cors'}})">Book a meeting</button>
  <button aria-label="Dismiss" onclick="parent.postMessage('away', '*')">{ICON}</button>"""
