"""The table of RPC methods: what follows from it, and that no method is missing where it has to be named."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.lookup.questions import LOOKUP_KINDS, QUESTIONS
from dhtui.engine.server import Server
from dhtui.engine.store import ItemStore, PeerStore, Tokens
from dhtui.engine.table import Table
from dhtui.engine.views.counters import Counters
from dhtui.engine.wire.krpc import Query, RefusedQuery, encode_query, parse
from dhtui.engine.wire.methods import BY_ARGS, METHODS, WRITES, Args, Method, about, is_write, target_of
from dhtui.packets.fields import ARGUMENTS, VALUES
from dhtui.packets.terms import TERMS

OWN = bytes(20)
each = pytest.mark.parametrize("row", METHODS.values(), ids=METHODS)


def example(row: Method) -> Args:
    """Arguments of a method, read from every key that there is."""
    body = {
        b"id": b"i" * 20,
        b"info_hash": b"h" * 20,
        b"k": b"k" * 32,
        b"port": 6881,
        b"seq": 1,
        b"sig": b"s" * 64,
        b"target": b"t" * 20,
        b"token": b"token",
        b"v": b"value",
    }
    return row.read(body, True)


@each
def test_what_is_written_is_read(row: Method) -> None:
    args = example(row)
    name, data = encode_query(b"aa", args, False)
    query = parse(data)
    assert isinstance(query, Query) and type(query.args) is row.args
    assert (name, query.method, query.args) == (row.name, row.name, args)
    assert BY_ARGS[row.args] is row


@each
def test_a_target_has_20_bytes_and_a_name_for_what_it_is(row: Method) -> None:
    target = target_of(example(row))
    assert (target is None) == (not row.about)
    assert target is None or len(target) == 20
    assert about(row.name) == row.about


@each
def test_the_server_answers_every_method(row: Method) -> None:
    """With a body, or where its token does not hold with an error: but it has a handler."""
    rng = Random(1)
    server = Server(Table(OWN, 0.0, rng=rng), Tokens(bytes(32)), PeerStore(OWN), ItemStore(OWN), rng)
    query = parse(encode_query(b"aa", example(row), False)[1])
    assert isinstance(query, Query)
    try:
        assert b"id" in server.answer(query, ("192.0.2.1", 6881), 0.0)
    except RefusedQuery as refusal:
        assert row.args in WRITES and refusal.reason == "bad token"


@each
def test_writes_are_what_asks_for_a_token(row: Method) -> None:
    assert is_write(row.name) == ("token" in row.args._fields) == (row.args in WRITES)
    assert row.stores is None or row.stores(example(row)) in ("peer", "immutable", "mutable")


@each
def test_counters_filters_and_names_of_keys_follow(row: Method) -> None:
    assert row.name in Counters(0.0).methods
    assert row.name in TERMS["method"].values
    assert row.write(example(row)).keys() <= ARGUMENTS.keys()
    assert row.answer is None or set(row.answer.keys) <= VALUES.keys()


def test_a_method_that_is_not_known_is_about_a_target_and_stores_nothing() -> None:
    assert about("sample_infohashes") == "target" and not is_write("user")


def test_there_is_a_question_for_each_method_that_reads() -> None:
    """Of the methods with a target, as lookups too."""
    reading = [row for row in METHODS.values() if not row.stores]
    assert list(QUESTIONS) == [row.name for row in reading]
    assert list(LOOKUP_KINDS) == [row.name for row in reading if row.about]
    assert all(question.kind == name for name, question in QUESTIONS.items())
