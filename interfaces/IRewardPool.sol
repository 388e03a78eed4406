// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @notice What one leaf of an epoch's tree says: `amount` millionths of a coin for `account`, for the use of the record
/// that `issuer` anchored under the leaf `record`. `index` is its place in the epoch; with the epoch it is the reward's id.
/// `institutional` when it is the part of the institution that issued the record.
struct Reward {
    uint16 epoch;
    uint32 index;
    bool institutional;
    uint48 amount;
    address account;
    address issuer;
    bytes32 record;
}

/// @notice How coin is emitted, fixed for ever: at most `budget` millionths of a coin for each of the first epochs, halved
/// every `halving` epochs of `length` seconds.
struct Emission {
    uint48 budget;
    uint16 halving;
    uint40 length;
}

/// @title IRewardPool
/// @notice Emits coin to those whose records research used. An epoch's rewards are computed off chain; once their Merkle
/// root stood its challenge in {IRewardBoard}, each is claimed by proof, once, and vests.
/// @dev It has no owner. Nobody mints outside the schedule: of an epoch at most its budget is claimed, and at most 20 % of
/// what was posted goes to institutions, so that the people have 80 % at the least. A root, once here, never changes.
/// @dev An epoch's rewards vest evenly over the four epochs that follow it, whenever they were claimed. What has vested
/// can't be taken by anybody, for any reason.
/// @dev The leaf of a {Reward} is OpenZeppelin's standard leaf of abi.encode(reward).
interface IRewardPool {
    /// @notice Emitted when the rewards of `epoch` can be claimed: `total` millionths of a coin in all, `institutions` of
    /// them for institutions.
    event RootSet(uint16 indexed epoch, bytes32 root, uint48 total, uint48 institutions);

    /// @notice Emitted when a reward is booked to its account.
    event RewardClaimed(uint16 indexed epoch, address indexed account, uint32 index, uint48 amount);

    /// @notice Emitted when the issuer retracted the record of a reward: of its amount, `taken` had not vested.
    event RewardClawedBack(uint16 indexed epoch, address indexed account, uint32 index, uint48 taken);

    /// @notice Emitted when what has vested is minted to `account`, in millionths of a coin.
    event RewardReleased(address indexed account, uint256 amount);

    /// @notice Emitted when nothing more vests for `account`, and when it vests again as if it always had.
    event AccountFrozen(address indexed account, bool frozen);

    /// @notice A part of the schedule is zero.
    error RewardInvalidEmission();

    /// @notice Only the board may do this.
    error RewardNotBoard(address caller);

    /// @notice The epoch goes on until `ends`.
    error EpochNotOver(uint16 epoch, uint256 ends);

    /// @notice The epoch has a root for good.
    error EpochAlreadyPaid(uint16 epoch);

    /// @notice What is posted is empty, exceeds the epoch's budget, or gives institutions too much.
    error RootInvalidTotals(uint48 total, uint48 institutions, uint256 budget);

    /// @notice The reward isn't under the epoch's root, or there is none yet.
    error RewardInvalidProof(uint16 epoch, uint32 index);

    /// @notice The reward was booked before.
    error RewardAlreadyClaimed(uint16 epoch, uint32 index);

    /// @notice The epoch's rewards of this kind would exceed what was posted for them.
    error RewardExceedsTotal(uint16 epoch, uint256 claimed, uint256 total);

    /// @notice The account is banned.
    error RewardBanned(address account);

    /// @notice The record stands, or all of its reward has vested or was taken: there is nothing to take.
    error RewardNothingToTake(uint16 epoch, uint32 index);

    /// @notice Nothing more has vested.
    error RewardNothingVested(address account);

    /// @notice Sets the root of an epoch, for good. Only the board, whose window it stood.
    function setRoot(uint16 epoch, bytes32 root, uint48 total, uint48 institutions) external;

    /// @notice Stops, or takes up again, what vests for `account`. Only the board. What has vested is paid all the same.
    function freeze(address account, bool frozen) external;

    /// @notice Books a reward to its account, once. Anybody may call.
    function claim(Reward calldata reward, bytes32[] calldata proof) external;

    /// @notice Mints to `account` what has vested of its rewards. Anybody may call; it goes only to `account`.
    function release(address account) external;

    /// @notice Takes back what hasn't vested of a reward whose record its issuer retracted. Anybody may call.
    function clawBack(Reward calldata reward, bytes32[] calldata proof) external;

    /// @notice Reverts unless a root with these totals could be set now.
    function checkRoot(uint16 epoch, bytes32 root, uint48 total, uint48 institutions) external view;

    /// @notice Who posts roots and freezes.
    function board() external view returns (address);

    /// @notice The schedule, and the second at which the first epoch began.
    function emission() external view returns (Emission memory, uint40 start);

    /// @notice The epoch that goes on now, from 0.
    function currentEpoch() external view returns (uint256);

    /// @notice The most that is emitted for `epoch`, in millionths of a coin.
    function budgetOf(uint16 epoch) external view returns (uint256);

    /// @notice The most that is ever emitted, in base units of coin.
    function emissionCap() external view returns (uint256);

    /// @notice The root of an epoch, zero where there is none; what was posted, and what of it was booked of persons and
    /// of institutions, in millionths of a coin.
    function rootOf(uint16 epoch)
        external
        view
        returns (bytes32 root, uint48 total, uint48 institutions, uint48 claimed, uint48 claimedByInstitutions);

    /// @notice Whether a reward was booked, and whether it was taken back.
    function isClaimed(uint16 epoch, uint32 index) external view returns (bool claimed, bool clawedBack);

    /// @notice What an account earned that can't be taken any more, what was paid of it, and what still vests.
    function earningsOf(address account) external view returns (uint256 vested, uint256 paid, uint256 vesting);
}
