use super::*;

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

fn config() -> Config {
    Config {
        advert_int: S,
        skew_whole: S,
        preempt: true,
        preempt_delay: 0,
        garp_master_delay: 5 * S,
        garp_lower_prio: true,
        lower_prio_no_advert: false,
        higher_prio_send_advert: false,
        arp_timeout: 38 * S,
        track_script: None,
    }
}

const SCRIPT: TrackScript = TrackScript { interval: 2 * S, fall: 2, rise: 2, weight: 0 };

/// Two servers, as in the lab, and what is around them.
struct Pair {
    vrrp: Vrrp,
    around: [Around; 2],
    apart: bool,
    now: u64,
}

impl Pair {
    fn of(config: Config, priorities: [u32; 2], phase: f64) -> Pair {
        let mut vrrp = Vrrp::new(config, &priorities);
        vrrp.begin(0, phase, &[0.25, 0.25]);
        Pair { vrrp, around: [Around::SOUND; 2], apart: false, now: 0 }
    }

    fn lab() -> Pair {
        Pair::of(config(), [150, 100], 0.0)
    }

    /// Lets time pass.
    fn until(&mut self, now: u64) -> &mut Pair {
        while self.vrrp.due() <= now {
            let due = self.vrrp.due();
            assert!(due >= self.now, "time goes back");
            self.now = due;
            self.vrrp.wake(due);
        }
        self.now = now;
        self
    }

    fn change(&mut self, at: u64, change: impl Fn(&mut Pair)) -> &mut Pair {
        self.until(at);
        change(self);
        let heard = !self.apart;
        self.vrrp.changed(at, &self.around, &[true, heard, heard, true]);
        self
    }

    fn states(&self) -> [State; 2] {
        [self.vrrp.nodes[0].state, self.vrrp.nodes[1].state]
    }

    /// When a server last became what it is.
    fn last_turn(&self, node: u32, state: State) -> u64 {
        let turn = self.vrrp.turns.iter().rfind(|turn| turn.node == node && turn.state == state);
        turn.unwrap_or_else(|| panic!("{node} never became {state:?}: {:?}", self.vrrp.turns)).at
    }
}

fn loses_power(i: usize) -> impl Fn(&mut Pair) {
    move |pair| pair.around[i] = Around { power: false, process: false, ..Around::SOUND }
}

fn is_sound_again(i: usize) -> impl Fn(&mut Pair) {
    move |pair| pair.around[i] = Around::SOUND
}

fn loses_its_process(i: usize) -> impl Fn(&mut Pair) {
    move |pair| pair.around[i].process = false
}

const SKEW_100: u64 = 609_375_000;
const SKEW_150: u64 = 414_062_500;

#[test]
fn nothing_happens_while_all_is_well() {
    let mut pair = Pair::of(Config { track_script: Some(SCRIPT), ..config() }, [150, 100], 0.3);
    assert_eq!(pair.vrrp.due(), NEVER);
    pair.until(1000 * S);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn a_backup_takes_over_when_it_has_heard_nothing_for_three_intervals_and_its_skew() {
    for (phase, died) in [(0.0, 400), (0.0, 0), (0.25, 900), (0.75, 12_345)] {
        let mut pair = Pair::of(config(), [150, 100], phase);
        pair.change(died * MS, loses_power(0));
        assert_eq!(pair.vrrp.answers(), None, "the address is silent");
        pair.until(60 * S);
        // advertisements are sent at whole seconds less the phase
        let last = ((died * MS + (phase * S as f64) as u64) / S * S) as i64 - (phase * S as f64) as i64;
        assert_eq!(pair.last_turn(1, State::Master) as i64, last + 3 * S as i64 + SKEW_100 as i64);
        assert_eq!(pair.vrrp.answers(), Some(1));
        assert_eq!(pair.vrrp.due(), NEVER, "and sleeps again");
    }
}

#[test]
fn one_that_returns_takes_the_address_back_after_its_own_interval() {
    let mut pair = Pair::lab();
    pair.change(500 * MS, loses_power(0)).change(20 * S, is_sound_again(0));
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Backup, State::Master], Some(1)));
    pair.until(60 * S);
    assert_eq!(pair.last_turn(0, State::Master), 20 * S + 3 * S + SKEW_150);
    assert_eq!(pair.last_turn(1, State::Backup), pair.last_turn(0, State::Master));
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn nopreempt_leaves_the_address_where_it_is() {
    let mut pair = Pair::of(Config { preempt: false, ..config() }, [150, 100], 0.0);
    pair.change(500 * MS, loses_power(0)).change(20 * S, is_sound_again(0)).until(1000 * S);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Backup, State::Master], Some(1)));
    // and it goes back when the other dies: last heard at 999.609375 s, as it took over at 3.609375
    pair.change(1000 * S, loses_power(1)).until(2000 * S);
    assert_eq!(pair.last_turn(0, State::Master), 999 * S + SKEW_100 + 3 * S + SKEW_150);
}

