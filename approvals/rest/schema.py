"""The OpenAPI 3.1 document at /api/v1/schema. It is made when somebody first asks for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from approvals.rest.responses import json_response
from approvals.rest.views import ApiView

_making = threading.Lock()


def document() -> dict[str, Any]:
    """The OpenAPI document; it does not change while the process runs."""
    # The generator is not made for threads.
    with _making:
        # What makes it takes 50 ms and 3 MB, and nothing else needs it.
        from approvals.rest.generated import document_of  # noqa: PLC0415

        return document_of(settings.PUBLIC_URL)


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document with its path and method."""
    for url, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield url, method, operation


class SchemaDocument(ApiView):
    """The document, for programs."""

    authentication_classes = []

    def get(self, request: HttpRequest) -> HttpResponse:
        """The OpenAPI 3.1 document."""
        return json_response(document())
