//! Every limit on what comes from outside, in one place. `docs/operator/README.md` lists them.

use std::time::Duration;

/// Bytes of the body of a request.
pub const BODY_BYTES: usize = 4 << 20;
/// Bytes of a compiled plan that is published.
pub const PLAN_BYTES: usize = 15 << 20;
/// Events, or subscriptions, of one request.
pub const BATCH_RECORDS: usize = 10_000;
/// Bytes of the head of a request: its first line and all headers.
pub const HEAD_BYTES: usize = 32 << 10;
/// Headers of a request.
pub const HEADERS: usize = 100;
/// Time for the head of a request, also of the next one on a connection that is kept.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time for the body of a request.
pub const BODY_TIME: Duration = Duration::from_secs(60);
/// Time for an answer of the shard.
pub const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Connections at a time.
pub const CONNECTIONS: usize = 16_384;
/// Open files that connections leave to the log and everything else.
pub const OWN_FILES: usize = 96;
/// Bytes of bodies that are held at a time, of all connections.
pub const BODIES_BYTES: usize = 256 << 20;
/// Time that open requests get when the server stops.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Objects and arrays inside one another, in a record.
pub const JSON_DEPTH: usize = 64;
/// Members of one object.
pub const JSON_MEMBERS: usize = 1_024;
/// Bytes of a number.
pub const NUMBER_BYTES: usize = 128;
/// Exponent of a number, either way.
pub const NUMBER_EXPONENT: u32 = 308;
/// Bytes of an id, a source, a type, a subject or an account.
pub const IDENTITY_BYTES: usize = 512;

/// Requests that wait for the shard.
pub const QUEUE_REQUESTS: usize = 8_192;
/// Bytes of requests that wait for the shard.
pub const QUEUE_BYTES: usize = 64 << 20;
/// A tenant has little waiting where it is at most this part of the room.
pub const QUEUE_PART: usize = 8;
/// The part of the room that is added to it for tenants that have little waiting.
pub const QUEUE_KEPT: usize = 4;
/// Commands of one group, as far as the requests that are in it allow.
pub const GROUP_COMMANDS: usize = 32_768;
/// Bytes of one group, likewise.
pub const GROUP_BYTES: usize = 8 << 20;
/// Smallest log segment, in MiB: a group fits with its refusals, which may be several times as long.
pub const SEGMENT_MIB_MIN: u64 = 64;
/// Largest log segment, in MiB.
pub const SEGMENT_MIB_MAX: u64 = 4_096;

/// Entries of a page when the request says nothing.
pub const PAGE_DEFAULT: usize = 100;
/// Entries of a page.
pub const PAGE: usize = 1_000;
/// Bytes of a cursor.
pub const CURSOR_BYTES: usize = 2_048;
/// Accounts whose entitlements are kept where requests read them.
pub const CHECKED_ACCOUNTS: usize = 100_000;
/// Notices under way to one endpoint.
pub const NOTICES_AT_ONCE: usize = 4;
/// Notices under way to all endpoints.
pub const NOTICES_UNDER_WAY: usize = 64;
/// Time that notices under way have to land when the server stops.
pub const STOP_TIME: Duration = Duration::from_secs(5);
/// Questions about usage that are answered at a time; each may hold 256 MiB of events.
pub const QUESTIONS: usize = 4;
/// Customers that one question about access names.
pub const ACCESS_CUSTOMERS: usize = 100;
/// Bytes of the names of meters in a token of a customer's browser.
pub const TOKEN_METERS_BYTES: usize = 1_024;
/// Streams of postings at a time.
pub const FOLLOWERS: usize = 64;
/// Postings that a slow reader may be behind before it gets them from the log.
pub const POSTINGS_BEHIND: usize = 16_384;
/// Bytes of the log that are looked at for a stream at a time.
pub const PAST_BYTES: usize = 1 << 20;
/// Requests, events or bytes per second that a quota may allow.
pub const QUOTA: u64 = 1_000_000_000_000;
/// Time for sending to a collector.
pub const OTLP_TIME: Duration = Duration::from_secs(3);
/// Bytes of the answer of a collector.
pub const OTLP_ANSWER_BYTES: usize = 64 << 10;

/// Entries after which a checkpoint is made, unless the configuration says otherwise.
pub const CHECKPOINT_ENTRIES: u64 = 1_000_000;
/// The part of that after which one is made on closing: a start reads as many in less than a second.
pub const CHECKPOINT_CLOSING: u64 = 100;

/// API keys of one node.
pub const KEYS: usize = 10_000;
/// Keys of publishers of plans.
pub const PUBLISHER_KEYS: usize = 64;
/// Bytes that are read of a file with a private key.
pub const KEY_FILE_BYTES: u64 = 4_096;
/// Bytes of the names of keys.
pub const KEY_NAME_BYTES: usize = 64;
/// Wrong keys that one address may show in a window.
pub const WRONG_KEYS: u32 = 100;
/// The window.
pub const WRONG_KEYS_TIME: Duration = Duration::from_secs(10);
/// Addresses that are remembered for that.
pub const WRONG_KEYS_ADDRESSES: usize = 10_000;
/// How often the file of keys is looked at.
pub const KEYS_LOOK_TIME: Duration = Duration::from_secs(1);
