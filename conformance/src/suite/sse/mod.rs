//! The cases on servers of event streams, one file per topic.

mod caching;
mod coding;
mod cors;
mod cursor;
mod cx;
mod delivery;
mod done;
mod end;
mod flush;
mod http2;
mod idle;
mod last_event_id;
mod methods;
mod parallel;
mod payload;
mod proxy;
mod redirect;
mod replay;
mod response;
mod restart;
mod resume;
mod stream;
mod unknown_id;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod decoys;
#[cfg(test)]
mod matrix;

pub use cx::{Cx, Restarter, Setting};

use crate::case::Case;

/// All cases, by topic.
pub const CASES: &[&[Case<Cx>]] = &[
    response::CASES,
    methods::CASES,
    caching::CASES,
    cors::CASES,
    redirect::CASES,
    stream::CASES,
    delivery::CASES,
    coding::CASES,
    idle::CASES,
    proxy::CASES,
    http2::CASES,
    payload::CASES,
    parallel::CASES,
    last_event_id::CASES,
    replay::CASES,
    unknown_id::CASES,
    cursor::CASES,
    end::CASES,
    done::CASES,
    restart::CASES,
];
