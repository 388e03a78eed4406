"""
shamir
├── P5  every subset of m of n joins, for n up to 7; fewer say nothing
├── joins with the shares of PyPI pyshamir, and it with ours
└── refuses what can't be a set of shares
"""

from itertools import combinations

import pyshamir
import pytest

from aceso.vault import shamir

SECRET = bytes(range(32))


@pytest.mark.parametrize("count", range(2, 8))
def test_every_subset(count):
    for threshold in range(2, count + 1):
        shares = shamir.split(SECRET, shares=count, threshold=threshold)
        for size in range(2, count + 1):
            for subset in combinations(shares, size):
                assert (shamir.join(subset) == SECRET) == (size >= threshold)


def test_agrees_with_pyshamir():
    ours = shamir.split(SECRET, shares=5, threshold=3)
    theirs = [bytes(share) for share in pyshamir.split(SECRET, 5, 3)]

    assert bytes(pyshamir.combine([bytearray(share) for share in ours[1:4]])) == SECRET
    assert shamir.join(theirs[2:]) == SECRET


@pytest.mark.parametrize(
    "shares",
    [[], [b"ab"], [b"ab", b"ab"], [b"ab", b"abc"], [b"a\0", b"ab"], [b"a", b"b"], [b"", b"ab"]],
)
def test_refuses(shares):
    with pytest.raises(ValueError, match=r".+"):
        shamir.join(shares)


@pytest.mark.parametrize(("count", "threshold"), [(3, 1), (2, 3), (256, 2)])
def test_refuses_thresholds(count, threshold):
    with pytest.raises(ValueError, match="threshold"):
        shamir.split(SECRET, shares=count, threshold=threshold)
