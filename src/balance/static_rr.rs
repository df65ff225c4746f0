//! HAProxy's `static-rr`: round the map of servers by weight, past those that are full.

use super::loads::Loads;
use super::map::Map;
use super::tournament::Tournament;

/// In place of walking past full servers, each that has room says where on the map it stands next: O(log n).
#[derive(Clone, Debug)]
pub struct StaticRr {
    map: Map,
    /// Of each server, increasing.
    places: Vec<Vec<u32>>,
    /// Those with room, by the place where they come next, counted on over the rounds.
    order: Tournament,
    has_room: Vec<bool>,
    /// The place to begin at, up to and with the map's end.
    next: usize,
    round: u64,
}

impl StaticRr {
    pub fn new(loads: &Loads) -> StaticRr {
        let n = loads.count();
        let mut policy = StaticRr {
            map: Map::new(loads),
            places: vec![Vec::new(); n],
            order: Tournament::new(n),
            has_room: vec![false; n],
            next: 0,
            round: 0,
        };
        policy.read_map(loads);
        policy
    }

    #[inline]
    pub fn pick(&mut self) -> Option<usize> {
        let server = self.order.first()?;
        let at = self.order.key(server) as u64;
        let length = self.map.servers().len() as u64;
        self.round = at / length;
        self.next = (at % length) as usize + 1;
        self.seat(server);
        Some(server)
    }

    #[inline]
    pub fn changed(&mut self, loads: &Loads, server: usize) {
        let has_room = loads.has_room(server);
        if has_room != self.has_room[server] {
            self.has_room[server] = has_room;
            self.seat(server);
        }
    }

    /// After a server came up or went down.
    pub fn rebuild(&mut self, loads: &Loads) {
        self.map.rebuild(loads);
        self.read_map(loads);
    }

    fn read_map(&mut self, loads: &Loads) {
        self.places.iter_mut().for_each(Vec::clear);
        for (place, &server) in self.map.servers().iter().enumerate() {
            self.places[server as usize].push(place as u32);
        }
        if self.next > self.map.servers().len() {
            self.next = 0;
        }
        for server in 0..loads.count() {
            self.has_room[server] = loads.has_room(server);
            self.seat(server);
        }
    }

    /// Where the server comes next, if it is on the map and has room.
    #[inline]
    fn seat(&mut self, server: usize) {
        let places = &self.places[server];
        let Some(&first) = places.first().filter(|_| self.has_room[server]) else {
            return self.order.remove(server);
        };
        let ahead = places.partition_point(|&place| (place as usize) < self.next);
        let length = self.map.servers().len() as u64;
        let at = match places.get(ahead) {
            Some(&place) => self.round * length + u64::from(place),
            None => (self.round + 1) * length + u64::from(first),
        };
        self.order.set(server, u128::from(at));
    }
}
