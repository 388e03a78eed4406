"""
…WithSig of ConsentRegistry and RecordRegistry: what is no signature is refused (C7, C8, C9)
├── the right one, sent by anybody: succeeds once
│   └── sent again: refused, and nothing changes (a bar in force: succeeds, and nothing changes)
├── signed by another key: refused
├── any single field differs from what was signed: refused
├── the domain differs: another chain, another contract, another name or version: refused
├── the type differs, with the same fields: refused
├── the deadline: at its second it is taken, a second later it is not
├── the form: empty, 64 bytes (EIP-2098), 66 bytes, high s, v of 0, 1, 26 or 29, zeros: refused
├── ERC-1271
│   ├── an honest wallet: taken; with a stranger's signature: refused
│   └── a wallet that lies, reverts, is silent or burns all gas: refused
├── a persona whose account carries code (EIP-7702) still signs with its key
├── the zero address is nobody's signer
├── somebody sends it first: it has happened as signed (C9)
└── 200,000 random changes of a signed grant: none is accepted
"""

import brownie
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from aceso.typed_data import TYPES
from tests.contracts.acting import (
    ACTS,
    CONSENT_ACTS,
    DAY,
    domain_of,
    grantee_of,
    sign,
    word,
)
from tests.support import typed

BOTH = pytest.mark.both_chains
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KINDS = pytest.mark.parametrize("type_name", list(ACTS))
STRANGERS_KEY = "0x" + "c3" * 32


@pytest.fixture
def contract(registry, records, type_name):
    return registry if ACTS[type_name] in CONSENT_ACTS else records


@pytest.fixture
def message(registry, subject, message_of, type_name, chain):
    """A message that its act would be done by, with something there to be ended."""
    if type_name == "Unbar":
        registry.bar(brownie.accounts[3], {"from": subject})
    return message_of(type_name, validUntil=chain[-1].timestamp + 30 * DAY)


@pytest.fixture
def send(contract, relayer, type_name):
    def submit(message, signature):
        kind = ACTS[type_name]
        call = getattr(contract, kind.signed)
        return call(*kind.arguments(message), signature, {"from": relayer})

    return submit


@pytest.fixture
def invalid(contract, type_name):
    """The error of a signature that is none, for a signer."""
    name = "Consent" if ACTS[type_name] in CONSENT_ACTS else "Record"
    return lambda signer: typed(f"{name}InvalidSignature", signer)


@pytest.fixture
def signature(message, contract, subject, type_name):
    return sign(subject.private_key, type_name, message, domain_of(contract))


@BOTH
@KINDS
def test_is_taken_once(send, message, signature, registry, subject, message_of, invalid, type_name):
    assert len(send(message, signature).events) == 1

    replayed = ACTS[type_name].replayed
    if type_name == "Bar":
        before = registry.standing(subject, message_of("Withdrawal")["grantee"], subject)
        assert len(send(message, signature).events) == 0
        assert registry.standing(subject, message_of("Withdrawal")["grantee"], subject) == before
    elif replayed is None:
        with brownie.reverts(invalid(subject)):
            send(message, signature)
    else:
        with brownie.reverts() as _:
            send(message, signature)
        assert brownie.history[-1].revert_msg.startswith(f"{replayed}: ")


@BOTH
@KINDS
def test_is_refused_of_another_key(send, message, contract, subject, invalid, type_name):
    forged = sign(STRANGERS_KEY, type_name, message, domain_of(contract))

    with brownie.reverts(invalid(subject)):
        send(message, forged)


def other(value):
    """A value of the same kind that differs."""
    if isinstance(value, int):
        return value + 1
    return value[:-1] + ("0" if value[-1] != "0" else "1")


FIELDS = [
    (type_name, field["name"]) for type_name in ACTS for field in TYPES[type_name].types[type_name]
]


@BOTH
@pytest.mark.parametrize(("type_name", "field"), FIELDS)
def test_is_refused_if_a_field_differs(send, message, contract, subject, invalid, type_name, field):
    signed = message | {field: other(message[field])}
    signature = sign(subject.private_key, type_name, signed, domain_of(contract))

    with brownie.reverts(invalid(subject)):
        send(message, signature)


