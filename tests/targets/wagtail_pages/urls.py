"""Addresses of the site, as a new Wagtail project has them: admin, documents, search, then the pages."""

from django.conf import settings
from django.conf.urls.static import static
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as admin_urls
from wagtail.documents import urls as document_urls
from wagtail.models import Page


def search(request: HttpRequest) -> HttpResponse:
    words = str(request.GET.get("query", "")).strip()
    found = Page.objects.live().search(words) if words else Page.objects.none()
    return render(request, "wagtail_pages/search.html", {"words": words, "found": found})


urlpatterns = [
    path("admin/", include(admin_urls)),
    path("documents/", include(document_urls)),
    path("search/", search, name="search"),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    path("", include(wagtail_urls)),
]
