// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {OrderHeads, OrderTails} from "contracts/libraries/Orders.sol";
import {Offers} from "contracts/market/Offers.sol";
import {OrderDesk} from "contracts/market/OrderDesk.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";
import {IDataMarket, Offer} from "interfaces/IDataMarket.sol";
import {Parties} from "interfaces/IOrderDesk.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";

/// @title DataMarket
/// @notice See {IDataMarket}.
contract DataMarket is IDataMarket, OrderDesk, Nonces {
    using Settlement for Settlement.Ledger;

    Offers.Book private _book;

    constructor(
        IConsentRegistry consents,
        IParticipantRegistry participants,
        IRewardCoin coin,
        address commons,
        address disputes,
        uint40 challengeWindow
    ) OrderDesk(consents, participants, coin, commons, disputes, challengeWindow) {}

    /* OFFER */

    /// @inheritdoc IDataMarket
    function offer(Offer calldata terms) external returns (uint96 number) {
        (number,) = _make(terms, 0, 0);
    }

    /// @inheritdoc IDataMarket
    function offerWithSig(Offer calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (uint96 number)
    {
        address subject = terms.subject;
        bytes32 structHash;
        (number, structHash) = _make(terms, _useNonce(subject), deadline);
        _checkSignature(subject, structHash, signature);
    }

    function _make(Offer calldata terms, uint256 nonce, uint256 deadline) private returns (uint96, bytes32) {
        return Offers.make(_book, terms, _participants, nonce, deadline);
    }

    /// @inheritdoc IDataMarket
    function closeOffer(uint96 number) external {
        _close(number, msg.sender);
    }

    /// @inheritdoc IDataMarket
    function closeOfferWithSig(address subject, uint96 number, bytes calldata signature) external {
        _checkSignature(subject, _close(number, subject), signature);
    }

    function _close(uint96 number, address subject) private returns (bytes32) {
        return Offers.close(_book, number, subject);
    }

    /* BUY */

    /// @inheritdoc IDataMarket
    function buy(uint96 number, bytes32 receivingKey) external returns (uint256) {
        return _buy(number, receivingKey);
    }

    /// @inheritdoc IDataMarket
    function buyWithPermit(uint96 number, bytes32 receivingKey, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256)
    {
        // Whoever saw the permit may have sent it first; what counts is whether the allowance is there.
        try _coin.permit(msg.sender, address(this), _book.offers[number].price, deadline, v, r, s) {} catch {}
        return _buy(number, receivingKey);
    }

    function _buy(uint96 number, bytes32 receivingKey) private returns (uint256 order) {
        if (receivingKey == 0) revert OrderInvalidKey();
        Offer storage item = _book.offers[number];
        uint256 period = item.deliveryPeriod;
        if (period == 0) revert OfferNotOpen(number);
        uint96 price = item.price;
        address subject = item.subject;

        order = _open(
            _key(number, msg.sender),
            OrderHeads.pack(msg.sender, block.timestamp, item.duration),
            OrderTails.pack(price, number, block.timestamp + period),
            subject,
            msg.sender
        );

        emit OrderBought(order, number, msg.sender, price, receivingKey);

        // The coin is our own: it reverts rather than return false.
        _coin.transferFrom(msg.sender, address(this), price);

        _checkPermitted(
            Request({
                subject: subject,
                actor: msg.sender,
                grantee: _grantee(number),
                use: item.use,
                classes: item.classes,
                disease: item.disease
            })
        );
    }

    /* QUESTIONS */

    function _committeeOf(uint96 group) internal view override returns (uint24) {
        return _book.offers[group].committee;
    }

    /// @dev The party is the buyer.
    function _partiesOf(uint96 group, address party) internal view override returns (Parties memory) {
        Offer storage item = _book.offers[group];
        return Parties(item.subject, party, item.institution, item.committee, item.institutionBps);
    }

    /// @notice See {IMemberGroup-isMember}: the members of an offer are its buyers, each as long as the order lasts.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        Offer storage item = _book.offers[number];
        if (item.subject != subject || !_isLive(_key(number, actor))) return (false, 0);

        return (true, item.conditions == 0 ? 0 : _participants.conditionsOf(actor));
    }

    /* VIEWS */

    /// @inheritdoc IDataMarket
    function orderOf(uint96 number, address buyer) external view returns (uint256 order, bool exists) {
        return _newestOf(_key(number, buyer));
    }

    /// @inheritdoc IDataMarket
    function getOffer(uint96 number) external view returns (Offer memory) {
        return _book.offers[number];
    }

    /// @inheritdoc IDataMarket
    function offerCount() external view returns (uint96) {
        return _book.count;
    }
}
