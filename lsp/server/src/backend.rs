//! Requests of the editor, each handed to the thread.

use crate::commands;
use crate::convert::{completion_kind, encoding, encoding_kind, markdown, symbol_kind};
use crate::diff;
use crate::invoices;
use crate::pictures;
use crate::settings::Settings;
use crate::state::State;
use crate::thread::Thread;
use crate::{Start, tokens, watches};
use price_ide::{Completion, CompletionKind, Def, Lens, LensKind};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::request::{
    GotoDeclarationParams, GotoDeclarationResponse, GotoTypeDefinitionParams, GotoTypeDefinitionResponse,
};
use tower_lsp::lsp_types::*;
use tower_lsp::{Client, LanguageServer};

/// What a name may be while it is written.
const WORD: &str = "[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*";

/// The service: nothing but the way to the thread.
pub(crate) struct Backend {
    client: Client,
    thread: Thread,
    version: &'static str,
}

impl Backend {
    pub(crate) fn new(client: Client, start: Start) -> Backend {
        let runtime = tokio::runtime::Handle::current();
        let (told, version) = (client.clone(), start.version);
        Backend { client, version, thread: Thread::start(move || State::new(start, told, runtime)) }
    }

    /// `price/curve`: the curve of the price at a place.
    pub(crate) async fn curve(&self, params: TextDocumentPositionParams) -> Result<Value> {
        self.thread.ask(move |state| commands::curve(state, &params)).await
    }

    /// `price/runTests`: the tests of a file, or those that touch a range.
    pub(crate) async fn run_tests(&self, params: commands::RunTests) -> Result<Value> {
        self.thread.ask(move |state| commands::run_tests(state, &params)).await
    }

    /// `price/diff`: what has changed in a file since a revision.
    pub(crate) async fn diff(&self, params: diff::Asked) -> Result<Value> {
        self.thread.ask(move |state| diff::answer(state, &params)).await
    }

    /// `price/invoices`: what the usage of a file comes to for the plan at a place.
    pub(crate) async fn invoices(&self, params: TextDocumentPositionParams) -> Result<Value> {
        self.thread.ask(move |state| invoices::answer(state, &params)).await
    }

    /// `price/status`: what the server holds, for reports of bugs.
    pub(crate) async fn status(&self) -> Result<Value> {
        self.thread.ask(|state| commands::status(state)).await
    }
}

impl Backend {
    /// Tells an editor that can to ask for lines above the text once more: usage is not in it.
    async fn look_again(&self) {
        // An editor that has forgotten its promise loses nothing but comfort.
        if matches!(self.thread.ask(|state| state.refreshes_lenses).await, Ok(true)) {
            let client = self.client.clone();
            tokio::spawn(async move {
                let _ = client.code_lens_refresh().await;
            });
        }
    }
}

/// Whether an address is that of usage and of nothing else.
fn is_usage(url: &Url) -> bool {
    price_ide::is_usage(url.path())
}

