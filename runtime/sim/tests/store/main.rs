//! The store on the simulated disk.

mod damage;
mod log;
mod planted;
