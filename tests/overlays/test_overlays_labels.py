"""Which controls may ever be pressed. Nothing that deletes, pays, orders, sends or signs off, however it is written."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tools.overlays.classify import ORDERS, Control, Kind, Overlay, classify, rank
from agent.tools.overlays.labels import PHRASES, REFUSALS, asked_about, destructive, layers_of
from agent.tools.overlays.vendors import vendor_of

DESTRUCTIVE = (
    *("Delete", "Delete account", "Remove", "Remove all", "Pay", "Pay now", "Buy", "Buy now", "Confirm order"),
    *("Place order", "Submit", "Unsubscribe", "Sign out", "Log out", "Cancel order", "Checkout", "Erase everything"),
    *("Löschen", "Konto löschen", "Entfernen", "Jetzt kaufen", "Zahlungspflichtig bestellen", "Abmelden", "Bezahlen"),
    *("Bestellung stornieren", "Kündigen", "Absenden", "Supprimer", "Payer", "Acheter", "Commander", "Se déconnecter"),
    *("Se désabonner", "Résilier", "Envoyer", "Valider la commande", "Eliminar", "Borrar", "Pagar", "Comprar"),
    *("Cerrar sesión", "Fermer la session", "Enviar", "Darse de baja", "Cancelar pedido", "Confirmar"),
)
TRAPS = (
    *(
        "Close account",
        "Close my account",
        "Konto schließen",
        "Cerrar cuenta",
        "Fermer le compte",
        "Cancel subscription",
    ),
    *("Cancel membership", "Cancel booking", "Accept invitation", "Accept offer", "OK, delete", "Close and delete"),
    *("Continue to payment", "Skip trial", "Block user", "Deny request", "Reject application", "Yes", "No"),
    *(
        "Dismiss all",
        "Close all tickets",
        "Close ticket",
        "Never",
        "Allow purchase",
        "Hide listing",
        "Decline and leave",
    ),
)
SAFE = (
    *("Close", "CLOSE", "close.", "× Close", "[x]", "×", "✕", "✖️", "Close dialog", "Close this window", "Dismiss"),
    *("Cancel", "Not now", "Maybe later", "No thanks", "No, thanks!", "No thanks, I like full prices", "Skip"),
    *("Schließen", "SCHLIESSEN", "Fenster schließen", "Abbrechen", "Nein danke", "Nicht jetzt", "Später"),
    *("Fermer", "Fermer la fenêtre", "Annuler", "Non, merci", "Plus tard", "Cerrar", "Cancelar", "Ahora no"),
    *("Minimize widget", "Close Intercom Messenger", "Close cookie banner"),
)
decoration = st.text(st.sampled_from(" \t!?.,:;-–—…*#()[]<>✓✔⚠🗑️×→\u200b\u00a0\u2060\"'"), max_size=4)


@st.composite
def dressed(draw: st.DrawFn, labels: tuple[str, ...]) -> str:
    """A label as pages write it: any case, signs around it, invisible characters within, wide or apart letters."""
    label = draw(st.sampled_from(labels))
    change = draw(st.sampled_from(["same", "upper", "swap", "hidden", "wide", "apart"]))
    match change:
        case "upper":
            label = label.upper()
        case "swap":
            label = label.swapcase()
        case "hidden":
            label = "\u200b".join(label)
        case "wide":
            label = "".join(chr(ord(char) + 0xFEE0) if char in string.ascii_letters else char for char in label)
        case "apart":
            label = " ".join(label)
    return f"{draw(decoration)}{label}{draw(decoration)}"


@given(dressed(DESTRUCTIVE))
def test_a_destructive_label_fits_no_layer_in_any_dress(label: str) -> None:
    assert layers_of(label) == frozenset()


@given(
    st.one_of(
        st.sampled_from([" ".join(phrase) for phrase in REFUSALS]),
        st.sampled_from([" ".join(phrase) for phrases in PHRASES.values() for phrase in phrases]),
    ),
    st.sampled_from([" ", ", ", " & ", " and ", " – ", " und ", " et ", " y ", "/"]),
    dressed(DESTRUCTIVE),
    st.booleans(),
)
def test_a_safe_word_does_not_make_a_destructive_label_safe(safe: str, glue: str, harm: str, first: bool) -> None:
    label = f"{safe}{glue}{harm}" if first else f"{harm}{glue}{safe}"
    assert layers_of(label) == frozenset()


@given(
    st.lists(dressed((*DESTRUCTIVE, *TRAPS)), max_size=6),
    st.sampled_from(list(ORDERS)),
    st.text(max_size=60),
)
def test_no_dangerous_control_is_ever_chosen_in_any_overlay(labels: list[str], kind: Kind, text: str) -> None:
    controls = [Control(f"e{n}", "button", label, ("danger",)) for n, label in enumerate(labels)]
    chosen = rank(controls, Overlay("dialog", text, text), kind)
    # A refusal is a refusal of what the overlay itself asks; of what it only speaks of, none is.
    assert not [control.label for control in chosen if destructive(control.label)]


@pytest.mark.parametrize("label", TRAPS)
def test_what_begins_like_a_safe_label_is_not_one(label: str) -> None:
    assert layers_of(label) <= ({"deny"} if label == "Never" else set())


@pytest.mark.parametrize("label", SAFE)
def test_safe_labels_are_known_as_pages_write_them(label: str) -> None:
    assert "safe" in layers_of(label)


@pytest.mark.parametrize(
    ("label", "layer"),
    [
        *(("Reject all", "decline"), ("Only necessary cookies", "decline"), ("Alle ablehnen", "decline")),
        *(("Nur notwendige Cookies", "decline"), ("Continuer sans accepter", "decline"), ("Rechazar todo", "decline")),
        *(("Don’t allow", "deny"), ("Block notifications", "deny"), ("Nicht erlauben", "deny"), ("Bloquer", "deny")),
        *(("OK", "proceed"), ("Got it!", "proceed"), ("Verstanden", "proceed"), ("J’ai compris", "proceed")),
        *(("Accept all cookies", "accept"), ("Alle akzeptieren", "accept"), ("Tout accepter", "accept")),
        *(("Aceptar todo", "accept"), ("Entendido", "proceed")),
    ],
)
def test_labels_are_known_in_four_languages(label: str, layer: str) -> None:
    assert layer in layers_of(label)


@given(st.text(max_size=120))
def test_any_text_can_be_a_label(label: str) -> None:
    assert not (layers_of(label) and destructive(label))
    assert asked_about(label, label) in (True, False)


def controls(*labels: str) -> list[Control]:
    return [Control(f"e{n}", "button", label) for n, label in enumerate(labels)]


def chosen(overlay: Overlay, *labels: str) -> list[str]:
    return [control.label for control in rank(controls(*labels), overlay, classify(overlay))]


def test_the_layers_come_in_order_and_by_kind() -> None:
    ask = Overlay("dialog", "", "Shop wants to send notifications.")
    assert chosen(ask, "Allow", "OK", "Close", "Block", "Delete all") == ["Block", "Close"]
    assert chosen(Overlay("dialog", "", "May we use your location?"), "Allow", "OK", "Deny") == ["Deny", "OK", "Allow"]
    cookies = Overlay("div#bar", "", "We use cookies to remember your order.")
    assert chosen(cookies, "Accept all", "OK", "Settings", "Reject all") == ["Reject all", "OK", "Accept all"]
    news = Overlay("dialog", "What is new", "Filters are faster.", modal=True)
    assert chosen(news, "Read more", "Got it", "Cancel", "Reject") == ["Cancel", "Got it"]


def test_agreeing_is_never_the_way_out_of_a_dangerous_question() -> None:
    question = Overlay("dialog", "Delete 3 members?", "This cannot be undone.", modal=True)
    assert chosen(question, "OK", "Accept", "Continue", "Cancel") == ["Cancel"]
    assert chosen(Overlay("div", "", "Alle Einträge werden gelöscht."), "OK", "Weiter") == []
    plain = Overlay("dialog", "Hello", "", modal=True)
    marked = [Control("e1", "button", "OK", ("btn btn-danger",)), Control("e2", "button", "OK", (), sends=True)]
    assert rank(marked, plain, "in-app modal") == ()


def test_cancel_is_no_way_out_of_a_question_whether_to_cancel() -> None:
    question = Overlay("dialog", "Cancel your subscription?", "See our privacy terms.", modal=True)
    assert chosen(question, "Cancel", "Keep it", "Not now") == ["Not now"]
    assert chosen(Overlay("dialog", "", "Möchten Sie Ihr Ticket schließen?", modal=True), "Schließen") == []


def test_a_nameless_icon_closes_only_by_its_marks_or_its_place() -> None:
    overlay = Overlay("dialog", "Hello", "", modal=True)
    icons = [
        Control("e1", "button", "", ("icon-trash",), corner=True),
        Control("e2", "button", "", ("icon-settings",)),
        Control("e3", "button", "", ("btn-close",)),
        Control("e4", "button", "", (), corner=True),
        Control("e5", "button", "Cancel"),
        Control("e6", "button", "OK"),
    ]
    assert [control.ref for control in rank(icons, overlay, "in-app modal")] == ["e5", "e3", "e4", "e6"]


@pytest.mark.parametrize(
    ("marks", "name"),
    [
        ("DIV id=intercom-container class=intercom-namespace", "Intercom"),
        ("IFRAME class=intercom-messenger-frame name=intercom-messenger-frame", "Intercom"),
        ("IFRAME id=webWidget title=Find more information here", "Zendesk"),
        ("IFRAME id=launcher title=Opens a widget", "Zendesk"),
        ("DIV id=drift-widget-container", "Drift"),
        ("IFRAME class=drift-frame-controller", "Drift"),
        ("DIV id=CybotCookiebotDialog", "Cookiebot"),
        ("DIV id=launcher class=rocket", None),
        ("DIV class=drifting-snow", None),
        ("DIV class=message-intercom", None),
    ],
)
def test_vendors_are_known_by_their_marks(marks: str, name: str | None) -> None:
    found = vendor_of(marks)
    assert (found.name if found else None) == name
