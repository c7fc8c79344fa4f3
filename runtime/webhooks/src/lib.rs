//! Notices over HTTP, by Standard Webhooks 1.0.0.
//!
//! What decides is here without clock and chance: signing, the schedule of attempts, which addresses are
//! never asked, and what is known of each delivery. [`Client`] alone sends.

mod client;
mod guard;
pub mod limits;
mod schedule;
mod sign;
mod state;

pub use client::{Client, Outcome, Request};
pub use guard::{UrlError, is_internal, plain_url};
pub use schedule::after;
pub use sign::{SecretError, new_secret, sign, signatures};
pub use state::{Delivery, Endpoint, Endpoints, Waiting};
