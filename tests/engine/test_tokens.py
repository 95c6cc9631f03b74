"""Write tokens (BEP 5, "get_peers"): who may announce and put, and for how long."""

from __future__ import annotations

import pytest

from dhtui.engine.items import immutable_target
from dhtui.engine.store import ITEM_SECONDS, PEER_SECONDS, TOKEN_SECONDS, Tokens

from .stranger import LOCAL, NOW, Stranger, new_core

IP, TARGET = "203.0.113.5", b"t" * 20


def test_a_token_has_8_bytes_and_is_accepted_back() -> None:
    """8 bytes of a keyed hash."""
    tokens = Tokens(b"secret")
    token = tokens.make(IP, TARGET, NOW)
    assert len(token) == 8
    assert tokens.valid(token, IP, TARGET, NOW)


def test_a_token_is_bound_to_ip_and_target() -> None:
    """Another address, or another target, needs a token of its own."""
    tokens = Tokens(b"secret")
    token = tokens.make(IP, TARGET, NOW)
    assert not tokens.valid(token, "203.0.113.6", TARGET, NOW)
    assert not tokens.valid(token, IP, b"u" * 20, NOW)
    assert not tokens.valid(token, IP[:-1], b"5" + TARGET[:-1], NOW)
    for forged in (b"", token[:-1], token + b"\0", bytes(8), b"x" * 256):
        assert not tokens.valid(forged, IP, TARGET, NOW)


@pytest.mark.parametrize("made_at", [0.0, 1.0, 299.0, 300.0, 1_000_000.5, -1.0, -299.0, -300.0])
def test_bep5_tokens_are_valid_for_5_to_10_minutes(made_at: float) -> None:
    """BEP 5: "up to ten minutes old are accepted"; the secret turns every 5, the previous one still counts."""
    tokens = Tokens(b"secret")
    token = tokens.make(IP, TARGET, made_at)
    assert tokens.valid(token, IP, TARGET, made_at + TOKEN_SECONDS - 0.001)
    assert not tokens.valid(token, IP, TARGET, made_at + 2 * TOKEN_SECONDS)
    assert not tokens.valid(token, IP, TARGET, made_at + 100 * TOKEN_SECONDS)


def test_a_token_survives_one_turn_of_the_secret_and_no_second() -> None:
    """The previous secret is valid, the one before it is not."""
    tokens = Tokens(b"secret")
    token = tokens.make(IP, TARGET, 299.0)
    assert tokens.valid(token, IP, TARGET, 301.0)
    assert tokens.make(IP, TARGET, 301.0) != token
    assert tokens.valid(token, IP, TARGET, 599.0)
    assert not tokens.valid(token, IP, TARGET, 600.0)


def test_tokens_of_another_secret_are_refused() -> None:
    """Nobody can make tokens of ours, also not in the very first epoch of the clock or just before it."""
    for now in (0.0, -1.0, NOW):
        assert not Tokens(b"secret").valid(Tokens(b"other").make(IP, TARGET, now), IP, TARGET, now)


def test_the_same_secret_gives_the_same_tokens_after_a_restart() -> None:
    """`-tsecret`: the whole secret counts, at any length (the original reads 20 bytes of it)."""
    assert Tokens(b"s" * 99).make(IP, TARGET, NOW) == Tokens(b"s" * 99).make(IP, TARGET, NOW)
    assert Tokens(b"s" * 20).make(IP, TARGET, NOW) != Tokens(b"s" * 20 + b"x").make(IP, TARGET, NOW)
    assert Tokens(b"").make(IP, TARGET, NOW)


def test_the_clock_of_tokens_can_be_that_of_the_wall() -> None:
    """After a restart the monotonic clock begins anew; with the offset added the epochs go on."""
    before = Tokens(b"secret", clock=1_700_000_000.0).make(IP, TARGET, 5000.0)
    assert Tokens(b"secret", clock=1_700_004_990.0).valid(before, IP, TARGET, 10.0)


@pytest.mark.parametrize("method", ["get_peers", "get"])
def test_tokens_are_given_by_get_peers_and_get_only(method: str) -> None:
    """BEP 5 and BEP 44: whoever asks for a target may write to it."""
    stranger = Stranger(new_core())
    assert len(stranger.ask(method, target=TARGET, info_hash=TARGET)[b"token"]) == 8
    assert b"token" not in stranger.ask("ping")
    assert b"token" not in stranger.ask("find_node", target=TARGET)


def test_error_203_for_a_bad_token() -> None:
    """BEP 5: an announce or put without a token of ours would let anybody write in a victim's name."""
    core = new_core()
    stranger, neighbour = Stranger(core), Stranger(core, ("127.0.0.3", 7000))
    token = stranger.token(TARGET)
    assert neighbour.refused("announce_peer", info_hash=TARGET, port=1, token=token) == 203
    assert neighbour.refused("put", v=b"x", token=token) == 203
    assert stranger.refused("announce_peer", info_hash=b"u" * 20, port=1, token=token) == 203
    assert stranger.refused("announce_peer", info_hash=TARGET, port=1, token=token, now=NOW + 700) == 203
    assert core.statistics().swarms.used == core.statistics().immutable.used == 0


def test_a_token_is_not_bound_to_the_port() -> None:
    """Some NATs change the source port between two packets."""
    core = new_core()
    token = Stranger(core).token(TARGET)
    moved = Stranger(core, (LOCAL[0], LOCAL[1] + 1))
    moved.ask("announce_peer", info_hash=TARGET, port=6881, token=token)
    assert core.statistics().peers.used == 1


def test_a_fixed_secret_on_the_clock_of_the_wall_does_not_touch_expiry() -> None:
    """`-tsecret`: only tokens live on the wall's clock; what is stored still expires and is swept on time."""
    core = new_core(token_secret=b"secret", token_clock=1_700_000_000.0)
    stranger = Stranger(core)
    token = stranger.token(TARGET)
    assert token == Tokens(b"secret").make(LOCAL[0], TARGET, NOW + 1_700_000_000.0)
    stranger.ask("announce_peer", info_hash=TARGET, port=6881, token=token)
    stranger.ask("put", v=b"x", token=stranger.token(immutable_target(b"1:x")))
    core.handle_timer(NOW + PEER_SECONDS + 61)
    assert (core.statistics().peers.used, core.statistics().immutable.used) == (0, 1)
    core.handle_timer(NOW + ITEM_SECONDS + 61)
    assert core.statistics().immutable.used == 0
