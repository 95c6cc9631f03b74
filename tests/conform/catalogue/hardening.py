"""Rules of no BEP, against whoever means harm."""

from __future__ import annotations

from typing import Final

from .rule import Rule

HARDENING: Final = (
    Rule(
        "H.01",
        "H",
        "engine/core.py",
        (
            "engine/defence/test_hostile.py::test_killer_queries",
            "engine/defence/test_hostile.py::test_arbitrary_bytes",
        ),
    ),
    Rule(
        "H.02",
        "H",
        "engine/defence/guard.py",
        (
            "engine/defence/test_guard.py::test_budget_an_unproved_host_gets_one_full_reply_in_10_s_then_3_bytes_for_each",
        ),
    ),
    Rule(
        "H.03",
        "H",
        "engine/defence/guard.py",
        ("engine/defence/test_guard.py::test_defence_a_flooder_is_muted_and_nothing_else",),
    ),
    Rule("H.04", "H", "engine/table.py", ("engine/test_table.py::test_one_node_per_ip",)),
    Rule(
        "H.05",
        "H",
        "engine/store.py",
        (
            "engine/test_store.py::test_at_most_2000_infohashes_and_the_farthest_goes_first",
            "engine/test_store.py::test_at_most_700_items_of_each_kind_and_the_farthest_goes_first",
        ),
        says="Any number of announces and puts takes bounded memory.",
        note="The memory of a node can not be seen from outside.",
    ),
    Rule(
        "H.06",
        "H",
        "text/safe.py",
        ("screens/test_hostile_screens.py::test_what_strangers_send_is_text_on_every_screen",),
        says="No text of a stranger reaches a terminal or a log as it came.",
        note="A terminal can not be seen from outside.",
    ),
    Rule(
        "H.07",
        "H",
        "engine/clock.py",
        ("engine/test_sleep.py::test_the_clock_is_one_that_nobody_sets_and_that_goes_on_in_sleep",),
        says="A clock that is set neither revives tokens nor empties the table.",
        note="No stranger can set a clock.",
    ),
    Rule(
        "H.08",
        "H",
        "engine/traffic/serving.py",
        ("engine/test_answers.py::test_h_08_a_node_answers_while_it_bootstraps",),
        says="A node answers queries while it is still bootstrapping.",
        note="When a node starts can not be told from outside.",
    ),
)
