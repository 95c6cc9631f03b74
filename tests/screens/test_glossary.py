"""Every column and every figure that a screen shows has its meaning in the help of that screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

from dhtui import screens
from dhtui.bindings import registry
from dhtui.engine.views.events import DropCause, refused
from dhtui.screens.conform.rows import COLUMNS as CASE_COLUMNS
from dhtui.screens.dialogs.help import WIDTH, help_lines
from dhtui.screens.home import charts as home_charts
from dhtui.screens.home import messages as home_messages
from dhtui.screens.home import panes as home_panes
from dhtui.screens.home.marks import MARK_COLUMNS
from dhtui.screens.home.now import NOW_COLUMNS
from dhtui.screens.items.kept_rows import KEPT_COLUMNS
from dhtui.screens.items.mine_rows import mine_columns
from dhtui.screens.items.put_rows import NODE_COLUMNS as WRITE_COLUMNS
from dhtui.screens.items.rows import item_columns
from dhtui.screens.keys.rows import KEY_COLUMNS
from dhtui.screens.log import columns as log_columns
from dhtui.screens.lookup.panes import DIFFERENCE_COLUMNS, LOOKUP_COLUMNS
from dhtui.screens.lookup.panes import NODE_COLUMNS as CANDIDATE_COLUMNS
from dhtui.screens.node.ask_request import NAMED_COLUMNS
from dhtui.screens.node.columns import ROLE_COLUMNS, giving_columns
from dhtui.screens.packets.columns import packet_columns
from dhtui.screens.packets.panes import TREE_COLUMNS
from dhtui.screens.packets.talk import talk_columns
from dhtui.screens.peers.columns import ANNOUNCE_COLUMNS, GIVER_COLUMNS, PEER_COLUMNS, SWARM_COLUMNS
from dhtui.screens.queries import columns as queries_columns
from dhtui.screens.queries.asker_columns import asker_columns
from dhtui.screens.table.bans import COLUMNS as BAN_COLUMNS
from dhtui.screens.table.columns import BUCKET_COLUMNS, NODE_COLUMNS
from dhtui.sources import trouble
from dhtui.text import glossary
from dhtui.text.spans import Line, width_of
from dhtui.widgets.table_model import Column

from . import snapshots
from .home.test_home import grown

COLUMNS: dict[str, tuple[tuple[Column[Any], ...], ...]] = {
    "home": (NOW_COLUMNS, MARK_COLUMNS),
    "table": (
        BUCKET_COLUMNS,
        NODE_COLUMNS,
        NAMED_COLUMNS,
        BAN_COLUMNS,
        CASE_COLUMNS,
        ROLE_COLUMNS,
        giving_columns(lambda at: at, lambda: 0.0),
    ),
    "queries": (
        queries_columns.query_columns(lambda row: ()),
        queries_columns.group_columns(lambda row: ()),
        queries_columns.ASKED_COLUMNS,
        asker_columns(lambda target: False),
    ),
    "lookup": (LOOKUP_COLUMNS, CANDIDATE_COLUMNS, DIFFERENCE_COLUMNS),
    "items": (mine_columns(), item_columns(), KEPT_COLUMNS, WRITE_COLUMNS),
    "packets": (
        packet_columns(lambda at: at, lambda: 0.0),
        TREE_COLUMNS,
        talk_columns(lambda at: at, lambda: 0.0),
    ),
    "keys": (KEY_COLUMNS,),
    "peers": (SWARM_COLUMNS, ANNOUNCE_COLUMNS, GIVER_COLUMNS, PEER_COLUMNS),
    "log": (log_columns.log_columns(lambda: 0.0),),
}
VIEWS = [view.name for view in registry.VIEWS]


@pytest.mark.parametrize("screen", VIEWS)
def test_every_column_of_a_screen_has_its_meaning_in_the_help(screen: str) -> None:
    titles = {column.title for columns in COLUMNS[screen] for column in columns} - {""}
    assert {title for title in titles if glossary.meaning(screen, title) is None} == set()


def test_no_list_is_forgotten() -> None:
    known = {columns for each in COLUMNS.values() for columns in each}
    for module in walk_packages(screens.__path__, "dhtui.screens."):
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, tuple) and value and isinstance(value[0], Column) and any(c.title for c in value):
                assert value in known, f"{module.name}.{name}"


def _first_words(lines: Iterable[Line]) -> set[str]:
    """What stands at the beginning of each line: its label."""
    return {re.split(r" {2,}|$", line[0][0].strip())[0].split(" ~")[0] for line in lines} - {""}


def test_every_figure_of_home_has_its_meaning_in_the_help() -> None:
    view = grown()._replace(muted=2)
    titles = home_messages.message_lines(view)[0]
    labels = _first_words(home_panes.node_lines(view, 80, 20))
    labels |= _first_words(home_panes.store_lines(view, 60))
    labels |= {line[0][0].split()[0] for high in (6, 16) for line in home_panes.traffic_lines(view, 60, high)[:1]}
    labels |= _first_words(home_panes._traffic_rest(view, True)) | _first_words(home_panes._traffic_rest(view, False))
    heads = " ".join(text for text, _ in titles)
    for head in ("we ask", "they ask"):
        assert head in heads
        labels.add(head)
        heads = heads.replace(head, " ")
    labels |= {word for word in heads.split() if word != "│"}
    labels |= {"voters", "±", "peak", "muted", "banned", "most", "good nodes", "10% 50% 90% 95%", "own probe", "other"}
    labels.add(home_charts.rtt_lines(view.rtt, 60, 6)[1][0][0].strip())
    assert {label for label in labels if glossary.meaning("home", label) is None} == set()


def test_every_figure_of_queries_and_log_has_its_meaning_in_the_help() -> None:
    titles = queries_columns.total_lines(snapshots.running(), 200)[0]
    labels = {word for text, _ in titles for word in text.split()} | {"own probe", "other", "open", "just ended"}
    assert {label for label in labels if glossary.meaning("queries", label) is None} == set()
    causes = {cause for cause, _ in trouble.causes(snapshots.running()._replace(muted=2))}
    assert {cause for cause in causes if glossary.meaning("log", cause) is None} == set()


@pytest.mark.parametrize(
    "cause",
    [
        *(cause.value for cause in DropCause if cause is not DropCause.REFUSED),
        refused(203),
        "not sent",
        "lost unread",
        "error replies",
        "silent",
        "banned now",
        "muted now",
    ],
)
def test_every_cause_that_is_counted_has_its_meaning_in_the_help(cause: str) -> None:
    assert glossary.meaning("log", cause) is not None


@pytest.mark.parametrize("view", registry.VIEWS, ids=VIEWS)
def test_the_help_of_a_screen_has_all_of_its_glossary(view: registry.View) -> None:
    lines = help_lines(view, view.actions)
    told = "".join(text for line in lines for text, _ in line)
    for section in (*glossary.GLOSSARY[view.name], glossary.EVERYWHERE):
        for label, words in section.meanings:
            assert label in told and words.split()[-1] in told
    assert max(map(width_of, lines)) <= WIDTH + 8


@pytest.mark.parametrize("screen", VIEWS)
def test_no_label_has_two_meanings_in_one_list(screen: str) -> None:
    for section in glossary.GLOSSARY[screen]:
        labels = [label for label, _ in section.meanings]
        assert len(labels) == len(set(labels))
