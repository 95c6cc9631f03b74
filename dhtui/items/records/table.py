"""Files of records: CSV, JSON and zone files, each told by itself. Bounded, and read strictly."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from .rows import MAX_BYTES, MAX_TTL, TTL, RecordsError, Row, wrong

COLUMNS = ("key", "name", "ttl", "type", "data")
NEEDED = ("name", "type", "data")


def rows_of(data: bytes, key: str = "") -> list[Row]:
    """The records of a file. `key`: the one they are for where the file names none. Raises `RecordsError`.

    JSON begins with a bracket; CSV has a first line that names its columns, ``name`` and ``type`` among them; all else
    is a zone file.
    """
    if len(data) > MAX_BYTES:
        raise RecordsError(f"it has more than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecordsError(f"line {line}: it is not UTF-8") from None
    start = text.lstrip()
    if start[:1] in ("[", "{"):
        found = list(_json(text, key))
    elif {"name", "type"} <= set(_header(start)):
        found = list(_csv(text.splitlines(), key))
    else:
        from .zone import zone_rows

        found = zone_rows(text, key)
    if not found:
        raise RecordsError("it has no records")
    return found


def _header(text: str) -> list[str]:
    return [word.strip().strip('"').lower() for word in text.partition("\n")[0][:1000].split(",")]


def _csv(lines: Iterable[str], key: str) -> Iterator[Row]:
    reader = csv.reader((line for line in lines), strict=True)
    columns: list[str] = []
    try:
        for cells in reader:
            place = f"line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns([cell.strip().lower() for cell in cells], place)
                continue
            if len(cells) != len(columns):
                raise wrong(place, f"it has {len(cells)} cells, not {len(columns)} as the first line")
            yield _row(place, dict(zip(columns, cells, strict=True)), key)
    except csv.Error as error:
        raise wrong(f"line {reader.line_num}", f"it is not CSV: {error}") from None


def _columns(names: list[str], place: str) -> list[str]:
    if missing := [name for name in NEEDED if name not in names]:
        raise wrong(place, f"the columns {', '.join(missing)} are missing")
    if unknown := [name for name in names if name not in COLUMNS]:
        raise wrong(place, f"there is no column {unknown[0]!r}: they are {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise wrong(place, "a column is there twice")
    return names


def _json(text: str, key: str) -> Iterator[Row]:
    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise wrong(f"line {error.lineno}", f"it is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise RecordsError("it is not JSON that can be read: it is nested too deep, or has numbers too long") from None
    if not isinstance(document, list):
        raise RecordsError(f"JSON has to be a list of objects with {', '.join(COLUMNS)}")
    for number, entry in enumerate(document, 1):
        place = f"record {number}"
        if not isinstance(entry, dict):
            raise wrong(place, "it is no object")
        if unknown := [name for name in entry if name not in COLUMNS]:
            raise wrong(place, f"there is no field {unknown[0]!r}: they are {', '.join(COLUMNS)}")
        if missing := [name for name in NEEDED if name not in entry]:
            raise wrong(place, f"{', '.join(missing)} is missing")
        yield _row(place, {name: _cell(value, name, place) for name, value in entry.items()}, key)


def _cell(value: object, name: str, place: str) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int and name == "ttl" and 0 <= value <= MAX_TTL:
        return str(value)
    raise wrong(place, f"{name} is no {f'number of seconds up to {MAX_TTL}' if name == 'ttl' else 'text'}")


def _row(place: str, cells: dict[str, str], key: str) -> Row:
    named = cells.get("key", "").strip() or key
    if not named:
        raise wrong(place, "it names no key: a column key is needed, or --keyname")
    ttl = cells.get("ttl", "").strip() or str(TTL)
    if not (ttl.isascii() and ttl.isdigit() and len(ttl) <= 10 and int(ttl) <= MAX_TTL):
        raise wrong(place, f"the ttl {ttl!r} is no number of seconds up to {MAX_TTL}")
    kind, data = cells["type"].strip().upper(), cells["data"].strip()
    if not kind or not data:
        raise wrong(place, "its type or its data is empty")
    return Row(place, named, cells["name"].strip() or "@", int(ttl), kind, data)
