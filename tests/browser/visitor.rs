//! Somebody at a browser, who reads pages, follows links by their text, fills fields by their labels and presses buttons.

use crate::chrome::Driver;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What takes longer does not come.
const TIME_MAX: Duration = Duration::from_secs(30);
const A_MOMENT: Duration = Duration::from_millis(50);
/// Keys by their names in WebDriver.
const TAB: char = '\u{e004}';
pub(crate) const ENTER: &str = "\u{e007}";

/// A browser with one window, and who sits at it.
pub(crate) struct Visitor {
    runtime: Runtime,
    client: Option<Client>,
    /// The driver's address of this browser, for what the WebDriver protocol has no words for.
    session: String,
    driver: Driver,
}

impl Visitor {
    /// Opens a browser; none where none is installed.
    pub(crate) fn come() -> Option<Self> {
        Self::come_with(&json!({}))
    }

    /// The same, with preferences.
    pub(crate) fn come_with(preferences: &Value) -> Option<Self> {
        let driver = Driver::start()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let wishes = driver.wishes(preferences).as_object().cloned().unwrap();
        let connect = async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let client = builder.capabilities(wishes).connect(&driver.address).await.unwrap();
            let id = client.session_id().await.unwrap().unwrap();
            (client, id)
        };
        let (client, id) = runtime.block_on(connect);
        let session = format!("{}/session/{id}", driver.address);
        Some(Self { runtime, client: Some(client), session, driver })
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    /// Does a step; where it fails, shows the page.
    #[track_caller]
    fn step<T>(&self, what: &str, step: impl Future<Output = Result<T, CmdError>>) -> T {
        match self.runtime.block_on(step) {
            Ok(done) => done,
            Err(error) => panic!("{what}: {error}\n{}", self.shown()),
        }
    }

    /// Where it is and what stands there.
    fn shown(&self) -> String {
        let shown = async {
            let place = self.client().current_url().await?;
            let body = self.client().find(Locator::Css("body")).await?;
            Ok::<_, CmdError>(format!("at {place}:\n{}", body.text().await?))
        };
        self.runtime.block_on(shown).unwrap_or_else(|error| format!("no page: {error}"))
    }

    /// Types an address.
    #[track_caller]
    pub(crate) fn go(&self, place: &str) {
        self.step(place, self.client().goto(place));
    }

