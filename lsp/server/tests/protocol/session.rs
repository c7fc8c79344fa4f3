//! An editor in memory.

use price_driver::{MemoryWorld, Past, World, WorldError};
use price_lsp::{Start, serve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn world(files: &[(&str, &str)]) -> MemoryWorld {
    files.iter().fold(MemoryWorld::new(), |world, (path, text)| world.with(&format!("/w/{path}"), *text))
}

/// A disk whose files can be replaced.
#[derive(Clone)]
struct Disk(Arc<Mutex<MemoryWorld>>);

impl Disk {
    fn now(&self) -> MemoryWorld {
        self.0.lock().expect("nobody panicked").clone()
    }
}

impl World for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        self.now().read(path)
    }

    fn is_file(&self, path: &str) -> bool {
        self.now().is_file(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.now().is_dir(path)
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        self.now().sources(folder)
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<(String, bool)>, WorldError> {
        self.now().list(folder, most)
    }
}

/// A repository with one revision, called `HEAD`, that can be replaced.
#[derive(Clone)]
pub struct Head(Arc<Mutex<Commit>>);

/// The files of the revision, its number, and how often they were read.
struct Commit {
    files: MemoryWorld,
    number: u32,
    read: u32,
}

impl Head {
    /// A revision with files of the folder `/w`.
    pub fn new(files: &[(&str, &str)]) -> Head {
        Head(Arc::new(Mutex::new(Commit { files: world(files), number: 1, read: 0 })))
    }

    /// Commits other files.
    pub fn commit(&self, files: &[(&str, &str)]) {
        let mut commit = self.0.lock().expect("nobody panicked");
        (commit.files, commit.number) = (world(files), commit.number + 1);
    }

    /// How often the files of revisions were asked for.
    pub fn read(&self) -> u32 {
        self.0.lock().expect("nobody panicked").read
    }
}

impl Past for Head {
    fn id(&self, _: &str, revision: &str) -> Result<String, String> {
        match revision {
            "HEAD" => Ok(self.0.lock().expect("nobody panicked").number.to_string()),
            other => Err(format!("there is no revision `{other}`")),
        }
    }

    fn at(&self, _: &str, _: &str) -> Result<Box<dyn World + Send>, String> {
        let mut commit = self.0.lock().expect("nobody panicked");
        commit.read += 1;
        Ok(Box::new(commit.files.clone()))
    }
}

/// One editor that is connected to a server of its own.
pub struct Session {
    runtime: Runtime,
    server: JoinHandle<()>,
    out: WriteHalf<DuplexStream>,
    from: BufReader<ReadHalf<DuplexStream>>,
    next: i64,
    /// What the server said first.
    pub hello: Value,
    /// Findings as last told, by address.
    pub findings: BTreeMap<String, Value>,
    /// Answers that came while another one was waited for.
    early: BTreeMap<i64, Value>,
    /// Messages shown to the user.
    pub shown: Vec<String>,
    /// How far work has come, as the server told it.
    pub progress: Vec<Value>,
    /// What the server asked of the editor, by method.
    pub asked: Vec<String>,
    /// What it watches for the server, by the name of the registration.
    pub watched: BTreeMap<String, Vec<String>>,
    disk: Disk,
}

impl Session {
    /// A session over files of a folder `/w`.
    pub fn new(files: &[(&str, &str)]) -> Session {
        Session::with(files, json!({}), json!({}))
    }

    /// The same with capabilities and options of the editor.
    pub fn with(files: &[(&str, &str)], capabilities: Value, options: Value) -> Session {
        Session::since(files, None, capabilities, options)
    }

    /// The same with the files of a revision called `HEAD`.
    pub fn since(files: &[(&str, &str)], past: Option<Head>, capabilities: Value, options: Value) -> Session {
        Session::start(files, past, "", capabilities, options)
    }

    /// The same for an editor that says who it is.
    pub fn called(files: &[(&str, &str)], client: &str, capabilities: Value, options: Value) -> Session {
        Session::start(files, None, client, capabilities, options)
    }

    fn start(files: &[(&str, &str)], past: Option<Head>, client: &str, capabilities: Value, options: Value) -> Session {
        let disk = Disk(Arc::new(Mutex::new(world(files))));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        let start = Start {
            world: Box::new(disk.clone()),
            past: past.map(|past| Box::new(past) as _),
            today: None,
            version: "test",
        };
        let server = runtime.spawn(async move { serve(start, input, output).await });
        let (from, out) = tokio::io::split(ours);
        let mut session = Session {
            runtime,
            server,
            out,
            from: BufReader::new(from),
            next: 0,
            hello: Value::Null,
            findings: BTreeMap::new(),
            early: BTreeMap::new(),
            shown: Vec::new(),
            asked: Vec::new(),
            progress: Vec::new(),
            watched: BTreeMap::new(),
            disk,
        };
        let folders = json!([{ "uri": "file:///w", "name": "w" }]);
        session.hello = session.ask(
            "initialize",
            json!({
                "clientInfo": { "name": client },
                "capabilities": capabilities,
                "workspaceFolders": folders,
                "initializationOptions": options,
            }),
        );
        session.tell("initialized", json!({}));
        session
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let out = &mut self.out;
        self.runtime.block_on(async { out.write_all(text.as_bytes()).await }).expect("sent");
    }

    /// Puts other files on the disk, and says which came, went or changed.
    pub fn replace_disk(&mut self, files: &[(&str, &str)], changed: &[&str]) {
        *self.disk.0.lock().expect("nobody panicked") = world(files);
        if changed.is_empty() {
            return;
        }
        let changes: Vec<Value> = changed.iter().map(|path| json!({ "uri": uri(path), "type": 2 })).collect();
        self.tell("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    /// Sends a notification.
    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting; gives its number.
    pub fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        id
    }

    /// The whole answer to a request.
    pub fn answer(&mut self, id: i64) -> Value {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer;
            }
            self.receive();
        }
    }

    /// Asks and waits for the result.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Reads one message and keeps what it says.
    fn receive(&mut self) {
        let from = &mut self.from;
        let body = self.runtime.block_on(async {
            tokio::time::timeout(PATIENCE, async {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    from.read_line(&mut line).await.expect("a head");
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim().parse().expect("a length");
                    }
                }
                let mut body = vec![0; length];
                from.read_exact(&mut body).await.expect("a body");
                body
            })
            .await
            .expect("an answer in time")
        });
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        match (message["method"].as_str(), message["id"].as_i64()) {
            (Some("textDocument/publishDiagnostics"), _) => {
                let uri = message["params"]["uri"].as_str().expect("an address").to_owned();
                self.findings.insert(uri, message["params"].clone());
            }
            (Some("window/showMessage"), _) => {
                self.shown.push(message["params"]["message"].as_str().unwrap_or_default().to_owned());
            }
            (Some("$/progress"), _) => self.progress.push(message["params"].clone()),
            // Requests of the server: registrations.
            (Some(method), Some(_)) => {
                self.asked.push(method.to_owned());
                self.keep_watched(&message["params"]);
                let id = message["id"].clone();
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
            }
            (Some(method), None) if message.get("id").is_some_and(|id| !id.is_null()) => {
                self.asked.push(method.to_owned());
                self.keep_watched(&message["params"]);
                let id = message["id"].clone();
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
            }
            (None, Some(id)) => {
                self.early.insert(id, message);
            }
            _ => {}
        }
    }

    fn keep_watched(&mut self, params: &Value) {
        for one in params["registrations"].as_array().into_iter().flatten() {
            let watchers = one["registerOptions"]["watchers"].as_array().into_iter().flatten();
            let globs = watchers.filter_map(|watcher| watcher["globPattern"].as_str().map(str::to_owned)).collect();
            self.watched.insert(one["id"].as_str().expect("a name").to_owned(), globs);
        }
        // So it is spelled in the protocol.
        for one in params["unregisterations"].as_array().into_iter().flatten() {
            self.watched.remove(one["id"].as_str().expect("a name"));
        }
    }

    /// Waits for one message.
    pub fn next_message(&mut self) {
        self.receive();
    }

    /// Waits until the editor watches what fits.
    pub fn until_watched(&mut self, fits: impl Fn(&BTreeMap<String, Vec<String>>) -> bool) {
        while !fits(&self.watched) {
            self.receive();
        }
    }

    /// Waits until the server asks something of the editor.
    pub fn until_asked(&mut self, method: &str) {
        while !self.asked.iter().any(|asked| asked == method) {
            self.receive();
        }
    }

    /// Waits until work has ended that the server tells of.
    pub fn until_done(&mut self) {
        while !self.progress.iter().any(|told| told["value"]["kind"] == "end") {
            self.receive();
        }
    }

    /// Waits until the server has ended, with the stream still open or closed.
    pub fn ends(self, close: bool) {
        let Session { runtime, server, out, from, .. } = self;
        let kept = Some((out, from)).filter(|_| !close);
        let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, server).await });
        ended.expect("it ends in time").expect("it does not panic");
        drop(kept);
    }

    /// Opens a text.
    pub fn open(&mut self, path: &str, text: &str) {
        let document = json!({ "uri": uri(path), "languageId": "price", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces a whole text.
    pub fn replace(&mut self, path: &str, version: i32, text: &str) {
        let document = json!({ "uri": uri(path), "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
    }

    /// Waits for findings about a file that fit.
    pub fn findings(&mut self, path: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(told) = self.findings.get(&uri(path))
                && fits(told)
            {
                return told.clone();
            }
            self.receive();
        }
    }

    /// The codes of the findings that come with a version of a text.
    pub fn codes(&mut self, path: &str, version: i64) -> Vec<String> {
        let told = self.findings(path, |told| told["version"] == version);
        let all = told["diagnostics"].as_array().expect("a list").iter();
        all.map(|found| found["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// A request about a place.
    pub fn about(&mut self, method: &str, path: &str, position: &Value) -> Value {
        self.ask(method, json!({ "textDocument": { "uri": uri(path) }, "position": position }))
    }
}

/// The address of a file.
pub fn uri(path: &str) -> String {
    format!("file:///w/{path}")
}

/// The place of a text inside another, counted in UTF-16: of its `at`th byte.
pub fn at(text: &str, needle: &str, inside: usize) -> Value {
    let offset = text.find(needle).unwrap_or_else(|| panic!("`{needle}` is not there")) + inside;
    let line = text[..offset].matches('\n').count();
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": text[start..offset].encode_utf16().count() })
}

/// The range of a text inside another.
pub fn range_of(text: &str, needle: &str) -> Value {
    json!({ "start": at(text, needle, 0), "end": at(text, needle, needle.len()) })
}
