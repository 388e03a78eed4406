"""The suite of contracts on one chain.

    suite = Suite.connect("http://127.0.0.1:8545", Deployment.read("deployments/local.json"))
    suite.decide(Request(subject=…, actor=…, grantee=…, use=Use.TREAT, classes=DataClass.LABS))

    sender = Sender(suite, account)
    sender.send(suite.consents.withdraw(grantee))

Connecting refuses another chain than the deployment's, and a contract without code. That the code
is ours is what `check_deployment` tells, at length; connecting does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aceso.signing import digest, domain_of, recover_digest

from ._bytes import checksum, keccak
from .abi import SUITE
from .contracts import AccessLogs, Consents, Emergencies, Guardianship, Participants, Records
from .deployed import Deployment
from .disputes import Disputes
from .errors import NodeRefusedError, NotDeployedError, WrongChainError
from .market import Coin, Market, Sale, Studies
from .node import BlockTag, Node
from .requests import Decision, Request, Standing
from .reward_contracts import RewardBoard, RewardPool
from .unions import Unions
from .words import parse_grantee

__all__ = ["Suite", "is_signed"]

_IS_VALID_SIGNATURE = keccak(b"isValidSignature(bytes32,bytes)")[:4]


class Suite:
    """The deployed contracts, bound to a node."""

    def __init__(self, node: Node, deployment: Deployment):
        self.node = node
        self.deployment = deployment
        self.addresses: Mapping[str, str] = {
            name: checksum(at.address) for name, at in deployment.contracts.items()
        }
        self.participants = Participants(node, *self._at("ParticipantRegistry"))
        self.records = Records(node, *self._at("RecordRegistry"))
        self.consents = Consents(node, *self._at("ConsentRegistry"))
        self.coin = Coin(node, *self._at("RewardCoin"))
        self.sale = Sale(node, *self._at("CoinSale"))
        self.disputes = Disputes(node, *self._at("Disputes"))
        self.market = Market(node, *self._at("DataMarket"))
        self.studies = Studies(node, *self._at("Studies"))
        self.unions = Unions(node, *self._at("Unions"))
        self.guardianship = Guardianship(node, *self._at("Guardianship"))
        self.emergencies = Emergencies(node, *self._at("EmergencyAccess"))
        self.rewards = RewardPool(node, *self._at("RewardPool"))
        self.reward_board = RewardBoard(node, *self._at("RewardBoard"))
        self.access_log = AccessLogs(node, *self._at("AccessLog"))

    def _at(self, name: str) -> tuple[str, str]:
        return name, self.addresses[name]

    @classmethod
    def connect(cls, rpc_url: str, deployment: Deployment, *, timeout: float = 10.0) -> Suite:
        """Connect, or raise `WrongChainError` or `NotDeployedError`."""
        node = Node(rpc_url, timeout=timeout)
        try:
            if node.chain_id != deployment.chain_id:
                raise WrongChainError(rpc_url, found=node.chain_id, wanted=deployment.chain_id)
            suite = cls(node, deployment)
            codes = node.ask_all(
                [("eth_getCode", [suite.addresses[name], "latest"]) for name in SUITE]
            )
            for name, code in zip(SUITE, codes, strict=True):
                if len(code) <= 2:
                    raise NotDeployedError(name, suite.addresses[name])
        except BaseException:
            node.close()
            raise
        return suite

    def close(self) -> None:
        self.node.close()

    @property
    def chain_id(self) -> int:
        return self.deployment.chain_id

    def domain(self, contract: str) -> dict[str, Any]:
        """The EIP-712 domain of a contract of the suite."""
        return domain_of(self.chain_id, self.addresses[contract])

    def now(self) -> int:
        """The newest block's time: the only clock that counts."""
        return self.node.block("latest").timestamp

    def decide(self, request: Request, *, block: BlockTag = "latest") -> Decision:
        """Whether the request is permitted, with the block at which that is so."""
        data = self.consents.encode_decision(request)
        number = block if isinstance(block, int) else self.node.block(block).number
        call = {"to": self.consents.address, "data": "0x" + data.hex()}
        # One message, so that the hash is that of the block which answered.
        answer, found = self.node.ask_all(
            [
                ("eth_call", [call, hex(number)]),
                ("eth_getBlockByNumber", [hex(number), False]),
            ]
        )
        permitted, reason = self.consents.decode_decision(bytes.fromhex(answer[2:]))
        return Decision(permitted, reason, number, bytes.fromhex(found["hash"][2:]))

    def standing(
        self, subject: str, grantee: bytes, actor: str, *, block: BlockTag = "latest"
    ) -> Standing:
        """The words that a decision reads."""
        return self.consents.standing(subject, grantee, actor, block=block)

    def key_holder(self, grantee: bytes) -> str:
        """Whose published key stands for a grantee: the account's, or that of the account that runs
        the institution. Other groups have none; raise `ValueError` for them."""
        found = parse_grantee(grantee)
        if not found.is_group:
            return found.address
        if found.address != self.participants.address:
            raise ValueError(f"group {found.number} of {found.address} is no institution")
        account = self.participants.institution(found.number).account
        if int(account, 16) == 0:
            raise ValueError(f"there is no institution {found.number}")
        return account


def is_signed(
    suite: Suite,
    signer: str,
    type_name: str,
    message: Mapping[str, Any],
    domain: Mapping[str, Any],
    signature: bytes,
    *,
    block: BlockTag = "latest",
) -> bool:
    """Whether `signer` signed: by its key, or as a contract wallet says (ERC-1271)."""
    hashed = digest(type_name, message, domain)
    if recover_digest(hashed, signature) == checksum(signer):
        return True
    # head: digest, the place of the bytes, their length; then the bytes, filled up to words.
    filled = signature + bytes(-len(signature) % 32)
    data = (
        _IS_VALID_SIGNATURE
        + hashed
        + (64).to_bytes(32, "big")
        + len(signature).to_bytes(32, "big")
        + filled
    )
    try:
        answer = suite.node.call(checksum(signer), data, block=block)
    except NodeRefusedError:
        # A wallet that reverts says no.
        return False
    return len(answer) == 32 and answer == _IS_VALID_SIGNATURE + bytes(28)
