"""What users ask for, end to end between cores: put, get and announce, and what happened at every node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dhtui.engine.core import Core
from dhtui.engine.items import MAX_SEQ, Draft, ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.questions import FindClosest, FindPeers
from dhtui.engine.operations.requests import Ask, Store
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.wire.bencode import Bencached, encode
from dhtui.engine.wire.compact import Addr, pack_addr
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.engine.wire.ids import distance
from dhtui.engine.wire.krpc import AnnouncePeer, Put, Query, encode_error
from dhtui.lookups.budget import Reason, budget
from dhtui.text.decisions import outcome_stop_words

from .network import Answer, Network, Puppet, into, silent, swarm

HELLO = encode(b"Hello World!")
OTHER_KEY = PrivateKey.from_seed(bytes(range(32)))


def signed(seq: int, v: bytes = HELLO, salt: bytes = b"") -> MutableItem:
    return sign(BEP44_TEST_KEY, v, seq, salt)


def body(item: Item) -> dict[bytes, Any]:
    """The body of a get response that carries an item."""
    if isinstance(item, ImmutableItem):
        return {b"v": Bencached(item.v), b"token": b"t", b"nodes": b""}
    return {b"v": Bencached(item.v), b"k": item.k, b"sig": item.sig, b"seq": item.seq, b"token": b"t", b"nodes": b""}


def holding(item: Item | None, on_put: Callable[[Query], Answer] | None = None) -> Callable[[Query], Answer]:
    """The answers of a store that holds an item, and takes every put unless `on_put` says otherwise."""

    def answer(query: Query) -> Answer:
        if query.method == "get":
            return body(item) if item else {b"token": b"t", b"nodes": b""}
        if query.method == "put" and on_put:
            return on_put(query)
        return {b"token": b"t"} if query.method == "get_peers" else {}

    return answer


def refusing(code: int) -> Callable[[Query], Answer]:
    return lambda query: encode_error(query.tid, code, "no", ("1.1.1.1", 1))


def stage(net: Network, *answers: Callable[[Query], Answer]) -> tuple[Core, list[Puppet]]:
    """A core that knows some puppets."""
    core, puppets = net.core(maintain=False), [net.puppet(answer) for answer in answers]
    net.meet(core, *puppets)
    return core, puppets


def puts(puppet: Puppet) -> list[Put]:
    return [query.args for query in puppet.queries if isinstance(query.args, Put)]


def status(outcome: Outcome, puppets: list[Puppet], *, writes: bool = False) -> list[Status]:
    """What happened at each puppet."""
    by_addr = {node.addr: node.status for node in (outcome.writes if writes else outcome.asked)}
    return [by_addr[puppet.addr] for puppet in puppets]


@pytest.fixture(scope="module")
def town() -> tuple[Network, list[Core]]:
    """24 cores that know each other."""
    net = Network()
    return net, swarm(net, 24)


def nearest(cores: list[Core], asker: Core, target: bytes) -> set[Addr]:
    others = sorted((core for core in cores if core is not asker), key=lambda core: distance(core.id, target))
    return {core.identity.bound for core in others[:8]}


# ---- end to end --------------------------------------------------------------------------------------


def test_bep44_immutable_put_and_get_between_cores(town: tuple[Network, list[Core]]) -> None:
    """BEP 44: stored at the 8 closest nodes, found by everybody."""
    net, cores = town
    item = ImmutableItem(HELLO)
    put = net.put(cores[3], item)
    assert put.action == "put" and put.target == item.target and put.item == item
    assert {node.addr for node in put.writes} == nearest(cores, cores[3], item.target)
    assert put.stored == 8 and outcome_stop_words(put) == "stored on 8 of 8 nodes"
    for asker in (cores[0], cores[3], cores[20]):
        assert net.get(asker, item).item == item


@pytest.mark.parametrize("salt", [b"", b"foobar"])
def test_bep44_mutable_put_update_and_get_between_cores(town: tuple[Network, list[Core]], salt: bytes) -> None:
    """BEP 44: each put takes the highest seq seen plus one, from 1; the newest is found, wherever it is asked for."""
    net, cores = town
    for seq, (writer, text) in enumerate(((2, b"one"), (9, b"two"), (2, b"three")), 1):
        draft = Draft(encode(text), BEP44_TEST_KEY, salt)
        put = net.put(cores[writer], draft)
        assert isinstance(put.item, MutableItem) and put.item.seq == seq and put.stored == 8
        assert put.highest_seen == (seq - 1 or None)
        got = net.get(cores[17], draft)
        assert got.item == put.item and got.highest_seen == seq


def test_bep5_announce_and_get_peers_between_cores(town: tuple[Network, list[Core]]) -> None:
    """BEP 5: announced peers are found, with how many nodes named each; port 0 is the port that packets come from."""
    net, cores = town
    infohash = net.rng.randbytes(20)
    first = net.announce(cores[1], infohash, 51413)
    second = net.announce(cores[2], infohash)
    assert first.stored == second.stored == 8 and first.action == "announce_peer"
    got = net.ask(cores[11], FindPeers(infohash))
    ips = [core.identity.bound[0] for core in cores]
    assert dict(got.peers).keys() == {(ips[1], 51413), (ips[2], 6881)}
    assert all(named >= 7 for _, named in got.peers), "by all 8, but for the asker itself"
    assert sum(node.status is Status.PEERS for node in got.asked) >= 8


def test_bep5_get_peers_goes_on_after_the_first_peers() -> None:
    """Peers do not end a lookup: the nodes nearest to the infohash know the most."""
    net = Network()
    peers: list[Addr] = [("7.7.7.7", port) for port in (1, 2, 3)]
    core, puppets = stage(net, *[holding(None)] * 3)
    for puppet, known in zip(puppets, (peers[:1], peers[:2], peers), strict=True):
        values = [pack_addr(peer) for peer in known]
        puppet.answer = lambda query, values=values: {b"values": values, b"token": b"t"}  # type: ignore[misc]
    outcome = net.ask(core, FindPeers(bytes(20)))
    assert outcome.peers == ((peers[0], 3), (peers[1], 2), (peers[2], 1))


# ---- tokens ------------------------------------------------------------------------------------------


def test_bep44_a_put_keeps_the_tokens_of_its_own_lookup() -> None:
    """Each node gets the token that it gave in this very lookup; it is not asked a second time."""
    net = Network()
    core, puppets = stage(net, *[holding(None)] * 4)
    for puppet in puppets:
        token = b"token of " + puppet.addr[0].encode()
        puppet.answer = lambda query, token=token: {b"token": token, b"nodes": b""}  # type: ignore[misc]
    outcome = net.put(core, ImmutableItem(HELLO))
    assert outcome.stored == 4
    for puppet in puppets:
        assert puppet.methods() == ["ping", "get", "put"]
        assert puts(puppet)[0].token == b"token of " + puppet.addr[0].encode()


def test_bep5_an_announce_keeps_the_tokens_of_its_own_lookup() -> None:
    """The same for announce_peer after get_peers."""
    net = Network()
    core, (puppet,) = stage(net, holding(None))
    assert net.announce(core, bytes(20), 80).stored == 1
    assert puppet.methods() == ["ping", "get_peers", "announce_peer"]
    args = puppet.queries[-1].args
    assert isinstance(args, AnnouncePeer) and (args.token, args.port) == (b"t", 80)


def test_bep44_a_node_without_a_token_is_not_written_to_and_told() -> None:
    """No token: nothing can be stored there, and the outcome says so."""
    net = Network()
    core, puppets = stage(net, holding(None), lambda query: {b"nodes": b""})
    outcome = net.put(core, ImmutableItem(HELLO))
    assert status(outcome, puppets, writes=True) == [Status.STORED, Status.NO_TOKEN]
    assert outcome_stop_words(outcome) == "stored on 1 of 2 nodes" and puts(puppets[1]) == []


# ---- cas and seq -------------------------------------------------------------------------------------


def test_bep44_cas_is_never_sent_to_a_node_without_a_value() -> None:
    """BEP 44: cas is only for nodes that showed a value; and only where the user asked for it."""
    net = Network()
    core, (full, empty) = stage(net, holding(signed(4)), holding(None))
    assert net.put(core, Draft(encode(b"new"), BEP44_TEST_KEY), cas=4).stored == 2
    assert (puts(full)[0].cas, puts(empty)[0].cas) == (4, None)
    net.put(core, Draft(encode(b"new"), BEP44_TEST_KEY))
    assert (puts(full)[1].cas, puts(empty)[1].cas) == (None, None)


def test_bep44_cas_0_is_a_cas() -> None:
    """cas 0 is set, as any other number is."""
    net = Network()
    core, (full,) = stage(net, holding(signed(0)))
    net.put(core, Draft(HELLO, BEP44_TEST_KEY), cas=0)
    assert puts(full)[0].cas == 0


@pytest.mark.parametrize("salt", [b"", b"n"])
def test_bep44_salt_is_only_sent_when_set(salt: bytes) -> None:
    """BEP 44: an empty salt is no salt."""
    net = Network()
    core, (store,) = stage(net, holding(None))
    net.put(core, Draft(HELLO, BEP44_TEST_KEY, salt))
    packet = net.queries(dest=store.addr, method="put")[0]
    assert puts(store)[0].salt == salt
    assert (b"4:salt" in packet.data) == bool(salt)
    assert b"3:cas" not in packet.data


def test_bep44_cas_mismatch_between_cores(town: tuple[Network, list[Core]]) -> None:
    """BEP 44: cas is compared with the stored seq; a mismatch is 301 at every node, and nothing changes."""
    net, cores = town
    draft = Draft(HELLO, OTHER_KEY)
    assert net.put(cores[0], draft).stored == 8
    lost = net.put(cores[0], Draft(encode(b"late"), OTHER_KEY), cas=7)
    assert {(node.status, node.code) for node in lost.writes} == {(Status.REFUSED, 301)}
    assert outcome_stop_words(lost) == "stored on 0 of 8 nodes"
    assert net.put(cores[0], Draft(encode(b"right"), OTHER_KEY), cas=1).stored == 8
    got = net.get(cores[2], draft)
    assert got.item is not None and got.item.v == encode(b"right")


def test_bep44_a_seq_too_low_is_refused_at_every_node(town: tuple[Network, list[Core]]) -> None:
    """BEP 44: a lower seq than the stored one is 302; the error's words are kept for every node."""
    net, cores = town
    for seq, wanted in ((5, {(Status.STORED, None)}), (4, {(Status.REFUSED, 302)})):
        put = net.put(cores[0], sign(OTHER_KEY, HELLO, seq, b"low"))
        assert {(node.status, node.code) for node in put.writes} == wanted
    assert all(node.message and node.error_words for node in put.writes)


