"""What a refusal says.

every custom error of the ABIs
+ has a sentence in English and in Korean, and a code
+ and its values fit into them
docs/errors.md
+ is what the table says
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aceso.chain import Call, sentence
from aceso.chain.abi import error_formats
from aceso.chain.failures import SENTENCES, error_code, markdown, refused

ROOT = Path(__file__).resolve().parents[3]
ERRORS = sorted(error_formats().values(), key=lambda one: one.name)


def example(kind: str) -> object:
    if kind == "address":
        return "0x" + "11" * 20
    if kind == "bytes":
        return b""
    if kind.startswith("bytes"):
        return bytes(int(kind[5:]))
    return "text" if kind == "string" else 1


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.name)
def test_every_error_has_sentences_that_its_values_fit(error):
    english, korean = SENTENCES[error.name]
    values = dict(
        zip(error.inputs.names, [example(kind) for kind in error.inputs.types], strict=True)
    )
    for language, text in (("en", english), ("ko_KR.UTF-8", korean)):
        assert set(re.findall(r"{(\w+)}", text)) <= set(values)
        assert "{" not in sentence(error.name, values, language)
    assert re.search("[가-힣]", korean)
    assert not re.search("[가-힣]", english)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.name)
def test_the_bytes_of_an_error_become_a_refusal(error):
    values = [example(kind) for kind in error.inputs.types]
    data = error.selector + error.inputs.encode(values)
    failure = refused(Call("0x" + "22" * 20, b"", name="X.y"), data, text="", receipt=None)
    assert failure.error == error.name
    assert failure.code == error_code(error.name)
    assert failure.contract == "X"
    # What a person did not permit ends a command with 4, whoever says so.
    assert failure.exit_code == (4 if error.name == "OrderDenied" else 5)


def test_no_sentence_is_of_an_error_that_no_contract_has():
    assert set(SENTENCES) == {error.name for error in ERRORS}


def test_codes_are_unlike_each_other():
    codes = {error_code(name) for name in SENTENCES}
    assert len(codes) == len(SENTENCES)
    assert error_code("ERC20InsufficientBalance") == "E_REFUSED_ERC20_INSUFFICIENT_BALANCE"
    assert error_code("ConsentNotBarred") == "E_REFUSED_CONSENT_NOT_BARRED"


def test_a_study_is_named_as_people_name_it():
    assert "study:3.2" in sentence("StudyRevisedSince", {"group": 3 << 16 | 2, "revision": 4})


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x03\x04", bytes.fromhex("4e487b71") + bytes(31)])
def test_bytes_that_are_no_error_of_ours_still_make_a_sentence(data):
    failure = refused(Call("0x" + "22" * 20, b"", name="X.y"), data, text="why", receipt=None)
    assert failure.error == "Other"
    assert "why" in str(failure)


def test_the_page_of_errors_is_the_table():
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == markdown()