    /// The path of the page.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        self.step("address", self.client().current_url()).path().to_owned()
    }

    #[track_caller]
    pub(crate) fn title(&self) -> String {
        self.step("title", self.client().title())
    }

    #[track_caller]
    pub(crate) fn back(&self) {
        self.step("back", self.client().back());
    }

    /// What can be read on the page.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        self.text_of("//body")
    }

    /// What can be read in the first such element.
    #[track_caller]
    pub(crate) fn text_of(&self, path: &str) -> String {
        let read = async { self.client().find(Locator::XPath(path)).await?.text().await };
        self.step(path, read)
    }

    /// Waits until a text stands on the page; one page may be taking the place of another.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        let end = Instant::now() + TIME_MAX;
        while !self.shown().contains(text) {
            assert!(Instant::now() < end, "no `{text}`\n{}", self.shown());
            std::thread::sleep(A_MOMENT);
        }
    }

    /// Demands that a text does not stand on the page.
    #[track_caller]
    pub(crate) fn sees_no(&self, text: &str) {
        assert!(!self.text().contains(text), "`{text}`\n{}", self.shown());
    }

    /// Follows the first link with this text.
    #[track_caller]
    pub(crate) fn follow(&self, text: &str) {
        self.open(&format!("//a[normalize-space(.)={}]", quoted(text)));
    }

    /// Presses the first button with this text.
    #[track_caller]
    pub(crate) fn press(&self, text: &str) {
        self.open(&format!("//button[normalize-space(.)={}]", quoted(text)));
    }

    /// Clicks the first such element, which leads to another page, and waits until this one is gone.
    #[track_caller]
    pub(crate) fn open(&self, path: &str) {
        let page = self.step("page", self.client().find(Locator::Css("html")));
        self.click(path);
        let end = Instant::now() + TIME_MAX;
        while self.runtime.block_on(page.tag_name()).is_ok() {
            assert!(Instant::now() < end, "{path} leads nowhere\n{}", self.shown());
            std::thread::sleep(A_MOMENT);
        }
    }

    /// Clicks the first such element.
    #[track_caller]
    pub(crate) fn click(&self, path: &str) {
        let click = async { self.client().find(Locator::XPath(path)).await?.click().await };
        self.step(path, click);
    }

    /// Whether there is such an element.
    #[track_caller]
    pub(crate) fn has(&self, path: &str) -> bool {
        !self.step(path, self.client().find_all(Locator::XPath(path))).is_empty()
    }

    /// Writes into the field of a label, in the place of what stands there; of a file, chooses it.
    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let fill = async {
            let field = self.field(label).await?;
            if field.attr("type").await?.as_deref() != Some("file") {
                field.clear().await?;
            }
            field.send_keys(text).await
        };
        self.step(label, fill);
    }

    /// Chooses from the list of a label.
    #[track_caller]
    pub(crate) fn choose(&self, label: &str, option: &str) {
        self.step(label, async { self.field(label).await?.select_by_label(option).await });
    }

    /// The field that a label names: by its id, or inside it.
    async fn field(&self, label: &str) -> Result<Element, CmdError> {
        let path = format!("//label[starts-with(normalize-space(.), {})]", quoted(label));
        let label = self.client().find(Locator::XPath(&path)).await?;
        match label.attr("for").await? {
            Some(id) => self.client().find(Locator::Id(&id)).await,
            None => label.find(Locator::Css("input, select, textarea")).await,
        }
    }

    /// Presses keys where the focus is.
    #[track_caller]
    pub(crate) fn keys(&self, keys: &str) {
        self.step("keys", async { self.client().active_element().await?.send_keys(keys).await });
    }

    /// Presses the tab key.
    #[track_caller]
    pub(crate) fn tab(&self) {
        let value = TAB;
        let keys = KeyActions::new("keys".to_owned());
        let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.step("tab", self.client().perform_actions(keys));
    }

    /// Runs a script of the test's own, which the page's policy does not bind; gives what it returns.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.step(script, self.client().execute(script, Vec::new()))
    }

    /// The same of a script that calls back, the last of its arguments.
    #[track_caller]
    pub(crate) fn run_later(&self, script: &str) -> Value {
        self.step(script, self.client().execute_async(script, Vec::new()))
    }

    /// Waits for the file that is being downloaded; the only one so far.
    #[track_caller]
    pub(crate) fn downloaded(&self) -> PathBuf {
        let end = Instant::now() + TIME_MAX;
        loop {
            let files = std::fs::read_dir(self.driver.downloads()).into_iter().flatten().flatten();
            let done = files.map(|file| file.path()).find(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                !name.ends_with(".crdownload") && !name.starts_with('.')
            });
            if let Some(path) = done {
                return path;
            }
            assert!(Instant::now() < end, "nothing was downloaded\n{}", self.shown());
            std::thread::sleep(A_MOMENT);
        }
    }

    /// A command of the browser's own protocol, for what stands outside the page: colours, widths, pictures.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, words: &Value) -> Value {
        self.ask("goog/cdp/execute", &json!({"cmd": command, "params": words}))
    }

    /// What the browser wrote to its console since it was asked last: what a policy forbade, what failed to load.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.ask("se/log", &json!({"type": "browser"}));
        let text = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
        lines.as_array().into_iter().flatten().map(text).collect()
    }

    #[track_caller]
    fn ask(&self, what: &str, words: &Value) -> Value {
        let agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().new_agent();
        let asked = agent.post(format!("{}/{what}", self.session)).content_type("application/json");
        let mut said = asked.send(words.to_string()).unwrap();
        let body = said.body_mut().with_config().limit(1 << 28).read_to_vec().unwrap();
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert!(said["value"].get("error").is_none(), "{what} {words}: {said}");
        said["value"].clone()
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // The browser ends; what it says of that is of no use to anybody.
            let end = async { tokio::time::timeout(Duration::from_secs(10), client.close()).await };
            let _ = self.runtime.block_on(end);
        }
    }
}

/// A text in XPath, which knows no escapes.
fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}
