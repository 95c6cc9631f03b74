"""BEP 5: the rules of the base protocol."""

from __future__ import annotations

from typing import Final

from .rule import ELSEWHERE, Rule

BEP5: Final = (
    Rule(
        "5.01", "M", "engine/wire/krpc.py", ("engine/wire/test_wire_krpc.py::test_what_is_no_krpc_message_is_dropped",)
    ),
    Rule(
        "5.02",
        "M",
        "engine/wire/bencode.py",
        ("engine/wire/test_wire_bencode.py::test_the_encoder_sorts_keys_and_inserts_what_is_bencoded_already",),
    ),
    Rule(
        "5.03",
        "M",
        "engine/wire/krpc.py",
        ("engine/wire/test_wire_krpc.py::test_a_transaction_id_is_a_string_of_1_to_20_bytes",),
    ),
    Rule(
        "5.04",
        "M",
        "engine/wire/krpc.py",
        (
            "engine/test_server.py::test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address",
            "engine/wire/test_wire_krpc.py::test_transaction_ids_of_other_clients_are_understood",
        ),
    ),
    Rule(
        "5.05", "M", "engine/wire/krpc.py", ("engine/wire/test_wire_krpc.py::test_what_is_no_krpc_message_is_dropped",)
    ),
    Rule(
        "5.06",
        "S",
        "engine/wire/krpc.py",
        ("engine/test_server.py::test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address",),
    ),
    Rule(
        "5.07",
        "M",
        "engine/wire/krpc.py",
        ("engine/wire/test_wire_krpc.py::test_the_version_is_kept_where_it_is_a_short_string",),
    ),
    Rule(
        "5.08",
        "M",
        "engine/wire/krpc.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_query_without_arguments_or_method",),
    ),
    Rule(
        "5.09",
        "M",
        "engine/wire/krpc.py",
        (
            "engine/wire/test_wire_krpc.py::test_a_response_needs_a_20_byte_id",
            "engine/wire/test_vectors.py::test_bep5_packets_are_answered",
        ),
    ),
    Rule(
        "5.10",
        "M",
        "engine/wire/krpc.py",
        (
            "engine/wire/test_vectors.py::test_bep5_error_packet",
            "engine/wire/test_wire_krpc.py::test_errors_of_any_shape_are_read",
        ),
    ),
    Rule(
        "5.11",
        "S",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule(
        "5.12",
        "S",
        "engine/wire/methods.py",
        (
            "engine/wire/test_wire_krpc.py::test_error_204_for_an_unknown_method",
            "engine/test_server.py::test_unknown_methods",
        ),
    ),
    Rule(
        "5.13",
        "O",
        "engine/wire/methods.py",
        (
            "engine/wire/test_wire_krpc.py::test_an_unknown_method_with_a_target_is_a_find_node",
            "engine/test_server.py::test_unknown_methods",
        ),
    ),
    Rule(
        "5.14",
        "M",
        "engine/traffic/serving.py",
        ("engine/test_answers.py::test_5_14_a_query_gets_one_datagram_and_nothing_later",),
    ),
    Rule("5.15", "M", "engine/endpoint.py", ("engine/test_endpoint.py::test_datagrams_keep_their_order_and_distance",)),
    Rule(
        "5.16",
        "M",
        "engine/traffic/serving.py",
        ("engine/test_server.py::test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address",),
    ),
    Rule(
        "5.17",
        "M",
        "engine/traffic/answers.py",
        (
            "engine/defence/test_hostile.py::test_killer_answers",
            "engine/test_queries.py::test_defence_an_answer_counts_once",
        ),
    ),
    Rule("5.18", "H", "engine/wire/methods.py", ("engine/wire/test_wire_krpc.py::test_queries_of_bep5_and_bep44",)),
    Rule(
        "5.19",
        "H",
        "engine/wire/bencode.py",
        (
            "engine/test_server.py::test_a_non_canonical_query_is_answered_but_a_put_gets_203",
            "engine/wire/test_wire_bencode.py::test_sloppy_bencode_is_refused",
        ),
    ),
    Rule(
        "5.20",
        "H",
        "engine/wire/krpc.py",
        (
            "engine/test_what_is_known.py::test_bytes_behind_an_answer_are_told_as_that",
            "engine/defence/test_hostile.py::test_killer_queries",
        ),
    ),
    Rule(
        "5.21",
        "H",
        "engine/wire/bencode.py",
        (
            "engine/wire/test_wire_bencode.py::test_the_worst_datagram_costs_milliseconds",
            "engine/wire/test_wire_bencode.py::test_nesting_ends_at_depth_32",
        ),
    ),
    Rule(
        "5.22",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_what_we_ask_is_what_we_would_understand",),
    ),
    Rule("5.23", "M", "engine/server.py", ("engine/wire/test_methods.py::test_the_server_answers_every_method",)),
    Rule(
        "5.24",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule(
        "5.25",
        "M",
        "engine/upkeep/identity.py",
        ("engine/test_answers.py::test_5_25_5_26_whoever_asks_for_whatever_meets_one_id",),
    ),
    Rule(
        "5.26",
        "M",
        "engine/server.py",
        ("engine/test_answers.py::test_5_25_5_26_whoever_asks_for_whatever_meets_one_id",),
    ),
    Rule(
        "5.27",
        "M",
        "engine/upkeep/identity.py",
        ("engine/test_node.py::test_a_seed_makes_ids_repeatable_and_none_makes_them_random",),
        says="Without a saved state the id is random.",
        note="It takes two starts of the node.",
    ),
    Rule(
        "5.28",
        "S",
        "engine/traffic/serving.py",
        (
            "engine/test_server.py::test_a_query_under_our_own_id_is_dropped",
            "engine/test_table.py::test_our_own_id_never_enters",
        ),
    ),
    Rule("5.29", "M", "engine/server.py", ("engine/wire/test_vectors.py::test_bep5_packets_are_answered",)),
    Rule("5.30", "M", "engine/server.py", ("engine/test_server.py::test_an_empty_table_gives_an_empty_nodes_string",)),
    Rule(
        "5.31", "M", "engine/table.py", ("engine/test_server.py::test_replies_carry_the_8_closest_nodes_and_no_more",)
    ),
    Rule(
        "5.32",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule(
        "5.33", "M", "engine/server.py", ("engine/test_server.py::test_replies_carry_the_8_closest_nodes_and_no_more",)
    ),
    Rule("5.34", "M", "engine/wire/compact.py", ("engine/wire/test_wire_compact.py::test_bep5_a_node_is_26_bytes",)),
    Rule(
        "5.35",
        "H",
        "engine/server.py",
        (
            "engine/families/test_rules.py::test_5_35_a_public_asker_is_told_no_private_address",
            "engine/lookup/test_lookup.py::test_referrals_to_unusable_addresses_are_ignored",
        ),
    ),
    Rule(
        "5.36",
        "H",
        "engine/table.py",
        (
            "engine/test_table.py::test_one_node_per_ip",
            "engine/test_table.py::test_an_id_is_held_at_one_address_only",
            "engine/test_table.py::test_our_own_id_never_enters",
        ),
    ),
    Rule("5.37", "M", "engine/store.py", ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",)),
    Rule(
        "5.38", "M", "engine/server.py", ("engine/test_server.py::test_replies_carry_the_8_closest_nodes_and_no_more",)
    ),
    Rule("5.39", "M", "engine/server.py", ("engine/test_tokens.py::test_tokens_are_given_by_get_peers_and_get_only",)),
    Rule("5.40", "S", "engine/store.py", ("engine/test_tokens.py::test_a_token_has_8_bytes_and_is_accepted_back",)),
    Rule(
        "5.41",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule("5.42", "H", "engine/server.py", ("engine/test_server.py::test_get_peers_gives_nodes_beside_values",)),
    Rule(
        "5.43",
        "H",
        "engine/server.py",
        ("engine/test_server.py::test_the_longest_get_peers_reply_stays_below_1200_bytes",),
    ),
    Rule("5.44", "M", "engine/store.py", ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",)),
    Rule("5.45", "M", "engine/server.py", ("engine/test_tokens.py::test_error_203_for_a_bad_token",)),
    Rule("5.46", "M", "engine/store.py", ("engine/test_tokens.py::test_a_token_is_bound_to_ip_and_target",)),
    Rule(
        "5.47",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule("5.48", "M", "engine/store.py", ("engine/test_tokens.py::test_bep5_tokens_are_valid_for_5_to_10_minutes",)),
    Rule("5.49", "S", "engine/store.py", ("engine/test_tokens.py::test_bep5_tokens_are_valid_for_5_to_10_minutes",)),
    Rule("5.50", "M", "engine/server.py", ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",)),
    Rule("5.51", "M", "engine/server.py", ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",)),
    Rule(
        "5.52",
        "O",
        "engine/wire/methods.py",
        ("engine/test_server.py::test_announce_peer_stores_the_port_that_is_meant",),
    ),
    Rule(
        "5.53",
        "M",
        "engine/wire/methods.py",
        ("engine/test_server.py::test_announce_peer_with_an_impossible_port_gets_203",),
    ),
    Rule("5.54", "M", "engine/server.py", ("engine/wire/test_methods.py::test_the_server_answers_every_method",)),
    Rule("5.55", "S", "engine/store.py", ("engine/test_store.py::test_a_peer_announced_twice_is_one_peer",)),
    Rule("5.56", "O", "engine/store.py", ("engine/test_store.py::test_peers_expire_after_45_minutes",)),
    Rule("5.57", "O", "engine/store.py", ("engine/test_tokens.py::test_a_token_is_bound_to_ip_and_target",)),
    Rule(
        "5.58",
        "H",
        "engine/wire/methods.py",
        ("engine/test_answers.py::test_5_58_no_address_within_a_query_moves_what_is_stored",),
    ),
    Rule(
        "5.59",
        "M",
        "engine/table.py",
        (
            "engine/test_table.py::test_queriers_that_do_not_answer_the_ping_are_not_admitted",
            "engine/test_table.py::test_only_nodes_that_answered_us_are_live_entries",
        ),
    ),
    Rule("5.60", "S", "engine/upkeep/pings.py", ("engine/test_table.py::test_queriers_are_pinged_and_then_admitted",)),
    Rule(
        "5.61",
        "M",
        "engine/table.py",
        (
            "engine/test_table.py::test_node_states_bad_after_2_failures",
            "engine/test_server.py::test_nodes_that_do_not_answer_are_not_handed_on",
        ),
    ),
    Rule(
        "5.62",
        "S",
        "engine/table.py",
        ("engine/test_table.py::test_node_states_good_for_15_minutes_then_questionable",),
    ),
    Rule(
        "5.63",
        "S",
        "engine/table.py",
        ("engine/test_table.py::test_bep5_a_bucket_holds_8_and_only_the_one_of_our_own_id_splits",),
    ),
    Rule(
        "5.64",
        "S",
        "engine/upkeep/pings.py",
        ("engine/test_table.py::test_a_full_bucket_has_its_questionable_nodes_pinged_for_a_newcomer",),
        says="Before a questionable node gives way to another one, it is pinged, and once more if it is silent.",
        note="Where a replacement waits, one ping in vain suffices here: the place goes to a node that answers.",
    ),
    Rule(
        "5.65",
        "S",
        "engine/table.py",
        ("engine/test_table.py::test_bep5_a_bucket_holds_8_and_only_the_one_of_our_own_id_splits",),
    ),
    Rule(
        "5.66",
        "S",
        "engine/upkeep/maintenance.py",
        ("engine/test_table.py::test_refresh_a_bucket_unchanged_for_15_minutes",),
    ),
    Rule("5.67", "S", "engine/upkeep/bootstrap.py", ("engine/test_bootstrap.py::test_bootstrap_a_swarm_forms",)),
    Rule(
        "5.68",
        "S",
        "engine/upkeep/bootstrap.py",
        (
            "engine/test_bootstrap.py::test_refresh_saved_nodes_first_then_the_hosts",
            "engine/test_node.py::test_the_state_worth_keeping_survives_a_restart",
        ),
        says="The table is saved, and its nodes are asked first at the next start.",
        note="It takes two starts of the node.",
    ),
    Rule(
        "5.69",
        "H",
        "engine/upkeep/neighbours.py",
        ("engine/test_table.py::test_a_known_address_that_changes_its_id_is_evicted",),
    ),
    Rule(
        "5.70",
        "M",
        "engine/lookup/algorithm.py",
        ("engine/lookup/test_lookup.py::test_recall_200_nodes_lookups_find_the_true_8_nearest",),
    ),
    Rule(
        "5.71",
        "M",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep5_an_announce_keeps_the_tokens_of_its_own_lookup",),
    ),
    Rule(
        "5.72",
        "M",
        "engine/queries.py",
        (
            "engine/test_queries.py::test_defence_an_answer_counts_only_from_the_asked_address_and_port",
            "engine/test_queries.py::test_defence_an_answer_counts_only_with_the_transaction_id",
        ),
    ),
    Rule(
        "5.73",
        "H",
        "engine/traffic/sending.py",
        (
            "engine/lookup/test_lookup.py::test_referrals_to_unusable_addresses_are_ignored",
            "engine/test_what_is_known.py::test_our_own_addresses_are_never_candidates",
        ),
        says="Nothing is sent to port 0, to the node itself, nor from afar to a local address, whoever names them.",
        note="What a node sends elsewhere can not be seen.",
    ),
    Rule(
        "5.74",
        "H",
        "engine/lookup/candidates.py",
        (
            "engine/lookup/test_lookup.py::test_the_list_of_candidates_is_bounded",
            "engine/wire/test_wire_krpc.py::test_of_a_201_node_reply_the_surplus_is_ignored",
        ),
        says="A thousand made-up nodes in one response cause no burst of queries.",
        note="What a node sends elsewhere can not be seen.",
    ),
    Rule(
        "5.75",
        "S",
        ELSEWHERE,
        says="The port that the message PORT names is pinged.",
        note="Of the BitTorrent protocol over TCP, which this program does not speak.",
    ),
)
