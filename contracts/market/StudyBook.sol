// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {Codes} from "contracts/libraries/Codes.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";
import {IStudies, Protocol, Study, StudyState} from "interfaces/IStudies.sol";

/// @title StudyBook
/// @notice How a study is checked, kept, approved and closed. Linked into {Studies}, in whose storage it writes.
/// @dev A library of its own because all this is rare and enrolling is not: it keeps the contract small.
library StudyBook {
    using Affiliations for IParticipantRegistry;

    /// @dev Terms take three slots and a state one; enrolling reads all of them. Studies are numbered from 1.
    struct Book {
        uint96 count;
        mapping(uint96 study => StudyState) states;
        mapping(uint96 group => Study) revisions;
        mapping(uint96 group => address) boards;
    }

    uint16 private constant MAX_INSTITUTION_BPS = 2000;
    uint32 private constant MAX_DURATION = 1827 days;
    uint32 private constant MAX_DELIVERY_PERIOD = 30 days;
    uint256 private constant MAX_ENROLMENT = 1827 days;
    /// @dev For each subject whom a revision takes: who leaves is followed by somebody with a key of their own.
    uint256 private constant PLACES_PER_SUBJECT = 2;

    /// @notice Writes the next revision of a study of the caller, or the first of a new one, which `study` 0 stands for.
    function revise(
        Book storage book,
        uint96 study,
        Study calldata terms,
        Protocol calldata protocol,
        IParticipantRegistry participants
    ) external returns (uint96 group) {
        bool isNew = study == 0;
        if (isNew) study = ++book.count;
        // The number of an order's group has 48 bits.
        if (study > type(uint32).max) revert IStudies.StudyNotOpen(study);
        StudyState storage state = book.states[study];
        if (!isNew) _checkOwn(book, study, state);
        _check(terms, protocol, participants);

        uint16 revision = state.revision + 1;
        group = (study << 16) | revision;
        state.revision = revision;
        state.deadline = terms.deadline;
        // Its list of keys is another.
        state.places = 0;
        book.revisions[group] = terms;

        emit IStudies.StudyRevised(group, terms.researcher, terms, protocol);
    }

    function _checkOwn(Book storage book, uint96 study, StudyState storage state) private view {
        if (book.revisions[(study << 16) | state.revision].researcher != msg.sender) {
            revert IStudies.StudyNotResearcher(study, msg.sender);
        }
        if (state.isClosed) revert IStudies.StudyNotOpen(study);
    }

    /// @notice Adds coin to the budget, which the desk takes from the caller.
    function fund(Book storage book, uint96 study, uint96 amount) external {
        StudyState storage state = book.states[study];
        _checkOpen(study, state);
        uint96 budget = state.budget + amount;
        state.budget = budget;

        emit IStudies.StudyFunded(study, msg.sender, amount, budget);
    }

    /// @notice Locks one subject's share of the budget, and says which place they have.
    function takePlace(Book storage book, uint96 group, IParticipantRegistry participants)
        external
        returns (uint32 place)
    {
        uint96 study = group >> 16;
        StudyState storage state = book.states[study];
        _checkOpen(study, state);
        if (state.revision != uint16(group)) revert IStudies.StudyRevisedSince(group, state.revision);
        Study storage terms = book.revisions[group];
        address researcher = terms.researcher;
        // Whose accreditation has ended takes nobody new, whatever is in the budget.
        if (!participants.hasRoles(researcher, Codes.RESEARCHER)) {
            revert IStudies.StudyNotAccredited(study, researcher);
        }
        uint32 enrolled = state.enrolled + 1;
        uint256 cap = terms.cap;
        if (enrolled > cap) revert IStudies.StudyFull(study, uint32(cap));
        place = state.places + 1;
        if (place > PLACES_PER_SUBJECT * cap) revert IStudies.StudyPlacesGiven(group, place - 1);
        uint96 budget = state.budget;
        uint96 price = terms.price;
        if (budget < price) revert IStudies.StudyShort(study, budget, price);

        unchecked {
            state.budget = budget - price;
        }
        state.enrolled = enrolled;
        state.places = place;
    }

    /// @notice Puts what an order didn't earn back, and says whether it is the researcher's, as the study is closed. Who
    /// earned nothing leaves their place.
    function giveBack(Book storage book, uint96 group, uint256 amount) external returns (bool isClosed) {
        StudyState storage state = book.states[group >> 16];
        if (amount == book.revisions[group].price) --state.enrolled;
        isClosed = state.isClosed;
        // All of it is coin that is here, below 2^96.
        if (!isClosed) state.budget += uint96(amount);
    }

    /// @dev Without a deadline there is no such study.
    function _checkOpen(uint96 study, StudyState storage state) private view {
        if (state.isClosed || block.timestamp >= state.deadline) revert IStudies.StudyNotOpen(study);
    }

    /// @notice Notes the approval of the caller's board; with institution 0 it takes that back.
    function approve(Book storage book, uint96 group, uint96 institution, IParticipantRegistry participants) external {
        if (institution == 0) {
            if (book.boards[group] != msg.sender) revert IStudies.StudyNotBoard(group, msg.sender);

            delete book.boards[group];

            emit IStudies.StudyApprovalWithdrawn(group, msg.sender);
            return;
        }
        address researcher = book.revisions[group].researcher;
        if (
            researcher == address(0) || researcher == msg.sender
                || !participants.actsFor(msg.sender, Codes.ETHICS_BOARD, institution)
                || participants.belongsTo(researcher, institution)
        ) revert IStudies.StudyNotBoard(group, msg.sender);

        book.boards[group] = msg.sender;

        emit IStudies.StudyApproved(group, msg.sender, institution);
    }

    /// @notice Closes a study, and returns its researcher and what is left of its budget.
    function close(Book storage book, uint96 study) external returns (address researcher, uint96 unspent) {
        StudyState storage state = book.states[study];
        researcher = book.revisions[(study << 16) | state.revision].researcher;
        if (researcher == address(0) || state.isClosed) revert IStudies.StudyNotOpen(study);
        if (msg.sender != researcher && block.timestamp < state.deadline) {
            revert IStudies.StudyNotOver(study, state.deadline);
        }

        unspent = state.budget;
        state.budget = 0;
        state.isClosed = true;

        emit IStudies.StudyClosed(study, unspent);
    }

    function _check(Study calldata terms, Protocol calldata protocol, IParticipantRegistry participants) private view {
        bool shares = terms.institution != address(0);
        _require(terms.researcher == msg.sender && participants.hasRoles(msg.sender, Codes.RESEARCHER), 0);
        _require(terms.price != 0, 1);
        _require(!shares || participants.hasRoles(terms.institution, Codes.ISSUER), 2);
        _require(participants.committeeDigest(terms.committee) != 0, 3);
        _require(terms.duration != 0 && terms.duration <= MAX_DURATION, 4);
        _require(shares == (terms.institutionBps != 0) && terms.institutionBps <= MAX_INSTITUTION_BPS, 5);
        _require(Codes.allowedBy(terms.use) != 0, 6);
        _require(terms.classes != 0 && terms.classes & ~Codes.ALL_CLASSES == 0, 7);
        _require((terms.disease != 0) == (terms.use == Codes.DS), 8);
        _require(terms.deliveryPeriod != 0 && terms.deliveryPeriod <= MAX_DELIVERY_PERIOD, 10);
        _require(terms.deadline > block.timestamp && terms.deadline <= block.timestamp + MAX_ENROLMENT, 11);
        _require(terms.cap != 0, 12);
        _require(protocol.cohort != 0, 13);
        _require(protocol.document != 0, 14);
        _require(protocol.keys != 0, 15);
    }

    function _require(bool holds, uint8 term) private pure {
        if (!holds) revert IStudies.StudyInvalidTerm(term);
    }
}
