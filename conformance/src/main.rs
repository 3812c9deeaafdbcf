//! dbg
#![allow(warnings, clippy::all, clippy::pedantic)]
use pushspec::event::*;
use pushspec::runner::*;
use pushspec::transport::*;
#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let url: EndpointUrl = a[1].parse().unwrap();
    let sel = Selection::all().cases(a[2..].iter().map(|s| s.as_str())).unwrap();
    let plan = Plan {
        endpoints: vec![EndpointPlan {
            connector: Connector::new(url, &TlsOptions::default(), vec![]).unwrap(),
            user_name: None,
            password: None,
        }],
        selection: sel,
        jobs: 8,
        timeout: std::time::Duration::from_secs(3),
        seed: 0,
        run: "r1".into(),
    };
    let (t, mut r) = tokio::sync::mpsc::unbounded_channel();
    let (_k, i) = tokio::sync::watch::channel(None);
    let h = tokio::spawn(run(plan, i, t));
    let mut ev = vec![];
    while let Some(e) = r.recv().await {
        if let Event::CaseFinished(c) = &e {
            if !matches!(c.verdict, Verdict::Pass) {
                println!(
                    "{} {} {} expected: {} found: {:?}",
                    c.verdict, c.protocol, c.id, c.expected, c.found
                );
                if a.len() > 2 {
                    for t in &c.trace {
                        println!(
                            "   {:8.3} {} {:?} {} {} {:?}",
                            t.at_ms,
                            t.connection,
                            t.kind,
                            &t.summary[..t.summary.len().min(150)],
                            &t.bytes[..t.bytes.len().min(60)],
                            t.marks
                        )
                    }
                }
            }
        }
        ev.push(e);
    }
    let rep = RunReport::from_events(&ev);
    println!("{:?} {} ms {:?}", rep.totals, rep.duration_ms, rep.interrupted);
    for e in ev {
        if let Event::EndpointUnreachable { .. } = e {
            println!("{e:?}")
        }
    }
}