/// A place in a file of the state, or nothing.
fn at(state: &State, params: &TextDocumentPositionParams) -> Option<(price_diagnostics::FileId, u32)> {
    let file = state.file(&params.text_document.uri)?;
    Some((file, state.offset(file, params.position)))
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let general = params.capabilities.general.as_ref();
        let encoding = encoding(general.and_then(|general| general.position_encodings.as_deref()));
        let options = params.initialization_options.clone().unwrap_or(Value::Null);
        let pull = options["diagnostics"] == "pull";
        let snippets = (|| {
            params.capabilities.text_document.as_ref()?.completion.as_ref()?.completion_item.as_ref()?.snippet_support
        })();
        let refreshes_lenses =
            (|| params.capabilities.workspace.as_ref()?.code_lens.as_ref()?.refresh_support)().unwrap_or(false);
        let watches = (|| params.capabilities.workspace.as_ref()?.did_change_watched_files?.dynamic_registration)()
            .unwrap_or(false);
        let draws = pictures::are_drawn(&params);
        let shows_progress = (|| params.capabilities.window.as_ref()?.work_done_progress)().unwrap_or(false);
        let mut folders: Vec<Url> =
            params.workspace_folders.iter().flatten().map(|folder| folder.uri.clone()).collect();
        #[allow(deprecated)]
        if folders.is_empty() {
            folders.extend(params.root_uri.clone());
        }
        self.thread.tell(move |state| {
            state.encoding = encoding;
            state.pull = pull;
            state.snippets = snippets.unwrap_or(false);
            state.refreshes_lenses = refreshes_lenses;
            state.shows_progress = shows_progress;
            state.draws = draws;
            state.watches = watches;
            state.set(Settings::read(&options).unwrap_or_default());
            let paths = folders.iter().filter(|url| url.scheme() == "file").map(|url| state.places.path(url)).collect();
            state.folders(paths);
        });
        Ok(InitializeResult {
            capabilities: capabilities(encoding_kind(encoding), pull),
            server_info: Some(ServerInfo { name: "price".to_owned(), version: Some(self.version.to_owned()) }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        watches::begin(&self.client);
        self.thread.tell(|state| {
            state.may_watch = true;
            state.watch_usage();
        });
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let is_usage = is_usage(&document.uri);
        self.thread.tell(move |state| state.opened(document.uri, document.version, document.text));
        if is_usage {
            self.look_again().await;
        }
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let is_usage = is_usage(&document.uri);
        self.thread.tell(move |state| state.changed(&document.uri, document.version, params.content_changes));
        if is_usage {
            self.look_again().await;
        }
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {
        self.thread.tell(State::saved);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let is_usage = is_usage(&params.text_document.uri);
        self.thread.tell(move |state| state.closed(&params.text_document.uri));
        if is_usage {
            self.look_again().await;
        }
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        // Usage that grows changes no price: nothing has to be loaded.
        if !params.changes.iter().all(|change| is_usage(&change.uri)) {
            self.thread.tell(State::refreshed);
        }
        self.look_again().await;
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.thread.tell(move |state| {
            let path = |folder: &WorkspaceFolder| state.places.path(&folder.uri);
            let gone: Vec<String> = params.event.removed.iter().map(path).collect();
            let mut folders = state.ide.folders().to_vec();
            folders.retain(|folder| !gone.contains(folder));
            folders.extend(params.event.added.iter().map(path));
            state.folders(folders);
        });
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.thread.tell(move |state| {
            if let Some(settings) = Settings::read(&params.settings) {
                state.set(settings);
            }
        });
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let items = self
            .thread
            .ask(move |state| {
                state.file(&params.text_document.uri).map(|file| state.findings(file)).unwrap_or_default()
            })
            .await?;
        let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: None, items };
        let report = RelatedFullDocumentDiagnosticReport { related_documents: None, full_document_diagnostic_report };
        Ok(DocumentDiagnosticReport::Full(report).into())
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let items = self
            .thread
            .ask(move |state| {
                let files = state.ide.files();
                let token = params.work_done_progress_params.work_done_token;
                let mut progress = state.progress(token, files.len());
                let mut left = files.len();
                let report = |file| {
                    left -= 1;
                    if let Some(progress) = &mut progress {
                        progress.left(left);
                    }
                    let full = FullDocumentDiagnosticReport { result_id: None, items: state.findings(file) };
                    let uri = state.url(file)?;
                    let report = WorkspaceFullDocumentDiagnosticReport {
                        uri,
                        version: None,
                        full_document_diagnostic_report: full,
                    };
                    Some(WorkspaceDocumentDiagnosticReport::Full(report))
                };
                files.into_iter().filter_map(report).collect()
            })
            .await?;
        Ok(WorkspaceDiagnosticReport { items }.into())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let place = params.text_document_position_params;
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &place)?;
                let mut hover = state.ide.hover(file, offset)?;
                let range = Some(state.range(hover.span));
                if state.settings.hover_pictures.unwrap_or(state.draws)
                    && let Some(picture) = state.ide.picture(file, offset)
                {
                    let image = pictures::image("total against quantity", &picture);
                    hover.markdown = format!("{}\n\n{image}", hover.markdown);
                }
                Some(Hover { contents: HoverContents::Markup(markdown(hover.markdown)), range })
            })
            .await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let place = params.text_document_position_params;
        self.thread.ask(move |state| definition(state, &place)).await
    }

    async fn goto_declaration(&self, params: GotoDeclarationParams) -> Result<Option<GotoDeclarationResponse>> {
        let place = params.text_document_position_params;
        self.thread.ask(move |state| definition(state, &place)).await
    }

    async fn goto_type_definition(
        &self,
        params: GotoTypeDefinitionParams,
    ) -> Result<Option<GotoTypeDefinitionResponse>> {
        let place = params.text_document_position_params;
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &place)?;
                let def = state.ide.type_definition(file, offset)?;
                state.location(def.span).map(GotoDefinitionResponse::Scalar)
            })
            .await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &params.text_document_position)?;
                let found = state.ide.references(file, offset).into_iter();
                let wanted = found.filter(|reference| params.context.include_declaration || !reference.declares);
                Some(wanted.filter_map(|reference| state.location(reference.span)).collect())
            })
            .await
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &params.text_document_position_params)?;
                let found = state.ide.highlights(file, offset).into_iter().map(|reference| DocumentHighlight {
                    range: state.range(reference.span),
                    kind: Some(if reference.declares {
                        DocumentHighlightKind::WRITE
                    } else {
                        DocumentHighlightKind::READ
                    }),
                });
                Some(found.collect())
            })
            .await
    }

    async fn linked_editing_range(&self, params: LinkedEditingRangeParams) -> Result<Option<LinkedEditingRanges>> {
        let place = params.text_document_position_params;
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &place)?;
                let places = state.ide.linked(file, offset)?;
                let ranges = places.into_iter().map(|span| state.range(span)).collect();
                Some(LinkedEditingRanges { ranges, word_pattern: Some(WORD.to_owned()) })
            })
            .await
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        let answer = self
            .thread
            .ask(move |state| {
                let Some((file, offset)) = at(state, &params) else { return Ok(None) };
                match state.ide.prepare_rename(file, offset) {
                    Ok((span, placeholder)) => {
                        Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range: state.range(span), placeholder }))
                    }
                    Err(price_ide::RenameError::NoName) => Ok(None),
                    Err(error) => Err(error.to_string()),
                }
            })
            .await?;
        answer.map_err(Error::invalid_params)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let answer = self
            .thread
            .ask(move |state| {
                let Some((file, offset)) = at(state, &params.text_document_position) else { return Ok(None) };
                let edits = state.ide.rename(file, offset, &params.new_name).map_err(|error| error.to_string())?;
                Ok(Some(state.workspace_edit(&edits)))
            })
            .await?;
        answer.map_err(Error::invalid_params::<String>)
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let symbols = state.ide.symbols(file);
                Some(DocumentSymbolResponse::Nested(
                    symbols.iter().map(|symbol| state.document_symbol(symbol)).collect(),
                ))
            })
            .await
    }

    #[allow(deprecated)]
    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<Vec<SymbolInformation>>> {
        self.thread
            .ask(move |state| {
                let found = state.ide.search(&params.query).into_iter();
                let information = found.filter_map(|symbol| {
                    Some(SymbolInformation {
                        kind: symbol_kind(symbol.kind),
                        location: state.location(symbol.name_span)?,
                        container_name: (!symbol.detail.is_empty()).then_some(symbol.detail),
                        name: symbol.name,
                        tags: None,
                        deprecated: None,
                    })
                });
                Some(information.collect())
            })
            .await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &params.text_document_position)?;
                let found = state.ide.complete(file, offset, state.snippets);
                let items = found.into_iter().enumerate().map(|(rank, item)| completion(state, rank, item));
                Some(CompletionResponse::Array(items.collect()))
            })
            .await
    }

    async fn completion_resolve(&self, mut item: CompletionItem) -> Result<CompletionItem> {
        let Some(data) = item.data.clone() else { return Ok(item) };
        let docs = self
            .thread
            .ask(move |state| {
                let url = Url::parse(data["uri"].as_str()?).ok()?;
                let file = state.file(&url).or_else(|| {
                    let file = u32::try_from(data["file"].as_u64()?).ok()?;
                    let known = state.ide.workspace().sources().len();
                    ((file as usize) < known).then_some(price_diagnostics::FileId(file))
                })?;
                let offset = u32::try_from(data["offset"].as_u64()?).ok()?;
                state.ide.hover(file, offset).map(|hover| hover.markdown)
            })
            .await?;
        item.documentation = docs.map(|docs| Documentation::MarkupContent(markdown(docs)));
        Ok(item)
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &params.text_document_position_params)?;
                let found = state.ide.signature(file, offset)?;
                let parameters = found.parameters.iter().map(|parameter| ParameterInformation {
                    label: ParameterLabel::Simple(parameter.clone()),
                    documentation: None,
                });
                let active = u32::try_from(found.active).ok();
                let signature = SignatureInformation {
                    label: found.label.clone(),
                    documentation: (!found.docs.is_empty()).then(|| Documentation::String(found.docs.clone())),
                    parameters: Some(parameters.collect()),
                    active_parameter: active,
                };
                Some(SignatureHelp { signatures: vec![signature], active_signature: Some(0), active_parameter: active })
            })
            .await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.thread.ask(move |state| commands::format(state, &params.text_document.uri, None)).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.thread.ask(move |state| commands::format(state, &params.text_document.uri, Some(params.range))).await
    }

    async fn on_type_formatting(&self, params: DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let place = params.text_document_position;
        self.thread.ask(move |state| commands::format_block(state, &place.text_document.uri, place.position)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.thread.ask(move |state| commands::actions(state, &params)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri).filter(|_| state.settings.code_lenses)?;
                let wanted = |lens: &Lens| lens.kind != LensKind::Invoice || state.settings.invoices_in_lenses;
                let all = state.ide.lenses(file).into_iter().filter(wanted);
                let lenses = all.map(|lens| {
                    let costly = commands::costly(&lens.kind);
                    let item = state.ide.lens_item(file, &lens);
                    let data = json!({ "uri": params.text_document.uri, "item": item, "kind": costly });
                    let command =
                        costly.is_none().then(|| commands::lens(state, &params.text_document.uri, file, &lens));
                    CodeLens { range: commands::lens_range(state, &lens), command, data: Some(data) }
                });
                Some(lenses.collect())
            })
            .await
    }

    async fn code_lens_resolve(&self, mut lens: CodeLens) -> Result<CodeLens> {
        let Some(data) = lens.data.clone() else { return Ok(lens) };
        lens.command = self
            .thread
            .ask(move |state| {
                let url = Url::parse(data["uri"].as_str()?).ok()?;
                let file = state.file(&url)?;
                let item = usize::try_from(data["item"].as_u64()?).ok()?;
                let lens = state.ide.lens(file, item, commands::costly_kind(data["kind"].as_str()?)?)?;
                Some(commands::lens(state, &url, file, &lens))
            })
            .await?;
        Ok(lens)
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri).filter(|_| state.settings.inlay_hints)?;
                let hints = state.ide.hints(file, state.span(file, params.range)).into_iter().map(|hint| InlayHint {
                    position: state.position(file, hint.at),
                    label: InlayHintLabel::String(hint.text),
                    kind: None,
                    text_edits: None,
                    tooltip: Some(InlayHintTooltip::String(hint.tooltip)),
                    padding_left: Some(true),
                    padding_right: None,
                    data: None,
                });
                Some(hints.collect())
            })
            .await
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let data = state.semantic_tokens(file, None);
                let id = state.remember_tokens(file, data.clone());
                Some(SemanticTokensResult::Tokens(SemanticTokens { result_id: Some(id), data }))
            })
            .await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let data = state.semantic_tokens(file, None);
                let before = state.remembered_tokens(file, &params.previous_result_id);
                let id = Some(state.remember_tokens(file, data.clone()));
                Some(match before {
                    Some(before) => {
                        let edits = tokens::delta(&before, &data);
                        SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta { result_id: id, edits })
                    }
                    None => SemanticTokensFullDeltaResult::Tokens(SemanticTokens { result_id: id, data }),
                })
            })
            .await
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let data = state.semantic_tokens(file, Some(state.span(file, params.range)));
                Some(SemanticTokensRangeResult::Tokens(SemanticTokens { result_id: None, data }))
            })
            .await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let ranges = state.ide.folds(file).into_iter().map(|fold| {
                    let range = state.range(fold.span);
                    FoldingRange {
                        start_line: range.start.line,
                        start_character: Some(range.start.character),
                        // The line of the brace stays to be seen.
                        end_line: if fold.comment {
                            range.end.line
                        } else {
                            range.end.line.saturating_sub(1).max(range.start.line)
                        },
                        end_character: None,
                        kind: fold.comment.then_some(FoldingRangeKind::Comment),
                        collapsed_text: None,
                    }
                });
                Some(ranges.collect())
            })
            .await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let of =
                    |position: &Position| {
                        let spans = state.ide.selections(file, state.offset(file, *position));
                        let around = |parent: Option<Box<SelectionRange>>, span: &price_diagnostics::Span| {
                            Some(Box::new(SelectionRange { range: state.range(*span), parent }))
                        };
                        spans.iter().rev().fold(None, around).map_or(
                            SelectionRange { range: Range::new(*position, *position), parent: None },
                            |innermost| *innermost,
                        )
                    };
                Some(params.positions.iter().map(of).collect())
            })
            .await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.thread
            .ask(move |state| {
                let file = state.file(&params.text_document.uri)?;
                let links = state.ide.links(file).into_iter().map(|link| DocumentLink {
                    range: state.range(link.span),
                    target: if link.target.contains("://") {
                        Url::parse(&link.target).ok()
                    } else {
                        state.places.url(&link.target)
                    },
                    tooltip: None,
                    data: None,
                });
                Some(links.collect())
            })
            .await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        self.thread
            .ask(move |state| {
                let (file, offset) = at(state, &params.text_document_position_params)?;
                let (def, _) = state.ide.definition(file, offset)?;
                commands::call_item(state, &def, state.ide.declaration(&def)).map(|item| vec![item])
            })
            .await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        self.thread
            .ask(move |state| {
                let def = called(state, &params.item)?;
                let calls = state.ide.incoming(&def).into_iter().filter_map(|call| {
                    let from = commands::call_item(state, &call.from, call.whole)?;
                    let from_ranges = call.at.iter().map(|span| state.range(*span)).collect();
                    Some(CallHierarchyIncomingCall { from, from_ranges })
                });
                Some(calls.collect())
            })
            .await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        self.thread
            .ask(move |state| {
                let def = called(state, &params.item)?;
                let calls = state.ide.outgoing(&def).into_iter().filter_map(|call| {
                    let to = commands::call_item(state, &call.from, call.whole)?;
                    let from_ranges = call.at.iter().map(|span| state.range(*span)).collect();
                    Some(CallHierarchyOutgoingCall { to, from_ranges })
                });
                Some(calls.collect())
            })
            .await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let answer = self.thread.ask(move |state| commands::execute(state, &params)).await?;
        answer.map(Some).map_err(Error::invalid_params)
    }
}

