//! Machine code: how it is made, called and freed.

#![expect(unsafe_code, reason = "calls compiled code and frees the pages it lies in")]

use crate::divide::divide;
use crate::error::CompileError;
use cranelift_codegen::Context;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, FuncRef, StackSlot, StackSlotData, StackSlotKind, Type, Value};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use std::sync::OnceLock;

fn refused(error: impl std::fmt::Display) -> CompileError {
    CompileError::Generator(error.to_string())
}

/// The host's instruction set, made once.
fn isa() -> Result<OwnedTargetIsa, CompileError> {
    static ISA: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    let isa = ISA.get_or_init(|| {
        let mut flags = settings::builder();
        let verify = if cfg!(debug_assertions) { "true" } else { "false" };
        let set = [
            ("use_colocated_libcalls", "false"),
            ("is_pic", "false"),
            ("opt_level", "speed"),
            ("enable_verifier", verify),
            ("unwind_info", "false"),
        ];
        for (name, value) in set {
            flags.set(name, value).map_err(|e| e.to_string())?;
        }
        let flags = settings::Flags::new(flags);
        cranelift_native::builder().map_err(str::to_string)?.finish(flags).map_err(|e| e.to_string())
    });
    isa.clone().map_err(CompileError::Generator)
}

/// A module that functions are added to.
pub(crate) struct Maker {
    module: JITModule,
    context: Context,
    builder: FunctionBuilderContext,
    divide: FuncId,
}

/// What the body of a function starts from.
pub(crate) struct Start<'f> {
    pub b: FunctionBuilder<'f>,
    pub params: Vec<Value>,
    pub divide: FuncRef,
    pub scratch: StackSlot,
}

impl Maker {
    /// An empty module for the host.
    pub fn new() -> Result<Maker, CompileError> {
        let mut builder = JITBuilder::with_isa(isa()?, default_libcall_names());
        builder.symbol("price_divide", divide as *const u8);
        let mut module = JITModule::new(builder);
        let mut signature = module.make_signature();
        signature.params.extend([AbiParam::new(I64); 6]);
        let divide = module.declare_function("price_divide", Linkage::Import, &signature);
        let divide = match divide {
            Ok(divide) => divide,
            Err(error) => {
                // SAFETY: nothing was compiled in this module.
                unsafe { module.free_memory() };
                return Err(refused(error));
            }
        };
        let context = module.make_context();
        Ok(Maker { module, context, builder: FunctionBuilderContext::new(), divide })
    }

    /// Adds a function of `params` pointers and 64-bit numbers whose body `fill` emits.
    pub fn function(
        &mut self,
        params: usize,
        returns: Option<Type>,
        fill: impl for<'f> FnOnce(Start<'f>) -> FunctionBuilder<'f>,
    ) -> Result<FuncId, CompileError> {
        let mut signature = self.module.make_signature();
        signature.params.extend(vec![AbiParam::new(I64); params]);
        signature.returns.extend(returns.map(AbiParam::new));
        let id = self.module.declare_anonymous_function(&signature).map_err(refused)?;
        self.context.func.signature = signature;
        let mut b = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        let params = b.block_params(entry).to_vec();
        let scratch = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 16, 3));
        let divide = self.module.declare_func_in_func(self.divide, b.func);
        let b = fill(Start { b, params, divide, scratch });
        b.finalize(self.module.target_config());
        let defined = self.module.define_function(id, &mut self.context);
        self.module.clear_context(&mut self.context);
        defined.map_err(|e| refused(format!("{e:?}")))?;
        Ok(id)
    }

    /// Makes the pages executable and gives the code.
    pub fn finish(mut self) -> Result<Code, CompileError> {
        match self.module.finalize_definitions() {
            Ok(()) => Ok(Code { module: Some(self.module) }),
            Err(error) => {
                // SAFETY: no pointer into the module was given out.
                unsafe { self.module.free_memory() };
                Err(refused(error))
            }
        }
    }
}

/// Finished code. Whoever calls it holds it.
pub(crate) struct Code {
    module: Option<JITModule>,
}

// SAFETY: after `finish` the module is only read, for addresses of functions, and taken once,
// by `drop`, which has it alone. The code itself reads what it is given and nothing else.
unsafe impl Send for Code {}
// SAFETY: as above; there is no interior change behind a shared reference.
unsafe impl Sync for Code {}

