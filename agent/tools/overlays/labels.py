"""What the controls of an overlay are called, in four languages, and which of them the recovery may press. Pure tables.

A label is taken only when all of its words are known: what merely begins like a safe one ("Close account", "Cancel
order", "OK, delete") fits nothing. It knows nothing of pages.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

Layer = Literal["deny", "safe", "decline", "proceed", "accept"]
Words = tuple[str, ...]

LONGEST = 80
SIGNS = frozenset("×✕✖✗✘⨯⨉╳❌❎🗙🗴x")
"""What stands for closing when it is the whole label."""

# Folded. In any of these languages they delete, pay, order, send, sign off, or cannot be undone.
STEMS = (
    *("delet", "remov", "eras", "wipe", "wiping", "destroy", "purg", "discard", "revok", "terminat", "deactivat"),
    *("disabl", "pay", "purchas", "buy", "order", "checkout", "donat", "transfer", "refund", "upgrad", "renew"),
    *("submit", "send", "publish", "confirm", "unsubscrib", "subscrib", "signout", "logout", "signoff", "regist"),
    *("reset", "permanent", "irrevers", "archiv", "uninstall", "withdraw", "bought", "overwrit", "undone"),
    *("losch", "loesch", "entfern", "vernicht", "verwerf", "widerruf", "zahl", "bezahl", "kauf", "bestell", "kundig"),
    *("kuendig", "abmeld", "abbestell", "absend", "abschick", "stornier", "bestatig", "bestaetig", "buch", "loggen"),
    *("zurucksetz", "unwiderruf", "endgultig", "uberweis", "spend", "deaktivier", "auslogg", "austret"),
    *("gelosch", "geloesch", "gekauf", "gekundig", "gekuendig", "gezahl", "gesend", "gebuch", "abgeschick", "abgemeld"),
    *("supprim", "effac", "detrui", "achet", "commande", "valider", "envoy", "desabon", "abonn", "resili", "deconn"),
    *("retirer", "publier", "revoqu", "rembours", "definitiv", "irrevoc", "reinitialis", "vider"),
    *("elimin", "borra", "borre", "pagar", "compra", "pedido", "ordenar", "enviar", "suscri", "desuscri", "anular"),
    *("reembols", "desactiv", "restablec", "vaciar", "publicar"),
)
WHOLE = frozenset(
    [
        "book",
        "booking",
        "clear",
        "drop",
        "kill",
        "quit",
        "quitter",
        "quitar",
        "baja",
        "sesion",
        "session",
        "pago",
        "paga",
        "pedir",
        "trash",
        "envio",
    ]
)
PAIRS = frozenset({("sign", "out"), ("log", "out"), ("sign", "off"), ("log", "off"), ("check", "out"), ("opt", "in")})


def fold(label: str) -> str:
    """Lower case without accents, signs and what cannot be seen; words with one blank between them."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", label).casefold())
    kept = (char for char in text if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", "".join(kept)))


def _phrases(*texts: str) -> tuple[Words, ...]:
    """Each `;`-separated phrase as its words, the longest first."""
    found = {tuple(fold(phrase).split()) for text in texts for phrase in text.split(";")}
    return tuple(sorted(found, key=lambda words: (-len(words), words)))


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in fold(text).split())


