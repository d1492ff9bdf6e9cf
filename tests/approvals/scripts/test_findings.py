"""What a script does, by the programs it runs."""

from __future__ import annotations

import pytest

from approvals.display.script.parsing import MOST_OF_A_KIND, read
from approvals.display.script.programs import Kind
from tests.approvals.scripts.lookup import commands, found, kinds

BY_SCRIPT = {
    "curl -fsSL https://example.com/x -o /tmp/x": {Kind.NETWORK},
    "git clone https://example.com/x": {Kind.NETWORK},
    "git status": set(),
    "exec 3>/dev/tcp/198.51.100.7/443": {Kind.NETWORK},
    "rm -rf /var/log/old": {Kind.DELETES},
    "find /var -name '*.gz' -delete": {Kind.DELETES},
    "find /var -name '*.gz' -print": set(),
    "mkfs.ext4 /dev/sdb1": {Kind.DELETES},
    "dd if=/dev/zero of=/dev/sda": {Kind.DELETES, Kind.WRITES},
    "truncate -s 0 /var/log/syslog": {Kind.DELETES},
    "crontab -r": {Kind.DELETES, Kind.WRITES},
    "useradd -m eve": {Kind.USERS},
    "echo eve:x | chpasswd": {Kind.USERS},
    "usermod -aG sudo eve": {Kind.USERS},
    "systemctl restart nginx": {Kind.SERVICES},
    "systemctl reboot": {Kind.SERVICES, Kind.RESTARTS},
    "/etc/init.d/nginx stop": {Kind.SERVICES},
    "service cron stop": {Kind.SERVICES},
    "apt-get -y install jq": {Kind.PACKAGES},
    "shutdown -r now": {Kind.RESTARTS},
    "sed -i s/a/b/ /etc/fstab": {Kind.WRITES},
    "sed s/a/b/ /etc/fstab": set(),
    "echo x >> /etc/hosts": {Kind.WRITES},
    "echo x | tee /etc/motd": {Kind.WRITES},
    "df -h > /dev/null 2>&1": set(),
    "df -h && uptime": set(),
    "": set(),
}
# All of these are rm: by its path, by quotes, behind other programs, inside other commands.
DELETIONS = [
    "/usr/bin/rm -rf /srv",
    "r\"m\" -rf /srv",
    "\\rm -rf /srv",
    "'rm' -rf /srv",
    "$'rm' -rf /srv",
    "sudo -u root -n rm -rf /srv",
    "sudo env A=1 nice -n 10 rm -rf /srv",
    "timeout -k 5 10 rm -rf /srv",
    "command rm -rf /srv",
    "nohup rm -rf /srv &",
    "time -p rm -rf /srv",
    "ls | xargs -n 1 rm -rf",
    "find . -exec rm -rf {} +",
    "find . -okdir rm -rf {} +",
    "systemd-run --unit x rm -rf /srv",
    "> /tmp/log rm -rf /srv",
    "A=1 rm -rf /srv",
    "x=$(rm -rf /srv)",
    "echo \"`rm -rf /srv`\"",
    "cat <(rm -rf /srv)",
    "echo \"${y:-$(rm -rf /srv)}\"",
    "cat <<E\n$(rm -rf /srv)\nE",
    "f() { rm -rf /srv; }; f",
    "if ! rm -rf /srv; then :; fi",
    "case x in x) rm -rf /srv;; esac",
    "(cd / && rm -rf srv)",
    "a=(1 $(rm -rf /srv))",
]  # fmt: skip


@pytest.mark.parametrize("script", BY_SCRIPT)
def test_a_command_is_known_by_what_it_does(script: str) -> None:
    assert kinds(script) == BY_SCRIPT[script]


@pytest.mark.parametrize("script", DELETIONS)
def test_a_deletion_is_found_wherever_it_stands(script: str) -> None:
    assert Kind.DELETES in kinds(script)
    assert "rm" in {name.rsplit("/", 1)[-1] for name in commands(script)}


@pytest.mark.parametrize("script", ["echo 'rm -rf /srv'", "# rm -rf /srv", "cat <<'E'\nrm -rf /srv\nE", "rm() { :; }"])
def test_a_text_is_no_command(script: str) -> None:
    assert Kind.DELETES not in kinds(script)


def test_a_finding_names_its_line_and_what_its_place_means() -> None:
    script = 'set -e\n\ncat key >> "$HOME/.ssh/authorized_keys"\necho x > /etc/cron.d/job\necho > /tmp/x\n'
    assert found(script, Kind.WRITES) == [
        (3, '>> "$HOME/.ssh/authorized_keys"', "who may sign in over SSH"),
        (4, "> /etc/cron.d/job", "jobs that run later"),
        (5, "> /tmp/x", ""),
    ]


def test_a_long_command_is_cut_and_stands_on_one_line() -> None:
    ((line, source, _),) = found("rm \\\n  a \\\n  " + "b" * 500, Kind.DELETES)
    assert line == 1
    assert source.startswith("rm \\ a \\ bbb")
    assert len(source) == 160


def test_a_page_of_findings_is_counted_and_not_listed() -> None:
    ((first, count),) = ((group["first"], group["count"]) for group in read(b"rm $x\n" * 1000)["groups"])
    assert len(first) == MOST_OF_A_KIND
    assert count == 1000


def test_commands_are_counted_without_the_scripts_own_functions() -> None:
    assert commands("f() { df -h; }\nf\ndf\nsudo du -sh /\n") == {"df": 2, "sudo": 1, "du": 1}


@pytest.mark.parametrize(
    "script", ["echo ok\n)", "echo 'open", "ok\ncat < /etc/motd\n\\rm x", "} x", "if then", "{rm,-rf,/}", "exec 3<>x"]
)
def test_what_the_parser_does_not_understand_is_said(script: str) -> None:
    assert read(script.encode())["broken"]


def test_a_script_in_order_has_no_such_line() -> None:
    assert read(b'#!/bin/bash\nset -euo pipefail\nfor d in /srv/*; do\n  du -sh "$d" || true\ndone\n')["broken"] == []
