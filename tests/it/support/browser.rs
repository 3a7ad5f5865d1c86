//! A real browser, driven over the WebDriver protocol: Chromium through chromedriver, where both are installed.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::dashboard::Dashboard;
use super::web;

/// Nothing that a test does takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser {
    driver: Child,
    client: Client,
    session: String,
    /// The profile, fresh for each browser.
    _profile: tempfile::TempDir,
}

/// How it looks at pages.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

pub const DESKTOP: Look = Look {
    width: 1280,
    height: 900,
    dark: false,
};

pub const PHONE: Look = Look {
    width: 390,
    height: 844,
    dark: true,
};

impl Browser {
    /// None, with a word why, where there is no browser to drive.
    pub async fn open(look: Look) -> Option<Self> {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = match started {
            Ok(driver) => driver,
            Err(error) => {
                println!("skipped: chromedriver cannot be started: {error}");
                return None;
            }
        };
        let mut said = BufReader::new(driver.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let port = said.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says its port");
        // What it says later is not waited for.
        std::thread::spawn(move || said.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let client = web::client();
        let mut browser = Self {
            driver,
            client,
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let folder = browser._profile.path().display().to_string();
        let wanted = capabilities(look, &folder);
        let opened = browser.ask(Method::POST, "", &wanted).await;
        let id = opened["sessionId"].as_str();
        browser.session = format!("{}/{}", browser.session, id.expect("chromium starts"));
        Some(browser)
    }

    /// The dashboard's first page, entered with its token.
    pub async fn enter(&self, dashboard: &Dashboard) {
        let url = format!("http://{}/?token={}", dashboard.host, dashboard.token);
        self.go(&url).await;
    }

    pub async fn visit(&self, dashboard: &Dashboard, path: &str) {
        self.go(&format!("http://{}{path}", dashboard.host)).await;
    }

    /// A page that is a file of this machine.
    pub async fn open_file(&self, path: &std::path::Path) {
        self.go(&format!("file://{}", path.display())).await;
    }

    async fn go(&self, url: &str) {
        self.ask(Method::POST, "/url", &json!({ "url": url })).await;
    }

    pub async fn reload(&self) {
        self.ask(Method::POST, "/refresh", &json!({})).await;
    }

    /// What a script of ours says about the page: `return …`.
    pub async fn read(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.ask(Method::POST, "/execute/sync", &body).await
    }

    /// Asks the page again until it says yes.
    pub async fn until(&self, script: &str) {
        let begun = Instant::now();
        // A page that is still being built is no error.
        let patient = format!("try {{ {script} }} catch {{ return false }}");
        while self.read(&patient).await != json!(true) {
            if begun.elapsed() > PATIENCE {
                let page = self.read("return document.body.innerText").await;
                panic!("never: {script}\n{}", page.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into a field as a person does.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.ask(Method::POST, &format!("/element/{element}/clear"), &json!({}))
            .await;
        self.ask(
            Method::POST,
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        )
        .await;
    }

    /// Dates and choices are set as a picker would.
    pub async fn set(&self, selector: &str, value: &str) {
        let script = format!(
            "const field = document.querySelector({selector:?}); field.value = {value:?}; \
             field.dispatchEvent(new Event('input', {{bubbles: true}})); field.dispatchEvent(new Event('change', {{bubbles: true}}))"
        );
        self.read(&script).await;
    }

    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.ask(Method::POST, &format!("/element/{element}/click"), &json!({}))
            .await;
    }

    /// One key, pressed on whatever has the focus.
    pub async fn press(&self, key: char) {
        let keys = json!({"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": key.to_string()}, {"type": "keyUp", "value": key.to_string()}]}]});
        self.ask(Method::POST, "/actions", &keys).await;
    }

    /// What the browser complained about: errors of scripts, and things that the policy of the page forbids.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask(Method::POST, "/se/log", &json!({"type": "browser"})).await;
        let severe = log.as_array().unwrap().iter().filter(|line| line["level"] == "SEVERE");
        severe.map(|line| line["message"].to_string()).collect()
    }

    async fn element(&self, selector: &str) -> String {
        let body = json!({"using": "css selector", "value": selector});
        let found = self.ask(Method::POST, "/element", &body).await;
        let id = found.as_object().and_then(|found| found.values().next()?.as_str());
        id.unwrap_or_else(|| panic!("nothing is at {selector}: {found}"))
            .to_owned()
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self
            .client
            .request(method, format!("{}{path}", self.session))
            .json(body);
        let reply = request.send().await.unwrap().bytes().await.unwrap();
        let mut reply: Value = serde_json::from_slice(&reply).unwrap();
        assert!(
            reply["value"]["error"].is_null(),
            "{path}: {}",
            reply["value"]["message"]
        );
        reply["value"].take()
    }
}

impl Drop for Browser {
    /// The driver takes its browser along.
    fn drop(&mut self) {
        let session = self.session.clone();
        let closing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let client = web::client();
            let _it_is_killed_below = runtime.block_on(client.delete(session).send());
        });
        let _closed = closing.join();
        let _gone = self.driver.kill();
        let _gone = self.driver.wait();
    }
}

fn capabilities(look: Look, profile: &str) -> Value {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--user-data-dir={profile}"));
    arguments.push(format!("--window-size={},{}", look.width, look.height));
    if look.dark {
        arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let mut options = json!({ "args": arguments });
    if look.width < 500 {
        options["mobileEmulation"] =
            json!({"deviceMetrics": {"width": look.width, "height": look.height, "pixelRatio": 2.0}});
    }
    json!({"capabilities": {"alwaysMatch": {
        "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}, "unhandledPromptBehavior": "accept and notify"
    }}})
}
