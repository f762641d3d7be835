"""Faults of what is stored: lost, doubled, accepted though it must not be. Most run pretalx's own page in a transaction
that is taken back, so that the words on the screen are pretalx's own."""

from django.db import transaction
from django.db.transaction import Atomic

from .planting import Answer, Page, Request, planted
from .plants_pages import EVENT, ORGA


def _taken_back(request: Request, page: Page) -> Answer:
    with Atomic(None, savepoint=True, durable=False):
        answer = page(request)
        transaction.set_rollback(True)
    return answer


@planted("P15", "POST", rf"{EVENT}/login/")
def passwords_may_differ(request: Request, page: Page) -> Answer:
    given = request.POST.copy()
    if given.get("register_password_repeat"):
        given["register_password_repeat"] = given.get("register_password", "")
        request.POST = given
    return page(request)


@planted("P18", "GET|POST", rf"{EVENT}/me/submissions/\w+/confirm")
def undecided_can_be_confirmed(request: Request, page: Page) -> Answer:
    """As if the proposal had been accepted; where it is not confirmed in the end, it is as undecided as before."""
    undecided = request.event.submissions.filter(state="submitted", code__iexact=request.path.split("/")[-2])
    pk = undecided.filter(speakers=request.user.pk).values_list("pk", flat=True).first()
    if pk is None:
        return page(request)
    proposal = request.event.submissions.filter(pk=pk)
    with Atomic(None, savepoint=True, durable=False):
        proposal.update(state="accepted")
        answer = page(request)
        proposal.filter(state="accepted").update(state="submitted")
    return answer


@planted("P19", "POST", rf"{EVENT}/me/")
def profile_is_not_stored(request: Request, page: Page) -> Answer:
    return _taken_back(request, page) if "biography" in request.POST else page(request)


@planted("P20", "POST", rf"{ORGA}/submissions/\w+/reviews/")
def second_review_is_not_stored(request: Request, page: Page) -> Answer:
    of_proposal = {"submission__code__iexact": request.path.split("/")[-3], "submission__event": request.event}
    known = request.user.reviews.filter(**of_proposal).exists()
    return _taken_back(request, page) if known else page(request)


@planted("P21", "POST", rf"{ORGA}/cfp/tracks/new/")
def track_is_stored_twice(request: Request, page: Page) -> Answer:
    tracks = request.event.tracks
    before = set(tracks.values_list("pk", flat=True))
    answer = page(request)
    for track in tracks.exclude(pk__in=before):
        track.pk = None
        track.save()
    return answer


@planted("P22", "POST", rf"{ORGA}/schedule/rooms/\d+/delete/")
def room_is_not_deleted(request: Request, page: Page) -> Answer:
    return _taken_back(request, page)