#[test]
fn preempt_delay_lets_the_lower_one_serve_for_longer() {
    let mut pair = Pair::of(Config { preempt_delay: 10 * S, ..config() }, [150, 100], 0.0);
    pair.change(500 * MS, loses_power(0)).change(20 * S, is_sound_again(0)).until(60 * S);
    // first heard at 20.609375, so from 30.609375 on it does not listen: that advertisement is the first ignored
    assert_eq!(pair.last_turn(0, State::Master), 29 * S + SKEW_100 + 3 * S + SKEW_150);
}

#[test]
fn a_goodbye_leaves_the_skew_alone() {
    let mut pair = Pair::lab();
    pair.change(500 * MS, |pair| {
        pair.around[0] = Around { keepalived: Keepalived::Stopped, process: false, ..Around::SOUND };
    });
    assert_eq!(pair.vrrp.answers(), None);
    pair.until(10 * S);
    assert_eq!(pair.last_turn(1, State::Master), 500 * MS + SKEW_100);
}

#[test]
fn a_killed_keepalived_leaves_the_address_on_its_interface() {
    let mut pair = Pair::lab();
    pair.change(500 * MS, |pair| {
        pair.around[0] = Around { keepalived: Keepalived::Killed, process: false, ..Around::SOUND };
    });
    assert_eq!(pair.vrrp.answers(), Some(0), "who refuses, for there is no process");
    pair.until(10 * S);
    assert_eq!(pair.last_turn(1, State::Master), 3 * S + SKEW_100);
    assert_eq!(pair.vrrp.answers(), Some(1));
    assert!(pair.vrrp.nodes[0].has_address);
    pair.change(20 * S, is_sound_again(0));
    assert!(!pair.vrrp.nodes[0].has_address, "it takes it off when it starts");
}

