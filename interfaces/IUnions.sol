// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Membership} from "contracts/libraries/Memberships.sol";
import {Delivery, IOrderDesk} from "interfaces/IOrderDesk.sol";
import {Committee} from "interfaces/IParticipantRegistry.sol";

/// @notice What a union offers: an extract of each member's data of `classes`, for one `use` (with a `disease`, if that
/// is disease-specific), for `duration` seconds from the delivery, at `price` base units of coin for all of them
/// together. Buyers have to meet `conditions`. `voucher` says who is one person; `institution` gets `institutionBps` of
/// 10,000 of what is earned (or nobody, 0); `committee` holds the extracts' keys; `deliveryPeriod` is how many seconds a
/// delivery may take. `keeper` is who opened it. `originShown` says that each extract shows its buyer, and nobody else, that
/// accredited issuers who vouch for the member issued what it was made from; one that does not is not what was offered.
struct Union {
    address keeper;
    uint96 price;
    address institution;
    uint24 committee;
    uint32 duration;
    uint16 institutionBps;
    uint24 deliveryPeriod;
    address voucher;
    uint16 use;
    uint32 classes;
    uint24 disease;
    uint24 conditions;
    bool originShown;
}

/// @notice One member's part of a delivery: the leaf of their extract's record and the digest of its capsule.
struct Part {
    address member;
    bytes32 extract;
    bytes32 capsule;
}

/// @title IUnions
/// @notice Data unions: many people, one offer. What happens to an order before it is paid is {IOrderDesk}'s.
/// @dev A union is a group that its members grant to, and whoever buys has an order of all of them. Its delivery is
/// one. Its parts ({Part}) are the leaves of a Merkle tree: OpenZeppelin's standard tree of exactly them, with the leaf
/// (address, bytes32, bytes32). The `extract` that the committee signs is keccak256(abi.encode(count, root)), of how many
/// parts there are (uint24) and the root (bytes32). Its `capsule` is the digest in the CID, on IPFS, of the sorted leaves
/// one after another, so that every member makes the proof of their own part from what is published.
/// @dev An order's price is divided by the number of parts, or of the members at the delivery if they are fewer. Each
/// part is paid by a claim of its own, which anybody may send: it proves what was delivered, and pays for the time that
/// this member allowed. The rest of the part goes back to the buyer, and so does what nobody claims within a year of the
/// order's end. What can't be divided by the number of parts is among that.
/// @dev A buyer whom parts don't open for accuses these, each by {accuse}, before the challenge window is over, and then
/// opens one dispute about all of them. If it is upheld, the shares of the accused parts go back, and the others' are
/// claimed as ever: nobody's data become free by what another one did.
/// @dev Nothing here loops over members. A member's stop is their own: the others' parts go on.
/// @dev A member allows by a grant to the union, and joins under it. To grant anew, to withdraw, or to have barred the
/// buyer ever, ends their part of the orders there are: nobody opens their data, and nothing is earned by it. Who granted
/// anew joins anew.
/// @dev Warning: who joins anew, also after they left, gives up what they didn't claim of older orders, as they are known
/// by their newest place. Claim first.
interface IUnions is IOrderDesk {
    /// @notice Emitted when a union is opened.
    event UnionOpened(uint96 indexed number, address indexed keeper, Union terms);

    /// @notice Emitted when a union takes no more members and orders.
    event UnionClosed(uint96 indexed number);

    /// @notice Emitted when `voucher` says that `account` is the one persona of whom it knows by `mark`.
    event PersonaVouched(address indexed voucher, address indexed account, bytes32 mark);

    /// @notice Emitted when `subject` joins, or joins anew.
    event UnionJoined(uint96 indexed number, address indexed subject);

    /// @notice Emitted when `subject` leaves, or is struck off since their consent had ended. Who was not in (`wasIn`)
    /// voids what they signed before to join.
    event UnionLeft(uint96 indexed number, address indexed subject, bool wasIn);

