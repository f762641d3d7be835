"""From what a role did to the shortest steps that may show it again. Pure: events in, reproductions out.

A claim may follow from something that the role changed before. Then every reproduction must hold that change: without
it the claim is false by nature, on a sound application too, and its proof would confirm nothing.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent import events as ev
from agent import routes
from agent.evidence import traces
from agent.evidence.finding import Alarm, Claim, Repro, Step

LONGEST = 40
SHORTEST_VALUE = 3
"""Characters from which on a typed value says something about a claim that holds it."""
_INPUTS = frozenset({"fill", "select", "check"})
_TYPED = frozenset({"fill", "select"})
_PRESSES = frozenset({"click", "double_click"})
_ADDRESSES = frozenset({"goto", "back"})


@dataclass(frozen=True, slots=True)
class _Segment:
    """What a role did on one document: `url` is where it began, `steps` the last of which may have left it."""

    document: int
    url: str
    steps: tuple[Step, ...]

    @property
    def left_by_hand(self) -> bool:
        """The page was left by a click or a key, not by typing an address."""
        return bool(self.steps) and self.steps[-1].action not in _ADDRESSES

    @property
    def wrote(self) -> bool:
        inputs = any(step.action in _INPUTS for step in self.steps)
        pressed = any(step.action in _PRESSES and not _is_link(step) for step in self.steps)
        return inputs or pressed

    @property
    def stayed(self) -> tuple[Step, ...]:
        """Its steps without the typed address that left it."""
        steps = self.steps
        while steps and steps[-1].action in _ADDRESSES:
            steps = steps[:-1]
        return steps


def candidates(
    events: Sequence[ev.Event],
    role: str,
    trigger_call_id: str,
    oracle: Alarm | Claim,
    viewport: tuple[int, int] = (1280, 800),
) -> tuple[Repro, ...]:
    """Reproductions to try, shortest first; empty when the call left no steps or what is needed is too long.

    In this order: the page and the inputs right before the trigger; the page and everything done on its document; the
    same from the document before; every document on which the role wrote, then the page. Of a claim only those that
    hold what it follows from, see `_needed`. Last the steps of another role that made the record which the trigger
    goes to, where one did.
    """
    segments, trigger = _walk(events, role, trigger_call_id)
    if not trigger or not segments:
        return ()
    needed = _needed(segments, trigger, oracle) if isinstance(oracle, Claim) else ()
    paths = [*_usual(role, segments, trigger), *_with_changes(role, segments, trigger, needed)]
    made_by = traces.maker(events, role, trigger_call_id, trigger)
    if made_by:
        paths += [(*steps, *trigger) for steps in _making(events, made_by)]
    required = [step for index in needed for step in segments[index].stayed]
    fitting = (path for path in paths if len(path) <= LONGEST and _holds(path, required))
    unique = sorted(dict.fromkeys(fitting), key=len)
    return tuple(Repro(path, len(path) - 1, oracle, viewport) for path in unique)


def _making(events: Sequence[ev.Event], made_by: traces.Maker) -> Iterator[tuple[Step, ...]]:
    """The ways on which another role made the record that the trigger goes to."""
    segments, sent = _walk(events, made_by.role, made_by.call_id)
    if segments and sent:
        sent = (*sent[:-1], replace(sent[-1], made=made_by.path))
        yield from _usual(made_by.role, segments, sent)


def _usual(role: str, segments: Sequence[_Segment], trigger: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    last, before = segments[-1], segments[:-1]
    yield from _ends(role, last, trigger)
    yield (*_chain(role, (*before[-1:], last)), *trigger)
    writers = [segment for segment in before if segment.wrote]
    yield (*_capped(role, (*writers, last), LONGEST - len(trigger)), *trigger)


def _ends(role: str, last: _Segment, trigger: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The trigger on its page and nothing from before it."""
    if trigger[0].action in ("goto", "request"):
        yield trigger
    elif trigger[0].action != "back":
        yield (_open(role, last.url), *_inputs_before(last.steps), *trigger)
        yield (_open(role, last.url), *last.steps, *trigger)


def _with_changes(
    role: str, segments: Sequence[_Segment], trigger: tuple[Step, ...], needed: Sequence[int]
) -> Iterator[tuple[Step, ...]]:
    """The needed documents and the trigger; then everything since the first of them."""
    if not needed:
        return
    here = len(segments) - 1
    changes: tuple[Step, ...] = ()
    for run in _runs(needed):
        end = replace(segments[run[-1]], steps=segments[run[-1]].stayed)
        changes += _chain(role, (*(segments[index] for index in run[:-1]), end))
    ends = (trigger,) if here in needed else _ends(role, segments[-1], trigger)
    yield from ((*changes, *end) for end in ends)
    yield (*_chain(role, segments[needed[0] :]), *trigger)


def _needed(segments: Sequence[_Segment], trigger: tuple[Step, ...], claim: Claim) -> tuple[int, ...]:
    """Which documents a claim follows from: those where the role typed or chose what the claim speaks of; of a claim
    about its own change also where it wrote last. A claim that does not say what it is about is taken to be about a
    change that was made on one of the last two documents. What led up to such a document belongs to it."""
    here = len(segments) - 1
    acted = [*segments[:-1], replace(segments[-1], steps=(*segments[-1].steps, *trigger))]
    writers = [index for index, segment in enumerate(acted) if segment.wrote]
    recent = [index for index in writers if index >= here - 1]
    found = set(_typed(acted, claim))
    if claim.about == "my_change" or (claim.about == "" and recent):
        found.update(recent or writers[-1:])
    return tuple(sorted({lead for index in found for lead in _led_by(segments, index)}))


