"""BEP 42 (ids that fit addresses) and BEP 43 (read-only nodes)."""

from __future__ import annotations

from typing import Final

from .rule import Rule

BEP42: Final = (
    Rule(
        "42.01",
        "M",
        "engine/wire/ids.py",
        (
            "engine/wire/test_wire_ids.py::test_bep42_vectors",
            "engine/wire/test_wire_ids.py::test_bep42_ids_that_we_make_are_valid",
        ),
    ),
    Rule(
        "42.02",
        "M",
        "engine/wire/family.py",
        ("engine/wire/test_family.py::test_bep42_of_ipv6_looks_at_the_first_8_bytes_masked",),
    ),
    Rule(
        "42.03",
        "M",
        "engine/wire/ids.py",
        ("engine/wire/test_wire_ids.py::test_bep42_vectors",),
        says="A tester's own computation gives the five published ids.",
        note="It is about a tester: `tests/engine/wire/test_wire_ids.py` holds it for this one.",
    ),
    Rule(
        "42.04",
        "M",
        "engine/wire/ids.py",
        (
            "engine/wire/test_wire_ids.py::test_bep42_exempts_local_networks",
            "engine/test_identity.py::test_bep42_local_addresses_are_exempt",
        ),
    ),
    Rule(
        "42.05",
        "S",
        "engine/wire/krpc.py",
        ("engine/test_server.py::test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address",),
    ),
    Rule(
        "42.06",
        "M",
        "engine/wire/krpc.py",
        ("engine/test_server.py::test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address",),
    ),
    Rule(
        "42.07",
        "M",
        "engine/wire/krpc.py",
        ("engine/wire/test_wire_krpc.py::test_every_answer_tells_the_receiver_its_address",),
    ),
    Rule(
        "42.08",
        "M",
        "engine/traffic/serving.py",
        ("engine/test_identity.py::test_bep42_service_is_never_refused_to_an_id_that_does_not_fit",),
    ),
    Rule(
        "42.09",
        "S",
        "engine/upkeep/identity.py",
        ("engine/test_identity.py::test_bep42_a_changed_address_gives_a_new_id_and_keeps_the_table",),
        says="Told by many that its address is another one, a node takes a new id that fits.",
        note="It takes a network of ours on public addresses, and half an hour.",
    ),
    Rule(
        "42.10",
        "S",
        "engine/upkeep/identity.py",
        ("engine/test_identity.py::test_bep42_a_liar_does_not_move_our_id",),
        says="Told so by one alone, it keeps its id.",
        note="It takes a network of ours on public addresses, and half an hour.",
    ),
    Rule(
        "42.11",
        "M",
        "engine/lookup/candidates.py",
        (
            "engine/lookup/test_lookup.py::test_bep42_enforced_hosts_and_candidates_with_ids_that_do_not_fit_do_not_count",
        ),
        says="Where ids are enforced, nothing is stored on a node whose id does not fit its address.",
        note="No stranger can make a node look something up or store something.",
    ),
    Rule(
        "42.12",
        "M",
        "engine/lookup/candidates.py",
        (
            "engine/lookup/test_lookup.py::test_bep42_ids_that_do_not_fit_are_at_most_three_of_the_closest_and_none_where_that_is_enforced",
        ),
        says="Where ids are enforced, answers of nodes whose ids do not fit end no lookup.",
        note="No stranger can make a node look something up or store something.",
    ),
    Rule(
        "42.13",
        "O",
        "engine/lookup/candidates.py",
        (
            "engine/lookup/test_lookup.py::test_bep42_ids_that_do_not_fit_are_at_most_three_of_the_closest_and_none_where_that_is_enforced",
        ),
        says="In the time of transition, nodes whose ids do not fit may be stored on beside those whose ids do.",
        note="No stranger can make a node look something up or store something.",
    ),
    Rule(
        "42.14",
        "H",
        "engine/defence/guard.py",
        (
            "engine/wire/test_wire_krpc.py::test_bep42_ip_is_an_address_or_nothing",
            "engine/defence/test_guard.py::test_bep42_vote_local_voters_can_not_tell_a_public_address",
        ),
        says="An `ip` of a wrong length, or that is private or multicast, counts for nothing.",
        note="It takes a network of ours on public addresses, and half an hour.",
    ),
)
BEP43: Final = (
    Rule(
        "43.01",
        "M",
        "engine/wire/krpc.py",
        (
            "engine/wire/test_wire_krpc.py::test_bep43_ro_is_absent_unless_read_only",
            "engine/test_identity.py::test_read_only_until_we_know_that_strangers_reach_us",
        ),
        says="A read-only node marks each of its queries with `ro` 1, beside `a`.",
        note="Whether a node is read-only can not be told from outside: it is silent.",
    ),
    Rule(
        "43.02",
        "M",
        "engine/traffic/serving.py",
        ("engine/test_server.py::test_bep43_a_read_only_node_answers_nothing",),
        says="A read-only node answers no query.",
        note="A node that answers is not read-only, and one that does not can not be tested.",
    ),
    Rule(
        "43.03",
        "S",
        "engine/traffic/serving.py",
        ("engine/test_table.py::test_bep43_a_read_only_querier_is_never_pinged_nor_admitted",),
    ),
    Rule(
        "43.04",
        "S",
        "engine/traffic/serving.py",
        ("engine/test_server.py::test_bep43_a_read_only_querier_is_answered_but_not_pinged",),
    ),
    Rule("43.05", "M", "engine/wire/krpc.py", ("engine/wire/test_wire_krpc.py::test_bep43_ro_is_read_at_top_level",)),
    Rule(
        "43.06",
        "S",
        "engine/traffic/serving.py",
        ("engine/test_server.py::test_bep43_a_read_only_querier_is_answered_but_not_pinged",),
    ),
)