def test_bep44_the_highest_valid_seq_wins() -> None:
    """Of several valid values the one with the highest seq is the result; the others are marked as older."""
    net = Network()
    core, puppets = stage(net, holding(signed(3)), holding(signed(7)), holding(None), holding(signed(5)))
    outcome = net.get(core, signed(0))
    assert outcome.item == signed(7) and outcome.highest_seen == 7
    assert status(outcome, puppets) == [Status.OLDER, Status.VALUE, Status.ANSWERED, Status.OLDER]


def test_bep44_highest_seen_plus_one() -> None:
    """A put without a seq takes the highest valid seq that any node showed, plus one; 1 where none was seen."""
    net = Network()
    core, (first, second) = stage(net, holding(signed(3)), holding(signed(41)))
    outcome = net.put(core, Draft(encode(b"next"), BEP44_TEST_KEY))
    assert isinstance(outcome.item, MutableItem) and outcome.item.seq == 42
    assert outcome.item.verify() and {puts(first)[0].seq, puts(second)[0].seq} == {42}
    core, (empty,) = stage(net, holding(None))
    net.put(core, Draft(HELLO, BEP44_TEST_KEY))
    assert puts(empty)[0].seq == 1


def test_bep44_a_liar_with_the_highest_seq_and_a_bad_signature_does_not_poison_the_next_seq() -> None:
    """seq 2^63-1 under a forged signature would end all updates, if it counted."""
    net = Network()
    forged = MutableItem(HELLO, BEP44_TEST_KEY.public, bytes(64), MAX_SEQ)
    core, puppets = stage(net, holding(forged), holding(signed(6)))
    got = net.get(core, signed(6))
    assert got.item == signed(6) and got.highest_seen == 6
    assert status(got, puppets) == [Status.BAD_SIGNATURE, Status.VALUE]
    put = net.put(core, Draft(encode(b"next"), BEP44_TEST_KEY))
    assert isinstance(put.item, MutableItem) and put.item.seq == 7


