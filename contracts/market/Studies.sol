// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes} from "contracts/libraries/Codes.sol";
import {OrderHeads, OrderTails} from "contracts/libraries/Orders.sol";
import {OrderDesk} from "contracts/market/OrderDesk.sol";
import {Settlement} from "contracts/market/Settlement.sol";
import {StudyBook} from "contracts/market/StudyBook.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";
import {Parties} from "interfaces/IOrderDesk.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IRewardCoin} from "interfaces/IRewardCoin.sol";
import {IStudies, Protocol, Study, StudyState} from "interfaces/IStudies.sol";

/// @title Studies
/// @notice See {IStudies}.
contract Studies is IStudies, OrderDesk {
    using Settlement for Settlement.Ledger;
    using StudyBook for StudyBook.Book;

    bytes32 private constant ENROLMENT_TYPEHASH =
        keccak256("Enrolment(address subject,uint256 group,uint256 order,uint256 deadline)");

    /// @dev So that no order of a study has the number of an order of the market.
    uint96 private constant STUDY_KEYS = 1 << 95;

    StudyBook.Book private _book;

    constructor(
        IConsentRegistry consents,
        IParticipantRegistry participants,
        IRewardCoin coin,
        address commons,
        address disputes,
        uint40 challengeWindow
    ) OrderDesk(consents, participants, coin, commons, disputes, challengeWindow) {}

    /* STUDY */

    /// @inheritdoc IStudies
    function open(Study calldata terms, Protocol calldata protocol) external returns (uint96) {
        return _revise(0, terms, protocol);
    }

    /// @inheritdoc IStudies
    function amend(uint96 study, Study calldata terms, Protocol calldata protocol) external returns (uint96) {
        if (study == 0) revert StudyNotResearcher(0, msg.sender);
        return _revise(study, terms, protocol);
    }

    function _revise(uint96 study, Study calldata terms, Protocol calldata protocol) private returns (uint96) {
        return _book.revise(study, terms, protocol, _participants);
    }

    /// @inheritdoc IStudies
    function fund(uint96 study, uint96 amount) external {
        _book.fund(study, amount);

        // The coin is our own: it reverts rather than return false.
        _coin.transferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IStudies
    function approveStudy(uint96 group, uint96 institution) external {
        _book.approve(group, institution, _participants);
    }

    /// @inheritdoc IStudies
    function close(uint96 study) external {
        (address researcher, uint96 unspent) = _book.close(study);
        if (unspent != 0) _ledger.addCredit(researcher, unspent);
    }

    /* ENROL */

    /// @inheritdoc IStudies
    function enrol(uint96 group) external returns (uint256) {
        return _enrol(msg.sender, group);
    }

    /// @inheritdoc IStudies
    function enrolWithSig(address subject, uint96 group, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 order)
    {
        if (block.timestamp > deadline) revert MarketExpiredSignature(deadline);
        order = _enrol(subject, group);
        // It names the order, of which there is one ever, so it is good once.
        _checkSignature(subject, keccak256(abi.encode(ENROLMENT_TYPEHASH, subject, group, order, deadline)), signature);
    }

    function _enrol(address subject, uint96 group) private returns (uint256 order) {
        uint32 place = _book.takePlace(group, _participants);
        Study storage terms = _book.revisions[group];
        uint96 price = terms.price;
        address researcher = terms.researcher;

        order = _open(
            _studyKey(group >> 16, subject),
            OrderHeads.pack(subject, block.timestamp, terms.duration),
            OrderTails.pack(price, group, block.timestamp + terms.deliveryPeriod),
            subject,
            researcher
        );

        emit StudyEnrolled(order, group, subject, price, place);

        _checkPermitted(
            Request({
                subject: subject,
                actor: researcher,
                grantee: _grantee(group),
                use: terms.use,
                classes: terms.classes,
                disease: terms.disease
            })
        );
    }

    /* QUESTIONS */

    function _committeeOf(uint96 group) internal view override returns (uint24) {
        return _book.revisions[group].committee;
    }

    /// @dev The party is the subject.
    function _partiesOf(uint96 group, address party) internal view override returns (Parties memory) {
        Study storage terms = _book.revisions[group];
        return Parties(party, terms.researcher, terms.institution, terms.committee, terms.institutionBps);
    }

    function _payerOf(uint96 group, address) internal view override returns (address) {
        return _book.revisions[group].researcher;
    }

    /// @dev To the budget, as long as the study is open.
    function _giveBack(uint96 group, address payer, uint256 amount) internal override {
        if (_book.giveBack(group, amount)) _ledger.addCredit(payer, amount);
    }

    /// @notice See {IMemberGroup-isMember}: the researcher, as long as the subject's order under this revision lasts. What is
    /// attested of them is their own, and IRB where a board that is one still approved the revision.
    function isMember(uint96 number, address subject, address actor) external view returns (bool, uint24) {
        Study storage terms = _book.revisions[number];
        uint256 key = _studyKey(number >> 16, subject);
        if (terms.researcher != actor || _ledger.orders[key].tail.group() != number || !_isLive(key)) {
            return (false, 0);
        }

        if (terms.conditions == 0) return (true, 0);
        uint24 attested = _participants.conditionsOf(actor);
        return (true, boardOf(number) == address(0) ? attested : attested | Codes.IRB);
    }

    /* VIEWS */

    /// @inheritdoc IStudies
    function orderOf(uint96 study, address subject) external view returns (uint256 order, bool exists) {
        return _newestOf(_studyKey(study, subject));
    }

    /// @inheritdoc IStudies
    function getStudy(uint96 group) external view returns (Study memory) {
        return _book.revisions[group];
    }

    /// @inheritdoc IStudies
    function stateOf(uint96 study) external view returns (StudyState memory) {
        return _book.states[study];
    }

    /// @inheritdoc IStudies
    function boardOf(uint96 group) public view returns (address) {
        address board = _book.boards[group];
        return _participants.hasRoles(board, Codes.ETHICS_BOARD) ? board : address(0);
    }

    /// @inheritdoc IStudies
    function studyCount() external view returns (uint96) {
        return _book.count;
    }

    function _studyKey(uint96 study, address subject) private pure returns (uint256) {
        return _key(STUDY_KEYS | study, subject);
    }
}
