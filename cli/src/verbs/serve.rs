//! `price serve`: the event runtime, until it is told to stop.

mod demo;

use crate::Exit;
use crate::args::{Engine, LogFormat, LogLevel, ServeArgs};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_ir::KernelFactory;
use price_server::config::{Config, FileConfig};
use price_server::logs::{self, Format, Level};
use price_server::publishers::Publishers;
use price_server::quotas::Quota;
use price_server::{Engines, Options, serve};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where to listen unless something else is said.
const LISTEN: &str = "127.0.0.1:8080";
/// Size of a segment of a demonstration, in MiB: less to make at the start.
const DEMO_SEGMENT_MIB: u64 = 64;

pub fn run(args: &ServeArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let (config, lines) = configure(args)?;
    if args.check_config {
        show(&config, lines, shell)?;
        return Ok(Exit::Clean);
    }
    logs::install(lines.format, lines.level);
    let json = lines.format == Format::Json;
    let reference: Arc<dyn KernelFactory> = Arc::new(price_interp::InterpFactory);
    let engines = match args.engine {
        Engine::Jit => Engines { rates: Arc::new(price_jit::JitFactory), reference: Some(reference) },
        Engine::Interp => Engines { rates: reference, reference: None },
    };
    let scratch = args.demo && args.data.is_none();
    let demo = if args.demo { Some(demo::Demo::compile()?) } else { None };
    let quiet = shell.is_quiet();
    let data = config.data.display().to_string();
    let address = Arc::new(OnceLock::new());
    let known = address.clone();
    let served = serve(
        &config,
        engines,
        |started| {
            known.get_or_init(|| started.address);
            let listening = format!("Listening on http://{}, data in {data}", started.address);
            let open = "there are no API keys: whoever reaches this address may do everything";
            // A reader of JSON gets nothing else.
            match json {
                true => tracing::info!("{listening}"),
                false => shell.note(listening),
            }
            match (started.open, json) {
                (true, true) => tracing::warn!("{open}"),
                (true, false) => shell.warn(open),
                (false, _) => {}
            }
        },
        move |node| {
            match (json, quiet) {
                (true, _) => tracing::info!("Ready after {}", node.opened()),
                (false, false) => eprintln!("Ready after {}", node.opened()),
                (false, true) => {}
            }
            if let (Some(demo), Some(address)) = (demo, address.get()) {
                demo.start(node.clone(), (!quiet).then_some(*address));
            }
        },
    );
    if scratch {
        // What is left of a demonstration is nobody's.
        let _ = std::fs::remove_dir_all(&config.data);
    }
    served?;
    match json {
        true => tracing::info!("Stopped; everything acknowledged is on disk"),
        false => shell.note("Stopped; everything acknowledged is on disk"),
    }
    Ok(Exit::Clean)
}

/// Which lines are written, and how.
#[derive(Clone, Copy)]
struct Lines {
    format: Format,
    level: Level,
}

fn lines(args: &ServeArgs, file: &FileConfig) -> Lines {
    let format = args.log_format.map(|format| match format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    });
    let level = args.log_level.map(|level| match level {
        LogLevel::Error => Level::Error,
        LogLevel::Warn => Level::Warn,
        LogLevel::Info => Level::Info,
        LogLevel::Debug => Level::Debug,
    });
    Lines {
        format: format.or(file.log_format).unwrap_or_default(),
        level: level.or(file.log_level).unwrap_or_default(),
    }
}

