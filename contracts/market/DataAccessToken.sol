// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IDataAccessToken} from "interfaces/IDataAccessToken.sol";

/// @title DataAccessToken
/// @notice See {IDataAccessToken}. The order is the token: what is here is only the view and the count of each holder.
abstract contract DataAccessToken is IDataAccessToken {
    /// @dev ERC-5192's interface id.
    bytes4 private constant LOCKED_INTERFACE_ID = 0xb45a3c0e;

    mapping(address holder => uint256) private _balances;

    /* TOKEN */

    /// @dev Who holds `tokenId`, or zero.
    function _holderOf(uint256 tokenId) internal view virtual returns (address);

    /// @dev The token that `holder` gets; `previous` is the one whose place it takes, or zero.
    function _issue(address holder, uint256 tokenId, uint256 previous) internal {
        if (previous == 0) {
            // Nobody can hold 2^256 tokens.
            unchecked {
                ++_balances[holder];
            }
        } else {
            emit Transfer(holder, address(0), previous);
        }

        emit Transfer(address(0), holder, tokenId);
        emit Locked(tokenId);
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) public view returns (address holder) {
        holder = _holderOf(tokenId);
        if (holder == address(0)) revert TokenNonexistent(tokenId);
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner) external view returns (uint256) {
        if (owner == address(0)) revert TokenInvalidOwner(owner);
        return _balances[owner];
    }

    /// @inheritdoc IDataAccessToken
    function locked(uint256 tokenId) external view returns (bool) {
        ownerOf(tokenId);
        return true;
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view returns (address) {
        ownerOf(tokenId);
        return address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public pure virtual returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == LOCKED_INTERFACE_ID;
    }

    /* NEVER MOVES */

    /// @inheritdoc IERC721
    function approve(address, uint256) external pure {
        revert TokenSoulbound();
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address, bool) external pure {
        revert TokenSoulbound();
    }

    /// @inheritdoc IERC721
    function transferFrom(address, address, uint256) external pure {
        revert TokenSoulbound();
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256) external pure {
        revert TokenSoulbound();
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256, bytes calldata) external pure {
        revert TokenSoulbound();
    }
}
