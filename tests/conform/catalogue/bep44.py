"""BEP 44 (items) and BEP 46 (torrents that change)."""

from __future__ import annotations

from typing import Final

from .rule import Rule

BEP44: Final = (
    Rule(
        "44.01",
        "S",
        "engine/server.py",
        (
            "engine/test_server.py::test_bep44_get_with_seq_leaves_out_what_is_not_newer",
            "engine/test_server.py::test_bep44_get_of_what_is_not_there_gives_nodes_and_token",
        ),
    ),
    Rule("44.02", "S", "engine/server.py", ("engine/test_tokens.py::test_tokens_are_given_by_get_peers_and_get_only",)),
    Rule(
        "44.03",
        "M",
        "engine/wire/ids.py",
        (
            "engine/test_items.py::test_bep44_vector_3_immutable",
            "engine/wire/test_vectors.py::test_bep44_test_vectors_are_stored_and_served",
        ),
    ),
    Rule("44.04", "M", "engine/wire/methods.py", ("engine/wire/test_wire_krpc.py::test_queries_of_bep5_and_bep44",)),
    Rule("44.05", "M", "engine/wire/methods.py", ("engine/test_server.py::test_bep44_v_is_of_any_bencode_type",)),
    Rule(
        "44.06",
        "M",
        "engine/wire/methods.py",
        (
            "engine/test_server.py::test_a_non_canonical_query_is_answered_but_a_put_gets_203",
            "engine/wire/test_wire_krpc.py::test_error_203_for_a_put_that_is_not_canonical",
        ),
    ),
    Rule("44.07", "M", "engine/server.py", ("engine/test_server.py::test_bep44_v_has_at_most_1000_bencoded_bytes",)),
    Rule("44.08", "O", "engine/server.py", ("engine/test_server.py::test_bep44_v_has_at_most_1000_bencoded_bytes",)),
    Rule("44.09", "M", "engine/server.py", ("engine/test_tokens.py::test_error_203_for_a_bad_token",)),
    Rule("44.10", "M", "engine/store.py", ("engine/test_tokens.py::test_a_token_is_bound_to_ip_and_target",)),
    Rule("44.11", "O", "engine/store.py", ("engine/test_tokens.py::test_a_token_is_bound_to_ip_and_target",)),
    Rule(
        "44.12",
        "M",
        "engine/server.py",
        ("engine/wire/test_vectors.py::test_bep44_test_vectors_are_stored_and_served",),
    ),
    Rule(
        "44.13",
        "M",
        "engine/items.py",
        (
            "engine/test_items.py::test_bep44_vector_1_mutable",
            "engine/test_items.py::test_bep44_vector_2_mutable_with_salt",
        ),
    ),
    Rule(
        "44.14",
        "M",
        "engine/items.py",
        (
            "engine/test_server.py::test_bep44_salt_has_at_most_64_bytes_and_empty_means_absent",
            "engine/test_items.py::test_an_empty_salt_is_no_salt",
        ),
    ),
    Rule(
        "44.15",
        "M",
        "engine/server.py",
        ("engine/test_server.py::test_bep44_salt_has_at_most_64_bytes_and_empty_means_absent",),
    ),
    Rule(
        "44.16",
        "M",
        "engine/server.py",
        (
            "engine/wire/test_vectors.py::test_bep44_errors",
            "engine/test_items.py::test_a_changed_item_does_not_verify",
        ),
    ),
    Rule(
        "44.17",
        "M",
        "engine/store.py",
        ("engine/test_server.py::test_bep44_a_lower_seq_and_an_equal_one_with_another_value_get_302",),
    ),
    Rule(
        "44.18",
        "M",
        "engine/store.py",
        ("engine/test_server.py::test_bep44_a_lower_seq_and_an_equal_one_with_another_value_get_302",),
    ),
    Rule("44.19", "S", "engine/store.py", ("engine/test_server.py::test_bep44_the_same_item_again_resets_its_timer",)),
    Rule("44.20", "M", "engine/store.py", ("engine/test_server.py::test_bep44_an_update_replaces_the_whole_item",)),
    Rule(
        "44.21",
        "M",
        "engine/wire/methods.py",
        ("engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",),
    ),
    Rule(
        "44.22",
        "O",
        "engine/wire/methods.py",
        (
            "engine/wire/test_wire_krpc.py::test_error_203_for_a_missing_or_malformed_argument",
            "engine/test_items.py::test_seq_is_a_signed_64_bit_number_from_0_on",
        ),
    ),
    Rule("44.23", "M", "engine/store.py", ("engine/test_server.py::test_bep44_cas_is_compared_with_the_stored_seq",)),
    Rule(
        "44.24",
        "M",
        "engine/store.py",
        (
            "engine/test_store.py::test_bep44_cas_and_seq_over_a_stored_seq_5",
            "engine/test_operations.py::test_bep44_cas_0_is_a_cas",
        ),
    ),
    Rule("44.25", "S", "engine/store.py", ("engine/test_server.py::test_bep44_cas_is_compared_with_the_stored_seq",)),
    Rule(
        "44.26", "M", "engine/wire/methods.py", ("engine/test_answers.py::test_44_26_cas_has_no_meaning_without_a_key",)
    ),
    Rule(
        "44.27",
        "S",
        "engine/server.py",
        ("engine/test_server.py::test_bep44_get_with_seq_leaves_out_what_is_not_newer",),
    ),
    Rule(
        "44.28",
        "M",
        "engine/server.py",
        ("engine/test_server.py::test_bep44_get_with_seq_leaves_out_what_is_not_newer",),
    ),
    Rule(
        "44.29",
        "M",
        "engine/server.py",
        ("engine/test_server.py::test_bep44_get_of_what_is_not_there_gives_nodes_and_token",),
    ),
    Rule("44.30", "M", "engine/server.py", ("engine/wire/test_vectors.py::test_bep44_errors",)),
    Rule("44.31", "S", "engine/store.py", ("engine/test_store.py::test_items_expire_after_2_hours",)),
    Rule(
        "44.32",
        "O",
        "engine/store.py",
        ("engine/test_store.py::test_items_expire_after_2_hours",),
        says="An item that nobody renewed for two hours may be dropped.",
        note="Nothing can be wrong with either.",
    ),
    Rule("44.33", "M", "engine/server.py", ("engine/test_server.py::test_bep44_the_same_item_again_resets_its_timer",)),
    Rule(
        "44.34",
        "S",
        "items/keepalive/plan.py",
        ("items/keepalive/test_plan.py::test_after_a_put_it_is_looked_after_in_about_an_hour",),
        says="Whoever published an item puts it again each hour.",
        note="No stranger can make a node get or put an item.",
    ),
    Rule(
        "44.35",
        "O",
        "items/keepalive/plan.py",
        ("items/keepalive/test_plan.py::test_nothing_is_put_where_others_keep_more_than_8_copies",),
        says="It may leave that out where the closest nodes hold it, and enough others.",
        note="No stranger can make a node get or put an item.",
    ),
    Rule(
        "44.36",
        "M",
        "engine/lookup/validate.py",
        (
            "engine/test_operations.py::test_bep44_an_immutable_value_must_hash_to_the_target",
            "engine/test_operations.py::test_bep44_a_bad_value_is_shown_as_failed_and_never_as_a_value",
        ),
        says="A reader believes no value whose hash, key or signature does not fit the target.",
        note="No stranger can make a node get or put an item.",
    ),
    Rule(
        "44.37",
        "M",
        "engine/lookup/results.py",
        ("engine/test_operations.py::test_bep44_the_highest_valid_seq_wins",),
        says="Of several values that hold, a reader takes the one with the highest `seq`.",
        note="No stranger can make a node get or put an item.",
    ),
    Rule(
        "44.38",
        "S",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep44_cas_is_never_sent_to_a_node_without_a_value",),
    ),
    Rule(
        "44.39",
        "M",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep44_a_node_without_a_token_is_not_written_to_and_told",),
    ),
    Rule(
        "44.40",
        "H",
        "engine/store.py",
        ("engine/test_store.py::test_the_stores_keep_the_nearest_of_a_flood",),
        says="A flood of puts pushes out no item whose target is near the node's own id.",
        note="It takes thousands of packets, and what a store does once full is its own affair.",
    ),
)
BEP46: Final = (
    Rule(
        "46.01",
        "M",
        "items/value/recognise.py",
        ("items/value/test_views.py::test_a_torrent_of_bep_46_is_recognised",),
        says="Whoever publishes a torrent that changes puts a dictionary with its infohash, 20 bytes, under `ih`.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.02",
        "M",
        "engine/wire/ids.py",
        (
            "engine/wire/test_vectors.py::test_bep46_test_vectors",
            "engine/test_items.py::test_bep46_targets",
        ),
        says="The target that is looked up is that of the public key, with the salt where the link has one.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.03",
        "M",
        "options/values.py",
        ("engine/wire/test_vectors.py::test_bep46_test_vectors",),
        says="A link names the public key in hex after `xs=urn:btpk:`, and the salt in hex as `s`.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.04",
        "S",
        "items/following/follower.py",
        (
            "items/following/test_follower.py::test_a_watched_item_is_looked_for_at_once_and_when_it_is_due",
            "items/following/test_follower.py::test_on_a_network_what_another_node_puts_is_seen_and_every_copy_is_counted",
        ),
        says="A reader looks for a new infohash from time to time, and takes it.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.05",
        "S",
        "items/keepalive/keeper.py",
        ("items/keepalive/test_keeper.py::test_on_a_real_network_items_are_put_without_their_keys",),
        says="Publisher and readers alike put the item again, so that it lives.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.06",
        "H",
        "items/value/recognise.py",
        ("items/value/test_views.py::test_other_values_are_not_taken_for_anything",),
        says="An `ih` that has not 20 bytes names no torrent.",
        note="No stranger can give a node a link.",
    ),
    Rule(
        "46.07",
        "H",
        "items/value/recognise.py",
        ("items/value/test_views.py::test_46_07_further_keys_beside_the_infohash_do_no_harm",),
        says="Further keys beside `ih` do no harm.",
        note="No stranger can give a node a link.",
    ),
)