@KINDS
@pytest.mark.parametrize(
    "changed",
    [
        {"chainId": 1},
        {"verifyingContract": "0x" + "77" * 20},
        {"name": "aceso"},
        {"version": "2"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_is_refused_for_another_domain(
    send, message, contract, subject, invalid, type_name, changed
):
    signature = sign(subject.private_key, type_name, message, domain_of(contract, **changed))

    with brownie.reverts(invalid(subject)):
        send(message, signature)


@BOTH
@KINDS
def test_is_refused_for_another_type(send, message, contract, subject, invalid, type_name):
    types = {"Another": TYPES[type_name].types[type_name]}
    signable = encode_typed_data(domain_of(contract), types, message)
    signature = Account.sign_message(signable, subject.private_key).signature

    with brownie.reverts(invalid(subject)):
        send(message, brownie.web3.to_hex(signature))


DATED = pytest.mark.parametrize(
    "type_name", [name for name, kind in ACTS.items() if kind.has_deadline]
)


@DATED
def test_is_taken_at_the_deadline(send, message, contract, subject, type_name):
    signature = sign(subject.private_key, type_name, message, domain_of(contract))
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [message["deadline"]])

    assert len(send(message, signature).events) == 1


@DATED
def test_is_refused_after_the_deadline(send, message, contract, subject, type_name):
    signature = sign(subject.private_key, type_name, message, domain_of(contract))
    late = message["deadline"] + 1
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [late])
    name = "Consent" if ACTS[type_name] in CONSENT_ACTS else "Record"

    with brownie.reverts(typed(f"{name}ExpiredSignature", message["deadline"])):
        send(message, signature)


def parts(signature):
    raw = bytes.fromhex(signature[2:])
    return raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]


MALFORMED = {
    "empty": lambda r, s, v: b"",
    "one byte": lambda r, s, v: b"\x1b",
    "EIP-2098": lambda r, s, v: r + (s | (v - 27) << 255).to_bytes(32, "big"),
    "64 bytes": lambda r, s, v: r + s.to_bytes(32, "big"),
    "66 bytes": lambda r, s, v: r + s.to_bytes(32, "big") + bytes([v, 0]),
    "high s": lambda r, s, v: r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
    "v 0 or 1": lambda r, s, v: r + s.to_bytes(32, "big") + bytes([v - 27]),
    "v 26": lambda r, s, v: r + s.to_bytes(32, "big") + bytes([26]),
    "v 29": lambda r, s, v: r + s.to_bytes(32, "big") + bytes([29]),
    "the other v": lambda r, s, v: r + s.to_bytes(32, "big") + bytes([55 - v]),
    "zeros": lambda r, s, v: bytes(65),
}


@BOTH
@pytest.mark.parametrize("form", list(MALFORMED))
@pytest.mark.parametrize("type_name", ["Grant", "Withdrawal", "Anchor"])
def test_is_refused_in_another_form(send, message, signature, subject, invalid, form):
    malformed = MALFORMED[form](*parts(signature))

    with brownie.reverts(invalid(subject)):
        send(message, "0x" + malformed.hex())


@pytest.fixture
def wallet(KeyWallet, accounts, subject):
    return KeyWallet.deploy(subject, {"from": accounts[0]})


@BOTH
@KINDS
def test_an_honest_wallet_signs(
    send, wallet, registry, contract, subject, grantee, message_of, type_name, chain
):
    named = {"subject": wallet.address, "issuer": wallet.address}
    if type_name == "Unbar":
        wallet.call(registry, registry.bar.encode_input(grantee), {"from": subject})
    message = message_of(type_name, **named, validUntil=chain[-1].timestamp + 30 * DAY)
    signature = sign(subject.private_key, type_name, message, domain_of(contract))

    assert len(send(message, signature).events) == 1


@BOTH
@KINDS
def test_an_honest_wallet_refuses_a_stranger(
    send, wallet, contract, invalid, message_of, type_name, chain
):
    named = {"subject": wallet.address, "issuer": wallet.address}
    message = message_of(type_name, **named, validUntil=chain[-1].timestamp + 30 * DAY)
    signature = sign(STRANGERS_KEY, type_name, message, domain_of(contract))

    with brownie.reverts(invalid(wallet)):
        send(message, signature)


