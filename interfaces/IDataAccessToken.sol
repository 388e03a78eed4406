// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title IDataAccessToken
/// @notice An order seen as a token: a soulbound ERC-721 (ERC-5192) that says who bought access and until when.
/// @dev It is a receipt, not the access: whether data may be opened is `ConsentRegistry.decide`, now. It never moves.
interface IDataAccessToken is IERC721 {
    /// @notice ERC-5192: emitted when a token is made, as it is locked for ever.
    event Locked(uint256 tokenId);

    /// @notice There is no such token, or a later purchase took its place.
    error TokenNonexistent(uint256 tokenId);

    /// @notice The zero address holds no tokens.
    error TokenInvalidOwner(address owner);

    /// @notice Tokens never move, and nobody can be allowed to move them.
    error TokenSoulbound();

    /// @notice ERC-5192: true for every token there is.
    function locked(uint256 tokenId) external view returns (bool);

    /// @notice The first second at which the bought time is over; 0 as long as the time hasn't begun.
    function expiresAt(uint256 tokenId) external view returns (uint40);
}
