"""Where the scenarios of `make gas` play: a fresh chain, the suite on it, and who takes part.

A fresh Anvil at Shanghai, from the same genesis second, with the same keys, every block exactly 12
seconds after the one before: so each number is the same on every machine, and any difference is a
difference of the code. What is deployed is what `src/aceso/abi` holds.

    with anvil() as web3:
        scene = Scene(web3)
        scene.send(scene.consents.functions.withdraw(…), scene.subject, "withdraw")
        scene.figures.gas["withdraw"]
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from aceso.codes import DataClass, Role, Use
from aceso.typed_data import TYPES
from aceso.vault import PartList
from tools.compiler import ROOT
from tools.programs import ANVIL

__all__ = [
    "BLOCK_SECONDS",
    "COIN",
    "DAY",
    "FOREVER",
    "GENESIS",
    "HARDFORK",
    "HMB",
    "LABS",
    "TREAT",
    "Figures",
    "Scene",
    "account",
    "anvil",
    "ask",
    "check_permitted",
    "create_address",
    "frame",
    "group",
    "keccak",
]

HARDFORK: Final = "shanghai"
# 1 January 2027. Only that it is always the same second matters: calldata is paid by its zeros.
GENESIS: Final = 1_798_761_600
BLOCK_SECONDS: Final = 12
DAY: Final = 86_400
COIN: Final = 10**18
FOREVER: Final = 2**40 - 1
_WAIT_SECONDS: Final = 20.0

# As plain numbers: web3.py takes an `IntFlag` for a collection.
LABS: Final = int(DataClass.LABS)
TREAT: Final = int(Use.TREAT)
HMB: Final = int(Use.HMB)


@dataclass(slots=True)
class Figures:
    """What was measured: gas by name, and bytes of calldata by name."""

    gas: dict[str, int] = field(default_factory=dict)
    calldata: dict[str, int] = field(default_factory=dict)


@contextmanager
def anvil() -> Iterator[Web3]:
    """An Anvil of our own on a free port, gone at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            ROOT / ANVIL,
            *("--port", str(port), "--hardfork", HARDFORK, "--timestamp", str(GENESIS)),
            *("--accounts", "20", "--chain-id", "31337", "--silent"),
            *("--max-persisted-states", "0"),
        ]
    )
    try:
        web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
        end = time.monotonic() + _WAIT_SECONDS
        while not web3.is_connected():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("Anvil did not start: run `make setup`")
            time.sleep(0.05)
        yield web3
    finally:
        process.terminate()
        process.wait()


def ask(web3: Web3, method: str, *params: object) -> Any:
    answer = web3.provider.make_request(RPCEndpoint(method), list(params))
    if "error" in answer:
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def frame(web3: Web3, call: Any) -> int:
    """The gas of a call's own frame: what the node counts for it as a transaction, less that."""
    data = call._encode_transaction_data()
    trace = ask(
        web3,
        "debug_traceCall",
        {"to": call.address, "data": data},
        "latest",
        {"tracer": "callTracer"},
    )
    if "error" in trace:
        raise SystemExit(f"{call.fn_name} reverted: {trace['error']}")
    paid = sum(16 if byte else 4 for byte in bytes.fromhex(data[2:]))
    return int(trace["gasUsed"], 16) - 21_000 - paid


def keccak(data: bytes | None = None, *, text: str | None = None) -> bytes:
    return bytes(Web3.keccak(data, text=text))


def account(address: str) -> bytes:
    """An account as a grantee."""
    return bytes(12) + bytes.fromhex(address[2:])


def group(number: int, address: str) -> bytes:
    """A member group as a grantee."""
    return number.to_bytes(12, "big") + bytes.fromhex(address[2:])


