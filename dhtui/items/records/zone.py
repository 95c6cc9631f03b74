"""Zone files (RFC 1035). The last label of a name is its key: ``$ORIGIN me.`` begins the records of the key ``me``."""

from __future__ import annotations

import re
from typing import Any

from .pkarr import need_dnspython
from .rows import TTL, Row, wrong

DIRECTIVES = ("$ORIGIN", "$TTL")
"""Others are refused: one reads any file, one makes a million records of a line."""
_PLACE = re.compile(r"^<records>:\d+: ")


class _Sink:
    """Takes the records of a reader of dnspython, as its transactions do."""

    def __init__(self, origin: Any) -> None:
        self.manager = self
        self.line = 0
        """The line in which the present record begins."""
        self.found: list[tuple[int, Any, int, Any]] = []
        """Line, name, seconds, and data of each."""
        self._origin = origin

    def origin_information(self) -> tuple[Any, bool, Any]:
        """Names are absolute."""
        return self._origin, False, self._origin

    def check_put_rdataset(self, check: object) -> None:
        """What may stand beside what is for the user to say."""

    def _set_origin(self, origin: object) -> None:
        """The reader knows it."""

    def add(self, name: Any, ttl: int, data: Any) -> None:
        """One record."""
        self.found.append((self.line, name, ttl, data))


def zone_rows(text: str, key: str) -> list[Row]:
    """The records of a zone file, but for SOA, which is about zones that are transferred. Raises `RecordsError`.

    `key`: the origin at the beginning, if there is one.
    """
    need_dnspython()
    from dns.exception import DNSException
    from dns.name import root
    from dns.rdataclass import IN
    from dns.rdatatype import SOA
    from dns.tokenizer import Tokenizer
    from dns.zonefile import Reader

    head = f"$ORIGIN {_label(key)}.\n" if key else ""
    before = 1 if head else 0
    tokenizer, sink = Tokenizer(head + text, "<records>"), _Sink(root)

    class Noting(Reader):
        """Notes where each record begins: an error is told behind its end."""

        def _rr_line(self) -> None:
            sink.line = tokenizer.where()[1] - before
            super()._rr_line()
            sink.line = 0

    transaction: Any = sink
    try:
        Noting(tokenizer, IN, transaction, allow_directives=DIRECTIVES, default_ttl=TTL).read()
    except Exception as error:  # what the library raises for what is no zone file differs by what it is
        line = sink.line or max(1, tokenizer.where()[1] - before)
        why = _PLACE.sub("", str(error)) if isinstance(error, DNSException) else ""
        raise wrong(f"line {line}", why or "it makes no sense in a zone file") from None
    return [_row(f"line {line}", *found) for line, *found in sink.found if found[2].rdtype != SOA]


def _row(place: str, name: Any, ttl: int, data: Any) -> Row:
    from dns.name import Name
    from dns.rdatatype import to_text

    if len(name.labels) < 2:
        raise wrong(place, f"{name} has no key: the last label of a name is one, as $ORIGIN me. makes it")
    label = name.labels[-2]
    origin = Name((label, b""))
    plain = data.to_text(origin=origin, relativize=True)
    key = label.decode("ascii", "backslashreplace")
    return Row(place, key, name.relativize(origin).to_text(), ttl, to_text(data.rdtype), plain)


def _label(key: str) -> str:
    """A key's name as one label: a dot would make two of it."""
    return re.sub(r"([^A-Za-z0-9_-])", lambda char: f"\\{ord(char[1]):03d}", key)
