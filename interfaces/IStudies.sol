// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IOrderDesk} from "interfaces/IOrderDesk.sol";

/// @notice What `researcher` asks for in one revision of a study: an extract of each subject's data of `classes`, for one
/// `use`, for `duration` seconds from its delivery, at `price` base units of coin a subject. At most `cap` subjects are
/// enrolled, before `deadline`. `conditions` are those that the study says it meets; what counts is what was attested.
/// `institution` gets `institutionBps` of 10,000 of what is earned (or nobody, 0); `committee` holds the extracts' keys;
/// `deliveryPeriod` is how many seconds a delivery may take.
struct Study {
    address researcher;
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
    uint40 deadline;
    uint32 cap;
}

/// @notice What stands beside the terms of a revision, by digest. `cohort` commits to the criteria; `document` is the
/// digest in the CIDv1 of the document that a subject's client evaluates them from; `keys` that of the list of receiving
/// keys, of which each place has its own. No place of a revision is given twice; of the list, twice as many as the cap are.
struct Protocol {
    bytes32 cohort;
    bytes32 document;
    bytes32 keys;
}

/// @notice How a study stands: coin that is held for it and not locked in orders, how many subjects are enrolled (those
/// who got nothing and gave nothing are not counted any more), its newest revision, its deadline, whether it is closed, and
/// how many places of the newest revision were given out, to those who left too.
struct StudyState {
    uint96 budget;
    uint32 enrolled;
    uint16 revision;
    uint40 deadline;
    bool isClosed;
    uint32 places;
}

/// @title IStudies
/// @notice Demand: studies with a budget that people enrol in. What happens to an order is {IOrderDesk}'s.
/// @dev Each revision of a study is a group: its number is the study's, and the revision in the lowest 16 bits. A person
/// grants to the revision that they read, so a change of terms lets nobody enrol who didn't consent anew; orders that
/// live keep the terms that they were made under. The researcher of a revision is its only member, for each subject as
/// long as that subject's order lasts.
/// @dev Nobody but the researcher and the subjects takes money out of a study: an order's share goes where {IOrderDesk}
/// says, what it doesn't earn goes back to the budget, and the budget to the researcher when the study is closed, by
/// anyone's call after its deadline.
/// @dev Warning: whether somebody meets the criteria is told by their own client, and shown by what is delivered. Until
/// then an enrolment locks one subject's share, for the delivery period at most.
interface IStudies is IOrderDesk {
    /// @notice Emitted when a study is opened (revision 1) or its terms change.
    event StudyRevised(uint96 indexed group, address indexed researcher, Study terms, Protocol protocol);

    /// @notice Emitted when coin is added to a study's budget, which is `budget` then.
    event StudyFunded(uint96 indexed study, address indexed payer, uint96 amount, uint96 budget);

    /// @notice Emitted when an ethics board of `institution` attests that it approved a revision.
    event StudyApproved(uint96 indexed group, address indexed board, uint96 institution);

    /// @notice Emitted when the board takes its approval back.
    event StudyApprovalWithdrawn(uint96 indexed group, address indexed board);

    /// @notice Emitted when a study takes nobody any more, and `unspent` goes back to its researcher.
    event StudyClosed(uint96 indexed study, uint96 unspent);

    /// @notice Emitted when `subject` enrols in place `place` of the revision, which is that of the receiving key too, from 1.
    event StudyEnrolled(
        uint256 indexed order, uint96 indexed group, address indexed subject, uint96 price, uint32 place
    );

    /// @notice A term of the study is empty, unknown or out of bounds; `term` is its place in {Study}, from 0; those of
    /// {Protocol} follow.
    error StudyInvalidTerm(uint8 term);

    /// @notice The caller is not the researcher of this study.
    error StudyNotResearcher(uint96 study, address caller);

    /// @notice There is no such study, it is closed, or its deadline is over.
    error StudyNotOpen(uint96 study);

    /// @notice The terms have changed: the study is at `revision` now, which a person has to consent to.
    error StudyRevisedSince(uint96 group, uint16 revision);

    /// @notice The accreditation of the study's researcher has ended: nobody enrols until it is renewed.
    error StudyNotAccredited(uint96 study, address researcher);

    /// @notice As many subjects as the cap are enrolled.
    error StudyFull(uint96 study, uint32 cap);

    /// @notice Twice as many places of this revision as the cap were given out, and with them all of its receiving keys.
    error StudyPlacesGiven(uint96 group, uint32 places);

    /// @notice The budget doesn't cover another subject.
    error StudyShort(uint96 study, uint96 budget, uint96 price);

    /// @notice Only an ethics board of an institution that the researcher doesn't belong to may approve, and only the
    /// board that approved may take that back.
    error StudyNotBoard(uint96 group, address caller);

    /// @notice Before its deadline only the researcher closes a study.
    error StudyNotOver(uint96 study, uint40 deadline);

    /// @notice Opens a study of the caller, an accredited researcher. Its budget is empty as yet.
    function open(Study calldata terms, Protocol calldata protocol) external returns (uint96 group);

    /// @notice Adds coin of the caller to the budget of an open study. It is the study's then.
    function fund(uint96 study, uint96 amount) external;

    /// @notice Attests that the caller's board approved a revision: the condition IRB of it. Only an account with the role
    /// of an ethics board, as a member of `institution`, which the researcher must not belong to. With institution 0 the
    /// board that approved takes that back: from then on the condition isn't met, and decisions that need it deny. So it is
    /// as long as the board isn't accredited.
    function approveStudy(uint96 group, uint96 institution) external;

    /// @notice Changes the terms of a study of the caller. Nobody enrols until they consent to the new revision; a board
    /// approves it anew.
    function amend(uint96 study, Study calldata terms, Protocol calldata protocol) external returns (uint96 group);

    /// @notice Closes a study, and credits what it didn't spend to its researcher. The researcher may at any time, anybody
    /// from the deadline on. Orders that live go on; what they don't earn is credited then.
    function close(uint96 study) external;

    /// @notice Enrols the caller: locks the price, makes the order, asks `decide` for the researcher, and refuses on a
    /// denial. One live order per study and subject. The researcher has to be accredited still.
    function enrol(uint96 group) external returns (uint256 order);

    /// @notice As {enrol}, by the signature of `subject` over the order that it makes.
    function enrolWithSig(address subject, uint96 group, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 order);

    /// @notice The order that `subject` has, had last, or would have in a study, and whether there was one.
    function orderOf(uint96 study, address subject) external view returns (uint256 order, bool exists);

    /// @notice The terms of a revision; zeros if there is none.
    function getStudy(uint96 group) external view returns (Study memory);

    /// @notice How a study stands; zeros if there is none.
    function stateOf(uint96 study) external view returns (StudyState memory);

    /// @notice Which board approved a revision and is accredited as one still, or zero.
    function boardOf(uint96 group) external view returns (address);

    /// @notice How many studies there are; they are numbered from 1.
    function studyCount() external view returns (uint96);
}
