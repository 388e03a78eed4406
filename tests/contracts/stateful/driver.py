"""Random histories of consent, by raw JSON-RPC: the chain and the model of the rules, side by side.

Brownie takes a tenth of a second for a transaction; a history has hundreds, and thousands of
questions. All choices come from one seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from http.client import HTTPConnection
from time import monotonic
from typing import Any
from urllib.parse import urlparse

from eth_abi import decode, encode
from eth_account import Account
from eth_utils import keccak

from aceso.chain.rules import (
    Book,
    Head,
    RuleError,
    Word,
    account_grantee,
    group_grantee,
    split,
)
from aceso.codes import ALLOWED_BY, MAX_DAYS, DataClass, Reason, Use
from tests.contracts.acting import ACTS, DAY, NOTICE, sign

__all__ = ["Facts", "History", "Rpc"]

_REQUEST = "(address,address,bytes32,uint16,uint32,uint24)"
_FIELDS = (
    ("classes", 32),
    ("uses", 16),
    ("conditions", 24),
    ("disease", 24),
    ("valid_from", 40),
    ("valid_until", 40),
    ("grants", 24),
    ("withdrawals", 24),
    ("epoch", 24),
    ("barred", 1),
    ("primary", 1),
    ("bars", 6),
)


_WEIGHTS = {
    "Grant": 30,
    "PrimaryPhysician": 16,
    "Withdrawal": 7,
    "WithdrawalOfAll": 2,
    "Bar": 3,
    "Unbar": 6,
    "hold": 4,
    "send held": 5,
    "replay": 4,
    "member": 12,
    "condition": 5,
}


class Rpc:
    """One connection to a node."""

    def __init__(self, url: str) -> None:
        place = urlparse(url)
        self._connection = HTTPConnection(place.hostname or "", place.port, timeout=60)

    def close(self) -> None:
        self._connection.close()

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/", json.dumps(body), headers)
        answers = json.loads(self._connection.getresponse().read())
        answers.sort(key=lambda answer: answer["id"])
        for answer in answers:
            assert "error" not in answer, answer
        return [answer["result"] for answer in answers]

    def __call__(self, method: str, *params: Any) -> Any:
        return self.batch([(method, list(params))])[0]


class Facts:
    """What the groups and the authority answer: the `World` of the model, kept by the driver."""

    def __init__(self, honest: str, institutions: str) -> None:
        self.honest, self.institutions = honest.lower(), institutions.lower()
        self.conditions: dict[str, int] = {}
        self.members: dict[tuple[int, str], tuple[bool, int]] = {}
        self.until: dict[tuple[int, str], tuple[int, int]] = {}
        self.now = 0

    def conditions_of(self, account: str) -> int:
        return self.conditions.get(account, 0)

    def ask_group(
        self, *, group: str, number: int, subject: str, actor: str
    ) -> tuple[bool, int] | None:
        if group == self.honest:
            return self.members.get((number, actor), (False, 0))
        if group == self.institutions:
            until, attested = self.until.get((number, actor), (0, 0))
            return number == 1 and self.now < until, attested
        return None


class History:
    """A chain and a `Book` that live through the same acts. `check` compares all of them."""

    def __init__(
        self,
        *,
        url: str,
        seed: int,
        registry: Any,
        participants: Any,
        honest: Any,
        silent: Any,
        authority: str,
        gateway: str,
    ) -> None:
        self.rpc = Rpc(url)
        self.random = random.Random(seed)
        self.registry = registry.address
        self.participants, self.honest = participants.address, honest.address
        self.authority, self.gateway = authority, gateway
        self.domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": int(self.rpc("eth_chainId"), 16),
            "verifyingContract": self.registry,
        }
        self.keys = {
            Account.from_key(key).address: key
            for key in ("0x" + f"{place:064x}" for place in range(11, 15))
        }
        self.subjects = list(self.keys)
        self.actors = ["0x" + f"{place:02x}" * 20 for place in range(0xA0, 0xA5)]
        self.grantees = [account_grantee(actor) for actor in self.actors] + [
            group_grantee(1, self.honest),
            group_grantee(2, self.honest),
            group_grantee(1, self.participants),
            group_grantee(1, silent.address),
        ]
        self.facts = Facts(self.honest, self.participants)
        self.book = Book(self.facts)
        self.now = int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.held: list[tuple[str, dict[str, Any], str]] = []
        self.used: list[tuple[str, dict[str, Any], str]] = []
        for subject in self.subjects:
            self.rpc("anvil_setBalance", subject, hex(10**20))
            self.rpc("anvil_impersonateAccount", subject)
        self.relayer = self.rpc("eth_accounts")[0]

    # --- The chain ---

    def send(self, sender: str, to: str, signature: str, arguments: list[Any]) -> bool:
        types = signature[signature.index("(") :]
        data = keccak(text=signature)[:4] + encode(_split_types(types), arguments)
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": "0xf4240"}
        self.now += self.random.choice((1, 1, 2, 60, 3600, self.random.randrange(1, 5 * DAY)))
        # A node may answer the calls of one batch in any order.
        self.rpc("evm_setNextBlockTimestamp", self.now)
        hash_ = self.rpc("eth_sendTransaction", call)
        deadline = monotonic() + 10
        while (receipt := self.rpc("eth_getTransactionReceipt", hash_)) is None:
            assert monotonic() < deadline, "the transaction is not mined"
        return bool(int(receipt["status"], 16))

    def decide(self, questions: Sequence[tuple[dict[str, Any], int]]) -> list[Reason]:
        """The chain's answers, each asked at a second of its own."""
        selector = keccak(text=f"decide({_REQUEST})")[:4]
        calls = []
        for request, now in questions:
            data = selector + encode([_REQUEST], [tuple(request.values())])
            call = {"to": self.registry, "data": "0x" + data.hex()}
            calls.append(("eth_call", [call, "latest", {}, {"time": hex(now)}]))
        reasons = []
        for answer in self.rpc.batch(calls):
            permitted, number = decode(["bool", "uint8"], bytes.fromhex(answer[2:]))
            reasons.append(Reason(number))
            assert permitted is reasons[-1].permits
        return reasons

    def table(self) -> dict[tuple[str, bytes], Word]:
        """Every word of every subject, and the heads into `self.heads`."""
        selector = keccak(text="standing(address,bytes32,address)")[:4]
        pairs = [(subject, grantee) for subject in self.subjects for grantee in self.grantees]
        calls = [
            (
                "eth_call",
                [
                    {
                        "to": self.registry,
                        "data": "0x"
                        + (
                            selector
                            + encode(["address", "bytes32", "address"], [subject, grantee, subject])
                        ).hex(),
                    },
                    "latest",
                ],
            )
            for subject, grantee in pairs
        ]
        found = {}
        self.heads: dict[str, Head] = {}
        for (subject, grantee), answer in zip(pairs, self.rpc.batch(calls), strict=True):
            of_grantee, _, above = decode(["uint256"] * 3, bytes.fromhex(answer[2:]))
            fields: dict[str, Any] = {}
            for name, bits in _FIELDS:
                fields[name] = of_grantee & ((1 << bits) - 1)
                of_grantee >>= bits
            fields["barred"], fields["primary"] = bool(fields["barred"]), bool(fields["primary"])
            found[subject.lower(), grantee] = Word(**fields)
            self.heads[subject.lower()] = Head(
                physician="0x" + (above & ((1 << 160) - 1)).to_bytes(20, "big").hex(),
                epoch=above >> 160 & 0xFFFFFF,
                stopped_at=above >> 184 & 0xFFFFFFFFFF,
                changes=above >> 224,
            )
        return found

    def check(self) -> None:
        """The chain's whole table is the model's."""
        for (subject, grantee), there in self.table().items():
            assert there == self.book.word(subject, grantee), (subject, grantee.hex())
        for subject, above in self.heads.items():
            assert above == self.book.head(subject), subject

    # --- Acts ---

    def step(self) -> None:
        """One random act, done on the chain and in the model, refused by both or by neither."""
        kind = self.random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if kind in ACTS:
            self._act(kind)
        elif kind == "hold":
            message = self._message("Grant")
            self.held.append(("Grant", message, self._sign("Grant", message)))
        elif kind == "send held" and self.held:
            place = self.random.randrange(len(self.held))
            self._submit(*self.held.pop(place))
        elif kind == "replay" and self.used:
            self._submit(*self.random.choice(self.used))
        elif kind == "member":
            self._member()
        elif kind == "condition":
            self._condition()

    def _act(self, type_name: str) -> None:
        message = self._message(type_name)
        if self.random.random() < 0.5:
            self._submit(type_name, message, self._sign(type_name, message))
            return
        kind = ACTS[type_name]
        arguments = _raw(kind.direct_arguments(message))
        done = self.send(message["subject"], self.registry, _DIRECT[type_name], arguments)
        assert done is self._model(type_name, message), (type_name, message)

    def _submit(self, type_name: str, message: dict[str, Any], signature: str) -> None:
        """Send a signed act; the model takes it if it was signed for the state that it is in."""
        arguments = [*_raw(ACTS[type_name].arguments(message)), bytes.fromhex(signature[2:])]
        done = self.send(self.relayer, self.registry, _SIGNED[type_name], arguments)
        now = self._counters(type_name, message)
        fits = all(message[name] == count for name, count in now.items())
        fits = fits and message.get("deadline", self.now) >= self.now
        # A signed bar that is in force succeeds and changes nothing.
        stands = type_name == "Bar" and self._word(message["subject"], message["actor"]).barred
        taken = fits and (stands or self._model(type_name, message))
        assert done is taken, (type_name, message, now)
        if done:
            self.used.append((type_name, message, signature))

    def _model(self, type_name: str, message: dict[str, Any]) -> bool:
        subject, now = message["subject"], self.now
        try:
            match type_name:
                case "Grant":
                    self.book.grant(
                        subject,
                        message["grantee"],
                        **{
                            name: message[name]
                            for name in ("classes", "uses", "conditions", "disease")
                        },
                        valid_from=message["validFrom"],
                        valid_until=message["validUntil"],
                        now=now,
                    )
                case "PrimaryPhysician":
                    self.book.set_primary_physician(
                        subject,
                        message["physician"],
                        classes=message["classes"],
                        valid_until=message["validUntil"],
                        now=now,
                    )
                case "Withdrawal":
                    self.book.withdraw(subject, message["grantee"], now=now)
                case "WithdrawalOfAll":
                    self.book.withdraw_all(subject, now=now)
                case "Bar":
                    self.book.bar(subject, message["actor"], now=now)
                case "Unbar":
                    self.book.unbar(subject, message["actor"])
        except RuleError:
            return False
        return True

    def _message(self, type_name: str) -> dict[str, Any]:
        pick = self.random
        subject = pick.choice(self.subjects)
        barred = [actor for actor in self.actors if self._word(subject, actor).barred]
        found: dict[str, Any] = {"subject": subject, "deadline": self.now + 30 * DAY}
        match type_name:
            case "Grant":
                found |= self._terms()
            case "PrimaryPhysician":
                found |= {
                    "physician": pick.choice(self.actors),
                    "classes": pick.choice((0, 0, 0, int(DataClass.HIV | DataClass.LABS), 1 << 20)),
                    "validUntil": self.now
                    + pick.choice((400 * DAY, 400 * DAY, 400 * DAY, 1900 * DAY, 0)),
                }
            case "Withdrawal":
                found["grantee"] = pick.choice(self.grantees)
            case "Bar":
                found["actor"] = pick.choice(self.actors)
            case "Unbar":
                found["actor"] = pick.choice(barred or self.actors)
        return found | self._counters(type_name, found)

    def _terms(self) -> dict[str, Any]:
        pick = self.random
        uses = 0
        for _ in range(pick.choice((1, 1, 2, 3))):
            uses |= int(pick.choice(list(Use)))
        if pick.random() < 0.2:
            uses = int(Use.DS)
        limit = min(days for use, days in MAX_DAYS.items() if uses & use) * DAY
        begin = self.now + pick.choice((-DAY, 0, 0, 0, 5 * DAY, 20 * DAY))
        # One in twelve is no good, in one way.
        spoilt = pick.choice((*[None] * 33, "classes", "uses", "period"))
        classes = pick.getrandbits(25) | 1 << pick.randrange(25)
        return {
            "grantee": pick.choice(self.grantees),
            "classes": 0 if spoilt == "classes" else classes,
            "uses": 1 << 12 if spoilt == "uses" else uses,
            "conditions": pick.choice((0, 0, 0, 0, 1, 3)),
            "disease": pick.choice((5148, 7)) if uses & Use.DS and spoilt != "uses" else 0,
            "validFrom": begin,
            "validUntil": begin + limit + DAY * 50
            if spoilt == "period"
            else max(begin, self.now) + pick.randrange(6 * DAY, limit - 20 * DAY),
            "notice": NOTICE,
        }

    def _counters(self, type_name: str, message: dict[str, Any]) -> dict[str, int]:
        grantee = message.get("grantee")
        if grantee is None and type_name != "WithdrawalOfAll":
            grantee = account_grantee(message.get("actor") or message["physician"])
        word = self.book.word(message["subject"], grantee or bytes(32))
        above = self.book.head(message["subject"])
        known = {
            "grants": word.grants,
            "withdrawals": word.withdrawals,
            "bars": (word.bars - word.barred) % 64,
            "epoch": above.epoch,
            "changes": above.changes,
        }
        names = {
            "Grant": ("grants", "withdrawals", "epoch"),
            "PrimaryPhysician": ("grants", "withdrawals", "epoch", "changes"),
            "Withdrawal": ("withdrawals",),
            "WithdrawalOfAll": ("epoch",),
            "Bar": ("bars",),
            "Unbar": ("grants", "withdrawals", "epoch"),
        }[type_name]
        return {name: known[name] for name in names}

    def _sign(self, type_name: str, message: dict[str, Any]) -> str:
        named = {name for name in message if name != "deadline" or ACTS[type_name].has_deadline}
        signed = {name: message[name] for name in named}
        return sign(self.keys[message["subject"]], type_name, signed, self.domain)

    def _word(self, subject: str, actor: str) -> Word:
        return self.book.word(subject, account_grantee(actor))

    def _member(self) -> None:
        number, actor = self.random.choice((1, 2)), self.random.choice(self.actors)
        member, attested = self.random.random() < 0.7, self.random.choice((0, 1, 3))
        if self.random.random() < 0.6:
            signature = "set(uint96,address,bool,uint24)"
            assert self.send(
                self.relayer, self.honest, signature, [number, actor, member, attested]
            )
            self.facts.members[number, actor] = member, attested
        else:
            until = self.now + self.random.choice((20, 200)) * DAY
            signature = "setMember(uint96,address,uint40,uint24)"
            arguments = [1, actor, until, attested]
            assert self.send(self.gateway, self.participants, signature, arguments)
            self.facts.until[1, actor] = until, attested

    def _condition(self) -> None:
        actor, bit = self.random.choice(self.actors), self.random.choice((1, 2))
        before = self.facts.conditions.get(actor, 0)
        roles = "(address,uint32,uint24)"
        if before & bit:
            assert self.send(
                self.authority, self.participants, f"unaccredit{roles}", [actor, 0, bit]
            )
        else:
            self.send(
                self.authority, self.participants, f"proposeAccreditation{roles}", [actor, 0, bit]
            )
            assert self.send(self.relayer, self.participants, "accredit(address)", [actor])
        self.facts.conditions[actor] = before ^ bit

    # --- Questions ---

    def question(self) -> tuple[dict[str, Any], int]:
        """A request that is mostly near to what was granted, at a second that may be an edge."""
        pick = self.random
        subject, grantee = pick.choice(self.subjects), pick.choice(self.grantees)
        live = [place for place, word in self.book.words.items() if word.classes]
        if live and pick.random() < 0.9:
            current = [place for place in live if self._counts(place)]
            lower, grantee = pick.choice(current if current and pick.random() < 0.8 else live)
            subject = next(name for name in self.subjects if name.lower() == lower)
        word = self.book.word(subject, grantee)
        number, address = split(grantee)
        actor = pick.choice(self.actors)
        if number == 0 and pick.random() < 0.9:
            actor = address
        elif number and pick.random() < 0.8:
            actor = pick.choice(self._members(number, address) or self.actors)
        if pick.random() < 0.02:
            actor = subject
        classes = word.classes & pick.getrandbits(25) or word.classes or 1
        if pick.random() < 0.08:
            classes = pick.choice((0, pick.getrandbits(32)))
        covered = [int(use) for use, by in ALLOWED_BY.items() if by & word.uses] or [1]
        use = pick.choice(covered)
        if pick.random() < 0.08:
            use = pick.choice((0, pick.getrandbits(16), 1 << pick.randrange(16)))
        request = {
            "subject": subject,
            "actor": actor,
            "grantee": grantee,
            "use": use,
            "classes": classes,
            "disease": word.disease if pick.random() < 0.7 else pick.choice((0, 7, 5148)),
        }
        edges = [edge for edge in (word.valid_from, word.valid_until) if edge]
        now = self.now
        if edges and pick.random() < 0.2:
            now = pick.choice(edges) + pick.choice((-1, 0, 1))
        elif word.classes and pick.random() < 0.8:
            now = pick.randrange(word.valid_from, word.valid_until)
        return request, now

    def _counts(self, place: tuple[str, bytes]) -> bool:
        """Whether the epoch and the primary physician still are those of this word."""
        word, above = self.book.words[place], self.book.head(place[0])
        named = not word.primary or above.physician == split(place[1])[1]
        return word.epoch == above.epoch and named

    def _members(self, number: int, group: str) -> list[str]:
        """Who was made a member, with all conditions attested or some."""
        if group == self.facts.honest:
            return [
                who for (of, who), (yes, _) in self.facts.members.items() if yes and of == number
            ]
        return [who for of, who in self.facts.until if of == number]

    def answer(self, request: dict[str, Any], now: int) -> Reason:
        """The model's answer."""
        self.facts.now = now
        return self.book.decide(**request, now=now)


