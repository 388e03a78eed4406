// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberGroup} from "interfaces/IMemberGroup.sol";

/// @title HonestGroup
/// @notice A group whose members and attestations anybody sets: for tests.
contract HonestGroup is IMemberGroup {
    struct Entry {
        bool member;
        uint24 attested;
    }

    mapping(uint96 number => mapping(address actor => Entry)) private _entries;

    function set(uint96 number, address actor, bool member, uint24 attested) external {
        _entries[number][actor] = Entry(member, attested);
    }

    /// @inheritdoc IMemberGroup
    function isMember(uint96 number, address, address actor) external view returns (bool, uint24) {
        Entry storage entry = _entries[number][actor];
        return (entry.member, entry.attested);
    }
}

/// @title BabblingGroup
/// @notice Answers any question with the same bytes, whatever they mean: too few, too many, a `bool` of 2, nothing.
contract BabblingGroup {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _answer;
    }
}

/// @title RevertingGroup
/// @notice Reverts with what would be a good answer.
contract RevertingGroup is IMemberGroup {
    error Answer(bool member, uint24 attested);

    /// @inheritdoc IMemberGroup
    function isMember(uint96, address, address) external pure returns (bool, uint24) {
        revert Answer(true, type(uint24).max);
    }
}

/// @title BurningGroup
/// @notice Would say yes to everybody, after it has burnt `appetite` gas.
contract BurningGroup is IMemberGroup {
    uint256 private immutable _appetite;

    constructor(uint256 appetite) {
        _appetite = appetite;
    }

    /// @inheritdoc IMemberGroup
    function isMember(uint96, address, address) external view returns (bool, uint24) {
        uint256 enough = gasleft() > _appetite ? gasleft() - _appetite : 0;
        while (gasleft() > enough) {}
        return (true, type(uint24).max);
    }
}

/// @title BombGroup
/// @notice Answers with as many zero bytes as it is told to; the asker would have to pay for copying them.
contract BombGroup {
    uint256 private immutable _size;

    constructor(uint256 size) {
        _size = size;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return new bytes(_size);
    }
}

/// @title WritingGroup
/// @notice Tries to write while it is asked.
contract WritingGroup {
    uint256 public asked;

    function isMember(uint96, address, address) external returns (bool, uint24) {
        ++asked;
        return (true, type(uint24).max);
    }
}
