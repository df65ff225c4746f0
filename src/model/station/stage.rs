//! One stage of a group commit: while a group is in it, later transactions gather, and the first of them
//! leads them all through together.

use super::observed::Observed;
use crate::model::request::RequestId;

#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// Followers of the group inside, in order; the leader runs the stage's steps.
    pub group: Vec<RequestId>,
    pub busy: bool,
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
