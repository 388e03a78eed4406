"""Make an extract of records without the identifiers of HIPAA's Safe Harbor.

    rules = Rules(classes=DataClass.LABS, key=shift_key(secret, "study:0x…:7"))
    made = extract(records, rules)
    made.files()                          # {"Observation.ndjson": …, "genome-1.vcf": …}
    made.removed                          # {"Observation.subject": "R", …}

What is kept is listed, not what is dropped: an element that no list names is left out. Every
removed path is named with the paragraph of 45 CFR 164.514(b)(2)(i) by which it went.

Limits: this removes direct identifiers. Rare codes and unusual values in themselves can still
single a person out; over a cohort, `anonymise` measures and bounds that for what it names. The
class RESEARCH_EXTRACT, the buyer's promise and the log stay needed.
"""

from __future__ import annotations

from ._anonymity import Anonymised, anonymise, measured, quasi_identifiers
from ._dates import Dates, shift_key
from ._extract import Extract, Source, extract
from ._genome import Locus
from ._hierarchies import Region, parent_code
from ._rules import Rules
from ._safe_harbor import NOT_LISTED, RULES, TEXT, Rule, rule_of
from ._text import QUALITATIVE_RESULTS, Recogniser

__all__ = [
    "NOT_LISTED",
    "QUALITATIVE_RESULTS",
    "RULES",
    "TEXT",
    "Anonymised",
    "Dates",
    "Extract",
    "Locus",
    "Recogniser",
    "Region",
    "Rule",
    "Rules",
    "Source",
    "anonymise",
    "extract",
    "measured",
    "parent_code",
    "quasi_identifiers",
    "rule_of",
    "shift_key",
]
