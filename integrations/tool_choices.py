"""The tools that an agent can be limited to. The room above knows them, and says so when it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

# By the title of their group: (id, title) of each.
Choices = Mapping[str, Sequence[tuple[str, str]]]
_offered: dict[str, list[tuple[str, str]]] = {}


def tools_offer(choices: Choices) -> None:
    """These are the tools there are."""
    _offered.clear()
    _offered.update({group: list(tools) for group, tools in choices.items()})


def tool_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The tools by group, as a form field takes them."""
    return [(_(group), [(tool_id, _(title)) for tool_id, title in tools]) for group, tools in _offered.items()]


class ToolBoxes(forms.CheckboxSelectMultiple):
    """A box for each tool, in groups that a screen reader tells apart."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The boxes."""
        return render_to_string("admin/parts/tool_boxes.html", self.get_context(name, value, attrs))


class ToolsField(forms.MultipleChoiceField):
    """Some of the tools, as a list of ids in the order of the tools; a tool that is no more is dropped on saving."""

    widget = ToolBoxes

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=tool_choices, required=False, **kwargs)

    def clean(self, value: Any) -> list[str]:
        """The chosen ids."""
        chosen = set(super().clean(value))
        return [tool_id for _group, tools in tool_choices() for tool_id, _title in tools if tool_id in chosen]
