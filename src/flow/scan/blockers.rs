//! What stands between a project and a deployment, each with its place and severity. Rules over facts and lines; tests and
//! prose are not blamed for what they show.

use std::sync::LazyLock;

use regex::Regex;

use crate::insight::project::{Blocker, Gravity, Project};

use super::code::is_test_path;
use super::containers::is_dockerfile;
use super::tree::{SourceFile, file_name};

/// One kind is listed at most this often; the count stands in the last one.
const MOST_OF_A_KIND: usize = 8;

/// Everything the facts and the sources say; most severe first.
pub(super) fn blockers(project: &Project, sources: &[SourceFile]) -> Vec<Blocker> {
    let mut found = Vec::new();
    secrets(project, &mut found);
    dependencies(project, &mut found);
    containers(project, &mut found);
    starting(project, &mut found);
    practice(project, &mut found);
    for source in sources.iter().filter(|source| is_judged(source)) {
        lines(source, &mut found);
    }
    let mut found = capped(found);
    found.sort_by(|left, right| {
        (left.severity, &left.kind, &left.file, left.line).cmp(&(right.severity, &right.kind, &right.file, right.line))
    });
    found
}

fn blocker(kind: &str, severity: Gravity, issue: impl Into<String>) -> Blocker {
    Blocker {
        kind: kind.to_owned(),
        issue: issue.into(),
        severity,
        file: None,
        line: None,
    }
}

fn at(mut blocker: Blocker, file: &str, line: Option<u32>) -> Blocker {
    blocker.file = Some(file.to_owned());
    blocker.line = line;
    blocker
}

fn secrets(project: &Project, found: &mut Vec<Blocker>) {
    for file in &project.deployment.environment.files_with_values {
        let issue = "a file with environment values is part of the project; .gitignore does not leave it out";
        found.push(at(
            blocker("committed_environment_file", Gravity::Critical, issue),
            file,
            None,
        ));
    }
    for secret in &project.secrets {
        let (file, kind) = (secret.file.as_str(), secret.kind.as_str());
        if project
            .deployment
            .environment
            .files_with_values
            .iter()
            .any(|known| known == file)
        {
            continue;
        }
        let severity = if secret.made_up {
            Gravity::Medium
        } else {
            Gravity::Critical
        };
        let issue = match kind {
            "key_file" | "credentials_file" | "kubernetes_secret" => {
                format!("a file that holds keys or credentials ({kind})")
            }
            "url_password" => "a password stands in a URL".to_owned(),
            _ => format!("a secret is hard-coded ({kind})"),
        };
        found.push(at(blocker("secret_in_code", severity, issue), file, secret.line));
    }
}

fn dependencies(project: &Project, found: &mut Vec<Blocker>) {
    for file in &project.dependencies.without_lock {
        let issue = "dependencies without a lock file: two builds may differ";
        found.push(at(blocker("no_lock_file", Gravity::High, issue), file, None));
    }
    for manifest in &project.dependencies.manifests {
        if manifest.unbounded > 0 {
            let issue = format!("{} dependencies have no upper bound", manifest.unbounded);
            found.push(at(
                blocker("unpinned_dependencies", Gravity::Medium, issue),
                &manifest.file,
                None,
            ));
        }
        if let Some(fault) = &manifest.fault {
            let issue = format!("the manifest cannot be read: {fault}");
            found.push(at(
                blocker("broken_manifest", Gravity::High, issue),
                &manifest.file,
                None,
            ));
        }
    }
}

fn containers(project: &Project, found: &mut Vec<Blocker>) {
    let deployment = &project.deployment;
    if deployment.containers.is_empty() && is_service(project) {
        let issue = "no Dockerfile: how it gets onto a server is not written down";
        found.push(blocker("missing_dockerfile", Gravity::Medium, issue));
    }
    for container in &deployment.containers {
        let mut add = |kind: &str, severity: Gravity, issue: String| {
            found.push(at(blocker(kind, severity, issue), &container.file, None));
        };
        for image in &container.base_images {
            let floating = image.tag.as_deref().is_none_or(|tag| tag == "latest");
            if floating && !image.pinned && !image.image.contains('$') {
                let issue = format!("base image `{}` floats on `latest`", image.image);
                add("latest_tag", Gravity::Medium, issue);
            }
        }
        if container.runs_as_root && !container.base_images.is_empty() {
            add(
                "container_runs_as_root",
                Gravity::Medium,
                "the container runs as root".to_owned(),
            );
        }
        if !container.health_check {
            add("no_health_check", Gravity::Low, "no HEALTHCHECK".to_owned());
        }
    }
}

