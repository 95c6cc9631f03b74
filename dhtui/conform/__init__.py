"""Conformance of a KRPC node, seen from outside: each rule of BEP 5, 32, 33, 42, 43, 44, 45, 46 and 51 is a case.

This room does no I/O: sockets (`wire.Wire`), time and randomness are handed in. `session.Session` runs cases one
after another against one node, and keeps the pace. `runtime.conformance` gives it sockets, tests a network in virtual
time.

**How a case is written.** In a module of `cases/`, a row and a short coroutine over a `Probe`::

    @case("5.29", "ping", M, "A ping is answered, and the answer has the id of the node.")
    async def ping(probe: Probe) -> None:
        answer = probe.reply(await probe.ask("ping"))
        probe.check(type(answer.r.get(b"id")) is bytes, "an id in the answer", answer.shown)

- The number is for ever. Its part before the point is the BEP, ``H`` are the robustness cases.
- The row's `needs` names what the case can't do without (`Need`): a second address, IPv6, our network, that the node
  is one's own (floods, and whatever may harm it), public addresses. Where that is missing, the case is skipped and
  says so. `waits`: seconds that it has to wait for; such cases run at the end, side by side, and from `session.LONG`
  on only where long cases are wanted.
- A coroutine that returns has passed. `probe.check` and the other judges raise `Miss`, which is a failure at level M,
  and non-strict at the levels S and H; at O it is *unsupported*. `probe.refused` knows how an error that is due is
  judged: silence is non-strict, a reply is a failure, at M and at S. `probe.slack` notes a SHOULD within another rule.
  `raise Unsupported(…)` where the node does not have the extension. `raise Skip(Why…)` where the case can't tell.
- `await probe.ask(method, args, …)` sends a query and waits for the answer under its transaction id: `Answer`, a
  reply, an error or silence. `await probe.raw(data, …)` sends bytes and waits for anything that is no query.
  `await probe.send(data)` waits for nothing. `await probe.pause(seconds)`, `await probe.until(ready, seconds)`.
- From where: `probe.source(0)` is the first address, `probe.source(1)` one with another IP, `probe.source(0, 1)`
  another port of the first, `probe.newcomer()` an IP that no case has used yet. All are new sockets of this case.
- What the node asks us on the way stands in `probe.asked`. Nobody answers it, unless
  `probe.answer(source, polite(id))` is told to; a function of one's own takes an `Asked`, and returns the body ``r``
  of a reply, a whole datagram, or `None`.
- `probe.network` is our small network, which the node has joined: its nodes, and what the node asked them. `probe.lie`
  lets its nodes answer otherwise until the case ends.
- The pace, the control ping after silence, the recording and the clock are the session's. A case checks its own rule
  and no other: it overlooks what another case is for.

Nothing of this may serve as a recipe against a node: what harms known programs needs `Need.OWN`, and has a neutral
name.
"""