    /// @notice Emitted when `buyer` buys of a union; `receivingKey` is what the extracts are sealed to.
    event UnionBought(
        uint256 indexed order,
        uint96 indexed number,
        address indexed buyer,
        uint96 price,
        uint24 minimum,
        bytes32 receivingKey
    );

    /// @notice Emitted with the delivery of `count` parts under `root`: the price is divided by `members`.
    event UnionDivided(uint256 indexed order, uint24 members, uint24 count, bytes32 root);

    /// @notice Emitted when a member is paid of a part that runs: `earned` of it by now, in all.
    event UnionPartPaid(uint256 indexed order, address indexed member, uint256 earned);

    /// @notice Emitted when a member's part is over and paid: `earned` to the split in all, `refunded` to the buyer.
    event UnionClaimed(uint256 indexed order, address indexed member, uint256 earned, uint256 refunded);

    /// @notice Emitted when the buyer says that the part of the member of this place doesn't open.
    event UnionAccused(uint256 indexed order, address indexed member, uint24 place);

    /// @notice Emitted when a dispute is upheld: the shares of the accused parts go back to the buyer.
    event UnionGivenBack(uint256 indexed order, uint256 amount);

    /// @notice A term of the union is empty, unknown or out of bounds; `term` is its place in {Union}, from 0.
    error UnionInvalidTerm(uint8 term);

    /// @notice There is no such union, or it is closed.
    error UnionNotOpen(uint96 number);

    /// @notice Only who opened the union may close it.
    error UnionNotKeeper(uint96 number, address caller);

    /// @notice The voucher has not said that this account is the persona of this mark, or it said so of another.
    error UnionNotVouched(address voucher, address account, bytes32 mark);

    /// @notice The voucher is not accredited as an issuer, or spoke of this mark before.
    error UnionCannotVouch(address voucher, bytes32 mark);

    /// @notice They are a member already, under the consent that they gave last.
    error UnionMemberAlready(uint96 number, address subject);

    /// @notice They are no member, or were none at the delivery.
    error UnionNotMember(uint96 number, address subject);

    /// @notice The consent of this member has not ended, so only they themselves end their membership.
    error UnionConsentStands(uint96 number, address subject);

    /// @notice There are fewer members, or parts, than the buyer asks for, or none.
    error UnionTooSmall(uint96 number, uint24 members, uint24 minimum);

    /// @notice The part is not in what was delivered.
    error UnionNotDelivered(uint256 order, address member);

    /// @notice What the committee signed is not of this count and root.
    error UnionInvalidParts(uint24 count, bytes32 root);

    /// @notice All parts that the price was divided by were claimed, or accused.
    error UnionAllClaimed(uint256 order);

    /// @notice The part was claimed before.
    error UnionClaimedBefore(uint256 order, address member);

    /// @notice Only the buyer says of a part that it doesn't open.
    error UnionNotBuyer(uint256 order, address caller);

    /// @notice The part was accused before.
    error UnionAccusedBefore(uint256 order, address member);

    /// @notice No part was accused, so there is nothing to dispute.
    error UnionNobodyAccused(uint256 order);

    /// @notice There was a dispute about this order, which named all that doesn't open.
    error UnionDisputedBefore(uint256 order);

    /// @notice A dispute found that this part doesn't open: its share went back to the buyer.
    error UnionPartRefused(uint256 order, address member);

    /// @notice An order of a union is delivered and paid in its members' parts: see {deliverParts} and {claim}.
    error UnionHasParts(uint256 order);

    /// @notice Opens a union, with the caller as its keeper. Its terms never change.
    function open(Union calldata terms) external returns (uint96 number);

    /// @notice Closes a union of the caller to new members and buyers. Orders that live go on, and members leave as ever.
    function close(uint96 number) external;

