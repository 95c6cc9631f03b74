"""Items as JSON: in a file that one machine signs and another one publishes, and in the list of kept items.

It holds no secret. Items that are read are checked as a storing node does, with their signatures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..engine.items import ImmutableItem, Item, ItemError, MutableItem, check_salt, check_seq, check_value
from ..engine.wire.codes import BAD_SIGNATURE
from ..storage.atomic import parse_json, write_new

TYPE = "dhtui-item-1"
MAX_BYTES = 16_384


class ItemFileError(ValueError):
    """A file without an item, or with one that no node would store. The message is one line."""


def encode_item(item: Item) -> dict[str, Any]:
    """The fields of an item, bytes in hex."""
    out: dict[str, Any] = {"target": item.target.hex(), "v": item.v.hex()}
    if isinstance(item, MutableItem):
        out |= {"k": item.k.hex(), "salt": item.salt.hex(), "seq": item.seq, "sig": item.sig.hex()}
    return out


def decode_item(entry: Any, *, genuine: bool = True) -> Item:
    """An item from its fields, without a check of the target; verified, if it has to be `genuine`.

    Raises `ValueError`, `TypeError` or `KeyError`.
    """
    v = bytes.fromhex(entry["v"])
    check_value(v)
    if "k" not in entry:
        return ImmutableItem(v)
    k, sig, salt = (bytes.fromhex(entry[name]) for name in ("k", "sig", "salt"))
    seq = entry["seq"]
    if type(seq) is not int:
        raise ValueError("its seq is no number")
    check_salt(salt)
    check_seq(seq)
    item = MutableItem(v, k, sig, seq, salt)
    if genuine and not item.verify():
        raise ItemError(BAD_SIGNATURE, "its signature does not hold")
    return item


def text(item: Item) -> str:
    """The text of a file with an item."""
    return json.dumps({"type": TYPE} | encode_item(item), indent=1) + "\n"


def write(path: Path, item: Item) -> None:
    """Write an item to a new file. Raises `FileExistsError`, `OSError`."""
    write_new(path, text(item).encode())


def parse(data: bytes, *, genuine: bool = True) -> Item:
    """The item in the content of a file, verified, if it has to be `genuine`. Raises `ItemFileError`."""
    try:
        document = parse_json(data) if len(data) <= MAX_BYTES else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("type") != TYPE:
        raise ItemFileError(f"it is no item that `sign --out` wrote: JSON of the type {TYPE} is needed")
    try:
        item = decode_item(document, genuine=genuine)
        if genuine and item.target.hex() != document["target"]:
            raise ItemFileError("it is damaged: its target is not that of its item")
        return item
    except ItemFileError:
        raise
    except ItemError as error:
        raise ItemFileError(f"its item is not genuine: {error}") from None
    except (ValueError, TypeError, KeyError):
        raise ItemFileError("it is damaged: a field is missing, or is not hex") from None
