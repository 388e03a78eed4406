// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Membership, Roll} from "contracts/libraries/Memberships.sol";
import {OrderTail} from "contracts/libraries/Orders.sol";
import {DataAccessToken} from "contracts/market/DataAccessToken.sol";
import {OrderDesk} from "contracts/market/OrderDesk.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {UnionBook} from "contracts/market/UnionBook.sol";
import {UnionShares} from "contracts/market/UnionShares.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";
import {Delivery, IOrderDesk, Parties} from "interfaces/IOrderDesk.sol";
import {Committee, IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";
import {IUnions, Part, Union} from "interfaces/IUnions.sol";

/// @title Unions
/// @notice See {IUnions}.
contract Unions is IUnions, OrderDesk {
    using Settlement for Settlement.Ledger;
    using UnionBook for UnionBook.Book;
    using UnionShares for Settlement.Ledger;

    bytes32 private constant UNION_JOINING_TYPEHASH = keccak256(
        "UnionJoining(address subject,uint256 union,bytes32 mark,uint16 joins,uint24 leavings,uint256 deadline)"
    );

    /// @dev What {UnionShares} is told of the desk: consents 160 | challenge window 40.
    uint256 private immutable _rules;

    UnionBook.Book private _book;

    constructor(
        IConsentRegistry consents,
        IParticipantRegistry participants,
        IRewardCoin coin,
        address commons,
        address disputes,
        uint40 challengeWindow
    ) OrderDesk(consents, participants, coin, commons, disputes, challengeWindow) {
        _rules = uint160(address(consents)) | (uint256(challengeWindow) << 160);
    }

    /* UNION */

    /// @inheritdoc IUnions
    function open(Union calldata) external returns (uint96) {
        // The words of the terms as they came: to encode the struct anew takes 450 bytes more.
        return _book.open(msg.data[4:], _participants);
    }

    /// @inheritdoc IUnions
    function close(uint96 number) external {
        _book.close(number);
    }

    /// @inheritdoc IUnions
    function vouch(address voucher, address account, bytes32 mark, bytes calldata signature) external {
        _checkSignature(voucher, _book.vouch(_participants, voucher, account, mark), signature);
    }

    /* JOIN, LEAVE */

    /// @inheritdoc IUnions
    function join(uint96 number, bytes32 mark) external {
        _join(msg.sender, number, mark);
    }

    /// @inheritdoc IUnions
    function joinWithSig(address subject, uint96 number, bytes32 mark, uint256 deadline, bytes calldata signature)
        external
    {
        if (block.timestamp > deadline) revert MarketExpiredSignature(deadline);
        Membership word = _join(subject, number, mark);
        bytes32 structHash = keccak256(
            abi.encode(UNION_JOINING_TYPEHASH, subject, number, mark, word.joins(), word.leavings(), deadline)
        );
        _checkSignature(subject, structHash, signature);
    }

    function _join(address subject, uint96 number, bytes32 mark) private returns (Membership word) {
        word = _book.join(_consents, number, subject, mark);
        Union storage terms = _book.unions[number];

        // Asked for the desk: it is a member of its unions, to pass on to those who meet the conditions.
        _checkPermitted(
            Request({
                subject: subject,
                actor: address(this),
                grantee: _grantee(number),
                use: terms.use,
                classes: terms.classes,
                disease: terms.disease
            })
        );
    }

    /// @inheritdoc IUnions
    function leave(uint96 number) external {
        _book.leave(number, msg.sender);
    }

    /// @inheritdoc IUnions
    function leaveWithSig(address subject, uint96 number, bytes calldata signature) external {
        _checkSignature(subject, _book.leave(number, subject), signature);
    }

    /// @inheritdoc IUnions
    function strike(uint96 number, address subject) external {
        _book.strike(_ledger, _consents, number, subject);
    }

    /* BUY, DELIVER, PAY */

    /// @inheritdoc IUnions
    function buy(uint96 number, bytes32 receivingKey, uint24 minimum) external returns (uint256 order) {
        uint96 price;
        (order, price) = _ledger.buy(_book, _participants, _rules >> 160, number, receivingKey, minimum);
        _issue(msg.sender, order, 0);

        // The coin is our own: it reverts rather than return false.
        _coin.transferFrom(msg.sender, address(this), price);
    }

    /// @notice An order of a union is delivered in its members' parts.
    function deliver(Delivery calldata delivery, Committee calldata, uint256, bytes[] calldata)
        public
        pure
        override(IOrderDesk, OrderDesk)
    {
        revert UnionHasParts(delivery.order);
    }

    /// @inheritdoc IUnions
    function deliverParts(
        Delivery calldata delivery,
        uint24 count,
        bytes32 root,
        Committee calldata committee,
        uint256 signers,
        bytes[] calldata signatures
    ) external {
        super.deliver(delivery, committee, signers, signatures);
        _ledger.divide(_book, delivery, count, root);
    }

    /// @inheritdoc IUnions
    function claim(uint256 order, Part calldata part, bytes32[] calldata proof) external {
        _ledger.claim(_book, _rules, order, part, proof);
    }

    /// @inheritdoc IUnions
    function accuse(uint256 order, Part calldata part, bytes32[] calldata proof) external {
        _ledger.accuse(_book, _rules >> 160, order, part, proof);
    }

    /// @notice See {IOrderDesk-dispute}: once, of the parts that the buyer accused.
    function dispute(uint256 order) external override(IOrderDesk, OrderDesk) {
        _checkDisputes();
        _ledger.dispute(_book, _rules >> 160, order);
    }

    /// @notice See {IOrderDesk-resolve}: what is upheld gives the accused parts back, and the order goes on.
    function resolve(uint256 order, bool upheld) external override(IOrderDesk, OrderDesk) {
        _checkDisputes();
        _ledger.resolve(_book, order, upheld);
    }

    /// @notice See {IOrderDesk-settle}: what no member claimed goes back to the buyer, once all have claimed to the end, or a
    /// year after the order's end.
    function settle(uint256 order) external override(IOrderDesk, OrderDesk) {
        _ledger.settle(_book, _rules >> 160, order);
    }

    /// @notice An order of a union has no parts but its members', who are each paid as theirs is earned: see {claim}.
    function settlePart(uint256 order) external pure override(IOrderDesk, OrderDesk) {
        revert UnionHasParts(order);
    }

    /* QUESTIONS */

    function _committeeOf(uint96 group) internal view override returns (uint24) {
        return _book.unions[group].committee;
    }

    /// @dev The party is the buyer; the keeper stands for the members.
    function _partiesOf(uint96 group, address party) internal view override returns (Parties memory) {
        Union storage terms = _book.unions[group];
        return Parties(terms.keeper, party, terms.institution, terms.committee, terms.institutionBps);
    }

    /// @notice See {IMemberGroup-isMember}: the members of a union, as far as a person in it goes, are its buyers, each as
    /// long as their newest order lasts; and the desk, which asks only when somebody joins.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        uint24 conditions = _book.unions[number].conditions;
        // Not in the library, as joining comes here.
        if (actor == address(this)) return (true, conditions);
        return _ledger.reached(_book, _consents, _participants, number, subject, actor);
    }

    /* VIEWS */

    /// @notice See {IERC165-supportsInterface}. Who judges a dispute asks whether the desk is one of unions.
    function supportsInterface(bytes4 interfaceId) public pure override(DataAccessToken, IERC165) returns (bool) {
        return interfaceId == type(IUnions).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IUnions
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists) {
        uint256 count = _book.purchases[number][buyer];
        exists = count != 0;
        order = UnionShares.keyOf(number, buyer, exists ? count : 1) | 1;
    }

    /// @inheritdoc IUnions
    function getUnion(uint96 number) external view returns (Union memory) {
        return _book.unions[number];
    }

    /// @inheritdoc IUnions
    function rollOf(uint96 number) external view returns (uint24, bool) {
        Roll roll = _book.rolls[number];
        return (roll.members(), roll.isOpen());
    }

    /// @inheritdoc IUnions
    function membershipOf(uint96 number, address subject) external view returns (Membership) {
        return _book.members[number][subject];
    }

    /// @inheritdoc IUnions
    function sharesOf(uint256 order) external view returns (uint24, uint24, bytes32) {
        OrderTail tail = _ledger.orders[_keyOf(order)].tail;
        return (tail.grants(), tail.epoch(), _book.roots[order]);
    }

    /// @inheritdoc IUnions
    function isClaimed(uint256 order, uint24 place) external view returns (bool) {
        return UnionShares.isMarked(_book.claims[order], place);
    }

    /// @inheritdoc IUnions
    function accusationsOf(uint256 order) external view returns (uint24, bool, bool) {
        UnionBook.Accusations storage said = _book.accusations[order];
        return (said.count, said.isDisputed, said.isUpheld);
    }

    /// @inheritdoc IUnions
    function isAccused(uint256 order, uint24 place) external view returns (bool) {
        return UnionShares.isMarked(_book.accused[order], place);
    }

    /// @inheritdoc IUnions
    function personaOf(address voucher, bytes32 mark) external view returns (address) {
        return _book.personas[voucher][mark];
    }

    /// @inheritdoc IUnions
    function unionCount() external view returns (uint96) {
        return _book.count;
    }
}
