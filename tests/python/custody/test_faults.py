"""Custodians that lie, hang or die, and chains that do.

lying        a false share is named, and the opening succeeds without it; two liars of three
proof        what a liar signed is proof to anybody, and nothing else is; unsigned, nobody is named
down         one of three; two of three, within five seconds; stopped without an answer
colluding    all custodians without a grantee; a former grantee with all custodians but m - 1
killed       between two answers, with what it has said still there
the chain    node down, node behind, another chain
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import acts
from aceso.custody import (
    Committee,
    Custodian,
    CustodianDownError,
    CustodianKeys,
    DeniedError,
    FalseShareProof,
    ProvenFalseShareError,
    Release,
    SignedRequest,
    TooFewCustodiansError,
)
from aceso.devnet.chain import start_chain
from aceso.errors import InputError
from aceso.vault import (
    FalseShareError,
    OpeningError,
    PrivateKey,
    join,
    open_released,
    open_share,
)

from . import lying
from .conftest import LABS, Keeper, Network, Shared

_LYING = str(Path(__file__).with_name("lying.py"))


@contextmanager
def _lying(network: Network, keeper: Keeper) -> Iterator[None]:
    """This custodian's process, replaced by a liar at the same address."""
    port = int(keeper.url.rsplit(":", 1)[1])
    keeper.process.stop()
    liar = network.serve("lying", keeper.folder, module=_LYING, port=port)
    try:
        yield
    finally:
        liar.process.stop()
        network.restart(keeper)


@contextmanager
def _down(network: Network, *keepers: Keeper) -> Iterator[None]:
    for keeper in keepers:
        keeper.process.kill()
    try:
        yield
    finally:
        for keeper in keepers:
            network.restart(keeper)


def test_a_false_share_is_named_and_done_without(
    network: Network, shared: Shared, committee: Committee
) -> None:
    with _lying(network, network.keepers[0]):
        opened = committee.open_key(shared.entry, **shared.opens())
        committee.wait_for_late(5.0)
    assert opened.dek == shared.key.dek
    (complaint,) = committee.complaints
    assert complaint.custodian == network.keepers[0].keys.address
    assert isinstance(complaint, ProvenFalseShareError)
    domain = network.suite.domain("ConsentRegistry")
    assert "commitment" in complaint.proof.check(shared.reader.private, domain)


# --- Proof ------------------------------------------------------------------------------------


@pytest.fixture
def proof(shared: Shared, network: Network) -> FalseShareProof:
    """Of a lie that the first custodian signed."""
    keeper, capsule = network.keepers[0], shared.entry.capsule
    asked = _request(shared, keeper)
    share = open_share(capsule, keeper.keys.address, keeper.keys.private)
    lie = lying._false(capsule, share, shared.reader.private.public_key, request=asked.digest)
    release = Release.sign(
        keeper.keys.account,
        lie,
        request=asked.digest,
        capsule=capsule.digest,
        domain=network.suite.domain("ConsentRegistry"),
    )
    return FalseShareProof(
        custodian=keeper.keys.address, request=asked.message, capsule=capsule, release=release
    )


def test_a_false_share_is_proof_to_anybody_and_nothing_else_is(
    network: Network, shared: Shared, proof: FalseShareProof
) -> None:
    domain = network.suite.domain("ConsentRegistry")
    key, stranger = shared.reader.private, PrivateKey.generate()
    shown = FalseShareProof.read(proof.to_bytes())
    assert "commitment" in shown.check(key, domain)

    honest, other = network.keepers[1], network.keepers[2].keys.address
    asked = _request(shared, honest)
    given = honest.client().release(asked)
    truth = replace(proof, custodian=honest.keys.address, request=asked.message, release=given)
    another = shared.person.entry()[0].capsule
    elsewhere = dict(domain, chainId=domain["chainId"] + 1)
    for why, wrong, private, where in (
        ("is the right one", truth, key, domain),
        ("did not sign", replace(truth, release=replace(given, sealed=b"")), key, domain),
        ("did not sign", replace(shown, capsule=another), key, domain),
        ("did not sign", shown, key, elsewhere),
        ("did not sign", replace(shown, release=given), key, domain),
        ("with another key", shown, stranger, domain),
        ("another custodian's", replace(shown, custodian=other), key, domain),
        ("not one", replace(shown, request={}), key, domain),
    ):
        with pytest.raises(InputError, match=why) as refused:
            wrong.check(private, where)
        assert refused.value.code == "E_PROOF_NOTHING"
    for data in (b"", b"[]", b"{}", proof.to_bytes()[:-9], b"[" * 100_000):
        with pytest.raises(InputError, match="no proof"):
            FalseShareProof.read(data)


def test_what_is_not_signed_blames_nobody(
    network: Network, shared: Shared, committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(one: Custodian, *asked: Any, **more: Any) -> Release:
        given = real(one, *asked, **more)
        return replace(given, sealed=given.sealed[:-1] + bytes([given.sealed[-1] ^ 1]))

    real = Custodian.release
    monkeypatch.setattr(Custodian, "release", changed)
    with pytest.raises(TooFewCustodiansError, match="does not sign") as caught:
        committee.open_key(shared.entry, **shared.opens())
    assert caught.value.k == 0
    assert not committee.complaints


def _request(shared: Shared, keeper: Keeper) -> SignedRequest:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper, "ReleaseRequest")
    return SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)


