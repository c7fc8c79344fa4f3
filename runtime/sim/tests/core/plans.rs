//! The plans of the runs, each in two versions, and what usage under them costs in the plainest way.

use price_driver::{MemoryWorld, Workspace, artefact};
use price_sim::Rng;
use std::sync::LazyLock;

/// A plan that runs are made of.
pub struct Plan {
    pub name: &'static str,
    /// Compiled: as it is at first, and as amended.
    pub versions: [Vec<u8>; 2],
    pub zone: &'static str,
    /// A contract names its accounts itself.
    pub contract: bool,
    /// Usage that is recorded more than three days after its month is refused.
    pub refuses_late: bool,
    /// Its events are payments, otherwise requests.
    pub payments: bool,
    /// Days for which usage of a month is taken into it after its end, under each version.
    pub grace: [i32; 2],
    /// Calls that a month includes under each version, and whether more are refused.
    pub limit: Option<([i64; 2], bool)>,
    /// What the usage of one month costs beside fees called `base` under a version, in hundredths of a cent.
    pub cost: fn(&[i64], usize) -> i64,
}

const HEAD: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
event payment { amount: USD decimals 2 }
meter calls = count of request in calls

";

/// Calls beyond two are billed in tiers; a pool and pauses occur.
const LADDER: &str = "plan api {
  currency  USD
  timezone  \"Europe/Berlin\"
  billing   monthly on day 1
  rounding  each line half-even to cents
  allowance included = 2 calls per month on calls
  price calls on calls {
    graduated per call {
      up to 3 calls $1.00
      beyond        $0.50
    }
    tiers count net usage
  }
  waterfall {
    first   allowance included
    finally invoice
  }
  prorate included never
  fee base = $5.00 per month in arrears
  prorate base daily
  entitlement calls = 9 calls per month then block
  entitlement sso = yes
  entitlement audit = no
  entitlement support = \"mail\"
  late events accepted for 3 days then next period
}
";

const PAYMENTS: &str = "plan pay {
  currency  USD
  timezone  \"UTC\"
  billing   monthly on day 1
  rounding  each line half-up to cents
  price card on each payment {
    2.9% of amount plus $0.30
    round each payment half-up to cents
  }
  entitlement sso = yes
  entitlement audit = no
  entitlement support = \"mail\"
  late events accepted for 3 days then rejected
}
";

const WALLET: &str = "plan credit {
  currency  USD
  timezone  \"UTC\"
  billing   monthly on day 1
  rounding  each line half-up to cents
  price calls on calls = $1.00 per call
  wallet welcome {
    holds     USD
    pays for  calls
    grant     $5.00 free each month expires at month end
    overdraft none
  }
  waterfall {
    first   wallet welcome
    finally invoice
  }
  entitlement calls = 7 calls per month then allow
  entitlement sso = yes
  entitlement audit = no
  entitlement support = \"mail\"
  late events accepted for 3 days then next period
}
";

const CONTRACT: &str = "contract initech with \"Initech\" {
  buyer     \"Initech\" accounts a, b
  term      2026-01-01 through 2026-12-31
  currency  USD
  timezone  \"UTC\"
  billing   monthly on day 1
  rounding  each line half-up to cents
  price calls on calls = $0.10 per call
  fee base = $7.00 per month in advance
  prorate base never
  entitlement calls = 20 calls per month then block
  entitlement sso = yes
  entitlement audit = no
  entitlement support = \"mail\"
  late events accepted for 3 days then next period
}
";

const AMENDMENT: &str = "
amendment 1 to initech effective 2026-01-01 signed 2026-03-10 retroactive {
  set override price calls = $0.05 per call
}
";

fn compiled(source: &str, name: &str) -> Vec<u8> {
    let world = MemoryWorld::new().with("plan.price", format!("{HEAD}{source}"));
    let workspace = Workspace::load(&world, &["plan.price".to_owned()]).expect("it loads");
    let subject = workspace.subject(Some(name)).expect("the plan is there");
    let compiled = workspace.compile(&subject).unwrap_or_else(|error| panic!("{error:?}"));
    artefact(&compiled).expect("it can be written")
}

fn two(name: &'static str, first: &str, second: &str) -> [Vec<u8>; 2] {
    [compiled(first, name), compiled(second, name)]
}

static PLANS: LazyLock<[Plan; 4]> = LazyLock::new(|| {
    [
        Plan {
            name: "api",
            versions: two("api", LADDER, &LADDER.replace("$0.50", "$0.25").replace("= 9 calls", "= 14 calls")),
            zone: "Europe/Berlin",
            contract: false,
            refuses_late: false,
            payments: false,
            grace: [3, 3],
            limit: Some(([9, 14], true)),
            cost: |events, version| {
                let net = (events.len() as i64 - 2).max(0);
                net.min(3) * 10_000 + (net - 3).max(0) * [5_000, 2_500][version]
            },
        },
        Plan {
            name: "pay",
            versions: two("pay", PAYMENTS, &PAYMENTS.replace("$0.30", "$0.25")),
            zone: "UTC",
            contract: false,
            refuses_late: true,
            payments: true,
            grace: [3, 3],
            limit: None,
            cost: |events, version| {
                let each = |cents: &i64| (cents * 29 + 500) / 1_000 + [30, 25][version];
                events.iter().map(each).sum::<i64>() * 100
            },
        },
        Plan {
            name: "credit",
            versions: two(
                "credit",
                WALLET,
                &WALLET.replace("$1.00 per call", "$2.00 per call").replace("3 days", "6 days"),
            ),
            zone: "UTC",
            contract: false,
            refuses_late: false,
            payments: false,
            grace: [3, 6],
            limit: Some(([7, 7], false)),
            cost: |events, version| events.len() as i64 * [10_000, 20_000][version],
        },
        Plan {
            name: "initech",
            versions: two("initech", CONTRACT, &format!("{CONTRACT}{AMENDMENT}")),
            zone: "UTC",
            contract: true,
            refuses_late: false,
            payments: false,
            grace: [3, 3],
            limit: Some(([20, 20], true)),
            cost: |events, version| events.len() as i64 * [1_000, 500][version],
        },
    ]
});

/// One of them.
pub fn draw(rng: &mut Rng) -> &'static Plan {
    &PLANS[rng.below(PLANS.len() as u64) as usize]
}
