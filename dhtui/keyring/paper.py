"""A private key in a form for handwriting: hex in small groups, each line with a check.

An error names the mistyped line. Hex has no letters that look like digits; letters that are written instead of digits
are accepted.
"""

from __future__ import annotations

import re
from hashlib import sha256

from ..engine.keys import BadKey, PrivateKey

TITLE = "dhtui paper key"
_LINE_BYTES = 8
_LINE = re.compile(r"\s*([0-9]{1,2})[.:)]?((?:\s+[0-9a-z]{4}){4})\s+-?\s*([0-9a-z]{4})\s*", re.ASCII)
_PUBLIC = re.compile(r"^\s*public((?:\s+[0-9a-z]{4}){16})\s*$", re.ASCII | re.MULTILINE)
"""The public key may span several lines."""
_TITLE = re.compile(TITLE + r",\s*(seed|expanded)", re.ASCII)
_SLIPS = str.maketrans("ois", "015")


def is_paper(text: str) -> bool:
    """Whether a text is a paper key."""
    return TITLE in text.lower()


def write_paper(key: PrivateKey) -> str:
    """The key as lines of 8 bytes, 16 hex digits in 4 groups and 4 digits of check."""
    public = key.public.hex()
    lines = [f"{TITLE}, {key.form}", f"public {_grouped(public[:32])}", f"       {_grouped(public[32:])}"]
    for number, start in enumerate(range(0, len(key.secret), _LINE_BYTES), 1):
        part = key.secret[start : start + _LINE_BYTES]
        lines.append(f"{number:2}  {_grouped(part.hex())}  - {_check(number, part)}")
    return "\n".join(lines) + "\n"


def read_paper(text: str) -> PrivateKey:
    """The key of a paper key. Raises `BadKey`, which names the wrong line."""
    lowered = text.lower()
    title = _TITLE.search(lowered)
    if title is None:
        raise BadKey(f"the first line must be `{TITLE}, seed` or `{TITLE}, expanded`")
    form, length = ("seed", 32) if title[1] == "seed" else ("expanded", 64)
    parts = {}
    for line in lowered.splitlines():
        if found := _LINE.fullmatch(line):
            number, part = int(found[1]), _digits(found[2])
            if part is None or _digits(found[3]) != bytes.fromhex(_check(number, part)):
                raise BadKey(f"line {number} of the paper key is mistyped: its last group does not fit the others")
            parts[number] = part
    wanted = range(1, length // _LINE_BYTES + 1)
    if missing := [str(number) for number in wanted if number not in parts]:
        raise BadKey(f"the paper key is not complete: line {', '.join(missing)} missing or not in groups of 4")
    key = PrivateKey(b"".join(parts[number] for number in wanted), "seed" if form == "seed" else "expanded")
    public = _PUBLIC.search(lowered)
    if public is None or _digits(public[1]) != key.public:
        raise BadKey("the public key of the paper key is mistyped, or belongs to another private key")
    return key


def _grouped(digits: str) -> str:
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def _check(number: int, part: bytes) -> str:
    return sha256(b"%s %d %b" % (TITLE.encode(), number, part)).hexdigest()[:4]


def _digits(text: str) -> bytes | None:
    try:
        return bytes.fromhex("".join(text.split()).translate(_SLIPS).replace("l", "1"))
    except ValueError:
        return None
