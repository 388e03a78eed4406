// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IOrderDesk} from "interfaces/IOrderDesk.sol";

/// @notice What `subject` offers: an extract of their data of `classes`, for one `use`, for `duration` seconds from its
/// delivery, at `price` base units of coin. It never changes; to change it, close it and offer anew.
/// `institution` gets `institutionBps` of 10,000 of what is earned (or nobody, 0); `committee` holds the extract's key;
/// `deliveryPeriod` is how many seconds a delivery may take. A closed offer has a delivery period of 0.
/// `originShown` says that the extract shows its buyer, and nobody else, that accredited issuers who vouch for the subject
/// issued what it was made from; one that does not is not what was offered.
struct Offer {
    address subject;
    uint96 price;
    address institution;
    uint24 committee;
    uint32 duration;
    uint16 institutionBps;
    uint16 use;
    uint32 classes;
    uint24 disease;
    uint24 conditions;
    uint32 deliveryPeriod;
    bool originShown;
}

/// @title IDataMarket
/// @notice Offers, and the orders that buy them. What happens to an order is {IOrderDesk}'s.
/// @dev Each offer is a group with the offer's number: a person grants to the offer, and who bought it is a member for as
/// long as the order lasts. Withdrawing one offer leaves the others.
/// @dev It has no owner, no pause and no fee but the fixed parts.
interface IDataMarket is IOrderDesk {
    /// @notice Emitted when `subject` makes an offer under `number`.
    event OfferMade(uint96 indexed number, address indexed subject, Offer terms);

    /// @notice Emitted when an offer takes no more buyers. Orders that live go on.
    event OfferClosed(uint96 indexed number);

    /// @notice Emitted when `buyer` buys. `receivingKey` is the sha2-256 digest of the fresh public key that the extract is
    /// sealed for: the digest in its CIDv1, so the seller finds the key on IPFS.
    event OrderBought(
        uint256 indexed order, uint96 indexed offer, address indexed buyer, uint96 price, bytes32 receivingKey
    );

    /// @notice A term of the offer is empty, unknown or out of bounds; `term` is its place in {Offer}, from 0.
    error OfferInvalidTerm(uint8 term);

    /// @notice There is no such offer, or it is closed.
    error OfferNotOpen(uint96 offer);

    /// @notice Only the subject of an offer may close it.
    error OfferNotSubject(uint96 offer, address caller);

    /// @notice Makes an offer of the caller, its subject, who grants to it separately, in `ConsentRegistry`.
    function offer(Offer calldata terms) external returns (uint96 number);

    /// @notice As {offer}, by the signature of `terms.subject` over its current nonce.
    function offerWithSig(Offer calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint96 number);

    /// @notice Closes an offer of the caller to new buyers.
    function closeOffer(uint96 number) external;

    /// @notice As {closeOffer}, by the signature of `subject`, whenever.
    function closeOfferWithSig(address subject, uint96 number, bytes calldata signature) external;

    /// @notice Buys: locks the price, asks `decide`, and refuses on a denial. One live order per offer and buyer.
    /// @param receivingKey digest in the CIDv1 of a fresh public key of the buyer, which the extract is sealed for.
    function buy(uint96 number, bytes32 receivingKey) external returns (uint256 order);

    /// @notice As {buy}, after taking the allowance by the buyer's permit. A permit that was used by somebody else
    /// first does no harm, if the allowance is there.
    function buyWithPermit(uint96 number, bytes32 receivingKey, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 order);

    /// @notice The order that `buyer` has, had last, or would have of offer `number`, and whether there was one.
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists);

    /// @notice An offer; zeros if there is none.
    function getOffer(uint96 number) external view returns (Offer memory);

    /// @notice How many offers there are; they are numbered from 1.
    function offerCount() external view returns (uint96);
}
