//! Draws by weight: HAProxy's `random(n)`, nginx's `random` and `random two`, and the table behind them.

use crate::engine::KeyedRng;

use super::loads::Loads;

/// nginx gives up drawing after this many misses and goes round robin.
const TRIES: u32 = 20;

/// Cumulated weights, searched by bisection.
#[derive(Clone, Debug)]
pub struct Ranges {
    /// Sum of the weights up to and with each server.
    upto: Vec<u64>,
}

impl Ranges {
    pub fn of_all(loads: &Loads) -> Ranges {
        Ranges::new(loads, |_| true)
    }

    pub fn of_up(loads: &Loads) -> Ranges {
        Ranges::new(loads, |server| loads.up[server])
    }

    fn new(loads: &Loads, counts: impl Fn(usize) -> bool) -> Ranges {
        let mut sum = 0;
        let upto = (0..loads.count())
            .map(|server| {
                sum += if counts(server) { loads.effective(server) } else { 0 };
                sum
            })
            .collect();
        Ranges { upto }
    }

    #[inline]
    pub fn total(&self) -> u64 {
        self.upto.last().copied().unwrap_or(0)
    }

    /// The server whose range holds `point`, which is below the total.
    #[inline]
    pub fn at(&self, point: u64) -> usize {
        self.upto.partition_point(|&upto| upto <= point)
    }

    #[inline]
    fn draw(&self, rng: &mut KeyedRng) -> usize {
        let point = (rng.next() as u128 * self.total() as u128) >> 64;
        self.at(point as u64)
    }
}

/// HAProxy: `draws` servers, the least loaded of them by served / weight; a later draw wins a tie
/// (get_server_rnd in backend.c). Full servers are drawn too: `None` when the best is full. HAProxy draws
/// on its hash ring, whose shares only approach the weights; here they are exact.
#[inline]
pub fn pick_haproxy(ranges: &Ranges, loads: &Loads, draws: u32, rng: &mut KeyedRng) -> Option<usize> {
    if ranges.total() == 0 {
        return None;
    }
    let mut best = ranges.draw(rng);
    for _ in 1..draws {
        let drawn = ranges.draw(rng);
        if !loads.is_busier(drawn, best) {
            best = drawn;
        }
    }
    loads.has_room(best).then_some(best)
}

/// nginx `random`; `None` after too many misses.
#[inline]
pub fn pick_nginx(ranges: &Ranges, loads: &Loads, rng: &mut KeyedRng) -> Option<usize> {
    (0..=TRIES).map(|_| ranges.draw(rng)).find(|&server| loads.is_open(server))
}

/// nginx `random two least_conn`: two different open servers, the less busy by connections / weight, the
/// second on a tie; `None` after too many misses.
#[inline]
pub fn pick_nginx_two(ranges: &Ranges, loads: &Loads, rng: &mut KeyedRng) -> Option<usize> {
    let mut earlier = None;
    let mut misses = 0;
    while misses <= TRIES {
        let server = ranges.draw(rng);
        if earlier == Some(server) || !loads.is_open(server) {
            misses += 1;
            continue;
        }
        match earlier {
            Some(first) => return Some(if loads.is_busier(server, first) { first } else { server }),
            None => {
                earlier = Some(server);
                misses += 1;
            }
        }
    }
    None
}

/// nginx `ip_hash`: 24 bits of the client's address into a hash modulo 6271, hashed on when the server is
/// not open; `None` after too many misses.
#[inline]
pub fn pick_ip_hash(ranges: &Ranges, loads: &Loads, client_hash: u64) -> Option<usize> {
    let mut hash = 89;
    (0..=TRIES)
        .map(|_| {
            for byte in &client_hash.to_le_bytes()[..3] {
                hash = (hash * 113 + *byte as u64) % 6271;
            }
            ranges.at(hash % ranges.total())
        })
        .find(|&server| loads.is_open(server))
}
