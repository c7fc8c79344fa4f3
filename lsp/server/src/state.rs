//! What the thread owns: the editor's texts, what was told about them, what is still to be told.

use crate::Start;
use crate::places::Places;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::watches;
use price_diagnostics::FileId;
use price_driver::LoadError;
use price_ide::{Encoding, Ide};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::runtime::Handle;
use tower_lsp::Client;
use tower_lsp::lsp_types::{
    Diagnostic, MessageType, ProgressToken, SemanticToken, TextDocumentContentChangeEvent, Url,
};

/// The state of one session.
pub(crate) struct State {
    pub(crate) ide: Ide,
    pub(crate) places: Places,
    pub(crate) encoding: Encoding,
    pub(crate) settings: Settings,
    pub(crate) version: &'static str,
    /// Whether the editor asks for findings itself; then nothing is sent unasked.
    pub(crate) pull: bool,
    /// Whether snippets may be sent.
    pub(crate) snippets: bool,
    /// Whether the editor takes the word that lines above the text have changed.
    pub(crate) refreshes_lenses: bool,
    /// Whether the editor shows how far work has come.
    pub(crate) shows_progress: bool,
    /// Whether the editor draws the pictures of a hover.
    pub(crate) draws: bool,
    /// Whether the editor watches files for the server.
    pub(crate) watches: bool,
    /// Whether the editor has said that it is ready, so that it can be asked to watch files.
    pub(crate) may_watch: bool,
    /// The usage it was asked to watch, and how often it was asked.
    watched: (u64, Vec<String>),
    /// The tokens last sent for a file, with their number.
    pub(crate) tokens: BTreeMap<String, (u64, Vec<SemanticToken>)>,
    client: Client,
    runtime: Handle,
    versions: BTreeMap<String, i32>,
    /// Files to look at, the most urgent first.
    waiting: VecDeque<String>,
    /// What was last told about a file, and under which address: a text that is closed has none any longer.
    told: BTreeMap<String, (Url, Option<i32>, Vec<Diagnostic>)>,
    last_error: Option<String>,
    /// How far the look at the whole workspace has come, with the number of the next one.
    progress: Option<Progress>,
    looks: u64,
}

impl State {
    pub(crate) fn new(start: Start, client: Client, runtime: Handle) -> State {
        let mut ide = Ide::new(start.world);
        if let Some(past) = start.past {
            ide.set_past(past);
        }
        if let Some(today) = start.today {
            ide.set_today(today);
        }
        State {
            ide,
            places: Places::default(),
            encoding: Encoding::default(),
            settings: Settings::default(),
            version: start.version,
            pull: false,
            snippets: false,
            refreshes_lenses: false,
            shows_progress: false,
            draws: false,
            watches: false,
            may_watch: false,
            watched: (0, Vec::new()),
            tokens: BTreeMap::new(),
            client,
            runtime,
            versions: BTreeMap::new(),
            waiting: VecDeque::new(),
            told: BTreeMap::new(),
            last_error: None,
            progress: None,
            looks: 0,
        }
    }

    /// The file at an address, if it is known.
    pub(crate) fn file(&self, url: &Url) -> Option<FileId> {
        self.ide.file(&self.places.path(url))
    }

    pub(crate) fn opened(&mut self, url: Url, version: i32, text: String) {
        let path = self.places.path(&url);
        self.places.opened(&path, url);
        self.versions.insert(path.clone(), version);
        let done = self.ide.set_text(&path, text);
        self.after(done, Some(path));
    }

    pub(crate) fn changed(&mut self, url: &Url, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let path = self.places.path(url);
        let Some(mut text) = self.ide.open_text(&path).map(str::to_owned) else { return };
        for change in changes {
            match change.range {
                None => text = change.text,
                Some(range) => {
                    let lines = price_ide::LineIndex::new(&text);
                    let at = |position| lines.offset(&text, crate::convert::place(position), self.encoding) as usize;
                    let (start, end) = (at(range.start), at(range.end));
                    text.replace_range(start..end.max(start), &change.text);
                }
            }
        }
        self.versions.insert(path.clone(), version);
        let done = self.ide.set_text(&path, text);
        self.after(done, Some(path));
    }

    pub(crate) fn closed(&mut self, url: &Url) {
        let path = self.places.path(url);
        self.places.closed(&path);
        self.versions.remove(&path);
        self.tokens.remove(&path);
        let done = self.ide.close(&path);
        self.after(done, Some(path));
    }

    pub(crate) fn folders(&mut self, folders: Vec<String>) {
        let done = self.ide.set_folders(folders);
        self.after(done, None);
        self.watch_usage();
    }

    /// Files on disk came, went or changed.
    pub(crate) fn refreshed(&mut self) {
        self.ide.doubt_past();
        let done = self.ide.refresh();
        self.after(done, None);
        self.watch_usage();
    }

