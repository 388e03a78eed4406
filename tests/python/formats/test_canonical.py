"""
canonical bytes
├── digits of a number stay as they were read
├── white space and the order of keys make no difference
├── what was written is read back to the same bytes
├── equal RFC 8785 where there is no number
└── what has no single meaning is refused with a stable code
"""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.formats.canonical import JsonError, canonical_bytes, parse

TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12
)
NUMBER = st.from_regex(r"\A-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?\Z")
LEAF = st.one_of(st.none(), st.booleans(), TEXT)
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(NUMBER)
def test_keeps_the_digits_of_a_number(text):
    assert canonical_bytes(parse(b'{ "value" : ' + text.encode() + b" }")) == (
        b'{"value":' + text.encode() + b"}"
    )


@settings(max_examples=150, deadline=None)
@given(VALUE)
def test_is_written_and_read_without_change(value):
    once = canonical_bytes(parse(json.dumps(value, indent=2).encode()))

    assert canonical_bytes(parse(once)) == once
    assert json.loads(once) == value


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_equals_rfc_8785_without_numbers(value):
    written = json.dumps({"b": value, "a": value, "가": None}).encode()

    assert canonical_bytes(parse(written)) == rfc8785.dumps(json.loads(written))


def test_order_and_space_make_no_difference():
    one = parse(b'{"a": [1.00, true], "b": "\\uac00"}')
    other = parse('{"b":"가",\n\t"a":[1.00,true]}'.encode())

    assert canonical_bytes(one) == canonical_bytes(other) == '{"a":[1.00,true],"b":"가"}'.encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": "\\u0000"}', "control_character"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
        (b'{"a": }', "broken_json"),
        (b"", "broken_json"),
    ],
)
def test_refuses_what_has_no_single_meaning(data, code):
    with pytest.raises(JsonError) as caught:
        parse(data)

    assert caught.value.code == code


def test_refuses_half_of_a_surrogate_pair():
    with pytest.raises(JsonError) as caught:
        canonical_bytes(parse(b'{"a": "\\ud800"}'))

    assert caught.value.code == "lone_surrogate"
