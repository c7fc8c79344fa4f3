//! `currency CREDIT virtual decimals 4`.

use crate::codes;
use crate::env::Builder;
use crate::types::Names;
use price_diagnostics::Diagnostic;
use price_syntax::ast;
use price_value::Currency;

/// A currency; `None` after a finding.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::CurrencyDecl) -> Option<Currency> {
    let decimals = match &decl.decimals {
        None => 2,
        Some(number) => match number.as_u64() {
            Some(n) if n <= 12 => n as u8,
            _ => {
                builder.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, "a currency has 0 to 12 decimals").at(number.span, ""),
                );
                return None;
            }
        },
    };
    Some(Currency {
        code: decl.code.text.clone(),
        decimals,
        symbol: decl.symbol.as_ref().map(|s| s.value.clone()),
        is_virtual: decl.is_virtual,
    })
}
