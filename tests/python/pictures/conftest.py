"""What the tests of pictures share."""

from __future__ import annotations


def measured(loinc, value, unit, when, low=None, high=None):
    """An Observation with one number."""
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit},
    }
    bounds = {"low": low, "high": high}
    given = {name: {"value": bound} for name, bound in bounds.items() if bound is not None}
    if given:
        observation["referenceRange"] = [given]
    return observation
