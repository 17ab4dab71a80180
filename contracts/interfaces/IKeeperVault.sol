// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRulebookReads} from "./IRulebook.sol";

/// @notice ACTIVE: the keeper may steer. HALTED: value moves only into the safe asset or out to the owner's payout.
enum Mode {
    ACTIVE,
    HALTED
}

/// @notice One trade the keeper asks for. The vault clamps it; nothing here can loosen a floor.
/// @param route index of an owner-registered route
/// @param maxIn the most to sell, in units of the token sold; the vault sells less where a limit is nearer
/// @param minOut the least to receive for `maxIn`, in units of the token bought; scaled to the clamped amount, and only
/// ever raises the oracle floor
struct Order {
    uint16 route;
    uint128 maxIn;
    uint128 minOut;
}

/// @notice What binds a keeper's transaction to the state it was decided on.
/// @param epoch the vault's epoch at decision; rises with rebalance, retarget, harvest, allocate, setTargets and unhalt (not
/// with halt, flatten or withdraw), so that a keeper's transaction acts at most once
/// @param configVersion the rulebook's version at decision; rises with each change of a parameter
/// @param deadline unix seconds; at most one hour ahead
/// @param decisionId the journal's id of the decision, anchoring the journal before it
struct Terms {
    uint64 epoch;
    uint32 configVersion;
    uint40 deadline;
    bytes32 decisionId;
}

/// @notice What an action did, at one price vector.
/// @param navBefore, navAfter USD, 18 decimals, rounded down
/// @param driftBefore, driftAfter half the sum of |weight - target|, 1e18 = 100 %
/// @param turnover value sold over NAV before, 1e18 = 100 %, rounded up
/// @param loss fall of NAV over NAV before, 1e18 = 100 %, rounded up; 0 on a gain
struct Report {
    uint256 navBefore;
    uint256 navAfter;
    uint64 driftBefore;
    uint64 driftAfter;
    uint64 turnover;
    uint64 loss;
}

/// @notice The vault's own state. Times are unix seconds, 0 = never.
struct State {
    Mode mode;
    bool locked;
    uint64 epoch;
    uint40 rebalancedAt;
    uint40 retargetedAt;
    uint40 harvestedAt;
    uint40 haltedAt;
    uint16[] targetsBps;
}

/// @notice What the budgets still allow now, 1e18 = 100 % of NAV.
/// @param shiftDay half the sum of target changes that a retarget may make
struct Headroom {
    uint64 lossDay;
    uint64 lossMonth;
    uint64 turnoverDay;
    uint64 turnoverMonth;
    uint64 shiftDay;
}

/// @notice The door through which an adapter draws the payment of the swap in flight, and nothing else.
interface IPayer {
    /// @notice Sends `amount` of the token being sold to `to`.
    /// @dev Only the adapter of the swap in flight; only to that adapter or the route's venue; never more in all than the
    /// amount of the swap. No allowance of the vault exists at any time.
    function pay(address to, uint256 amount) external;
}

/// @title What the vault of this release does
/// @notice Custody and the envelope. Whoever holds the keeper key can do nothing with the funds but bring the portfolio
/// nearer to the owner's targets, at a fair price, a bounded amount a day.
/// @dev Trust assumptions, safety: the owner is not malicious; each asset has a majority of honest voices within the
/// oracle's spread; listed tokens are ERC-20 without callbacks or transfer fees. Liveness: the chain includes transactions;
/// a registered venue trades within the route's slip of the oracle.
interface IVaultCore is IPayer {
    // ------------------------------------------------------------------------------------------------ events

