"""
docs/consent.md
└── has the rules of the model's docstring: the same numbers and reasons, in the same order
"""

import re
from pathlib import Path

from aceso.chain import rules
from aceso.codes import Reason

PAGE = Path(__file__).resolve().parents[3] / "docs" / "consent.md"


def test_the_page_has_the_rules_of_the_model():
    stated = re.findall(r"^ +(\d+)  ([A-Z_]+) ", rules.__doc__, re.M)
    shown = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.M)

    assert shown == stated
    assert {reason for _, reason in stated} == {reason.name for reason in Reason}
