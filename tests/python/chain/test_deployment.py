"""Deploying and checking, on Anvil and on Ganache.

a deployment
+ has no findings, and comes back from its file as it was
+ with another address, argument or code in it has some
connecting
+ refuses another chain, and contracts that are not there
"""

from __future__ import annotations

import dataclasses

import pytest

from aceso.chain import (
    Deployment,
    DeploymentError,
    DeploymentFileError,
    NotDeployedError,
    Sender,
    Suite,
    WrongChainError,
    check_deployment,
    deploy_suite,
)
from tests.python.chain.conftest import account, deploy

ZERO = "0x" + "00" * 20
SALE = [10_000, ZERO, 0, 10**26, 10**26]


def changed(deployment: Deployment, name: str, **parts: object) -> Deployment:
    moved = dataclasses.replace(deployment.contracts[name], **parts)
    return dataclasses.replace(deployment, contracts=deployment.contracts | {name: moved})


def test_it_has_no_findings(local_chain, deployment):
    assert check_deployment(local_chain.url, deployment) == []


def test_ganache_takes_it_too(ganache_chain):
    deployment = deploy(ganache_chain)
    assert check_deployment(ganache_chain.url, deployment) == []
    suite = Suite.connect(ganache_chain.url, deployment)
    calls = [suite.records.anchor(bytes([at]) * 32, bytes(32)) for at in range(1, 6)]
    receipts = Sender(suite, account(5)).send_all(calls)
    assert [receipt.status for receipt in receipts] == [1] * 5
    suite.close()


def test_its_file_says_the_same(deployment, tmp_path):
    deployment.write(tmp_path / "local.json")
    assert Deployment.read(tmp_path / "local.json") == deployment


def test_what_is_no_file_of_a_deployment_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"chainId": 1, "contracts": {}}')
    for name in ("x.json", "missing.json"):
        with pytest.raises(DeploymentFileError):
            Deployment.read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("ParticipantRegistry", {"args": ["0x" + "11" * 20, 0]}),
        ("RewardCoin", {"args": ["", "", 5]}),
        ("CoinSale", {"args": ["", "", "0x" + "11" * 20, SALE]}),
        ("CoinSale", {"args": ["", "", account(4).address, [*SALE[:4], SALE[3] - 1]]}),
        ("DataMarket", {"args": ["", "", "", "0x" + "11" * 20, ZERO, 0]}),
        ("DataMarket", {"args": ["", "", "", account(4).address, "0x" + "11" * 20, 0]}),
        ("DataMarket", {"args": ["", "", "", account(4).address, ZERO, 1]}),
        ("RewardPool", {"args": ["", "", "", [1, 8, 90 * 86_400]]}),
        ("RewardBoard", {"args": ["", "", "", 14 * 86_400, 21 * 86_400, 1]}),
        ("Offers", {"address": "0x" + "11" * 20}),
        ("Settlement", {"address": "0x" + "11" * 20}),
    ],
)
def test_what_is_not_as_deployed_is_found(local_chain, deployment, name, parts):
    assert check_deployment(local_chain.url, changed(deployment, name, **parts))


def test_one_contract_in_place_of_another_is_found(local_chain, deployment):
    other = deployment.contracts["ConsentRegistry"].address
    wrong = changed(deployment, "RecordRegistry", address=other)
    assert check_deployment(local_chain.url, wrong)


def test_the_authority_has_to_be_a_contract(local_chain):
    with pytest.raises(DeploymentError):
        deploy_suite(
            local_chain.url,
            account(0),
            network="local",
            authority=account(1).address,
            commons=account(4).address,
            accreditation_delay=0,
            coin_rate=1,
            sale_cap=1,
            coin_cap=10**26,
        )


def test_the_coin_has_place_for_what_is_sold_and_emitted(local_chain, deployment):
    with pytest.raises(DeploymentError, match="leaves no place"):
        deploy_suite(
            local_chain.url,
            account(0),
            network="local",
            authority=deployment.contracts["ParticipantRegistry"].args[0],
            commons=account(4).address,
            accreditation_delay=0,
            coin_rate=1,
            sale_cap=5,
            # A millionth of the budget too few.
            coin_cap=5 + 16 * 10**24 - 1,
        )


def test_connecting_refuses_what_is_not_there(local_chain, deployment):
    with pytest.raises(WrongChainError):
        Suite.connect(local_chain.url, dataclasses.replace(deployment, chain_id=5))
    with pytest.raises(NotDeployedError):
        Suite.connect(local_chain.url, changed(deployment, "CoinSale", address="0x" + "11" * 20))
