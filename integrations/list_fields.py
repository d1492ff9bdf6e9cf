"""Form fields that hold a list, one entry a line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.addresses import networks


class LinesField(forms.CharField):
    """A list, one entry a line; None when empty, which means no limit."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(str(item) for item in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is spaced."""
        return (initial or []) != str(data or "").split()

    def clean(self, value: Any) -> list[Any] | None:
        """The entries without repetitions."""
        entries = list(dict.fromkeys(str(value or "").replace(",", " ").split()))
        return [self.entry(text) for text in entries] or None

    def entry(self, text: str) -> Any:
        """One entry. Raises ValidationError."""
        raise NotImplementedError


class NumbersField(LinesField):
    """A list of NinjaOne ids."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as text."""
        return super().has_changed([str(item) for item in initial or []], data)

    def entry(self, text: str) -> int:
        """A positive int32."""
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
            raise ValidationError(
                _("“%(text)s” is not a NinjaOne organization id. Use its number, such as 2.") % {"text": text}
            )
        return int(text)


class AddressesField(LinesField):
    """A list of addresses and ranges."""

    def entry(self, text: str) -> str:
        """One, in the usual spelling."""
        try:
            return str(networks([text])[0])
        except ValueError as error:
            raise ValidationError(
                _("“%(text)s” is no address or range. One looks like 192.0.2.0/24.") % {"text": text}
            ) from error