fn definition(state: &State, place: &TextDocumentPositionParams) -> Option<GotoDefinitionResponse> {
    let (file, offset) = at(state, place)?;
    let (def, _) = state.ide.definition(file, offset)?;
    state.location(def.span).map(GotoDefinitionResponse::Scalar)
}

/// The declaration that an item of a call hierarchy stands for.
fn called(state: &State, item: &CallHierarchyItem) -> Option<Def> {
    let file = state.file(&item.uri)?;
    state.ide.definition(file, state.offset(file, item.selection_range.start)).map(|(def, _)| def)
}

fn completion(state: &State, rank: usize, item: Completion) -> CompletionItem {
    let snippet = item.kind == CompletionKind::Snippet;
    let data = item.def.as_ref().map(|def| {
        let uri = state.url(def.file).map(|url| url.to_string());
        json!({ "uri": uri, "file": def.file.0, "offset": def.span.start })
    });
    CompletionItem {
        kind: Some(completion_kind(item.kind)),
        detail: (!item.detail.is_empty()).then_some(item.detail),
        sort_text: Some(format!("{rank:04}")),
        filter_text: Some(item.label.clone()),
        label: item.label,
        insert_text_format: Some(if snippet { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT }),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(state.range(item.span), item.text))),
        data,
        ..Default::default()
    }
}

