// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "interfaces/IParticipantRegistry.sol";

/// @title Affiliations
/// @notice Who belongs to which institution, and who is of elsewhere: decided here for all who attest, review and judge.
library Affiliations {
    function belongsTo(IParticipantRegistry participants, address account, uint96 institution)
        internal
        view
        returns (bool member)
    {
        (member,) = participants.isMember(institution, account, account);
    }

    /// @dev Whether an account has these roles, and belongs to the institution for which it acts.
    function actsFor(IParticipantRegistry participants, address account, uint32 roles, uint96 institution)
        internal
        view
        returns (bool)
    {
        return participants.hasRoles(account, roles) && belongsTo(participants, account, institution);
    }

    /// @dev Two accounts who act for two institutions, neither of which the other one belongs to as well.
    function areApart(IParticipantRegistry participants, address one, uint96 ofOne, address other, uint96 ofOther)
        internal
        view
        returns (bool)
    {
        return one != other && ofOne != ofOther && !belongsTo(participants, one, ofOther)
            && !belongsTo(participants, other, ofOne);
    }
}
