//! What is more than one question: formatting, actions, lenses, tests, curves.

use crate::convert::symbol_kind;
use crate::diff;
use crate::invoices;
use crate::state::State;
use price_diagnostics::{FileId, Span};
use price_ide::{Action, Def, Lens, LensKind, TestResult};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::lsp_types as lsp;

/// Runs tests and says how they ended.
pub(crate) const RUN_TESTS: &str = "price.runTests";
/// The curve of a price.
pub(crate) const CURVE: &str = "price.showCurve";
/// Known to editors, which show places with it.
const REFERENCES: &str = "price.showReferences";

/// What `price/runTests` is asked with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunTests {
    /// The file.
    pub(crate) uri: lsp::Url,
    /// Only tests that touch this stretch.
    pub(crate) range: Option<lsp::Range>,
}

/// The tests of a file with how they ended.
pub(crate) fn run_tests(state: &State, params: &RunTests) -> Value {
    let Some(file) = state.file(&params.uri) else { return json!({ "tests": [] }) };
    let within = params.range.map(|range| state.span(file, range));
    let reports = state.ide.run_tests(file, within);
    let tests: Vec<Value> = reports
        .iter()
        .map(|report| {
            let (outcome, failures) = match &report.result {
                TestResult::Passed => ("passed", Vec::new()),
                TestResult::Pending => ("pending", Vec::new()),
                TestResult::Failed(failures) => ("failed", failures.clone()),
            };
            let failures: Vec<Value> = failures
                .iter()
                .map(|(span, message)| json!({ "range": state.range(*span), "message": message }))
                .collect();
            json!({ "title": report.title, "range": state.range(report.span), "outcome": outcome, "failures": failures })
        })
        .collect();
    json!({ "tests": tests })
}

/// The curve of the price at a place; `null` where there is none.
pub(crate) fn curve(state: &State, params: &lsp::TextDocumentPositionParams) -> Value {
    let chart = state
        .file(&params.text_document.uri)
        .and_then(|file| state.ide.price_curve(file, state.offset(file, params.position)));
    let Some(chart) = chart else { return Value::Null };
    let curves: Vec<Value> = chart
        .curves
        .iter()
        .map(|curve| {
            let pieces: Vec<Value> = curve
                .pieces
                .iter()
                .map(|piece| json!({ "from": piece.from, "value": piece.value, "slope": piece.slope }))
                .collect();
            json!({ "title": curve.title, "atZero": curve.at_zero, "pieces": pieces, "points": curve.points })
        })
        .collect();
    let (name, unit, currency, bounds) = (chart.name, chart.unit, chart.currency, chart.bounds);
    json!({ "name": name, "unit": unit, "currency": currency, "curves": curves, "bounds": bounds })
}

/// What the server holds.
pub(crate) fn status(state: &State) -> Value {
    let files = state.ide.files();
    let bytes: usize = files.iter().map(|file| state.ide.text(*file).len()).sum();
    json!({ "version": state.version, "files": files.len(), "bytes": bytes, "folders": state.ide.folders() })
}

/// A command that the editor sends back.
pub(crate) fn execute(state: &State, params: &lsp::ExecuteCommandParams) -> Result<Value, String> {
    let argument = params.arguments.first().cloned().unwrap_or(Value::Null);
    match params.command.as_str() {
        RUN_TESTS => {
            let asked: RunTests = serde_json::from_value(argument).map_err(|error| error.to_string())?;
            let answer = run_tests(state, &asked);
            let tests = answer["tests"].as_array().map_or(0, Vec::len);
            let passed =
                answer["tests"].as_array().into_iter().flatten().filter(|test| test["outcome"] == "passed").count();
            let kind = if passed == tests { lsp::MessageType::INFO } else { lsp::MessageType::WARNING };
            state.say(kind, format!("{passed} of {tests} tests pass"));
            Ok(answer)
        }
        CURVE => {
            let place: lsp::TextDocumentPositionParams =
                serde_json::from_value(argument).map_err(|error| error.to_string())?;
            Ok(curve(state, &place))
        }
        diff::COMMAND => {
            let asked: diff::Asked = serde_json::from_value(argument).map_err(|error| error.to_string())?;
            Ok(diff::show(state, &asked))
        }
        invoices::COMMAND => {
            let place: lsp::TextDocumentPositionParams =
                serde_json::from_value(argument).map_err(|error| error.to_string())?;
            Ok(invoices::show(state, &place))
        }
        other => Err(format!("there is no command `{other}`")),
    }
}

/// The edits that format a file, or the lines of it inside a range.
pub(crate) fn format(state: &State, url: &lsp::Url, within: Option<lsp::Range>) -> Option<Vec<lsp::TextEdit>> {
    let file = state.file(url)?;
    // What cannot be read is not written anew; the findings say why.
    let Some(edit) = state.ide.format(file).ok()? else { return Some(Vec::new()) };
    let text = state.ide.text(file);
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let formatted = [&text[..start], &edit.text, &text[end..]].concat();
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let new: Vec<&str> = formatted.split_inclusive('\n').collect();
    if old.len() != new.len() {
        // Lines come or go: one edit, and for a range only where it holds all of it.
        let range = state.range(edit.span);
        let inside =
            within.is_none_or(|within| within.start.line <= range.start.line && range.end.line <= within.end.line);
        return Some(if inside { vec![state.edit(&edit)] } else { Vec::new() });
    }
    let lines = state.ide.lines(file);
    let mut edits = Vec::new();
    for (number, (before, after)) in (0..).zip(old.iter().zip(&new)) {
        let wanted = within.is_none_or(|within| within.start.line <= number && number <= within.end.line);
        if before != after && wanted {
            let start = lines.start(number);
            let span = Span::new(file, start, start + u32::try_from(before.len()).unwrap_or(0));
            edits.push(lsp::TextEdit::new(state.range(span), (*after).to_owned()));
        }
    }
    Some(edits)
}

