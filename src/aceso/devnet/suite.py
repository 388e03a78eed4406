"""The suite and its custodians on a local network.

    with Devnet.start(folder, stages=[with_suite()]) as network: …
    authority = Authority(network, suite)
    authority.accredit({hospital: Role.ISSUER})

`with_suite` deploys the contracts under a two-of-three wallet as the authority, opens an
institution for each custodian, accredits and starts the custodians, and registers them as a
committee. The chain starts empty each time, so the custodians do, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Call,
    Committee,
    Deployment,
    LocalAuthority,
    Sender,
    Suite,
    deploy_local_authority,
    deploy_suite,
)
from aceso.codes import Role
from aceso.custody import CustodianKeys

from .chain import MNEMONIC
from .network import Devnet, Stage
from .process import Process

__all__ = ["CONFIRMATIONS", "Authority", "add_custodian", "with_suite"]

# How many blocks a custodian waits for. One is enough where nothing is ever undone.
CONFIRMATIONS: Final = 1

_DELAY_SECONDS: Final = 3600
_ATTESTATION_DELAY_SECONDS: Final = 7 * 24 * 3600
_RECOVERY_DELAY_SECONDS: Final = 3 * 24 * 3600
_RATE: Final = 10_000
_COIN_CAP: Final = 10**9 * 10**18
_SALE_CAP: Final = 10**8 * 10**18
_SALE_DAY_CAP: Final = 10**6 * 10**18
_ETHER: Final = 10**18
_START_SECONDS: Final = 60.0
_FOR_EVER: Final = 2**40 - 1

# Which of the well-known accounts does what.
_DEPLOYER: Final = 0
_OWNERS: Final = (1, 2, 3)
_COMMONS: Final = 4
_RELAYER: Final = 5
_FIRST_CUSTODIAN: Final = 10
_FIRST_INSTITUTION: Final = 20


def _account(index: int) -> LocalAccount:
    """A well-known account of the local network."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


class Authority:
    """The authority of a local network, which can wait for its own delay by moving the clock."""

    def __init__(self, network: Devnet, suite: Suite):
        self._network = network
        self._suite = suite
        self._sender = Sender(suite, _account(_DEPLOYER))
        self._wallet = LocalAuthority(
            suite, suite.participants.authority(), [_account(index) for index in _OWNERS]
        )

    def accredit(self, roles: Mapping[str, Role]) -> None:
        """Give these accounts these roles, after the delay."""
        participants = self._suite.participants
        self._act([participants.propose_accreditation(*item, 0) for item in roles.items()])
        self._wait()
        self._sender.send_all([participants.accredit(account) for account in roles])

    def unaccredit(self, account: str, role: Role) -> None:
        """Take a role at once."""
        self._act([self._suite.participants.unaccredit(account, role)])

    def open_institution(self, account: str) -> int:
        """Open an institution that this account runs; it counts from the delay on."""
        call = self._wallet.call(self._suite.participants.open_institution(account))
        receipt = self._sender.send(call)
        opened = next(event for event in receipt.events if event.name == "InstitutionOpened")
        self._wait()
        return int(opened.args["number"])

    def fund(self, accounts: Sequence[str], *, ether: int = 10) -> None:
        """Give ether of the local network to accounts that pay for themselves."""
        self._sender.send_all([Call(account, b"", value=ether * _ETHER) for account in accounts])

    def _act(self, calls: Sequence[Call]) -> None:
        self._sender.send_all(self._wallet.call_all(calls))

    def _wait(self) -> None:
        self._network.chain.advance_time(self._suite.participants.accreditation_delay() + 1)


def with_suite(*, custodians: int = 3, threshold: int | None = None) -> Stage:
    """A stage for `Devnet.start` that deploys the suite and starts custodians. Unless `threshold`
    says otherwise, more than half of them are needed: 2 of 3, 3 of 5."""
    needed = custodians // 2 + 1 if threshold is None else threshold

    def stage(network: Devnet) -> None:
        network.expect_custodians()
        deployment = _deploy(network)
        suite = Suite.connect(network.chain_url, deployment)
        try:
            _start_committee(network, suite, custodians=custodians, threshold=needed)
        finally:
            suite.close()

    return stage


