"""Coin as people write it: exact both ways, and nothing else is an amount."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aceso.errors import UsageError
from aceso.flows import base_units, coin


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0", 0),
        ("1", 10**18),
        ("120", 120 * 10**18),
        ("0.5", 5 * 10**17),
        ("1.000000000000000001", 10**18 + 1),
        (" 2.50 ", 25 * 10**17),
        ("007", 7 * 10**18),
    ],
)
def test_an_amount_is_read(text: str, units: int) -> None:
    assert base_units(text) == units


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-1", "+1", "1e3", "1,5", ".5", "1.", "0x10", "NaN", "1 2"),
        *("1.0000000000000000001", "9" * 31),
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an amount of coin") as refused:
        base_units(text)
    assert (refused.value.code, refused.value.exit_code) == ("E_AMOUNT", 2)


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0"), (1, "0.000000000000000001"), (10**18, "1"), (15 * 10**17, "1.5"), (10**19, "10")],
)
def test_an_amount_is_written_without_needless_zeros(units: int, text: str) -> None:
    assert coin(units) == text


@given(st.integers(min_value=0, max_value=2**96))
def test_what_is_written_is_read_back(units: int) -> None:
    assert base_units(coin(units)) == units


def test_more_than_a_contract_keeps_is_refused() -> None:
    most = coin(2**96 - 1)
    assert base_units(most) == 2**96 - 1
    with pytest.raises(UsageError) as refused:
        base_units(most[:-1] + "6")
    assert refused.value.code == "E_AMOUNT_MOST"
