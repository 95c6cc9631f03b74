"""dhtui: a terminal explorer for the BitTorrent Mainline DHT, and its engine as a library for asyncio.

What `__all__` names is the API, told in docs/library.md; all else may change with any version. A name is loaded when it
is first used, so that ``import dhtui`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attach.control import ControlError, ControlSocket
    from .engine.defence.blocklist import BlocklistError
    from .engine.defence.ranges import Blocklist
    from .engine.items import Draft, ImmutableItem, Item, ItemError, MutableItem, Value, mutable_target, sign
    from .engine.keys import BadKey, PrivateKey
    from .engine.lookup.decisions import StopReason
    from .engine.node import Node, NodeError, deadline
    from .engine.operations.limit import Limit
    from .engine.outcome import Doubt, NodeOutcome, Outcome, Scrape, Status
    from .engine.settings import PUBLIC_BOOTSTRAP, LiveSettings, NodeConfig, SavedState, Settings, StateStorage
    from .engine.stream import Stream
    from .engine.testnet import Testnet
    from .engine.views.events import (
        AddressChanged,
        Banned,
        BootstrapProgress,
        DatagramsLost,
        Event,
        IdChanged,
        LinkChanged,
        LinkState,
        LookupFinished,
        LookupStarted,
        Missed,
        NodeAdded,
        NodeRemoved,
        PacketReceived,
        PacketSent,
        QueryFinished,
        ReachabilityChanged,
        Stored,
        Woke,
    )
    from .engine.views.snapshot import LookupView, Snapshot
    from .engine.views.statistics import Level, Statistics
    from .engine.wire.bencode import BencodeError
    from .engine.wire.bencode import decode as bdecode
    from .engine.wire.bencode import encode as bencode
    from .engine.wire.compact import NodeInfo
    from .engine.wire.family import Addr
    from .storage.blocklist_file import load as load_blocklist
    from .storage.node_state import StateError
    from .storage.state_folder import StateFolder
    from .text.safe import safe_text

__version__ = "0.1.0"

__all__ = [
    "PUBLIC_BOOTSTRAP",
    "Addr",
    "AddressChanged",
    "BadKey",
    "Banned",
    "BencodeError",
    "Blocklist",
    "BlocklistError",
    "BootstrapProgress",
    "ControlError",
    "ControlSocket",
    "DatagramsLost",
    "Doubt",
    "Draft",
    "Event",
    "IdChanged",
    "ImmutableItem",
    "Item",
    "ItemError",
    "Level",
    "Limit",
    "LinkChanged",
    "LinkState",
    "LiveSettings",
    "LookupFinished",
    "LookupStarted",
    "LookupView",
    "Missed",
    "MutableItem",
    "Node",
    "NodeAdded",
    "NodeConfig",
    "NodeError",
    "NodeInfo",
    "NodeOutcome",
    "NodeRemoved",
    "Outcome",
    "PacketReceived",
    "PacketSent",
    "PrivateKey",
    "QueryFinished",
    "ReachabilityChanged",
    "SavedState",
    "Scrape",
    "Settings",
    "Snapshot",
    "StateError",
    "StateFolder",
    "StateStorage",
    "Statistics",
    "Status",
    "StopReason",
    "Stored",
    "Stream",
    "Testnet",
    "Value",
    "Woke",
    "bdecode",
    "bencode",
    "deadline",
    "load_blocklist",
    "mutable_target",
    "safe_text",
    "sign",
]

_HOMES = {
    "attach.control": "ControlError ControlSocket",
    "engine.defence.blocklist": "BlocklistError",
    "engine.defence.ranges": "Blocklist",
    "engine.items": "Draft ImmutableItem Item ItemError MutableItem Value mutable_target sign",
    "engine.keys": "BadKey PrivateKey",
    "engine.lookup.decisions": "StopReason",
    "engine.node": "Node NodeError deadline",
    "engine.operations.limit": "Limit",
    "engine.outcome": "Doubt NodeOutcome Outcome Scrape Status",
    "engine.settings": "LiveSettings NodeConfig PUBLIC_BOOTSTRAP SavedState Settings StateStorage",
    "engine.stream": "Stream",
    "engine.views.events": "AddressChanged Banned BootstrapProgress DatagramsLost Event IdChanged LinkChanged"
    " LinkState LookupFinished LookupStarted Missed NodeAdded NodeRemoved"
    " PacketReceived PacketSent QueryFinished ReachabilityChanged Stored Woke",
    "engine.views.snapshot": "LookupView Snapshot",
    "engine.views.statistics": "Level Statistics",
    "engine.wire.bencode": "BencodeError bdecode=decode bencode=encode",
    "engine.wire.compact": "NodeInfo",
    "engine.wire.family": "Addr",
    "storage.blocklist_file": "load_blocklist=load",
    "storage.node_state": "StateError",
    "storage.state_folder": "StateFolder",
    "engine.testnet": "Testnet",
    "text.safe": "safe_text",
}
"""Where they are: by module, each by its name there if that is another one."""


def __getattr__(name: str) -> Any:
    """Load a name of the API. Raises `AttributeError` for any other."""
    for module, names in _HOMES.items():
        for each in names.split():
            public, _, there = each.partition("=")
            if public == name:
                from importlib import import_module

                found = getattr(import_module(f"{__name__}.{module}"), there or public)
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
