//! nginx's smooth weighted round robin: at each choice the current weight of every open server grows by its
//! weight, the highest is chosen (the first of equals) and falls by what all grew together.

use super::loads::Loads;
use super::tournament::{Tournament, descending};

/// Servers of one weight grow alike, so only their differences matter: one shared growth, one tournament.
#[derive(Clone, Debug)]
struct Class {
    weight: i64,
    grown: i64,
    members: Vec<usize>,
    order: Tournament,
}

/// Exact, in O(log n + distinct weights).
#[derive(Clone, Debug)]
pub struct NginxRoundRobin {
    classes: Vec<Class>,
    /// Class and place in it of each server.
    seat: Vec<(usize, usize)>,
    /// Current weight; while the server is open, less its class's growth.
    current: Vec<i64>,
    open: Vec<bool>,
    open_weight: i64,
}

impl NginxRoundRobin {
    pub fn new(loads: &Loads) -> NginxRoundRobin {
        let mut weights = loads.weight.clone();
        weights.sort_unstable();
        weights.dedup();
        let mut classes: Vec<Class> = weights
            .iter()
            .map(|&weight| Class { weight: weight as i64, grown: 0, members: Vec::new(), order: Tournament::new(0) })
            .collect();
        let mut seat = Vec::with_capacity(loads.count());
        for (server, weight) in loads.weight.iter().enumerate() {
            let class = weights.binary_search(weight).expect("every weight has a class");
            seat.push((class, classes[class].members.len()));
            classes[class].members.push(server);
        }
        for class in &mut classes {
            class.order = Tournament::new(class.members.len());
        }
        let n = loads.count();
        let mut policy = NginxRoundRobin { classes, seat, current: vec![0; n], open: vec![false; n], open_weight: 0 };
        (0..n).for_each(|server| policy.changed(loads, server));
        policy
    }

    #[inline]
    pub fn pick(&mut self) -> Option<usize> {
        let mut best: Option<(i64, usize)> = None;
        for class in &mut self.classes {
            class.grown += class.weight;
            let Some(place) = class.order.first() else { continue };
            let server = class.members[place];
            let current = self.current[server] + class.grown;
            if best.is_none_or(|(highest, first)| current > highest || (current == highest && server < first)) {
                best = Some((current, server));
            }
        }
        let (_, server) = best?;
        self.current[server] -= self.open_weight;
        self.seat_again(server);
        Some(server)
    }

    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        let open = loads.is_open(server);
        if open == self.open[server] {
            return;
        }
        self.open[server] = open;
        let (class, place) = self.seat[server];
        let (weight, grown) = (self.classes[class].weight, self.classes[class].grown);
        if open {
            self.current[server] -= grown;
            self.open_weight += weight;
            self.seat_again(server);
        } else {
            self.current[server] += grown;
            self.open_weight -= weight;
            self.classes[class].order.remove(place);
        }
    }

    #[inline]
    fn seat_again(&mut self, server: usize) {
        let (class, place) = self.seat[server];
        self.classes[class].order.set(place, descending(self.current[server]));
    }
}