def test_bep44_a_bare_seq_without_a_value_does_not_poison_the_next_seq() -> None:
    """A number that nobody signed is worth nothing."""
    net = Network()
    core, _ = stage(net, lambda query: {b"seq": MAX_SEQ, b"token": b"t"}, holding(signed(6)))
    put = net.put(core, Draft(encode(b"next"), BEP44_TEST_KEY))
    assert isinstance(put.item, MutableItem) and put.item.seq == 7


def test_bep44_no_seq_is_left_above_the_highest() -> None:
    """A genuine item at 2^63-1: the put says why it can't be done and writes nothing."""
    net = Network()
    core, (store,) = stage(net, holding(signed(MAX_SEQ)))
    outcome = net.put(core, Draft(encode(b"next"), BEP44_TEST_KEY))
    assert outcome.stored == 0 and "sequence number" in outcome_stop_words(outcome) and puts(store) == []


# ---- republishing ------------------------------------------------------------------------------------


def test_bep44_302_with_the_same_seq_and_value_counts_as_already_there() -> None:
    """Some stores refuse the very item that they hold: who republishes has nevertheless succeeded."""
    net = Network()
    item = signed(3)
    core, puppets = stage(
        net,
        holding(item, refusing(302)),
        holding(signed(3, encode(b"another")), refusing(302)),
        holding(signed(9), refusing(302)),
        holding(None, refusing(302)),
        holding(item, refusing(301)),
    )
    outcome = net.put(core, item)
    assert status(outcome, puppets, writes=True) == [Status.STORED, *[Status.REFUSED] * 4]
    assert [node.note for node in outcome.writes if node.status is Status.STORED] == [Note(NoteKind.HELD)]


