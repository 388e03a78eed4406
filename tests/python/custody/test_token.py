"""
a custodian whose key file a PKCS#11 token seals; SoftHSM is the token
├── makes its keys so
│  ├── no secret is in its folder, in the clear or in hexadecimal, and others can't read the file
│  ├── the key in the token can't be read or taken out
│  └── a folder that has keys costs the token none
├── serves as ever: releases a share, with the PIN neither among its words nor in what it says
├── makes a new key beside the old one, publishes and revokes, and the file stays sealed
├── moves a key file of before behind the token
│  ├── the keys are the same ones, and it isn't done twice
│  ├── killed at any moment: the old file or the sealed one, and the next try does the rest
│  ├── not while another changes it, who would lose the seal or a key
│  ├── where it is a link, the file that it leads to
│  └── not under a key that others could have
└── opens nothing, and says why
   ├── without the token, with another, or with another of the same name and keys
   ├── without the PIN or with a wrong one; the PIN is in a file, if all can't read that
   ├── where one byte, the address or the length is another
   └── where the token's library can't be used, or was put there by who changed the file
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from eth_account import Account
from pkcs11 import Attribute, KeyType, ObjectClass

from aceso.custody import (
    CustodianKeys,
    KeyFileError,
    SignedRequest,
    Token,
    TokenError,
    publish,
    revoke,
)
from aceso.devnet.process import Process
from aceso.errors import AcesoError
from tests.python.softhsm import LABEL, PIN, SoftHsm

from .conftest import Keeper, Network, Person, Reader, Shared, share_at

_MORTAL = str(Path(__file__).with_name("mortal.py"))
_SECONDS = 30.0


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Callable[[SoftHsm], SoftHsm]:
    """Make this machine, from now on, the one with these tokens."""

    def attach(hsm: SoftHsm) -> SoftHsm:
        for name, value in hsm.settings.items():
            monkeypatch.setenv(name, value)
        return hsm

    return attach


@pytest.fixture
def hsm(attach: Callable[[SoftHsm], SoftHsm], tmp_path: Path) -> SoftHsm:
    return attach(SoftHsm.make(tmp_path / "hsm"))


@pytest.fixture
def sealed(hsm: SoftHsm, tmp_path: Path) -> Path:
    """The folder of a custodian whose keys were sealed from the start."""
    CustodianKeys.make(tmp_path / "sealed", token=hsm.token)
    return tmp_path / "sealed"


def secrets_of(keys: CustodianKeys) -> list[bytes]:
    hpke = [key.to_bytes() for key in (keys.private, *keys.retired)]
    return [bytes(keys.account.key), keys.store_key, *hpke]


def is_in(folder: Path, keys: CustodianKeys) -> bool:
    """Whether a secret of the keys is in any file there, as it is or in hexadecimal."""
    there = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert there
    return any(
        secret in there or secret.hex().encode() in there.lower() for secret in secrets_of(keys)
    )


def refused(folder: Path) -> str:
    """The code by which a start is refused."""
    with pytest.raises(AcesoError) as refusal:
        CustodianKeys.read(folder)
    assert PIN not in f"{refusal.value} {refusal.value.details}"
    # What may go by itself is tried again by whoever starts a service, and nothing else.
    may_go = refusal.value.code in ("E_TOKEN_MISSING", "E_TOKEN_FAILED")
    assert refusal.value.exit_code == (5 if may_go else 2)
    return refusal.value.code


def change(folder: Path, **changes: object) -> None:
    path = folder / "custodian.key"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# --- Making them ------------------------------------------------------------------------------


def test_no_secret_is_in_the_folder(sealed: Path, hsm: SoftHsm) -> None:
    keys = CustodianKeys.read(sealed)
    assert not is_in(sealed, keys)
    assert (sealed / "custodian.key").stat().st_mode & 0o777 == 0o600
    document = json.loads((sealed / "custodian.key").read_text())
    named = {name: document[name] for name in ("address", "module", "token", "key")}
    assert named == {
        "address": keys.address,
        "module": hsm.token.module,
        "token": LABEL,
        "key": f"aceso-custodian-{keys.address.lower()}",
    }
    (sealed / "custodian.key").chmod(0o640)
    assert refused(sealed) == "E_KEY_FILE_LOOSE"


def test_the_key_never_leaves_the_token(sealed: Path, hsm: SoftHsm) -> None:
    name = CustodianKeys.read(sealed).token_key
    with hsm.session() as session:
        key = session.get_key(object_class=ObjectClass.SECRET_KEY, label=name)
        assert key[Attribute.VALUE_LEN] == 32
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]
        with pytest.raises(pkcs11.PKCS11Error):
            key[Attribute.EXTRACTABLE] = True
        other = session.generate_key(KeyType.AES, 256)
        with pytest.raises(pkcs11.KeyUnextractable):
            other.wrap_key(key)


def test_a_folder_that_has_keys_costs_the_token_none(sealed: Path, hsm: SoftHsm) -> None:
    with pytest.raises(KeyFileError) as refusal:
        CustodianKeys.make(sealed, token=hsm.token)
    assert refusal.value.code == "E_KEY_FILE_EXISTS"
    with hsm.session() as session:
        assert len(list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))) == 1


# --- Serving ----------------------------------------------------------------------------------


def _release(keeper: Keeper, shared: Shared) -> Any:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper, "ReleaseRequest")
    with keeper.client() as client:
        return client.release(
            SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)
        )


def test_serves_as_ever(
    network: Network, person: Person, doctor: Reader, hsm: SoftHsm, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    shutil.copy(network.keepers[0].folder / "custodian.key", folder)
    CustodianKeys.seal(folder, hsm.token)
    keeper = network.serve("sealed", folder, env=hsm.settings)
    with keeper.process as process:
        shared = share_at(keeper, person, doctor)
        assert _release(keeper, shared)
        assert PIN.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    CustodianKeys.rotate(folder)
    keeper = network.serve("sealed-again", folder, env=hsm.settings)
    with keeper.process:
        assert _release(keeper, shared)
    assert not is_in(folder, keeper.keys)
    for log in (network.folder / "logs").glob("sealed*"):
        assert PIN not in log.read_text()


def test_a_start_with_a_wrong_pin_ends_at_once(
    network: Network, sealed: Path, hsm: SoftHsm
) -> None:
    words = ["serve", "--folder", str(sealed), "--rpc", network.chain.url]
    words += ["--deployment", str(network.deployment_file)]
    done = subprocess.run(
        [sys.executable, "-m", "aceso.custody", *words],
        env=os.environ | {"ACESO_CUSTODIAN_PIN": "wrong-pin"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"E_TOKEN_PIN: Token {LABEL} refuses the PIN")
    assert "wrong-pin" not in done.stdout + done.stderr


def test_rotates_publishes_and_revokes(network: Network, hsm: SoftHsm, tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    account = Account.create()
    first = CustodianKeys.make(folder, account_key=bytes(account.key), token=hsm.token)
    network.chain.ask("anvil_setBalance", first.address, hex(10**18))
    second = CustodianKeys.rotate(folder)
    assert second.token == hsm.token
    assert secrets_of(CustodianKeys.read(folder)) == secrets_of(second)
    assert second.retired[0].to_bytes() == first.private.to_bytes()
    assert not is_in(folder, second)
    assert [path.name for path in folder.iterdir()] == ["custodian.key"]
    at = (folder, network.chain.url, network.deployment_file)
    assert publish(*at).public_key == second.private.public_key.to_bytes()
    assert revoke(*at) == (account.address, True)


# --- Moving behind a token --------------------------------------------------------------------


def test_the_keys_stay_the_same(hsm: SoftHsm, tmp_path: Path) -> None:
    CustodianKeys.make(tmp_path / "old")
    before = CustodianKeys.rotate(tmp_path / "old")
    assert is_in(tmp_path / "old", before)
    CustodianKeys.seal(tmp_path / "old", hsm.token)
    after = CustodianKeys.read(tmp_path / "old")
    assert secrets_of(after) == secrets_of(before)
    assert not is_in(tmp_path / "old", before)
    with pytest.raises(KeyFileError) as refusal:
        CustodianKeys.seal(tmp_path / "old", hsm.token)
    assert refusal.value.code == "E_KEY_FILE_SEALED"


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_it_seals(network: Network, hsm: SoftHsm, tmp_path: Path, when: str) -> None:
    folder = tmp_path / "killed"
    before = CustodianKeys.make(folder)
    words = [_MORTAL, f"{when}:os.replace", "seal", "--folder", str(folder)]
    words += ["--pkcs11", hsm.token.module, "--token", LABEL]
    process = Process.start(
        "killed", [sys.executable, *words], folder=network.folder / "logs", env=hsm.settings
    )
    assert process.wait(seconds=_SECONDS) < 0
    after = CustodianKeys.read(folder)
    assert (after.token is None) == (when == "before")
    assert secrets_of(after) == secrets_of(before)
    if when == "before":
        CustodianKeys.seal(folder, hsm.token)
    assert secrets_of(CustodianKeys.read(folder)) == secrets_of(before)
    assert not is_in(folder, before)
    CustodianKeys.rotate(folder)
    assert [path.name for path in folder.iterdir()] == ["custodian.key"]
    with hsm.session() as session:
        assert len(list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))) == 1


def test_one_at_a_time(hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, pins = tmp_path / "old", tmp_path / "pins"
    first = CustodianKeys.make(folder)
    os.mkfifo(pins, 0o600)
    monkeypatch.delenv("ACESO_CUSTODIAN_PIN")
    monkeypatch.setenv("ACESO_CUSTODIAN_PIN_FILE", str(pins))
    with ThreadPoolExecutor(2) as pool:
        sealing = pool.submit(CustodianKeys.seal, folder, hsm.token)
        # It opens once the file was read, and is not yet written.
        with pins.open("w") as pin:
            rotating = pool.submit(CustodianKeys.rotate, folder)
            assert not wait([rotating], timeout=1).done
            monkeypatch.setenv("ACESO_CUSTODIAN_PIN", PIN)
            pin.write(PIN)
        sealing.result(_SECONDS)
        newest = rotating.result(_SECONDS)
    after = CustodianKeys.read(folder)
    assert after.token == hsm.token
    assert secrets_of(after) == secrets_of(newest)
    assert after.retired[0].to_bytes() == first.private.to_bytes()


def test_what_a_link_leads_to(hsm: SoftHsm, tmp_path: Path) -> None:
    linked, real = tmp_path / "linked", tmp_path / "real"
    before = CustodianKeys.make(real)
    linked.mkdir()
    (linked / "custodian.key").symlink_to(real / "custodian.key")
    CustodianKeys.seal(linked, hsm.token)
    assert not is_in(real, before)
    for folder in (linked, real):
        assert secrets_of(CustodianKeys.read(folder)) == secrets_of(before)


def test_not_under_a_key_that_others_could_have(hsm: SoftHsm, tmp_path: Path) -> None:
    keys = CustodianKeys.make(tmp_path / "old")
    before = (tmp_path / "old" / "custodian.key").read_bytes()
    brought = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.VALUE: bytes(32),
        Attribute.LABEL: keys.token_key,
        Attribute.TOKEN: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.ENCRYPT: True,
        Attribute.DECRYPT: True,
    }
    codes = []
    for _ in range(2):
        with hsm.session() as session:
            session.create_object(brought)
        with pytest.raises(TokenError) as refusal:
            CustodianKeys.seal(tmp_path / "old", hsm.token)
        codes.append(refusal.value.code)
    assert codes == ["E_TOKEN_KEY_LOOSE", "E_TOKEN_KEY"]
    assert (tmp_path / "old" / "custodian.key").read_bytes() == before


# --- Opening nothing --------------------------------------------------------------------------


def test_without_its_token(
    attach: Callable[[SoftHsm], SoftHsm], sealed: Path, hsm: SoftHsm, tmp_path: Path
) -> None:
    attach(SoftHsm.make(tmp_path / "none", label=None))
    assert refused(sealed) == "E_TOKEN_MISSING"
    attach(SoftHsm.make(tmp_path / "named-otherwise", label="another"))
    assert refused(sealed) == "E_TOKEN_MISSING"
    other = attach(SoftHsm.make(tmp_path / "other"))
    assert refused(sealed) == "E_TOKEN_KEY"
    with other.session() as session:
        key = json.loads((sealed / "custodian.key").read_text())["key"]
        session.generate_key(KeyType.AES, 256, label=key, store=True)
    assert refused(sealed) == "E_TOKEN_SEAL"
    other.add(LABEL)
    assert refused(sealed) == "E_TOKEN_MISSING"
    (tmp_path / "other" / "softhsm2.conf").unlink()
    assert refused(sealed) == "E_TOKEN_FAILED"
    attach(hsm)
    assert CustodianKeys.read(sealed).token == hsm.token


def test_without_its_pin(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("0000", "x" * 500):
        monkeypatch.setenv("ACESO_CUSTODIAN_PIN", wrong)
        assert refused(sealed) == "E_TOKEN_PIN"
    monkeypatch.delenv("ACESO_CUSTODIAN_PIN")
    assert refused(sealed) == "E_TOKEN_PIN_MISSING"
    file = tmp_path / "pin"
    monkeypatch.setenv("ACESO_CUSTODIAN_PIN_FILE", str(file))
    assert refused(sealed) == "E_TOKEN_PIN_MISSING"
    file.write_text(f"{PIN}\n")
    file.chmod(0o644)
    assert refused(sealed) == "E_TOKEN_PIN_LOOSE"
    file.chmod(0o600)
    assert CustodianKeys.read(sealed).token is not None


def test_where_it_was_changed(sealed: Path) -> None:
    whole = json.loads((sealed / "custodian.key").read_text())
    bytes_ = bytes.fromhex(whole["sealed"])
    for place in (0, 11, 12, len(bytes_) // 2, len(bytes_) - 16, len(bytes_) - 1):
        changed = bytearray(bytes_)
        changed[place] ^= 1
        change(sealed, sealed=changed.hex())
        assert refused(sealed) == "E_TOKEN_SEAL"
    for cut in (bytes_[:-1], bytes_[:12], b"", bytes_ + b"\0"):
        change(sealed, sealed=cut.hex())
        assert refused(sealed) == "E_TOKEN_SEAL"
    change(sealed, **whole | {"address": Account.create().address})
    assert refused(sealed) == "E_TOKEN_SEAL"
    for broken in ({"sealed": "zz"}, {"module": 3}, {"version": 4}, {"key": 3}, {"key": "\ud800"}):
        change(sealed, **whole | broken)
        assert refused(sealed) == "E_KEY_FILE_FORMAT"
    change(sealed, **whole)
    CustodianKeys.read(sealed)


def test_where_its_library_is_not_the_makers(
    sealed: Path, hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "planted.so"
    shutil.copy(hsm.token.module, planted)
    planted.chmod(0o646)
    for module in (tmp_path / "gone.so", "/etc/passwd", "/", planted, "\0"):
        change(sealed, module=str(module))
        assert refused(sealed) == "E_TOKEN_MODULE"
    monkeypatch.setenv("ACESO_CUSTODIAN_PKCS11", hsm.token.module)
    assert CustodianKeys.read(sealed).token == Token("\0", LABEL)


def test_only_who_has_a_token_needs_its_package(sealed: Path, tmp_path: Path) -> None:
    CustodianKeys.make(tmp_path / "plain")
    program = (
        "import sys; sys.modules['pkcs11'] = None; from pathlib import Path\n"
        "from aceso.custody import CustodianKeys, TokenError, __main__\n"
        "CustodianKeys.read(Path(sys.argv[1]))\n"
        "try: CustodianKeys.read(Path(sys.argv[2]))\n"
        "except TokenError as error: print(error.code)\n"
    )
    folders = [str(tmp_path / "plain"), str(sealed)]
    done = subprocess.run(
        [sys.executable, "-c", program, *folders], capture_output=True, text=True, check=True
    )
    assert done.stdout == "E_TOKEN_PACKAGE\n"
