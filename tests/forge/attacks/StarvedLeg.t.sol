// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAdapter, Swap} from "../../../contracts/interfaces/IAdapter.sol";
import {IPayer} from "../../../contracts/interfaces/IKeeperVault.sol";
import {Setup} from "../../../contracts/interfaces/IRulebook.sol";
import {OddToken} from "../../../contracts/mocks/OddToken.sol";
import {PricedAdapter} from "../../../contracts/mocks/PricedAdapter.sol";
import {World} from "../vault/World.sol";

/// An honest venue that is as dear as a leg may be: it burns so much gas before it trades at the oracle's price.
contract DearAdapter is IAdapter {
    PricedAdapter private immutable prices;
    uint256 public burn;

    constructor(PricedAdapter prices_) {
        prices = prices_;
    }

    function setBurn(uint256 gas) external {
        burn = gas;
    }

    function swap(Swap calldata order) external returns (uint256 out) {
        uint256 start = gasleft();
        while (start - gasleft() < burn) {}
        IPayer(msg.sender).pay(address(this), order.amountIn);
        out = prices.quote(order.tokenIn, order.tokenOut, order.amountIn);
        OddToken(order.tokenOut).mint(msg.sender, out);
    }

    function probe(address, address, address, bytes calldata) external pure returns (uint256, address[] memory) {
        return (0, new address[](0));
    }
}

/// Morpho's PR 434: whoever calls chooses the gas, and with it whether a try inside fails. A leg that fails for want of gas leaves a
/// sixty-fourth of it, which is enough to say so and go on where the leg is dear: the vault would be halted, flattened, and full.
contract StarvedLegTest is World {
    uint256 private constant STEP = 4000; // gas
    DearAdapter private dear;

    function _prepare() internal override {
        dear = new DearAdapter(adapter);
    }

    function _setup() internal view override returns (Setup memory setup) {
        setup = super._setup();
        setup.routes[WBTC_USDC].adapter = address(dear);
    }

    function _flattens(uint256 gas) private returns (bool sold) {
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        (bool done,) = address(vault).call{gas: gas}(abi.encodeWithSignature("flatten(uint8[])", _list(WBTC)));
        sold = _held(WBTC) == 0;
        yes(sold || !done, string.concat("starved with ", vm.toString(gas)));
        vm.revertToStateAndDelete(before);
    }

    function test_no_gas_starves_the_dearest_leg_there_may_be() public {
        _halt();
        uint256 burn = 1_450_000;
        for (dear.setBurn(burn); !_dearestFits(); dear.setBurn(burn)) {
            burn -= STEP;
        }
        uint256 starved;
        for (uint256 gas = 1_300_000; gas < 1_800_000; gas += STEP) {
            if (!_flattens(gas)) ++starved;
        }
        yes(starved > 0 && starved < 125, "some of it is too little, and some is enough");
    }

    /// Whether a leg of so much gas is sold at all, by a caller who gives plenty.
    function _dearestFits() private returns (bool sold) {
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        vault.flatten{gas: 30_000_000}(_list(WBTC));
        sold = _held(WBTC) == 0;
        vm.revertToStateAndDelete(before);
    }
}
