use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::engine::{Key, KeyedRng};

use super::*;

fn slots(weights: &[u32]) -> Vec<Slot> {
    weights.iter().map(|&weight| Slot { weight, maxconn: None }).collect()
}

fn limited(weights: &[u32], maxconn: u32) -> Vec<Slot> {
    weights.iter().map(|&weight| Slot { weight, maxconn: Some(maxconn) }).collect()
}

fn rng() -> KeyedRng {
    Key::of_seed(7).draw(1, 0)
}

/// The next choices as letters; `-` where none could take the request.
fn sequence(balancer: &mut Balancer, length: usize) -> String {
    let mut rng = rng();
    (0..length)
        .map(|_| match balancer.choose(0, &mut rng) {
            Choice::Server(server) => (b'a' + server as u8) as char,
            Choice::QueueAny | Choice::QueueOn(_) => '-',
        })
        .collect()
}

fn check(policy: Policy, weights: &[u32], expected: &str) {
    let mut balancer = Balancer::new(policy, slots(weights));
    assert_eq!(sequence(&mut balancer, expected.len()), expected, "{policy:?} {weights:?}");
}

#[test]
fn nginx_goes_smoothly_round_robin_by_weight() {
    check(Policy::NginxRoundRobin, &[5, 1, 1], "aabacaaaabacaa");
    check(Policy::NginxRoundRobin, &[1, 1, 1], "abcabc");
    check(Policy::NginxRoundRobin, &[1, 2], "babbab");
}

#[test]
fn haproxy_goes_round_robin_with_the_heaviest_first() {
    check(Policy::RoundRobin, &[1, 1, 1], "abcabcabc");
    check(Policy::RoundRobin, &[2, 1], "aabaab");
    check(Policy::RoundRobin, &[1], "aaa");
}

#[test]
fn haproxy_round_robin_shares_by_weight() {
    let weights = [5, 1, 256, 17];
    let mut balancer = Balancer::new(Policy::RoundRobin, slots(&weights));
    sequence(&mut balancer, 279 * 100);
    for (server, &weight) in weights.iter().enumerate() {
        assert!(balancer.served(server).abs_diff(100 * weight) <= 1 + weight, "{server}: {}", balancer.served(server));
    }
}

#[test]
fn static_rr_and_source_follow_the_map_of_weights() {
    check(Policy::StaticRr, &[1, 1, 1], "abcabc");
    check(Policy::StaticRr, &[4, 4], "abab");
    check(Policy::StaticRr, &[2, 1], "aabaab");
    let mut balancer = Balancer::new(Policy::Source, slots(&[2, 1]));
    let chosen: Vec<Choice> = (0..3).map(|hash| balancer.choose(hash, &mut rng())).collect();
    assert_eq!(chosen, [Choice::Server(0), Choice::Server(0), Choice::Server(1)]);
}

#[test]
fn a_server_that_warms_up_gets_its_part_of_the_requests() {
    for policy in [Policy::RoundRobin, Policy::Random { draws: 1 }] {
        let mut balancer = Balancer::new(policy, slots(&[1, 1]));
        let share = |balancer: &mut Balancer| {
            let mut of_first = 0;
            for i in 0..4000u64 {
                let mut rng = Key::of_seed(i).draw(1, 0);
                let Choice::Server(server) = balancer.choose(i, &mut rng) else { panic!("both are open") };
                of_first += (server == 0) as u32;
                balancer.release(server);
            }
            f64::from(of_first) / 4000.0
        };
        balancer.set_warmth(0, 4, None);
        assert!((share(&mut balancer) - 0.2).abs() < 0.02, "{policy:?}");
        balancer.set_warmth(0, 16, None);
        assert!((share(&mut balancer) - 0.5).abs() < 0.02, "{policy:?}");
    }
    // with a quarter of its weight, one request counts as four
    let mut balancer = Balancer::new(Policy::LeastConn, slots(&[1, 1]));
    balancer.set_warmth(0, 4, None);
    let chosen: Vec<Choice> = (0..6).map(|_| balancer.choose(0, &mut rng())).collect();
    assert_eq!(chosen.iter().filter(|choice| **choice == Choice::Server(0)).count(), 1);
    // and a part of its connections
    let mut balancer = Balancer::new(Policy::First, limited(&[1, 1], 4));
    balancer.set_warmth(0, 4, Some(1));
    let chosen: Vec<Choice> = (0..2).map(|_| balancer.choose(0, &mut rng())).collect();
    assert_eq!(chosen, [Choice::Server(0), Choice::Server(1)]);
}

