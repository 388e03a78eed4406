// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes} from "contracts/libraries/Codes.sol";
import {Grant, Head} from "contracts/libraries/Grants.sol";
import {Membership, Roll, Rolls} from "contracts/libraries/Memberships.sol";
import {OrderTail, OrderTails} from "contracts/libraries/Orders.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {IConsentRegistry} from "interfaces/IConsentRegistry.sol";
import {Parties} from "interfaces/IOrderDesk.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IUnions, Union} from "interfaces/IUnions.sol";

/// @title UnionBook
/// @notice How a union is checked, kept and closed, and who its people are. Linked into {Unions}, in whose storage it
/// writes.
/// @dev A library of its own because all this is rare: it keeps the contract small.
library UnionBook {
    /// @dev Terms take four slots, the last of which no settlement reads, a roll one; unions are numbered from 1.
    /// `purchases` counts the orders of a buyer of a union. `roots`, `claims`, `accusations`, `accused` and `advances` are
    /// by the order's number; claims, and who was accused, have a bit for each place.
    struct Book {
        uint96 count;
        mapping(uint96 number => Union) unions;
        mapping(uint96 number => Roll) rolls;
        mapping(uint96 number => mapping(address subject => Membership)) members;
        mapping(address voucher => mapping(bytes32 mark => address)) personas;
        mapping(uint96 number => mapping(address buyer => uint256)) purchases;
        mapping(uint256 order => bytes32) roots;
        mapping(uint256 order => mapping(uint256 word => uint256)) claims;
        mapping(uint256 order => Accusations) accusations;
        mapping(uint256 order => mapping(uint256 word => uint256)) accused;
        mapping(uint256 order => Advances) advances;
    }

    /// @dev How many members of an order were paid of their part before it is over, how much in all, and how much each, by
    /// their place.
    struct Advances {
        uint24 count;
        uint96 amount;
        mapping(uint24 place => uint256) paid;
    }

    /// @dev How many parts of an order the buyer said don't open, whether that was disputed, and whether it was upheld.
    struct Accusations {
        uint24 count;
        bool isDisputed;
        bool isUpheld;
    }

    bytes32 private constant PERSONA_VOUCH_TYPEHASH =
        keccak256("PersonaVouch(address voucher,address account,bytes32 mark)");

    bytes32 private constant UNION_LEAVING_TYPEHASH =
        keccak256("UnionLeaving(address subject,uint256 union,uint24 leavings)");

    uint16 private constant MAX_INSTITUTION_BPS = 2000;
    uint32 private constant MAX_DURATION = 1827 days;
    uint24 private constant MAX_DELIVERY_PERIOD = 30 days;

    /// @notice Writes a union of the caller.
    /// @param encoded The terms, ABI-encoded.
    function open(Book storage book, bytes calldata encoded, IParticipantRegistry participants)
        external
        returns (uint96 number)
    {
        Union memory terms = abi.decode(encoded, (Union));
        _check(terms, participants);

        number = ++book.count;
        book.unions[number] = terms;
        book.rolls[number] = Rolls.opened();

        emit IUnions.UnionOpened(number, msg.sender, terms);
    }

    /// @notice Closes a union of the caller.
    function close(Book storage book, uint96 number) external {
        if (book.unions[number].keeper != msg.sender) revert IUnions.UnionNotKeeper(number, msg.sender);

        book.rolls[number] = book.rolls[number].closed();

        emit IUnions.UnionClosed(number);
    }

    /// @notice Notes whose mark it is, and returns the EIP-712 struct hash that the voucher signed.
    /// @dev Assumes that the caller finds out from the hash, before anything else, that the voucher says so.
    function vouch(Book storage book, IParticipantRegistry participants, address voucher, address account, bytes32 mark)
        external
        returns (bytes32 structHash)
    {
        if (
            account == address(0) || book.personas[voucher][mark] != address(0)
                || !participants.hasRoles(voucher, Codes.ISSUER)
        ) revert IUnions.UnionCannotVouch(voucher, mark);

        book.personas[voucher][mark] = account;
        structHash = keccak256(abi.encode(PERSONA_VOUCH_TYPEHASH, voucher, account, mark));

        emit IUnions.PersonaVouched(voucher, account, mark);
    }

    /// @dev Makes `subject` a member, and returns what was known of them before. Not called but copied: people join
    /// often, and a call to a library costs as much as two reads.
    function join(Book storage book, IConsentRegistry consents, uint96 number, address subject, bytes32 mark)
        internal
        returns (Membership word)
    {
        Union storage terms = book.unions[number];
        if (book.personas[terms.voucher][mark] != subject) {
            revert IUnions.UnionNotVouched(terms.voucher, subject, mark);
        }
        Roll roll = book.rolls[number];
        if (!roll.isOpen()) revert IUnions.UnionNotOpen(number);
        bytes32 grantee = bytes32((uint256(number) << 160) | uint160(address(this)));
        (Grant ofGroup,, Head head) = consents.standing(subject, grantee, address(this));
        word = book.members[number][subject];
        bool isIn = word.isIn();
        if (isIn && word.grants() == ofGroup.grants() && word.epoch() == head.epoch()) {
            revert IUnions.UnionMemberAlready(number, subject);
        }

        roll = roll.joined(isIn ? 0 : 1);
        book.rolls[number] = roll;
        book.members[number][subject] = word.joined(block.timestamp, roll.places(), ofGroup.grants(), head.epoch());

        emit IUnions.UnionJoined(number, subject);
    }

    /// @notice Ends the membership of `subject`, if they are in, and returns the EIP-712 struct hash that they signed. See
    /// {vouch}. Who is not in says by it that what they signed before to join is void.
    function leave(Book storage book, uint96 number, address subject) external returns (bytes32) {
        Membership word = book.members[number][subject];
        _write(book, number, subject, word.said());
        return keccak256(abi.encode(UNION_LEAVING_TYPEHASH, subject, number, word.leavings()));
    }

    /// @dev Writes the word of somebody who is in no more.
    function _write(Book storage book, uint96 number, address subject, Membership word) private {
        bool isIn = word.isIn();
        book.members[number][subject] = isIn ? word.left(block.timestamp) : word;
        if (isIn) book.rolls[number] = book.rolls[number].left();

        emit IUnions.UnionLeft(number, subject, isIn);
    }

    /// @notice Ends the membership of somebody whose consent has ended.
    function strike(
        Book storage book,
        Settlement.Ledger storage ledger,
        IConsentRegistry consents,
        uint96 number,
        address subject
    ) external {
        Membership word = book.members[number][subject];
        if (!word.isIn()) revert IUnions.UnionNotMember(number, subject);
        // Nobody's bar is one of a buyer: a member whom only one buyer can't have stays for the others.
        Parties memory parties = Parties(subject, address(0), address(0), 0, 0);
        uint256 stop = Settlement.stopOf(ledger, consents, consentOf(number, word), parties, type(uint256).max);
        if (block.timestamp < stop) revert IUnions.UnionConsentStands(number, subject);

        _write(book, number, subject, word);
    }

    /// @dev The consent of a member, as an order of their own would remember it.
    function consentOf(uint96 number, Membership word) internal pure returns (OrderTail) {
        return OrderTails.pack(0, number, 0).under(word.grants(), word.epoch(), 0);
    }

    function _check(Union memory terms, IParticipantRegistry participants) private view {
        bool shares = terms.institution != address(0);
        _require(terms.keeper == msg.sender, 0);
        _require(terms.price != 0, 1);
        _require(!shares || participants.hasRoles(terms.institution, Codes.ISSUER), 2);
        _require(participants.committeeDigest(terms.committee) != 0, 3);
        _require(terms.duration != 0 && terms.duration <= MAX_DURATION, 4);
        _require(shares == (terms.institutionBps != 0) && terms.institutionBps <= MAX_INSTITUTION_BPS, 5);
        _require(terms.deliveryPeriod != 0 && terms.deliveryPeriod <= MAX_DELIVERY_PERIOD, 6);
        _require(participants.hasRoles(terms.voucher, Codes.ISSUER), 7);
        _require(Codes.allowedBy(terms.use) != 0, 8);
        _require(terms.classes != 0 && terms.classes & ~Codes.ALL_CLASSES == 0, 9);
        _require((terms.disease != 0) == (terms.use == Codes.DS), 10);
    }

    function _require(bool holds, uint8 term) private pure {
        if (!holds) revert IUnions.UnionInvalidTerm(term);
    }
}
