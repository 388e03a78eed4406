"""
An act by the subject's own call, by a relayer's and by a stranger's, each of every kind
└── leaves the same words and says the same events, at the same second (C6, C9)
"""

import pytest
from brownie import web3

from tests.contracts.acting import ACTS, CONSENT_ACTS, DAY, domain_of, grantee_of, sign

KINDS = pytest.mark.parametrize("type_name", [act.type_name for act in CONSENT_ACTS])


def rpc(method, *arguments):
    answer = web3.provider.make_request(method, list(arguments))
    assert "result" in answer, answer
    return answer["result"]


@pytest.fixture
def told(registry, subject, grantee, physician):
    """What the registry keeps of the subject, and what it said, after an act at this second.
    Afterwards nothing has happened."""

    def after(second, send):
        kept = rpc("evm_snapshot")
        rpc("evm_setNextBlockTimestamp", second)
        tx = send()
        assert tx.timestamp == second
        words = [
            tuple(registry.standing(subject, grantee_of(account), account))
            for account in (grantee, physician)
        ]
        logs = rpc("eth_getTransactionReceipt", tx.txid)["logs"]
        said = [(log["address"], log["topics"], log["data"]) for log in logs]
        assert rpc("evm_revert", kept)
        return words, said

    return after


@KINDS
def test_all_ways_are_one(
    registry, subject, grantee, relayer, stranger, message_of, told, chain, type_name
):
    if type_name == "Unbar":
        registry.bar(grantee, {"from": subject})
    elif type_name != "Grant":
        held = message_of("Grant")
        registry.grant(*ACTS["Grant"].direct_arguments(held), {"from": subject})
    kind = ACTS[type_name]
    message = message_of(type_name, validUntil=chain[-1].timestamp + 20 * DAY)
    signature = sign(subject.private_key, type_name, message, domain_of(registry))
    direct, signed = getattr(registry, kind.direct), getattr(registry, kind.signed)
    second = chain[-1].timestamp + 60

    own = told(second, lambda: direct(*kind.direct_arguments(message), {"from": subject}))
    carried = [
        told(second, lambda by=by: signed(*kind.arguments(message), signature, {"from": by}))
        for by in (relayer, stranger)
    ]

    assert len(own[1]) == 1
    assert carried == [own, own]
