//! The store on the simulated disk.

mod damage;
mod index;
mod log;
mod planted;
mod snapshot;
