"""Each planted fault: with its switch on a person meets it, in the sound pretalx nobody does."""

import re
from collections.abc import Callable

import pytest
from pretalx_site import HARBOUR, NEWCOMER, ORGA, ORGANISER, PASSWORD, REVIEWER, SPEAKER, Person, Site, filled, found

from bench.pretalx.faults import FAULTS

Probe = Callable[[Site], bool]
OWN = "/democon/me/submissions/"
MARKUP = "<img src=/charterbot-probe>"
ROW = r"<a href=(/orga/event/democon/speakers/\w+/)>(.*?)</a>"


def apostrophe_in_search(site: Site) -> bool:
    return site.person(ORGANISER).status(f"{ORGA}/submissions/", q="o'clock") == 500


def speaker_of_two_sessions(site: Site) -> bool:
    visitor = site.visitor()
    lists = found(r"<a href=(/democon/speaker/\w+/)>.*?<ul>(.*?)</ul>", visitor.page("/democon/speaker/"))
    several = [path for path, talks in lists if talks.count("<li>") > 1]
    single = next(path for path, talks in lists if talks.count("<li>") == 1)
    assert visitor.status(single) == 200 and several
    return {visitor.status(path) for path in several} == {500}


def throwing_script(site: Site) -> bool:
    return "fav-counter" in site.visitor().page("/democon/schedule/widget/messages.js")


def dead_arrival(site: Site) -> bool:
    return "type=button>Mark speaker as arrived" in site.person(ORGANISER).page(f"{ORGA}/speakers/")


def schedule_link(site: Site) -> bool:
    visitor = site.visitor()
    (link,) = found(r"href=([^ >]+)> View conference schedule", visitor.page("/democon/cfp"))
    return visitor.status(link) == 404


def missing_picture(site: Site) -> bool:
    visitor = site.visitor()
    (path,) = found(r'href="?(/democon/talk/\w+/)"?>', site.person(SPEAKER).page(OWN))
    pictures = found(r"<img[^>]* src=(/democon/speaker/avatar[^ >]*)", visitor.page(path))
    return visitor.status(pictures[0]) == 404


def unescaped_title(site: Site) -> bool:
    speaker = site.person(SPEAKER)
    proposal = undecided(speaker)
    assert speaker.send(proposal, title=f"Tides {MARKUP}", action="submit").status_code == 200
    shown = speaker.page(OWN)
    assert "Tides " in shown
    return MARKUP in shown


def form_without_labels(site: Site) -> bool:
    return "<label" not in site.person(ORGANISER).page(f"{ORGA}/schedule/rooms/new/")


def next_speaker(site: Site) -> bool:
    organiser = site.person(ORGANISER)
    path, shown = found(ROW, organiser.page(f"{ORGA}/speakers/"))[0]
    name = re.sub(r"<[^>]*>", "", shown).strip()
    return f'value="{name}"' not in organiser.page(path)


def hidden_ones_counted(site: Site) -> bool:
    page = site.person(ORGANISER).page(f"{ORGA}/submissions/", state="submitted")
    (told,) = found(r"<span> (\d+) sessions? </span>", page)
    return int(told) != len(set(found(r"<td> ?<a href=\"?/orga/event/democon/submissions/(\w+)/", page)))


def one_submitters(site: Site) -> bool:
    (heading,) = found(r"<h2>(1 submitters?)</h2>", site.person(ORGANISER).page(f"{ORGA}/speakers/", q="Sam Silva"))
    return heading == "1 submitters"


def ascending_both_ways(site: Site) -> bool:
    organiser = site.person(ORGANISER)
    first, last = (organiser.page(f"{ORGA}/speakers/", sort=sort) for sort in ("name", "-name"))
    return found(ROW, first)[0] == found(ROW, last)[0]


def hours_in_utc(site: Site) -> bool:
    visitor = site.visitor()
    (path,) = found(r'href="?(/democon/talk/\w+/)"?>', site.person(SPEAKER).page(OWN))
    hours = found(r'<time datetime="[\d-]+ ([\d:]+)"[^>]*>([\d:]+)</time>', visitor.page(path))
    assert hours
    return {shown == given for given, shown in hours} == {False}


def total_of_sessions(site: Site) -> bool:
    page = site.person(ORGANISER).page(f"{ORGA}/")
    (total,) = found(r"<h1>(\d+)</h1> ?<div class=dashboard-description>\s*sessions", page)
    (confirmed,), (unconfirmed,) = found(r"> confirmed: (\d+)", page), found(r"> unconfirmed: (\d+)", page)
    return int(total) != int(confirmed) + int(unconfirmed)


def different_passwords(site: Site) -> bool:
    fields = {
        "name": "Vera Visitor",
        "email": "vera@example.org",
        "password": PASSWORD,
        "password_repeat": "another-9-one",
    }
    answer = site.visitor().send("/democon/login/", **{f"register_{name}": value for name, value in fields.items()})
    return answer.url.path != "/democon/login/"


def ampersand_twice(site: Site) -> bool:
    names = found(r"/schedule/rooms/\d+/\"?>([^<]+)</a>", site.person(ORGANISER).page(f"{ORGA}/schedule/rooms/"))
    assert any(name.startswith("Q&amp;") or name.startswith("Q&A") for name in names), names
    return any("&amp;amp;" in name for name in names)


