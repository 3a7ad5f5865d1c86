//! The verifier of claims: how many a second, where claims share their evidence and where each has its own.
//! `cargo bench --bench verify`; bar: 100,000 claims a second on one core.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints its figures"
)]

use std::hint::black_box;
use std::time::Instant;

use insights::reply::Verifier;

#[path = "../src/reply/tests/claims/made/mod.rs"]
mod made;

use made::Half;

fn main() {
    let mut lines: Vec<String> = Vec::new();
    for half in [Half::Tuned, Half::Kept] {
        lines.extend(made::claims(3, 2000, half).iter().map(|made| made.claim.to_string()));
    }
    let bytes = lines.iter().map(String::len).sum::<usize>() / lines.len();
    println!("{} claims of about {bytes} bytes", lines.len());
    let mut verifier = Verifier::default();
    // The patterns are made by the first claim that needs them.
    each(&mut verifier, &lines);
    let begun = Instant::now();
    for _ in 0..5 {
        each(&mut verifier, &lines);
    }
    tell("evidence shared by ten neighbours", 5 * lines.len(), begun);
    let begun = Instant::now();
    for line in &lines {
        for _ in 0..20 {
            black_box(verifier.judge(line).judged.unwrap());
        }
    }
    tell("evidence known", 20 * lines.len(), begun);
    let begun = Instant::now();
    for line in &lines {
        black_box(Verifier::default().judge(line).judged.unwrap());
    }
    tell("evidence of its own", lines.len(), begun);
}

fn each(verifier: &mut Verifier, lines: &[String]) {
    for line in lines {
        black_box(verifier.judge(line).judged.unwrap());
    }
}

fn tell(what: &str, n: usize, begun: Instant) {
    println!("{what:36} {:>9.0} claims/s", n as f64 / begun.elapsed().as_secs_f64());
}