/// Flags and environment over the file over defaults.
fn configure(args: &ServeArgs) -> Result<(Config, Lines), Trouble> {
    let file = match &args.config {
        Some(path) => read(path)?,
        None => FileConfig::default(),
    };
    let lines = lines(args, &file);
    let scratch = || args.demo.then(|| std::env::temp_dir().join(format!("price-demo-{}", std::process::id())));
    let data: PathBuf = args.data.clone().or(file.data).or_else(scratch).ok_or_else(|| {
        Trouble::new("C077", "there is no data directory")
            .help("say `--data DIR`, set PRICE_DATA, or `data = \"DIR\"` in the configuration; `--demo` needs none")
    })?;
    let listen = args.listen.or(file.listen);
    let listen = listen.map_or_else(|| LISTEN.parse(), Ok).map_err(|_| Trouble::new("C077", "no address"))?;
    let least = Options::default();
    let segment_mib = if args.demo { DEMO_SEGMENT_MIB } else { least.segment_mib };
    let config = Config {
        data,
        listen,
        insecure_no_auth: args.insecure_no_auth || file.insecure_no_auth.unwrap_or(false),
        workers: args.workers.map(usize::from).or(file.workers).unwrap_or_else(workers),
        letterhead: file.letterhead,
        webhooks_internal: file.webhooks_internal.unwrap_or(false),
        node: Options {
            segment_mib: args.segment_mib.or(file.segment_mib).unwrap_or(segment_mib),
            queue_requests: file.queue_requests.unwrap_or(least.queue_requests),
            checkpoint_entries: file.checkpoint_entries.unwrap_or(least.checkpoint_entries),
            queue_bytes: file.queue_mib.map_or(least.queue_bytes, |mib| mib << 20),
        },
        otlp: args.otlp.clone().or(file.otlp),
        quotas: file.quotas,
        publishers: match args.publisher.as_slice() {
            [] => file.publishers.unwrap_or_default(),
            said => {
                let wrong = |error| Trouble::new("C077", format!("{error}"));
                Publishers::new(said.iter().cloned()).map_err(wrong)?
            }
        },
    };
    Ok((config, lines))
}

/// One thread belongs to the shard; HTTP gets the others, but two at least, so that a slow request
/// does not stop all others.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().saturating_sub(1).max(2))
}

fn read(path: &Path) -> Result<FileConfig, Trouble> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Trouble::read(&shown, error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    FileConfig::parse(&text, folder).map_err(|error| Trouble::new("C078", format!("`{shown}`: {error}")))
}

fn show(config: &Config, lines: Lines, shell: &mut Shell) -> Result<(), Trouble> {
    if config.webhooks_internal {
        shell.out("webhooks-internal = true\n")?;
    }
    if let Some(letterhead) = &config.letterhead {
        shell.out(&format!("letterhead = \"{}\"\n", letterhead.display()))?;
    }
    let Options { segment_mib, queue_requests, queue_bytes, checkpoint_entries } = config.node;
    let mut more = format!("log-format = \"{}\"\nlog-level = \"{}\"\n", lines.format.word(), lines.level.word());
    if let Some(otlp) = &config.otlp {
        more.push_str(&format!("otlp = \"{}\"\n", otlp.address()));
    }
    let named = config.quotas.tenants.iter().map(|(name, quota)| (format!("tenant.{name}"), *quota));
    for (table, quota) in std::iter::once(("quota".to_owned(), config.quotas.every)).chain(named) {
        if quota != Quota::default() {
            more.push_str(&table_of(&table, quota));
        }
    }
    more.push_str(&config.publishers.to_toml());
    shell.out(&format!(
        "data = \"{}\"\nlisten = \"{}\"\ninsecure-no-auth = {}\nworkers = {}\nsegment-mib = {segment_mib}\nqueue-requests = {queue_requests}\nqueue-mib = {}\ncheckpoint-entries = {checkpoint_entries}\n{more}",
        config.data.display(),
        config.listen,
        config.insecure_no_auth,
        config.workers,
        queue_bytes >> 20
    ))
}

/// A quota as the file says it.
fn table_of(name: &str, quota: Quota) -> String {
    let Quota { requests, events, bytes, streams } = quota;
    let members = [("requests", requests), ("events", events), ("bytes", bytes), ("streams", streams)];
    let said = members.iter().filter_map(|(name, value)| Some(format!("{name} = {}\n", (*value)?)));
    format!("\n[{name}]\n{}", said.collect::<String>())
}
