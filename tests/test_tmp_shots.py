from __future__ import annotations
import os
from datetime import timedelta
from ipaddress import ip_network
import pytest
from django.test import Client
from tests.browser import chromium, WIDE, PHONE
from tests.journeys.conftest import product
from approvals.models import *
from approvals.notices.delivering import deliver
from integrations.clock import database_now
from tests.approvals.notices.places import destination, hooks_served
from tests.approvals.asking import ask, deny


def test_shots(chromium, product, settings):
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]
    t = product.tenant
    with hooks_served() as hooks:
        a = destination(t, hooks.url, name="Ops webhook", place="hooks.acme.example")
        b = destination(t, "http://127.0.0.1:9/", name="Old chat", place="Slack", kind="webhook")
        c = destination(t, hooks.url, name="On call", events=["escalation", "alarm"], is_enabled=False)
        Destination.objects.filter(pk=c.pk).update(
            is_enabled=False,
            disabled_because="It took nothing for 5 days. The last time: It answered 500 Internal Server Error.",
        )
        w = destination(t, hooks.url, agent=t.agent, place="agent.acme.example")
        for n in (41, 43, 45):
            ask(t, "ninja-reboot-device", device_id=n)
        deny(t, ask(t, "ninja-run-bash", device_id=43, script="x"))
        import time

        time.sleep(3)
        Delivery.objects.filter(
            destination=w, pk__in=list(Delivery.objects.filter(destination=w).values_list("pk", flat=True)[:3])
        ).update(
            due_at=None,
            delivered_at=None,
            dead_at=database_now(),
            attempts=10,
            last_error="It answered 500 Internal Server Error.",
        )
        for name, vp, scheme in (("wide", {"width": 1360, "height": 900}, "light"), ("phone", PHONE, "dark")):
            ctx = chromium.new_context(viewport=vp, color_scheme=scheme)
            cl = Client()
            cl.force_login(t.admin)
            ctx.add_cookies([{"name": "sessionid", "value": cl.cookies["sessionid"].value, "url": product.url}])
            p = ctx.new_page()
            for key, path in (
                ("list", "/dashboard/approvals/destination/"),
                ("add", "/dashboard/approvals/destination/add/"),
                ("change", f"/dashboard/approvals/destination/{a.pk}/change/"),
                ("off", f"/dashboard/approvals/destination/{c.pk}/change/"),
                ("agent", f"/dashboard/integrations/agent/{t.agent.pk}/change/"),
            ):
                p.goto(product.url + path)
                if key == "agent":
                    p.locator("#webhook").screenshot(path=f"/tmp/nt/{key}-{name}.png")
                else:
                    p.screenshot(path=f"/tmp/nt/{key}-{name}.png", full_page=True)
            p.goto(product.url + f"/dashboard/approvals/destination/{a.pk}/change/")
            p.get_by_role("button", name="New signing secret").click()
            p.screenshot(path=f"/tmp/nt/secret-{name}.png", full_page=True)
            ctx.close()
