"""What is printed at the end."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.verdict import Call, Verdict

SHOWN = 20


@dataclass(frozen=True)
class Report:
    """What happened."""

    # By process.
    kills: dict[str, int]
    seconds: float
    requests: int
    calls: list[Call]
    exits: list[int]
    verdict: Verdict


def report_print(database: str, seed: int, report: Report) -> int:
    """A table, and every finding in a sentence. Returns the exit status."""
    verdict = report.verdict
    columns = {
        "database": database,
        "kills": sum(report.kills.values()),
        "calls": len(report.calls),
        "answered": sum(bool(call.answers) for call in report.calls),
        "cut off": sum(call.cut_off for call in report.calls),
        "to NinjaOne": report.requests,
        "lost": len(verdict.lost),
        "sent twice": len(verdict.sent_twice),
        "wrong": len(verdict.wrong),
        "unknown": verdict.unknown,
        "settled": verdict.settled,
        "seconds": f"{report.seconds:.0f}",
    }
    widths = [max(len(name), len(str(value))) + 2 for name, value in columns.items()]
    print("".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True)))
    print("".join(f"{value!s:>{width}}" for value, width in zip(columns.values(), widths, strict=True)))
    print(f"Killed: {', '.join(f'{name} {count} times' for name, count in report.kills.items())}.")
    findings = {"lost": verdict.lost, "sent twice": verdict.sent_twice, "wrong": verdict.wrong}
    for kind, sentences in findings.items():
        for sentence in sentences[:SHOWN]:
            print(f"{kind}: {sentence}")
    if any(report.exits):
        print(f"At the end not everybody stopped with 0: {report.exits}")
    print(f"Seed {seed}. The exit status is 1 when something was lost, sent twice or wrong.")
    return 0 if verdict.is_good and not any(report.exits) else 1