    /// @notice Notes that `voucher`, an accredited issuer, says by its signature that `account` is the one persona of the
    /// person whom it knows by `mark`. Each mark stands for one account, for good. Anybody may call.
    function vouch(address voucher, address account, bytes32 mark, bytes calldata signature) external;

    /// @notice Makes the caller a member, under the consent that they gave the union, which `decide` is asked about. A
    /// member who granted anew joins anew by it, and gives up what they didn't claim.
    /// @param mark What the union's voucher knows the caller by.
    function join(uint96 number, bytes32 mark) external;

    /// @notice As {join}, by the signature of `subject`.
    function joinWithSig(address subject, uint96 number, bytes32 mark, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Ends the caller's membership at once: their data are opened no more, and what they earn ends now. What they
    /// signed before to join is void from then on, also if they are not in.
    function leave(uint96 number) external;

    /// @notice As {leave}, by the signature of `subject`, whoever sends it and whenever, until they left otherwise: no
    /// joining voids it.
    function leaveWithSig(address subject, uint96 number, bytes calldata signature) external;

    /// @notice Strikes off a member whose consent has ended, so that the price isn't divided for them. Anybody may call.
    function strike(uint96 number, address subject) external;

    /// @notice Buys of a union with at least `minimum` members now, and as many parts that the price is divided by.
    /// @dev Whose data that opens is decided member by member: when they join, and at each release. Attested of the
    /// caller must be all conditions of the union.
    function buy(uint96 number, bytes32 receivingKey, uint24 minimum) external returns (uint256 order);

    /// @notice Notes, as {IOrderDesk-deliver}, that the committee holds `count` members' parts ready, with the tree of this
    /// root. The delivery's extract has to be of both. Anybody may call.
    function deliverParts(
        Delivery calldata delivery,
        uint24 count,
        bytes32 root,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) external;

    /// @notice Pays one member's part of a delivered order: what they earned of it by now and was not paid before, once the
    /// challenge window is over; and from its end or their own stop on the rest, once, with what was not earned going back.
    /// Anybody may call.
    function claim(uint256 order, Part calldata part, bytes32[] calldata proof) external;

    /// @notice Notes that the caller, who bought, says of a delivered part that it doesn't open: within the challenge
    /// window, before the order's dispute, which names all parts that were accused, and no more of them than the price is
    /// divided by.
    function accuse(uint256 order, Part calldata part, bytes32[] calldata proof) external;

    /// @notice The newest order of `buyer` of a union, or what their first would be, and whether there was one.
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists);

    /// @notice The terms of a union; zeros if there is none.
    function getUnion(uint96 number) external view returns (Union memory);

    /// @notice How many members a union has, and whether it is open.
    function rollOf(uint96 number) external view returns (uint24 members, bool isOpen);

    /// @notice What a union knows of a person, in the word of `Memberships`; zero if they never joined.
    function membershipOf(uint96 number, address subject) external view returns (Membership);

    /// @notice By how many members an order is divided, how many of them were paid or were refused in a dispute, and the root of what was delivered.
    /// Before the delivery: how many the buyer asks for, and zeros.
    function sharesOf(uint256 order) external view returns (uint24 members, uint24 claims, bytes32 root);

    /// @notice Whether the part of the member who was given this place was claimed to its end.
    function isClaimed(uint256 order, uint24 place) external view returns (bool);

    /// @notice How many parts of an order were accused, and whether a dispute about them was opened, and upheld.
    function accusationsOf(uint256 order) external view returns (uint24 count, bool isDisputed, bool isUpheld);

    /// @notice Whether the part of the member who was given this place was accused.
    function isAccused(uint256 order, uint24 place) external view returns (bool);

    /// @notice Which account a voucher said is the persona of `mark`, or zero.
    function personaOf(address voucher, bytes32 mark) external view returns (address);

    /// @notice How many unions there are; they are numbered from 1.
    function unionCount() external view returns (uint96);
}
