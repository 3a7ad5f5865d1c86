//! Three made-up projects with planted faults. Keys are put together here, so that no file of this repository holds something that
//! looks like a real one.

use crate::support::run::Run;

fn github() -> String {
    ["ghp", "_4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWD"].concat()
}

fn aws() -> String {
    ["AKIA", "QYLPMN5HFIQR7XYA"].concat()
}

fn provider() -> String {
    ["sk-ant", "-api03-4eC39HqLyjWDarjtT1zdp7dc"].concat()
}

fn key_block() -> String {
    let kind = ["PRIVATE", "KEY"].join(" ");
    format!("-----BEGIN {kind}-----\nMIICANARYKEYBLOCK0123456789\n-----END {kind}-----\n")
}

/// What no request, file, event or line of output may hold.
pub(super) fn planted_secrets() -> Vec<String> {
    let mut secrets = vec![github(), aws(), provider(), "MIICANARYKEYBLOCK0123456789".to_owned()];
    secrets.extend(
        [
            "database-1",
            "environment-1",
            "readme-1",
            "session-1",
            "compose-1",
            "django-1",
        ]
        .map(|name| format!("CANARY-{name}")),
    );
    secrets
}

/// A small service: a secret in code, no lock file, a container as root on `latest`.
pub(super) fn rust(run: Run, name: &str) -> Run {
    let main = format!(
        "//! A shop.\nuse std::env;\n\n/// Starts.\nfn main() {{\n    let url = env::var(\"SHOP_DATABASE_URL\").unwrap_or(\"postgres://shop:CANARY-database-1@localhost:5432/shop\".into());\n    let key = \"{}\";\n    // {}: read the port from the environment\n    println!(\"{{url}} {{}}\", key.len());\n    serve(\"0.0.0.0:8080\");\n}}\n\nfn serve(address: &str) {{\n    if address.is_empty() {{\n        panic!(\"no address\");\n    }}\n}}\n\n#[cfg(test)]\nmod tests {{\n    #[test]\n    fn one() {{}}\n\n    #[test]\n    fn two() {{}}\n}}\n",
        aws(),
        ["TO", "DO"].concat(),
    );
    run.file(&format!("{name}/Cargo.toml"), &format!("[package]\nname = \"{}\"\nversion = \"0.1.0\"\ndescription = \"A small shop\"\n\n[dependencies]\nserde = \"1\"\nanyhow = \"*\"\n", if name == "." { "here" } else { name }))
        .file(&format!("{name}/src/main.rs"), &main)
        .file(&format!("{name}/Dockerfile"), "FROM rust\nCOPY . .\nRUN cargo build --release\nEXPOSE 8080\nCMD [\"./target/release/shop\"]\n")
        .file(&format!("{name}/README.md"), "# Shop\n\nSells things.\n\n## Installation\n\n```sh\ncargo install --path .\n```\n")
}

/// A web application: a committed environment file, tokens in code, loose versions, no start command.
pub(super) fn node(run: Run, name: &str) -> Run {
    let index = format!(
        "const express = require('express');\nconst token = '{}';\nconst sessionSecret = \"CANARY-session-1\";\nconst app = express();\n\nfunction home(request, response) {{\n  response.send('hello');\n}}\n\napp.get('/', home);\napp.listen(process.env.WEB_PORT || 3000);\n",
        github()
    );
    run.file(&format!("{name}/package.json"), "{\n  \"name\": \"web\",\n  \"dependencies\": {\"express\": \"*\", \"pg\": \"latest\"},\n  \"scripts\": {\"test\": \"jest\"}\n}\n")
        .file(&format!("{name}/src/index.js"), &index)
        .file(&format!("{name}/src/index.test.js"), "test('adds', () => {\n  expect(1).toBe(1);\n});\n")
        .file(&format!("{name}/.env"), "WEB_PORT=3000\nAPI_TOKEN=CANARY-environment-1\n")
        .file(&format!("{name}/.env.example"), "WEB_PORT=3000\nAPI_TOKEN=\n")
        .file(&format!("{name}/deploy/server.pem"), &key_block())
        .file(&format!("{name}/README.md"), "# Web\n\nA web application. The token CANARY-environment-1 is for testing; log in with password: CANARY-readme-1\n")
}

/// Scripts and a web page: debug mode, paths of one machine, unchecked certificates, a key block, compose with a password.
pub(super) fn python(run: Run, name: &str) -> Run {
    let app = format!(
        "\"\"\"Jobs.\"\"\"\nimport os\n\nimport requests\n\nDEBUG = True\nSECRET_KEY = 'CANARY-django-1'\nCLIENT = {{\"api_key\": \"{}\"}}\nDATA = '/home/anna/data/jobs.csv'\n\n\ndef load(path=DATA):\n    \"\"\"Reads jobs.\"\"\"\n    with open(path) as file:\n        return file.read()\n\n\ndef post(url):\n    return requests.post(url, verify=False, headers={{'x': os.environ['JOBS_TOKEN']}})\n\n\nif __name__ == '__main__':\n    print(load())\n",
        provider()
    );
    let keys = format!("KEY = \"\"\"{}\"\"\"\n", key_block());
    run.file(&format!("{name}/app.py"), &app)
        .file(&format!("{name}/keys.py"), &keys)
        .file(&format!("{name}/requirements.txt"), "requests>=2\nflask==3.0.0\n")
        .file(&format!("{name}/docker-compose.yml"), "services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD=CANARY-compose-1\n    ports:\n      - \"5432:5432\"\n")
}
