// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes} from "contracts/libraries/Codes.sol";
import {IDataMarket, Offer} from "interfaces/IDataMarket.sol";
import {IOrderDesk} from "interfaces/IOrderDesk.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title Offers
/// @notice How an offer is checked, kept and signed. Linked into {DataMarket}, in whose storage it writes.
/// @dev A library of its own because making an offer is rare and buying is not: it keeps the market small.
library Offers {
    /// @dev An offer takes three slots; settling an order reads the first two. They are numbered from 1.
    struct Book {
        uint96 count;
        mapping(uint96 number => Offer) offers;
    }

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address subject,uint96 price,address institution,uint24 committee,uint32 duration,uint16 institutionBps,uint16 use,uint32 classes,uint24 disease,uint24 conditions,uint32 deliveryPeriod,bool originShown,uint256 nonce,uint256 deadline)"
    );

    bytes32 private constant OFFER_CLOSURE_TYPEHASH = keccak256("OfferClosure(address subject,uint256 offer)");

    uint16 private constant MAX_INSTITUTION_BPS = 2000;
    uint32 private constant MAX_DURATION = 1827 days;
    uint32 private constant MAX_DELIVERY_PERIOD = 30 days;

    /// @notice Writes an offer, and returns its number and the EIP-712 struct hash that its subject signed.
    /// @dev Without a `deadline` (0) the sender has to be the subject. With one, assumes that the market finds out from
    /// the hash, before anything else, that the subject wants it.
    function make(
        Book storage book,
        Offer calldata terms,
        IParticipantRegistry participants,
        uint256 nonce,
        uint256 deadline
    ) external returns (uint96 number, bytes32 structHash) {
        if (deadline == 0) _require(terms.subject == msg.sender, 0);
        else if (block.timestamp > deadline) revert IOrderDesk.MarketExpiredSignature(deadline);
        _check(terms, participants);

        structHash = keccak256(abi.encode(OFFER_TYPEHASH, terms, nonce, deadline));
        number = ++book.count;
        book.offers[number] = terms;

        emit IDataMarket.OfferMade(number, terms.subject, terms);
    }

    /// @notice Closes an offer to new buyers, and returns the EIP-712 struct hash that its subject signed. See {make}.
    function close(Book storage book, uint96 number, address subject) external returns (bytes32 structHash) {
        if (book.offers[number].subject != subject || subject == address(0)) {
            revert IDataMarket.OfferNotSubject(number, subject);
        }

        book.offers[number].deliveryPeriod = 0;

        structHash = keccak256(abi.encode(OFFER_CLOSURE_TYPEHASH, subject, number));

        emit IDataMarket.OfferClosed(number);
    }

    function _check(Offer calldata terms, IParticipantRegistry participants) private view {
        bool shares = terms.institution != address(0);
        _require(terms.subject != address(0), 0);
        _require(terms.price != 0, 1);
        _require(!shares || participants.hasRoles(terms.institution, Codes.ISSUER), 2);
        _require(participants.committeeDigest(terms.committee) != 0, 3);
        _require(terms.duration != 0 && terms.duration <= MAX_DURATION, 4);
        _require(shares == (terms.institutionBps != 0) && terms.institutionBps <= MAX_INSTITUTION_BPS, 5);
        _require(Codes.allowedBy(terms.use) != 0, 6);
        _require(terms.classes != 0 && terms.classes & ~Codes.ALL_CLASSES == 0, 7);
        _require((terms.disease != 0) == (terms.use == Codes.DS), 8);
        _require(terms.deliveryPeriod != 0 && terms.deliveryPeriod <= MAX_DELIVERY_PERIOD, 10);
    }

    function _require(bool holds, uint8 term) private pure {
        if (!holds) revert IDataMarket.OfferInvalidTerm(term);
    }
}
