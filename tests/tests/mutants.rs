//! The comparison of engines finds engines that are wrong: each mutant here has one fault.

use price_interp::InterpFactory;
use price_ir::kernel::TAKEN;
use price_ir::{Batch, Charge, Fault, Kernel, KernelFactory, LineIx, MapOut, Plan, SinkIx};
use price_tests::differential::{Compared, Mismatch, differential};
use price_value::Rational;
use std::sync::Arc;

/// What a mutant does wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// A bound belongs to the tier above it.
    Charge,
    /// Faults of rows are taken for rows that are filtered out.
    Status,
    Cell,
    /// Every value from 2^30 on is given up.
    Overflow,
    Position,
    Quantum,
    /// The posting of the row before.
    Posting,
    /// A row with a fault changes its cell.
    Total,
}

struct Mutant {
    engine: Arc<dyn Kernel>,
    wrong: Wrong,
}

/// Denominator of the mutant's postings; lines that need another have no fused path.
const POSTING: i128 = 1_000_000;

impl Kernel for Mutant {
    fn plan(&self) -> &Arc<Plan> {
        self.engine.plan()
    }

    fn engine(&self) -> &'static str {
        "mutant"
    }

    fn map(&self, sink: SinkIx, batch: &Batch, regime: &[u32], out: &mut MapOut) {
        self.engine.map(sink, batch, regime, out);
        for entry in 0..out.status.len() {
            match self.wrong {
                Wrong::Status if out.status[entry] == Fault::Missing as u8 => out.status[entry] = 0,
                Wrong::Cell if out.cell[entry] == 3 => out.cell[entry] = 2,
                Wrong::Overflow if out.value[entry] >= 1 << 30 => out.status[entry] = Fault::Overflow as u8,
                _ => {}
            }
        }
    }

    fn charge(&self, line: LineIx, function: u32, raw: i128, divisor: i64) -> Result<Rational, Fault> {
        let nudge = i128::from(self.wrong == Wrong::Charge && (raw == 1000 || raw == 1237));
        self.engine.charge(line, function, raw + nudge, divisor)
    }

    fn position(&self, sink: SinkIx, function: u32, batch: &Batch, row: usize, at: i64) -> Result<Rational, Fault> {
        let row = if self.wrong == Wrong::Position { row / 2 } else { row };
        self.engine.position(sink, function, batch, row, at)
    }

    fn measure_quantum(&self, sink: SinkIx) -> Rational {
        let quantum = self.engine.measure_quantum(sink);
        if self.wrong == Wrong::Quantum { quantum * Rational::new(1, 2) } else { quantum }
    }

    fn rate(
        &self,
        at: LineIx,
        batch: &Batch,
        base: &[u32],
        cells: &mut [i64],
        posted: &mut [i64],
        status: &mut [u8],
    ) -> bool {
        let plan = self.plan().clone();
        let Charge::Usage(usage) = &plan.lines[at.ix()].charge else { return false };
        let mut out = MapOut::default();
        self.engine.map(usage.sink, batch, &[], &mut out);
        if out.status.len() != batch.rows {
            return false;
        }
        let before = cells.to_vec();
        for row in 0..batch.rows {
            (status[row], posted[row]) = (out.status[row], 0);
            if out.status[row] != TAKEN {
                continue;
            }
            let cell = &mut cells[base[row] as usize + out.cell[row] as usize];
            let total = *cell;
            let rule = usage.rules.regimes[0].cells[out.cell[row] as usize];
            let price_ir::CellRule::Function(function) = rule else {
                status[row] = Fault::NotSold as u8;
                continue;
            };
            let charge = |raw: i64| self.engine.charge(at, function, raw.into(), 1);
            let amount = match (total.checked_add(out.value[row]), charge(total)) {
                (Some(after), Ok(before)) => charge(after).map(|amount| amount - before),
                (None, _) => Err(Fault::Overflow),
                (_, Err(fault)) => Err(fault),
            };
            match amount {
                Ok(amount) => {
                    let steps = (amount * Rational::int(POSTING)).to_i128().and_then(|n| i64::try_from(n).ok());
                    let Some(steps) = steps else {
                        cells.copy_from_slice(&before);
                        return false;
                    };
                    *cell += out.value[row];
                    posted[row] = match self.wrong {
                        Wrong::Posting if row > 0 => posted[row - 1],
                        _ => steps,
                    };
                }
                Err(fault) => {
                    status[row] = fault as u8;
                    if self.wrong == Wrong::Total {
                        *cell = cell.wrapping_add(out.value[row]);
                    }
                }
            }
        }
        true
    }

    fn posting_denominator(&self, _: LineIx) -> Option<i128> {
        Some(POSTING)
    }
}

impl KernelFactory for Wrong {
    fn engine(&self) -> &'static str {
        "mutant"
    }

    fn compile(&self, plan: &Arc<Plan>) -> Result<Arc<dyn Kernel>, String> {
        Ok(Arc::new(Mutant { engine: InterpFactory.compile(plan)?, wrong: *self }))
    }
}

fn compare(wrong: Wrong, seed: u64, cases: u64) -> Result<Compared, Box<Mismatch>> {
    differential(&InterpFactory, &wrong, seed, cases)
}

#[test]
fn every_mutant_is_found_and_its_seed_replays_it() {
    for wrong in [
        Wrong::Charge,
        Wrong::Status,
        Wrong::Cell,
        Wrong::Overflow,
        Wrong::Position,
        Wrong::Quantum,
        Wrong::Posting,
        Wrong::Total,
    ] {
        let mismatch = compare(wrong, 1, 500).expect_err(&format!("{wrong:?} is found"));
        assert_eq!(compare(wrong, mismatch.seed, 1), Err(mismatch), "{wrong:?}");
    }
}

#[test]
fn an_engine_without_a_fault_passes_with_its_fused_path() {
    let compared = compare(Wrong::Nothing, 1, 200).unwrap_or_else(|mismatch| panic!("{mismatch}"));
    assert!(compared.rated > 500, "{compared:?}");
}

#[test]
fn a_plan_that_is_compiled_wrong_is_not_put_into_force() {
    let source = "use std.units (call)
use std.currencies (USD)

event request { calls: call }
meter calls = sum of request.calls

plan api {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls {
    graduated per call {
      up to 1237 calls $0.010
      beyond           $0.004
    }
  }
  late events accepted for 3 days then next period
}
";
    let world = price_driver::MemoryWorld::new().with("a.price", source);
    let workspace = price_driver::Workspace::load(&world, &["a.price".to_owned()]).expect("it loads");
    let compiled = workspace.compile(&workspace.subject(Some("api")).expect("it is there")).expect("it compiles");
    let check = |wrong: Wrong| price_validate::check(&compiled.plan, &InterpFactory, &wrong, 1);
    let compared = check(Wrong::Nothing).expect("the same engine");
    assert!(compared.values > 100, "{compared:?}");
    for wrong in [Wrong::Charge, Wrong::Posting] {
        assert!(check(wrong).is_err(), "{wrong:?} is found on a plan whose bounds are its own");
    }
}
