"""BEP 32 (IPv6) and BEP 45 (several addresses)."""

from __future__ import annotations

from typing import Final

from .rule import ELSEWHERE, Rule

BEP32: Final = (
    Rule(
        "32.01",
        "M",
        "engine/wire/family.py",
        ("engine/wire/test_family.py::test_a_string_of_nodes_is_read_by_its_family",),
        says="Nodes of IPv4 and of IPv6 are in tables of their own, and stand in strings of their own.",
        note="It takes a node with both families.",
    ),
    Rule(
        "32.02",
        "S",
        ELSEWHERE,
        says="A node has one id for both families.",
        note="BEP 42, which is newer, asks for an id that fits each address: a node of both families has two here.",
    ),
    Rule(
        "32.03",
        "M",
        "engine/server.py",
        ("engine/test_server.py::test_no_reply_is_longer_than_the_limit_says",),
        note="A value of up to 1000 bytes with its key and signature (BEP 44) fits no such limit; all else does.",
    ),
    Rule(
        "32.04",
        "M",
        "engine/wire/krpc.py",
        (
            "engine/wire/test_wire_krpc.py::test_a_query_has_at_most_2048_bytes",
            "engine/wire/test_wire_krpc.py::test_a_response_has_at_most_16_kib",
        ),
    ),
    Rule(
        "32.05",
        "S",
        ELSEWHERE,
        says="A socket of IPv6 is bound to one global unicast address.",
        note="A stranger sees one address of a node.",
    ),
    Rule(
        "32.06",
        "S",
        ELSEWHERE,
        says="An address of Teredo is not used where there is another.",
        note="A stranger sees one address of a node.",
    ),
    Rule("32.07", "M", "engine/wire/family.py", ("engine/wire/test_family.py::test_bep5_and_bep32_lengths_and_keys",)),
    Rule(
        "32.08",
        "S",
        "engine/store.py",
        ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",),
        says="A list of peers has one family; without `want` it is that of the query.",
        note="It takes a node with both families.",
    ),
    Rule(
        "32.09",
        "M",
        "engine/wire/methods.py",
        says="A list of peers that mixes both families is read.",
        note="No stranger can make a node look for peers.",
    ),
    Rule("32.10", "M", "engine/wire/family.py", ("engine/wire/test_family.py::test_bep5_and_bep32_lengths_and_keys",)),
    Rule("32.11", "S", "engine/server.py"),
    Rule(
        "32.12", "S", "engine/server.py", ("engine/test_server.py::test_replies_carry_the_8_closest_nodes_and_no_more",)
    ),
    Rule(
        "32.13",
        "M",
        "engine/wire/methods.py",
        (
            "engine/wire/test_wire_krpc.py::test_queries_of_bep5_and_bep44",
            "engine/test_answers.py::test_32_13_32_14_a_want_that_says_nothing_is_as_none",
        ),
    ),
    Rule(
        "32.14",
        "H",
        "engine/wire/methods.py",
        ("engine/test_answers.py::test_32_13_32_14_a_want_that_says_nothing_is_as_none",),
    ),
    Rule(
        "32.15",
        "S",
        "engine/server.py",
        ("engine/test_answers.py::test_32_15_want_does_not_decide_which_peers_are_given",),
    ),
    Rule("32.16", "S", "engine/server.py", ("engine/test_server.py::test_get_peers_gives_nodes_beside_values",)),
    Rule("32.17", "M", "engine/store.py"),
    Rule(
        "32.18",
        "S",
        "engine/upkeep/bootstrap.py",
        says="A node of both families asks for nodes of both when it starts.",
        note="It takes both families, and what a node does when it starts.",
    ),
    Rule(
        "32.19",
        "S",
        "engine/upkeep/bootstrap.py",
        says="Later it asks for those of the family at hand, and now and then for the other.",
        note="It takes both families, and what a node does when it starts.",
    ),
    Rule(
        "32.20",
        "M",
        ELSEWHERE,
        says="The message PORT tells of the family that it comes over.",
        note="Of the BitTorrent protocol over TCP, which this program does not speak.",
    ),
)
BEP45: Final = (
    Rule(
        "45.01",
        "M",
        "engine/node.py",
        says="Each address of a node has an id of its own.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.02",
        "M",
        "engine/node.py",
        says="These ids differ in their first bits.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.03",
        "M",
        "engine/endpoint.py",
        says="A response leaves by the socket that the query came to.",
        note="A node has one socket, and one address, for each family. 5.15 shows it.",
    ),
    Rule(
        "45.04",
        "M",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep44_a_put_keeps_the_tokens_of_its_own_lookup",),
        says="A token is used from the socket that it was given to.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.05",
        "S",
        ELSEWHERE,
        says="Several sockets do not look up one target at the same time.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.06",
        "S",
        ELSEWHERE,
        says="A node does not take several ports of one address.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.07",
        "S",
        ELSEWHERE,
        says="A socket is not bound to all addresses at once.",
        note="A node of IPv4 is, by default: the system chooses the address then; `--listen` binds one.",
    ),
    Rule(
        "45.08",
        "S",
        ELSEWHERE,
        says="Of the addresses in one /64 a node takes one, a temporary one first.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.09",
        "S",
        "options/flags.py",
        ("options/test_config.py::test_values_that_are_accepted",),
        says="The user can choose the addresses.",
        note="It is for the user to see.",
    ),
    Rule(
        "45.10",
        "O",
        "engine/unresponsive.py",
        ("engine/lookup/test_lookup.py::test_an_outage_of_our_own_makes_nobody_silent",),
        says="While the network is gone, silence counts against no node.",
        note="It takes a network that goes away.",
    ),
    Rule(
        "45.11",
        "S",
        ELSEWHERE,
        says="The lookup of an id goes out by the socket whose id it is.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.12",
        "O",
        ELSEWHERE,
        says="A node that shows different ids to different sockets may lose its place.",
        note="A node has one socket, and one address, for each family.",
    ),
    Rule(
        "45.13",
        "S",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep5_an_announce_keeps_the_tokens_of_its_own_lookup",),
        says="Each socket announces with tokens of its own.",
        note="A node has one socket, and one address, for each family.",
    ),
)