def test_bep44_302_counts_as_already_there_whatever_the_signature() -> None:
    """The same seq and value under another genuine signature of the same key is the same item still."""
    net = Network()
    other_form = PrivateKey.from_expanded(BEP44_TEST_KEY.secret[:32] + bytes(32))
    held = sign(other_form, HELLO, 3)
    item = signed(3)
    assert held.k == item.k and held.sig != item.sig and held.verify()
    core, puppets = stage(net, holding(held, refusing(302)))
    assert status(net.put(core, item), puppets, writes=True) == [Status.STORED]


def test_bep44_republishing_between_cores_is_accepted(town: tuple[Network, list[Core]]) -> None:
    """Equal seq and equal value: welcome at every node."""
    net, cores = town
    item = sign(OTHER_KEY, HELLO, 1, b"again")
    assert [net.put(cores[i], item).stored for i in (0, 5)] == [8, 8]


# ---- what is asked for -------------------------------------------------------------------------------


def test_bep44_newer_than_asks_stores_to_leave_old_values_out(town: tuple[Network, list[Core]]) -> None:
    """BEP 44: get with seq returns k, v and sig only for a higher seq; the stored seq is told all the same."""
    net, cores = town
    item = sign(OTHER_KEY, HELLO, 5, b"filter")
    net.put(cores[0], item)
    for newer_than, found in ((4, item), (5, None), (6, None)):
        got = net.get(cores[1], item, newer_than=newer_than)
        assert got.item == found
        assert [node.seq for node in got.closest if node.seq is not None] == [5] * 8
    assert net.queries(method="get")[-1].data.count(b"3:seqi6e") == 1


