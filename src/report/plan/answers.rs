//! Each question's answer in a sentence, with its interval: what somebody reads who reads nothing else.

use super::super::content::Tone;
use super::super::figure::{self, Figure};
use super::content;
use crate::experiment::plan::findings::{
    Findings, FleetFindings, Highest, LadderFindings, RateAnswer, RateFindings, Tornado, UslFindings,
};

pub struct Answer {
    pub question: &'static str,
    pub tone: Tone,
    pub text: String,
}

/// In the order of what is said of them.
pub fn answers(findings: &Findings) -> Vec<Answer> {
    let unit = findings.traffic.unit;
    let mut answers = Vec::new();
    if let Some(found) = &findings.rate {
        answers.push(highest(found, unit));
        answers.extend(one_dead(found, unit));
    }
    if let Some(found) = &findings.headroom {
        let (tone, text) = content::headroom_text(found);
        answers.push(Answer { question: "Headroom", tone, text });
    }
    answers.extend(findings.bottlenecks.as_ref().and_then(bottleneck));
    answers.extend(findings.cheapest.as_ref().map(cheapest));
    answers.extend(findings.tornado.as_ref().and_then(tornado));
    answers.extend(findings.usl.as_ref().map(scalability));
    answers
}

fn highest(found: &RateFindings, unit: &str) -> Answer {
    let (tone, text) = match &found.all.highest {
        Highest::Rate { rate, scale, binding, .. } => (
            if scale.value.is_some_and(|scale| scale < 1.0) { Tone::Alarm } else { Tone::Good },
            format!(
                "At most {} {unit}, which is {} times now; beyond it {binding} is missed",
                figure::estimate(rate, 1.0).text(),
                figure::estimate(scale, 1.0).text()
            ),
        ),
        Highest::AtLeast { rate, scale } => (
            Tone::Good,
            format!(
                "At least {} {unit}, which is {} times now: nothing is missed up to there",
                figure::number(*rate),
                figure::number(*scale)
            ),
        ),
        Highest::None { binding, .. } => (Tone::Alarm, format!("None: {binding} is missed at any rate")),
    };
    Answer { question: "Highest rate", tone, text }
}

/// The server whose death costs most. `None`: no other number was found, or there is one server alone.
fn one_dead(found: &RateFindings, unit: &str) -> Option<Answer> {
    let question = "With one server dead";
    let is_none = |answer: &&RateAnswer| matches!(answer.highest, Highest::None { .. });
    let without: Vec<&str> = found.one_dead.iter().filter(is_none).filter_map(|a| a.dead.as_deref()).collect();
    if !without.is_empty() {
        return Some(Answer { question, tone: Tone::Warning, text: content::nothing_stands_in(&without) });
    }
    let scale = |answer: &RateAnswer| answer.highest.scale().and_then(|scale| scale.value);
    let least = found.one_dead.iter().filter(|answer| scale(answer).is_some());
    let least = least.min_by(|a, b| scale(a).unwrap_or(0.0).total_cmp(&scale(b).unwrap_or(0.0)))?;
    let Highest::Rate { rate, scale, .. } = &least.highest else { return None };
    let text = format!(
        "Least without {}: {} {unit}, which is {} times now",
        least.dead.as_deref().unwrap_or("one"),
        figure::estimate(rate, 1.0).text(),
        figure::estimate(scale, 1.0).text()
    );
    let enough = scale.value.is_some_and(|scale| scale >= 1.0);
    Some(Answer { question, tone: if enough { Tone::Good } else { Tone::Warning }, text })
}

fn bottleneck(found: &LadderFindings) -> Option<Answer> {
    let [first, rest @ ..] = &found.rungs[..] else { return None };
    let mut text = format!("{}, at {} {}", first.stations.join(", "), content::saturates_at(first), found.unit);
    if let [next, ..] = rest {
        text.push_str(&format!("; then {}, at {}", next.stations.join(", "), content::saturates_at(next)));
    }
    Some(Answer { question: "Saturates first", tone: Tone::Plain, text })
}

fn cheapest(found: &FleetFindings) -> Answer {
    let question = "Cheapest that meets them";
    match &found.cheapest {
        None => Answer { question, tone: Tone::Alarm, text: content::no_fleet(found) },
        Some(fleet) => {
            let (said, changes) = content::fleet_text(fleet, found);
            let tone = if found.sure { Tone::Good } else { Tone::Warning };
            Answer { question, tone, text: format!("{said} ({changes})") }
        }
    }
}

fn tornado(found: &Tornado) -> Option<Answer> {
    let bar = found.bars.first()?;
    let by = |estimate| {
        let Figure { value, doubt } = figure::signed(&figure::estimate(estimate, 1.0));
        Figure { value: format!("{value}%"), doubt }.text()
    };
    let value = |text: &str| text.trim_matches('"').to_owned();
    let text = format!(
        "{}, which is {}: with {} p99 changes by {}, with {} by {}",
        bar.key,
        value(&bar.value),
        value(&bar.up),
        by(&bar.p99_up_percent),
        value(&bar.down),
        by(&bar.p99_down_percent)
    );
    Some(Answer { question: "Moves p99 most", tone: Tone::Plain, text })
}

fn scalability(found: &UslFindings) -> Answer {
    Answer { question: "Scalability law", tone: Tone::Plain, text: content::peak_text(found) }
}
