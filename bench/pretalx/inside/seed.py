"""Fills pretalx's database by its own demo-data command: two organisers with an event each, and people that sign in.

`python -m inside.seed` in a folder with `pretalx.cfg`. The same words, codes and dates come out every time.
"""

import os
import random
import secrets
from importlib import import_module
from types import SimpleNamespace
from typing import Any

BEGIN = "2026-03-02 09:00:00"
PASSWORD = "harbour-and-talks-7"  # noqa: S105 - opens nothing but the demo
NOTICE = """document.addEventListener("DOMContentLoaded", () => {
  const note = document.createElement("p")
  note.textContent = "The drag-and-drop schedule editor is not part of this installation."
  document.querySelector("main, body").append(note)
})
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inside.settings")
    freeze_time = import_module("freezegun").freeze_time
    with freeze_time(BEGIN):
        _prepare()
        _fill()


def _prepare() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import crypto

    # Codes of proposals and people are part of addresses: drawn by a seed, they are the same in every template.
    draw = random.Random(7)
    crypto.secrets = SimpleNamespace(choice=draw.choice, compare_digest=secrets.compare_digest)  # pyright: ignore[reportAttributeAccessIssue]
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    # The wheel comes without the built editor; without an entry for it its page would fail.
    (settings.STATIC_ROOT / "schedule-editor.js").write_text(NOTICE)
    (settings.STATIC_ROOT / "pretalx-manifest.json").write_text('{"src/main.js": {"file": "schedule-editor.js"}}')


def _fill() -> None:
    from django.apps import apps
    from django.core.management import call_command

    people: Any = apps.get_model("person", "User").objects
    people.create_superuser(email="admin@pretalx.test", name="Ada Admin", password=PASSWORD)
    random.seed(1)
    call_command("create_test_event", stage="schedule", slug="democon", seed="1")
    random.seed(2)
    call_command("create_test_event", stage="cfp", slug="harbourconf", seed="2")
    with import_module("django_scopes").scopes_disabled():
        _complete(apps, people)


def _complete(apps: Any, people: Any) -> None:
    """What the demo data leaves open: names that differ, open calls, work for reviewers, people that can sign in."""
    events = apps.get_model("event", "Event").objects
    democon, harbour = events.get(slug="democon"), events.get(slug="harbourconf")
    harbour.name, harbour.organiser.name = "HarbourConf", "Harbour Org"
    harbour.landing_page_text = str(harbour.landing_page_text).replace("DemoCon", "HarbourConf")
    harbour.cfp.text = str(harbour.cfp.text).replace("DemoCon", "HarbourConf")
    harbour.save()
    harbour.organiser.save()
    harbour.organiser.teams.update(name="Team Harbour Org")
    for event in (democon, harbour):
        event.cfp.deadline = event.datetime_from.replace(year=2027)
        event.cfp.headline = f"{event.name} submissions are open!"
        event.cfp.save()
        event.review_phases.update(end=None)
        event.review_phases.get(position=0).activate()
    _organiser(people, democon, "Olga Ortiz", "organiser@democon.test")
    _organiser(people, harbour, "Hank Hafen", "organiser@harbour.test")
    reviewer = people.create_user(email="reviewer@democon.test", name="Rita Reyes", password=PASSWORD)
    democon.organiser.teams.get(is_reviewer=True).members.add(reviewer)
    democon.rooms.create(name="Q&A Corner")
    waiting = list(democon.submissions.filter(state="rejected").order_by("code")[:10])
    for proposal in waiting:
        proposal.state = "submitted"
        proposal.save()
        proposal.reviews.all().delete()
    talk = democon.submissions.filter(state="confirmed").order_by("code").first()
    _speaker(people, democon, ("Sam Silva", "speaker@democon.test"), [talk, *waiting[:2]])
    _speaker(people, democon, ("Nina Novak", "newcomer@democon.test"), waiting[2:3])


def _organiser(people: Any, event: Any, name: str, email: str) -> None:
    person = people.create_user(email=email, name=name, password=PASSWORD)
    rights = ("create_events", "change_teams", "change_organiser_settings", "change_event_settings")
    allowed = {f"can_{right}": True for right in (*rights, "change_submissions")}
    event.organiser.teams.create(name="Organisers", all_events=True, **allowed).members.add(person)


def _speaker(people: Any, event: Any, who: tuple[str, str], sessions: Any) -> None:
    """`who` is name and address; the sessions are theirs alone from now on."""
    person = people.create_user(name=who[0], email=who[1], password=PASSWORD)
    person.profiles.create(event=event, biography=f"{who[0]} talks about tides and timetables.")
    for session in sessions:
        session.speakers.set([person])


if __name__ == "__main__":
    main()