def test_bep44_at_least_takes_no_older_item() -> None:
    """An item below at_least is shown as what the node gave, and is not the result."""
    net = Network()
    core, puppets = stage(net, holding(signed(3)), holding(signed(5)))
    assert net.get(core, signed(3), at_least=5).item == signed(5)
    outcome = net.get(core, signed(3), at_least=6)
    assert outcome.item is None and outcome.highest_seen == 5
    assert status(outcome, puppets) == [Status.OLDER, Status.VALUE]
    assert net.get(core, signed(3), at_least=6, remotes=[puppet.addr for puppet in puppets]).item is None


# ---- what is genuine ---------------------------------------------------------------------------------


BAD_MUTABLE: dict[str, tuple[dict[bytes, Any], Status]] = {
    "another value": (body(signed(1)) | {b"v": b"another"}, Status.BAD_SIGNATURE),
    "another seq": (body(signed(1)) | {b"seq": 2}, Status.BAD_SIGNATURE),
    "a negative seq": (body(signed(1)) | {b"seq": -1}, Status.BAD_SIGNATURE),
    "no seq": ({key: value for key, value in body(signed(1)).items() if key != b"seq"}, Status.BAD_SIGNATURE),
    "a forged signature": (body(signed(1)) | {b"sig": bytes(64)}, Status.BAD_SIGNATURE),
    "a short signature": (body(signed(1)) | {b"sig": bytes(63)}, Status.BAD_VALUE),
    "no signature": ({key: value for key, value in body(signed(1)).items() if key != b"sig"}, Status.BAD_VALUE),
    "another key": (body(sign(OTHER_KEY, HELLO, 1)), Status.BAD_VALUE),
    "another salt": (body(signed(1, salt=b"salt")), Status.BAD_SIGNATURE),
    "an immutable value": (body(ImmutableItem(HELLO)), Status.BAD_VALUE),
    "too long a value": (body(signed(1)) | {b"v": bytes(997)}, Status.BAD_VALUE),
}


@pytest.mark.parametrize("what", BAD_MUTABLE)
def test_bep44_a_bad_value_is_shown_as_failed_and_never_as_a_value(what: str) -> None:
    """BEP 44 client: key and salt hash to the target and the signature holds, or there is no item."""
    net = Network()
    answer, wanted = BAD_MUTABLE[what]
    core, puppets = stage(net, lambda query: {} if query.method == "ping" else answer)
    found: list[object] = []
    outcome = net.get(core, signed(1), on_found=found.append)
    assert status(outcome, puppets) == [wanted]
    assert outcome.item is None and outcome.highest_seen is None and found == []
    assert all(node.item is None and node.note for node in outcome.asked)


@pytest.mark.parametrize(
    "answer",
    [
        body(ImmutableItem(encode(b"another"))),
        body(signed(1, encode(b"signed"))),
        body(ImmutableItem(encode(b"Hello World!!"))) | {b"seq": 1},
    ],
    ids=["another value", "a mutable item", "another value with a seq"],
)
def test_bep44_an_immutable_value_must_hash_to_the_target(answer: dict[bytes, Any]) -> None:
    """BEP 44 client: sha1(v) is the target, or it is a bad value; the lookup goes on to a good one."""
    net = Network()
    item = ImmutableItem(HELLO)
    core, puppets = stage(net, lambda query: {} if query.method == "ping" else answer, holding(item))
    net.slow[puppets[1].addr] = 0.2
    outcome = net.get(core, item)
    assert outcome.item == item and status(outcome, puppets) == [Status.BAD_VALUE, Status.VALUE]


