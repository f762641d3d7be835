"""How each line of the charter and each capability ended: proven, touched, or not reached and why. A pure fold.

*Proven*: a claim about it was evaluated, a finding about it was proved, or it was noted after a write was read back.
*Touched*: a role was there, nothing was evaluated. Which claim speaks of what is told by its words, at the addresses
that the profile names where it does, so a person may see it otherwise; a claim proves one capability only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent import events as ev
from agent import routes, topics
from agent.charter import Charter, Profile, Role
from agent.evidence.finding import verdict_of
from agent.grounds import TESTED, Grounds, assign, words_of
from agent.planning import PlanItem, charter_lines, line_topic

Status = Literal["proven", "touched", "not reached"]
CHANGES = frozenset({"fill", "select", "check"})
SENDS = frozenset({"click", "double_click", "press"})
READS = frozenset({"goto", "reload", "back"})
LONGEST = 300
WHY: Mapping[str, str] = {
    "budget": "the budget was used up",
    "finished": "the role ended by itself without it",
    "stalled": "the role ended: nothing new was met any more",
    "stop_requested": "the run was stopped on request",
    "rate_limited": "the role ended: the model's provider refused for too long",
    "model_failed": "the role ended: the model failed",
    "sign_in_failed": "the role ended: sign-in failed",
    "browser_lost": "the role ended: browser lost",
    "target_down": "the role ended: target down",
    "crashed": "the role ended: it crashed",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`role` is empty for a line of the charter. `why` explains a status that is not proven, and says of a proven one
    what proves it. `noted` is the role's own last status with its note, `turn` the first turn there (0: none)."""

    role: str
    subject: str
    status: Status
    why: str
    noted: str = ""
    note: str = ""
    turn: int = 0


_Place = tuple[str, frozenset[str]]


