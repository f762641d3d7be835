# ruff: noqa: RUF012 - Wagtail reads these lists from the class
"""The kinds of pages of the museum's site: its home, sections and articles."""

from django.db import models
from wagtail import blocks
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index


class HomePage(Page):
    body = RichTextField(blank=True)
    content_panels = [*Page.content_panels, FieldPanel("body")]
    max_count = 1


class SectionPage(Page):
    intro = models.TextField(max_length=300, blank=True)
    content_panels = [*Page.content_panels, FieldPanel("intro")]


class ArticlePage(Page):
    day = models.DateField("Date", help_text="The day that readers see above the text.")
    intro = models.CharField(max_length=250)
    body = RichTextField(blank=True)
    extras = StreamField(
        [("heading", blocks.CharBlock()), ("paragraph", blocks.RichTextBlock()), ("quote", blocks.BlockQuoteBlock())],
        blank=True,
    )
    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    content_panels = [
        *Page.content_panels,
        *(FieldPanel("day"), FieldPanel("intro"), FieldPanel("body"), FieldPanel("extras")),
    ]
