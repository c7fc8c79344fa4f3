//! Plain answers as the protocol writes them.

use crate::state::State;
use price_diagnostics::{Diagnostic, FileId, Severity, Span};
use price_ide::{CompletionKind, DefKind, Encoding, Position as Place, Symbol, TextEdit};
use std::collections::HashMap;
use tower_lsp::lsp_types as lsp;

/// Findings that are about text nobody needs: shown faded.
const UNUSED: [&str; 4] = ["P505", "P902", "P219", "P504"];

pub(crate) fn encoding(offered: Option<&[lsp::PositionEncodingKind]>) -> Encoding {
    let offered = offered.unwrap_or_default();
    if offered.contains(&lsp::PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if offered.contains(&lsp::PositionEncodingKind::UTF32)
        && !offered.contains(&lsp::PositionEncodingKind::UTF16)
    {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

pub(crate) fn encoding_kind(encoding: Encoding) -> lsp::PositionEncodingKind {
    match encoding {
        Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
    }
}

pub(crate) fn place(position: lsp::Position) -> Place {
    Place { line: position.line, column: position.character }
}

impl State {
    pub(crate) fn position(&self, file: FileId, offset: u32) -> lsp::Position {
        let at = self.ide.lines(file).position(self.ide.text(file), offset, self.encoding);
        lsp::Position::new(at.line, at.column)
    }

    pub(crate) fn range(&self, span: Span) -> lsp::Range {
        lsp::Range::new(self.position(span.file, span.start), self.position(span.file, span.end))
    }

    pub(crate) fn offset(&self, file: FileId, position: lsp::Position) -> u32 {
        self.ide.lines(file).offset(self.ide.text(file), place(position), self.encoding)
    }

    pub(crate) fn span(&self, file: FileId, range: lsp::Range) -> Span {
        Span::new(file, self.offset(file, range.start), self.offset(file, range.end))
    }

    pub(crate) fn url(&self, file: FileId) -> Option<lsp::Url> {
        if self.ide.is_standard(file) {
            return self.places.library(self.ide.path(file), self.ide.text(file), self.version);
        }
        self.places.url(self.ide.path(file))
    }

    pub(crate) fn location(&self, span: Span) -> Option<lsp::Location> {
        Some(lsp::Location::new(self.url(span.file)?, self.range(span)))
    }

    pub(crate) fn edit(&self, edit: &TextEdit) -> lsp::TextEdit {
        lsp::TextEdit::new(self.range(edit.span), edit.text.clone())
    }

    pub(crate) fn workspace_edit(&self, edits: &[TextEdit]) -> lsp::WorkspaceEdit {
        let mut changes: HashMap<lsp::Url, Vec<lsp::TextEdit>> = HashMap::new();
        for edit in edits {
            if let Some(url) = self.url(edit.span.file) {
                changes.entry(url).or_default().push(self.edit(edit));
            }
        }
        lsp::WorkspaceEdit { changes: Some(changes), ..Default::default() }
    }

    pub(crate) fn diagnostic(&self, found: &Diagnostic) -> Option<lsp::Diagnostic> {
        let span = found.primary_span()?;
        let severity = match found.severity {
            Severity::Error => lsp::DiagnosticSeverity::ERROR,
            Severity::Warning => lsp::DiagnosticSeverity::WARNING,
            Severity::Info => lsp::DiagnosticSeverity::INFORMATION,
        };
        let mut message = found.message.clone();
        let own = found.labels.iter().find(|label| label.primary && !label.message.is_empty());
        if let Some(label) = own {
            message = format!("{message}: {}", label.message);
        }
        for note in &found.notes {
            message = format!("{message}\n{note}");
        }
        if let Some(help) = &found.help {
            message = format!("{message}\nhelp: {help}");
        }
        let others = found.labels.iter().filter(|label| !label.primary);
        let related: Vec<lsp::DiagnosticRelatedInformation> = others
            .filter_map(|label| {
                let message = if label.message.is_empty() { "see here".to_owned() } else { label.message.clone() };
                Some(lsp::DiagnosticRelatedInformation { location: self.location(label.span)?, message })
            })
            .collect();
        let code = found.code.as_str();
        Some(lsp::Diagnostic {
            range: self.range(span),
            severity: Some(severity),
            code: Some(lsp::NumberOrString::String(code.to_owned())),
            code_description: self.code_page(code).map(|href| lsp::CodeDescription { href }),
            source: Some("price".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: UNUSED.contains(&code).then(|| vec![lsp::DiagnosticTag::UNNECESSARY]),
            data: None,
        })
    }

    #[allow(deprecated)]
    pub(crate) fn document_symbol(&self, symbol: &Symbol) -> lsp::DocumentSymbol {
        let children: Vec<lsp::DocumentSymbol> =
            symbol.children.iter().map(|child| self.document_symbol(child)).collect();
        lsp::DocumentSymbol {
            name: if symbol.name.is_empty() { symbol.kind.word().to_owned() } else { symbol.name.clone() },
            detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
            kind: symbol_kind(symbol.kind),
            tags: None,
            deprecated: None,
            range: self.range(symbol.span),
            selection_range: self.range(symbol.name_span),
            children: (!children.is_empty()).then_some(children),
        }
    }
}

pub(crate) fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }
}

pub(crate) fn symbol_kind(kind: DefKind) -> lsp::SymbolKind {
    use DefKind as K;
    match kind {
        K::Module => lsp::SymbolKind::MODULE,
        K::Constant => lsp::SymbolKind::CONSTANT,
        K::Currency | K::Unit => lsp::SymbolKind::TYPE_PARAMETER,
        K::Dimension | K::Calendar | K::Holidays => lsp::SymbolKind::ENUM,
        K::Label => lsp::SymbolKind::ENUM_MEMBER,
        K::Event => lsp::SymbolKind::EVENT,
        K::Field => lsp::SymbolKind::FIELD,
        K::Meter | K::Parameter => lsp::SymbolKind::VARIABLE,
        K::Formula => lsp::SymbolKind::FUNCTION,
        K::RateCard | K::Plan => lsp::SymbolKind::CLASS,
        K::Contract => lsp::SymbolKind::INTERFACE,
        K::Price | K::Fee | K::Discount => lsp::SymbolKind::PROPERTY,
        K::Allowance | K::Commitment | K::Wallet | K::Entitlement | K::Grant => lsp::SymbolKind::OBJECT,
        K::Test | K::Assertion => lsp::SymbolKind::METHOD,
        K::Amendment => lsp::SymbolKind::NAMESPACE,
    }
}

pub(crate) fn completion_kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    use DefKind as K;
    use lsp::CompletionItemKind as C;
    match kind {
        CompletionKind::Keyword => C::KEYWORD,
        CompletionKind::Snippet => C::SNIPPET,
        CompletionKind::Name(kind) => match kind {
            K::Module => C::MODULE,
            K::Constant => C::CONSTANT,
            K::Currency | K::Unit => C::UNIT,
            K::Dimension | K::Calendar | K::Holidays => C::ENUM,
            K::Label => C::ENUM_MEMBER,
            K::Event => C::EVENT,
            K::Field => C::FIELD,
            K::Formula => C::FUNCTION,
            K::RateCard | K::Plan => C::CLASS,
            K::Contract => C::INTERFACE,
            K::Price | K::Fee | K::Discount => C::PROPERTY,
            _ => C::VARIABLE,
        },
    }
}
