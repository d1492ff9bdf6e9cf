from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from integrations.audit import Actor, audit_append
from integrations.models import Msp, User


class Command(BaseCommand):
    help = "Removes the second factors of somebody who lost them and their recovery codes. Make sure that it is them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['username']}.")
        with transaction.atomic():
            count, _ = Authenticator.objects.filter(user=user).delete()
            for msp in Msp.objects.filter(memberships__user=user).order_by("pk"):
                audit_append(
                    msp=msp,
                    actor=Actor.system("command line"),
                    action="second_factor.reset",
                    subject=f"user {user.get_username()}",
                    data={"removed": count},
                )
        self.stdout.write(f"{user} signs in with the password alone now, and is asked to set up a new second factor.")