fn starting(project: &Project, found: &mut Vec<Blocker>) {
    let deployment = &project.deployment;
    let code = project.languages.iter().any(|language| language.kind == "code");
    if code && deployment.start_commands.is_empty() {
        let (severity, issue) = if is_service(project) {
            (Gravity::High, "no start command: nothing says how it is run")
        } else {
            (Gravity::Low, "no start command; right for a library")
        };
        found.push(blocker("no_start_command", severity, issue));
    }
    let environment = &deployment.environment;
    if !environment.undocumented.is_empty() {
        let names: Vec<&str> = environment.undocumented.iter().take(8).map(String::as_str).collect();
        let issue = format!(
            "{} environment variables are read but named in no example file or README: {}",
            environment.undocumented.len(),
            names.join(", ")
        );
        found.push(blocker("undocumented_environment", Gravity::Medium, issue));
    }
}

fn practice(project: &Project, found: &mut Vec<Blocker>) {
    if project.languages.iter().all(|language| language.kind != "code") {
        return;
    }
    if project.tests.functions == 0 {
        found.push(blocker("no_tests", Gravity::Medium, "no tests were found"));
    }
    if project.deployment.pipelines.is_empty() {
        found.push(blocker("no_ci", Gravity::Low, "no CI pipeline"));
    }
    if project.documentation.readme.is_none() {
        found.push(blocker("no_readme", Gravity::Medium, "no README"));
    }
    if project.documentation.licence.is_none() {
        found.push(blocker("no_licence", Gravity::Low, "no licence"));
    }
}

/// It listens, or is built to run somewhere.
fn is_service(project: &Project) -> bool {
    let deployment = &project.deployment;
    !deployment.ports.is_empty()
        || !deployment.containers.is_empty()
        || !deployment.compose.is_empty()
        || !deployment.kubernetes.is_empty()
}

/// Code and configuration that runs: no tests, prose, examples or data.
fn is_judged(source: &SourceFile) -> bool {
    let path = source.name.to_ascii_lowercase();
    let kind = source.language.map_or("", |language| language.kind.as_str());
    let configuration = matches!(kind, "data" | "")
        && !path.ends_with("lock.json")
        && !path.ends_with(".csv")
        && !path.ends_with(".lock");
    let shown = ["example", "sample", "fixture", "docs/", "bench"]
        .iter()
        .any(|word| path.contains(word));
    (source.is_code() || configuration) && !is_test_path(&source.name) && !shown
}

struct Rule {
    kind: &'static str,
    severity: Gravity,
    issue: &'static str,
    pattern: Regex,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    [
        (
            "hard_coded_localhost",
            Gravity::Medium,
            "an address of this machine is hard-coded",
            r#"(?i)["'`=@/ ](?:https?|wss?|postgres(?:ql)?|mysql|redis|mongodb(?:\+srv)?|amqp)://(?:[^\s"'@/]*@)?(?:localhost|127\.0\.0\.1)\b|(?i)\b(?:host|hostname|server|db_host|redis_host|bind)["']?\s*[:=]\s*["'](?:localhost|127\.0\.0\.1)["']|(?i)\.(?:listen|connect|bind|run)\([^)]*["'](?:localhost|127\.0\.0\.1)"#,
        ),
        (
            "debug_on",
            Gravity::High,
            "debug mode is switched on",
            r#"^\s*DEBUG\s*=\s*True\b|\bdebug\s*=\s*True\b|\b(?:FLASK_DEBUG|DJANGO_DEBUG|APP_DEBUG|WERKZEUG_DEBUG_PIN)\s*[=: ]\s*["']?(?:1|true|on)\b|\bapp\.debug\s*=\s*true\b|\bFLASK_ENV\s*[=: ]\s*["']?development|\bNODE_ENV\s*[=: ]\s*["']?development\b|^\s*"?debug"?\s*[:=]\s*true\b|\bGIN_MODE\s*[=: ]\s*["']?debug"#,
        ),
        (
            "absolute_path",
            Gravity::Medium,
            "a path of somebody's machine is hard-coded",
            r#"["'`= ](?:/(?:home|Users)/[A-Za-z][\w.-]*/|/root/|[A-Z]:\\{1,2}Users\\)"#,
        ),
        (
            "no_certificate_check",
            Gravity::High,
            "certificates are not checked",
            r#"(?i)verify\s*=\s*False\b|rejectUnauthorized["']?\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED\s*["'\]]*\s*=\s*["']?0|InsecureSkipVerify:\s*true|danger_accept_invalid_certs\(true\)"#,
        ),
        (
            "open_cors",
            Gravity::Low,
            "any origin may call it",
            r#"(?i)Access-Control-Allow-Origin["']?\s*[,:]\s*["']\*|allow_origins\s*=\s*\[\s*["']\*|origin:\s*["']\*["']|CORS_ORIGIN_ALLOW_ALL\s*=\s*True|\.allow_any_origin\(\)"#,
        ),
    ]
    .into_iter()
    .map(|(kind, severity, issue, text)| Rule {
        kind,
        severity,
        issue,
        pattern: Regex::new(text).expect("a constant pattern, compiled by a test"),
    })
    .collect()
});

