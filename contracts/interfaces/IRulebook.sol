// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice An asset of the portfolio. Its index is its place in `assets()`, for ever.
/// @param token the ERC-20
/// @param decimals the token's, read at listing
/// @param safeRank 0 = not safe; 1 = first refuge of flatten, 2 = second …
/// @param frozen neither traded nor counted nor flattened, only withdrawn
/// @param minBps, maxBps the range the target may take, bps of NAV
/// @param depegBps half-width of the band around 1 USD in which a safe asset is a refuge, bps
/// @param dust balance at or below which an asset without target is not counted, token units
/// @param priceLow, priceHigh sanity band, USD 18 decimals per whole token; a price outside is no price
struct Asset {
    address token;
    uint8 decimals;
    uint8 safeRank;
    bool frozen;
    uint16 minBps;
    uint16 maxBps;
    uint16 depegBps;
    uint128 dust;
    uint128 priceLow;
    uint128 priceHigh;
}

/// @notice A way from one asset to another, registered by the owner whole: the keeper chooses an index, never a path.
/// @param assetIn index of the asset sold; 255 = the reward of `claim`
/// @param assetOut index of the asset bought
/// @param claim index of the claim when assetIn is 255
/// @param slipBps most below fair value a trade may bring, bps: pool fee + feeds' deviations + a margin
/// @param adapter stateless door to the venue
/// @param venue pool or router; payments go to the adapter or here, nowhere else
/// @param data the adapter's fixed argument (fee or path)
struct Route {
    uint8 assetIn;
    uint8 assetOut;
    uint16 claim;
    uint16 slipBps;
    bool enabled;
    address adapter;
    address venue;
    bytes data;
}

/// @notice A fixed reward claim. `dailyCap` in USD, 18 decimals.
struct Claim {
    address target;
    address reward;
    uint128 dailyCap;
    bool enabled;
    bytes data;
}

/// @notice A keeper and the unix second at which its mandate ends.
struct Mandate {
    address keeper;
    uint40 expires;
}

/// @notice Every number of the envelope. bps of NAV unless said otherwise; seconds; wei.
struct Limits {
    uint16 spreadBps; // voices within this of each other form a cluster
    uint16 minDriftBps; // below it rebalance refuses (anti-churn)
    uint16 minProgressBps; // drift must fall by min(this, 80 % of what it was)
    uint16 maxTradeBps; // largest single trade
    uint16 minTradeBps; // smallest
    uint16 emergencyBps; // widest discount of an owner's or guardian's flatten
    uint16 maxShiftBps; // retarget: half the sum of target changes, any 24 h
    uint16 harvestCapBps; // harvest sales a day, of NAV at the last trade
    uint16 lossDayBps; // any 24 h
    uint16 lossMonthBps; // any 30 d
    uint16 turnoverDayBps; // any 24 h
    uint16 turnoverMonthBps; // any 30 d
    uint32 rebalanceCooldown; // seconds
    uint32 retargetCooldown; // seconds
    uint32 harvestCooldown; // seconds
    uint32 delay; // seconds between queue and execute
    uint64 maxGasPrice; // wei; 0 = off
    bool keeperMayFlatten;
}

/// @notice All that one action needs to know, in one call.
/// @param shares a bit for each asset that was an ERC-4626 share at listing, the first lowest
struct Rules {
    uint32 configVersion;
    address oracle;
    Limits limits;
    Asset[] assets;
    uint16 shares;
}

/// @notice A sale by one route, priced now.
/// @param amount units to sell: what was asked about, or the part of it that fits
/// @param least the floor for that amount, units of tokenOut, rounded up
/// @param valueIn USD value of that amount at the median, 18 decimals, rounded up; 0 for an exit
/// @param priceOut the median of tokenOut, USD 18 decimals
struct Quote {
    Route way;
    address tokenOut;
    uint8 decimalsOut;
    uint256 amount;
    uint256 least;
    uint256 valueIn;
    uint256 priceOut;
}

/// @notice One try of a flatten, or, with route 65535, that there is none to try.
/// @param first, last of this asset's in this pass
struct Step {
    uint8 asset;
    bool redeeming;
    bool first;
    bool last;
    uint16 route;
    address token;
    uint128 dust;
}

/// @notice What a rulebook is made from.
struct Setup {
    address vault; // predicted; has no code yet
    address owner;
    address payout;
    address oracle;
    Limits limits;
    Asset[] assets;
    Route[] routes;
    Claim[] claims;
    address[] guardians;
    Mandate[] keepers;
}

/// @notice NONE also for a keeper whose mandate has expired; the expiry is returned beside it.
enum Role {
    NONE,
    OWNER,
    GUARDIAN,
    KEEPER
}

/// @title What the vault reads of its rulebook, and the roles that can be taken away or handed over at once
interface IRulebookReads {
    event ConfigVersion(uint32 version);
    /// @notice An account lost its role at once; transactions decided before are dead.
    event KeeperRevoked(address indexed keeper, address indexed actor);
    event GuardianRevoked(address indexed guardian, address indexed actor);