#[test]
fn a_full_server_chosen_by_source_makes_the_request_wait_for_it() {
    let mut balancer = Balancer::new(Policy::Source, limited(&[1, 1], 1));
    assert_eq!(balancer.choose(1, &mut rng()), Choice::Server(1));
    assert_eq!(balancer.choose(1, &mut rng()), Choice::QueueOn(1));
    balancer.set_up(1, false);
    assert_eq!(balancer.choose(1, &mut rng()), Choice::Server(0));
}

#[test]
fn ties_of_leastconn_rotate() {
    check(Policy::LeastConn, &[1, 1, 1], "abcabc");
    let mut balancer = Balancer::new(Policy::LeastConn, slots(&[1, 1, 1]));
    let mut chosen = Vec::new();
    for _ in 0..4 {
        let Choice::Server(server) = balancer.choose(0, &mut rng()) else { panic!("no limits") };
        chosen.push(server);
        balancer.release(server);
    }
    assert_eq!(chosen, [0, 1, 2, 0], "whoever served last goes behind the idle ones");
}

#[test]
fn leastconn_prefers_idle_servers_then_the_lighter_load_for_its_weight() {
    // Keys after the first two: a 2*256/2 = 256, b 2*256/1 = 512; a's next is 384, then 512 behind b.
    check(Policy::LeastConn, &[2, 1], "abaaba");
}

#[test]
fn first_fills_the_lowest_server() {
    let mut balancer = Balancer::new(Policy::First, limited(&[1, 1, 1], 2));
    assert_eq!(sequence(&mut balancer, 3), "aab");
    balancer.release(0);
    assert_eq!(sequence(&mut balancer, 5), "abcc-");
}

#[test]
fn random_of_two_prefers_the_less_loaded() {
    let mut balancer = Balancer::new(Policy::Random { draws: 2 }, slots(&[1, 1]));
    (0..100).for_each(|_| balancer.assign(0));
    let chosen = sequence(&mut balancer, 100);
    let to_busy = chosen.matches('a').count();
    // Both draws hit the busy one with probability 1/4.
    assert!((10..=40).contains(&to_busy), "{to_busy}");
    let mut nginx = Balancer::new(Policy::NginxRandomTwo, slots(&[1, 1]));
    (0..100).for_each(|_| nginx.assign(0));
    assert_eq!(sequence(&mut nginx, 100).matches('a').count(), 0, "nginx draws two different ones");
}

#[test]
fn random_draws_by_weight_and_queues_when_the_drawn_server_is_full() {
    for policy in [Policy::Random { draws: 1 }, Policy::NginxRandom] {
        let mut balancer = Balancer::new(policy, slots(&[3, 1]));
        let heavy = sequence(&mut balancer, 4000).matches('a').count();
        assert!((2850..3150).contains(&heavy), "{policy:?}: {heavy}");
    }
    let mut balancer = Balancer::new(Policy::Random { draws: 1 }, limited(&[1, 1], 1));
    balancer.assign(0);
    assert!(sequence(&mut balancer, 20).contains('-'));
}

#[test]
fn ip_hash_keeps_a_client_until_its_server_is_down() {
    let mut balancer = Balancer::new(Policy::NginxIpHash, slots(&[1, 1, 1]));
    let home = balancer.choose(0xC0A801, &mut rng());
    assert_eq!(balancer.choose(0xC0A801, &mut rng()), home);
    // Of the address the last byte (here: above 24 bits) does not count.
    assert_eq!(balancer.choose(0x55C0A801, &mut rng()), home);
    let Choice::Server(server) = home else { panic!("no limits") };
    balancer.set_up(server, false);
    let away = balancer.choose(0xC0A801, &mut rng());
    assert!(away != home && matches!(away, Choice::Server(_)));
}

const ALL: [Policy; 11] = [
    Policy::RoundRobin,
    Policy::StaticRr,
    Policy::LeastConn,
    Policy::First,
    Policy::Source,
    Policy::Random { draws: 2 },
    Policy::NginxRoundRobin,
    Policy::NginxLeastConn,
    Policy::NginxIpHash,
    Policy::NginxRandom,
    Policy::NginxRandomTwo,
];