#[test]
fn a_dead_link_gives_the_address_up_and_says_nothing() {
    let mut pair = Pair::lab();
    let cut_off = |pair: &mut Pair| pair.around[0] = Around { link: false, outside: false, ..Around::SOUND };
    pair.change(500 * MS, cut_off);
    assert_eq!(pair.vrrp.answers(), None);
    pair.until(20 * S);
    assert_eq!(pair.last_turn(1, State::Master), 3 * S + SKEW_100);
    pair.change(20 * S, is_sound_again(0)).until(60 * S);
    assert_eq!(pair.last_turn(0, State::Master), 23 * S + SKEW_150);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn a_script_without_weight_makes_the_master_leave() {
    let mut pair = Pair::of(Config { track_script: Some(SCRIPT), ..config() }, [150, 100], 0.0);
    // it runs at 1.5, 3.5, 5.5, ... s
    pair.change(3 * S, loses_its_process(0)).until(30 * S);
    assert_eq!(pair.last_turn(0, State::Fault), 5500 * MS);
    assert_eq!(pair.last_turn(1, State::Master), 5500 * MS + SKEW_100);
    assert_eq!(pair.vrrp.due(), NEVER);
    // two successes, at 31.5 and 33.5
    pair.change(30 * S, is_sound_again(0)).until(60 * S);
    assert_eq!(pair.last_turn(0, State::Backup), 33_500 * MS);
    assert_eq!(pair.last_turn(0, State::Master), 33_500 * MS + 3 * S + SKEW_150);
}

#[test]
fn one_failure_in_between_is_not_believed() {
    let mut pair = Pair::of(Config { track_script: Some(SCRIPT), ..config() }, [150, 100], 0.0);
    pair.change(3 * S, loses_its_process(0)).change(4 * S, is_sound_again(0)).until(30 * S);
    assert_eq!(pair.vrrp.turns, []);
}

#[test]
fn without_a_script_a_dead_process_keeps_the_address() {
    let mut pair = Pair::lab();
    pair.change(3 * S, loses_its_process(0)).until(100 * S);
    assert_eq!((pair.vrrp.answers(), pair.vrrp.turns.len()), (Some(0), 0));
}

#[test]
fn a_weight_changes_the_priority_and_lets_the_other_preempt() {
    for weight in [-60, 60] {
        let config = Config { track_script: Some(TrackScript { weight, ..SCRIPT }), ..config() };
        let mut pair = Pair::of(config, [150, 100], 0.0);
        pair.change(3 * S, loses_its_process(0)).until(30 * S);
        // at 5.5 s its priority falls below the other's, which has last heeded the advertisement of 5 s
        let skew = u64::from(256 - if weight > 0 { 160 } else { 100u32 }) * S / 256;
        assert_eq!(pair.last_turn(1, State::Master), 8 * S + skew);
        assert_eq!(pair.states(), [State::Backup, State::Master]);
        pair.change(30 * S, is_sound_again(0)).until(60 * S);
        assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
    }
    // too light to matter
    let config = Config { track_script: Some(TrackScript { weight: -40, ..SCRIPT }), ..config() };
    let mut pair = Pair::of(config, [150, 100], 0.0);
    pair.change(3 * S, loses_its_process(0)).until(30 * S);
    assert_eq!(pair.vrrp.turns, []);
}

#[test]
fn two_that_do_not_hear_each_other_are_both_masters_and_the_last_to_say_so_is_believed() {
    let mut pair = Pair::lab();
    pair.change(500 * MS, |pair| pair.apart = true).until(30 * S);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Master], Some(1)));
    assert_eq!(pair.vrrp.due(), NEVER);
    // the lower one speaks first, at 30.609375: the higher one answers it and tells the neighbours
    pair.change(30 * S + 300 * MS, |pair| pair.apart = false).until(100 * S);
    assert_eq!(pair.last_turn(1, State::Backup), 30 * S + SKEW_100);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn a_split_that_heals_in_the_other_order_leaves_the_neighbours_with_the_wrong_address() {
    let healed = |config: Config| {
        let mut pair = Pair::of(config, [150, 100], 0.0);
        // the higher one speaks first, at 31 s
        pair.change(500 * MS, |pair| pair.apart = true);
        pair.change(30 * S + 700 * MS, |pair| pair.apart = false).until(31 * S + MS);
        pair
    };
    let mut pair = healed(config());
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], None));
    pair.until(68 * S);
    assert_eq!(pair.vrrp.answers(), None);
    pair.until(70 * S);
    assert_eq!((pair.vrrp.answers(), pair.vrrp.due()), (Some(0), NEVER));
    // which is what this directive is for
    let pair = healed(Config { higher_prio_send_advert: true, ..config() });
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn of_equal_priorities_the_first_has_the_address_and_does_not_preempt() {
    let mut pair = Pair::of(config(), [100, 100], 0.0);
    assert_eq!(pair.vrrp.answers(), Some(0));
    pair.change(500 * MS, loses_power(0)).change(20 * S, is_sound_again(0)).until(60 * S);
    assert_eq!(pair.states(), [State::Backup, State::Master]);
    // a split makes both masters, and then the higher address wins
    pair.change(61 * S, |pair| pair.apart = true).change(80 * S, |pair| pair.apart = false).until(200 * S);
    assert_eq!((pair.states(), pair.vrrp.answers()), ([State::Master, State::Backup], Some(0)));
}

#[test]
fn of_three_the_next_best_takes_over() {
    let mut vrrp = Vrrp::new(config(), &[150, 100, 120]);
    vrrp.begin(0, 0.0, &[]);
    let off = Around { power: false, ..Around::SOUND };
    vrrp.changed(500 * MS, &[off, Around::SOUND, Around::SOUND], &[true; 9]);
    while vrrp.due() != NEVER {
        let due = vrrp.due();
        vrrp.wake(due);
    }
    assert_eq!(vrrp.answers(), Some(2));
    assert_eq!(vrrp.nodes[1].state, State::Backup);
    let turn = vrrp.turns.last().expect("one became master");
    assert_eq!(*turn, Turn { at: 3 * S + 136 * S / 256, node: 2, state: State::Master });
}

#[test]
fn both_dead_is_silence_and_either_brings_it_back() {
    let mut pair = Pair::lab();
    pair.change(S, loses_power(1)).change(2 * S, loses_power(0)).until(100 * S);
    assert_eq!((pair.vrrp.answers(), pair.vrrp.due()), (None, NEVER));
    pair.change(100 * S, is_sound_again(1)).until(200 * S);
    assert_eq!(pair.last_turn(1, State::Master), 103 * S + SKEW_100);
    assert_eq!(pair.vrrp.answers(), Some(1));
}

#[test]
fn version_2_has_a_skew_in_seconds() {
    let config = Config { advert_int: 5 * S, ..config() };
    let mut pair = Pair::of(config, [150, 100], 0.0);
    pair.change(500 * MS, loses_power(0)).until(60 * S);
    assert_eq!(pair.last_turn(1, State::Master), 15 * S + SKEW_100);
}
