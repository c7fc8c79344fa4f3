//! A world in a box for the runtime: a disk, a clock and chance, all from one seed.
//!
//! A run does what its seed says and nothing else, so a seed that fails fails again. The disk
//! loses, tears and damages what real ones do, see [`disk`]. Real time, real files and threads do
//! not occur.

pub mod clock;
pub mod disk;
pub mod rng;
pub mod run;

pub use clock::SimClock;
pub use disk::{Faults, SimDisk};
pub use rng::Rng;
pub use run::World;
