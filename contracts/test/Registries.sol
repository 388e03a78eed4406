// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {Reason} from "contracts/libraries/Codes.sol";
import {Grant, Head} from "contracts/libraries/Grants.sol";
import {IConsentRegistry, Request} from "interfaces/IConsentRegistry.sol";

/// @title FixedRegistry
/// @notice Decides everything alike, with the reason that it was given: what a door does must hang on it.
contract FixedRegistry {
    bool private immutable _permits;
    Reason private immutable _reason;

    constructor(bool permits, Reason reason) {
        _permits = permits;
        _reason = reason;
    }

    /// @notice See {IConsentRegistry-decide}.
    function decide(Request calldata) external view returns (bool, Reason) {
        return (_permits, _reason);
    }

    /// @notice See {IConsentRegistry-standing}: nothing was ever granted.
    function standing(address, bytes32, address) external pure returns (Grant, Grant, Head) {
        return (Grant.wrap(0), Grant.wrap(0), Head.wrap(0));
    }
}

/// @title DenyingRegistry
/// @notice Put in the place of a registry that runs: it decides against everybody, with the reason that it was given,
///         and does all else as the registry does whose code lies at the other address.
contract DenyingRegistry {
    address private immutable _registry;
    Reason private immutable _reason;

    constructor(address registry, Reason reason) {
        _registry = registry;
        _reason = reason;
    }

    fallback(bytes calldata input) external returns (bytes memory) {
        return msg.sig == IConsentRegistry.decide.selector
            ? abi.encode(false, _reason)
            : Address.functionDelegateCall(_registry, input);
    }
}
