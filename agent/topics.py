"""Do two texts speak of the same thing? Words of capabilities and charter lines, held against those of pages. Pure.

Knows English words that say nothing of their own in a test charter; of the applications under test it knows nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[^\W\d_]{3,}")
SHORTEST = 4
"""Letters that two forms of a word share at least."""
_SIGNING = re.compile(r"\b(sign|log)(?:ing|ged|ned|ed)?[ -]?(in|out|off|on|up)\b", re.I)
"""Signing out, signing up and signing in have nothing to do with each other, so each is one word."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def words(text: str) -> frozenset[str]:
    """Words of three letters or more in small letters, plurals as singulars: `/waitingLists?page=2` → waiting, list,
    page."""
    plain = _SIGNING.sub(r"\1\2", _CAMEL.sub(" ", text))
    return frozenset(map(_singular, _WORD.findall(plain.casefold())))


def topic(text: str) -> frozenset[str]:
    """The words that say what a text is about; empty when it is about everything or nothing in particular."""
    return words(text) - _GENERAL


def topics(texts: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """What each text of one list is about, if need be by all its words. A word of more than half of them tells none
    from another, so it counts only for a text that has no other."""
    found = {text: topic(text) or words(text) for text in texts}
    held = Counter(word for own in found.values() for word in own)
    common = {word for word, count in held.items() if len(found) > 2 and count > len(found) / 2}
    return {text: own - common or own for text, own in found.items()}


def speaks_of(text: Iterable[str], about: frozenset[str]) -> bool:
    """Whether words touch on a topic: one of its words, two where the topic is a long sentence."""
    return len(shared(text, about)) >= (1 if len(about) <= 4 else 2)


def shared(text: Iterable[str], about: frozenset[str]) -> frozenset[str]:
    """Those words of the topic that the text has, in one form or another: book, booking, booked."""
    said = frozenset(text)
    begun = {word[:SHORTEST] for word in said}
    near = [word for word in about if word in said or word[:SHORTEST] in begun]
    return frozenset(word for word in near if word in said or any(_alike(word, other) for other in said))


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST and long.startswith(short)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > SHORTEST and word.endswith("s") and not word.endswith("ss") else word


_GENERAL = words("""
able about across add added after again all allowed also and another any anything app application apps are around
available because been before behave behaves behaving being both break breaks broken bug bugs but can cannot
capabilities capability care change changed changes changing charter check checked checking common correct correctly
could create created creates creating defect defects delete deleted deletes deleting demo different each edge edit
edited editing ensure especially every everything everyone example examine explore exploring feature features find
finding first flow flows focus for from function functionality general get gets give given good handle handled has have
her here his how html http https important including index insert inside into its itself kept kind know last least like
list lists look looking lost make making manage manages managing many may mission more most must nbsp need never new not
nothing now off often old one only open opens other others out over own page pages part particular parts people please
possible problem problems really remove removed removes removing right role roles same screen screens see seeing
seen session shall should show shown shows side site some something sort sorts state still such sure system take test
tested tester testing tests than that the their them then there these they thing things this those through together too
try under until update updated updates updating use used using various very via view viewed viewing views want was way
ways web website well were what when where whether which while who whole whose why will with within without work working
works would wrong www you your
""")