MAGIC = bytes.fromhex("1626ba7e")


@pytest.mark.parametrize(
    ("double", "argument"),
    [
        ("BabblingWallet", b""),
        ("BabblingWallet", MAGIC),
        ("BabblingWallet", bytes(32)),
        ("BabblingWallet", b"\xff" * 4 + bytes(28)),
        ("BabblingWallet", bytes(28) + MAGIC),
        ("BabblingWallet", MAGIC + b"\xff" * 28),
        ("BabblingWallet", b"\x01" * 10_000),
        ("RevertingWallet", None),
        ("BurningWallet", None),
        ("HonestGroup", None),
    ],
)
@pytest.mark.parametrize("type_name", ["Grant", "Withdrawal", "Anchor"])
def test_no_other_wallet_signs(
    send, contract, subject, invalid, message_of, accounts, request, type_name, double, argument
):
    maker = request.getfixturevalue(double)
    liar = maker.deploy(*([] if argument is None else [argument]), {"from": accounts[0]})
    message = message_of(type_name, subject=liar.address, issuer=liar.address)
    signature = sign(subject.private_key, type_name, message, domain_of(contract))

    with brownie.reverts(invalid(liar)):
        send(message, signature)


@BOTH
@KINDS
@pytest.mark.parametrize("code", ["0x00", "0xfe", "0xef0100" + "77" * 20, "wallet of another"])
def test_a_persona_with_code_signs_with_its_key(
    send, message, signature, subject, type_name, code, accounts, request
):
    web3 = brownie.web3
    if code == "wallet of another":
        double = request.getfixturevalue("KeyWallet").deploy(accounts[0], {"from": accounts[0]})
        code = web3.to_hex(web3.eth.get_code(double.address))
    dialect = "evm_setAccountCode" if "Ganache" in web3.client_version else "anvil_setCode"
    web3.provider.make_request(dialect, [subject.address, code])
    assert len(web3.eth.get_code(subject.address)) > 0

    assert len(send(message, signature).events) == 1


@pytest.mark.parametrize("type_name", ["Grant", "Withdrawal", "Anchor"])
def test_the_zero_address_signs_nothing(send, message_of, invalid, type_name):
    nobody = "0x" + "00" * 20
    message = message_of(type_name, subject=nobody, issuer=nobody)
    # What ecrecover answers with for a signature that is none is the zero address.
    for signature in ("0x" + "00" * 65, "0x" + "00" * 64 + "1b", "0x" + "ff" * 64 + "1b"):
        with brownie.reverts(invalid(nobody)):
            send(message, signature)


@pytest.mark.parametrize("type_name", ["Grant"])
def test_whoever_sends_it_first_it_happens_as_signed(
    send, message, signature, registry, subject, stranger, invalid, type_name
):
    kind = ACTS[type_name]
    registry.grantWithSig(*kind.arguments(message), signature, {"from": stranger})

    with brownie.reverts(invalid(subject)):
        send(message, signature)

    after = word(registry, subject, message["grantee"])
    assert {name: after[name] for name in ("classes", "uses", "validFrom", "validUntil")} == {
        name: message[name] for name in ("classes", "uses", "validFrom", "validUntil")
    }
    assert after["grants"] == 1


ROUND = 2_000


def test_no_random_change_is_accepted(registry, subject, grantee, message_of, accounts, request):
    attack = request.getfixturevalue("SignatureAttack").deploy({"from": accounts[0]})
    message = message_of("Grant", grantee=grantee_of(grantee))
    signature = sign(subject.private_key, "Grant", message, domain_of(registry))
    sent = [*ACTS["Grant"].arguments(message), signature]

    refused = sum(
        attack.attack.call(registry, *sent, seed, ROUND, {"gas_limit": 2_000_000_000})
        for seed in range(100)
    )

    assert refused == 200_000
    # The message itself was good all along.
    registry.grantWithSig(*sent, {"from": accounts[0]})
