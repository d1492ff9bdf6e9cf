"""What nobody can tell from reading: code that is computed, decoded, fetched, or stands somewhere else."""

from __future__ import annotations

import re

from approvals.display.script.calls import Assignment, Call, Feed
from approvals.display.script.programs import LANGUAGES, SHELLS, SYSTEM_FOLDERS
from integrations.wording import gettext_noop

DECODERS = {
    "base64": ("-d", "-D", "-di", "-id", "--decode"),
    "base32": ("-d", "--decode"),
    "basenc": ("-d", "--decode"),
    "xxd": ("-r", "-rp", "-p"),
    "openssl": ("-d", "-decrypt"),
    "gpg": ("-d", "--decrypt"),
}
ANOTHER_MEANING = gettext_noop("gives a name another meaning")
ELSEWHERE = gettext_noop("runs something in another place of the device")
ALWAYS = {
    "eval": gettext_noop("runs text as commands"),
    "source": gettext_noop("runs another file as part of this script"),
    ".": gettext_noop("runs another file as part of this script"),
    "ssh": gettext_noop("may run commands on another machine"),
    "at": gettext_noop("runs something later"),
    "batch": gettext_noop("runs something later"),
    "docker": ELSEWHERE,
    "podman": ELSEWHERE,
    "nsenter": ELSEWHERE,
    "kubectl": ELSEWHERE,
    "lxc": ELSEWHERE,
}
LOADERS = {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "PROMPT_COMMAND", "SHELLOPTS", "BASHOPTS"}
USUAL_PATH = re.compile(r"[\"']?(\$PATH|\$\{PATH\}|/(usr/|usr/local/)?s?bin/?|/snap/bin|/opt/homebrew/s?bin|:)*[\"']?")


def why_opaque(call: Call, name: str) -> str:
    """Why it cannot be told what this command does; "" where it can."""
    if name in SHELLS:
        return _why_shell(call)
    if name in LANGUAGES:
        return gettext_noop("code in another language (%(program)s)")
    if name == "uudecode" or call.has(*DECODERS.get(name, ())):
        return gettext_noop("decodes something that cannot be read here")
    folder, _, _ = call.name.text.rpartition("/")
    if folder and folder not in SYSTEM_FOLDERS and not call.name.text.startswith("/etc/init.d/"):
        return gettext_noop("runs a program or script that is not shown here")
    return _why_builtin(call, name)


def _why_builtin(call: Call, name: str) -> str:
    match name:
        case "alias":
            return ANOTHER_MEANING if call.arguments else ""
        case "enable" | "hash":
            return ANOTHER_MEANING if call.has("-f", "-p", "-n") else ""
        case "trap":
            return gettext_noop("text that is run later") if _is_code(call) else ""
        case "awk" | "gawk" | "mawk":
            return (
                gettext_noop("may run commands out of its program")
                if any("system" in word.text for word in call.arguments)
                else ""
            )
        case "sudo" | "doas" if all(word.text.startswith("-") for word in call.arguments):
            return gettext_noop("a shell runs whatever it reads") if call.has("-s", "-i", "--shell", "--login") else ""
        case "su" | "runuser" | "sg" | "flock" | "script":
            return gettext_noop("runs a text as a command") if call.has("-c", "--command") else ""
        case "mapfile" | "readarray":
            return gettext_noop("runs a text as a command") if call.has("-C") else ""
    return ALWAYS.get(name, "")


def _is_code(call: Call) -> bool:
    words = [argument for argument in call.arguments if not argument.text.startswith("-")]
    return len(words) > 1 and (words[0].value is None or not re.fullmatch(r"[\w-]*", words[0].text))


def _why_shell(call: Call) -> str:
    files = [argument for argument in call.arguments if not argument.text.startswith(("-", "+"))]
    if any(re.fullmatch(r"-\w*c\w*", argument.text) for argument in call.arguments):
        return gettext_noop("a shell runs a text")
    if call.feed is Feed.PIPE:
        return gettext_noop("a shell runs whatever comes out of the pipe")
    if call.feed is Feed.TEXT:
        return gettext_noop("a shell runs the text that it is given")
    if files:
        return gettext_noop("a shell runs another script")
    return gettext_noop("a shell runs whatever it reads")


def why_assignment(assignment: Assignment) -> str:
    """Why a variable makes commands mean something else; "" where it does not."""
    if assignment.name in LOADERS:
        return gettext_noop("makes programs run other code")
    if assignment.name == "PATH" and not USUAL_PATH.fullmatch(assignment.value):
        return gettext_noop("changes which programs the names stand for")
    return ""


def why_first_line(text: str) -> str:
    """Why this is no script for bash, by its own first line; "" where nothing speaks against it."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return ""
    named = [part.rsplit("/", 1)[-1] for part in first[2:].split() if not part.startswith("-")]
    program = named[1] if named[:1] == ["env"] and len(named) > 1 else "".join(named[:1])
    is_bash = program in {"bash", "sh", "dash"}
    return "" if is_bash else gettext_noop("its first line names another language, yet bash runs it")
