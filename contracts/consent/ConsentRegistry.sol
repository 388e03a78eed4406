// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Codes, Reason} from "contracts/libraries/Codes.sol";
import {Grant, Grants, Head} from "contracts/libraries/Grants.sol";
import {TypedData} from "contracts/libraries/TypedData.sol";
import {IConsentRegistry, Request, Terms} from "interfaces/IConsentRegistry.sol";
import {IMemberGroup} from "interfaces/IMemberGroup.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title ConsentRegistry
/// @notice See {IConsentRegistry}.
contract ConsentRegistry is IConsentRegistry, TypedData {
    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "Grant(address subject,bytes32 grantee,uint32 classes,uint16 uses,uint24 conditions,uint24 disease,uint40 validFrom,uint40 validUntil,bytes32 notice,uint24 grants,uint24 withdrawals,uint24 epoch,uint256 deadline)"
    );
    bytes32 private constant WITHDRAWAL_TYPEHASH =
        keccak256("Withdrawal(address subject,bytes32 grantee,uint24 withdrawals)");
    bytes32 private constant WITHDRAWAL_OF_ALL_TYPEHASH = keccak256("WithdrawalOfAll(address subject,uint24 epoch)");
    bytes32 private constant BAR_TYPEHASH = keccak256("Bar(address subject,address actor,uint8 bars)");
    bytes32 private constant UNBAR_TYPEHASH = keccak256(
        "Unbar(address subject,address actor,uint24 grants,uint24 withdrawals,uint24 epoch,uint256 deadline)"
    );
    bytes32 private constant PRIMARY_PHYSICIAN_TYPEHASH = keccak256(
        "PrimaryPhysician(address subject,address physician,uint32 classes,uint40 validUntil,uint24 grants,uint24 withdrawals,uint24 epoch,uint32 changes,uint256 deadline)"
    );

    /// @dev Enough for a group that reads four cold slots in two contracts; little enough that no group can make a
    /// decision unaffordable.
    uint256 private constant GROUP_GAS = 50_000;

    IParticipantRegistry private immutable _participants;

    mapping(address subject => mapping(bytes32 grantee => Grant)) private _grants;
    mapping(address subject => Head) private _heads;

    constructor(IParticipantRegistry participants) {
        _participants = participants;
    }

    /* GRANT */

    /// @inheritdoc IConsentRegistry
    function grant(Terms calldata terms) external {
        _grant(msg.sender, terms, _grants[msg.sender][terms.grantee], _heads[msg.sender].epoch());
    }

    /// @inheritdoc IConsentRegistry
    function grantWithSig(address subject, Terms calldata terms, uint256 deadline, bytes calldata signature) external {
        Grant word = _grants[subject][terms.grantee];
        uint24 epoch = _heads[subject].epoch();
        _checkDeadline(deadline);
        _checkSignature(
            subject,
            keccak256(abi.encode(GRANT_TYPEHASH, subject, terms, word.grants(), word.withdrawals(), epoch, deadline)),
            signature
        );

        _grant(subject, terms, word, epoch);
    }

    /// @dev Assumes that the caller has shown to act for `subject`.
    function _grant(address subject, Terms calldata terms, Grant word, uint24 epoch) private {
        if (address(uint160(uint256(terms.grantee))) == address(0)) revert ConsentInvalidGrantee(terms.grantee);
        uint32 classes = terms.classes;
        if (classes == 0 || classes & ~Codes.ALL_CLASSES != 0) revert ConsentInvalidClasses(classes);
        uint16 uses = terms.uses;
        if ((terms.disease != 0) != (uses & Codes.DS != 0)) revert ConsentInvalidDisease(terms.disease);

        _grants[subject][terms.grantee] = word.granted(
            uint256(classes) | (uint256(uses) << 32) | (uint256(terms.conditions) << 48)
                | (uint256(terms.disease) << 72)
                | _window(terms.grantee, word, uses, terms.validFrom, terms.validUntil),
            epoch,
            0
        );

        emit ConsentGranted(
            subject,
            terms.grantee,
            classes,
            uses,
            terms.conditions,
            terms.disease,
            terms.validFrom,
            terms.validUntil,
            terms.notice
        );
    }

    /// @dev The period in its place in a {Grant}, after the checks that every grant has to pass.
    function _window(bytes32 grantee, Grant word, uint16 uses, uint40 validFrom, uint40 validUntil)
        private
        view
        returns (uint256)
    {
        if (word.isBarred()) revert ConsentGranteeBarred(grantee);
        uint256 longest = Codes.maxDuration(uses);
        if (longest == 0) revert ConsentInvalidUses(uses);
        uint256 latest = block.timestamp + longest;
        if (validUntil <= validFrom || validUntil <= block.timestamp || validUntil > latest) {
            revert ConsentInvalidPeriod(validFrom, validUntil, latest);
        }

        return (uint256(validFrom) << 96) | (uint256(validUntil) << 136);
    }

    /* WITHDRAW */

    /// @inheritdoc IConsentRegistry
    function withdraw(bytes32 grantee) external {
        _withdraw(msg.sender, grantee, _grants[msg.sender][grantee]);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawWithSig(address subject, bytes32 grantee, bytes calldata signature) external {
        Grant word = _grants[subject][grantee];
        _checkSignature(
            subject, keccak256(abi.encode(WITHDRAWAL_TYPEHASH, subject, grantee, word.withdrawals())), signature
        );

        _withdraw(subject, grantee, word);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawAll() external {
        _withdrawAll(msg.sender, _heads[msg.sender]);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawAllWithSig(address subject, bytes calldata signature) external {
        Head head = _heads[subject];
        _checkSignature(subject, keccak256(abi.encode(WITHDRAWAL_OF_ALL_TYPEHASH, subject, head.epoch())), signature);

        _withdrawAll(subject, head);
    }

    function _withdraw(address subject, bytes32 grantee, Grant word) private {
        _grants[subject][grantee] = word.withdrawn(block.timestamp);

        emit ConsentWithdrawn(subject, grantee);
    }

    function _withdrawAll(address subject, Head head) private {
        Head raised = head.raised(block.timestamp);
        _heads[subject] = raised;

        emit AllConsentsWithdrawn(subject, raised.epoch());
    }

    /* BAR */

    /// @inheritdoc IConsentRegistry
    function bar(address actor) external {
        _bar(msg.sender, actor, _grants[msg.sender][_account(actor)]);
    }

    /// @inheritdoc IConsentRegistry
    function barWithSig(address subject, address actor, bytes calldata signature) external {
        Grant word = _grants[subject][_account(actor)];
        _checkSignature(subject, keccak256(abi.encode(BAR_TYPEHASH, subject, actor, word.barNumber())), signature);

        // The signature of the bar in force is public and can be carried again: it succeeds and changes nothing, so
        // that nobody voids by it what the subject signed since.
        if (!word.isBarred()) _bar(subject, actor, word);
    }

    /// @inheritdoc IConsentRegistry
    function unbar(address actor) external {
        _unbar(msg.sender, actor, _grants[msg.sender][_account(actor)]);
    }

    /// @inheritdoc IConsentRegistry
    function unbarWithSig(address subject, address actor, uint256 deadline, bytes calldata signature) external {
        Grant word = _grants[subject][_account(actor)];
        _checkDeadline(deadline);
        _checkSignature(
            subject,
            keccak256(
                abi.encode(
                    UNBAR_TYPEHASH, subject, actor, word.grants(), word.withdrawals(), _heads[subject].epoch(), deadline
                )
            ),
            signature
        );

        _unbar(subject, actor, word);
    }

    function _bar(address subject, address actor, Grant word) private {
        _grants[subject][_account(actor)] = word.barred(block.timestamp);

        emit ActorBarred(subject, actor);
    }

    function _unbar(address subject, address actor, Grant word) private {
        if (!word.isBarred()) revert ConsentNotBarred(actor);

        _grants[subject][_account(actor)] = word.unbarred();

        emit ActorUnbarred(subject, actor);
    }

    /* PRIMARY PHYSICIAN */

    /// @inheritdoc IConsentRegistry
    function setPrimaryPhysician(address physician, uint32 classes, uint40 validUntil) external {
        _setPrimaryPhysician(msg.sender, physician, classes, validUntil);
    }

    /// @inheritdoc IConsentRegistry
    function setPrimaryPhysicianWithSig(
        address subject,
        address physician,
        uint32 classes,
        uint40 validUntil,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkDeadline(deadline);
        Grant word = _grants[subject][_account(physician)];
        Head head = _heads[subject];
        _checkSignature(
            subject,
            keccak256(
                abi.encode(
                    PRIMARY_PHYSICIAN_TYPEHASH,
                    subject,
                    physician,
                    classes,
                    validUntil,
                    word.grants(),
                    word.withdrawals(),
                    head.epoch(),
                    head.changes(),
                    deadline
                )
            ),
            signature
        );

        _setPrimaryPhysician(subject, physician, classes, validUntil);
    }

    function _setPrimaryPhysician(address subject, address physician, uint32 classes, uint40 validUntil) private {
        bytes32 grantee = _account(physician);
        if (physician == address(0)) revert ConsentInvalidGrantee(grantee);
        if (classes == 0) classes = Codes.CLINICAL;
        if (classes & ~(Codes.CLINICAL | Codes.SENSITIVE) != 0) revert ConsentInvalidClasses(classes);

        uint40 validFrom = uint40(block.timestamp);
        Grant word = _grants[subject][grantee];
        Head head = _heads[subject];
        _grants[subject][grantee] = word.granted(
            uint256(classes) | (uint256(Codes.TREAT) << 32)
                | _window(grantee, word, Codes.TREAT, validFrom, validUntil),
            head.epoch(),
            Grants.PRIMARY
        );
        _heads[subject] = head.withPhysician(physician);

        emit PrimaryPhysicianSet(subject, physician, classes, validFrom, validUntil);
    }

    /* DECIDE */

    /// @inheritdoc IConsentRegistry
    function decide(Request calldata request) external view returns (bool, Reason) {
        address subject = request.subject;
        address actor = request.actor;
        if (actor == subject) return (true, Reason.SELF);

        bytes32 grantee = request.grantee;
        Grant word = _grants[subject][grantee];
        bool direct = grantee == _account(actor);
        if ((direct ? word : _grants[subject][_account(actor)]).isBarred()) return (false, Reason.BARRED);
        if (word.classes() == 0) {
            return (false, word.withdrawals() == 0 ? Reason.NOT_GRANTED : Reason.WITHDRAWN);
        }
        Head head = _heads[subject];
        if (word.epoch() != head.epoch()) return (false, Reason.WITHDRAWN);
        if (word.isPrimary() && _account(head.physician()) != grantee) return (false, Reason.NOT_PRIMARY);
        if (block.timestamp < word.validFrom()) return (false, Reason.NOT_YET);
        if (block.timestamp >= word.validUntil()) return (false, Reason.ENDED);
        if (request.classes == 0 || request.classes & ~word.classes() != 0) return (false, Reason.CLASS);
        uint16 covering = word.uses() & Codes.allowedBy(request.use);
        if (covering == 0) return (false, Reason.USE);
        if (covering == Codes.DS && word.disease() != request.disease) return (false, Reason.DISEASE);

        return _decideMembership(word, grantee, subject, actor, direct);
    }

    /// @dev The last rules of {decide}: who stands behind the grantee, and what was attested of them.
    function _decideMembership(Grant word, bytes32 grantee, address subject, address actor, bool direct)
        private
        view
        returns (bool, Reason)
    {
        uint24 conditions = word.conditions();
        if (direct) {
            if (conditions != 0 && conditions & ~_participants.conditionsOf(actor) != 0) {
                return (false, Reason.CONDITION);
            }
            return (true, word.isPrimary() ? Reason.PRIMARY_PHYSICIAN : Reason.GRANTED);
        }

        uint96 number = uint96(uint256(grantee) >> 160);
        if (number == 0) return (false, Reason.NOT_GRANTEE);
        (bool answered, bool member, uint24 attested) = _ask(address(uint160(uint256(grantee))), number, subject, actor);
        if (!answered) return (false, Reason.GROUP_SILENT);
        if (!member) return (false, Reason.NOT_MEMBER);
        if (conditions & ~attested != 0) return (false, Reason.CONDITION);
        return (true, Reason.MEMBER);
    }

    /// @dev A group is somebody else's code: it may be missing, revert, burn its gas or answer nonsense. All that is
    /// silence, so the answer is decoded by hand: the compiler's decoder would revert.
    function _ask(address group, uint96 number, address subject, address actor)
        private
        view
        returns (bool answered, bool member, uint24 attested)
    {
        if (group.code.length == 0) return (false, false, 0);
        (bool success, bytes memory data) =
            group.staticcall{gas: GROUP_GAS}(abi.encodeCall(IMemberGroup.isMember, (number, subject, actor)));
        if (!success || data.length != 64) return (false, false, 0);
        (uint256 first, uint256 second) = abi.decode(data, (uint256, uint256));
        if (first > 1 || second > type(uint24).max) return (false, false, 0);
        return (true, first == 1, uint24(second));
    }

    /// @inheritdoc IConsentRegistry
    function standing(address subject, bytes32 grantee, address actor) external view returns (Grant, Grant, Head) {
        return (_grants[subject][grantee], _grants[subject][_account(actor)], _heads[subject]);
    }

    /* SHARED */

    function _account(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function _checkDeadline(uint256 deadline) private view {
        if (block.timestamp > deadline) revert ConsentExpiredSignature(deadline);
    }

    function _checkSignature(address subject, bytes32 structHash, bytes calldata signature) private view {
        if (!_isSigned(subject, structHash, signature)) {
            revert ConsentInvalidSignature(subject);
        }
    }
}