PHRASES: dict[Layer, tuple[Words, ...]] = {
    "deny": _phrases(
        "deny; block; don't allow; do not allow; never allow; never; not allowed; disallow; refuse; reject; decline",
        "blockieren; ablehnen; nicht erlauben; nicht zulassen; verweigern; nie erlauben; nie",
        "bloquer; refuser; ne pas autoriser; jamais",
        "bloquear; denegar; rechazar; no permitir; nunca",
    ),
    "safe": _phrases(
        "close; dismiss; cancel; not now; maybe later; later; remind me later; skip; no thanks; no thank you; hide",
        "minimize; minimise; not interested; ask me later; continue without; go away",
        "schließen; schliessen; schliesse; abbrechen; nein danke; nicht jetzt; später; vielleicht später; überspringen",
        "ausblenden; minimieren; später erinnern; kein interesse",
        "fermer; annuler; non merci; pas maintenant; plus tard; ignorer; passer; masquer; réduire",
        "me le rappeler plus tard",
        "cerrar; cancelar; no gracias; ahora no; más tarde; quizás más tarde; omitir; saltar; ocultar; minimizar",
    ),
    "decline": _phrases(
        "reject; reject all; decline; refuse; deny; only necessary; necessary only; only essential; essential only",
        "strictly necessary only; continue without accepting; use necessary; i decline; disagree; i disagree",
        "do not accept; don't accept",
        "ablehnen; alle ablehnen; nur notwendige; nur erforderliche; nur essenzielle; ohne einwilligung fortfahren",
        "weiter ohne einwilligung; ohne zustimmung weiter",
        "refuser; tout refuser; continuer sans accepter; je refuse; uniquement les nécessaires",
        "rechazar; rechazar todo; rechazar todas; solo necesarias; solo las necesarias; continuar sin aceptar",
    ),
    "proceed": _phrases(
        "ok; okay; got it; i understand; understood; continue; alright; all right; thanks; thank you; i see",
        "verstanden; alles klar; weiter; ich verstehe; in ordnung",
        "compris; j'ai compris; d'accord; continuer",
        "entendido; vale; de acuerdo; continuar; comprendo",
    ),
    "accept": _phrases(
        "accept; accept all; agree; i agree; i accept; allow; allow all; agree and close; accept and close; consent",
        "akzeptieren; alle akzeptieren; annehmen; zustimmen; einverstanden; ich stimme zu; erlauben; alle erlauben",
        "zulassen; alle zulassen; allen zustimmen",
        "accepter; tout accepter; j'accepte; autoriser; tout autoriser; accepter et fermer",
        "aceptar; aceptar todo; aceptar todas; acepto; permitir; permitir todo; permitir todas",
    ),
}
REFUSALS = _phrases("no thanks; no thank you; nein danke; non merci; no gracias")
"""Whatever follows them, short of something destructive, is the salesman's wording of the same no."""
# Cancelling or hiding something is an act of its own, so these stand alone.
ALONE = _words("cancel abbrechen annuler cancelar later später never nie jamais nunca hide ausblenden masquer ocultar")
ASKED = _words(
    "cancel close dismiss skip hide reject decline refuse deny block accept agree allow abbrechen schließen ablehnen",
    "blockieren annuler fermer refuser bloquer ignorer cancelar cerrar rechazar bloquear omitir",
)
"""Verbs that an overlay can itself ask about; its button of that name then does what it asks."""
THINGS = _words(
    "the this that a and dialog dialogue banner popup pop up window chat messenger widget message modal notice",
    "notification notifications overlay panel box tooltip ad advert advertisement announcement newsletter",
    "cookie cookies optional non essential unnecessary additional tracking only necessary required to site website",
    "location camera microphone access intercom drift zendesk live survey tour help bubble button",
    "den das die der dieses fenster dialogfeld meldung hinweis nachricht und nur optionale werbung anzeige standort",
    "mitteilungen benachrichtigungen la le les l cette fenêtre bannière boîte de dialogue discussion et publicité",
    "el los las esta ventana aviso mensaje cuadro diálogo y notificaciones ubicación anuncio opcionales",
)
EVERYTHING = _words("all alle allen tout tous toutes todo todos todas")
"""Goes with refusing and agreeing; "Close all" and "Dismiss all" are acts of the app."""
HINTS = frozenset(
    [
        "close",
        "closer",
        "closebtn",
        "closebutton",
        "btnclose",
        "dismiss",
        "times",
        "xmark",
        "cross",
        "x",
        "schliessen",
        "fermer",
        "cerrar",
    ]
)
"""Words in the marks of a nameless icon that make it a closing one."""


def destructive(text: str) -> bool:
    """Whether any word of it deletes, pays, orders, sends or signs off, in whatever spelling."""
    words = fold(text).split()
    if any(word.startswith(STEMS) or word in WHOLE for word in words):
        return True
    if any(pair in PAIRS for pair in pairwise(words)):
        return True
    # Letters apart ("D E L E T E", "de-lete") still spell the word.
    joined = "".join(words)
    return len(words) > 1 and joined.startswith(tuple(stem for stem in STEMS if len(stem) > 3))


def layers_of(label: str) -> frozenset[Layer]:
    """The layers that the label fits; none for a destructive, unknown or overlong one."""
    bare = "".join(char for char in label if unicodedata.category(char) not in ("Cf", "Mn")).strip(" \t\n.!()[]")
    if len(bare) > LONGEST or destructive(bare):
        return frozenset()
    if bare.casefold() in SIGNS:
        return frozenset({"safe"})
    words = tuple(fold(label).split())
    for refusal in REFUSALS:
        if words[: len(refusal)] == refusal:
            # No salesman spells letters apart, nor may the refusal hide how the rest begins.
            rest = words[len(refusal) :]
            hidden = sum(len(word) == 1 for word in rest) > 2 or destructive(" ".join(rest))
            return frozenset() if hidden else frozenset({"safe", "decline"})
    return frozenset(layer for layer in PHRASES if _fits(words, layer))


def asked_about(label: str, question: str) -> bool:
    """Whether the question speaks of what the label does: "Cancel" below "Cancel your subscription?" is no way out."""
    words = fold(question).split()
    verbs = ASKED.intersection(fold(label).split())
    return any(word.startswith(verb[:5]) for verb in verbs for word in words)


def nameless(label: str) -> bool:
    """Nothing that can be read: an icon, perhaps drawn as a letter of an icon font."""
    return not fold(label) and not layers_of(label)


def closes_by_mark(marks: Iterable[str]) -> bool:
    """Whether the marks of a nameless icon (classes, ids, data attributes, names of its picture) say that it closes."""
    words = _split(marks)
    return not words.isdisjoint(HINTS) and not destructive(" ".join(words))


def dangerous_by_mark(marks: Iterable[str]) -> bool:
    words = _split(marks)
    return "danger" in words or destructive(" ".join(words))


def _split(marks: Iterable[str]) -> frozenset[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", " ".join(marks))
    return frozenset(fold(apart.replace("_", " ")).split())


def _fits(words: Words, layer: Layer) -> bool:
    fillers = THINGS if layer == "safe" else THINGS | EVERYTHING
    for phrase in PHRASES[layer]:
        for start in range(len(words) - len(phrase) + 1):
            if words[start : start + len(phrase)] == phrase:
                rest = words[:start] + words[start + len(phrase) :]
                if not rest or (not ALONE.issuperset(phrase) and fillers.issuperset(rest)):
                    return True
    return False
