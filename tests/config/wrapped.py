"""A language that no person speaks: each of its translations is the English text in ⟦brackets⟧. And who reads pages so.

What stands outside of brackets never went through a translation. It may be data; for that there are short lists below,
each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.conf import LazySettings
from django.utils.translation import trans_real

CODE = "xx"
OPENING, CLOSING = "⟦", "⟧"
CONTEXT_ENDS = "\x04"


class Wrapping:
    """What Django asks of a language."""

    def gettext(self, message: str) -> str:
        """The text in brackets."""
        return f"{OPENING}{message.rpartition(CONTEXT_ENDS)[2]}{CLOSING}"

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The right one of both in brackets."""
        return self.gettext(singular if number == 1 else plural)

    def to_language(self) -> str:
        """Its code."""
        return CODE


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    """An installation whose people speak it."""
    monkeypatch.setitem(trans_real._translations, CODE, Wrapping())  # type: ignore[attr-defined]
    settings.STAFF_LANGUAGE = CODE


# Text in these is the same in every language.
CODE_TAGS = {"code", "pre", "kbd", "script", "style", "textarea", "blockquote", "bdi"}
# Fields whose choices are names: time zones.
DATA_FIELDS = {"time_zone"}
VOID = {"br", "hr", "img", "input", "link", "meta", "use", "rect", "wbr"}
TEXT_ATTRIBUTES = {"title", "placeholder", "aria-label", "alt"}
# What scripts and styles show.
DATA_ATTRIBUTES = {
    "blocked", "copied", "copy", "hours", "label", "left", "minutes", "missing", "not-copied", "off", "on", "over",
    "passkey-problem", "seconds", "test", "words",
}  # fmt: skip
TEXT_ATTRIBUTES |= {f"data-{name}" for name in DATA_ATTRIBUTES}
BUTTONS = {"submit", "button", "reset"}

# Classes of elements whose text is data, and why.
DATA_CLASSES = {
    "tenant-name": "the name of an MSP",
    "field-action": "the audit, as it was recorded",
    "field-actor": "the audit, as it was recorded",
    "field-subject": "the audit, as it was recorded",
    "is-code": "arguments and NinjaOne's facts, by their own names",
    "mono": "digests and names of tools",
    "method": "a verb of HTTP",
    "chart-tool": "a tool, by its name",
    "readonly": "a value, as it is stored",
}
# What may stand outside of brackets, and why.
DATA = {
    r"[\W\d_]+": "numbers, moments and signs",
    r"[\d:, ]*(UTC|CET|CEST)": "a moment with its zone",
    r"[a-z]+(_[a-z]+)+": "a code, as agents get it",
    r"monitoring|management|control|offline_access": "scopes of NinjaOne",
    r"(Ubuntu|Windows Server) [\w. ]+|[A-Z]+_[A-Z_]+|:? ?(Disk Free Space|Print Spooler)": "what NinjaOne says",
    r"priority|displayName|HIGH|MEDIUM": "fields of NinjaOne, and what stands in them",
    r"#\d+ [a-z_]+\.[a-z_]+": "an entry of the audit",
    r"True|False": "Django's pictures of a yes and a no, which it does not translate",
    r"No\.|new-name|That one is in surgery\.|what went wrong": "what somebody wrote, or is on record",
    r"NinjaOne answers, and shows .*": "the answer to a test, which is on record",
    r"It leads into a private network, where messages may not go\.": "what went wrong last, as it is stored",
    r"Whether the user will be able.*|If disabled, the current password.*": "Django's, translated when it is loaded",
    r"Countersign|NinjaOne|ShellCheck|SHA-256( [0-9a-f]{64})?": "names of products, and a digest",
    r"Claude Code|Cursor|VS Code|Codex|Claude Desktop|Inspector|Slack|Microsoft Teams": "names of products",
    r"CSV": "a format",
    r"(?i:acme|northwind)[\w.@-]*( MSP| Dental| \(\))?": "what the MSP called something",
    r"root|helpdesk-bot|command line|everybody": "accounts and agents",
    r"ninja-[a-z-]+|ninjaone:ninja-[a-z-]+": "a tool, by its name",
    r"cs_\w*…?": "the beginning of a key",
    r"[\w.+-]+@[\w.-]+": "an address",
    r"https?://\S+|[\w-]+(\.[\w-]+)+(:\d+)?": "a place on the network",
    r"[A-Z][A-Za-z_]+(/[A-Za-z_+-]+\d*)+": "a time zone",
    r"U\+[0-9A-F]{4,6}.*": "a character, as Unicode calls it",
}
PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in DATA))


class Reader(HTMLParser):
    """Reads a page and notes what stands outside of brackets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.depth = 0
        self.stack: list[tuple[str, bool]] = []
        self.bare: list[str] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes that people read; and whether what follows is data."""
        values = {name: value or "" for name, value in attrs}
        for name in TEXT_ATTRIBUTES & values.keys():
            self._judge(values[name], f"{tag}[{name}]")
        if tag == "input" and values.get("type") in BUTTONS:
            self._judge(values.get("value", ""), "input[value]")
        if tag not in VOID:
            classes = set(values.get("class", "").split())
            is_data = tag in CODE_TAGS or bool(classes & DATA_CLASSES.keys()) or values.get("name") in DATA_FIELDS
            self.stack.append((tag, is_data))

    def handle_endtag(self, tag: str) -> None:
        """Elements that nobody closed end with the one around them."""
        while self.stack:
            if self.stack.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        """Text: brackets go on over the tags in between."""
        outside = ""
        for character in data:
            if character == OPENING:
                self.depth += 1
                self.seen += 1
            elif character == CLOSING:
                self.depth -= 1
            elif not self.depth:
                outside += character
        if not any(is_data for _, is_data in self.stack):
            self._note(outside, self.stack[-1][0] if self.stack else "")

    def _judge(self, value: str, place: str) -> None:
        self._note(without_brackets(value), place)

    def _note(self, text: str, place: str) -> None:
        for line in re.split(r"[·›]|\s{2,}", re.sub(r"^\s*\(\d+\) ", "", text)):
            parts = [line.strip()] if PATTERN.fullmatch(line.strip()) else line.split(",")
            bare = [part.strip() for part in parts if not PATTERN.fullmatch(part.strip())]
            self.bare += [f"{place}: {words}" for words in bare if re.search(r"[^\W\d_]", words)]


def without_brackets(text: str) -> str:
    """What stands outside of all brackets."""
    kept, depth = "", 0
    for character in text:
        depth += (character == OPENING) - (character == CLOSING)
        kept += character if not depth and character != CLOSING else " " if character == CLOSING else ""
    return kept


def bare_texts(html: str) -> Iterator[str]:
    """What a page says without any translation, and is no data."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    yield from dict.fromkeys(reader.bare)