#[test]
fn nobody_serves_when_all_are_down() {
    for policy in ALL {
        let mut balancer = Balancer::new(policy, slots(&[1, 2]));
        balancer.set_up(0, false);
        balancer.set_up(1, false);
        assert_eq!(balancer.choose(3, &mut rng()), Choice::QueueAny, "{policy:?}");
        balancer.set_up(1, true);
        let mut rng = rng();
        assert!((0..50).any(|hash| balancer.choose(hash, &mut rng) == Choice::Server(1)), "{policy:?}");
    }
}

/// nginx's loop as it is described: everyone grows, the highest falls.
fn smooth(loads: &Loads, current: &mut [i64]) -> Option<usize> {
    let open: Vec<usize> = (0..loads.count()).filter(|&server| loads.is_open(server)).collect();
    open.iter().for_each(|&server| current[server] += loads.weight[server] as i64);
    let best =
        open.iter().copied().reduce(|best, server| if current[server] > current[best] { server } else { best })?;
    current[best] -= open.iter().map(|&server| loads.weight[server] as i64).sum::<i64>();
    Some(best)
}

/// HAProxy's description of the map: the first server of the highest whole score.
fn map_by_definition(weights: &[u32]) -> Vec<u32> {
    let total: i64 = weights.iter().map(|&weight| weight as i64).sum();
    let mut score = vec![0i64; weights.len()];
    (0..total)
        .map(|_| {
            let mut best = 0;
            for server in 0..weights.len() {
                score[server] += weights[server] as i64;
                if (score[server] + total) / total > (score[best] + total) / total {
                    best = server;
                }
            }
            score[best] -= total;
            best as u32
        })
        .collect()
}

/// Plays random operations; `reference` says what must be chosen next.
fn play(
    policy: Policy,
    slots: Vec<Slot>,
    operations: &[(u8, usize)],
    mut reference: impl FnMut(&Loads) -> Option<usize>,
    mut moved: impl FnMut(&Loads, usize),
) {
    let n = slots.len();
    let mut balancer = Balancer::new(policy, slots);
    for &(what, who) in operations {
        let who = who % n;
        match what {
            0..=5 => {
                let expected = reference(&balancer.loads).map_or(Choice::QueueAny, Choice::Server);
                assert_eq!(balancer.choose(0, &mut rng()), expected);
                if let Choice::Server(server) = expected {
                    moved(&balancer.loads, server);
                }
            }
            6..=8 if balancer.served(who) > 0 => {
                balancer.release(who);
                moved(&balancer.loads, who);
            }
            9 => {
                balancer.set_up(who, !balancer.is_up(who));
                moved(&balancer.loads, who);
            }
            _ => {}
        }
    }
}

fn operations() -> impl Strategy<Value = Vec<(u8, usize)>> {
    prop::collection::vec((0..10u8, 0..1000usize), 1..400)
}

fn any_slots(weight_max: u32) -> impl Strategy<Value = Vec<Slot>> {
    let slot = (1..=weight_max, prop::option::of(1..4u32)).prop_map(|(weight, maxconn)| Slot { weight, maxconn });
    prop::collection::vec(slot, 2..40)
}

fn many_slots(weight_max: u32) -> impl Strategy<Value = Vec<Slot>> {
    let slot = (1..=weight_max, prop::option::of(1..4u32)).prop_map(|(weight, maxconn)| Slot { weight, maxconn });
    prop::collection::vec(slot, 130..300)
}