fn capabilities(encoding: PositionEncodingKind, pull: bool) -> ServerCapabilities {
    let one_of = |triggers: &[&str]| triggers.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    ServerCapabilities {
        position_encoding: Some(encoding),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..Default::default()
        })),
        hover_provider: Some(true.into()),
        definition_provider: Some(OneOf::Left(true)),
        declaration_provider: Some(DeclarationCapability::Simple(true)),
        type_definition_provider: Some(TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        linked_editing_range_provider: Some(LinkedEditingRangeServerCapabilities::Simple(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        completion_provider: Some(CompletionOptions {
            resolve_provider: Some(true),
            trigger_characters: Some(one_of(&[" ", ".", "(", ","])),
            ..Default::default()
        }),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(one_of(&["(", ","])),
            ..Default::default()
        }),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "}".to_owned(),
            more_trigger_character: None,
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::REFACTOR_EXTRACT,
                CodeActionKind::SOURCE_FIX_ALL,
            ]),
            ..Default::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(true) }),
        inlay_hint_provider: Some(OneOf::Left(true)),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: tokens::legend(),
                range: Some(true),
                full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
                ..Default::default()
            }
            .into(),
        ),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: Default::default(),
        }),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: one_of(&[commands::RUN_TESTS, commands::CURVE, invoices::COMMAND, diff::COMMAND]),
            ..Default::default()
        }),
        diagnostic_provider: pull.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("price".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                work_done_progress_options: WorkDoneProgressOptions { work_done_progress: Some(true) },
            })
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..Default::default()
    }
}
