// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IOrderDesk} from "interfaces/IOrderDesk.sol";
import {Committee} from "interfaces/IParticipantRegistry.sol";

/// @dev Why what was delivered is disputed. That it can't be opened anybody can compute anew from what was revealed;
/// that it isn't what was offered takes a judgement.
enum Ground {
    CANNOT_OPEN,
    NOT_AS_OFFERED
}

/// @dev How far a dispute is. The last three are final.
enum DisputeState {
    NONE,
    DRAWING,
    VOTING,
    UPHELD,
    DISMISSED,
    LAPSED
}

/// @title IDisputes
/// @notice Who paid for an order says that what was delivered can't be opened or isn't what was offered. Three accredited
/// evaluators, drawn by lot, none of whom has to do with the parties, say whether that is so.
/// @dev Every step ends by itself: a panel that isn't drawn or doesn't decide is followed by a second, and then the
/// dispute lapses, which leaves the order as it was. So silence locks nothing.
/// @dev Money: who disputes leaves a bond. Every vote takes a fee from it, whichever way it goes. What is left goes back
/// if the dispute is upheld or lapses, and to the subject if it is dismissed. Upheld, the desk gives the whole price
/// back, and nobody earns by the order.
/// @dev A desk says itself which contract may dispute its orders. A desk that isn't of the suite can lose its own
/// customers' bonds here and nobody else's.
/// @dev The lot is the hash of a block so far ahead that nobody knows yet who makes it, among those who can be drawn when
/// it is fixed. After that nobody comes into it or moves another's place; who leaves keeps out nobody but themselves.
/// @dev Warning: who makes that very block can try many, and hand out the one whose hash they like.
/// @dev Warning: who paid can let a lot go that nobody draws, and gets one other.
interface IDisputes {
    /// @notice Emitted when an evaluator is ready to be drawn, for an institution that they belong to.
    event PanelJoined(address indexed evaluator, uint96 indexed institution);

    /// @notice Emitted when an evaluator is drawn no more.
    event PanelLeft(address indexed evaluator);

    /// @notice Emitted when `payer` disputes an order. `evidence` is the SHA-256 of a document that is
    /// handed to the panel: a receiving key that was revealed is never put on chain. The lot is the hash of `drawBlock`.
    event DisputeOpened(
        uint64 indexed number,
        address indexed desk,
        uint256 indexed order,
        address payer,
        Ground ground,
        bytes32 evidence,
        uint64 drawBlock
    );

    /// @notice Emitted when the lot is that of a later block: the last one's hash was gone, or a second panel is drawn.
    event DisputeDrawnLater(uint64 indexed number, uint64 drawBlock);

    /// @notice Emitted when a panel is drawn: it votes until `votesUntil`. A third seat may stay empty.
    event DisputeDrawn(uint64 indexed number, address first, address second, address third, uint40 votesUntil);

    /// @notice Emitted when an evaluator votes. `reason` is the digest in the CIDv1 of a text.
    event DisputeVoted(uint64 indexed number, address indexed evaluator, bool upheld, bytes32 reason);

    /// @notice Emitted when a dispute is over.
    event DisputeEnded(uint64 indexed number, DisputeState state);

    /// @notice The caller is no accredited evaluator who belongs to this institution.
    error PanelNotEvaluator(address caller, uint96 institution);

    /// @notice The evaluator can be drawn already, or (institution 0) isn't among those who can.
    error PanelUnchanged(address evaluator, uint96 institution);

    /// @notice Only who paid for the order may dispute it.
    error DisputeNotPayer(uint256 order, address caller);

    /// @notice A digest of evidence or of a reason is never zero.
    error DisputeNothingSaid();

    /// @notice The dispute isn't in the state that this needs.
    error DisputeWrongState(uint64 number, DisputeState stage);

    /// @notice The panel is drawn from block `drawBlock` + 1 on.
    error DisputeTooEarly(uint64 number, uint64 drawBlock);

    /// @notice The hash of block `drawBlock`, the lot, is gone: 256 blocks are over. Only who paid has it fixed anew, and
    /// once for a panel; without a lot the dispute lapses.
    error DisputeLotGone(uint64 number, uint64 drawBlock);

    /// @notice The members and threshold are not those of the order's committee.
    error DisputeCommitteeUnknown(uint64 number, uint24 committee);

    /// @notice Among those whom the lot fell on, only `found` have nothing to do with the parties and each other.
    error DisputePanelTooSmall(uint64 number, uint256 found);

    /// @notice The caller doesn't sit in this seat, isn't accredited any more, or voted before.
    error DisputeNotYourVote(uint64 number, uint8 seat, address caller);

    /// @notice This step could be taken until `until`.
    error DisputePastDeadline(uint64 number, uint40 until);

    /// @notice The dispute can't be ended before `until`.
    error DisputeNotOver(uint64 number, uint40 until);

    /// @notice Nothing is owed to the account.
    error DisputeNoCredit(address account);

    /// @notice Makes the caller, an accredited evaluator and member of `institution`, one of those who can be drawn for
    /// disputes whose lot is fixed later.
    function joinPanel(uint96 institution) external;

    /// @notice Ends that. A seat that the caller has already stays.
    function leavePanel() external;

    /// @notice Disputes a delivered order within its challenge window, by whoever paid for it, and takes the bond.
    /// @param desk The contract that the order is of; it has to name this one as its contract of disputes.
    /// @param evidence The SHA-256 of a document that is handed to the panel.
    function open(IOrderDesk desk, uint256 order, Ground ground, bytes32 evidence) external returns (uint64 number);

    /// @notice Draws the panel by lot, once the block of the lot is there. Anybody may call. Where its hash is gone after
    /// 256 blocks, who paid fixes another lot by this, once for a panel.
    /// @dev Looks at 32 places, at most. Of two drawn of whom one is named a member by the other's institution, that
    /// other gives way.
    /// @param committee The order's committee, as it was registered: nobody of its members' institutions is drawn.
    function draw(uint64 number, Committee calldata committee) external;

    /// @notice Votes. The second vote that says the same decides.
    /// @param seat The caller's, from 0.
    /// @param reason The sha2-256 digest in the CIDv1 of what the caller wrote, on IPFS for everybody to read.
    function vote(uint64 number, uint8 seat, bool upheld, bytes32 reason) external;

    /// @notice Ends what took too long: a second panel after the first, then the dispute. Anybody may call.
    function end(uint64 number) external;

    /// @notice Sends `account` all that it is owed. Anybody may call; it goes only to `account`.
    function payCredit(address account) external;

    /// @notice A dispute as it stands: `until` when the present step may take, and which panel it is, 1 or 2.
    function disputeOf(uint64 number)
        external
        view
        returns (
            IOrderDesk desk,
            uint256 order,
            address payer,
            DisputeState state,
            Ground ground,
            uint40 until,
            uint8 round,
            uint64 drawBlock
        );

    /// @notice Who sits in `seat` of the present panel, for which institution, and whether they voted.
    function seatOf(uint64 number, uint8 seat) external view returns (address evaluator, uint96 institution, bool voted);

    /// @notice How many disputes there were; they are numbered from 1.
    function disputeCount() external view returns (uint64);

    /// @notice For which institution `evaluator` can be drawn; 0 if they can't.
    function institutionOf(address evaluator) external view returns (uint96);

    /// @notice What `account` can be paid.
    function creditOf(address account) external view returns (uint256);

    /// @notice What a dispute is backed by, what each vote takes of it, and how long drawing and voting may take.
    function terms() external view returns (uint256 bond, uint256 fee, uint40 drawPeriod, uint40 votePeriod);
}