_TERMS = "(bytes32,uint32,uint16,uint24,uint24,uint40,uint40,bytes32)"
_DIRECT = {
    "Grant": f"grant({_TERMS})",
    "PrimaryPhysician": "setPrimaryPhysician(address,uint32,uint40)",
    "Withdrawal": "withdraw(bytes32)",
    "WithdrawalOfAll": "withdrawAll()",
    "Bar": "bar(address)",
    "Unbar": "unbar(address)",
}
_SIGNED = {
    "Grant": f"grantWithSig(address,{_TERMS},uint256,bytes)",
    "PrimaryPhysician": "setPrimaryPhysicianWithSig(address,address,uint32,uint40,uint256,bytes)",
    "Withdrawal": "withdrawWithSig(address,bytes32,bytes)",
    "WithdrawalOfAll": "withdrawAllWithSig(address,bytes)",
    "Bar": "barWithSig(address,address,bytes)",
    "Unbar": "unbarWithSig(address,address,uint256,bytes)",
}


def _split_types(types: str) -> list[str]:
    """The types between the outer brackets of a signature."""
    found, depth, last = [], 0, ""
    for letter in types[1:-1]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(last)
            last = ""
        else:
            last += letter
    return [*found, last] if last else found


def _raw(arguments: list[Any]) -> list[Any]:
    """Hexadecimal bytes as bytes, also within terms; addresses stay."""
    return [
        tuple(_raw(list(argument)))
        if isinstance(argument, tuple)
        else bytes.fromhex(argument[2:])
        if isinstance(argument, str) and len(argument) == 66
        else argument
        for argument in arguments
    ]