/// Formats the lines of the block that a brace closes.
pub(crate) fn format_block(state: &State, url: &lsp::Url, position: lsp::Position) -> Option<Vec<lsp::TextEdit>> {
    let file = state.file(url)?;
    let offset = state.offset(file, position);
    let fold =
        state.ide.folds(file).into_iter().filter(|fold| fold.span.end == offset).min_by_key(|fold| fold.span.len())?;
    let start = state.position(file, fold.span.start);
    format(state, url, Some(lsp::Range::new(lsp::Position::new(start.line, 0), position)))
}

/// What can be done inside a range.
pub(crate) fn actions(state: &State, params: &lsp::CodeActionParams) -> Option<lsp::CodeActionResponse> {
    let file = state.file(&params.text_document.uri)?;
    let within = state.span(file, params.range);
    let only = params.context.only.as_deref();
    let wanted = |kind: &lsp::CodeActionKind| {
        only.is_none_or(|only| only.iter().any(|asked| kind.as_str().starts_with(asked.as_str())))
    };
    let mut found: Vec<lsp::CodeActionOrCommand> = Vec::new();
    for action in state.ide.actions(file, within) {
        let kind = match action.mends {
            Some(_) => lsp::CodeActionKind::QUICKFIX,
            None if action.extracts => lsp::CodeActionKind::REFACTOR_EXTRACT,
            None => lsp::CodeActionKind::REFACTOR_REWRITE,
        };
        if wanted(&kind) {
            found.push(self::action(state, action, kind, &params.context.diagnostics));
        }
    }
    let all = lsp::CodeActionKind::SOURCE_FIX_ALL;
    if only.is_some()
        && wanted(&all)
        && let Some(fixes) = state.ide.fix_all(file)
    {
        found.push(action(state, fixes, all, &[]));
    }
    Some(found)
}

fn action(
    state: &State,
    action: Action,
    kind: lsp::CodeActionKind,
    shown: &[lsp::Diagnostic],
) -> lsp::CodeActionOrCommand {
    let mended = action.mends.map(|(code, span)| {
        let range = state.range(span);
        let code = lsp::NumberOrString::String(code.as_str().to_owned());
        shown.iter().filter(|found| found.range == range && found.code.as_ref() == Some(&code)).cloned().collect()
    });
    lsp::CodeActionOrCommand::CodeAction(lsp::CodeAction {
        title: action.title,
        is_preferred: action.safe.then_some(true),
        kind: Some(kind),
        diagnostics: mended,
        edit: Some(state.workspace_edit(&action.edits)),
        ..Default::default()
    })
}

/// Lenses whose titles take time, and are computed when they are seen.
const COSTLY: [(LensKind, &str); 3] =
    [(LensKind::Run, "run"), (LensKind::RunAll, "runAll"), (LensKind::Invoice, "invoice")];

/// How such a lens is called between the server and the editor.
pub(crate) fn costly(kind: &LensKind) -> Option<&'static str> {
    COSTLY.iter().find(|(known, _)| known == kind).map(|(_, name)| *name)
}

/// The lens that is called so.
pub(crate) fn costly_kind(name: &str) -> Option<LensKind> {
    COSTLY.iter().find(|(_, known)| *known == name).map(|(kind, _)| kind.clone())
}

/// The line a lens stands above.
pub(crate) fn lens_range(state: &State, lens: &Lens) -> lsp::Range {
    let start = state.position(lens.span.file, lens.span.start);
    lsp::Range::new(start, start)
}

/// What a lens says and does.
pub(crate) fn lens(state: &State, url: &lsp::Url, file: FileId, lens: &Lens) -> lsp::Command {
    let run = state.settings.run_tests_in_lenses;
    let title = match &lens.kind {
        LensKind::Run if !run => "run test".to_owned(),
        LensKind::RunAll if !run => "run all tests".to_owned(),
        _ => state.ide.lens_title(file, lens),
    };
    let (command, argument) = match &lens.kind {
        LensKind::RunAll => (RUN_TESTS, vec![json!({ "uri": url })]),
        LensKind::Run => (RUN_TESTS, vec![json!({ "uri": url, "range": state.range(lens.span) })]),
        LensKind::Curve => {
            let position = state.position(file, lens.span.start);
            (CURVE, vec![json!({ "textDocument": { "uri": url }, "position": position })])
        }
        LensKind::Changed(_) => (diff::COMMAND, vec![json!({ "textDocument": { "uri": url } })]),
        LensKind::Invoice => {
            let position = state.position(file, lens.span.start);
            (invoices::COMMAND, vec![json!({ "textDocument": { "uri": url }, "position": position })])
        }
        LensKind::UsedBy(users) => {
            let places: Vec<lsp::Location> = users.iter().filter_map(|span| state.location(*span)).collect();
            (REFERENCES, vec![json!(url), json!(lens_range(state, lens).start), json!(places)])
        }
    };
    lsp::Command { title, command: command.to_owned(), arguments: Some(argument) }
}

/// A declaration in a call hierarchy.
pub(crate) fn call_item(state: &State, def: &Def, whole: Span) -> Option<lsp::CallHierarchyItem> {
    Some(lsp::CallHierarchyItem {
        name: def.name.clone(),
        kind: symbol_kind(def.kind),
        tags: None,
        detail: Some(def.kind.word().to_owned()),
        uri: state.url(def.file)?,
        range: state.range(whole),
        selection_range: state.range(def.span),
        data: None,
    })
}
