"""A withdrawal, or the end of a grant, while a record is being opened (fault 17).

Either enough custodians had released their shares before it, and the record opens and their
receipts say so, or the opening is refused; and a share that was released before is in the receipts
of the one that gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aceso.chain import acts
from aceso.codes import Reason
from aceso.custody import Committee, Custodian, DeniedError

from .conftest import LABS, Network, Shared


class _Held:
    """Custodians of one committee: `first` release at once, and the others when `meanwhile` was
    done, as if they were slow."""

    def __init__(
        self,
        committee: Committee,
        first: Sequence[str],
        meanwhile: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
    ):
        self._meanwhile = meanwhile
        self._done = False
        plain = Custodian.release
        shares: dict[str, bytes] = {}

        def one_after_another(one: Custodian, request: Any, **more: Any) -> bytes:
            if one.address in first:
                shares[one.address] = plain(one, request, **more)
                return shares[one.address]
            self._happen()
            return plain(one, request, **more)

        monkeypatch.setattr(Custodian, "release", one_after_another)
        # One at a time, in this order.
        ordered = sorted(committee.custodians, key=lambda one: one.address not in first)
        monkeypatch.setattr(committee, "custodians", tuple(ordered))
        monkeypatch.setattr(committee._pool, "_max_workers", 1)

    def _happen(self) -> None:
        if not self._done:
            self._done = True
            self._meanwhile()


def _released(network: Network, shared: Shared, committee: Committee) -> set[str]:
    """The custodians whose receipts say that they released."""
    found = set()
    for one in committee.custodians:
        log = one.log(
            shared.person.list_key,
            shared.person.keys.log_key(LABS, 0),
            domain=network.suite.domain("ConsentRegistry"),
            log_domain=network.suite.domain("AccessLog"),
            now=network.suite.now(),
        )
        if any(receipt["act"] == "release" for receipt in log.receipts):
            found.add(one.address)
    return found


@pytest.mark.parametrize("before", [1, 2])
def test_fault_17_a_withdrawal_while_a_record_is_opened(
    network: Network,
    shared: Shared,
    monkeypatch: pytest.MonkeyPatch,
    before: int,
) -> None:
    committee = network.committee()
    first = [one.address for one in committee.custodians[:before]]
    persona, grantee = shared.person.persona, shared.reader.grantee
    act = acts.withdraw(network.suite, persona, grantee)

    def withdraw() -> None:
        for one in committee.custodians:
            one.withdraw(act.type_name, dict(act.message), act.signature)

    _Held(committee, first, withdraw, monkeypatch)
    try:
        if before == 2:
            assert committee.open_key(shared.entry, **shared.opens()).dek == shared.key.dek
        else:
            with pytest.raises(DeniedError) as refused:
                committee.open_key(shared.entry, **shared.opens())
            assert refused.value.reason is Reason.WITHDRAWN
        committee.wait_for_late(5.0)
        assert _released(network, shared, committee) == set(first)
    finally:
        committee.close()


def test_fault_17_the_end_of_a_grant_while_a_record_is_opened(
    network: Network, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = network.suite.now()
    shared.person.grant(shared.reader.grantee, valid_until=now + 600)
    committee = network.committee()
    first = [committee.custodians[0].address]

    def pass_by() -> None:
        network.chain.advance_time(700)
        network.chain.mine(2)

    _Held(committee, first, pass_by, monkeypatch)
    opens = shared.opens()
    # Signed for long enough, so that it is the grant that ends and not the request.
    monkeypatch.setattr("aceso.custody._reading.VALID_SECONDS", 3000)
    try:
        with pytest.raises(DeniedError) as refused:
            committee.open_key(shared.entry, **opens)
        assert refused.value.reason is Reason.ENDED
        committee.wait_for_late(5.0)
        assert _released(network, shared, committee) == set(first)
    finally:
        committee.close()