fn lines(source: &SourceFile, found: &mut Vec<Blocker>) {
    let kinds = source
        .language
        .map(|language| super::lines::kinds(&source.text, language));
    let mut in_tests = false;
    for (index, line) in source.text.lines().enumerate() {
        // Tests at the end of a Rust file.
        in_tests |= line.trim() == "#[cfg(test)]";
        let comment = kinds
            .as_ref()
            .is_some_and(|kinds| kinds.get(index) == Some(&super::lines::Kind::Comment));
        if in_tests || comment || line.len() > 2_000 {
            continue;
        }
        for rule in RULES.iter().filter(|rule| rule.pattern.is_match(line)) {
            // A health check inside a container asks itself.
            if rule.kind == "hard_coded_localhost" && (is_dockerfile(&source.name) || is_health_check(line)) {
                continue;
            }
            let line = u32::try_from(index + 1).ok();
            found.push(at(blocker(rule.kind, rule.severity, rule.issue), &source.name, line));
        }
    }
    if file_name(&source.name) == "settings.py" && source.text.contains("ALLOWED_HOSTS = ['*']") {
        found.push(at(
            blocker("open_hosts", Gravity::Low, "any host name is accepted"),
            &source.name,
            None,
        ));
    }
}

fn is_health_check(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.contains("health") || lower.contains("curl")
}

/// The first of each kind, the last of them saying how many more there are.
fn capped(found: Vec<Blocker>) -> Vec<Blocker> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut kept: Vec<Blocker> = Vec::new();
    for blocker in found {
        let count = counts.entry(blocker.kind.clone()).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND {
            kept.push(blocker);
        }
    }
    for (kind, count) in counts.into_iter().filter(|(_, count)| *count > MOST_OF_A_KIND) {
        if let Some(last) = kept.iter_mut().rev().find(|blocker| blocker.kind == kind) {
            last.issue
                .push_str(&format!(" ({} more places)", count - MOST_OF_A_KIND));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(path: &str, text: &str) -> Vec<String> {
        let sources = [SourceFile::new(path, text)];
        let mut found = Vec::new();
        for source in sources.iter().filter(|source| is_judged(source)) {
            lines(source, &mut found);
        }
        found.into_iter().map(|blocker| blocker.kind).collect()
    }

    #[test]
    fn lines_that_block() {
        for (path, text, kind) in [
            (
                "app.py",
                "app.run(host='127.0.0.1', debug=True)",
                "hard_coded_localhost debug_on",
            ),
            ("settings.py", "DEBUG = True", "debug_on"),
            ("a.js", "fetch('http://localhost:3000/api')", "hard_coded_localhost"),
            ("a.js", "// see http://localhost:3000", ""),
            ("tests/a.js", "fetch('http://localhost:3000/api')", ""),
            ("a.py", "open(\"/home/anna/data.csv\")", "absolute_path"),
            ("a.py", "requests.get(url, verify=False)", "no_certificate_check"),
            ("docker-compose.yml", "      - NODE_ENV=development", "debug_on"),
            ("docker-compose.yml", "      test: curl http://localhost:80/health", ""),
            ("README.md", "open http://localhost:3000", ""),
            (
                "a.rs",
                "#[cfg(test)]\nmod tests { const A: &str = \"http://localhost:1\"; }",
                "",
            ),
        ] {
            assert_eq!(kinds(path, text).join(" "), kind, "{path}: {text}");
        }
    }

    #[test]
    fn many_of_a_kind_are_counted() {
        let many = (0..12).map(|_| blocker("x", Gravity::Low, "y")).collect();
        let kept = capped(many);
        assert_eq!(kept.len(), 8);
        assert_eq!(kept[7].issue, "y (4 more places)");
    }
}
