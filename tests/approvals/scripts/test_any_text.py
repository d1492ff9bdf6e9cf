"""A stranger's text never makes the reading fail, or change what is shown."""

from __future__ import annotations

import html
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from approvals.display.invisibles import marked_lines
from approvals.display.script.parsing import read
from approvals.display.script.reading import coloured_lines

PARTS = st.sampled_from(
    ["$(", "`", "<<E\n", "E\n", "'", '"', "${", "}", "{", "(", ")", "((", "[[", "]]", "<(", ">", ">>", "<<<", "|", "&&",
     ";", ";;", "\n", "\\", " ", "rm", "case x in", "esac", "if", "fi", "for", "do", "done", "function f", "x=", "$x",
     "#", "é", "\u202e", "漢", "\r", "\t", "*", "!", "eval", "bash", "<b>", "&"]
)  # fmt: skip
SCRIPTS = st.one_of(st.text(), st.lists(PARTS, max_size=40).map("".join))


@settings(max_examples=150, deadline=None)
@given(SCRIPTS)
@example("cat <<E\n$(cat <<F\nF\n)\nE\n")
@example("\n\n  # é\n")
def test_colours_cover_every_character_once_and_change_nothing_that_is_shown(script: str) -> None:
    shown = read(script.encode())
    assert "".join(pieces(script, shown["colours"])) == script
    coloured = coloured_lines(script, shown["colours"])
    assert [without_colours(line) for line in coloured] == marked_lines(script)


def pieces(script: str, colours: list[tuple[str, int]]) -> list[str]:
    """The script, cut where its colour changes."""
    cut, place = [], 0
    for _, count in colours:
        cut.append(script[place : place + count])
        place += count
    return cut


def without_colours(line: str) -> str:
    """The line's HTML without the spans that colour it; marks of odd characters are spans, too, and stay."""
    kept, open_spans = [], []
    for part in re.split(r"(<span[^>]*>|</span>)", line):
        if part.startswith("<span"):
            open_spans.append(part.startswith('<span class="code-'))
            kept.append("" if open_spans[-1] else part)
        elif part == "</span>":
            kept.append("" if open_spans.pop() else part)
        else:
            kept.append(part)
    return "".join(kept)


def test_the_text_of_the_coloured_lines_is_the_script() -> None:
    script = '#!/bin/bash\nfor x in "a <b>" \'c\' $d; do\n\techo "${x}" && true # &amp;\ndone\ncat <<E\n$x </code>\nE\n'
    lines = coloured_lines(script, read(script.encode())["colours"])
    text = "\n".join(html.unescape(re.sub(r"<[^>]*>", "", line)) for line in lines)
    assert f"{text}\n" == script
    assert '<span class="code-comment">#!/bin/bash</span>' in lines[0]
    assert '<span class="code-command">echo</span>' in lines[2]
    assert '<span class="code-keyword">for</span>' in lines[1]
    assert '<span class="code-string">&quot;a &lt;b&gt;&quot;</span>' in lines[1]
    assert "</code>" not in "".join(lines)


def test_colours_that_do_not_add_up_are_dropped() -> None:
    assert coloured_lines("echo a\nb", [("command", 3)]) == ["echo a", "b"]


def test_a_colour_that_does_not_exist_is_none() -> None:
    assert coloured_lines("echo", [('"><script>', 4)]) == ["echo"]