def test_too_many_liars_are_all_named(
    network: Network, shared: Shared, committee: Committee
) -> None:
    with (
        _lying(network, network.keepers[0]),
        _lying(network, network.keepers[2]),
        pytest.raises(TooFewCustodiansError, match="false share") as caught,
    ):
        committee.open_key(shared.entry, **shared.opens())
    liars = {network.keepers[0].keys.address, network.keepers[2].keys.address}
    assert (caught.value.k, caught.value.m) == (1, 2)
    assert set(caught.value.names) == liars
    assert {complaint.custodian for complaint in committee.complaints} == liars


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_down(network: Network, shared: Shared, committee: Committee, place: int) -> None:
    with _down(network, network.keepers[place]):
        assert committee.listing(**shared.asks()).entries
        assert committee.open_key(shared.entry, **shared.opens()).dek == shared.key.dek


def test_two_down(network: Network, shared: Shared, committee: Committee) -> None:
    began = time.monotonic()
    with (
        _down(network, *network.keepers[1:]),
        pytest.raises(TooFewCustodiansError, match="1 of 2 needed"),
    ):
        try:
            committee.open_key(shared.entry, **shared.opens())
        finally:
            assert time.monotonic() - began < 5


def test_one_that_hangs(network: Network, shared: Shared, committee: Committee) -> None:
    pid = network.keepers[0].process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert committee.open_key(shared.entry, **shared.opens()).dek == shared.key.dek
        assert committee.listing(**shared.asks()).entries
        assert time.monotonic() - began < 5
    finally:
        os.kill(pid, signal.SIGCONT)


def test_all_custodians_without_a_grantee_open_nothing(network: Network, shared: Shared) -> None:
    capsule = shared.entry.capsule
    shares = [
        open_share(capsule, keeper.keys.address, keeper.keys.private) for keeper in network.keepers
    ]
    keys = [keeper.keys.private for keeper in network.keepers]
    for key in (*keys, shared.reader.private, PrivateKey.generate()):
        with pytest.raises(OpeningError):
            join(capsule, shares, key)


def test_a_former_grantee_with_one_custodian_opens_nothing(
    network: Network, shared: Shared, committee: Committee
) -> None:
    network.send(acts.withdraw(network.suite, shared.person.persona, shared.reader.grantee).call)
    capsule, corrupt = shared.entry.capsule, network.keepers[0].keys
    share = open_share(capsule, corrupt.address, corrupt.private)
    with pytest.raises(OpeningError):
        join(capsule, [share, share], shared.person.keys.class_key(LABS, 0))
    with pytest.raises(DeniedError):
        committee.open_key(shared.entry, **shared.opens())


def test_killed_and_started_again(network: Network, shared: Shared, committee: Committee) -> None:
    keeper = network.keepers[0]
    for _ in range(3):
        committee.listing(**shared.asks())
        keeper.process.kill()
        network.restart(keeper)
    log = committee.custodians[0].log(
        shared.person.list_key,
        shared.person.keys.log_key(LABS, 0),
        domain=network.suite.domain("ConsentRegistry"),
        log_domain=network.suite.domain("AccessLog"),
        now=network.suite.now(),
    )
    assert [receipt["act"] for receipt in log.receipts] == ["list"] * 3 + ["log"]
    (listed,) = committee.listing(**shared.asks()).entries
    assert listed.digest == shared.entry.digest


def test_without_its_chain_it_refuses(network: Network, shared: Shared, tmp_path: Path) -> None:
    process, chain = start_chain("anvil", folder=tmp_path / "logs")
    CustodianKeys.make(tmp_path / "lonely")
    keeper = network.serve("lonely", tmp_path / "lonely", rpc=chain.url)
    with chain, keeper.process, keeper.client() as client:
        # The other chain has the same number, and not our contracts.
        request = SignedRequest.sign(
            shared.reader.account,
            "ListRequest",
            shared.message(keeper, deadline=chain.now + 60),
            network.suite.domain("ConsentRegistry"),
        )
        with pytest.raises(CustodianDownError, match="our contracts"):
            client.list(request)
        chain.mine(20)
        client.health()
        process.stop()
        with pytest.raises(CustodianDownError, match="node does not answer"):
            client.list(request)
        with pytest.raises(CustodianDownError, match="node does not answer"):
            client.health()
        port = int(chain.url.rsplit(":", 1)[1])
        again, fresh = start_chain("anvil", folder=tmp_path / "logs", port=port)
        with again, fresh, pytest.raises(CustodianDownError, match="is behind"):
            client.health()
        other, fresh = start_chain("anvil", folder=tmp_path / "logs", port=port, chain_id=4242)
        with other, fresh, pytest.raises(CustodianDownError, match="not on chain"):
            client.health()


def test_a_share_of_another_sort_is_false(shared: Shared, network: Network) -> None:
    with pytest.raises(FalseShareError) as caught:
        open_released(
            shared.entry.capsule,
            network.keepers[1].keys.address,
            b"\0" * 2000,
            shared.reader.private,
            request=bytes(32),
        )
    assert caught.value.custodian == network.keepers[1].keys.address