def test_bep44_an_answer_that_is_not_canonical_gives_no_value() -> None:
    """Checked is what was signed, byte for byte: an answer with unsorted keys can't be trusted to be that."""
    net = Network()
    core, (puppet,) = stage(net, holding(None))

    def unsorted(query: Query) -> bytes:
        return b"d1:rd1:v%b2:id20:%be1:t4:%b1:y1:re" % (HELLO, puppet.id, query.tid)

    puppet.answer = unsorted
    outcome = net.get(core, ImmutableItem(HELLO))
    assert outcome.item is None and status(outcome, [puppet]) == [Status.BAD_VALUE]


def test_bep44_a_value_of_any_bencode_type_is_kept_byte_for_byte(town: tuple[Network, list[Core]]) -> None:
    """BEP 44: integers, lists, dictionaries and strings, up to 1000 bytes bencoded."""
    net, cores = town
    values: list[Any] = [0, -5, [1, [b"x"]], {b"a": {b"b": []}}, b"", b"\x00\xff" * 498]
    for value in values:
        item = ImmutableItem(encode(value))
        assert len(item.v) <= 1000 and net.put(cores[0], item).stored == 8
        assert net.get(cores[1], item).item == item


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (ImmutableItem(encode(bytes(997))), "1001 bytes"),
        (ImmutableItem(b"i 1e"), "unusable"),
        (Draft(HELLO, BEP44_TEST_KEY, bytes(65)), "salt"),
        (Draft(HELLO, BEP44_TEST_KEY, seq=-1), "sequence number"),
        (MutableItem(HELLO, BEP44_TEST_KEY.public, bytes(64), 1), "signature"),
    ],
    ids=["too long", "not canonical", "long salt", "negative seq", "bad signature"],
)
def test_bep44_what_no_node_should_store_is_never_sent(what: ImmutableItem | Draft | MutableItem, words: str) -> None:
    """Refused by ourselves, with the reason, before a put goes out."""
    net = Network()
    core, (store,) = stage(net, holding(None))
    outcome = net.put(core, what)
    assert puts(store) == [] and outcome.stored == 0 and outcome.item is None
    assert words in outcome_stop_words(outcome)


# ---- named nodes -------------------------------------------------------------------------------------


def test_remotes_just_those_nodes_are_asked() -> None:
    """With remotes: one query each, to nobody else, and every one is accounted for."""
    net = Network()
    core, puppets = stage(net, holding(signed(1)), holding(signed(2)), silent, refusing(202))
    chosen = [net.puppet(holding(signed(3))), puppets[0], net.puppet(silent), net.puppet(refusing(202))]
    outcome = net.get(core, signed(1), remotes=[puppet.addr for puppet in chosen])
    wanted = [Status.VALUE, Status.OLDER, Status.TIMED_OUT, Status.REFUSED]
    assert status(outcome, chosen) == wanted and [node.addr for node in outcome.asked] == [p.addr for p in chosen]
    assert outcome.item == signed(3) and outcome.stopped is StopReason.NAMED_ASKED
    assert puppets[1].methods() == ["ping"]


def test_remotes_a_put_asks_for_a_token_and_writes() -> None:
    """With remotes a put is get and put at just those nodes; silent ones are told as such."""
    net = Network()
    core = net.core()
    chosen = [net.puppet(holding(None)), net.puppet(silent), net.puppet(refusing(203))]
    outcome = net.put(core, ImmutableItem(HELLO), remotes=[puppet.addr for puppet in chosen])
    assert status(outcome, chosen, writes=True) == [Status.STORED, Status.TIMED_OUT, Status.REFUSED]
    assert chosen[0].methods() == ["get", "put"] and chosen[1].methods() == ["get"]
    assert outcome_stop_words(outcome) == "stored on 1 of 3 nodes"


def test_remotes_a_node_named_twice_is_asked_once() -> None:
    """The same address twice is one node."""
    net = Network()
    puppet = net.puppet()
    assert len(net.ping(net.core(), puppet.addr, puppet.addr).asked) == 1 and len(puppet.queries) == 1


