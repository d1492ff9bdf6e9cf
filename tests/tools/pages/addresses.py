"""Where the integration pages are, as people and NinjaOne know them."""

from __future__ import annotations

LIST = "/dashboard/integrations/"
DETAIL = "/dashboard/integrations/ninjaone/"
TOP = f"{DETAIL}#content-start"
STATE = "/dashboard/integrations/ninjaone/state"
SAVE = "/dashboard/integrations/ninjaone/connection"
TEST = "/dashboard/integrations/ninjaone/test"
DISCONNECT = "/dashboard/integrations/ninjaone/disconnect"
AUTHORIZE = "/dashboard/integrations/ninjaone/authorize"
CALLBACK = "/dashboard/integrations/ninjaone-callback"
RUNNER = "/dashboard/integrations/ninjaone/runner"
RUNNER_REMOVE = "/dashboard/integrations/ninjaone/runner/remove"
POLICIES = "/dashboard/integrations/ninjaone/policies"
PREVIEW = "/dashboard/integrations/ninjaone/policies/preview"
REVIEWED = "/dashboard/integrations/ninjaone/policies/reviewed"

LOOKS = [LIST, DETAIL, STATE]
QUESTIONS = [DISCONNECT, RUNNER_REMOVE]
BUTTONS = [SAVE, TEST, AUTHORIZE, RUNNER, POLICIES, REVIEWED]
ACTIONS = [*BUTTONS, *QUESTIONS, PREVIEW]
