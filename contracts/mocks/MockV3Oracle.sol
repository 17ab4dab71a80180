// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice The side of a V3 pool that a TWAP reads: a constant tick and liquidity since `born`, as a test sets them.
contract MockV3Oracle {
    address public immutable token0;
    address public immutable token1;
    int24 public tick;
    uint128 public liquidity;
    uint16 public cardinality = 100;
    uint256 public born;
    bytes public failure;
    /// @dev Gas that `observe` uses up first, as a search through a large ring of observations does.
    uint256 public toll;
    /// @dev Added to both accumulators, so that they wrap inside the window.
    int56 public tickOffset;
    uint160 public liquidityOffset;
    /// @dev Added to the tick accumulator's end alone: a mean that is not whole.
    int56 public extra;

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }

    function set(int24 tick_, uint128 liquidity_, uint256 born_) external {
        (tick, liquidity, born) = (tick_, liquidity_, born_);
    }

    function setCardinality(uint16 cardinality_) external {
        cardinality = cardinality_;
    }

    function setFailure(bytes calldata failure_) external {
        failure = failure_;
    }

    function setToll(uint256 toll_) external {
        toll = toll_;
    }

    function setOffsets(int56 tickOffset_, uint160 liquidityOffset_, int56 extra_) external {
        (tickOffset, liquidityOffset, extra) = (tickOffset_, liquidityOffset_, extra_);
    }

    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool) {
        return (0, tick, 0, 1, cardinality, 0, true);
    }

    function observe(uint32[] calldata ago)
        external
        view
        returns (int56[] memory ticks, uint160[] memory perLiquidity)
    {
        uint256 until = gasleft() - toll;
        while (gasleft() > until) {}
        bytes memory reason = failure;
        if (reason.length > 0) {
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
        }
        ticks = new int56[](ago.length);
        perLiquidity = new uint160[](ago.length);
        for (uint256 i; i < ago.length; ++i) {
            require(block.timestamp - ago[i] >= born, "OLD");
            uint256 age = block.timestamp - ago[i] - born;
            unchecked {
                // forge-lint: disable-next-line(unsafe-typecast)
                ticks[i] = tickOffset + int56(uint56(age)) * tick + (ago[i] == 0 ? extra : int56(0));
                // forge-lint: disable-next-line(unsafe-typecast)
                perLiquidity[i] = liquidityOffset + uint160((age << 128) / (liquidity == 0 ? 1 : liquidity));
            }
        }
    }
}
