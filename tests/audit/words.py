"""Events and structs of the contracts, as their interfaces declare them (contracts/interfaces, ERC-20, Chainlink)."""

from __future__ import annotations

from tests.audit.record import Shape

REPORT = "(uint256,uint256,uint64,uint64,uint64,uint64)"
NAV_BEFORE, NAV_AFTER, DRIFT_BEFORE, DRIFT_AFTER, TURNOVER, LOSS = range(6)
"""Places in a Report."""

ASSET = "(address,uint8,uint8,bool,uint16,uint16,uint16,uint128,uint128,uint128)"
ROUTE = "(uint8,uint8,uint16,uint16,bool,address,address,bytes)"
CLAIM = "(address,address,uint128,bool,bytes)"
LIMIT_NAMES = (
    "spreadBps",
    "minDriftBps",
    "minProgressBps",
    "maxTradeBps",
    "minTradeBps",
    "emergencyBps",
    "maxShiftBps",
    "harvestCapBps",
    "lossDayBps",
    "lossMonthBps",
    "turnoverDayBps",
    "turnoverMonthBps",
    "rebalanceCooldown",
    "retargetCooldown",
    "harvestCooldown",
    "delay",
    "maxGasPrice",
    "keeperMayFlatten",
)
LIMITS = f"({','.join(['uint16'] * 12 + ['uint32'] * 4 + ['uint64', 'bool'])})"
ORDERS = "(uint16,uint128,uint128)[]"
TERMS = "(uint64,uint32,uint40,bytes32)"
STATE = "(uint8,bool,uint64,uint40,uint40,uint40,uint40,uint16[])"
REWARD = 255
"""An asset index that says: the reward of the route's claim."""

REBALANCE = f"rebalance({ORDERS},{TERMS})"
HARVEST = f"harvest(uint16,{ORDERS},{TERMS})"


def _shapes(*declared: str) -> dict[str, Shape]:
    return {shape.name: shape for shape in map(Shape, declared)}


VAULT = _shapes(
    "Rebalanced(uint64 indexed epoch,bytes32 indexed decisionId,address indexed keeper,"
    f"{REPORT} report,uint64 lossLeft,uint64 turnoverLeft)",
    f"Allocated(uint64 indexed epoch,address indexed owner,{REPORT} report)",
    "Retargeted(uint64 indexed epoch,bytes32 indexed decisionId,address indexed actor,"
    "uint16[] targetsBps,uint64 shift)",
    "Harvested(uint64 indexed epoch,bytes32 indexed decisionId,uint16 indexed source,"
    f"uint256 claimed,uint256 soldFor,{REPORT} report)",
    "Traded(uint16 indexed route,address indexed tokenIn,address indexed tokenOut,"
    "uint256 sold,uint256 bought,uint256 floor)",
    "Halted(address indexed actor,bytes32 indexed reason,uint40 since)",
    "Unhalted(address indexed owner,uint64 epoch)",
    "LegSold(uint8 indexed asset,uint16 indexed route,uint256 sold,uint256 bought,uint256 floor)",
    "LegFailed(uint8 indexed asset,uint16 indexed route,bytes reason)",
    "FlattenFailed(address indexed actor,bytes reason)",
    "Flattened(address indexed actor,uint8 indexed safeAsset,uint8 sold,uint8 failed)",
    "Withdrawn(address indexed token,address indexed payout,uint256 amount)",
)
TRANSFER = Shape("Transfer(address indexed source,address indexed target,uint256 amount)")
APPROVAL = Shape("Approval(address indexed holder,address indexed spender,uint256 amount)")
ANSWER = Shape("AnswerUpdated(int256 indexed current,uint256 indexed roundId,uint256 updatedAt)")
