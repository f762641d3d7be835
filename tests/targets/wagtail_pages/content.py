# pyright: reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportArgumentType=false, reportOptionalMemberAccess=false
# Wagtail has no types.
"""What a fresh site holds: Wagtail's own groups and workflow as its migrations leave them, two people, a dozen pages.

Written out, because more than two hundred migrations take ten times as long as everything else at the start.
"""

import io
from collections.abc import Iterable
from datetime import date
from importlib import import_module

from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.images import ImageFile
from django.db import connection
from PIL import Image as Picture
from PIL import ImageDraw
from wagtail.images import get_image_model
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Site,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from tests.targets.wagtail_pages.models import ArticlePage, HomePage, SectionPage

PASSWORD = "quiet-harbour-9"
FILES = ("add_document", "change_document", "choose_document", "add_image", "change_image", "choose_image")
LIBRARY = (*FILES, "delete_document", "delete_image")
EDITING = ("add_page", "change_page")
MODERATING = (*EDITING, "publish_page", "lock_page", "unlock_page")
SEARCH = "wagtail.search.migrations.0006_customise_indexentry"

SECTIONS = (
    (
        "Exhibitions",
        "What the museum shows, on three floors.",
        (
            ("Boats of the lagoon", date(2026, 3, 2), "Flat hulls, made for mud and reeds."),
            ("The salt road", date(2026, 2, 11), "Two hundred years of carts, barrels and taxes."),
            ("Charts and soundings", date(2026, 1, 20), "How the harbour was measured with a rope and a lead."),
        ),
    ),
    (
        "Visit",
        "Opening hours, prices and how to reach us.",
        (
            ("Opening hours", date(2026, 1, 2), "Tuesday to Sunday, 10:00 to 17:00."),
            ("Tickets and prices", date(2026, 1, 2), "Adults 9, children 4, families 20."),
        ),
    ),
    (
        "News",
        "From the workshop and the office.",
        (
            ("A new keel for the Marta", date(2026, 4, 14), "The oak came from the north, the nails from a museum."),
            ("Summer evenings at the quay", date(2026, 5, 1), "Talks and soup, every second Thursday."),
        ),
    ),
)


def fill(port: int) -> None:
    """Puts everything into an empty database whose tables are there. `port` is where the site will be served."""
    _search_index()
    Locale.objects.create(language_code="en")
    collection = Collection.add_root(name="Root")
    root = Page.add_root(instance=Page(title="Root", slug="root"))
    moderators, editors = Group.objects.create(name="Moderators"), Group.objects.create(name="Editors")
    _allow(moderators, root, collection, MODERATING)
    _allow(editors, root, collection, EDITING)
    _workflow(moderators, root)
    editor = _person("editor", "Eda", "Lund", editors)
    moderator = _person("moderator", "Mo", "Rask", moderators)
    User.objects.create_superuser("admin", "admin@museum.test", PASSWORD, first_name="Ada", last_name="Min")
    _picture()
    _pages(root, port, editor, moderator)


def _search_index() -> None:
    """The table that searches is a virtual one, which models cannot say: Wagtail's own statements make it."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE wagtailsearch_indexentry_fts")
        for step in import_module(SEARCH).Migration.operations[-1].database_operations:
            cursor.execute(step.sql)


def _allow(group: Group, root: Page, collection: Collection, pages: Iterable[str]) -> None:
    # Wagtail makes the permission to see the admin in a migration; its content type has no model of its own.
    kind, _ = ContentType.objects.get_or_create(app_label="wagtailadmin", model="admin")
    access, _ = Permission.objects.get_or_create(
        content_type=kind, codename="access_admin", defaults={"name": "Can access Wagtail admin"}
    )
    group.permissions.add(access, *Permission.objects.filter(codename__in=LIBRARY))
    for permission in Permission.objects.filter(codename__in=list(pages), content_type__app_label="wagtailcore"):
        GroupPagePermission.objects.create(group=group, page=root, permission=permission)
    for permission in Permission.objects.filter(codename__in=FILES):
        GroupCollectionPermission.objects.create(group=group, collection=collection, permission=permission)


def _workflow(moderators: Group, root: Page) -> None:
    workflow = Workflow.objects.create(name="Moderators approval")
    task = GroupApprovalTask.objects.create(name="Moderators approval")
    task.groups.add(moderators)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(workflow=workflow, page=root)


def _person(name: str, first: str, last: str, group: Group) -> User:
    person = User.objects.create_user(name, f"{name}@museum.test", PASSWORD, first_name=first, last_name=last)
    person.groups.add(group)
    return person


def _picture() -> None:
    picture, file = Picture.new("RGB", (640, 400), "#d8e6ee"), io.BytesIO()
    ImageDraw.Draw(picture).polygon([(120, 260), (520, 260), (450, 330), (190, 330)], fill="#7a4a2b")
    picture.save(file, "PNG")
    get_image_model().objects.create(title="A flat boat", file=ImageFile(file, "boat.png"))


def _pages(root: Page, port: int, editor: User, moderator: User) -> None:
    home = HomePage(title="Harbour Museum", slug="home", body="<p>Boats, salt and charts.</p>")
    _publish(root, home, moderator, moderator)
    Site.objects.create(hostname="127.0.0.1", port=port, root_page=home, is_default_site=True, site_name="Museum")
    for title, intro, articles in SECTIONS:
        section = _publish(home, SectionPage(title=title, intro=intro, show_in_menus=True), moderator, moderator)
        for name, day, lead in articles:
            _publish(section, _article(name, day, lead), editor, moderator)
    news = Page.objects.get(title="News")
    _draft(news, _article("Lost and found in the reeds", date(2026, 5, 6), "An anchor nobody misses."), editor)
    waiting = _draft(news, _article("The ferry that never came", date(2026, 5, 9), "A story in four letters."), editor)
    waiting.get_workflow().start(waiting, editor)


def _article(title: str, day: date, intro: str) -> ArticlePage:
    body = f"<p>{intro} Read on at the museum, or ask at the desk.</p><h2>More</h2><p>Guided tours start at noon.</p>"
    return ArticlePage(title=title, day=day, intro=intro, body=body)


def _publish(parent: Page, page: Page, author: User, publisher: User) -> Page:
    page.owner = author
    parent.add_child(instance=page)
    page.save_revision(user=author).publish(user=publisher)
    return page


def _draft(parent: Page, page: Page, author: User) -> Page:
    page.owner, page.live = author, False
    parent.add_child(instance=page)
    page.save_revision(user=author)
    return page
