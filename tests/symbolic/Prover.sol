// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// The cheatcodes of halmos that these proofs use.
interface Svm {
    function createUint(uint256 bits, string calldata name) external pure returns (uint256);
    function createUint256(string calldata name) external pure returns (uint256);
    function createBytes(uint256 size, string calldata name) external pure returns (bytes memory);
    function createBytes32(string calldata name) external pure returns (bytes32);
    function createAddress(string calldata name) external pure returns (address);
    function createBool(string calldata name) external pure returns (bool);
    function createCalldata(string calldata contractName) external pure returns (bytes memory);
    function enableSymbolicStorage(address who) external;
}

/// Those of forge that halmos knows too.
interface Cheats {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function fee(uint256 baseFee) external;
    function etch(address who, bytes calldata code) external;
    function load(address who, bytes32 slot) external view returns (bytes32);
    function store(address who, bytes32 slot, bytes32 value) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
}

/// What every proof stands on. A proof is a function `check_…`: whatever its arguments, no `assert` in it fails. A revert of the
/// proof itself is no failure, so that what must not happen is called low-level and looked at.
abstract contract Prover {
    Cheats internal constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    /// The creation code as it ships: the optimizer's, through the IR.
    function _code(string memory name) internal view returns (bytes memory) {
        return vm.getCode(string.concat(".tools/symbolic/out/", name, ".sol/", name, ".json"));
    }

    function _create(bytes memory initcode) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(initcode, 0x20), mload(initcode))
        }
        require(made != address(0), "not created");
    }
}