def session_after_sign_out(site: Site) -> bool:
    organiser = site.person(ORGANISER)
    token = filled(organiser.page(f"{ORGA}/"))["csrfmiddlewaretoken"]
    left = organiser.client.post("/orga/logout/", data={"csrfmiddlewaretoken": token})
    assert left.url.path == "/orga/login/" and "Log in" in left.text
    return organiser.client.get(f"{ORGA}/").url.path == f"{ORGA}/"


def confirmed_undecided(site: Site) -> bool:
    speaker = site.person(SPEAKER)
    proposal = undecided(speaker)
    speaker.send(f"{proposal}confirm")
    return "confirmed" in state_of(site.person(SPEAKER), proposal)


def lost_biography(site: Site) -> bool:
    speaker = site.person(SPEAKER)
    answer = speaker.send("/democon/me/", biography="Writes about lighthouses now.", form="profile")
    assert "Your changes have been saved" in answer.text
    return "lighthouses" not in speaker.page("/democon/me/")


def lost_review(site: Site) -> bool:
    reviewer = site.person(REVIEWER)
    (path,) = found(rf"href=({ORGA}/submissions/\w+/reviews/)>Click here", reviewer.page(f"{ORGA}/reviews/"))
    score = found(r"name=(score_\d+)[^>]*value=(\d+)", reviewer.page(path))[0]
    for text in ("A fine idea.", "A fine idea, told badly."):
        answer = reviewer.send(path, **{score[0]: score[1]}, text=text, review_submit="save")
        assert answer.status_code == 200
    shown = reviewer.page(path)
    assert "A fine idea" in shown
    return "told badly" not in shown


def doubled_track(site: Site) -> bool:
    organiser = site.person(ORGANISER)
    organiser.send(f"{ORGA}/cfp/tracks/new/", name_0="Harbours", color="#112233")
    times = len(found(r"/cfp/tracks/\d+/\"?>Harbours</a>", organiser.page(f"{ORGA}/cfp/tracks/")))
    assert times
    return times == 2


def room_still_there(site: Site) -> bool:
    organiser = site.person(ORGANISER)
    (path,) = found(r"href=(/orga/event/democon/schedule/rooms/\d+/)>Q&", organiser.page(f"{ORGA}/schedule/rooms/"))
    answer = organiser.send(f"{path}delete/")
    assert "has been deleted" in answer.text or "was deleted" in answer.text, answer.text[-3000:]
    return "Corner" in organiser.page(f"{ORGA}/schedule/rooms/")


def states_first_seen(site: Site) -> bool:
    speaker, organiser = site.person(SPEAKER), site.person(ORGANISER)
    proposal = undecided(speaker)
    organiser.send(f"{ORGA}/submissions/{proposal.split('/')[-2]}/accept")
    shown = state_of(speaker, proposal)
    assert "accepted" in state_of(site.person(SPEAKER), proposal)
    return "accepted" not in shown


def speaker_of_another(site: Site) -> bool:
    page = site.person(HARBOUR).page("/orga/event/harbourconf/speakers/")
    path = found(r"<a href=(/orga/event/harbourconf/speakers/\w+/)>", page)[0]
    assert site.person(REVIEWER).status(path) == 404
    return site.person(ORGANISER).status(path) == 200


def search_finds_all(site: Site) -> bool:
    page = site.person(HARBOUR).page("/orga/event/harbourconf/submissions/")
    code = found(r"<a href=\"?/orga/event/harbourconf/submissions/(\w+)/", page)[0]
    answer = site.person(ORGANISER).client.get("/orga/nav/typeahead/", params={"query": code})
    return "HarbourConf" in answer.text


def proposal_of_another(site: Site) -> bool:
    proposal = undecided(site.person(NEWCOMER))
    return site.person(SPEAKER).status(proposal) == 200


def reviewer_accepts(site: Site) -> bool:
    speaker, reviewer = site.person(SPEAKER), site.person(REVIEWER)
    proposal = undecided(speaker)
    reviewer.send(f"{ORGA}/submissions/{proposal.split('/')[-2]}/accept")
    return "accepted" in state_of(site.person(SPEAKER), proposal)


def undecided(speaker: Person) -> str:
    """The address of a proposal that waits for the decision."""
    return found(
        rf"<a href=({OWN}\w+/)>[^<]*</a> ?<td> ?<span class=\"[^\"]*submission-state-submitted", speaker.page(OWN)
    )[0]


def state_of(speaker: Person, proposal: str) -> str:
    return found(rf"<a href={proposal}>[^<]*</a>.*?<span class=nowrap>(.*?)</span>", speaker.page(OWN))[0]


PROBES: dict[str, Probe] = dict(
    zip(
        FAULTS,
        (
            *(apostrophe_in_search, speaker_of_two_sessions, throwing_script, dead_arrival, schedule_link),
            *(missing_picture, unescaped_title, form_without_labels, next_speaker, hidden_ones_counted, one_submitters),
            *(ascending_both_ways, hours_in_utc, total_of_sessions, different_passwords, ampersand_twice),
            *(session_after_sign_out, confirmed_undecided, lost_biography, lost_review, doubled_track),
            *(room_still_there, states_first_seen, speaker_of_another, search_finds_all, proposal_of_another),
            reviewer_accepts,
        ),
        strict=True,
    )
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", PROBES)
def test_a_fault_shows_when_it_is_on_and_only_then(fault: str, sites: Callable[[str], Site]) -> None:
    assert PROBES[fault](sites("all")), f"{fault} does not show: {FAULTS[fault].summary}"
    assert not PROBES[fault](sites("none")), f"{fault} shows in the sound pretalx"