    error VaultBusy();
    error OwnerCannotRenounce();
    error ZeroAddress(bytes32 what);
    error VaultExists(address vault);
    error RoleTaken(address account);
    error AboveCeiling(bytes32 what, uint256 value, uint256 ceiling);
    error BelowFloorOf(bytes32 what, uint256 value, uint256 floor);
    error DeadLossBudget(uint256 lossBps, uint256 reachableBps);
    error TooMany(bytes32 what, uint256 count, uint256 ceiling);
    error NoCode(address account);
    error TokenListedTwice(address token);
    error DecimalsDiffer(address token, uint8 given, uint8 found);
    error RangeInverted(bytes32 what, uint256 low, uint256 high);
    error RouteMalformed(uint16 route);
    error NoSafeAssetListed();
    error NoGuardian();
    error NoExit(uint8 asset);
    error TokenUnreadable(address token);
    error VenueRefused(uint16 route);
    error OracleReadsVenue(uint16 route, address pool);
    error ClaimMalformed(uint16 claim);
    error NotAppointed(address account);

    /// @notice The one vault this rulebook governs.
    function vault() external view returns (address);
    /// @notice The contract without state that checks and looks up for this one.
    function clerk() external view returns (address);
    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    /// @notice Where withdrawals go, and nowhere else.
    function payout() external view returns (address);
    function oracle() external view returns (address);
    /// @notice Rises with each change of a parameter, so that transactions decided before it die.
    function configVersion() external view returns (uint32);
    function rules() external view returns (Rules memory);
    function limits() external view returns (Limits memory);
    function assets() external view returns (Asset[] memory);
    function route(uint16 index) external view returns (Route memory);
    function routes() external view returns (Route[] memory);
    function claim(uint16 index) external view returns (Claim memory);
    function claims() external view returns (Claim[] memory);
    function keepers() external view returns (Mandate[] memory);
    function guardians() external view returns (address[] memory);
    /// @return role what the account may do now
    /// @return expires a keeper's mandate end, also when it has passed; 0 for others
    function roleOf(address account) external view returns (Role role, uint40 expires);

    // what the vault asks of its rulebook while it acts

    /// @notice Targets as one word, 16 bits each, the first lowest; reverts unless there is one an asset, each inside its
    /// range, and they sum to 10,000 bps.
    /// @return word the targets @return shift half the sum of |target - target before|, 1e18 = 100 %
    function packed(uint256 before, uint16[] calldata targetsBps) external view returns (uint256 word, uint256 shift);
    /// @notice Who may draw and be paid in a swap by this route, and the token it sells.
    function parties(uint16 route) external view returns (address adapter, address venue, address token);
    /// @notice The first safe asset by rank, not frozen, whose cluster price is inside its depeg band.
    function refuge() external view returns (uint8);
    /// @notice What a flatten tries, in order: first the ways by which shares redeem themselves, into the refuge or into what
    /// can be sold into it; then the ways into the refuge. Safe and frozen assets are left out.
    /// @param list the assets to sell, unless `all`
    /// @param privileged whether owner or guardian asks; a keeper may have been switched off
    function exitPlan(uint8[] calldata list, bool all, bool privileged)
        external
        view
        returns (uint8 refuge_, Step[] memory steps);
    /// @notice A flatten's leg. `privileged`: without a cluster, the highest single fresh push feed makes the floor.
    /// @param open how far the discount has opened from the route's slip to `emergencyBps`, 1e18 = all the way
    function exitQuote(uint16 route, uint256 amount, bool privileged, uint256 open) external view returns (Quote memory);
    /// @notice A sale of the reward of `claim` into a safe asset: of `amount`, or of the part worth `left` USD, 18 decimals.
    function saleQuote(uint16 route, uint16 claim, uint256 amount, uint256 left) external view returns (Quote memory);
    /// @notice Reverts if the vault has left a claim's target an allowance on its reward or on a listed token.
    function requireNoAllowance(uint16 claim) external view;

    /// @notice Owner or guardian: the keeper's mandate ends now; raises configVersion. @dev Refused while the vault's lock
    /// is held.
    function revokeKeeper(address keeper) external;
    /// @notice Owner: the same of a guardian, also of the last one.
    function revokeGuardian(address guardian) external;

    /// @notice First step of two: names the next owner. @dev Refused while the vault's lock is held.
    function transferOwnership(address newOwner) external;
    /// @notice Second step: the next owner takes over; raises configVersion.
    function acceptOwnership() external;
}

/// @notice A change that waits. Times are unix seconds.
/// @param ripeAt from here on the owner may make it
/// @param deadAt from here on nobody may
struct Pending {
    uint40 ripeAt;
    uint40 deadAt;
}