def test_remotes_nobody_named_is_nobody_asked() -> None:
    """An empty list asks nobody, and ends at once."""
    net = Network()
    outcome = net.ping(net.core())
    assert outcome.asked == () and net.packets == []


# ---- writes that fail --------------------------------------------------------------------------------


def test_every_write_tells_what_happened() -> None:
    """Stored, refused with its code, timed out: node by node, nearest first."""
    net = Network()
    changer = [b""]
    core, puppets = stage(
        net,
        holding(None),
        holding(None, refusing(205)),
        holding(None, silent),
        holding(None, lambda query: {b"id": changer[0]}),
    )
    changer[0] = bytes(20)
    outcome = net.put(core, ImmutableItem(HELLO))
    assert status(outcome, puppets, writes=True) == [
        Status.STORED,
        Status.REFUSED,
        Status.TIMED_OUT,
        Status.WRONG_ID,
    ]
    puppets.sort(key=lambda puppet: distance(puppet.id, ImmutableItem(HELLO).target))
    assert [node.addr for node in outcome.writes] == [puppet.addr for puppet in puppets]
    assert outcome_stop_words(outcome) == "stored on 1 of 4 nodes"


@pytest.mark.parametrize("known", [True, False])
def test_a_put_that_reaches_nobody_says_so(known: bool) -> None:
    """Nobody answers, or nobody is known: nothing is stored, and why."""
    net = Network()
    core, puppets = stage(net, *[holding(None)] * known)
    for puppet in puppets:
        net.dead.add(puppet.addr)
    outcome = net.put(core, ImmutableItem(HELLO))
    assert outcome.writes == () and outcome.stored == 0
    assert outcome.stopped is (StopReason.NOBODY_ANSWERED if known else StopReason.NOBODY_TO_ASK)


@pytest.mark.parametrize("after", [0.01, 0.05], ids=["during the lookup", "during the writes"])
def test_a_cancelled_put_stops_and_tells_nobody(after: float) -> None:
    """Cancelling a write ends its lookup and its writes: nothing more goes out."""
    net = Network()
    core, _ = stage(net, *[holding(None)] * 12)
    done: list[Outcome] = []
    operation = core.start(Store(ImmutableItem(HELLO)), into(done), net.now)
    net.after(core)
    net.run(after)
    before = len(net.queries(source=core.identity.bound))
    core.cancel(operation, net.now)
    net.run(20.0)
    assert done == [] and len(net.queries(source=core.identity.bound)) == before
    assert all(not view.running for view in core.snapshot(net.now).lookups)


# ---- what waits for its turn ----------------------------------------------------------------------------


def test_lookups_that_wait_for_their_turn_are_shown_and_can_be_stopped() -> None:
    """With their places; of their time all has passed with waiting."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    node = net.puppet()
    net.meet(core, node)
    node.answer = silent
    done: list[Outcome] = []
    for n in range(60):
        core.start(Ask(FindClosest(bytes(19) + bytes([n]))), into(done), net.now)
    net.after(core)
    net.run(0.5)
    snapshot = core.snapshot(net.now)
    waiting = [view for view in snapshot.lookups if view.place]
    assert [view.place for view in waiting] == list(range(1, 17)), "as many as are shown"
    assert snapshot.waiting == 60 - sum(view.running and not view.place for view in snapshot.lookups)
    assert all(view.running and view.elapsed == 0.5 and not view.asked for view in waiting)
    detail = core.lookup(waiting[4].number, net.now)
    assert detail is not None and detail.view == waiting[4]
    assert [(part.reason, part.seconds) for part in budget(detail)] == [(Reason.TURN, 0.5)]
    assert core.stop_lookup(waiting[0].number, net.now)
    (stopped,) = done
    assert not stopped.complete and stopped.target == waiting[0].target and not stopped.asked
    after = core.snapshot(net.now)
    assert after.waiting == snapshot.waiting - 1
    assert [view.number for view in after.lookups if view.place == 1] == [waiting[1].number]
    net.run(600.0)
    assert len(done) == 60 and not core.snapshot(net.now).waiting
