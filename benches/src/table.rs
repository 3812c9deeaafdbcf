//! The table of the README: measured in interleaved rounds, so that what disturbs the machine disturbs
//! all of them. It can only take time, so the best time of each counts.

use std::fmt::Write;
use std::time::{Duration, Instant};

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

/// The most and the fewest rounds, and the time in which no further one is begun.
const ROUNDS: usize = 201;
const FEWEST: usize = 7;
const PATIENCE: Duration = Duration::from_secs(4);

/// Does all the work of a contest, round after round.
pub fn measure(mut contest: Contest) -> Row {
    let count = contest.count;
    let floors_from = contest.contestants.len();
    let mut all: Vec<&mut Contestant> =
        contest.contestants.iter_mut().chain(&mut contest.floors).collect();
    let mut best = vec![Duration::MAX; all.len()];
    let start = Instant::now();
    for round in 0..=ROUNDS {
        // Each goes first in turn: what is still in the caches favours those behind it.
        for index in 0..best.len() {
            let index = (index + round) % best.len();
            let time = all[index].pass(count);
            // The first round warms up.
            if round > 0 {
                best[index] = time.min(best[index]);
            }
        }
        if round >= FEWEST && start.elapsed() > PATIENCE {
            break;
        }
    }
    let ratio = |index: usize| best[0].as_secs_f64() / best[index].as_secs_f64();
    let ratios: Vec<_> = (0..all.len()).map(ratio).collect();
    let named = |index: usize| (all[index].name, ratios[index]);
    let mut peers: Vec<_> = (1..floors_from).map(named).collect();
    let floors = (floors_from..best.len()).map(named).collect();
    peers.sort_by(|one, other| other.1.total_cmp(&one.1));
    let wanted = |peer: &(&str, f64)| contest.goal.is_none_or(|goal| goal.of.contains(&peer.0));
    let peer = peers.remove(peers.iter().position(wanted).unwrap_or(0));
    Row {
        name: contest.name,
        nanoseconds: best[0].as_nanos() as f64 / count as f64,
        peer,
        others: peers,
        floors,
        goal: contest.goal.map(|goal| goal.ratio),
    }
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
