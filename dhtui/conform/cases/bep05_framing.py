"""BEP 5, "KRPC Protocol": messages, transaction ids, errors."""

from __future__ import annotations

from ...engine.wire.bencode import BencodeError, decode
from ...engine.wire.compact import pack_addr
from ...text.runs.conformance import shown
from ..case import H, M, O, S, case
from ..messages import Kind, query, read
from ..outcomes import Miss, Need, Skip, Why
from ..probe import Probe
from .common import METHODS, UNKNOWN, all_methods, replies, token

WHERE = "KRPC Protocol"
TIDS = (b"a", b"ab", b"\x00\xff:e", b"12345678", bytes(range(240, 256)), b"e" * 20)


@case("5.01", WHERE, M, "A message is one bencoded dictionary in one datagram; anything else gets no reply.")
async def one_dictionary(probe: Probe) -> None:
    for data in (b"le", b"i1e", b"4:spam", b"", probe.rng.randbytes(40)):
        answer = await probe.raw(data)
        probe.check(answer.kind is not Kind.REPLY, f"no reply to {shown(data)}", answer.shown)
    await probe.lives("datagrams that are no dictionary")


@case("5.02", WHERE, M, "What it sends is canonical bencode: keys sorted and unique, no leading zeros, nothing behind.")
async def canonical(probe: Probe) -> None:
    await all_methods(probe, *METHODS, UNKNOWN)
    for packet in probe.received():
        try:
            decode(packet.data)
        except BencodeError as error:
            raise Miss("canonical bencode", f"{error}: {shown(packet.data)}") from None


@case("5.03", WHERE, M, "Every message has a transaction id, a string: a query without one gets no ordinary reply.")
async def has_transaction_id(probe: Probe) -> None:
    for what, tid in (("no", None), ("an integer as", 1)):
        answer = await probe.raw(query("ping", {b"id": probe.id}, tid))
        probe.check(answer.kind is not Kind.REPLY, f"no reply to a query with {what} transaction id", answer.shown)


@case("5.04", WHERE, M, "The transaction id comes back byte for byte, whatever its length and content.")
async def transaction_id(probe: Probe) -> None:
    for tid in TIDS:
        answer = await probe.raw(query("ping", {b"id": probe.id}, tid), tries=2)
        expected = f"an answer under the transaction id {tid.hex()}, {len(tid)} bytes"
        actual = f"it has {shown(answer.message.get(b't'))}" if answer.data else answer.shown
        probe.check(answer.message.get(b"t") == tid, expected, actual)


@case("5.05", WHERE, M, "The type of a message is q, r or e; others get no reply.")
async def known_type(probe: Probe) -> None:
    for y in (b"x", None, 1, b"qq"):
        answer = await probe.raw(query("ping", {b"id": probe.id}, probe.tid(), y=y))
        what = "no type" if y is None else f"the type {shown(y)}"
        probe.check(answer.kind is not Kind.REPLY, f"no reply to a query with {what}", answer.shown)


@case("5.06", WHERE, S, "Messages carry v: two letters of the client and two bytes of its version.")
async def says_version(probe: Probe) -> None:
    for answer in replies(await all_methods(probe)):
        v = answer.message.get(b"v")
        probe.check(type(v) is bytes and len(v) == 4, "v, a string of 4 bytes", f"v is {shown(v) if v else 'missing'}")


@case("5.07", WHERE, M, "A query without v is answered like one with.")
async def no_version_needed(probe: Probe) -> None:
    probe.reply(await probe.ask("ping", v=None), "a reply to a query without v")


@case("5.08", WHERE, M, "A query has q, a string, and a, a dictionary; else it gets no reply.", needs=(Need.OWN,))
async def has_method_and_arguments(probe: Probe) -> None:
    args = {b"id": probe.id}
    for what, data in (
        ("q", query("ping", args, probe.tid(), q=None)),
        ("a string as q", query("ping", args, probe.tid(), q=7)),
        *((f"a dictionary as a of {name}", query(name, {}, probe.tid(), a=7)) for name in ("ping", "find_node")),
        *((f"a of {name}", query(name, {}, probe.tid(), a=None)) for name in ("ping", "announce_peer", "put")),
        ("a dictionary as a of get_peers", query("get_peers", {}, probe.tid(), a=[])),
    ):
        answer = await probe.raw(data)
        probe.check(answer.kind is not Kind.REPLY, f"no reply to a query without {what}", answer.shown)
    await probe.lives("queries without method or arguments")


