"""Two scripts are compared line by line, and nothing of either is lost or made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from approvals.display.differences import MOST_LINES, differences

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=30).map(lambda lines: "\n".join([*lines, "d"]))


def shown(before: str, after: str) -> list[str]:
    lines = differences(before, after)
    assert lines is not None
    return [f"{line.sign}{line.text}" for line in lines]


def test_what_went_and_what_came_stands_beside_what_stayed() -> None:
    assert shown("a\nb\nc", "a\nx\nc") == [" a", "-b", "+x", " c"]
    assert shown("a", "a\nb") == [" a", "+b"]
    assert shown("a\n", "a") == [" a", "-"]
    assert shown("a\n", "b\n") == ["-a", "+b"]
    assert shown("", "a") == ["-", "+a"]


def test_long_runs_that_stayed_are_counted() -> None:
    same = [str(number) for number in range(20)]
    text = "\n".join(same)
    assert shown(f"{text}\nx", f"{text}\ny") == ["…17 lines the same", " 17", " 18", " 19", "-x", "+y"]
    assert shown(f"x\n{text}", f"y\n{text}") == ["-x", "+y", " 0", " 1", " 2", "…17 lines the same"]
    middle = shown(f"x\n{text}\nx", f"y\n{text}\ny")
    assert middle == ["-x", "+y", " 0", " 1", " 2", "…14 lines the same", " 17", " 18", " 19", "-x", "+y"]


def test_too_much_is_not_compared_unless_it_is_the_same() -> None:
    many = "\n".join(map(str, range(MOST_LINES)))
    assert differences(many, many.replace("1", "x")) is None
    assert differences(f"{many}\na", f"{many}\nb") is not None


@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    lines = differences(before, after)
    assert lines is not None
    old, new = before.split("\n"), after.split("\n")
    assert [number for line in lines if (number := line.before)] == sorted(
        {line.before for line in lines if line.before}
    )
    for line in lines:
        assert line.before is None or old[line.before - 1] == line.text
        assert line.after is None or new[line.after - 1] == line.text
    gone = [line for line in lines if line.sign == "-"]
    come = [line for line in lines if line.sign == "+"]
    assert len(old) - len(gone) == len(new) - len(come)
    skipped = sum(int(line.text.split()[0]) for line in lines if line.sign == "…")
    assert skipped + sum(line.before is not None for line in lines) == len(old)
