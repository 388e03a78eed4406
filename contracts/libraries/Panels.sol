// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Affiliations} from "contracts/libraries/Affiliations.sol";
import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @dev Somebody who acts for an institution.
struct Seat {
    address account;
    uint96 institution;
}

/// @dev What two sides differ about, and the first who said that the one, or the other, is right.
struct Case {
    Seat first;
    Seat second;
    Seat yes;
    Seat no;
    uint40 until;
}

/// @title Panels
/// @notice Two accredited members of two institutions who agree, and belong to neither side's, decide a case.
library Panels {
    using Affiliations for IParticipantRegistry;

    function areApart(IParticipantRegistry participants, Seat memory one, Seat memory other)
        internal
        view
        returns (bool)
    {
        return participants.areApart(one.account, one.institution, other.account, other.institution);
    }

    /// @dev Whether `voter` is apart from both sides and from who voted before.
    function isIndependent(Case storage self, IParticipantRegistry participants, Seat memory voter)
        internal
        view
        returns (bool)
    {
        return areApart(participants, voter, self.first) && areApart(participants, voter, self.second)
            && (self.yes.account == address(0) || areApart(participants, voter, self.yes))
            && (self.no.account == address(0) || areApart(participants, voter, self.no));
    }

    /// @dev Takes a vote, and says whether it is the second of its kind. Assumes that the voter is independent.
    function vote(Case storage self, Seat memory voter, bool yes) internal returns (bool) {
        if (yes) {
            if (self.yes.account != address(0)) return true;
            self.yes = voter;
        } else {
            if (self.no.account != address(0)) return true;
            self.no = voter;
        }
        return false;
    }
}
