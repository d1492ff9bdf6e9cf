"""NinjaOne's many ways to word an error, read leniently into one short sentence."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from integrations.ninjaone.wire import WireAnswer

LONGEST = 300
# More than this of an error body is never looked at.
READ_AT_MOST = 16_384
# Pages are searched by expressions whose time grows with the square of what they search.
PAGE_AT_MOST = 4_096
TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^<>]*>")
# Control, bidirectional and zero-width characters: NinjaOne's words end up on pages that people decide by.
UNSEEN = re.compile("[\x00-\x1f\x7f-\xa0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")


class UpstreamComplaint(NamedTuple):
    """An error answer in words. `code` and `incident_id` are "" where NinjaOne gave none."""

    code: str
    message: str
    incident_id: str


def describe(answer: WireAnswer) -> UpstreamComplaint:
    """What NinjaOne says is wrong: plain text, one sentence, no markup, never empty."""
    text = answer.body[:READ_AT_MOST].decode("utf-8", "replace")
    if "html" in answer.content_type.lower() or text.lstrip()[:1] == "<":
        return UpstreamComplaint("", _sentence(_page_text(text[:PAGE_AT_MOST])), "")
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return UpstreamComplaint("", _sentence(text), "")
    if isinstance(data, dict):
        return _from_object(data)
    return UpstreamComplaint("", _sentence(data if isinstance(data, str) else ""), "")


def plain(text: object, longest: int = LONGEST) -> str:
    """Foreign text on one line, without what cannot be seen, at most `longest` characters; "" for what is no text."""
    if not isinstance(text, str | int) or isinstance(text, bool):
        return ""
    line = " ".join(UNSEEN.sub(" ", str(text)).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _from_object(data: dict[str, Any]) -> UpstreamComplaint:
    """{error, error_description}, {resultCode, errorMessage (text or {code, params})}, or {errorCode, message}."""
    nested = data.get("errorMessage")
    inner: dict[str, Any] = nested if isinstance(nested, dict) else {}
    code = _first(data.get("error"), inner.get("code"), data.get("errorCode"), data.get("resultCode"))
    words = _first(
        data.get("error_description"), nested, inner.get("message"), data.get("message"), data.get("errorDetails"), code
    )
    if inner:
        words = _with_params(words, inner.get("params"))
    return UpstreamComplaint(plain(code, 80), _sentence(words), plain(data.get("incidentId"), 120))


def _with_params(words: str, params: object) -> str:
    if not isinstance(params, dict) or not params:
        return words
    listed = ", ".join(f"{key}: {value}" for key, value in params.items() if isinstance(value, str | int | float))
    return f"{words} ({listed})" if listed else words


def _first(*candidates: object) -> str:
    return next((text for text in map(plain, candidates) if text), "")


def _page_text(page: str) -> str:
    title = TITLE.search(page)
    words = plain(unescape(title[1])) if title else ""
    return words or unescape(TAG.sub(" ", HIDDEN.sub(" ", page))).replace("<", " ")


def _sentence(text: str) -> str:
    words = plain(text)
    if not words:
        return "NinjaOne gave no reason."
    return words if words[-1] in ".!?…" else f"{words}."
