"""BEP 5, "KRPC Protocol": messages, transaction ids, errors."""

from __future__ import annotations

from ..case import M, case
from ..messages import query
from ..probe import Probe

TIDS = (b"a", b"ab", b"\x00\xff:e", b"12345678", bytes(range(240, 256)), b"e" * 20)


@case("5.04", "KRPC Protocol", M, "The transaction id comes back byte for byte, whatever its length and content.")
async def transaction_id(probe: Probe) -> None:
    for tid in TIDS:
        answer = await probe.raw(query("ping", {b"id": probe.id}, tid), tries=2)
        expected = f"an answer under the transaction id {tid.hex()}, {len(tid)} bytes"
        probe.check(answer.message.get(b"t") == tid, expected, answer.shown)


@case("5.29", "DHT Queries, ping", M, "A ping is answered, and the answer has the id of the node.")
async def ping(probe: Probe) -> None:
    answer = probe.reply(await probe.ask("ping"))
    probe.check(answer.id is not None, "an id in the answer", answer.shown)


@case("5.32", "DHT Queries, find_node", M, "A find_node without a target, or with one of a wrong length, is refused.")
async def bad_target(probe: Probe) -> None:
    for name, target in (("no", None), ("a 19-byte", bytes(19)), ("a 21-byte", bytes(21))):
        probe.refused(await probe.ask("find_node", {b"target": target}), f"a find_node with {name} target")
