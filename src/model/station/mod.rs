//! Stations: a queue and its workers. Each kind keeps its own state; the interpreter moves requests.

pub mod dispatcher;
pub mod fcfs;
pub mod observed;
pub mod pool;
pub mod priority;
pub mod sharing;
pub mod stage;

pub use dispatcher::Dispatcher;
pub use fcfs::Fcfs;
pub use observed::Observed;
pub use pool::{Patience, Pool};
pub use priority::Priority;
pub use sharing::Sharing;
pub use stage::Stage;
