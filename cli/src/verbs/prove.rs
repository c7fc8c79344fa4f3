//! `price prove`: what assertions claim, decided for all usage.

use crate::Exit;
use crate::args::{ProveArgs, ReportFormat};
use crate::output::report;
use crate::paths::{self, count};
use crate::shell::{Paint, Shell};
use crate::trouble::Trouble;
use crate::verbs::test::place;
use price_diagnostics::{Diagnostic, Sources};
use price_driver::{Claim, Proof, Verdict, Workspace};
use serde_json::{Value, json};
use std::time::Instant;

pub fn run(args: &ProveArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let wanted = match &args.run {
        Some(pattern) => Some(regex::Regex::new(pattern).map_err(|error| {
            Trouble::new("C030", format!("`{pattern}` is not a regular expression")).cause(error.to_string())
        })?),
        None => None,
    };
    let workspace = paths::load(&args.paths)?;
    let mut files: Vec<(String, Vec<Proof>)> = Vec::new();
    for (file, made) in workspace.proofs() {
        let fits = |proof: &&Proof| wanted.as_ref().is_none_or(|regex| regex.is_match(&proof.title));
        let proofs: Vec<Proof> = made.proofs.iter().filter(fits).cloned().collect();
        if !proofs.is_empty() {
            files.push((workspace.name(file).to_owned(), proofs));
        }
    }
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => shell.out(&format!("{}\n", as_json(&files, &workspace)))?,
        _ => {
            let paint = shell.paint();
            let text: String = files.iter().map(|(name, proofs)| pretty(name, proofs, &workspace, paint)).collect();
            shell.out(&text)?;
        }
    }
    // What is no claim at all cannot be decided either.
    let errors: Vec<Diagnostic> = workspace.check().into_iter().filter(Diagnostic::is_error).collect();
    let errors: Vec<Diagnostic> = errors.into_iter().filter(|found| found.code.as_str() != "P803").collect();
    if !errors.is_empty() {
        shell.complain(&report::render(&errors, &workspace, format, shell.err_paint().is_on()));
    }
    let claims: Vec<&Claim> = files.iter().flat_map(|(_, proofs)| proofs).flat_map(|proof| &proof.claims).collect();
    let tally = |fits: fn(&Verdict) -> bool| claims.iter().filter(|claim| fits(&claim.verdict)).count();
    let disproved = tally(|verdict| matches!(verdict, Verdict::Disproved(_)));
    let undecided = tally(|verdict| matches!(verdict, Verdict::Undecided(_)));
    let mut parts = vec![format!("{} proved", claims.len() - disproved - undecided)];
    parts.extend((disproved > 0).then(|| format!("{disproved} disproved")));
    parts.extend((undecided > 0).then(|| format!("{undecided} not decided")));
    parts.extend((!errors.is_empty()).then(|| count(errors.len(), "error")));
    let took = started.elapsed().as_secs_f64();
    shell.note(format!("{}: {} in {took:.2}s", count(claims.len(), "claim"), parts.join(", ")));
    let bad = disproved > 0 || !errors.is_empty() || (args.strict && undecided > 0);
    Ok(if bad { Exit::Findings } else { Exit::Clean })
}

fn pretty(name: &str, proofs: &[Proof], workspace: &Workspace, paint: Paint) -> String {
    let mut out = format!("{}\n", paint.bold(name));
    for proof in proofs {
        out.push_str(&format!("  {} {}\n", proof.title, paint.dim(format!("for {}", proof.subject))));
        for claim in &proof.claims {
            let at = paint.dim(place(workspace, claim.span));
            match &claim.verdict {
                Verdict::Proved => out.push_str(&format!("    {} {}\n", paint.good("proved     "), claim.text)),
                Verdict::Disproved(witness) => {
                    out.push_str(&format!("    {} {}  {at}\n", paint.bad("disproved  "), claim.text));
                    out.push_str(&format!("                {}\n", paint.bold(&witness.says)));
                }
                Verdict::Undecided(why) => {
                    out.push_str(&format!("    {} {}  {at}\n", paint.warn("not decided"), claim.text));
                    out.push_str(&format!("                {why}\n"));
                }
            }
        }
    }
    out
}

fn as_json(files: &[(String, Vec<Proof>)], workspace: &Workspace) -> Value {
    let claim = |claim: &Claim| {
        let (verdict, more) = match &claim.verdict {
            Verdict::Proved => ("proved", json!({})),
            Verdict::Disproved(witness) => {
                ("disproved", json!({ "usage": witness.usage, "says": witness.says, "test": witness.test }))
            }
            Verdict::Undecided(why) => ("not-decided", json!({ "why": why })),
        };
        let mut value = json!({ "text": claim.text, "at": place(workspace, claim.span), "verdict": verdict });
        if let (Some(all), Some(more)) = (value.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        value
    };
    let proof = |proof: &Proof| {
        let claims: Vec<Value> = proof.claims.iter().map(claim).collect();
        json!({ "title": proof.title, "subject": proof.subject, "at": place(workspace, proof.span), "claims": claims })
    };
    let file = |(name, proofs): &(String, Vec<Proof>)| json!({ "file": name, "assertions": proofs.iter().map(proof).collect::<Vec<_>>() });
    json!({ "format_version": "1.0", "files": files.iter().map(file).collect::<Vec<_>>() })
}
