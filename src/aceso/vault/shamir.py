"""Shamir's secret sharing over GF(2^8), byte by byte: any m of n shares give the secret back.

The field is that of AES (x^8 + x^4 + x^3 + x + 1). A share is the value at x, followed by x: the
layout of HashiCorp Vault, PyPI `pyshamir` and npm `shamir-secret-sharing`, whose shares these join
with. Here x is 1, 2, …, n; others draw it, so `join` takes any.

Fewer than m shares say nothing about the secret. A wrong share is not noticed: it gives a wrong
secret, so check shares before you join them. The tables are looked up by secret bytes, which a
program on the same processor might watch; docs/adr/0002-vault-suite.md says why that is accepted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Final

__all__ = ["join", "split"]

_MAX_SHARES: Final = 255


def _powers() -> tuple[list[int], list[int]]:
    exponents, logarithms = [0] * 255, [0] * 256
    value = 1
    for exponent in range(255):
        exponents[exponent] = value
        logarithms[value] = exponent
        value ^= value << 1  # times 3, which generates the field
        if value & 0x100:
            value ^= 0x11B
    return exponents, logarithms


_EXP, _LOG = _powers()


@cache
def _times(factor: int) -> bytes:
    """The table that multiplies every byte by `factor`, for `bytes.translate`."""
    if not factor:
        return bytes(256)
    log = _LOG[factor]
    return bytes([0] + [_EXP[(log + _LOG[value]) % 255] for value in range(1, 256)])


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def split(secret: bytes, *, shares: int, threshold: int) -> list[bytes]:
    """`shares` shares of `secret`, any `threshold` of which give it back."""
    if not secret:
        raise ValueError("an empty secret can't be split")
    if not 2 <= threshold <= shares <= _MAX_SHARES:
        raise ValueError(f"{threshold} of {shares} is not a threshold: 2 <= m <= n <= 255")
    coefficients = [os.urandom(len(secret)) for _ in range(threshold - 1)]
    result = []
    for x in range(1, shares + 1):
        table = _times(x)
        value = coefficients[-1]
        for coefficient in coefficients[-2::-1]:
            value = _xor(value.translate(table), coefficient)
        result.append(_xor(value.translate(table), secret) + bytes([x]))
    return result


def join(shares: Sequence[bytes]) -> bytes:
    """The secret of these shares: all of them are used, so give as many as the threshold."""
    points = [share[-1] for share in shares if share]
    lengths = {len(share) for share in shares}
    if len(points) != len(shares) or len(points) < 2 or len(lengths) != 1 or lengths == {1}:
        raise ValueError("at least two shares of one length are needed")
    if len(set(points)) != len(points) or 0 in points:
        raise ValueError("each share needs an x of its own, from 1 to 255")
    secret = bytes(len(shares[0]) - 1)
    for x, share in zip(points, shares, strict=True):
        # Lagrange's basis at 0: the product of other / (other - x), where minus is xor.
        log = sum(_LOG[other] - _LOG[other ^ x] for other in points if other != x)
        secret = _xor(secret, share[:-1].translate(_times(_EXP[log % 255])))
    return secret
