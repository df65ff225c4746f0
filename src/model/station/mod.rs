//! Stations: a queue and its workers. Each kind keeps its own state; the interpreter moves requests.

pub mod fcfs;
pub mod observed;
pub mod pool;
pub mod priority;
pub mod sharing;
pub mod stage;

pub use fcfs::Fcfs;
pub use observed::Observed;
pub use pool::{Dispatcher, Patience, Pool};
pub use priority::Priority;
pub use sharing::Sharing;
pub use stage::Stage;
