// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Vesting, Vestings} from "contracts/libraries/Vestings.sol";
import {IRecordRegistry} from "interfaces/IRecordRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";
import {Emission, IRewardPool, Reward} from "interfaces/IRewardPool.sol";

/// @title RewardPool
/// @notice See {IRewardPool}.
contract RewardPool is IRewardPool {
    /// @dev One slot: what left the {Vesting}, since it had vested; what was paid; and since when nothing vests.
    struct Account {
        uint64 vested;
        uint64 paid;
        uint40 frozenAt;
    }

    /// @dev Base units in a millionth of a coin.
    uint256 private constant UNIT = 1e12;
    uint256 private constant WHOLE_BPS = 10_000;
    uint256 private constant MAX_INSTITUTIONS_BPS = 2000;
    uint256 private constant INSTITUTIONS_AT = 48;
    uint256 private constant CLAIMED_AT = 96;
    uint256 private constant CLAIMED_BY_INSTITUTIONS_AT = 144;
    /// @dev Where a {Reward} is in calldata, when it is the first argument.
    uint256 private constant REWARD_AT = 4;
    uint256 private constant REWARD_END = REWARD_AT + 7 * 32;

    IRecordRegistry private immutable _records;
    IRewardCoin private immutable _coin;
    address private immutable _board;
    uint48 private immutable _budget;
    uint16 private immutable _halving;
    uint40 private immutable _length;
    uint40 private immutable _start;

    mapping(uint16 epoch => bytes32) private _roots;
    /// @dev Four amounts of 48 bits, from the lowest: the total, what of it is for institutions, what was claimed of the rest,
    /// and what was claimed by institutions. One word, as a claim reads and writes it.
    mapping(uint16 epoch => uint256) private _heads;
    /// @dev By epoch and index without its lowest 8 bits: a bit for each reward.
    mapping(uint256 key => uint256) private _claimed;
    mapping(uint256 key => uint256) private _clawed;
    mapping(address account => Vesting) private _vestings;
    mapping(address account => Account) private _accounts;

    constructor(IRecordRegistry records, IRewardCoin coin, address board_, Emission memory schedule) {
        if (schedule.budget == 0 || schedule.halving == 0 || schedule.length == 0) revert RewardInvalidEmission();
        _records = records;
        _coin = coin;
        _board = board_;
        _budget = schedule.budget;
        _halving = schedule.halving;
        _length = schedule.length;
        _start = uint40(block.timestamp);
    }

    /* BOARD */

    /// @inheritdoc IRewardPool
    function setRoot(uint16 epoch, bytes32 root, uint48 total, uint48 institutions) external {
        _checkBoard();
        checkRoot(epoch, root, total, institutions);

        _roots[epoch] = root;
        _heads[epoch] = total | (uint256(institutions) << INSTITUTIONS_AT);

        emit RootSet(epoch, root, total, institutions);
    }

    /// @inheritdoc IRewardPool
    function freeze(address account, bool frozen) external {
        _checkBoard();
        _accounts[account].frozenAt = frozen ? uint40(block.timestamp) : 0;
        _vestings[account] = _vestings[account].banned(frozen);

        emit AccountFrozen(account, frozen);
    }

    function _checkBoard() private view {
        if (msg.sender != _board) revert RewardNotBoard(msg.sender);
    }

    /* REWARDS */

    /// @inheritdoc IRewardPool
    function claim(Reward calldata reward, bytes32[] calldata proof) external {
        (uint16 epoch, uint32 index, uint48 amount, address account) =
            (reward.epoch, reward.index, reward.amount, reward.account);
        _checkProof(epoch, index, proof);
        Vesting vesting = _vestings[account];
        if (vesting.isBanned()) revert RewardBanned(account);
        if (!_mark(_claimed, epoch, index)) revert RewardAlreadyClaimed(epoch, index);

        _count(epoch, amount, reward.institutional);
        uint256 vested;
        (vesting, vested) = vesting.add(epoch, amount);
        _vestings[account] = vesting;
        // Of one account at most what is ever emitted, which fits.
        unchecked {
            if (vested != 0) _accounts[account].vested += uint64(vested);
        }

        emit RewardClaimed(epoch, account, index, amount);
    }

    /// @inheritdoc IRewardPool
    function clawBack(Reward calldata reward, bytes32[] calldata proof) external {
        (uint16 epoch, uint32 index, uint48 amount, address account) =
            (reward.epoch, reward.index, reward.amount, reward.account);
        _checkProof(epoch, index, proof);
        uint256 part = Vestings.vestedPart(epoch, _elapsedOf(account), _length);
        uint48 vested = uint48(amount * part / (Vestings.PERIOD * _length));
        (,, IRecordRegistry.Standing standing) = _records.verify(reward.issuer, 0, reward.record, new bytes32[](0));
        bool retracted = standing == IRecordRegistry.Standing.RETRACTED;
        if (!retracted || vested == amount || !_mark(_clawed, epoch, index)) revert RewardNothingToTake(epoch, index);

        // Not booked yet: what has vested is, now. Booked: the rest is taken out.
        if (_mark(_claimed, epoch, index)) _count(epoch, vested, reward.institutional);
        else _vestings[account] = _vestings[account].remove(epoch, amount);
        _accounts[account].vested += vested;

        emit RewardClawedBack(epoch, account, index, amount - vested);
    }

    /// @inheritdoc IRewardPool
    function release(address account) external {
        (uint256 vested, uint256 paid,) = earningsOf(account);
        // A reward that was taken back is rounded down by itself, so what was paid may be a millionth ahead.
        if (vested <= paid) revert RewardNothingVested(account);
        uint256 amount = vested - paid;
        _accounts[account].paid = uint64(vested);

        emit RewardReleased(account, amount);

        _coin.mint(account, amount * UNIT);
    }

    /// @dev Assumes that the reward is the first argument: it is hashed as it came. What is read of it is checked there.
    function _checkProof(uint16 epoch, uint32 index, bytes32[] calldata proof) private view {
        bytes32 leaf = keccak256(bytes.concat(keccak256(msg.data[REWARD_AT:REWARD_END])));
        // No leaf hashes to a root of zero.
        if (!MerkleProof.verifyCalldata(proof, _roots[epoch], leaf)) revert RewardInvalidProof(epoch, index);
    }

    /// @dev Sets the reward's bit, and says whether it was free.
    function _mark(mapping(uint256 => uint256) storage bits, uint16 epoch, uint32 index) private returns (bool) {
        (uint256 key, uint256 bit) = _placeOf(epoch, index);
        uint256 word = bits[key];
        if (word & bit != 0) return false;
        bits[key] = word | bit;
        return true;
    }

    function _placeOf(uint16 epoch, uint32 index) private pure returns (uint256 key, uint256 bit) {
        return ((uint256(epoch) << 32) | (index >> 8), 1 << (index & 0xff));
    }

    function _count(uint16 epoch, uint48 amount, bool institutional) private {
        uint256 head = _heads[epoch];
        uint256 total = uint48(head >> INSTITUTIONS_AT);
        uint256 place = CLAIMED_BY_INSTITUTIONS_AT;
        // Institutions have no more than the total, and a sum that is within the total fits its place.
        unchecked {
            if (!institutional) (total, place) = (uint48(head) - total, CLAIMED_AT);
            uint256 sum = uint256(uint48(head >> place)) + amount;
            if (sum > total) revert RewardExceedsTotal(epoch, sum, total);
            _heads[epoch] = head + (uint256(amount) << place);
        }
    }

    /* VIEWS */

    /// @inheritdoc IRewardPool
    function checkRoot(uint16 epoch, bytes32 root, uint48 total, uint48 institutions) public view {
        uint256 ends = _start + (uint256(epoch) + 1) * _length;
        if (block.timestamp < ends) revert EpochNotOver(epoch, ends);
        if (_roots[epoch] != 0) revert EpochAlreadyPaid(epoch);
        uint256 budget = budgetOf(epoch);
        bool tooMuch = uint256(institutions) * WHOLE_BPS > uint256(total) * MAX_INSTITUTIONS_BPS;
        if (root == 0 || total == 0 || total > budget || tooMuch) {
            revert RootInvalidTotals(total, institutions, budget);
        }
    }

    /// @inheritdoc IRewardPool
    function board() external view returns (address) {
        return _board;
    }

    /// @inheritdoc IRewardPool
    function emission() external view returns (Emission memory, uint40) {
        return (Emission(_budget, _halving, _length), _start);
    }

    /// @inheritdoc IRewardPool
    function currentEpoch() external view returns (uint256) {
        return (block.timestamp - _start) / _length;
    }

    /// @inheritdoc IRewardPool
    function budgetOf(uint16 epoch) public view returns (uint256) {
        return uint256(_budget) >> (epoch / _halving);
    }

    /// @inheritdoc IRewardPool
    function emissionCap() external view returns (uint256) {
        // All that comes after the first halving is together less than what came before it.
        return 2 * uint256(_budget) * _halving * UNIT;
    }

    /// @inheritdoc IRewardPool
    function rootOf(uint16 epoch) external view returns (bytes32, uint48, uint48, uint48, uint48) {
        uint256 head = _heads[epoch];
        return (
            _roots[epoch],
            uint48(head),
            uint48(head >> INSTITUTIONS_AT),
            uint48(head >> CLAIMED_AT),
            uint48(head >> CLAIMED_BY_INSTITUTIONS_AT)
        );
    }

    /// @inheritdoc IRewardPool
    function isClaimed(uint16 epoch, uint32 index) external view returns (bool, bool) {
        (uint256 key, uint256 bit) = _placeOf(epoch, index);
        return (_claimed[key] & bit != 0, _clawed[key] & bit != 0);
    }

    /// @inheritdoc IRewardPool
    function earningsOf(address account) public view returns (uint256, uint256, uint256) {
        Account memory found = _accounts[account];
        Vesting word = _vestings[account];
        uint256 vested = word.vestedAt(_elapsedOf(account), _length);
        return (found.vested + vested, found.paid, word.vestedAt(type(uint128).max, _length) - vested);
    }

    /// @dev Seconds since the start, up to now or until the account was frozen.
    function _elapsedOf(address account) private view returns (uint256) {
        uint256 frozenAt = _accounts[account].frozenAt;
        return (frozenAt == 0 ? block.timestamp : frozenAt) - _start;
    }
}
