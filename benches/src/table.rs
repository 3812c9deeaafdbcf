//! The table of the README: measured in interleaved rounds, so that what disturbs the machine disturbs
//! all of them; a ratio is that of two times of one round, and the middle one of all rounds counts.

use std::fmt::Write;
use std::time::Duration;

use crate::contest::{Contest, Contestant};

/// What one contest came to.
pub struct Row {
    /// What was done.
    pub name: String,
    /// Our time for one packet or event.
    pub nanoseconds: f64,
    /// The fastest peer, or the fastest of the goal's, and our time by its.
    pub peer: (&'static str, f64),
    /// The other peers, and our time by theirs.
    pub others: Vec<(&'static str, f64)>,
    /// The floors, and our time by theirs.
    pub floors: Vec<(&'static str, f64)>,
    /// The ratio that we want to reach.
    pub goal: Option<f64>,
}

/// Does all the work of a contest, round after round.
pub fn measure(mut contest: Contest, rounds: usize) -> Row {
    let count = contest.count;
    let floors_from = contest.contestants.len();
    let mut all: Vec<&mut Contestant> =
        contest.contestants.iter_mut().chain(&mut contest.floors).collect();
    let mut times = vec![Vec::new(); all.len()];
    for round in 0..=rounds {
        for (contestant, times) in all.iter_mut().zip(&mut times) {
            let time = contestant.pass(count);
            // The first round warms up.
            if round > 0 {
                times.push(time);
            }
        }
    }
    let ratio = |index: usize| {
        let both = times[0].iter().zip(&times[index]);
        middle(both.map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64()).collect())
    };
    let ratios: Vec<_> = (0..all.len()).map(ratio).collect();
    let named = |index: usize| (all[index].name, ratios[index]);
    let mut peers: Vec<_> = (1..floors_from).map(named).collect();
    let floors = (floors_from..times.len()).map(named).collect();
    peers.sort_by(|one, other| other.1.total_cmp(&one.1));
    let wanted = |peer: &(&str, f64)| contest.goal.is_none_or(|goal| goal.of.contains(&peer.0));
    let peer = peers.remove(peers.iter().position(wanted).unwrap_or(0));
    Row {
        name: contest.name,
        nanoseconds: middle(
            times[0]
                .iter()
                .map(Duration::as_nanos)
                .map(|time| time as f64 / count as f64)
                .collect(),
        ),
        peer,
        others: peers,
        floors,
        goal: contest.goal.map(|goal| goal.ratio),
    }
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The rows in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | ns | by the fastest peer | goal | by other peers | by the floors |\n|---|---|---|---|---|---|\n",
    );
    let list = |ratios: &[(&str, f64)]| {
        ratios
            .iter()
            .map(|(name, ratio)| format!("{} {name}", short(*ratio)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for row in rows {
        let goal = match row.goal {
            None => String::new(),
            Some(goal) if row.peer.1 <= goal => format!("{goal}, reached"),
            Some(goal) => format!("{goal}, **missed**"),
        };
        let (name, ratio) = row.peer;
        writeln!(
            text,
            "| {} | {} | {} {name} | {goal} | {} | {} |",
            row.name,
            short(row.nanoseconds),
            short(ratio),
            list(&row.others),
            list(&row.floors),
        )
        .expect("a string takes everything");
    }
    text
}

/// Two or three digits that count.
fn short(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
