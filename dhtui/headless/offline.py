"""Carries out an action that needs no node, and prints what came of it."""

from __future__ import annotations

from ..actions import offline
from ..actions.offline import PUBLIC_KEY_WARNING
from ..actions.request import last_of_all
from ..actions.unlocking import exposure
from ..items import file as itemfile
from ..options.options import Options
from . import offline_text as report
from .output import Output


def carry_out(options: Options, output: Output) -> int:
    """Runs it and returns the exit code. Raises `UsageError`, `Failure`."""
    for warning in exposure(options):
        output.warn(warning)
    match options.do:
        case "sign":
            signed = offline.sign_value(options)
            if signed.out == offline.STDOUT:  # the item alone, for a pipe
                output.results([itemfile.text(signed.item).rstrip()])
                output.notes(report.signed_lines(signed))
            else:
                _tell(output, report.signed_lines(signed), report.signed_json(signed))
            if warning := last_of_all(signed.item.seq):
                output.warn(warning)
            if signed.test_key:
                output.notes([f"{options.keyname} {PUBLIC_KEY_WARNING}"])
        case "genkey":
            made = offline.make_key(options)
            _tell(output, report.key_lines(made), report.key_json(made))
            if made.test_key:
                output.notes([f"{options.keyname} {PUBLIC_KEY_WARNING}"])
        case "keys":
            _keys(options, output)
        case "import":
            taken = offline.import_key(options)
            _tell(output, report.taken_lines(taken), report.taken_json(taken))
        case "export":
            given = offline.export_key(options)
            _tell(output, report.given_lines(given), report.given_json(given))
            output.notes(["whoever has this can sign as you: keep it where nobody else can read it"])
        case _:
            return _verify(options, output)
    return 0


def _tell(output: Output, lines: list[str], summary: dict[str, object]) -> None:
    if output.as_json:
        output.objects([summary])
    else:
        output.results(lines)


def _keys(options: Options, output: Output) -> None:
    entries = offline.list_keys(options)
    if output.as_json:
        output.objects(map(report.entry_json, entries))
        output.objects([{"type": "result", "action": "keys", "ok": True}])
    else:
        output.results(line for entry in entries for line in report.entry_lines(entry))


def _verify(options: Options, output: Output) -> int:
    verified = offline.verify_item(options)
    lines = [] if verified.fault else report.verified_lines(verified.item)
    _tell(output, lines, report.verified_json(verified))
    if not verified.fault:
        output.notes(["the signature is good"])
        return 0
    output.notes([f"dhtui: verify failed: {verified.fault}"])
    return 1
