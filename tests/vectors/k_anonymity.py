"""How `k_anonymity.json` was made: cohorts by the dice, and their k as pycanon measures it.

pycanon contradicts the versions of this package (docs/adr/0015-extracts.md), so it has a virtual
environment of its own, and the file goes from one to the other:

    python -m tests.vectors.k_anonymity > rows.json
    …/bin/pip install pycanon==1.3.6
    …/bin/python tests/vectors/k_anonymity.py rows.json > tests/vectors/k_anonymity.json

`subjects` are year of birth, gender and state, as somebody's records say them; `rows` are what
`anonymise` makes of their extracts for the k that is `asked`. `k` and `reached` are pycanon's.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

COHORTS = 24
ASKED = (2, 3, 5)
QUASI = ["birth", "gender", "region"]


def subjects() -> list[list[list[Any]]]:
    """The cohorts: some of few kinds of people, some of many, some of whom little is known."""
    made = []
    for seed in range(COHORTS):
        dice = random.Random(seed)
        years = range(1950, 1950 + dice.choice([1, 1, 2, 50]))
        genders = dice.choice([["female"], ["female", "male"], ["female", "male", "other", None]])
        states = dice.choice([["MA"], ["MA", "NY"], ["MA", "NY", "CA", None]])
        made.append(
            [
                [dice.choice(years), dice.choice(genders), dice.choice(states)]
                for _ in range(dice.randint(5, 40))
            ]
        )
    return made


def rows() -> list[dict[str, Any]]:
    """The cohorts with what `anonymise` makes of them."""
    from aceso.research import anonymise, quasi_identifiers
    from tests.python.research.test_anonymity import subject

    made = []
    for index, people in enumerate(subjects()):
        asked = ASKED[index % len(ASKED)]
        extracts = [subject(year, gender, state) for year, gender, state in people]
        done = anonymise(extracts, asked)
        made.append(
            {
                "subjects": people,
                "before": [list(quasi_identifiers(one)) for one in extracts],
                "asked": asked,
                "rows": [list(quasi_identifiers(one)) for one in done.extracts],
            }
        )
    return made


def measure(path: str) -> dict[str, Any]:
    """The same with k as pycanon has it."""
    from importlib.metadata import version

    import pandas
    from pycanon import anonymity

    def k(table: list[list[str]]) -> int:
        # Nothing known is a value as any other.
        return int(anonymity.k_anonymity(pandas.DataFrame(table, columns=QUASI), QUASI))

    with open(path, encoding="utf-8") as file:
        cohorts = json.load(file)
    return {
        "tool": f"pycanon {version('pycanon')}",
        "cohorts": [
            {
                "subjects": one["subjects"],
                "k": k(one["before"]),
                "asked": one["asked"],
                "rows": one["rows"],
                "reached": k(one["rows"]),
            }
            for one in cohorts
        ],
    }


if __name__ == "__main__":
    found = measure(sys.argv[1]) if len(sys.argv) > 1 else rows()
    sys.stdout.write(json.dumps(found, separators=(",", ":")) + "\n")
