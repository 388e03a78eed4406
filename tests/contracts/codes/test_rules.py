"""
allowedBy, over every number of 16 bits
├── one known use: the uses of a grant that cover it, as the vocabulary says
└── anything else (none, several, an unknown bit): 0
maxDuration, over every number of 16 bits
├── known uses: the limit of the strictest
└── none, or an unknown one among them: 0
"""

import pytest

from aceso.codes import ALLOWED_BY, MAX_DAYS, Use

STEP = 2048
# The first numbers hold every known use: the rest are the same code, and slow on Ganache.
EVERY_NUMBER = [
    pytest.param(0, marks=pytest.mark.both_chains),
    *range(STEP, 1 << 16, STEP),
]
KNOWN = sum(Use)


@pytest.fixture(scope="module")
def codes(CodesDouble, accounts):
    return CodesDouble.deploy({"from": accounts[0]})


@pytest.mark.parametrize("first", EVERY_NUMBER)
def test_allowed_by_is_what_the_vocabulary_says(codes, first):
    expected = [
        int(ALLOWED_BY[Use(number)]) if number in list(Use) else 0
        for number in range(first, first + STEP)
    ]

    assert list(codes.allowedBy(first, STEP)) == expected


@pytest.mark.parametrize("first", EVERY_NUMBER)
def test_max_duration_is_that_of_the_strictest_use(codes, first):
    expected = [
        0 if number == 0 or number & ~KNOWN else min(MAX_DAYS[use] for use in Use(number)) * 86400
        for number in range(first, first + STEP)
    ]

    assert list(codes.maxDuration(first, STEP)) == expected
