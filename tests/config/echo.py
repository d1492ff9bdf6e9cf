"""The product's middleware behind the real server, with one page: what it takes a request for."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from integrations.addresses import client_address


def echo(request: HttpRequest) -> JsonResponse:
    """The address, whether it came by https, and the headers that decide something."""
    names = ("Authorization", "Origin", "Cookie", "Host")
    return JsonResponse(
        {
            "address": client_address(request),
            "is_secure": request.is_secure(),
            "headers": [request.headers.get(name, "") for name in names],
        }
    )


urlpatterns = [path("", echo)]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