impl Drop for Code {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: every call into the code borrows the `Code`, so none is under way.
            unsafe { module.free_memory() };
        }
    }
}

type MapFn = unsafe extern "C" fn(*const *const u8, *const u64, u64, *mut u8, *mut u32, *mut i64);
type ChargeFn = unsafe extern "C" fn(*const u64, u64, u64, u64, i64, *mut u64) -> u64;
type PositionFn = unsafe extern "C" fn(*const *const u8, *const u64, u64, u64, u64, i64, *mut u64) -> u64;
type RateFn = unsafe extern "C" fn(*const *const u8, *const u64, u64, *const u32, *mut i64, *mut i64, *mut u8);

fn number(words: [u64; 2]) -> i128 {
    ((u128::from(words[1]) << 64) | u128::from(words[0])) as i128
}

impl Code {
    fn address(&self, id: FuncId) -> *const u8 {
        match &self.module {
            Some(module) => module.get_finalized_function(id),
            None => unreachable!("the module is taken by `drop` only"),
        }
    }

    /// Calls a map. `columns` are bound to a batch of `rows` rows, the outputs have an entry for
    /// each of its entries, and `pool` is the plan's.
    pub fn map(
        &self,
        id: FuncId,
        columns: &crate::columns::Bound,
        pool: &[u64],
        rows: usize,
        out: &mut price_ir::MapOut,
    ) {
        // SAFETY: `id` was made by `Emit::map` with this signature (the caller keeps ids by
        // kind). It reads `rows` elements of each bound column, whose lengths `bind` checked, and tables
        // inside the pool by offsets checked against their sizes when labels are read; it writes
        // one element per entry to vectors the caller sized.
        unsafe {
            let map: MapFn = std::mem::transmute(self.address(id));
            let (status, cell, value) = (out.status.as_mut_ptr(), out.cell.as_mut_ptr(), out.value.as_mut_ptr());
            map(columns.as_ptr(), pool.as_ptr(), rows as u64, status, cell, value);
        }
    }

    /// Calls a function of a quantity: its status and number.
    pub fn charge(&self, id: FuncId, pool: &[u64], row: u64, raw: i128, divisor: i64) -> (u8, i128) {
        let mut out = [0; 2];
        // SAFETY: `id` was made by `Emit::priced` with this signature; it reads the pool's row
        // of its own function and writes two words.
        let status = unsafe {
            let charge: ChargeFn = std::mem::transmute(self.address(id));
            charge(pool.as_ptr(), row, raw as u64, (raw >> 64) as u64, divisor, out.as_mut_ptr())
        };
        (status as u8, number(out))
    }

    /// Calls a function of one row and a position: its status and number. `at` is the row and
    /// the label of its family, both inside the bound columns.
    pub fn position(
        &self,
        id: FuncId,
        columns: &crate::columns::Bound,
        pool: &[u64],
        row: u64,
        at: (usize, usize),
        measure: i64,
    ) -> (u8, i128) {
        let mut out = [0; 2];
        // SAFETY: as for `charge`; it reads row `at` of the bound columns, which the caller
        // checked to be one of the batch.
        let status = unsafe {
            let position: PositionFn = std::mem::transmute(self.address(id));
            position(columns.as_ptr(), pool.as_ptr(), row, at.0 as u64, at.1 as u64, measure, out.as_mut_ptr())
        };
        (status as u8, number(out))
    }

    /// Calls a rate over the rows of `out`. Every base plus the line's last cell is an index of
    /// the cells, and the other slices have one element per row: checked by the caller.
    pub fn rate(&self, id: FuncId, columns: &crate::columns::Bound, pool: &[u64], out: RateRows<'_>) {
        let rows = out.posted.len() as u64;
        // SAFETY: `id` was made by `Emit::rate` with this signature. It reads and writes cells
        // only at `base` plus a cell of the line, since labels out of range leave the row first.
        unsafe {
            let rate: RateFn = std::mem::transmute(self.address(id));
            let (cells, posted, status) = (out.cells.as_mut_ptr(), out.posted.as_mut_ptr(), out.status.as_mut_ptr());
            rate(columns.as_ptr(), pool.as_ptr(), rows, out.base.as_ptr(), cells, posted, status);
        }
    }
}

/// State and results of a rate.
pub(crate) struct RateRows<'a> {
    pub base: &'a [u32],
    pub cells: &'a mut [i64],
    pub posted: &'a mut [i64],
    pub status: &'a mut [u8],
}
