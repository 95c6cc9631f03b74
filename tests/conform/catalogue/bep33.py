"""BEP 33 (scrapes) and BEP 51 (sampling)."""

from __future__ import annotations

from typing import Final

from .rule import ELSEWHERE, Rule

BEP33: Final = (
    Rule(
        "33.01",
        "M",
        "engine/server.py",
        ("engine/test_scrape.py::test_33_01_33_02_33_08_seeds_and_others_are_in_filters_of_256_bytes",),
    ),
    Rule(
        "33.02",
        "M",
        "engine/wire/bloom.py",
        ("engine/test_scrape.py::test_33_01_33_02_33_08_seeds_and_others_are_in_filters_of_256_bytes",),
    ),
    Rule(
        "33.03",
        "M",
        "engine/server.py",
        ("engine/test_scrape.py::test_33_03_no_filters_unless_asked_for_nor_of_unknown_infohashes",),
    ),
    Rule("33.04", "M", "engine/wire/bloom.py", ("engine/wire/test_bloom.py::test_33_04_two_bits_of_an_address",)),
    Rule(
        "33.05", "M", "engine/store.py", ("engine/test_scrape.py::test_33_05_33_10_of_an_address_the_last_port_counts",)
    ),
    Rule(
        "33.06",
        "M",
        "engine/wire/bloom.py",
        ("engine/wire/test_bloom.py::test_33_07_the_published_vector_is_made_of_its_addresses",),
    ),
    Rule(
        "33.07",
        "M",
        "engine/wire/bloom.py",
        (
            "engine/wire/test_bloom.py::test_33_07_the_published_vector_is_made_of_its_addresses",
            "engine/wire/test_bloom.py::test_33_07_the_published_estimate",
        ),
        says="A tester's own filter of the published addresses is the published one and so is its estimate.",
        note="It is about a tester: `tests/engine/wire/test_bloom.py` holds it for this one.",
    ),
    Rule(
        "33.08",
        "M",
        "engine/store.py",
        ("engine/test_scrape.py::test_33_01_33_02_33_08_seeds_and_others_are_in_filters_of_256_bytes",),
    ),
    Rule(
        "33.09",
        "M",
        "engine/store.py",
        ("engine/test_scrape.py::test_33_09_a_new_announce_changes_whether_it_is_a_seed",),
    ),
    Rule(
        "33.10", "M", "engine/store.py", ("engine/test_scrape.py::test_33_05_33_10_of_an_address_the_last_port_counts",)
    ),
    Rule("33.11", "S", "engine/server.py", ("engine/test_scrape.py::test_33_11_noseed_leaves_seeds_out",)),
    Rule(
        "33.12",
        "M",
        "engine/server.py",
        ("engine/test_scrape.py::test_33_12_33_14_values_come_along_and_all_fits_1024_bytes",),
    ),
    Rule(
        "33.13",
        "S",
        "engine/store.py",
        ("engine/test_store.py::test_at_most_500_peers_an_infohash_and_the_oldest_goes_first",),
        says="A store that holds some 6000 peers of a torrent gives no token to further ones.",
        note="At 500 peers the oldest goes, so that none is turned away.",
    ),
    Rule(
        "33.14",
        "M",
        "engine/server.py",
        ("engine/test_scrape.py::test_33_12_33_14_values_come_along_and_all_fits_1024_bytes",),
    ),
    Rule(
        "33.15",
        "M",
        "engine/wire/methods.py",
        ("engine/test_scrape.py::test_33_15_a_seed_says_so_when_it_announces",),
        says="Whoever has the whole torrent announces it with `seed` 1.",
        note="No stranger can make a node announce.",
    ),
    Rule(
        "33.16",
        "S",
        "engine/operations/operations.py",
        ("engine/test_operations.py::test_bep44_a_node_without_a_token_is_not_written_to_and_told",),
        says="An announce goes to the closest nodes among those that gave a token.",
        note="No stranger can make a node announce.",
    ),
    Rule(
        "33.17",
        "S",
        ELSEWHERE,
        says="Scrapes of torrents that nobody uses are few at a time, and spread.",
        note="This program scrapes when it is asked to, and no oftener.",
    ),
)
BEP51: Final = (
    Rule("51.01", "S", "engine/server.py", ("engine/test_sampling.py::test_51_01_samples_are_there_though_empty",)),
    Rule(
        "51.02",
        "M",
        "engine/server.py",
        ("engine/test_sampling.py::test_51_02_51_03_51_04_few_infohashes_are_all_given",),
    ),
    Rule(
        "51.03",
        "M",
        "engine/server.py",
        ("engine/test_sampling.py::test_51_02_51_03_51_04_few_infohashes_are_all_given",),
    ),
    Rule(
        "51.04",
        "M",
        "engine/store.py",
        ("engine/test_sampling.py::test_51_02_51_03_51_04_few_infohashes_are_all_given",),
    ),
    Rule("51.05", "M", "engine/server.py", ("engine/test_sampling.py::test_51_05_nodes_are_those_of_find_node",)),
    Rule(
        "51.06",
        "M",
        "engine/store.py",
        ("engine/test_sampling.py::test_51_06_51_08_51_09_the_same_random_ones_whoever_asks",),
    ),
    Rule("51.07", "M", "engine/store.py", ("engine/test_sampling.py::test_51_07_only_infohashes_that_have_peers",)),
    Rule(
        "51.08",
        "S",
        "engine/store.py",
        ("engine/test_sampling.py::test_51_06_51_08_51_09_the_same_random_ones_whoever_asks",),
    ),
    Rule(
        "51.09",
        "O",
        "engine/store.py",
        ("engine/test_sampling.py::test_51_06_51_08_51_09_the_same_random_ones_whoever_asks",),
        says="Within the interval the same samples may be given again.",
        note="Nothing can be wrong with either.",
    ),
    Rule("51.10", "S", "engine/store.py", ("engine/test_sampling.py::test_51_10_after_the_interval_others_come",)),
    Rule("51.11", "M", "engine/store.py", ("engine/test_sampling.py::test_51_11_a_reply_fits_1024_bytes",)),
    Rule(
        "51.12", "M", "engine/wire/methods.py", ("engine/test_sampling.py::test_51_12_without_a_target_it_is_refused",)
    ),
    Rule(
        "51.13",
        "S",
        "engine/census/walk.py",
        ("engine/census/test_walk.py::test_51_13_each_node_is_visited_once",),
        says="Whoever indexes asks a node again no sooner than its interval says.",
        note="Only an indexer is to be tested for it.",
    ),
    Rule(
        "51.14",
        "S",
        "runtime/launch.py",
        ("actions/test_census.py::test_51_14_who_takes_a_census_answers_others_meanwhile",),
        says="Whoever indexes answers queries like any other node.",
        note="Only an indexer is to be tested for it.",
    ),
)
