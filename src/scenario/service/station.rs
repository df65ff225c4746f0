//! `kind = "station"`: the textbook queue.

use super::Surroundings;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::distribution::distribution;
use crate::scenario::model::{Discipline, Station};
use crate::scenario::quantity::Dimension;
use crate::scenario::reader::{Flaw, Reader, Section};
use crate::scenario::values::{boolean, choice, names, whole_or_unlimited};

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Fcfs,
    Ps,
    Priority,
    PriorityPreemptive,
}

const WORDS: &[(&str, Word)] = &[
    ("fcfs", Word::Fcfs),
    ("ps", Word::Ps),
    ("priority", Word::Priority),
    ("priority-preemptive", Word::PriorityPreemptive),
];

pub fn read(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>) -> Station {
    section.unsupported(reader, "servers", "leave it out; a station has its own workers and no hardware");
    Station {
        workers: section.or_default(
            reader,
            "workers",
            whole_or_unlimited(1, 100_000_000),
            "1",
            "the textbook's single server",
        ),
        discipline: read_discipline(reader, section, around),
        queue_limit: section.or_default(
            reader,
            "queue_limit",
            whole_or_unlimited(0, u32::MAX),
            "\"unlimited\"",
            "the textbook's queue",
        ),
        patience: section.optional(reader, "patience", distribution(Dimension::Time)),
        service: section.optional(reader, "service", distribution(Dimension::Time)),
        percentiles: section.or_default(
            reader,
            "percentiles",
            boolean,
            "false",
            "our choice: full distributions take time and memory",
        ),
    }
}

fn read_discipline(reader: &mut Reader, section: &mut Section<'_>, around: &Surroundings<'_>) -> Discipline {
    let word = section.or_default(reader, "discipline", choice(WORDS), "\"fcfs\"", "the textbook's order of arrival");
    let preemptive = match word {
        Word::Priority => false,
        Word::PriorityPreemptive => true,
        Word::Fcfs | Word::Ps => {
            if let Some(entry) = section.take("priority") {
                reader.error(
                    Diagnostic::at(
                        entry.key_place.clone(),
                        format!("{}: the discipline knows no priorities", section.key("priority")),
                    )
                    .label("would have no effect")
                    .help("write discipline = \"priority\" or \"priority-preemptive\", or remove it"),
                );
            }
            return if word == Word::Fcfs { Discipline::Fcfs } else { Discipline::ProcessorSharing };
        }
    };
    let classes = &around.names.classes;
    let Some(entry) = section.take("priority") else {
        section.missing(
            reader,
            "priority",
            "name the request classes, the most urgent first: priority = [\"checkout\", \"browse\"]",
        );
        return Discipline::Priority { rank_of_class: vec![0; classes.len()], preemptive };
    };
    section.assume_given(reader, "priority", &entry.node);
    let key = section.key("priority");
    let listed = names(&entry.node, "priority = [\"checkout\", \"browse\"]").unwrap_or_else(|flaw| {
        reader.flaw(&key, &entry.node, flaw);
        Vec::new()
    });
    let mut rank_of_class = vec![listed.len() as u32; classes.len()];
    let mut seen = Vec::new();
    for (rank, (name, node)) in listed.into_iter().enumerate() {
        match around.names.class(node) {
            Ok(class) if seen.contains(&class) => {
                reader.flaw(
                    &key,
                    node,
                    Flaw::new(format!("`{name}` is named twice"), "again").help("name each class once"),
                );
            }
            Ok(class) => {
                seen.push(class);
                rank_of_class[class] = rank as u32;
            }
            Err(flaw) => reader.flaw(&key, node, flaw),
        }
    }
    Discipline::Priority { rank_of_class, preemptive }
}
