"""Rounds of questions to the client (SEP-2322), with a signed state between them.

The product asks its clients nothing: a decision is taken in the dashboard alone. The suite wants to see that such
results pass through unharmed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core import signing

from approvals.mcp.endpoint import Call
from approvals.mcp.protocol import INVALID_PARAMS, ProtocolError, Result


def question(message: str, **fields: str) -> dict[str, Any]:
    """A form for the user: each field and its type."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
    }
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sampling(text: str) -> dict[str, Any]:
    """A question to the client's model."""
    messages = [{"role": "user", "content": {"type": "text", "text": text}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": 100}}


ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}
NAME = question("What is your name?", name="string")


def answers_of(call: Call, keys: Iterable[str]) -> dict[str, dict[str, Any]] | None:
    """The client's answers to all of `keys`; None where one is missing. Raises ProtocolError for what is no answer."""
    if "inputResponses" not in call.params:
        return None
    given = call.params["inputResponses"]
    if not isinstance(given, dict) or not all(isinstance(each, dict) for each in given.values()):
        raise ProtocolError(INVALID_PARAMS, "inputResponses must be an object of objects.")
    return {key: given[key] for key in keys} if set(keys) <= set(given) else None


def asked(requests: dict[str, Any], *, state: str | None = None) -> Result:
    """A result that asks."""
    signed = {} if state is None else {"requestState": signing.dumps(state)}
    return {"resultType": "input_required", "inputRequests": requests, **signed}


def state_of(call: Call) -> str | None:
    """The state that came back, None without one. Raises ProtocolError where it is not what was sent."""
    if "requestState" not in call.params:
        return None
    try:
        return str(signing.loads(call.params["requestState"]))
    except signing.BadSignature as error:
        raise ProtocolError(INVALID_PARAMS, "requestState is not what was sent.") from error