proptest! {
    #[test]
    fn nginx_round_robin_equals_its_definition(slots in any_slots(4), operations in operations()) {
        let mut current = vec![0; slots.len()];
        play(Policy::NginxRoundRobin, slots, &operations, |loads| smooth(loads, &mut current), |_, _| {});
    }

    #[test]
    fn nginx_least_conn_by_levels_equals_the_two_passes(slots in any_slots(1), operations in operations()) {
        let mut current = vec![0; slots.len()];
        let reference = |loads: &Loads| nginx_least_conn::pick_weighted(loads, &mut current);
        play(Policy::NginxLeastConn, slots, &operations, reference, |_, _| {});
    }

    #[test]
    fn nginx_least_conn_of_many_equals_the_two_passes(slots in many_slots(300), operations in operations()) {
        let mut current = vec![0; slots.len()];
        let reference = |loads: &Loads| nginx_least_conn::pick_weighted(loads, &mut current);
        play(Policy::NginxLeastConn, slots, &operations, reference, |_, _| {});
    }

    /// Of few, where loads change much; idle ones are all on one level, and the heavier keep overtaking.
    #[test]
    fn the_tree_of_nginx_least_conn_equals_the_two_passes(
        slots in any_slots(50), operations in prop::collection::vec((0..12u8, 0..1000usize), 1..600)
    ) {
        let mut loads = Loads::new(&slots);
        let mut current = vec![0; slots.len()];
        let mut tree = nginx_least_conn::Weighted::new(&loads);
        for (what, who) in operations {
            let who = who % slots.len();
            let moved = match what {
                0..=5 => {
                    let expected = nginx_least_conn::pick_weighted(&loads, &mut current);
                    prop_assert_eq!(tree.pick(), expected);
                    let Some(server) = expected else { continue };
                    loads.take(server);
                    if what < 3 {
                        tree.changed(&loads, server);
                        loads.release(server);
                    }
                    server
                }
                6..=10 if loads.served[who] > 0 => {
                    loads.release(who);
                    who
                }
                11 => {
                    loads.set_up(who, !loads.up[who]);
                    who
                }
                _ => continue,
            };
            tree.changed(&loads, moved);
        }
    }

    #[test]
    fn static_rr_equals_a_walk_round_the_map(slots in any_slots(256), operations in operations()) {
        let state = std::cell::RefCell::new((Map::new(&Loads::new(&slots)), vec![true; slots.len()], 0));
        let reference = |loads: &Loads| {
            let (map, _, next) = &mut *state.borrow_mut();
            if !loads.any_open() {
                return None;
            }
            loop {
                *next = if *next >= map.servers().len() { 1 } else { *next + 1 };
                let server = map.servers()[*next - 1] as usize;
                if loads.has_room(server) {
                    return Some(server);
                }
            }
        };
        let moved = |loads: &Loads, _: usize| {
            let (map, up, next) = &mut *state.borrow_mut();
            if loads.up != *up {
                up.clone_from(&loads.up);
                map.rebuild(loads);
                *next = if *next > map.servers().len() { 0 } else { *next };
            }
        };
        play(Policy::StaticRr, slots, &operations, reference, moved);
    }

    #[test]
    fn leastconn_equals_a_sorted_list(slots in any_slots(4), operations in operations()) {
        let list: BTreeSet<(u32, u64, usize)> = (0..slots.len()).map(|server| (0, server as u64, server)).collect();
        let list = std::cell::RefCell::new((list, 1000));
        let reference = |loads: &Loads| {
            list.borrow().0.iter().map(|entry| entry.2).find(|&server| loads.is_open(server))
        };
        play(Policy::LeastConn, slots, &operations, reference, |loads, server| {
            let (list, stamp) = &mut *list.borrow_mut();
            list.retain(|entry| entry.2 != server);
            let served = loads.served[server];
            let key = if served == 0 { 0 } else { (served + 1) * 4096 / (16 * loads.weight[server]) };
            *stamp += 1;
            list.insert((key, *stamp, server));
        });
    }

    #[test]
    fn the_map_equals_its_definition(weights in prop::collection::vec(1..30u32, 1..20)) {
        let mut weights = weights;
        weights.push(1); // no common divisor
        let map = Map::new(&Loads::new(&slots(&weights)));
        prop_assert_eq!(map.servers(), map_by_definition(&weights));
    }

    #[test]
    fn no_policy_overfills_a_server_or_turns_away_while_round_robin_has_room(
        slots in any_slots(4), operations in operations(), which in 0..ALL.len()
    ) {
        let mut balancer = Balancer::new(ALL[which], slots.clone());
        let mut rng = rng();
        for (what, who) in operations {
            let who = who % slots.len();
            match what {
                0..=5 => match balancer.choose(who as u64, &mut rng) {
                    Choice::Server(server) => {
                        prop_assert!(balancer.is_up(server));
                        prop_assert!(slots[server].maxconn.is_none_or(|limit| balancer.served(server) <= limit));
                    }
                    Choice::QueueOn(server) => prop_assert!(!balancer.has_room(server)),
                    Choice::QueueAny => {
                        let open = balancer.loads.any_open();
                        prop_assert!(!open || matches!(ALL[which], Policy::Random { .. }), "{:?}", ALL[which]);
                    }
                },
                6..=8 if balancer.served(who) > 0 => balancer.release(who),
                9 => balancer.set_up(who, !balancer.is_up(who)),
                _ => {}
            }
        }
    }
}
