//! Replicas and databases in words: how far behind, what was waited for, what the death of a primary cost.

use super::content::{Block, Tone, percent_text};
use super::figure;
use super::table::Table;
use crate::experiment::summary::{Estimate, Summary};

pub(super) fn replicas(summary: &Summary, out: &mut Vec<Block>) {
    if summary.replication.is_empty() {
        return;
    }
    out.push(Block::Heading("Replication".into()));
    let mut table = Table::new(&["replica", "apply delay p50 ms", "p99 ms", "seconds behind", "p99 s", "backlog"]);
    for replica in &summary.replication {
        table.row(
            &replica.server,
            vec![
                figure::estimate(&replica.apply_delay_ms.p50, 1.0),
                figure::estimate(&replica.apply_delay_ms.p99, 1.0),
                figure::estimate(&replica.seconds_behind, 1.0),
                figure::estimate(&replica.seconds_behind_p99, 1.0),
                figure::estimate(&replica.backlog, 1.0),
            ],
        );
    }
    out.push(Block::Table(table));
    for replica in &summary.replication {
        let mut text = format!(
            "{}: behind for {} of the time, at most {}; {} of {} were stale",
            replica.server,
            percent_text(&replica.behind),
            figure::counted(replica.backlog_max, "transaction"),
            percent_text(&replica.stale_reads),
            figure::counted(replica.reads, "read"),
        );
        if let Some(misses) = &replica.own_write_misses {
            text.push_str(&format!(", {} missed the reader's own write", percent_text(misses)));
        }
        out.push(Block::Line(Tone::Plain, text));
        if replica.transactions_lost > 0 {
            let lost = figure::counted(replica.transactions_lost, "acknowledged transaction");
            out.push(Block::Line(Tone::Alarm, format!("{}: {lost} lost", replica.server)));
        }
    }
}

pub(super) fn databases(summary: &Summary, out: &mut Vec<Block>) {
    let text = |estimate: &Estimate| figure::estimate(estimate, 1.0).text();
    for database in &summary.databases {
        out.push(Block::Heading(format!("Database {}", database.name)));
        let mut line = |tone: Tone, text: String| out.push(Block::Line(tone, text));
        if let Some(semi_sync) = &database.semi_sync {
            let wait = &semi_sync.ack_wait_ms;
            line(
                Tone::Plain,
                format!(
                    "commits waited {} ms for replicas, p99 {}; {} fallbacks a run, asynchronous for {} of the time",
                    text(&wait.mean),
                    text(&wait.p99),
                    text(&semi_sync.fallbacks),
                    percent_text(&semi_sync.asynchronous),
                ),
            );
        }
        if let Some(backup) = &database.backup {
            let what = match backup.finished {
                0 => "it did not come to its end".to_owned(),
                _ => format!("it took {} s", text(&backup.took_s)),
            };
            line(Tone::Plain, format!("backup from {:.1} s on; {what}", backup.began_s));
        }
        let Some(primary) = &database.primary else { continue };
        line(
            Tone::Plain,
            format!(
                "no writes for {} s a run, at most {} s at once",
                text(&primary.write_outage_s),
                text(&primary.write_outage_max_s)
            ),
        );
        if let Some(failover) = &primary.failover {
            line(
                Tone::Plain,
                format!(
                    "failover: noticed after {} s, promoted after {} s, clients there after {} s",
                    text(&failover.noticed_s),
                    text(&failover.promoted_s),
                    text(&failover.switched_s)
                ),
            );
        }
        let lost = primary.transactions_lost.value.is_some_and(|lost| lost > 0.0);
        line(
            if lost { Tone::Alarm } else { Tone::Good },
            format!(
                "{} acknowledged transactions lost a run, {} in doubt",
                text(&primary.transactions_lost),
                text(&primary.in_doubt)
            ),
        );
    }
}