def _typed(segments: Sequence[_Segment], claim: Claim) -> Iterator[int]:
    """The last document for each typed value that occurs in the claim, or of which the claim quotes a part."""
    texts = [_plain(text) for text in (*_quoted(claim.subject), claim.expected)]
    seen: set[str] = set()
    for index in range(len(segments) - 1, -1, -1):
        for step in segments[index].steps:
            value = _plain(step.value) if step.action in _TYPED else ""
            if len(value) < SHORTEST_VALUE or value in seen:
                continue
            if any(value in text or (len(text) >= SHORTEST_VALUE and text in value) for text in texts):
                seen.add(value)
                yield index


def _quoted(subject: str) -> Sequence[str]:
    """The texts in a locator, without the roles of elements; the subject itself when it is none."""
    try:
        tree = ast.parse(subject.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (subject,)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    roles = {id(call.args[0]) for call in calls if ast.unparse(call.func).endswith("get_by_role")}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in roles]
    return [node.value for node in constants if isinstance(node.value, str)]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _led_by(segments: Sequence[_Segment], index: int) -> Iterator[int]:
    """The document and those before it that were forms leading to it: its address alone may not open it."""
    yield index
    while index and _sent_to(segments[index - 1], segments[index]):
        index -= 1
        yield index


def _sent_to(before: _Segment, segment: _Segment) -> bool:
    """A form was sent and led elsewhere. An address with a query holds what was sent, so that one opens by itself."""
    sent = before.wrote and before.left_by_hand and not _is_link(before.steps[-1])
    path = routes.path(segment.url)
    return sent and "?" not in path and path != routes.path(before.url)


def _runs(indices: Sequence[int]) -> list[list[int]]:
    """Neighbours together: 2, 3, 7 as [2, 3] and [7]."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _holds(path: Sequence[Step], required: Sequence[Step]) -> bool:
    """In their order, with anything between them."""
    rest = iter(path)
    return all(step in rest for step in required)


def _is_link(step: Step) -> bool:
    return step.action in _PRESSES and 'role("link"' in step.locators[0]


def _walk(events: Sequence[ev.Event], role: str, call_id: str) -> tuple[list[_Segment], tuple[Step, ...]]:
    """The role's documents up to the trigger, the last one that of the trigger, and the trigger's own steps."""
    segments: list[_Segment] = []
    fresh = True
    for event in events:
        if event.role != role:
            continue
        if isinstance(event.payload, ev.RoleStarted):
            fresh = True  # a resumed role counts its documents anew
        if not isinstance(event.payload, ev.ToolFinished):
            continue
        tool = event.payload
        steps = tuple(_step(item) for item in tool.steps)
        if not tool.document and not steps and tool.call_id != call_id:
            continue  # a call that was skipped or refused saw no page, so it neither left one nor came to one
        if not fresh and not segments[-1].steps and segments[-1].url == tool.url_before:
            segments[-1] = replace(segments[-1], document=tool.document)  # the same page, opened once more
        if fresh or segments[-1].document != tool.document:
            segments.append(_Segment(tool.document, tool.url_before, ()))
            fresh = False
        if tool.call_id == call_id:
            return segments, steps
        segments[-1] = replace(segments[-1], steps=segments[-1].steps + steps)
    return [], ()


def _step(data: Mapping) -> Step:
    return Step(**{**data, "locators": tuple(data.get("locators", ()))})


def _open(role: str, url: str) -> Step:
    path = routes.place(url)
    return Step(role, "goto", value=path, words=f"Open {path}", lands=routes.template(url))


def _inputs_before(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The last unbroken run of inputs: what a button usually sends."""
    begin = len(steps)
    while begin and steps[begin - 1].action in _INPUTS:
        begin -= 1
    return steps[begin:]


def _chain(role: str, segments: Sequence[_Segment]) -> tuple[Step, ...]:
    """The documents one after the other; where one was left by hand it leads to the next by itself."""
    steps: list[Step] = []
    for index, segment in enumerate(segments):
        if not (index and segments[index - 1].left_by_hand) and routes.origin(segment.url):
            steps.append(_open(role, segment.url))
        steps.extend(segment.steps if index == len(segments) - 1 else segment.stayed)
    return tuple(steps)


def _capped(role: str, segments: Sequence[_Segment], limit: int) -> tuple[Step, ...]:
    """Each document opened by its address, because those between are left out; the oldest go when it gets too long."""
    parts: list[tuple[Step, ...]] = [(_open(role, segment.url), *segment.stayed) for segment in segments[:-1]]
    tail = segments[-1]
    parts.append((_open(role, tail.url), *tail.steps) if routes.origin(tail.url) else tail.steps)
    while len(parts) > 1 and sum(map(len, parts)) > limit:
        parts.pop(0)
    return tuple(step for part in parts for step in part)
