"""The map of states and the timeline as pictures: readable for five states and for three hundred."""

import random
import re
from itertools import combinations

from told_run import Tale

from agent.coverage.coverage import Coverage, fold
from agent.report import timeline
from agent.report.state_map import HEIGHT, MOST_BOXES, MOST_EDGES, TALLEST, WIDTH, StateMap, draw, state_map
from agent.report.turns import tales


def mapped(tale: Tale) -> StateMap:
    coverage = Coverage()
    for event in tale.events:
        coverage = fold(coverage, event)
    return state_map(coverage, {"/a": 2})


def apart(picture: StateMap) -> bool:
    return all(
        abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT for one, other in combinations(picture.boxes, 2)
    )


def test_a_few_states_have_a_box_each_in_layers_by_the_clicks_that_led_there():
    tale = (
        Tale("r").arrive("/").go("/").click("link", "A", "/a").click("link", "B", "/b").go("/").click("link", "B", "/b")
    )
    tale.go("/a/7").fill("Name", "x")
    picture = mapped(tale)
    boxes = {box.route: box for box in picture.boxes}
    assert {route: box.layer for route, box in boxes.items()} == {"/": 0, "/a": 1, "/b": 1, "/a/{id}": 2}
    assert (boxes["/a"].findings, boxes["/b"].findings, boxes["/b"].visits) == (2, 0, 2)
    assert boxes["/a/{id}"].tested and not boxes["/b"].tested
    drawn = [(w.start.split()[0], w.end.split()[0], w.tree, bool(w.actions)) for w in picture.ways]
    assert sorted(drawn) == [
        ("/", "/a", True, True),
        ("/", "/b", True, True),
        ("/a", "/a/{id}", True, False),
        ("/a", "/b", False, True),
    ]
    assert apart(picture)


def test_three_hundred_states_are_drawn_by_route_and_stay_apart():
    tale = Tale("r", "s").arrive("/").go("/")
    pages = [f"/part{chr(97 + number % 26)}/{chr(97 + number // 26)}/page" for number in range(300)]
    for number, page in enumerate([*pages, *random.Random(1).sample(pages, 300)]):
        tale.as_role("rs"[number % 2]).click("link", page, page)
    picture = mapped(tale)
    assert picture.states == 301
    assert len(picture.boxes) <= MOST_BOXES + 1 and len(picture.ways) <= MOST_EDGES
    assert apart(picture)
    assert max(box.y for box in picture.boxes) < TALLEST * 100
    assert sum(box.states for box in picture.boxes) == 301
    assert picture.hidden + len(picture.ways) > MOST_EDGES
    svg = draw(picture, {"r": "red"})
    lines = re.findall(r'class="(?:route|fact)"[^>]*>([^<]*)<', svg)
    assert lines and max(map(len, lines)) <= 32


def test_no_state_is_an_empty_picture_and_the_same_run_the_same_one():
    assert draw(mapped(Tale()), {}).endswith("</svg>")
    one, other = (draw(mapped(Tale("r").arrive("/").go("/a").go("/b")), {"r": "red"}) for _ in range(2))
    assert one == other


def test_a_timeline_tells_tasks_and_marks_and_joins_those_that_would_cover_each_other():
    tale = Tale("r").arrive("/")
    for number in range(400):
        tale.go(f"/p{number}").note(f"Part {number}", "works").turn()
    tale.claim("url", "fails").turn().stop()
    told = tales(tale.events)["r"]
    svg = timeline.draw(told)
    assert len(told.marks) == 402
    assert svg.count('class="mark note"') == timeline.CELLS
    assert svg.count('class="mark claim"') == svg.count('class="mark stop"') == 1
    assert re.findall(r"<title>(Turns? [^<]*): testing", svg) == ["Turns 1 to 400"]
    assert "Turn 401: investigating and reporting" in svg and "… and 1 more" in svg
