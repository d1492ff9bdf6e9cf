from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.display.invisibles import Kind, kind_of, marked, marked_lines, oddities, pieces_of
from approvals.display.lookalikes import LOOKALIKES

PLAIN = "echo 'hello' | tee /tmp/x && rm -rf \"$dir\"\n\tdone"


def test_ascii_with_tabs_and_line_feeds_has_nothing_to_mark() -> None:
    assert {piece.kind for piece in pieces_of(PLAIN)} == {Kind.PLAIN}
    assert oddities(PLAIN) == []


@pytest.mark.parametrize(
    "character",
    ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u00a0", "\u2028", "\x00", "\x1b", "\r", "\x85",
     "\u3164", "\u2800", "\U000e0041", "\ufe0f", "\u0301", "\ue000", "\ud800"],
)  # fmt: skip
def test_invisible_and_controlling_characters_show_their_code_point(character: str) -> None:
    shown = marked(f"a{character}b")
    assert f"<b>U+{ord(character):04X}</b>" in shown
    assert character not in shown.replace("\n", "")
    assert kind_of(character) is Kind.HIDDEN


@pytest.mark.parametrize("character", ["а", "о", "Α", "ｒ", "𝐫", "’", "–", "∕", "\u037e", "：", "ꓐ", "ﬁ", "①"])
def test_look_alikes_of_ascii_are_shown_with_their_code_point(character: str) -> None:
    shown = marked(character)
    assert kind_of(character) is Kind.LOOKALIKE
    assert f"{character}<b>U+{ord(character):04X}</b>" in shown


@pytest.mark.parametrize("character", ["ü", "ß", "漢", "é", "🙂"])
def test_other_letters_stay_readable_and_say_that_they_are_not_ascii(character: str) -> None:
    assert kind_of(character) is Kind.OTHER
    assert f'title="U+{ord(character):04X} {unicodedata.name(character)}">{character}<' in marked(character)


def test_markup_in_the_text_stays_text() -> None:
    shown = marked('<script>alert("x")</script>\u202e<b>')
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in shown
    assert "<script" not in shown
    assert shown.count("<b>") == 1


def test_lines_end_at_line_feeds_alone() -> None:
    assert marked_lines("one\ntwo\n") == ["one", "two"]
    assert marked_lines("") == [""]
    assert len(marked_lines("a\rb\u2028c\x85d")) == 1
    assert marked_lines("\n\n") == ["", ""]


def test_the_warning_counts_the_worst_first() -> None:
    assert oddities("ü\u200b\u200bа") == [
        "2 invisible or controlling characters",
        "1 look-alike of an ASCII character",
        "1 other character beyond ASCII",
    ]


def test_no_ascii_character_is_taken_for_its_own_look_alike() -> None:
    assert not [character for character in LOOKALIKES if character.isascii()]


@given(st.text(st.characters(exclude_categories=())))
def test_no_character_is_ever_lost(text: str) -> None:
    assert "".join(piece.text for piece in pieces_of(text)) == text
    assert all(piece.kind.words or piece.kind is Kind.PLAIN for piece in pieces_of(text))
    assert all(len(piece.text) == 1 for piece in pieces_of(text) if piece.kind is not Kind.PLAIN)
    marked(text)
