"""Which fault this is: the same value whoever saw it, on which record, host or port. Pure.

Only facts go in, and each is kept beside the hash, so that an issue can say why two sightings are one.
"""

import ast
import hashlib

from agent import routes
from agent.evidence.finding import Alarm, Claim, Fingerprint
from agent.evidence.shape import of_words

VERSION = "v1"


def of_alarm(alarm: Alarm) -> Fingerprint:
    return _hash(("kind", alarm.kind), *_facts(alarm))


def of_claim(claim: Claim, route: str) -> Fingerprint:
    """`route` is the page (address or template) on which the claim was evaluated."""
    return _hash(
        ("kind", "claim"),
        ("predicate", claim.predicate),
        ("subject", subject_shape(claim.subject)),
        ("route", routes.template(route)),
    )


def subject_shape(subject: str) -> str:
    """A claim's subject without data: `get_by_role('row', name='Order {n}')`, `response GET /bookings/{id}`."""
    words = subject.split()
    if len(words) == 3 and words[0] == "response":
        return f"response {words[1].upper()} {routes.template(words[2])}"
    try:
        tree = ast.parse(subject.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return of_words(subject)
    return ast.unparse(_Generalise().visit(tree))


class _Generalise(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            return ast.Constant(of_words(node.value))
        return node if isinstance(node.value, bool) else ast.Constant("{n}")


def _facts(alarm: Alarm) -> tuple[tuple[str, str], ...]:
    if alarm.kind == "server_error":
        method, endpoint, status = alarm.signal.split(" ", 2)
        return ("method", method), ("endpoint", endpoint), ("status", status)
    if alarm.kind in ("uncaught_exception", "console_error"):
        error, _, place = alarm.signal.rpartition(" @ ")
        return ("error", error), ("place", place)
    if alarm.kind == "forbidden_access":
        method, _, role = alarm.signal.split(" ", 2)
        return ("method", method), ("route", alarm.route), ("role", role.removeprefix("for "))
    return (("target", alarm.route),)


def _hash(*facts: tuple[str, str]) -> Fingerprint:
    components = (("version", VERSION), *facts)
    text = "\n".join(f"{name}={value}" for name, value in components)
    return Fingerprint(hashlib.sha256(text.encode()).hexdigest()[:16], components)
