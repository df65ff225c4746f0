//! One stage of a group commit: while a group is in it, later transactions gather, and the first of them
//! leads them all through together.

use super::observed::Observed;
use crate::model::request::{NONE, RequestId};

#[derive(Clone, Debug)]
pub struct Stage {
    /// Followers of the group inside, in order; the leader runs the stage's steps.
    pub group: Vec<RequestId>,
    pub busy: bool,
    /// Who found the stage idle at this instant and waits for the others of its group; `NONE`: nobody.
    pub forming: RequestId,
    /// Those who gather for the next group, with their log bytes and where they go on afterwards.
    pub gathering: Vec<RequestId>,
    pub gathering_bytes: f64,
    pub group_bytes: f64,
    pub groups: u64,
    /// When the leader came, and when its group went in: nanoseconds.
    pub leader_entered: u64,
    pub began: u64,
    pub observed: Observed,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage {
            group: Vec::new(),
            busy: false,
            forming: NONE,
            gathering: Vec::new(),
            gathering_bytes: 0.0,
            group_bytes: 0.0,
            groups: 0,
            leader_entered: 0,
            began: 0,
            observed: Observed::default(),
        }
    }
}