    /// @notice A rebalance happened. `lossLeft` and `turnoverLeft`: the tighter of both windows, 1e18 = 100 % of NAV.
    event Rebalanced(
        uint64 indexed epoch,
        bytes32 indexed decisionId,
        address indexed keeper,
        Report report,
        uint64 lossLeft,
        uint64 turnoverLeft
    );
    /// @notice The owner traded inside floors and without overshoot, outside budgets.
    event Allocated(uint64 indexed epoch, address indexed owner, Report report);
    /// @notice One trade inside an action: `sold` units of `tokenIn` for `bought` units of `tokenOut`.
    event Traded(
        uint16 indexed route,
        address indexed tokenIn,
        address indexed tokenOut,
        uint256 sold,
        uint256 bought,
        uint256 floor
    );
    /// @notice The vault was halted, or halted again; `since` is the time of the first halt, which stands.
    event Halted(address indexed actor, bytes32 indexed reason, uint40 since);
    /// @notice A leg of flatten sold all or part of an asset, into the safe asset or, redeeming a share, into what it stands on.
    event LegSold(uint8 indexed asset, uint16 indexed route, uint256 sold, uint256 bought, uint256 floor);
    /// @notice Not all of an asset could be sold: the last route tried, 65535 where there was none to try, and why it refused the
    /// whole. The rest stays; flatten can be called again, withdraw always.
    event LegFailed(uint8 indexed asset, uint16 indexed route, bytes reason);
    /// @notice A flatten ended: `sold` assets are gone, `failed` ones stay, whole or in part.
    event Flattened(address indexed actor, uint8 indexed safeAsset, uint8 sold, uint8 failed);
    /// @notice The owner took `amount` of `token` out, to `payout`.
    event Withdrawn(address indexed token, address indexed payout, uint256 amount);

    /// @notice Targets moved; `shift`: half the sum of |change|, 1e18 = 100 %. `decisionId` is 0 where the owner did it.
    event Retargeted(
        uint64 indexed epoch, bytes32 indexed decisionId, address indexed actor, uint16[] targetsBps, uint64 shift
    );
    /// @notice A reward was claimed, and part of it may have been sold: `claimed` units of it, `soldFor` USD, 18 decimals, of
    /// safe assets bought. The report is empty where nothing was sold.
    event Harvested(
        uint64 indexed epoch,
        bytes32 indexed decisionId,
        uint16 indexed source,
        uint256 claimed,
        uint256 soldFor,
        Report report
    );
    /// @notice The owner put the vault to work again; every budget starts used up.
    event Unhalted(address indexed owner, uint64 epoch);
    /// @notice Anybody proved that a balance vanished, or (`byRate`) that a share's rate fell: the vault is halted. `expected` is
    /// the record, `found` what there is: token units, or what 1e27 units of the share are worth in units of its asset.
    event Tripped(address indexed caller, uint8 indexed asset, uint256 expected, uint256 found, bool byRate);
    /// @notice Native coin that had been forced in went to `payout`, wei.
    event NativeRescued(address indexed payout, uint256 amount);
    /// @notice The halt of a kill stands; the flatten after it failed whole and can be called again.
    event FlattenFailed(address indexed actor, bytes reason);

    // ------------------------------------------------------------------------------------------------ errors

    error Locked();
    error NotKeeper(address caller);
    error NotOwner(address caller);
    error NoRole(address caller);
    error MandateExpired(address keeper, uint40 expired);
    error NotActive();
    error NotHalted();
    error DeadlinePassed(uint40 deadline, uint256 nowAt);
    error DeadlineTooFar(uint40 deadline, uint256 latest);
    error EpochMoved(uint64 given, uint64 current);
    error ConfigMoved(uint32 given, uint32 current);
    error GasPriceTooHigh(uint256 price, uint256 ceiling);
    error TooSoon(uint256 readyAt);
    error NoOrders();
    error EmptyVault();
    error NoTargets();
    error PriceMissing(uint8 asset);
    error DriftTooSmall(uint256 drift, uint256 minDrift);
    error RouteDisabled(uint16 route);
    error NotTradable(uint8 asset);
    error NothingToDo(uint16 route, uint256 value, uint256 minTrade);
    error Overspent(uint16 route, uint256 spent, uint256 amount);
    error BelowFloor(uint16 route, uint256 got, uint256 floor);
    error BalanceFell(uint8 asset, uint256 balance, uint256 expected);
    error LossBudget(uint256 loss, uint256 left);
    error NoProgress(uint256 driftBefore, uint256 driftAfter, uint256 needed);
    error FlattenSwitchedOff();
    error NoSafeAsset();
    error UnknownAsset(uint8 asset);
    error OnlySelf();
    error GasStarved(uint256 left, uint256 needed);
    error NothingPending();
    error PayeeRefused(address to);
    error PaymentTooLarge(uint256 amount, uint256 left);
    error WithdrawFailed(address token, uint256 moved, uint256 amount);
    error ZeroAmount();
    error NativeRefused(address payout, uint256 amount);
    error NothingTripped(uint8 asset);
    error WrongRulebook(address namesVault);
    error ShiftTooLarge(uint256 shift, uint256 left);
    error NoChange();
    error ClaimDisabled(uint16 source);
    error ClaimFailed(bytes reason);
    error AllowanceLeft(address token, uint256 allowed);
    error RewardUnpriced(address reward);
    error HarvestCap(uint256 value, uint256 left);
    error BadTargets(uint256 sum);
    error TargetOutOfRange(uint8 asset, uint16 target, uint16 min, uint16 max);