/// @title The rulebook, complete: who may change what, and when
/// @notice Loosening is `queue(data)` → (delay, veto) → `execute(data)` by the very same call; tightening is instant. Each
/// change raises configVersion by one, and is refused while the vault's lock is held (VaultBusy).
interface IRulebook is IRulebookReads {
    event Queued(bytes32 indexed id, bytes data, uint40 ripeAt, uint40 deadAt);
    event Executed(bytes32 indexed id, bytes data);
    event Cancelled(bytes32 indexed id, address indexed actor);
    event LimitsTightened(address indexed actor, Limits limits);
    event AssetFrozen(uint8 indexed asset, address indexed actor);
    event AssetUnfrozen(uint8 indexed asset);
    event RouteEnabled(uint16 indexed route, bool enabled, address indexed actor);
    event ClaimEnabled(uint16 indexed claim, bool enabled, address indexed actor);

    error NotQueued(bytes32 id);
    error AlreadyQueued(bytes32 id);
    error NotRipe(bytes32 id, uint40 ripeAt);
    error Expired(bytes32 id, uint40 deadAt);
    error NotTighter(bytes32 what);
    error VetoRefused(bytes32 id);
    error LastExit(uint8 asset);
    error NotQueueable(bytes4 selector);
    error NotCanonical();
    error OnlyQueue();
    error PriceMoved(address token, uint256 was, uint256 found);

    // ------------------------------------------------------------------------------------------------ the queue

    /// @notice Owner: queues a change. `data` is the very call that `execute` will make on this rulebook: one of the functions
    /// that are for the queue only, encoded as the ABI's encoder does and no other way (NotCanonical), so that a change has one
    /// id. Refused while the same call is pending, and while 32 others are (TooMany).
    /// @return id the hash of `data`
    function queue(bytes calldata data) external returns (bytes32 id);
    /// @notice Owner: makes a change that is ripe and not yet dead; its entry is gone.
    function execute(bytes calldata data) external;
    /// @notice Owner or guardian; a guardian may not cancel the appointment of a guardian, which may be to replace it.
    function cancel(bytes32 id) external;
    /// @notice Owner or guardian: cancels all that waits; a guardian's call leaves the appointments of guardians. It fails for
    /// nothing that another does before it. @return cancelled how many
    function cancelAll() external returns (uint256 cancelled);
    /// @notice The ids of all that waits, at most 32, in no order; also of what is dead, until another change is queued.
    function pendingIds() external view returns (bytes32[] memory);
    /// @notice What waits under `id`, also when it is dead; zeros where nothing does.
    function pending(bytes32 id) external view returns (Pending memory);

    // ------------------------------------------------------------------------------------------------ at once

    /// @notice Owner or guardian: limits each at most as loose as before, down to floors that keep the vault alive; never
    /// `emergencyBps` nor `delay`.
    function tighten(Limits calldata limits) external;
    /// @notice Owner or guardian: the asset is neither traded nor counted nor flattened, only withdrawn. A guardian may freeze
    /// a safe asset only where another is a refuge now, into which each asset still has an enabled way.
    function freeze(uint8 asset) external;
    /// @notice Owner, an hour after the freeze or later; not where an asset would lack a way into one of the safe assets.
    function unfreeze(uint8 asset) external;
    /// @notice Off: owner or guardian, who leaves each asset one way into each safe asset that it has one into. On: owner, an
    /// hour later.
    function setRouteEnabled(uint16 route, bool enabled) external;
    /// @notice Off: owner or guardian. On: owner, an hour later.
    function setClaimEnabled(uint16 claim, bool enabled) external;

    // ------------------------------------------------------------------------------------------------ by `execute` only

    /// @notice All limits, inside the ceilings; the floors of `tighten` do not hold here.
    function setLimits(Limits calldata limits) external;
    /// @notice Another oracle, within 2 % of the old one on each asset, not frozen, and each enabled claim's reward, that the
    /// old one prices; none that needs a pool in which a route trades to make a price (OracleReadsVenue).
    function setOracle(address oracle) external;
    function setPayout(address payout) external;
    /// @notice A new keeper, or a new mandate of one. At most 90 d ahead of the execution.
    function appointKeeper(Mandate calldata mandate) external;
    function appointGuardian(address guardian) external;
    /// @notice One asset more, its target 0 until targets are set. List it frozen, add its routes, unfreeze it.
    function listAsset(Asset calldata asset) external;
    /// @notice The range of an asset's target; the target of now must lie in it.
    function setAssetRange(uint8 asset, uint16 minBps, uint16 maxBps) external;
    /// @notice The sanity band of an asset's price; the price of now must lie in it.
    function setPriceBand(uint8 asset, uint128 low, uint128 high) external;
    /// @notice An asset's rank as a refuge (0 = not safe) and the half-width of its band around one dollar, bps. A refuge stays,
    /// and each asset's way into each.
    function setAssetSafety(uint8 asset, uint8 safeRank, uint16 depegBps) external;
    /// @notice The balance at or below which an asset is neither counted nor flattened, token units; worth at most 100 USD.
    function setDust(uint8 asset, uint128 dust) external;
    /// @notice One route more: its adapter says that the venue trades these tokens, and its slip covers the venue's fee.
    function addRoute(Route calldata route) external;
    /// @notice One claim more. Its call is fixed for ever: it may not hand out tokens (ClaimMalformed).
    function addClaim(Claim calldata claim) external;
}