@dataclass(slots=True)
class _Story:
    """What one role did, as far as outcomes need it. `seen` are the places and words it met, with their turns;
    `read_back` pairs where something was sent with what was opened anew after it."""

    grounds: Grounds
    budget: int
    seen: list[tuple[int, str, frozenset[str]]]
    proved: list[tuple[str, frozenset[str]]]
    read_back: list[tuple[_Place, _Place]]
    notes: dict[str, ev.CapabilityNoted]
    turn: int = 1
    stopped: str = ""
    detail: str = ""
    changed: bool = False
    sent: _Place | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`capabilities` of each role that ran, in the order of the profile, then what was noted beyond its list. `lines`
    of the charter; one that names no area in particular stands for all capabilities together. `planned` is what became
    of each item of the plan."""

    capabilities: tuple[Outcome, ...]
    lines: tuple[Outcome, ...]
    planned: tuple[tuple[PlanItem, Outcome], ...]


def outcomes(charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> Outcomes:
    stories = _stories(charter, profile, events)
    roles = {role.name: role for role in profile.roles}
    capabilities = tuple(each for name, story in stories.items() for each in _of_role(name, roles.get(name), story))
    lines = tuple(_of_line(line, line_topic(charter, line), stories, capabilities) for line in charter_lines(charter))
    items = [item for e in events if isinstance(e.payload, ev.PlanMade) for item in e.payload.items]
    known = {(each.role, each.subject): each for each in (*lines, *capabilities)}
    planned = tuple((item, known.get((item.role, item.area)) or _of_item(item, stories)) for item in map(_item, items))
    return Outcomes(capabilities, lines, planned)


def why_unreached(reason: str, detail: str = "") -> str:
    """A stop reason in words. What a failure said is added, because there the word alone explains nothing."""
    if not reason:
        return "the role had not come to it yet"
    told = WHY.get(reason, f"the role ended: {reason}")
    failed = reason not in ("budget", "finished", "stalled", "stop_requested")
    return f"{told} ({' '.join(detail.split())[:LONGEST]})" if failed and detail else told


def _stories(charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> dict[str, _Story]:
    started = next((e.payload.roles for e in events if isinstance(e.payload, ev.RunStarted)), ())
    known = {role.name: role for role in profile.roles}
    met = dict.fromkeys([*started, *(event.role for event in events if event.role)])
    order = [*(name for name in known if name in met), *(name for name in met if name not in known)]
    stories = {name: _story(known.get(name), charter.iterations or 0) for name in order}
    titles = _titles(events)
    for event in events:
        if event.role in stories:
            _follow(stories[event.role], event.payload, titles)
        reached = event.payload
        if isinstance(reached, ev.VerdictReached) and verdict_of(reached.verdict, reached.finding).proven:
            _prove(stories, reached.finding)
    return stories


def _story(role: Role | None, turns: int) -> _Story:
    grounds = Grounds(role.capabilities if role else (), role.grants if role else ())
    return _Story(grounds, turns or (role.iterations if role else 0), [], [], [], {})


def _titles(events: Sequence[ev.Event]) -> Mapping[str, frozenset[str]]:
    """The words of each state's title that tell it from the others: the app's name is in all of them."""
    titles = {e.payload.key: e.payload.title for e in events if isinstance(e.payload, ev.StateMet) and e.payload.title}
    told = topics.topics(tuple(dict.fromkeys(titles.values())))
    return {key: told[title] for key, title in titles.items()} if len(told) > 2 else {}


def _follow(story: _Story, payload: ev.Payload, titles: Mapping[str, frozenset[str]]) -> None:
    story.grounds.see(payload)
    match payload:
        case ev.RoleStarted(url=url) if url:
            _be(story, url, topics.words(url))
        case ev.ToolFinished() as tool:
            _use(story, tool, titles)
        case ev.CapabilityNoted(name=name):
            story.notes[name] = payload
        case ev.TurnEnded(iteration=iteration, state=state, url=url):
            _be(story, url, topics.words(url) | titles.get(state, frozenset()))
            story.turn = iteration + 1
        case ev.RoleStopped(reason=reason, detail=detail):
            # Who says goodbye on the last turn did not end of free will.
            spent = reason == "finished" and 0 < story.budget < story.turn
            story.stopped, story.detail = "budget" if spent else reason, detail
        case _:
            return


def _be(story: _Story, place: str, words: frozenset[str]) -> None:
    if not story.seen or story.seen[-1][1:] != (place, words):
        story.seen.append((story.turn, place, words))


def _use(story: _Story, tool: ev.ToolFinished, titles: Mapping[str, frozenset[str]]) -> None:
    if not routes.origin(tool.url_after):
        return
    place = routes.path(tool.url_after)
    words = words_of(tool) | titles.get(tool.state_after, frozenset())
    _be(story, place, words)
    actions = {str(step.get("action", "")) for step in tool.steps}
    if actions & READS and story.sent:
        story.read_back.append((story.sent, (place, words)))
        story.sent = None
    if actions & CHANGES:
        story.changed = True
    if actions & SENDS and story.changed and tool.status == "ok":
        before = routes.path(tool.url_before)
        # A form that ends in a new query searched or filtered: nothing was written.
        searched = "?" in place and place.partition("?")[2] != before.partition("?")[2]
        story.sent, story.changed = None if searched else (before, words | topics.words(before)), False


def place_of(finding: Mapping) -> str:
    """The page of a finding (its JSON form): a path, or a route template for a claim; empty when it has none."""
    oracle = finding.get("oracle", {})
    if oracle.get("page_url"):
        return routes.path(str(oracle["page_url"]))
    components = {str(key): str(value) for key, value in finding.get("fingerprint", {}).get("components", ())}
    return components.get("route", "")


def _prove(stories: Mapping[str, _Story], finding: Mapping) -> None:
    place = place_of(finding)
    steps = [str(step.get("words", "")) for step in finding.get("repro", {}).get("steps", ())]
    words = topics.words(" ".join([str(finding.get("title", "")), place, *steps[-2:]]))
    if story := stories.get(str(finding.get("role", ""))):
        story.proved.append((place, words))


def _of_role(name: str, role: Role | None, story: _Story) -> list[Outcome]:
    asked = (*(role.capabilities if role else ()), *story.notes)
    names = list(dict.fromkeys(asked))
    grounds, tested = story.grounds, story.grounds.resting()
    # A claim in other words than the capability's belongs to it when the role's own note speaks of the same.
    told = {each: topics.topic(story.notes[each].note) for each in names if each in tested}
    meant = {each: tested[each] & grounds.told(about) for each, about in told.items()}
    judged = assign({each: grounds.judged(each) | meant.get(each, frozenset()) for each in names})
    return [_of_capability(name, each, story, each in judged) for each in names]


def _of_capability(role: str, name: str, story: _Story, judged: bool) -> Outcome:
    grounds, note = story.grounds, story.notes.get(name)
    noted, said = (note.status, " ".join(note.note.split())) if note else ("", "")
    turn = next((turn for turn, place, words in story.seen if grounds.fits_at(name, words, place)), 0)
    found = sum(grounds.fits_at(name, words, place) for place, words in story.proved)
    back = noted in TESTED and any(
        all(grounds.fits_at(name, words, place) for place, words in pair) for pair in story.read_back
    )
    proofs = [
        *(["a finding was proved there"] if found else []),
        *(["a claim was evaluated"] if judged else []),
        *(["what was written was read back"] if back else []),
    ]
    if proofs:
        return Outcome(role, name, "proven", ", ".join(proofs), noted, said, turn)
    why = f"{noted.replace('_', ' ')}: {said}" if noted in ("blocked", "not_reached") else ""
    if turn or noted in TESTED or grounds.fitting(name):
        why = said if noted == "not_reached" else why
        return Outcome(role, name, "touched", why or "nothing was evaluated there", noted, said, turn)
    if noted == "not_reached":
        why = said
    return Outcome(role, name, "not reached", why or why_unreached(story.stopped, story.detail), noted, said)


def _of_line(
    line: str, about: frozenset[str], stories: Mapping[str, _Story], capabilities: Sequence[Outcome]
) -> Outcome:
    if not about:
        return _of_everything(line, capabilities)
    speaks = [c for c in capabilities if topics.speaks_of(topics.words(c.subject), about)]
    proven = [c for c in speaks if c.status == "proven"]
    claims = sum(len(story.grounds.told(about)) for story in stories.values())
    found = sum(topics.speaks_of(words, about) for story in stories.values() for _, words in story.proved)
    turns = [turn for story in stories.values() for turn, _, words in story.seen if topics.speaks_of(words, about)]
    first = min(turns, default=0)
    if proven or claims or found:
        parts = [
            *([_count(found, "finding") + " proved"] if found else []),
            *([_count(claims, "claim") + " evaluated"] if claims else []),
            *([f"proven for {_listed(c.role for c in proven)}"] if proven else []),
        ]
        return Outcome("", line, "proven", ", ".join(parts), turn=first)
    if turns or any(c.status == "touched" for c in speaks):
        return Outcome("", line, "touched", "nothing was evaluated there", turn=first)
    whys = dict.fromkeys(
        [c.why for c in speaks] or [why_unreached(story.stopped, story.detail) for story in stories.values()]
    )
    return Outcome("", line, "not reached", "; ".join(whys) or "no role ran")


def _of_item(item: PlanItem, stories: Mapping[str, _Story]) -> Outcome:
    """An area of the plan that is neither a capability nor a line: a route, an old bug, a wish of the profile."""
    mine = {name: story for name, story in stories.items() if item.role in ("", name)}
    if not item.area.startswith("/"):
        about = topics.topic(item.area) or topics.words(item.area)
        return replace(_of_line(item.area, about, mine, ()), role=item.role)
    proved = [place for story in mine.values() for place, _ in story.proved]
    judged = [
        p for story in mine.values() for piece in story.grounds.pieces if piece.sort == "claim" for p in piece.places
    ]
    turns = [turn for story in mine.values() for turn, place, _ in story.seen if routes.template(place) == item.area]
    first = min(turns, default=0)
    if any(routes.template(place) == item.area for place in (*proved, *judged)):
        return Outcome(item.role, item.area, "proven", "a claim was evaluated", turn=first)
    if turns:
        return Outcome(item.role, item.area, "touched", "nothing was evaluated there", turn=first)
    whys = dict.fromkeys(why_unreached(story.stopped, story.detail) for story in mine.values())
    return Outcome(item.role, item.area, "not reached", "; ".join(whys) or "no role ran")


def _item(data: Mapping) -> PlanItem:
    return PlanItem(data["area"], data["role"], data["risk"], data["why"], tuple(data["sources"]))


def _of_everything(line: str, capabilities: Sequence[Outcome]) -> Outcome:
    total, proven = len(capabilities), sum(c.status == "proven" for c in capabilities)
    touched = sum(c.status == "touched" for c in capabilities)
    if proven or touched:
        status: Status = "proven" if proven == total else "touched"
        return Outcome("", line, status, f"{proven} of {_count(total, 'capability')} proven, {touched} touched")
    why = "; ".join(dict.fromkeys(c.why for c in capabilities)) or "the roles have no capabilities to tell it by"
    return Outcome("", line, "not reached", why)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _count(number: int, word: str) -> str:
    many = word[:-1] + "ies" if word.endswith("y") else word + "s"
    return f"{number} {word if number == 1 else many}"
