"""What the tests' own harness promises, which a busy machine would otherwise break by chance."""

from __future__ import annotations

import inspect

import pytest
from brownie import chain, rpc, web3
from web3.exceptions import TransactionNotFound


def test_a_receipt_that_comes_after_its_nonce_is_waited_for(registry, subject, monkeypatch):
    asked = []
    # Brownie asks by one of these, web3's own waiting by the other.
    for name in ("get_transaction_receipt", "_transaction_receipt"):
        monkeypatch.setattr(web3.eth, name, _late(getattr(web3.eth, name), asked))

    receipt = registry.withdrawAll({"from": subject})

    assert len(asked) > 3
    assert receipt.status == 1


def test_no_source_is_read_to_know_who_calls(registry, subject, monkeypatch):
    def read(*arguments):
        raise AssertionError("the source of every frame is read")

    monkeypatch.setattr(inspect, "stack", read)
    chain.snapshot()
    registry.withdrawAll({"from": subject})

    chain.revert()


def test_a_snapshot_past_the_chain_is_still_warned_of(registry):
    with pytest.warns(FutureWarning, match="should not be called directly"):
        rpc.snapshot()


def _late(answer, asked):
    def late(transaction_hash):
        asked.append(transaction_hash)
        if len(asked) <= 3:
            raise TransactionNotFound("not yet")
        return answer(transaction_hash)

    return late
