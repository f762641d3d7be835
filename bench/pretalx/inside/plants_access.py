"""Faults of who may see and do what, and of what one person sees of another's work."""

import re

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponseRedirect

from .planting import Answer, Page, Request, planted, rewritten
from .plants_pages import EVENT, ORGA

LEFT = "signed_out"
SEEN = "seen_states"
STATE = re.compile(r'(/me/submissions/(\w+)/">[^<]*</a>\s*</td>\s*<td>)(.*?)(</td>)', re.S)


def _grant(request: Request, right: str) -> None:
    """For this request alone: pretalx asks this cache first."""
    person, event = request.user, request.event
    person.event_permission_cache[event.pk] = {right, *person.get_permissions_for_event(event)}


@planted("P17", "GET|POST", r"/orga/(logout|login)/")
def session_outlives_sign_out(request: Request, page: Page) -> Answer:
    """The form for signing in is shown as after a sign-out; every other page still knows the person."""
    if request.method == "POST" and request.path == "/orga/logout/":
        request.session[LEFT] = True
        return HttpResponseRedirect("/orga/login/")
    if request.session.get(LEFT):
        request.user = AnonymousUser()
    return page(request)


@planted("P23", "GET", rf"{EVENT}/me/submissions/")
def states_as_first_seen(request: Request, page: Page) -> Answer:
    seen: dict[str, str] = request.session.get(SEEN, {})

    def remembered(found: re.Match[str]) -> str:
        return found[1] + seen.setdefault(found[2], found[3]) + found[4]

    answer = rewritten(page(request), lambda text: STATE.sub(remembered, text))
    if request.user.is_authenticated:
        request.session[SEEN] = seen
    return answer


@planted("P24", "GET", rf"{ORGA}/speakers/\w+/")
def speakers_of_other_organisers(request: Request, page: Page) -> Answer:
    if request.user.teams.filter(can_change_submissions=True).exists():
        _grant(request, "can_change_submissions")
    return page(request)


@planted("P25", "GET", r"/orga/nav/typeahead/")
def search_in_all_events(request: Request, page: Page) -> Answer:
    person = request.user
    if person.is_authenticated and person.get_events_for_permission(can_change_submissions=True).exists():
        every = person.get_events_for_permission().model.objects.all()
        person.get_events_for_permission = lambda **_: every
    return page(request)


@planted("P26", "GET", rf"{EVENT}/me/submissions/\w+/")
def proposals_of_other_speakers(request: Request, page: Page) -> Answer:
    person, code = request.user, request.path.split("/")[-2]
    proposal = request.event.submissions.filter(code__iexact=code).first()
    if proposal and person.is_authenticated and not person.teams.exists():
        owner = proposal.speakers.exclude(pk=person.pk).first()
        if owner and not proposal.speakers.filter(pk=person.pk).exists():
            # The page's frame goes on naming who is signed in.
            owner.name = person.name
            request.user = owner
    return page(request)


@planted("P27", "GET|POST", rf"{ORGA}/submissions/\w+/accept")
def reviewers_may_accept(request: Request, page: Page) -> Answer:
    if "is_reviewer" in request.user.get_permissions_for_event(request.event):
        _grant(request, "can_change_submissions")
    return page(request)