def _deploy(network: Devnet) -> Deployment:
    deployer = _account(_DEPLOYER)
    wallet = deploy_local_authority(
        network.chain_url, deployer, [_account(index) for index in _OWNERS]
    )
    deployment = deploy_suite(
        network.chain_url,
        deployer,
        network="devnet",
        authority=wallet,
        commons=_account(_COMMONS).address,
        accreditation_delay=_DELAY_SECONDS,
        coin_rate=_RATE,
        sale_cap=_SALE_CAP,
        sale_day_cap=_SALE_DAY_CAP,
        coin_cap=_COIN_CAP,
        attestation_delay=_ATTESTATION_DELAY_SECONDS,
        recovery_delay=_RECOVERY_DELAY_SECONDS,
    )
    deployment.write(network.folder / "deployment.json")
    network.publish(
        deployment=deployment.to_json(),
        relayerKey="0x" + _account(_RELAYER).key.hex().removeprefix("0x"),
        confirmations=CONFIRMATIONS,
    )
    return deployment


def _start_committee(network: Devnet, suite: Suite, *, custodians: int, threshold: int) -> None:
    authority = Authority(network, suite)
    accounts = [_account(_FIRST_CUSTODIAN + index) for index in range(custodians)]
    institutions = [_account(_FIRST_INSTITUTION + index) for index in range(custodians)]
    numbers = []
    for institution, account in zip(institutions, accounts, strict=True):
        number = authority.open_institution(institution.address)
        member = suite.participants.set_member(number, account.address, _FOR_EVER, 0)
        Sender(suite, institution).send(member)
        numbers.append(number)
    authority.accredit({account.address: Role.CUSTODIAN for account in accounts})
    started = [_start(network, place, account) for place, account in enumerate(accounts, 1)]
    served = [_ready(suite, account, it) for account, it in zip(accounts, started, strict=True)]
    members = Committee(tuple(account.address for account in accounts), threshold)
    Sender(suite, accounts[0]).send(suite.participants.register_committee(members, numbers))
    network.publish(
        custodians=served,
        committee={
            "number": suite.participants.committee_count(),
            "threshold": threshold,
            "institutions": numbers,
        },
    )


def add_custodian(network: Devnet, suite: Suite, place: int) -> dict[str, str]:
    """One more custodian, of an institution of its own, accredited and started: its address, URL
    and key. It is in no committee yet, and not in `devnet.json`."""
    authority = Authority(network, suite)
    account, institution = (
        _account(first + place - 1) for first in (_FIRST_CUSTODIAN, _FIRST_INSTITUTION)
    )
    number = authority.open_institution(institution.address)
    member = suite.participants.set_member(number, account.address, _FOR_EVER, 0)
    Sender(suite, institution).send(member)
    authority.accredit({account.address: Role.CUSTODIAN})
    return _ready(suite, account, _start(network, place, account))


def _start(network: Devnet, place: int, account: LocalAccount) -> Process:
    """The process of a new custodian, which is not ready yet."""
    folder = network.folder / f"custodian-{place}"
    # What it kept belongs to a chain that is gone.
    shutil.rmtree(folder, ignore_errors=True)
    CustodianKeys.make(folder, account_key=bytes(account.key))
    return network.run_custodian(f"custodian-{place}", _serve(network, folder))


def _ready(suite: Suite, account: LocalAccount, process: Process) -> dict[str, str]:
    """What a custodian says of itself when it serves; its key is published then."""
    said = process.wait_for_line(seconds=_START_SECONDS)
    key = bytes.fromhex(str(said["publicKey"]).removeprefix("0x"))
    Sender(suite, account).send(suite.participants.publish_key(key))
    return {name: str(said[name]) for name in ("address", "url", "publicKey")}


def _serve(network: Devnet, folder: object) -> list[str]:
    deployment = str(network.folder / "deployment.json")
    serve = ["serve", "--folder", str(folder), "--rpc", network.chain_url]
    return [*serve, "--deployment", deployment, "--confirmations", str(CONFIRMATIONS)]
