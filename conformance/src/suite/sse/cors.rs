//! Pages of other origins (9.2.2, Fetch's CORS protocol).

use super::cx::Cx;
use crate::case::{Case, Stop};
use crate::probe::sse::{Head, Request};
use crate::requirement::{Level, sse};

pub(super) const ORIGIN: &str = "https://page.example";
const OTHER_ORIGIN: &str = "https://attacker.example";
pub(super) const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/cors/allowed-origin-is-one",
        requires: &[sse("SSE-I9"), sse("SSE-Q6")],
        expects: "Access-Control-Allow-Origin is `*`, `null` or one origin: browsers compare the whole value",
        accepts: "no such field: pages of other origins are then kept out, which a server may want",
        run: |cx| {
            Box::pin(async move {
                let (head, allowed) = allowed(&cx, ORIGIN).await?;
                let one = allowed == "*" || allowed == "null" || is_origin(&allowed);
                cx.judge_header(&head, ALLOW_ORIGIN, one, "`*`, `null` or one origin")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/no-credentials-for-everyone",
        level: Level::Should,
        requires: &[sse("SSE-I9"), sse("SSE-Q6")],
        expects: "`*` does not come with Access-Control-Allow-Credentials, which browsers refuse",
        run: |cx| {
            Box::pin(async move {
                let (head, allowed) = allowed(&cx, ORIGIN).await?;
                let holds = allowed != "*" || !with_credentials(&head);
                cx.judge_header(&head, ALLOW_CREDENTIALS, holds, "`*` without credentials")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/no-credentials-for-strangers",
        level: Level::Should,
        requires: &[sse("SSE-Q6")],
        expects: "an origin that nobody can have allowed is not answered with its own name and credentials",
        run: |cx| {
            Box::pin(async move {
                let (head, allowed) = allowed(&cx, OTHER_ORIGIN).await?;
                let holds = allowed != OTHER_ORIGIN || !with_credentials(&head);
                cx.judge_header(
                    &head,
                    ALLOW_ORIGIN,
                    holds,
                    "credentials for known origins only: any page could read the user's stream",
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/no-credentials-for-null",
        level: Level::Should,
        requires: &[sse("SSE-Q6")],
        expects: "the origin `null`, which any sandboxed page has, is not allowed with credentials",
        run: |cx| {
            Box::pin(async move {
                let (head, allowed) = allowed(&cx, "null").await?;
                let holds = allowed != "null" || !with_credentials(&head);
                cx.judge_header(&head, ALLOW_ORIGIN, holds, "credentials for known origins only")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/credentials-are-true",
        level: Level::Should,
        requires: &[sse("SSE-I9"), sse("SSE-Q6")],
        expects: "Access-Control-Allow-Credentials, where it is sent, is `true`: browsers compare it with case",
        accepts: "no such field",
        run: |cx| {
            Box::pin(async move {
                let (head, _) = allowed(&cx, ORIGIN).await?;
                let holds = head.header(ALLOW_CREDENTIALS).is_none_or(|value| value == "true");
                cx.judge_header(&head, ALLOW_CREDENTIALS, holds, "`true`, or no such field")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/varies-without-origin",
        level: Level::Advice,
        requires: &[sse("SSE-Q4"), sse("SSE-Q6")],
        expects: "where the answer depends on the origin that asks, a response to a request without one says `Vary: Origin`, too",
        accepts: "no Vary where the answer is the same for everyone",
        run: |cx| {
            Box::pin(async move {
                let (_, allowed) = allowed(&cx, ORIGIN).await?;
                if allowed != ORIGIN {
                    return Ok(());
                }
                let head = cx.head().await?;
                let varies = head.lists("vary", "origin") || head.lists("vary", "*");
                cx.judge_header(&head, "Vary", varies, "Vary: Origin")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/varies-by-origin",
        level: Level::Should,
        requires: &[sse("SSE-Q4"), sse("SSE-Q6")],
        expects: "a response that names the origin that asked says `Vary: Origin`",
        accepts: "no Vary where the answer is the same for everyone",
        run: |cx| {
            Box::pin(async move {
                let (head, allowed) = allowed(&cx, ORIGIN).await?;
                let depends = allowed == ORIGIN;
                let varies = head.lists("vary", "origin") || head.lists("vary", "*");
                cx.judge_header(&head, "Vary", !depends || varies, "Vary: Origin")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/preflight-is-answered",
        level: Level::Should,
        requires: &[sse("SSE-Q6")],
        expects: "where other origins may read the stream, their preflight request succeeds",
        run: |cx| {
            Box::pin(async move {
                allowed(&cx, ORIGIN).await?;
                let head = preflight(&cx).await?;
                let found = head.status_text();
                cx.judge(head.status / 100 == 2, "a status from 200 to 299", found)?;
                let allows = head.header(ALLOW_ORIGIN).is_some();
                cx.judge_header(&head, ALLOW_ORIGIN, allows, "the origin is allowed here, too")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/cors/preflight-allows-last-event-id",
        level: Level::Should,
        requires: &[sse("SSE-Q6"), sse("SSE-R5")],
        expects: "the preflight allows Last-Event-ID, which clients built on fetch have to ask for",
        run: |cx| {
            Box::pin(async move {
                allowed(&cx, ORIGIN).await?;
                let head = preflight(&cx).await?;
                if head.status / 100 != 2 {
                    let how = head.status_text();
                    return Err(Stop::NotApplicable(format!("the preflight is answered {how}")));
                }
                let any = head.lists(ALLOW_HEADERS, "*") && !with_credentials(&head);
                let holds = any || head.lists(ALLOW_HEADERS, "last-event-id");
                cx.judge_header(&head, ALLOW_HEADERS, holds, "Last-Event-ID among the allowed")
            })
        },
        ..Case::BASE
    },
];

/// The response to a page of an origin, and which origin it allows.
async fn allowed(cx: &Cx, origin: &str) -> Result<(Head, String), Stop> {
    let head = cx.open(&Request::event_source().header("Origin", origin)).await?.head;
    match head.header(ALLOW_ORIGIN) {
        Some(allowed) => {
            let shown = if allowed == origin { "the origin that asks" } else { &allowed };
            cx.observe("allowed origin", shown);
            Ok((head, allowed))
        }
        None => {
            Err(Stop::NotApplicable("pages of this origin are not allowed to read it".to_owned()))
        }
    }
}

async fn preflight(cx: &Cx) -> Result<Head, Stop> {
    let request = Request::new("OPTIONS")
        .header("Origin", ORIGIN)
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "last-event-id");
    Ok(cx.http().send(&request).await?.head)
}

fn with_credentials(head: &Head) -> bool {
    head.header(ALLOW_CREDENTIALS).is_some_and(|value| value == "true")
}

/// `scheme://host` with an optional port, and nothing else.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, host)| {
        !scheme.is_empty() && !host.is_empty() && !host.contains([' ', ',', '/'])
    })
}