    // ------------------------------------------------------------------------------------------------ keeper

    /// @notice Trades towards the targets. Checks in order: lock, keeper with a live mandate, ACTIVE, deadline, epoch,
    /// configVersion, gas price, cooldown; one price vector, drift at or above minDrift; per order a clamp by which no target
    /// is crossed, and the oracle floor; no other listed balance fell; loss inside its budgets; drift fell enough.
    function rebalance(Order[] calldata orders, Terms calldata terms) external returns (Report memory);

    /// @notice New targets inside each asset's owner-set range, sum 100 %, a real change, at most maxShift in any 24 h.
    function retarget(uint16[] calldata targetsBps, Terms calldata terms) external;

    /// @notice The owner's fixed claim call, then sales of at most the claimed amount into safe assets, at trades' floors, up
    /// to the caps of any 24 h. Without sales the reward stays. No listed balance may fall.
    /// @return report NAV at the last trade, and that plus what was bought; turnover and loss of the sales over it; no drift;
    /// empty without sales
    function harvest(uint16 source, Order[] calldata sales, Terms calldata terms)
        external
        returns (Report memory report);

    // ------------------------------------------------------------------------------------------------ owner

    /// @notice The owner's rebalance: no epoch, trigger, cooldown, maxTrade or budget, for a Safe signs hours later. Floors
    /// and the rule that no target is crossed stand. ACTIVE only.
    function allocate(Order[] calldata orders, uint40 deadline) external returns (Report memory);

    /// @notice Sends `amount` of any token to the payout address; `type(uint256).max` sends the whole balance.
    /// @dev Any mode, no oracle, no loop over other tokens; checked by the vault's own balance, so that tokens which return
    /// false or nothing still leave.
    function withdraw(address token, uint256 amount) external;

    /// @notice Sends native coin that was forced in to the payout address, in any mode. The vault takes none by itself.
    function rescueNative() external;

    /// @notice Targets at once, inside each asset's range, in any mode; raises the epoch.
    function setTargets(uint16[] calldata targetsBps) external;

    /// @notice Back to work, one hour after the halt or later: all budgets start used up, the epoch rises.
    function unhalt() external;

    // ------------------------------------------------------------------------------------------------ exit

    /// @notice Stops every steering action. Keeper, guardian or owner. No call but one role read: it cannot fail.
    /// @param reason free for a person; the keeper puts its decision id here
    function halt(bytes32 reason) external;

    /// @notice Guardian, owner: halt, then try to flatten; nothing in the second can undo the first.
    function kill(bytes32 reason) external;

    /// @notice HALTED: redeems shares, then sells every priced, unfrozen asset that is not ranked safe into the first safe
    /// asset whose cluster price is inside its depeg band. A keeper (unless switched off) at the routes' slips, once each
    /// balance; guardian or owner at a discount that opens over an hour. What does not sell stays.
    function flatten() external;

    /// @notice The same for the named assets alone.
    function flatten(uint8[] calldata assets) external;

    // ------------------------------------------------------------------------------------------------ anyone

    /// @notice Halts an ACTIVE vault on proof that it holds less of an asset than when it last acted, or that the rate of an
    /// ERC-4626 share has fallen by more than 10 bps since. Never on a price, never by what the owner withdrew.
    function trip(uint8 asset) external;

    // ------------------------------------------------------------------------------------------------ views

    /// @notice Name and version of this code, for manifests.
    function version() external pure returns (string memory);
    /// @notice The rulebook, for ever.
    function rulebook() external view returns (IRulebookReads);
    function state() external view returns (State memory);
    function headroom() external view returns (Headroom memory);
}

/// @title The vault, complete
/// @notice All of it is in IVaultCore: nothing is left to come. The name to build on.
interface IKeeperVault is IVaultCore {}