class Scene:
    """The suite on a chain of its own, with everybody who takes part."""

    def __init__(self, chain: Any) -> None:
        # A Web3, without its types: the contracts' functions have none either.
        self.web3 = chain
        self.figures = Figures()
        self.now = int(chain.eth.get_block("latest")["timestamp"])
        accounts = [str(address) for address in chain.eth.accounts]
        self.authority, self.subject, self.colleague, self.buyer = accounts[:4]
        self.institution, self.physician, self.stranger, self.relayer = accounts[4:8]
        self.commons, self.treasury = accounts[8:10]
        keys = [Account.from_key(keccak(text=f"a signer of make gas {at}")) for at in range(8)]
        self.persona: LocalAccount = keys[0]
        self.payer: LocalAccount = keys[1]
        self.issuer: LocalAccount = keys[2]
        self.custodians: list[LocalAccount] = keys[3:8]
        for key in keys:
            chain.eth.send_transaction({"from": self.authority, "to": key.address, "value": COIN})
        self._deploy()
        self.guardianship: Any = None

    # The chain

    def _tick(self, seconds: int = BLOCK_SECONDS) -> None:
        self.now += seconds
        ask(self.web3, "evm_setNextBlockTimestamp", self.now)

    def wait(self, seconds: int) -> None:
        """Let time pass before the next block."""
        self.now += seconds

    def mine(self, blocks: int) -> None:
        """Let blocks go by, of a second each."""
        ask(self.web3, "anvil_mine", hex(blocks))
        self.now += blocks

    def deploy(self, name: str, *arguments: Any, **libraries: str) -> Any:
        artifact = json.loads((ROOT / f"src/aceso/abi/{name}.json").read_text(encoding="utf-8"))
        code = artifact["bytecode"]
        for path, places in artifact["links"].items():
            address = libraries[path.split(":")[1]][2:].lower()
            for start, length in places:
                code = code[: 2 + 2 * start] + address + code[2 + 2 * (start + length) :]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=code)
        self._tick()
        sent = factory.constructor(*arguments).transact({"from": self.authority})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, call: Any, sender: str, name: str | None = None, value: int = 0) -> int:
        """Send a transaction in a block of its own; `name` is what its gas is kept as."""
        self._tick()
        sent = call.transact({"from": sender, "value": value, "gas": 5_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        if receipt["status"] != 1:
            raise SystemExit(f"{name or call.fn_name} reverted")
        if name:
            self.figures.gas[name] = receipt["gasUsed"]
            self.figures.calldata[name] = len(call._encode_transaction_data()) // 2 - 1
        return int(receipt["gasUsed"])

    def view(self, call: Any, name: str) -> int:
        """Keep the gas of a view's frame."""
        self.figures.gas[name] = frame(self.web3, call)
        return self.figures.gas[name]

    def sign(self, signer: LocalAccount, contract: Any, kind: str, **message: Any) -> bytes:
        """The signature of a message of the suite."""
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": contract.address,
        }
        signable = encode_typed_data(domain, dict(TYPES[kind].types), message)
        return bytes(signer.sign_message(signable).signature)

    def permit(
        self, token: Any, spender: str, value: int, deadline: int
    ) -> tuple[int, bytes, bytes]:
        """The payer's permit (ERC-2612), in a token's own typed data."""
        kinds = {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        }
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": token.address,
        }
        message = {
            "owner": self.payer.address,
            "spender": spender,
            "value": value,
            "nonce": token.functions.nonces(self.payer.address).call(),
            "deadline": deadline,
        }
        signed = self.payer.sign_message(encode_typed_data(domain, kinds, message))
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    def address_of(self, nonce: int) -> str:
        """Where the contract will be that is deployed with this nonce."""
        return create_address(self.authority, nonce)

    # The suite

    def _deploy(self) -> None:
        self.participants = self.deploy("ParticipantRegistry", self.authority, 0)
        self.consents = self.deploy("ConsentRegistry", self.participants.address)
        self.records = self.deploy("RecordRegistry", self.participants.address)
        # The coin is told the sale's address before the sale exists: it is the next of the sender.
        nonce = self.web3.eth.get_transaction_count(self.authority)
        sale = create_address(self.authority, nonce + 1)
        nobody = "0x" + "00" * 20
        self.coin = self.deploy("RewardCoin", sale, nobody, 10**9 * COIN)
        self.sale = self.deploy(
            "CoinSale",
            self.participants.address,
            self.coin.address,
            self.treasury,
            (1000, nobody, 0, 10**8 * COIN, 10**8 * COIN),
        )
        if self.sale.address != sale:
            raise SystemExit("the sale is not where the coin expects it")
        libraries = {
            name: self.deploy(name).address for name in ("Offers", "Settlement", "StudyBook")
        }
        self.libraries = libraries
        self.market = self.desk("DataMarket", nobody, 0)

    def desk(self, name: str, disputes: str, window: int) -> Any:
        """A contract with orders, whose orders can be disputed by `disputes` for a time."""
        return self.deploy(
            name,
            self.consents.address,
            self.participants.address,
            self.coin.address,
            self.commons,
            disputes,
            window,
            **self.libraries,
        )

    def accredit(self, who: str, roles: Role) -> None:
        call = self.participants.functions
        self.send(call.proposeAccreditation(who, int(roles), 0), self.authority)
        self.send(call.accredit(who), self.authority)

    def terms(
        self,
        grantee: bytes,
        classes: int = LABS,
        uses: int = TREAT,
    ) -> tuple[Any, ...]:
        """A grant of 300 days from now."""
        notice = keccak(text="the text that was shown")
        return (grantee, classes, uses, 0, 0, self.now, self.now + 300 * DAY, notice)

    def offer(self, committee: int = 1, subject: str | None = None) -> int:
        """An offer of labs for medical research at 1 coin a day, granted to."""
        subject = subject or self.subject
        terms = (
            subject,
            COIN,
            self.institution,
            committee,
            DAY,
            1000,
            HMB,
            LABS,
            0,
            0,
            DAY,
            False,
        )
        self.send(self.market.functions.offer(terms), subject)
        number = int(self.market.functions.offerCount().call())
        grantee = group(number, self.market.address)
        granted = self.terms(grantee, LABS, HMB)
        self.send(self.consents.functions.grant(granted), subject)
        return number

    def buy(self, number: int, name: str | None = None) -> int:
        """A purchase under an allowance that was given before and is not used up."""
        self.send(self.market.functions.buy(number, keccak(text="a key")), self.buyer, name)
        return int(self.market.functions.orderOf(number, self.buyer).call()[0])

    def deliver(
        self,
        order: int,
        signers: list[int],
        members: int,
        threshold: int,
        name: str | None = None,
        parts: PartList | None = None,
    ) -> None:
        """The delivery of `order`, or of its parts, by these of the first `members` custodians."""
        delivery = {
            "order": order,
            "extract": parts.extract if parts else keccak(text="an extract"),
            "receivingKey": keccak(text="a key"),
            "capsule": keccak(text="a capsule"),
        }
        signatures = [
            self.sign(self.custodians[at], self.market, "Delivery", **delivery) for at in signers
        ]
        committee = ([custodian.address for custodian in self.custodians[:members]], threshold)
        bits = sum(1 << at for at in signers)
        call, sent = self.market.functions, (committee, bits, signatures)
        delivered = tuple(delivery.values())
        if parts:
            act = call.deliverParts(delivered, len(parts), parts.root, *sent)
        else:
            act = call.deliver(delivered, *sent)
        self.send(act, self.relayer, name)


def create_address(sender: str, nonce: int) -> str:
    """Where the contract will be that `sender` creates as transaction `nonce` (below 2^16)."""
    number = b"\x80" if nonce == 0 else nonce.to_bytes(2 if nonce > 255 else 1, "big")
    if nonce > 127:
        number = bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(sender[2:]) + number
    return str(Web3.to_checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:]))


def check_permitted(call: Any) -> None:
    """A denial is cheaper, and would be no measure."""
    permitted, reason = call.call()
    if not permitted:
        raise SystemExit(f"decide denied with reason {reason} what was to be measured")
