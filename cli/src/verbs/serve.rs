//! `price serve`: the event runtime, until it is told to stop.

mod demo;

use crate::Exit;
use crate::args::{Engine, ServeArgs};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_ir::KernelFactory;
use price_server::config::{Config, FileConfig};
use price_server::{Options, serve};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where to listen unless something else is said.
const LISTEN: &str = "127.0.0.1:8080";
/// Size of a segment of a demonstration, in MiB: less to make at the start.
const DEMO_SEGMENT_MIB: u64 = 64;

pub fn run(args: &ServeArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let config = configure(args)?;
    if args.check_config {
        show(&config, shell)?;
        return Ok(Exit::Clean);
    }
    let factory: Arc<dyn KernelFactory> = match args.engine {
        Engine::Jit => Arc::new(price_jit::JitFactory),
        Engine::Interp => Arc::new(price_interp::InterpFactory),
    };
    let scratch = args.demo && args.data.is_none();
    let demo = if args.demo { Some(demo::Demo::compile()?) } else { None };
    let quiet = shell.is_quiet();
    let data = config.data.display().to_string();
    let address = Arc::new(OnceLock::new());
    let known = address.clone();
    let served = serve(
        &config,
        factory,
        |started| {
            known.get_or_init(|| started.address);
            shell.note(format!("Listening on http://{}, data in {data}", started.address));
            if started.open {
                shell.warn("there are no API keys: whoever reaches this address may do everything");
            }
        },
        move |node| {
            if !quiet {
                eprintln!("Ready after {} entries", node.replayed());
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
    shell.note("Stopped; everything acknowledged is on disk");
    Ok(Exit::Clean)
}

/// Flags and environment over the file over defaults.
fn configure(args: &ServeArgs) -> Result<Config, Trouble> {
    let file = match &args.config {
        Some(path) => read(path)?,
        None => FileConfig::default(),
    };
    let scratch = || args.demo.then(|| std::env::temp_dir().join(format!("price-demo-{}", std::process::id())));
    let data: PathBuf = args.data.clone().or(file.data).or_else(scratch).ok_or_else(|| {
        Trouble::new("C077", "there is no data directory")
            .help("say `--data DIR`, set PRICE_DATA, or `data = \"DIR\"` in the configuration; `--demo` needs none")
    })?;
    let listen = args.listen.or(file.listen);
    let listen = listen.map_or_else(|| LISTEN.parse(), Ok).map_err(|_| Trouble::new("C077", "no address"))?;
    let least = Options::default();
    let segment_mib = if args.demo { DEMO_SEGMENT_MIB } else { least.segment_mib };
    Ok(Config {
        data,
        listen,
        insecure_no_auth: args.insecure_no_auth || file.insecure_no_auth.unwrap_or(false),
        workers: args.workers.map(usize::from).or(file.workers).unwrap_or_else(workers),
        letterhead: file.letterhead,
        webhooks_internal: file.webhooks_internal.unwrap_or(false),
        node: Options {
            segment_mib: args.segment_mib.or(file.segment_mib).unwrap_or(segment_mib),
            queue_requests: file.queue_requests.unwrap_or(least.queue_requests),
            queue_bytes: file.queue_mib.map_or(least.queue_bytes, |mib| mib << 20),
        },
    })
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

fn show(config: &Config, shell: &mut Shell) -> Result<(), Trouble> {
    if config.webhooks_internal {
        shell.out("webhooks-internal = true\n")?;
    }
    if let Some(letterhead) = &config.letterhead {
        shell.out(&format!("letterhead = \"{}\"\n", letterhead.display()))?;
    }
    let Options { segment_mib, queue_requests, queue_bytes } = config.node;
    shell.out(&format!(
        "data = \"{}\"\nlisten = \"{}\"\ninsecure-no-auth = {}\nworkers = {}\nsegment-mib = {segment_mib}\nqueue-requests = {queue_requests}\nqueue-mib = {}\n",
        config.data.display(),
        config.listen,
        config.insecure_no_auth,
        config.workers,
        queue_bytes >> 20
    ))
}