    /// Has the editor watch the usage that projects name, where it is another than before.
    pub(crate) fn watch_usage(&mut self) {
        if !self.may_watch {
            return;
        }
        let patterns = self.ide.watched_usage();
        let (asked, before) = &self.watched;
        if patterns != *before {
            watches::replace(&self.client, &self.runtime, *asked, &patterns);
            self.watched = (asked + 1, patterns);
        }
    }

    /// A text was saved. Editors that watch no files say so much at least.
    pub(crate) fn saved(&mut self) {
        if self.watches { self.ide.doubt_past() } else { self.refreshed() }
    }

    /// Takes over what the editor wants to be different.
    pub(crate) fn set(&mut self, settings: Settings) {
        self.ide.compare_with(settings.revision());
        self.settings = settings;
    }

    /// After a change: says what cannot be loaded, once, and looks at every file again, the one
    /// that changed first.
    fn after(&mut self, done: Result<(), LoadError>, first: Option<String>) {
        let error = done.err().map(|error| format!("{error} ({})", error.help()));
        if let Some(message) = &error
            && self.last_error != error
        {
            self.say(MessageType::ERROR, message.clone());
        }
        self.last_error = error;
        if first.as_deref().is_some_and(price_ide::is_usage) {
            return;
        }
        self.waiting.clear();
        let whole = first.is_none();
        self.waiting.extend(first);
        // What is open is seen; then the rest, and what is no longer there but was told about.
        let (open, other): (Vec<FileId>, Vec<FileId>) =
            self.ide.files().into_iter().partition(|file| self.places.is_open(self.ide.path(*file)));
        let mut known: BTreeSet<String> = self.waiting.iter().cloned().collect();
        let paths = open.into_iter().chain(other).map(|file| self.ide.path(file).to_owned());
        for path in paths.chain(self.told.keys().cloned()) {
            if known.insert(path.clone()) {
                self.waiting.push_back(path);
            }
        }
        // What one types changes few answers; what is loaded is looked at for the first time.
        if whole && self.shows_progress && !self.pull && self.progress.is_none() {
            self.looks += 1;
            self.progress = Progress::begin(&self.client, &self.runtime, self.looks, self.waiting.len());
        }
    }

    /// Tells of work on so many files, where the editor asked for that.
    pub(crate) fn progress(&self, token: Option<ProgressToken>, files: usize) -> Option<Progress> {
        token.map(|token| Progress::asked(&self.client, &self.runtime, token, files))
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Looks at one file and tells what changed about it.
    pub(crate) fn look_at_next(&mut self) {
        let Some(path) = self.waiting.pop_front() else { return };
        match (&mut self.progress, self.waiting.len()) {
            (Some(progress), left @ 1..) => progress.left(left),
            // The last one: when it is done there is nothing more to tell.
            _ => self.progress = None,
        }
        if self.pull {
            return;
        }
        let found = self.ide.file(&path).map(|file| self.findings(file)).unwrap_or_default();
        let version = self.versions.get(&path).copied();
        match self.told.get(&path) {
            Some((_, of, told)) if *of == version && *told == found => return,
            None if version.is_none() && found.is_empty() => return,
            _ => {}
        }
        let told = self.told.get(&path).map(|(url, ..)| url.clone()).filter(|_| !self.places.is_open(&path));
        let Some(url) = told.or_else(|| self.places.url(&path)) else { return };
        if found.is_empty() && version.is_none() {
            self.told.remove(&path);
        } else {
            self.told.insert(path.clone(), (url.clone(), version, found.clone()));
        }
        self.runtime.block_on(self.client.publish_diagnostics(url, found, version));
    }

    /// Keeps the tokens that are sent, under a new number.
    pub(crate) fn remember_tokens(&mut self, file: FileId, data: Vec<SemanticToken>) -> String {
        let path = self.ide.path(file).to_owned();
        let number = self.tokens.get(&path).map_or(1, |(number, _)| number + 1);
        self.tokens.insert(path, (number, data));
        number.to_string()
    }

    /// The tokens that were sent under a number.
    pub(crate) fn remembered_tokens(&self, file: FileId, id: &str) -> Option<Vec<SemanticToken>> {
        let (number, data) = self.tokens.get(self.ide.path(file))?;
        (number.to_string() == id).then(|| data.clone())
    }

    /// All findings about a file as the protocol writes them.
    pub(crate) fn findings(&self, file: FileId) -> Vec<Diagnostic> {
        self.ide.diagnostics(file).iter().filter_map(|found| self.diagnostic(found)).collect()
    }

    /// The page of a code: written out, to be looked at.
    pub(crate) fn code_page(&self, code: &str) -> Option<Url> {
        let text = price_diagnostics::codes::find(code)?.page;
        self.places.library(&format!("codes/{code}.md"), text, self.version)
    }

    /// After a panic: trees made on the way are thrown away.
    pub(crate) fn recover(&mut self) {
        let done = self.ide.refresh();
        if done.is_err() {
            self.waiting.clear();
        }
    }

    pub(crate) fn say(&self, kind: MessageType, message: String) {
        self.runtime.block_on(self.client.show_message(kind, message));
    }
}
