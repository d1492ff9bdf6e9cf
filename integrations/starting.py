"""What has to be right before a server or a worker starts."""

from __future__ import annotations

import logging
from importlib.util import find_spec

from integrations.audit.checkpoints import CheckpointsBrokenError, checkpoint_file, marks_behind
from integrations.installation import installation_prove

logger = logging.getLogger(__name__)


class RestoredError(Exception):
    """The database is older than its own checkpoints. The sentence says what to do."""


class PackagesError(Exception):
    """A package that is needed is not installed. The sentence says what to do."""


# What is loaded only when somebody needs it.
LATE = ("apprise", "drf_spectacular", "requests", "requests_oauthlib")


def start_check() -> None:
    """Raises KeysError for keys that are not this database's, RestoredError for a database that went back in time.

    PackagesError where something is missing that would be missed only later.
    """
    if missing := [name for name in LATE if find_spec(name) is None]:
        raise PackagesError(
            f"Not installed: {', '.join(missing)}. Run `pip install --require-hashes -r requirements.txt`."
        )
    installation = installation_prove()
    try:
        behind = marks_behind(installation)
    except (OSError, CheckpointsBrokenError) as error:
        # Found and named by audit_verify; no reason to stand still.
        logger.critical("The audit checkpoints in %s cannot be read: %s", checkpoint_file(), error)
        return
    if behind:
        raise RestoredError(
            f"The database has forgotten what its checkpoints in {checkpoint_file()} remember of {len(behind)} MSPs: "
            "it was brought back from a backup. Approvals in it may be of the past, and calls that it does not know "
            "may have been sent. Run `manage.py post_restore --yes`, then start again."
        )
