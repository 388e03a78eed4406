"""
the log of a custodian, by its routes
├── the head is signed, grows with what is given, and outlives a kill
├── a proof of consistency is given for sizes that there were, and for no others
└── with --anchor-every it is put on chain by the custodian, again when it grew
    └── without ether it goes on serving, and anchors once there is some
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from aceso.codes import Role
from aceso.custody import Committee, CustodianKeys, RequestRefusedError

from .conftest import LABS, Keeper, Network, Person, Reader

SECONDS = 30.0


@pytest.fixture
def log_domain(network: Network):
    return network.suite.domain("AccessLog")


def listed(committee: Committee, person: Person, doctor: Reader) -> None:
    committee.listing(
        actor=doctor.account,
        subject=person.persona.address,
        grantee=doctor.grantee,
        use=1,
        data_class=LABS,
    )


@pytest.fixture
def permitted(committee: Committee, person: Person, doctor: Reader) -> Person:
    committee.open_list(person.opening())
    person.grant(doctor.grantee)
    return person


def test_the_head_grows_and_outlives_a_kill(
    network: Network, committee: Committee, permitted: Person, doctor: Reader, log_domain
) -> None:
    keeper = network.keepers[0]
    with keeper.client() as custodian:
        before = custodian.log_head(log_domain=log_domain)
        listed(committee, permitted, doctor)
        after = custodian.log_head(log_domain=log_domain)
        assert after.size == before.size + 1 and after.root != before.root
        custodian.check_grew(before.size, before.root, after)
    keeper.process.kill()
    network.restart(keeper)
    with keeper.client() as custodian:
        again = custodian.log_head(log_domain=log_domain)
        assert (again.size, again.root) == (after.size, after.root)


def test_consistency_of_sizes_that_there_were(
    network: Network, committee: Committee, permitted: Person, doctor: Reader, log_domain
) -> None:
    heads = []
    with network.keepers[0].client() as custodian:
        for _ in range(5):
            listed(committee, permitted, doctor)
            heads.append(custodian.log_head(log_domain=log_domain))
        for place, later in enumerate(heads):
            for earlier in heads[: place + 1]:
                custodian.check_grew(earlier.size, earlier.root, later)
        size = heads[-1].size
        for query in (f"0&size={size}", f"{size}&size={size - 1}", f"1&size={size + 9}"):
            with pytest.raises(RequestRefusedError) as refused:
                custodian._ask("GET", f"/log/consistency?earlier={query}")
            assert refused.value.code == "E_LOG_SIZE"


@pytest.fixture
def anchored(network: Network, tmp_path: Path) -> Iterator[Keeper]:
    """A custodian of its own that anchors four times a second, and has no ether yet."""
    CustodianKeys.make(tmp_path / "anchored", account_key=bytes(Account.create().key))
    keeper = network.serve("anchored", tmp_path / "anchored", more=("--anchor-every", "0.25"))
    participants = network.suite.participants
    network.relayer.send(
        network.authority.call(
            participants.propose_accreditation(keeper.keys.address, Role.CUSTODIAN)
        )
    )
    network.send(participants.accredit(keeper.keys.address))
    with keeper.process:
        yield keeper


def test_it_is_anchored_by_itself(
    network: Network, anchored: Keeper, permitted: Person, doctor: Reader, log_domain
) -> None:
    committee = Committee([anchored.client()], 1, network.suite)
    custodians = (anchored.keys.address, network.keepers[0].keys.address)
    with anchored.client() as custodian:
        custodian.open_list(permitted.opening(custodians=custodians))
        listed(committee, permitted, doctor)
        assert custodian.log_head(log_domain=log_domain).size == 1
        assert network.suite.access_log.head_of(anchored.keys.address).size == 0

        network.chain.ask("anvil_setBalance", anchored.keys.address, hex(10**18))
        assert _anchors(network, anchored) == 1
        listed(committee, permitted, doctor)
        assert _anchors(network, anchored, more_than=1) == 2
        head = custodian.log_head(log_domain=log_domain)
        assert network.suite.access_log.head_of(anchored.keys.address).root == head.root
    committee.close()


def _anchors(network: Network, keeper: Keeper, *, more_than: int = 0) -> int:
    """How many receipts are anchored, once there are more."""
    deadline = time.monotonic() + SECONDS
    while True:
        size = network.suite.access_log.head_of(keeper.keys.address).size
        if size > more_than or time.monotonic() > deadline:
            return size
        time.sleep(0.05)