@case("5.09", WHERE, M, "A reply has r, a dictionary.")
async def reply_has_body(probe: Probe) -> None:
    for answer in await all_methods(probe):
        if answer.message.get(b"y") == b"r":
            r = answer.message.get(b"r")
            probe.check(isinstance(r, dict), "r, a dictionary", f"r is {'missing' if r is None else shown(r)}")


@case("5.10", WHERE, M, "An error has e, a list of an integer and a string.")
async def error_has_code(probe: Probe) -> None:
    answers = [await probe.ask(UNKNOWN), await probe.ask("find_node", {b"target": b"short"})]
    errors = [answer.message.get(b"e") for answer in answers if answer.kind is Kind.ERROR]
    if not errors:
        raise Skip(Why.NOTHING_SEEN)
    for e in errors:
        right = isinstance(e, list) and len(e) == 2 and type(e[0]) is int and type(e[1]) is bytes
        probe.check(right, "e, a list of an integer and a string", f"e is {'missing' if e is None else shown(e)}")


@case("5.11", f"{WHERE}, Errors", S, "Arguments that are missing or of the wrong type are answered with error 203.")
async def bad_arguments(probe: Probe) -> None:
    probe.refused(await probe.ask("ping", {b"id": None}), "a ping without id")
    probe.refused(await probe.ask("find_node", {b"target": 7}), "a find_node with an integer as target")
    probe.refused(await probe.ask("get_peers", {b"info_hash": [b"x"]}), "a get_peers with a list as info_hash")
    given = await token(probe, probe.rng.randbytes(20))
    answer = await probe.ask("announce_peer", {b"port": 7, b"token": given})
    probe.refused(answer, "an announce_peer without info_hash")


@case("5.12", f"{WHERE}, Errors", S, "An unknown method is answered with error 204.")
async def unknown_method(probe: Probe) -> None:
    probe.refused(await probe.ask(UNKNOWN), "an unknown method", (204,))


@case("5.13", "libtorrent's dht_extensions", O, "An unknown method with a target is answered like find_node.")
async def unknown_with_target(probe: Probe) -> None:
    answer = probe.reply(await probe.ask(UNKNOWN, {b"target": probe.rng.randbytes(20)}), "a reply with nodes")
    probe.check(probe.family.nodes_key in answer.r, "a reply with nodes", answer.shown)


@case("5.14", WHERE, M, "One query gets one datagram in reply, and no second one later.", waits=20.0)
async def one_reply(probe: Probe) -> None:
    tids = []
    for method, args in (("ping", {}), ("find_node", {b"target": probe.rng.randbytes(20)})):
        tids.append(probe.tid())
        await probe.ask(method, args, tid=tids[-1], tries=1)
    await probe.pause(20.0)
    for tid in tids:
        count = sum(read(packet.data).get(b"t") == tid for packet in probe.received())
        probe.check(count <= 1, "one datagram in reply within 20 s", f"there were {count}")


@case("5.15", WHERE, M, "The reply comes from the address and port that was asked.")
async def right_source(probe: Probe) -> None:
    await all_methods(probe)
    tids = {read(packet.data).get(b"t") for packet in probe.packets if packet.sent}
    for packet in probe.received():
        if packet.theirs != probe.target and read(packet.data).get(b"t") in tids:
            ip, port = packet.theirs
            raise Miss("a reply from the address that was asked", f"it came from {ip}:{port}")


