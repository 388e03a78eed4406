// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {Codes} from "contracts/libraries/Codes.sol";
import {Case, Panels, Seat} from "contracts/libraries/Panels.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardBoard} from "interfaces/IRewardBoard.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";
import {IRewardPool} from "interfaces/IRewardPool.sol";

/// @title RewardBoard
/// @notice See {IRewardBoard}.
contract RewardBoard is IRewardBoard, TypedData {
    using Affiliations for IParticipantRegistry;
    using Panels for Case;
    using Panels for IParticipantRegistry;

    /// @dev Two slots. `round` counts what was posted for the epoch.
    struct Root {
        bytes32 root;
        uint48 total;
        uint48 institutions;
        uint40 until;
        RootState state;
        uint16 round;
    }

    /// @dev One slot. `bans` counts what was proposed of the account.
    struct Ban {
        BanState state;
        uint16 bans;
    }

    bytes32 private constant BAN_APPEAL_TYPEHASH = keccak256("BanAppeal(address account,uint16 ban)");

    IParticipantRegistry private immutable _participants;
    IRewardCoin private immutable _coin;
    IRewardPool private immutable _pool;
    uint40 private immutable _challengePeriod;
    uint40 private immutable _panelPeriod;
    uint128 private immutable _bond;

    mapping(uint16 epoch => Root) private _roots;
    mapping(address account => Ban) private _bans;
    mapping(uint16 epoch => mapping(uint16 round => Case)) private _disputes;
    mapping(address account => mapping(uint16 number => Case)) private _proposals;
    /// @dev Whether an institution posted, or challenged, a root before.
    mapping(bytes32 id => bool) private _tried;
    mapping(address account => uint256) private _bonds;

    constructor(
        IParticipantRegistry participants,
        IRewardCoin coin,
        IRewardPool pool,
        uint40 challengePeriod,
        uint40 panelPeriod,
        uint128 bond
    ) {
        _participants = participants;
        _coin = coin;
        _pool = pool;
        _challengePeriod = challengePeriod;
        _panelPeriod = panelPeriod;
        _bond = bond;
    }

    /* ROOTS */

    /// @inheritdoc IRewardBoard
    function postRoot(uint16 epoch, uint96 institution, bytes32 root, uint48 total, uint48 institutions, bytes32 audit)
        external
    {
        Seat memory poster = _evaluator(institution);
        (Root storage found,) = _rootIn(epoch, RootState.NONE);
        _pool.checkRoot(epoch, root, total, institutions);
        _tryOnce(epoch, institution, root, 0);

        uint40 until = uint40(block.timestamp) + _challengePeriod;
        uint16 round = found.round + 1;
        _roots[epoch] = Root(root, total, institutions, until, RootState.POSTED, round);
        _disputes[epoch][round].first = poster;

        emit RootPosted(epoch, msg.sender, root, total, institutions, audit, until);

        _takeBond();
    }

    /// @inheritdoc IRewardBoard
    function challengeRoot(uint16 epoch, uint96 institution, bytes32 why) external {
        Seat memory challenger = _evaluator(institution);
        (Root storage found, Case storage dispute) = _rootIn(epoch, RootState.POSTED);
        _checkOpen(epoch, found);
        _checkApart(_participants.areApart(challenger, dispute.first), institution);
        _tryOnce(epoch, institution, found.root, 1);

        uint40 until = uint40(block.timestamp) + _panelPeriod;
        found.state = RootState.CHALLENGED;
        found.until = until;
        dispute.second = challenger;

        emit RootChallenged(epoch, msg.sender, why, until);

        _takeBond();
    }

    /// @inheritdoc IRewardBoard
    function judgeRoot(uint16 epoch, uint96 institution, bool right) external {
        Seat memory voter = _evaluator(institution);
        (Root storage found, Case storage dispute) = _rootIn(epoch, RootState.CHALLENGED);
        _checkOpen(epoch, found);
        _checkApart(dispute.isIndependent(_participants, voter), institution);

        emit RootJudged(epoch, msg.sender, institution, right);

        if (dispute.vote(voter, right)) {
            _bonds[right ? dispute.first.account : dispute.second.account] += 2 * uint256(_bond);
            _endRoot(epoch, found, right);
        }
    }

    /// @inheritdoc IRewardBoard
    function endRoot(uint16 epoch) external {
        Root storage found = _roots[epoch];
        RootState state = found.state;
        bool challenged = state == RootState.CHALLENGED;
        if (block.timestamp < found.until || !(challenged || state == RootState.POSTED)) {
            revert RootWrongState(epoch, state, found.until);
        }
        Case storage dispute = _disputes[epoch][found.round];
        _bonds[dispute.first.account] += _bond;
        if (challenged) _bonds[dispute.second.account] += _bond;

        _endRoot(epoch, found, !challenged);
    }

    function _endRoot(uint16 epoch, Root storage found, bool stands) private {
        found.state = stands ? RootState.STANDS : RootState.NONE;

        emit RootEnded(epoch, stands);

        if (stands) _pool.setRoot(epoch, found.root, found.total, found.institutions);
    }

    function _rootIn(uint16 epoch, RootState state) private view returns (Root storage found, Case storage dispute) {
        found = _roots[epoch];
        if (found.state != state) revert RootWrongState(epoch, found.state, found.until);
        dispute = _disputes[epoch][found.round];
    }

    function _checkOpen(uint16 epoch, Root storage found) private view {
        if (block.timestamp >= found.until) revert RootWrongState(epoch, found.state, found.until);
    }

    /// @dev So that no side goes on for ever: to post the same again takes another institution, to challenge it again, too.
    function _tryOnce(uint16 epoch, uint96 institution, bytes32 root, uint256 kind) private {
        bytes32 id = keccak256(abi.encode(epoch, institution, root, kind));
        if (_tried[id]) revert RootTriedBefore(epoch, institution);
        _tried[id] = true;
    }

    /* BANS */

    /// @inheritdoc IRewardBoard
    function ban(address account, uint96 institution, bytes32 evidence) external {
        Seat memory voter = _evaluator(institution);
        Ban storage found = _bans[account];
        Case storage proposal = _proposals[account][found.bans];
        BanState state = found.state;
        if (state > BanState.PROPOSED) revert BanWrongState(account, state, proposal.until);
        uint40 until = uint40(block.timestamp) + _panelPeriod;

        emit BanProposed(account, msg.sender, evidence, until);

        if (state == BanState.NONE || block.timestamp >= proposal.until) {
            found.state = BanState.PROPOSED;
            proposal = _proposals[account][++found.bans];
            proposal.first = voter;
        } else {
            _checkApart(_participants.areApart(voter, proposal.first), institution);
            found.state = BanState.BANNED;
            proposal.second = voter;

            emit AccountBanned(account, until);

            _pool.freeze(account, true);
        }
        proposal.until = until;
    }

    /// @inheritdoc IRewardBoard
    function appeal() external {
        _appeal(msg.sender);
    }

    /// @inheritdoc IRewardBoard
    function appealWithSig(address account, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(BAN_APPEAL_TYPEHASH, account, _bans[account].bans));
        if (!_isSigned(account, structHash, signature)) revert BoardInvalidSignature(account);

        _appeal(account);
    }

    /// @dev Assumes that the account has been shown to act.
    function _appeal(address account) private {
        Case storage dispute = _banIn(account, BanState.BANNED);
        _checkOpen(account, dispute);

        uint40 until = uint40(block.timestamp) + _panelPeriod;
        _bans[account].state = BanState.APPEALED;
        dispute.until = until;

        emit BanAppealed(account, until);
    }

    /// @inheritdoc IRewardBoard
    function judgeAppeal(address account, uint96 institution, bool right) external {
        Seat memory voter = _evaluator(institution);
        Case storage dispute = _banIn(account, BanState.APPEALED);
        _checkOpen(account, dispute);
        _checkApart(msg.sender != account && dispute.isIndependent(_participants, voter), institution);

        emit AppealJudged(account, msg.sender, institution, right);

        if (dispute.vote(voter, right)) _endAppeal(account, right);
    }

    /// @inheritdoc IRewardBoard
    function endAppeal(address account) external {
        Case storage dispute = _banIn(account, BanState.APPEALED);
        if (block.timestamp < dispute.until) revert BanWrongState(account, BanState.APPEALED, dispute.until);

        _endAppeal(account, false);
    }

    function _endAppeal(address account, bool banned) private {
        _bans[account].state = banned ? BanState.FINAL : BanState.NONE;

        emit AppealEnded(account, banned);

        if (!banned) _pool.freeze(account, false);
    }

    function _banIn(address account, BanState state) private view returns (Case storage dispute) {
        Ban storage found = _bans[account];
        dispute = _proposals[account][found.bans];
        if (found.state != state) revert BanWrongState(account, found.state, dispute.until);
    }

    function _checkOpen(address account, Case storage dispute) private view {
        if (block.timestamp >= dispute.until) revert BanWrongState(account, _bans[account].state, dispute.until);
    }

    /* BONDS */

    /// @inheritdoc IRewardBoard
    function payBond(address account) external {
        uint256 amount = _bonds[account];
        if (amount == 0) revert BondNone(account);
        delete _bonds[account];

        emit BondPaid(account, amount);

        // The coin is our own: it reverts rather than return false, and calls nobody.
        _coin.transfer(account, amount);
    }

    function _takeBond() private {
        _coin.transferFrom(msg.sender, address(this), _bond);
    }

    /* VIEWS */

    /// @inheritdoc IRewardBoard
    function stateOf(uint16 epoch) external view returns (RootState, uint40, bytes32) {
        Root storage found = _roots[epoch];
        return (found.state, found.until, found.root);
    }

    /// @inheritdoc IRewardBoard
    function banOf(address account) external view returns (BanState, uint40, uint16) {
        Ban storage found = _bans[account];
        return (found.state, _proposals[account][found.bans].until, found.bans);
    }

    /// @inheritdoc IRewardBoard
    function bondOf(address account) external view returns (uint256) {
        return _bonds[account];
    }

    /// @inheritdoc IRewardBoard
    function terms() external view returns (uint40, uint40, uint128) {
        return (_challengePeriod, _panelPeriod, _bond);
    }

    /* SHARED */

    function _evaluator(uint96 institution) private view returns (Seat memory) {
        if (!_participants.actsFor(msg.sender, Codes.EVALUATOR, institution)) {
            revert BoardNotEvaluator(msg.sender, institution);
        }
        return Seat(msg.sender, institution);
    }

    function _checkApart(bool independent, uint96 institution) private view {
        if (!independent) revert BoardNotIndependent(msg.sender, institution);
    }
}
