"""
messages.toml
├── every sentence is there in Korean and, but for errors and outcomes, in English
├── both languages have the same values in braces
├── every key that the source says is there
├── every command that a sentence, a docstring or a page of the docs names exists
├── every option and command has a help text
├── every code of an error in the package has a Korean sentence
└── every code of an outcome has one
sentence
├── Korean: with the values of the error
├── Korean, a value missing: the English sentence
├── a denial: with its reason
└── English: the error's own
the locale
├── LC_ALL before LC_MESSAGES before LANG
└── ko* is Korean, all else English
"""

import ast
import re
import string
import tomllib
from pathlib import Path

import click
import pytest

import aceso
from aceso.cli import _words
from aceso.cli._click import _COMMANDS, root
from aceso.codes import Reason
from aceso.custody.errors import DeniedError
from aceso.errors import InputError
from aceso.storage.errors import IpfsDownError

PACKAGE = Path(aceso.__file__).parent
CATALOGUE = tomllib.loads((PACKAGE / "cli" / "messages.toml").read_text(encoding="utf-8"))
KOREAN_ONLY = ("error", "outcome")
ROOT = Path(__file__).parents[3]
PAGES = (
    PACKAGE / "cli" / "messages.toml",
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
)
# Only docstrings and prefixes speak of these.
NO_ERRORS = {"E_REFUSED_"}


def sources():
    return {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def entries(skip=()):
    for section, texts in CATALOGUE.items():
        if section not in skip:
            for name, text in texts.items():
                yield f"{section}.{name}", text


def fields(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


@pytest.fixture(autouse=True)
def english():
    yield
    _words.use("en")


def test_every_sentence_is_there_in_both_languages():
    assert [key for key, text in entries() if not text.get("ko")] == []
    assert [key for key, text in entries(KOREAN_ONLY) if not text.get("en")] == []


def test_both_languages_have_the_same_values():
    differing = [
        key for key, text in entries(KOREAN_ONLY) if fields(text["en"]) != fields(text["ko"])
    ]
    assert differing == []


def test_every_key_that_is_said_is_there():
    known = {key for key, _ in entries()}
    said = {
        key
        for path, text in sources().items()
        if path.parent.name == "cli"
        for key in re.findall(r'say\(\s*"([a-z_]+\.[a-z_]+)"', text)
    }
    assert len(said) > 60
    assert said - known == set()


def test_every_command_that_is_named_exists():
    texts = [*sources().values(), *(path.read_text("utf-8") for path in PAGES)]
    named = {name for text in texts for name in re.findall(r"`aceso ([a-z][a-z-]*)", text)}
    assert len(named) > 30
    assert named - set(_COMMANDS) == set()


def test_every_command_and_option_has_a_help_text():
    missing = []
    for name in _COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert _words.help_of(f"help.{name}")
        for param in command.params:
            if isinstance(param, click.Option):
                key = str(param.name).replace("_", "-")
                if not _words.help_of(f"option.{name}/{key}", f"option.{key}"):
                    missing.append(f"{name} {key}")
    assert missing == []


def test_every_code_of_an_error_has_a_korean_sentence():
    raised = set()
    for text in sources().values():
        raised |= set(re.findall(r'"(E_[A-Z][A-Z0-9_]*)"', text))
    assert len(raised) > 100
    assert raised - NO_ERRORS - set(CATALOGUE["error"]) == set()


def test_every_code_of_an_outcome_has_a_korean_sentence():
    trees = [ast.parse(text) for path, text in sources().items() if "formats" in path.parts]
    shared = {name: at for name, at in places_of_codes(trees).items() if name[0] != "_"}
    found = set()
    for tree in trees:
        found |= set(codes_given([tree], shared | places_of_codes([tree])))
    assert {"broken_xml", "empty_file", "truncated", "not_utf8", "several_people"} <= found
    assert found - set(CATALOGUE["outcome"]) == set()


def places_of_codes(trees):
    """Where each function or class takes a `code`: its position by its name."""
    found = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                names = [one.arg for one in node.args.args if one.arg != "self"]
            elif isinstance(node, ast.ClassDef):
                makers = [one for one in node.body if getattr(one, "name", "") == "__init__"]
                if makers:
                    names = [one.arg for one in makers[0].args.args[1:]]
                else:
                    names = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
            else:
                continue
            # Beside a system, a code is one of a terminology.
            if "code" in names and "system" not in names:
                found[node.name] = names.index("code")
    return found


def codes_given(trees, places):
    """The codes that are written out where one of these is called."""
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [one.value for one in node.keywords if one.arg == "code"]
            if name in places and places[name] < len(node.args):
                given.append(node.args[places[name]])
            for one in given:
                is_text = isinstance(one, ast.Constant) and isinstance(one.value, str)
                if is_text and re.fullmatch("[a-z][a-z0-9_]*", one.value):
                    yield one.value


def test_sentence_korean_has_the_values():
    _words.use("ko_KR.UTF-8")

    said = _words.sentence(IpfsDownError("http://127.0.0.1:5001"))

    assert said.startswith("http://127.0.0.1:5001 에서 IPFS 노드가 답하지 않습니다")


def test_sentence_falls_back_to_english_where_a_value_is_missing():
    _words.use("ko")

    said = _words.sentence(InputError("No IPFS node answers.", code="E_IPFS_DOWN"))

    assert said == "No IPFS node answers."


@pytest.mark.parametrize(
    ("locale", "wanted"), [("ko", "동의를 철회했습니다"), ("en", "the person withdrew")]
)
def test_sentence_of_a_denial_says_why(locale, wanted):
    _words.use(locale)

    assert wanted in _words.sentence(DeniedError(Reason.WITHDRAWN))


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({"LC_ALL": "ko_KR.UTF-8", "LC_MESSAGES": "C", "LANG": "C"}, "ko_KR.UTF-8"),
        ({"LC_ALL": "", "LC_MESSAGES": "ko_KR", "LANG": "C"}, "ko_KR"),
        ({"LANG": "ko"}, "ko"),
        ({}, "en"),
    ],
)
def test_locale_comes_from_the_environment(environment, locale):
    assert _words.from_environment(environment) == locale


@pytest.mark.parametrize(
    ("locale", "language"), [("ko_KR.UTF-8", "ko"), ("KO", "ko"), ("C", "en"), ("de_DE", "en")]
)
def test_language_of_a_locale(locale, language):
    _words.use(locale)

    assert _words.language() == language
