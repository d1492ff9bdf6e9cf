from __future__ import annotations

from collections.abc import Mapping
from html import escape

from integrations.ninjaone.sandbox.clients import ClientApp

_SCOPES = {
    "monitoring": ("Monitoring", "Read devices, organizations, alerts, activities and tickets."),
    "management": ("Management", "Change devices and organizations, run scripts, reboot, write tickets."),
    "control": ("Control", "Remote access to devices."),
    "offline_access": ("Offline access", "Stay connected without asking you again."),
}
_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)

_STYLE = """
:root { color-scheme: light dark; --ink: #14202b; --mute: #586675; --paper: #eef2f6; --card: #fff;
  --line: #d7dfe7; --go: #0b6b4f; --on-go: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef4; --mute: #9cabba; --paper: #0d141b;
  --card: #16202a; --line: #2b3947; --go: #48c79c; --on-go: #06251b; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 33rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .9rem; padding: 1.5rem 1.75rem; }
.mark { font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--mute); margin: 0; }
h1 { font-size: 1.3rem; line-height: 1.3; margin: .4rem 0 .75rem; }
p { margin: 0 0 1rem; color: var(--mute); }
p b { color: var(--ink); }
ul { list-style: none; margin: 0 0 1.25rem; padding: 0; border-top: 1px solid var(--line); }
li { padding: .5rem 0; border-bottom: 1px solid var(--line); }
li b { display: block; }
li span { color: var(--mute); font-size: .92rem; }
code { overflow-wrap: anywhere; font-size: .85rem; }
.row { display: flex; gap: .75rem; }
button { flex: 1; font: inherit; font-weight: 600; padding: .7rem 1rem; border-radius: .55rem;
  cursor: pointer; border: 1px solid var(--line); background: transparent; color: var(--ink); }
button.go { background: var(--go); border-color: var(--go); color: var(--on-go); }
button:focus-visible { outline: 3px solid var(--go); outline-offset: 2px; }
"""


def consent_page(*, client: ClientApp, scopes: tuple[str, ...], params: Mapping[str, str]) -> str:
    rows = "".join(
        f"<li><b>{escape(_SCOPES[scope][0])}</b><span>{escape(_SCOPES[scope][1])}</span></li>" for scope in scopes
    )
    carried = "".join(
        f'<input type="hidden" name="{name}" value="{escape(params[name])}">' for name in _CARRIED if name in params
    )
    return _page(
        "Authorize application",
        f"<h1>{escape(client.name)} asks for access to {escape(client.world.name)}</h1>"
        f"<p>You are signed in as <b>{escape(client.technician)}</b>. "
        "The application will act with your rights:</p>"
        f"<ul>{rows}</ul>"
        f"<p>Afterwards you return to <code>{escape(params['redirect_uri'])}</code></p>"
        f'<form method="post" action="/ws/oauth/consent">{carried}<div class="row">'
        '<button name="decision" value="deny">Deny</button>'
        '<button class="go" name="decision" value="allow">Allow</button></div></form>',
    )


def error_page(error: str, description: str) -> str:
    return _page(
        "Authorization failed",
        f"<h1>{escape(description or 'Authorization failed')}</h1><p>{escape(error)}</p>",
    )


def _page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: NinjaOne sandbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f'<p class="mark">NinjaOne sandbox</p>{content}</main></body></html>'
    )