@case("5.16", WHERE, M, "The reply goes to the source of the query, and to no address named inside it.")
async def right_destination(probe: Probe) -> None:
    other = probe.source(0, 1)
    ip, port = other.addr
    inside = {b"ip": pack_addr(other.addr), b"host": ip.encode(), b"port": port}
    await probe.ask("ping", inside, ip=pack_addr(other.addr))
    await probe.pause(1.0)
    found = probe.received(other)
    probe.check(not found, "nothing at an address named inside the query", f"{len(found)} datagrams came there")
    probe.check(probe.received(probe.source()), "a reply at the source of the query", "silence")


@case("5.17", WHERE, M, "Replies and errors are never answered.")
async def no_answer_to_answers(probe: Probe) -> None:
    tid, body = probe.tid(), {b"id": probe.id}
    probe.silent(await probe.raw(query("ping", {}, tid, q=None, a=None, y=b"r", r=body)), "a reply")
    probe.silent(await probe.raw(query("ping", {}, tid, q=None, a=None, y=b"e", e=[201, b"x"])), "an error")


@case("5.18", "robustness", H, "Unknown keys are ignored, in the message and among the arguments.")
async def unknown_keys(probe: Probe) -> None:
    probe.reply(await probe.ask("ping", {b"zz": b"1"}, zz=[1]), "a reply to a ping with unknown keys")


ODD = (
    ("unsorted keys", b"d1:y1:q1:t2:%b1:q4:ping1:ad2:id20:%bee"),
    ("a leading zero", b"d1:ad2:id20:%b1:xi01ee1:q4:ping1:t2:%b1:y1:qe"),
    ("minus zero", b"d1:ad2:id20:%b1:xi-0ee1:q4:ping1:t2:%b1:y1:qe"),
    ("a key twice", b"d1:ad2:id20:%b2:id20:%bee1:q4:ping1:t2:%b1:y1:qe"),
    ("a zero before a length", b"d1:ad2:id20:%b1:x03:abce1:q4:ping1:t2:%b1:y1:qe"),
)


def _filled(form: bytes, id: bytes, tid: bytes) -> bytes:
    first = form.index(b"%b")
    if form.startswith(b"d1:y"):
        return form % (tid, id)
    return form % ((id, id, tid) if form.count(b"%b") == 3 else (id, tid)) if first else form


@case("5.19", "robustness", H, "A query in bencode that is not canonical is answered or ignored.", needs=(Need.OWN,))
async def not_canonical(probe: Probe) -> None:
    for what, form in ODD:
        tid = probe.rng.randbytes(2)
        answer = await probe.raw(_filled(form, probe.id, tid))
        fits = not answer.data or answer.kind is Kind.ERROR or answer.message.get(b"t") == tid
        probe.check(fits, f"an ordinary answer or none to a query with {what}", answer.shown)
    await probe.lives("queries that are not canonical")


@case("5.20", "robustness", H, "A query with bytes behind its end is answered or ignored.", needs=(Need.OWN,))
async def bytes_behind(probe: Probe) -> None:
    for rest in (b"\0", b"e", b"garbage", bytes(100)):
        tid = probe.tid()
        answer = await probe.raw(query("ping", {b"id": probe.id}, tid) + rest)
        fits = not answer.data or answer.kind is Kind.ERROR or answer.message.get(b"t") == tid
        probe.check(fits, "an ordinary answer or none to a query with bytes behind it", answer.shown)
    await probe.lives("queries with bytes behind their end")


@case("5.21", "robustness", H, "Depth, length and size do no harm.", needs=(Need.OWN,))
async def deep_and_large(probe: Probe) -> None:
    ping = query("ping", {b"id": probe.id}, b"aa")
    deep = b"l" * 1000 + b"e" * 1000
    for data in (
        deep,
        ping.replace(b"1:ad", b"1:ad1:!" + deep),
        b"d1:a9999999999:",
        b"d1:a-5:x",
        b"i" + b"9" * 4000 + b"e",
        b"d" * 5000,
        bytes(65_507),
        query("ping", {b"id": probe.id, b"x": bytes(60_000)}, b"aa"),
    ):
        await probe.send(data)
    await probe.lives("deep, long and cut messages")
