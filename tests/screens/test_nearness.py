"""One ramp of nearness for ids: on Packets and on Items, as on the other screens."""

from __future__ import annotations

from hashlib import sha1

from packets.samples import OWN_ID, TARGET, WHOLE, answered, asked, ring_of, sent

from dhtui.engine.views.snapshot import StoredItemView
from dhtui.engine.wire.compact import pack_node
from dhtui.engine.wire.krpc import GetPeers
from dhtui.packets.dissect import dissect
from dhtui.screens.items.rows import item_columns, item_details
from dhtui.screens.listing import near_us
from dhtui.screens.packets.columns import packet_columns
from dhtui.screens.packets.packet_list import PacketModel
from dhtui.screens.packets.panes import TREE_COLUMNS, tree_rows
from dhtui.text.keyspace import NEAR, near, near_to
from dhtui.text.spans import Line, Role
from dhtui.widgets.table_model import Column

FAR_TARGET = bytes.fromhex("ff" * 20)


def roles_of(line: Line) -> dict[str, Role]:
    """The parts of a line that are painted by nearness."""
    return {text.strip(): role for text, role in line if role in NEAR and text.strip()}


def shown(*events: object, own: bytes | None = OWN_ID) -> list[dict[str, Role]]:
    """Of each packet in the list the parts that are painted by nearness."""
    ring = ring_of(*events)  # type: ignore[arg-type]
    model = PacketModel(packet_columns(lambda at: at, lambda: 0.0, lambda _: own))
    model.ring = ring
    model.extend(ring.since(0), 1)
    return [roles_of(model.cells(row)[-1]) for row in model.rows]


def test_targets_of_packets_are_painted_by_how_near_they_are_to_us() -> None:
    rows = shown(sent(1, GetPeers(OWN_ID, TARGET)), asked(2, GetPeers(OWN_ID, FAR_TARGET)), answered(3, {}))
    assert rows == [{"2d2d…2d2d": near(OWN_ID, TARGET)}, {"ffff…ffff": NEAR[0]}, {}]
    assert near(OWN_ID, TARGET) != NEAR[0]


def test_without_an_id_of_ours_nothing_is_near() -> None:
    assert shown(sent(1, GetPeers(OWN_ID, TARGET)), own=None) == [{}]
    assert near_to(None, TARGET) == near_to(OWN_ID, None) == near_to(OWN_ID, b"short") == "data"


def test_ids_in_the_tree_are_painted_by_how_near_they_are_to_the_target() -> None:
    nodes = [(TARGET[:-1] + b"\x00", ("192.0.2.1", 1)), (FAR_TARGET, ("192.0.2.2", 2))]
    from dhtui.engine.wire.compact import NodeInfo

    data = answered(1, {b"nodes": b"".join(pack_node(NodeInfo(*node)) for node in nodes)}).data
    rows = tree_rows(dissect(data, TARGET), (), target=TARGET, own=OWN_ID)
    painted: dict[str, Role] = {}
    for row in rows:
        painted |= roles_of(TREE_COLUMNS[1].cell(row))
    assert painted["2d2d…2d00"] == NEAR[-1] and painted["ffff…ffff"] == NEAR[0]
    assert "192.0.2.1:1" not in painted and len(painted) == 3  # and the sender


def test_text_of_the_tree_is_the_same_with_and_without_the_ramp() -> None:
    for data in WHOLE:
        root = dissect(data, TARGET)
        plain, near_us = tree_rows(root, ()), tree_rows(root, (), target=TARGET, own=OWN_ID)
        for one, other in zip(plain, near_us, strict=True):
            texts = ["".join(text for text, _ in TREE_COLUMNS[1].cell(row)) for row in (one, other)]
            assert texts[0] == texts[1]


def test_targets_of_items_are_painted_by_how_near_they_are_to_us() -> None:
    value = b"5:Hello"
    item = StoredItemView(sha1(value).digest(), value, None, b"", None, 60.0)
    painted: dict[str, Role] = {}
    for column in item_columns(lambda: OWN_ID):
        painted |= roles_of(column.cell(item))
    assert painted == {item.target.hex(): near(OWN_ID, item.target)}
    details = item_details(item, OWN_ID)
    assert {item.target.hex(): near(OWN_ID, item.target)} in [roles_of(line) for line in details]
    assert any("from our id" in text for line in details for text, _ in line)
    assert not any(roles_of(line) for line in item_details(item))


def test_the_ids_of_any_list_can_be_painted() -> None:
    columns: tuple[Column[bytes], ...] = (
        Column("id", 9, lambda row: ((row.hex(), "data"),)),
        Column("x", 1, lambda _: ()),
    )
    near_ours, other = near_us(columns, lambda: OWN_ID, {"id": lambda row: row})
    assert near_ours.cell(TARGET) == ((TARGET.hex(), near(OWN_ID, TARGET)),) and other is columns[1]
    (unknown, _) = near_us(columns, lambda: None, {"id": lambda row: row})
    assert unknown.cell(TARGET) == ((TARGET.hex(), "data"),)
