"""What rewards cost: the scenario of `RewardPool` and `RewardBoard`, told by `gas_scenarios`."""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

from aceso.chain import Reward
from aceso.codes import Role
from aceso.vault.batch import Batch, standard_leaf, tree_of
from tools.gas_scene import Scene, create_address

__all__ = ["run"]

DAY: Final = 86_400
COIN: Final = 10**18
FOREVER: Final = 2**40 - 1


def run(scene: Scene) -> None:
    """A root of 1,000 rewards from posting to release, and the acts of evaluators about it."""
    length = 10 * DAY
    nonce = scene.web3.eth.get_transaction_count(scene.authority)
    pool_at, board_at = (create_address(scene.authority, nonce + at) for at in (1, 2))
    coin = scene.deploy("RewardCoin", scene.authority, pool_at, 10**9 * COIN)
    pool = scene.deploy(
        "RewardPool", scene.records.address, coin.address, board_at, (10**12, 8, length)
    )
    board = scene.deploy(
        "RewardBoard", scene.participants.address, coin.address, pool_at, DAY, DAY, COIN
    )
    call, judge, persona = pool.functions, board.functions, scene.persona
    evaluators = (scene.colleague, scene.physician, scene.institution, scene.stranger)
    for place, each in enumerate(evaluators, 1):
        scene.accredit(each, Role.EVALUATOR)
        if place == 4:
            opened = scene.participants.functions.openInstitution(scene.authority)
            scene.send(opened, scene.authority)
        for other in (1, 2, 3, 4):
            until = FOREVER if other == place else 0
            joined = scene.participants.functions.setMember(other, each, until, 0)
            scene.send(joined, scene.authority)
        scene.send(coin.functions.mint(each, 100 * COIN), scene.authority)
        scene.send(coin.functions.approve(board.address, 100 * COIN), each)
    issuer, accounts = scene.institution, (scene.subject, persona.address)

    def rewards(epoch: int) -> list[Reward]:
        return [
            Reward(epoch, at, False, 10**6, accounts[at % 2], issuer, keccak(text=f"record {at}"))
            for at in range(1000)
        ]

    def post(epoch: int, place: int = 1, name: str | None = None) -> Batch:
        tree = tree_of(standard_leaf(each.encoded()) for each in rewards(epoch))
        audit = keccak(text="an audit")
        posted = judge.postRoot(epoch, place, tree.root, 10**9, 10**7, audit)
        scene.send(posted, evaluators[place - 1], name)
        return tree

    def taken(act: str, epoch: int, index: int, tree: Batch, name: str | None = None) -> None:
        reward = rewards(epoch)[index]
        proof = list(tree.proof(standard_leaf(reward.encoded())))
        scene.send(pool.functions[act](reward.astuple(), proof), scene.relayer, name)

    scene.wait(3 * length)
    first = post(0)
    scene.wait(DAY)
    scene.send(judge.endRoot(0), scene.relayer)
    # Each account, and each word of 256 rewards, has been used before.
    for index in (0, 1, 300, 301):
        taken("claim", 0, index, first)
    scene.send(call.release(scene.subject), scene.relayer)
    second = post(1, name="root_post")
    scene.wait(DAY)
    scene.send(judge.endRoot(1), scene.relayer, "root_end")
    taken("claim", 1, 2, second)
    taken("claim", 1, 4, second, "reward_claim_1000")
    scene.send(call.release(scene.subject), scene.relayer, "reward_release")
    scene.send(scene.records.functions.retract(keccak(text="record 4")), issuer)
    taken("clawBack", 1, 4, second, "reward_claw_back")
    scene.send(judge.payBond(evaluators[0]), scene.relayer)
    post(2)
    why = keccak(text="why")
    scene.send(judge.challengeRoot(2, 2, why), evaluators[1], "root_challenge")
    scene.send(judge.judgeRoot(2, 3, True), evaluators[2], "root_judge")
    scene.send(judge.judgeRoot(2, 4, True), evaluators[3], "root_judge_decides")
    scene.send(judge.payBond(evaluators[0]), scene.relayer, "bond_pay")
    scene.send(judge.ban(persona.address, 1, why), evaluators[0], "ban_propose")
    scene.send(judge.ban(persona.address, 2, why), evaluators[1], "ban_confirm")
    signature = scene.sign(persona, board, "BanAppeal", account=persona.address, ban=1)
    appealed = judge.appealWithSig(persona.address, signature)
    scene.send(appealed, scene.relayer, "ban_appeal_signed")
    scene.send(judge.judgeAppeal(persona.address, 3, False), evaluators[2], "ban_judge")
    scene.send(judge.judgeAppeal(persona.address, 4, False), evaluators[3], "ban_judge_lifts")
