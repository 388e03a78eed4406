"""A place on the device for the seed and what was done: locked, and only its owner's.

create   opens again with the passphrase; a second one in the folder is refused
lock     another passphrase, a changed byte, another's seal; the work that a guess takes
file     missing, broken, of another format or kind; permissions
secrets  neither the seed nor the passphrase is on the device or in a representation
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aceso.flows import Profile, ProfileError
from aceso.vault import Seed

_PASSPHRASE = "열려라 참깨 open sesame"


@pytest.fixture
def seed() -> Seed:
    return Seed.make()


@pytest.fixture
def folder(tmp_path: Path, seed: Seed) -> Iterator[Path]:
    """The folder of a profile that is closed."""
    path = tmp_path / "home" / "aceso"
    Profile.create(path, seed, passphrase=_PASSPHRASE, kind="person", network="here").close()
    yield path


def _change(folder: Path, **changed: Any) -> None:
    file = folder / "profile.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps(said | changed))


def _refusal(folder: Path, passphrase: str = _PASSPHRASE) -> str:
    with pytest.raises(ProfileError) as refused:
        Profile.open(folder, passphrase=passphrase)
    assert refused.value.exit_code == 2
    assert refused.value.message.endswith(".")
    return refused.value.code


def test_a_profile_opens_again(folder: Path, seed: Seed) -> None:
    opened = Profile.open(folder, passphrase=_PASSPHRASE)
    try:
        assert opened.seed.mnemonic == seed.mnemonic
        assert (opened.kind, opened.network, opened.folder) == ("person", "here", folder)
        assert opened.store.entries() == []
    finally:
        opened.close()


def test_a_profile_is_opened_by_the_work_that_it_was_locked_by(tmp_path: Path, seed: Seed) -> None:
    said = {"passphrase": _PASSPHRASE, "network": "here", "work": 1 << 4}
    Profile.create(tmp_path, seed, kind="person", **said).close()
    Profile.open(tmp_path, passphrase=_PASSPHRASE).close()
    _change(tmp_path, work=1 << 5)
    assert _refusal(tmp_path) == "E_PROFILE_PASSPHRASE"


def test_a_profile_that_does_not_say_its_work_has_the_usual(folder: Path, seed: Seed) -> None:
    said = json.loads((folder / "profile.json").read_text())
    assert said.pop("work") == 1 << 15
    (folder / "profile.json").write_text(json.dumps(said))
    opened = Profile.open(folder, passphrase=_PASSPHRASE)
    opened.close()
    assert opened.seed.mnemonic == seed.mnemonic


def test_a_second_profile_in_a_folder_is_refused(folder: Path) -> None:
    before = (folder / "profile.json").read_bytes()
    with pytest.raises(ProfileError) as refused:
        Profile.create(folder, Seed.make(), passphrase="x", kind="person", network="")
    assert refused.value.code == "E_PROFILE_EXISTS"
    assert (folder / "profile.json").read_bytes() == before


@pytest.mark.parametrize("passphrase", ["", "open sesame", _PASSPHRASE + " ", _PASSPHRASE.upper()])
def test_another_passphrase_opens_nothing(folder: Path, passphrase: str) -> None:
    assert _refusal(folder, passphrase) == "E_PROFILE_PASSPHRASE"


@pytest.mark.parametrize("name", ["salt", "nonce", "seed"])
def test_anothers_seal_opens_nothing(folder: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    Profile.create(other, Seed.make(), passphrase=_PASSPHRASE, kind="person", network="").close()
    _change(folder, **{name: json.loads((other / "profile.json").read_text())[name]})
    assert _refusal(folder) == "E_PROFILE_PASSPHRASE"


def test_a_missing_profile_is_told_so(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "nowhere") == "E_PROFILE_MISSING"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": "aceso-profile"}', b"[" * 99_999],
    ids=["empty", "cut", "list", "null", "not text", "without its parts", "deep"],
)
def test_a_broken_file_is_told_so(folder: Path, content: bytes) -> None:
    (folder / "profile.json").write_bytes(content)
    assert _refusal(folder) == "E_PROFILE_BROKEN"


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "another"},
        {"version": 2},
        {"kind": "stranger"},
        {"kind": None},
        {"salt": "no base64"},
        {"seed": 7},
        {"nonce": "AAAA"},
        {"work": "much"},
        {"work": True},
        {"work": 3 << 14},
        {"work": 1},
        {"work": 1 << 21},
    ],
    ids=str,
)
def test_what_is_no_profile_is_told_so(folder: Path, changed: dict[str, Any]) -> None:
    _change(folder, **changed)
    assert _refusal(folder) == "E_PROFILE_BROKEN"


def test_only_its_owner_reads_it(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "profile.json").stat().st_mode) == 0o600


def test_no_draft_is_left(folder: Path) -> None:
    assert {path.name.split("-")[0] for path in folder.iterdir()} == {"profile.json", "store.db"}


def test_neither_seed_nor_passphrase_is_on_the_device(folder: Path, seed: Seed) -> None:
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    words = seed.mnemonic.split()
    assert seed.mnemonic.encode() not in held
    assert " ".join(words[:3]).encode() not in held
    assert _PASSPHRASE.encode() not in held


def test_a_profile_does_not_say_its_seed(folder: Path, seed: Seed) -> None:
    opened = Profile.open(folder, passphrase=_PASSPHRASE)
    try:
        assert not any(f" {word} " in repr(opened) for word in seed.mnemonic.split())
        assert seed.mnemonic not in repr(opened)
    finally:
        opened.close()
