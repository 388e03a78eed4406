"""Write the elements of FHIR R4, their types and whether they repeat, from the models of a library.

    python3.11 -m venv build/models
    build/models/bin/pip install fhir.resources==6.4.0 'pydantic<2'
    build/models/bin/python tools/fhir_elements.py > src/aceso/formats/codelists/fhir_elements.txt

XML says neither whether an element repeats nor whether "1" is a number or a text; JSON needs both.
`fhir.resources` 6.4.0 is made from the published StructureDefinitions of R4 4.0.1. It needs another
pydantic than the project, so it is asked once, here, and what it says is kept.
"""

from __future__ import annotations

import importlib
from typing import Any, get_args

BASES = ("Resource", "DomainResource", "Element", "BackboneElement")
HEAD = """\
# The elements of every type of HL7 FHIR R4 (4.0.1): name=type, with * where it repeats.
# Source: the models of fhir.resources 6.4.0 (BSD-3-Clause), made from the StructureDefinitions of
# R4, which HL7 publishes under CC0. Written by tools/fhir_elements.py; don't edit.
"""


def main() -> None:
    """Print one line for each type: its name, its base, and the elements that it adds."""
    validators: Any = importlib.import_module("fhir.resources.fhirtypesvalidators")
    print(HEAD, end="")
    for name in sorted(validators.MODEL_CLASSES):
        if name == "FHIRPrimitiveExtension":
            continue
        model = validators.get_fhir_model_class(name)
        base = next((one.__name__ for one in model.__mro__[1:] if one.__name__ in BASES), "")
        own = _elements(model)
        if base:
            inherited = _elements(validators.get_fhir_model_class(base))
            own = {key: value for key, value in own.items() if key not in inherited}
        print(f"{name}:{base}", *(f"{key}={value}" for key, value in sorted(own.items())))


def _elements(model: Any) -> dict[str, str]:
    found = {}
    for field in model.__fields__.values():
        alias = field.alias
        if alias.startswith("_") or alias in ("resource_type", "resourceType", "fhir_comments"):
            continue
        # A primitive that repeats may be null where only an extension is.
        parts = [one for one in get_args(field.type_) if one is not type(None)]
        name = (parts[0] if parts else field.type_).__name__
        kind = name.removesuffix("Type") if name.endswith("Type") else name[:1].lower() + name[1:]
        kind = {"bool": "boolean"}.get(kind, kind)
        many = "*" if str(field.outer_type_).startswith("typing.List") else ""
        found[alias] = kind + many
    return found


if __name__ == "__main__":
    main()
