//! The store on the simulated disk.

mod beside;
mod damage;
mod index;
mod log;
mod planted;
mod snapshot;
