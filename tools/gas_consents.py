"""What records, consents, decisions and the custodians' logs cost: scenarios of `gas_scenarios`."""

from __future__ import annotations

from typing import Any

from aceso.codes import Role
from aceso.typed_data import TYPES
from aceso.vault.batch import tree_of
from tools.gas_scene import DAY, LABS, TREAT, Scene, account, check_permitted, group, keccak

__all__ = ["consents", "decisions", "keys", "logs", "records"]

# Of a public key of MLKEM768-X25519, which is in the calldata and in the event.
_KEY_BYTES = 1_216


def records(scene: Scene) -> None:
    """An accredited issuer anchors, replaces, retracts; somebody verifies."""
    records, issuer = scene.records.functions, scene.issuer
    scene.accredit(issuer.address, Role.ISSUER)
    scene.accredit(scene.institution, Role.ISSUER)
    batch = keccak(text="the list of leaves")

    def root(at: int) -> bytes:
        return keccak(text=f"root {at}")

    scene.send(records.anchor(root(0), batch), scene.institution)
    scene.send(records.anchor(root(1), batch), scene.institution, "anchor")

    def signed(at: int) -> tuple[Any, ...]:
        message = {"root": root(at), "batch": batch, "deadline": scene.now + DAY}
        signature = scene.sign(issuer, scene.records, "Anchor", issuer=issuer.address, **message)
        return (issuer.address, *message.values(), signature)

    scene.send(records.anchorWithSig(*signed(0)), scene.relayer)
    scene.send(records.anchorWithSig(*signed(1)), scene.relayer, "anchor_signed")

    leaf, successor = keccak(text="a leaf"), keccak(text="its successor")
    scene.send(records.supersede(leaf, successor), scene.institution, "supersede")
    scene.send(records.retract(successor), scene.institution, "retract")

    leaves = [keccak(text=f"leaf {at}") for at in range(1000)]
    tree = tree_of(leaves)
    scene.send(records.anchor(tree.root, batch), scene.institution)
    # The deepest of them: the lowest row of the tree holds the first in its order.
    deepest = max(leaves, key=lambda each: (len(tree.proof(each)), each))
    question = (scene.institution, tree.root, deepest, list(tree.proof(deepest)))
    scene.view(records.isIncluded(*question), "verify_inclusion_1000")
    scene.view(records.verify(*question), "verify_record")


def consents(scene: Scene) -> None:
    """Grants, renewals and withdrawals, sent and signed."""
    consents, subject, persona = scene.consents.functions, scene.subject, scene.persona
    grantee = account(scene.colleague)
    scene.send(consents.grant(scene.terms(account(scene.physician))), subject)
    scene.send(consents.grant(scene.terms(grantee)), subject, "grant")
    scene.send(consents.grant(scene.terms(grantee)), subject, "grant_renew")
    scene.send(consents.withdraw(grantee), subject, "withdraw")
    scene.send(consents.withdraw(account(scene.relayer)), subject, "withdraw_unsent")
    scene.send(consents.withdrawAll(), scene.stranger, "withdraw_all_first")
    scene.send(consents.withdrawAll(), scene.stranger, "withdraw_all")

    terms = scene.terms(grantee)
    deadline = scene.now + DAY
    fields = [each["name"] for each in TYPES["Grant"].types["Grant"]]
    values = (persona.address, *terms, 0, 0, 0, deadline)
    signature = scene.sign(
        persona, scene.consents, "Grant", **dict(zip(fields, values, strict=True))
    )
    granted = consents.grantWithSig(persona.address, terms, deadline, signature)
    scene.send(granted, scene.relayer, "grant_signed")
    signature = scene.sign(
        persona,
        scene.consents,
        "Withdrawal",
        subject=persona.address,
        grantee=grantee,
        withdrawals=0,
    )
    withdrawn = consents.withdrawWithSig(persona.address, grantee, signature)
    scene.send(withdrawn, scene.relayer, "withdraw_signed")


def decisions(scene: Scene) -> None:
    """The one decision: of a direct grant, and of a grant to an institution."""
    consents, subject, colleague = scene.consents.functions, scene.subject, scene.colleague
    grantee = account(colleague)
    scene.send(consents.grant(scene.terms(grantee)), subject)
    question = (subject, colleague, grantee, TREAT, LABS, 0)
    check_permitted(consents.decide(question))
    scene.view(consents.decide(question), "decide")

    hospital = group(1, scene.participants.address)
    scene.send(consents.grant(scene.terms(hospital)), subject)
    question = (subject, scene.custodians[0].address, hospital, TREAT, LABS, 0)
    check_permitted(consents.decide(question))
    scene.view(consents.decide(question), "decide_member")


def logs(scene: Scene) -> None:
    """A custodian anchors the head of its log, as before. It touches nothing of the others."""
    contract = scene.deploy("AccessLog", scene.participants.address)
    log, custodian = contract.functions, scene.custodians[0]

    def signed(size: int) -> tuple[Any, ...]:
        head = {"custodian": custodian.address, "size": size, "root": keccak(text=f"head {size}")}
        return (*head.values(), scene.sign(custodian, contract, "LogHead", **head))

    scene.send(log.anchorLogWithSig(*signed(1_000)), scene.relayer)
    scene.send(log.anchorLogWithSig(*signed(2_000)), scene.relayer, "anchor_log_signed")
    scene.accredit(scene.institution, Role.CUSTODIAN)
    for size, name in ((1_000, None), (2_000, "anchor_log")):
        head = log.anchorLog(size, keccak(text=f"head {size}"))
        scene.send(head, scene.institution, name)


def keys(scene: Scene) -> None:
    """An account publishes its key, another one in its place, and revokes that."""
    call, owner = scene.participants.functions, scene.colleague
    for version, name in ((1, "key_publish"), (2, "key_publish_anew")):
        # Keys look random, so few of their bytes are 0.
        key = bytes((version + at) % 255 + 1 for at in range(_KEY_BYTES))
        scene.send(call.publishKey(key), owner, name)
    scene.send(call.revokeKey(), owner, "key_revoke")
