from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from integrations.models import Msp
from integrations.people.invitations import invitation_create


class Command(BaseCommand):
    help = "Prints a link that makes somebody an admin of an MSP: its first one, or one after all others are gone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the MSP's short name")
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        msp = Msp.objects.filter(slug=options["slug"]).first()
        if msp is None:
            known = ", ".join(Msp.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no MSP {options['slug']}. There are: {known}.")
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']} is not an e-mail address.") from error
        _, link = invitation_create(msp=msp, invited_by=None, email=options["email"], is_approver=False, is_admin=True)
        self.stdout.write(link)
