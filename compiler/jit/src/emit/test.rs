//! Conditions, as ways through the code: nothing is evaluated that does not decide.

use super::{Emit, steady};
use crate::columns::Source;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use price_ir::func::Order;
use price_ir::scale::Test;
use price_ir::{Fault, FieldIx, FieldType, KeyIx};

/// Lists of at most this many labels are compared one by one.
const FEW: usize = 8;

impl Emit<'_, '_> {
    /// Goes to `yes` or `no`; leaves no current block.
    pub fn test(&mut self, test: &Test, yes: Block, no: Block) {
        let holds = match test {
            Test::Always => {
                self.b.ins().jump(yes, &[]);
                return;
            }
            Test::All(parts) => {
                for part in parts {
                    let next = self.block();
                    self.test(part, next, no);
                    self.begin(next);
                }
                self.b.ins().jump(yes, &[]);
                return;
            }
            Test::Any(parts) => {
                for part in parts {
                    let next = self.block();
                    self.test(part, yes, next);
                    self.begin(next);
                }
                self.b.ins().jump(no, &[]);
                return;
            }
            Test::Not(part) => return self.test(part, no, yes),
            Test::Label(key, labels) => self.one_of(*key, labels),
            Test::Text(field, text) => self.read_byte(Source::Text(*field, text.clone())),
            Test::Flag(field) => {
                let flag = self.read_byte(Source::Flag(*field));
                let missing = self.b.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, flag, 1);
                self.fault_if(missing, Fault::Missing as u8);
                flag
            }
            Test::Present(field) => self.present(*field),
            Test::Compare(a, order, b) => {
                let a = self.expr(a);
                let b = self.expr(b);
                let wide = a.wide || b.wide;
                let (a, b) = (self.cast(a, wide), self.cast(b, wide));
                let cc = match order {
                    Order::Equal => IntCC::Equal,
                    Order::NotEqual => IntCC::NotEqual,
                    Order::Less => IntCC::SignedLessThan,
                    Order::AtMost => IntCC::SignedLessThanOrEqual,
                    Order::Greater => IntCC::SignedGreaterThan,
                    Order::AtLeast => IntCC::SignedGreaterThanOrEqual,
                };
                self.compare(cc, a, b)
            }
        };
        self.b.ins().brif(holds, yes, &[], no, &[]);
    }

    fn one_of(&mut self, key: KeyIx, labels: &[u32]) -> Value {
        let label = self.key(key);
        if labels.len() > FEW {
            return self.in_bits(label, labels);
        }
        let mut any = None;
        for code in labels {
            let same = self.b.ins().icmp_imm_u(IntCC::Equal, label, i64::from(*code));
            any = Some(match any {
                Some(any) => self.b.ins().bor(any, same),
                None => same,
            });
        }
        any.unwrap_or_else(|| self.int(0))
    }

    /// One bit per label up to the greatest; one word more, of zeros, for all beyond.
    fn in_bits(&mut self, label: Value, labels: &[u32]) -> Value {
        let most = labels.iter().max().map_or(0, |l| *l as usize);
        let mut words = vec![0u64; most / 64 + 2];
        for code in labels {
            words[*code as usize / 64] |= 1 << (code % 64);
        }
        let last = self.int(words.len() as i64 - 1);
        let table = self.pool.place(words);
        let word = self.b.ins().ushr_imm_u(label, 6);
        let word = self.b.ins().umin(word, last);
        let at = self.b.ins().ishl_imm_u(word, 3);
        let at = self.b.ins().iadd(self.base, at);
        let bits = self.b.ins().iadd_imm_u(at, table as i64);
        let bits = self.b.ins().load(I64, steady(), bits, 0);
        let bit = self.b.ins().band_imm_u(label, 63);
        let bits = self.b.ins().ushr(bits, bit);
        self.b.ins().band_imm_u(bits, 1)
    }

    /// Whether a field is there.
    pub fn present(&mut self, field: FieldIx) -> Value {
        match self.field(field) {
            FieldType::Number(_) => {
                let v = self.read_int(field);
                self.b.ins().icmp_imm_s(IntCC::NotEqual, v, i64::MIN)
            }
            FieldType::Label(_) | FieldType::LabelFrom(..) => {
                let code = self.read_code(Source::Label(field));
                self.b.ins().icmp_imm_u(IntCC::NotEqual, code, i64::from(u32::MAX))
            }
            FieldType::Text => self.read_byte(Source::HasText(field)),
            FieldType::Flag => {
                let flag = self.read_byte(Source::Flag(field));
                self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, flag, 2)
            }
            // The verifier refuses to ask for the presence of a family.
            FieldType::Family(..) => self.int(1),
        }
    }
}
