"""Which programs do what. Names of programs, without their folders."""

from __future__ import annotations

from enum import Enum

from integrations.wording import gettext_noop


class Kind(Enum):
    """What people look for first in a script, most worrying first."""

    OPAQUE = "opaque"
    NETWORK = "network"
    DELETES = "deletes"
    USERS = "users"
    SERVICES = "services"
    PACKAGES = "packages"
    RESTARTS = "restarts"
    WRITES = "writes"

    @property
    def title(self) -> str:
        """What stands above its findings, for the page to translate."""
        return TITLES[self]


TITLES = {
    Kind.OPAQUE: gettext_noop("Cannot be inspected"),
    Kind.NETWORK: gettext_noop("Downloads and connections"),
    Kind.DELETES: gettext_noop("Deletes or overwrites"),
    Kind.USERS: gettext_noop("Users and groups"),
    Kind.SERVICES: gettext_noop("Services"),
    Kind.PACKAGES: gettext_noop("Packages"),
    Kind.RESTARTS: gettext_noop("Restarts or stops the device"),
    Kind.WRITES: gettext_noop("Changes files"),
}
NAMES = {
    Kind.NETWORK: "curl wget wget2 aria2c fetch scp sftp ftp lftp tftp rsync nc ncat netcat socat telnet ssh "
    "svn hg smbclient rclone aws gsutil azcopy mail sendmail mailx",
    Kind.DELETES: "rm rmdir unlink shred srm dd truncate wipefs blkdiscard fdisk sfdisk gdisk sgdisk parted mkswap "
    "mkfs mke2fs lvremove vgremove pvremove cryptsetup diskutil tmutil",
    Kind.USERS: "useradd usermod userdel adduser deluser groupadd groupmod groupdel addgroup delgroup gpasswd passwd "
    "chpasswd chgpasswd newusers chage chfn chsh vipw vigr visudo dscl sysadminctl dseditgroup",
    Kind.SERVICES: "systemctl service initctl rc-service rc-update update-rc.d chkconfig invoke-rc.d launchctl svcadm "
    "systemd-run",
    Kind.PACKAGES: "apt apt-get aptitude dpkg yum dnf microdnf rpm zypper apk pacman snap flatpak brew port "
    "softwareupdate installer pip pip3 pipx npm yarn pnpm gem cpan cargo",
    Kind.RESTARTS: "reboot shutdown poweroff halt telinit init kexec",
    Kind.WRITES: "tee cp mv install ln touch chmod chown chgrp chattr setfacl patch crontab at batch ssh-copy-id",
}
KINDS = {name: kind for kind, names in NAMES.items() for name in names.split()}

# What an option or a word of the command makes of it, apart from its name.
BY_WORD = {
    "find": (("-delete", Kind.DELETES),),
    "git": (
        *((word, Kind.NETWORK) for word in ("clone", "pull", "fetch", "push", "submodule")),
        ("clean", Kind.DELETES),
        ("reset", Kind.DELETES),
    ),
    "systemctl": tuple((word, Kind.RESTARTS) for word in ("reboot", "poweroff", "halt", "rescue", "kexec")),
    "crontab": (("-r", Kind.DELETES),),
    "zfs": (("destroy", Kind.DELETES),),
    "zpool": (("destroy", Kind.DELETES),),
}
BY_PREFIX = {
    "sed": (("-i", Kind.WRITES), ("--in-place", Kind.WRITES)),
    "perl": (("-i", Kind.WRITES),),
    "dd": (("of=", Kind.WRITES),),
    "sort": (("-o", Kind.WRITES),),
}

SHELLS = {"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh"}
# Awk is left out: its programs are short and stand in the open.
LANGUAGES = {
    "python", "python2", "python3", "perl", "ruby", "node", "nodejs", "php", "lua", "osascript", "pwsh", "expect",
    "tclsh",
}  # fmt: skip
# Bash's own words and everyday programs that nobody redefines for a good reason.
COMMON = {"echo", "printf", "cd", "test", "exit", "true", "false", "read", "ls", "cat", "grep", "id", "date", "sleep"}
# What runs the command behind it, and those of its options that take a word of their own.
WRAPPERS = {
    "sudo": "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --chdir",
    "doas": "-u -C",
    "env": "-u -C -S --unset --chdir",
    "nice": "-n",
    "ionice": "-c -n -p",
    "nohup": "",
    "setsid": "",
    "time": "-f -o",
    "timeout": "-k -s --kill-after --signal",
    "stdbuf": "-i -o -e",
    "command": "",
    "builtin": "",
    "exec": "-a",
    "coproc": "",
    "xargs": "-a -d -E -I -L -n -P -s --max-args --max-procs --replace --delimiter",
    "parallel": "-j -I --jobs",
    "watch": "-n -d",
    "chroot": "",
    "flock": "-w -E",
    "busybox": "",
    "systemd-run": "-p -u --unit --property --on-calendar --on-active",
    "unshare": "",
    "runuser": "-u",
    "setpriv": "",
    "taskset": "",
    "strace": "-e -o -p",
}
# Words that stand before the command itself: a length of time, a new root, a lock, a mask.
WORDS_BEFORE = {"timeout": 1, "chroot": 1, "flock": 1, "taskset": 1}

# Folders whose programs are those of the system.
SYSTEM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
# Places where a change means more than one file.
PLACES = (
    ("authorized_keys", gettext_noop("who may sign in over SSH")),
    ("/etc/ssh", gettext_noop("how people sign in over SSH")),
    ("sudoers", gettext_noop("who may become root")),
    ("/etc/passwd", gettext_noop("accounts")),
    ("/etc/shadow", gettext_noop("accounts")),
    ("/etc/group", gettext_noop("accounts")),
    ("/etc/pam.d", gettext_noop("how people sign in")),
    ("/etc/ld.so", gettext_noop("code that every program loads")),
    ("cron", gettext_noop("jobs that run later")),
    ("systemd", gettext_noop("what starts by itself")),
    ("/etc/init.d", gettext_noop("what starts by itself")),
    ("rc.local", gettext_noop("what starts by itself")),
    ("LaunchDaemons", gettext_noop("what starts by itself")),
    ("profile", gettext_noop("what runs whenever somebody signs in")),
    ("bashrc", gettext_noop("what runs whenever somebody signs in")),
    ("/etc/hosts", gettext_noop("where names lead to")),
    ("/etc/resolv.conf", gettext_noop("where names lead to")),
    ("/boot", gettext_noop("how the device starts")),
    ("/dev/sd", gettext_noop("a disk itself")),
    ("/dev/nvme", gettext_noop("a disk itself")),
    ("/dev/vd", gettext_noop("a disk itself")),
    ("/dev/mapper", gettext_noop("a disk itself")),
    ("/etc/", gettext_noop("the system's settings")),
)
