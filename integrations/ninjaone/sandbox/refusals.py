"""NinjaOne's refusals, in the words that its clients have reported."""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response

_incidents = itertools.count(1)


class RefusalError(Exception):
    """Raised inside a route; the sandbox answers with `status` and `body`."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    def response(self) -> SandboxResponse:
        return json_response(self.body, status=self.status)


def incident_id() -> str:
    number = next(_incidents)
    return f"WEB_MGMT_SERVICE-{zlib.crc32(b'%d' % number):08x}{number:024x}-1763900000-SANDBOX"


def failure(message: str | Json) -> Json:
    return {"resultCode": "FAILURE", "errorMessage": message, "incidentId": incident_id()}


def not_found(message: str = "HTTP 404 Not Found") -> RefusalError:
    return RefusalError(404, failure(message))


def bad_request(message: str | Json) -> RefusalError:
    return RefusalError(400, failure(message))


def forbidden(message: str) -> RefusalError:
    return RefusalError(403, failure(message))


def conflict(message: str) -> RefusalError:
    return RefusalError(409, failure(message))


def method_not_allowed() -> RefusalError:
    return RefusalError(405, failure("HTTP 405 Method Not Allowed"))


def unsupported_media_type() -> RefusalError:
    return RefusalError(415, failure("HTTP 415 Unsupported Media Type"))


def missing_header() -> RefusalError:
    return RefusalError(
        400, {"error": "missing_header", "error_description": "Missing required header", "error_code": 2}
    )


def invalid_header() -> RefusalError:
    return RefusalError(
        400,
        {"error": "invalid_header", "error_description": "Invalid 'Authorization' header", "error_code": 1},
    )


def not_authenticated() -> RefusalError:
    return RefusalError(
        401, {"error": "not_authenticated", "error_description": "Invalid credentials", "error_code": 10}
    )


def insufficient_privileges() -> RefusalError:
    return RefusalError(401, {"error": "insufficient_privileges"})


def unknown_client() -> RefusalError:
    return RefusalError(404, {"resultCode": "Client app not exist", "incidentId": incident_id()})
