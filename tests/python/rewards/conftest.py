"""Facts of an invented epoch, and how to change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aceso.chain import RecordStanding
from aceso.codes import DataClass
from aceso.ethereum import checksum
from aceso.rewards import MICROCOIN, Facts, Source, Use

COIN = 10**18
HOSPITAL, OTHER = checksum("0x" + "aa" * 20), checksum("0x" + "bb" * 20)
NOBODY = "0x" + "00" * 20
LABS, SLEEP = int(DataClass.LABS), int(DataClass.SLEEP)


def address(number: int) -> str:
    return checksum("0x" + number.to_bytes(20, "big").hex())


@pytest.fixture
def use():
    """An order of 10 coins of labs; its commons part is half a coin."""

    def make(order: int = 1, **changed: Any) -> Use:
        given = Use(order, address(900), address(order), NOBODY, 0, LABS, 10 * COIN, True)
        return replace(given, **changed)

    return make


@pytest.fixture
def source():
    def make(order: int = 1, **changed: Any) -> Source:
        tag, record = order.to_bytes(32, "big"), (1000 + order).to_bytes(32, "big")
        given = Source(order, LABS, HOSPITAL, tag, record, RecordStanding.STANDS)
        return replace(given, **changed)

    return make


@pytest.fixture
def facts():
    def make(uses: list[Use], sources: list[Source], **changed: Any) -> Facts:
        given = Facts(1337, OTHER, 3, 10**12, 77, tuple(uses), (), tuple(sources))
        return replace(given, **changed)

    return make


HALF = 10 * COIN // 20 // MICROCOIN
