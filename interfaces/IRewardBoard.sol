// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title IRewardBoard
/// @notice Where accredited evaluators post the Merkle root of an epoch's rewards with an audit file that anyone can
/// recompute, challenge each other's, and ban who cheats; what stands goes to {IRewardPool}.
/// @dev It has no owner and no power over coin but the bonds. It can't pay anybody but by a root within the pool's schedule.
/// @dev Silence locks nothing. A root that nobody challenges stands; one that was challenged, and on which no panel agrees in
/// time, doesn't, both bonds go back, and somebody else posts; a ban whose appeal nobody answers ends as if it had never been.
/// @dev A panel is two accredited evaluators of two institutions, who agree and belong to neither side's. Not its word, but
/// the computation decides: whoever judges runs `aceso rewards verify`.
interface IRewardBoard {
    /// @notice How far the root of an epoch is.
    enum RootState {
        NONE,
        POSTED,
        CHALLENGED,
        STANDS
    }

    /// @notice How far a ban is. One that is `BANNED` is final after its time for an appeal.
    enum BanState {
        NONE,
        PROPOSED,
        BANNED,
        APPEALED,
        FINAL
    }

    /// @notice Emitted when `evaluator` posts the root of `epoch`: `total` millionths of a coin in all, `institutions` of them
    /// for institutions. `audit` is the sha2-256 digest in the CIDv1 of the audit file. It can be challenged before `until`.
    event RootPosted(
        uint16 indexed epoch,
        address indexed evaluator,
        bytes32 root,
        uint48 total,
        uint48 institutions,
        bytes32 audit,
        uint40 until
    );

    /// @notice Emitted when `evaluator` challenges the root of `epoch`; `why` is the digest in the CIDv1 of a text. A panel
    /// answers before `until`.
    event RootChallenged(uint16 indexed epoch, address indexed evaluator, bytes32 why, uint40 until);

    /// @notice Emitted when a member of a panel says whether the root of `epoch` is right.
    event RootJudged(uint16 indexed epoch, address indexed evaluator, uint96 institution, bool right);

    /// @notice Emitted when the root of an epoch `stands`, or was let go of.
    event RootEnded(uint16 indexed epoch, bool stands);

    /// @notice Emitted when `evaluator` proposes, or confirms, that `account` is banned. `evidence` is the digest in a CIDv1.
    event BanProposed(address indexed account, address indexed evaluator, bytes32 evidence, uint40 until);

    /// @notice Emitted when `account` is banned; it can appeal before `until`.
    event AccountBanned(address indexed account, uint40 until);

    /// @notice Emitted when `account` appeals; a panel answers before `until`.
    event BanAppealed(address indexed account, uint40 until);

    /// @notice Emitted when a member of a panel says whether the ban of `account` is right.
    event AppealJudged(address indexed account, address indexed evaluator, uint96 institution, bool right);

    /// @notice Emitted when an appeal is over: the ban is final, or never was.
    event AppealEnded(address indexed account, bool banned);

    /// @notice Emitted when a bond that is free is paid to `account`, in base units.
    event BondPaid(address indexed account, uint256 amount);

    /// @notice The caller is no accredited evaluator who belongs to this institution.
    error BoardNotEvaluator(address caller, uint96 institution);

    /// @notice The evaluator is of a side's institution, or of that of another member of the panel, or is concerned.
    error BoardNotIndependent(address evaluator, uint96 institution);

    /// @notice The epoch's root is in another state, or its time for this is over or not yet over.
    error RootWrongState(uint16 epoch, RootState rootState, uint40 until);

    /// @notice This institution posted, or challenged, this same root before.
    error RootTriedBefore(uint16 epoch, uint96 institution);

    /// @notice The account's ban is in another state, or its time for this is over or not yet over.
    error BanWrongState(address account, BanState banState, uint40 until);

    /// @notice The account has no bond that is free.
    error BondNone(address account);

    /// @notice The signature is not that of `account` over this appeal.
    error BoardInvalidSignature(address account);

    /// @notice Posts the root of an epoch that is over. Only an accredited evaluator, for their institution; takes the bond.
    function postRoot(uint16 epoch, uint96 institution, bytes32 root, uint48 total, uint48 institutions, bytes32 audit)
        external;

    /// @notice Challenges a root in its window. Only an accredited evaluator of another institution; takes the bond.
    function challengeRoot(uint16 epoch, uint96 institution, bytes32 why) external;

    /// @notice Says whether a challenged root is right. Two of two institutions, neither of a side's, decide: the loser's
    /// bond is the winner's; a wrong root is let go of and can be posted anew.
    function judgeRoot(uint16 epoch, uint96 institution, bool right) external;

    /// @notice Ends a root's window, or a challenge that no panel answered in time. Anybody may call.
    function endRoot(uint16 epoch) external;

    /// @notice Proposes to ban `account`, or confirms a proposal, which bans: nothing more vests or is booked. Two accredited
    /// evaluators of two institutions. What has vested is paid all the same.
    function ban(address account, uint96 institution, bytes32 evidence) external;

    /// @notice Appeals against the caller's ban.
    function appeal() external;

    /// @notice As {appeal}, by the signature of `account`.
    function appealWithSig(address account, bytes calldata signature) external;

    /// @notice Says whether a ban is right. Two of two institutions, neither of those who banned, decide.
    function judgeAppeal(address account, uint96 institution, bool right) external;

    /// @notice Ends a ban whose appeal no panel answered in time, as if it had never been. Anybody may call.
    function endAppeal(address account) external;

    /// @notice Pays `account` its free bonds. Anybody may call; it goes only to `account`.
    function payBond(address account) external;

    /// @notice How far the root of an epoch is, until when its next step is possible, and which root that is.
    function stateOf(uint16 epoch) external view returns (RootState state, uint40 until, bytes32 root);

    /// @notice How far a ban is, until when its next step is possible, and how many were proposed of this account.
    function banOf(address account) external view returns (BanState state, uint40 until, uint16 bans);

    /// @notice The free bonds of an account, in base units.
    function bondOf(address account) external view returns (uint256);

    /// @notice In seconds, how long a root can be challenged and how long a panel may take; and the bond, in base units.
    function terms() external view returns (uint40 challengePeriod, uint40 panelPeriod, uint128 bond);
}
