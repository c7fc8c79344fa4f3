//! The store on the simulated disk.

mod beside;
mod damage;
mod erase;
mod index;
mod log;
mod planted;
mod snapshot;
