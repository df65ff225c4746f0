//! `repair = { ... }` of a server, a service or the network: how often such a thing fails, and who puts it right how
//! soon. No run asks for it; what failures cost in a year does.

use super::model::Repair;
use super::quantity::Dimension;
use super::reader::{Reader, Section};
use super::values::{number, positive, quantity};

/// What it is the repair of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Server,
    /// One process of a service.
    Process,
    /// The network between two servers.
    Link,
}

const NOTICE: &str = "our choice, after Google's SRE book, \"Being On-Call\": minutes to respond for what users face";
const FAILOVER: &str = "our choice: one untried failover of twenty does not work; try yours and write what you saw";

/// Reads `repair` of this section.
pub fn read(reader: &mut Reader, section: &mut Section<'_>, of: Of) -> Repair {
    let (mttf, mttf_source) = match of {
        Of::Server => {
            ("650 d", "J. Dean, Google I/O 2008: about 1,000 machine failures in the first year of a cluster of 1,800")
        }
        Of::Process => ("90 d", "our choice: a crash in a quarter; nothing published fits your software"),
        Of::Link => ("7300 d", "Gill, Jain, Nagappan, SIGCOMM 2011: about 5% of top-of-rack switches fail in a year"),
    };
    let (fix, fix_source) = match of {
        Of::Server => ("1 h", "our choice: another machine is set up from an image or a backup"),
        Of::Process => {
            ("5 min", "our choice: someone restarts it; a supervisor does so by itself, with notice = \"0 s\"")
        }
        Of::Link => ("1 h", "our choice: a cable, a port or a rule is found and changed"),
    };
    section.within(reader, "repair", |reader, repair| Repair {
        mttf_s: repair.or_default(reader, "mttf", positive(Dimension::Time), &quoted(mttf), mttf_source),
        notice_s: repair.or_default(reader, "notice", quantity(Dimension::Time), "\"5 min\"", NOTICE),
        fix_s: repair.or_default(reader, "fix", positive(Dimension::Time), &quoted(fix), fix_source),
        failover: repair.or_default(reader, "failover", number(0.0, 1.0), "0.95", FAILOVER),
    })
}

/// Whether a dotted key is one of a repair.
pub fn is_its(key: &str) -> bool {
    let mut parts = key.rsplit('.');
    let last = parts.next().is_some_and(|last| matches!(last, "mttf" | "notice" | "fix" | "failover"));
    last && parts.next() == Some("repair")
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
