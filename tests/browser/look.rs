//! How a page looks: in light or dark, wide or narrow, and pictures of it.

use crate::visitor::Visitor;
use affiant_ledger::note::from_base64;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Widths of a desk and of the narrowest telephone, in pixels.
pub(crate) const WIDE: u64 = 1280;
pub(crate) const NARROW: u64 = 320;
/// What lies below is not in a picture.
const HEIGHT_MAX: u64 = 6000;

impl Visitor {
    /// Asks for a scheme of colours, `light` or `dark`, as the system of somebody would.
    #[track_caller]
    pub(crate) fn prefers(&self, scheme: &str) {
        let wish = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &wish);
    }

    #[track_caller]
    pub(crate) fn is_wide(&self, width: u64) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// Demands that nobody has to move the page sideways, and says what stands out.
    #[track_caller]
    pub(crate) fn fits(&self) {
        let script = "const page = document.scrollingElement, edge = page.clientWidth;
            const out = element => element.getBoundingClientRect().right > edge + 0.5 && !element.closest('.wide, .skip');
            const names = [...document.querySelectorAll('body *')].filter(out).map(it => it.outerHTML.slice(0, 90));
            return page.scrollWidth <= edge ? [] : [page.scrollWidth, ...names];";
        let out = self.run(script);
        assert_eq!(out, json!([]), "{} is wider than the window", self.path());
    }

    /// The colours of paper and ink.
    #[track_caller]
    pub(crate) fn colours(&self) -> Value {
        self.run(
            "const it = getComputedStyle(document.documentElement); return [it.backgroundColor, it.color];",
        )
    }

    /// Leaves a picture of the whole page.
    #[track_caller]
    pub(crate) fn picture(&self, name: &str) {
        let size = &self.devtools("Page.getLayoutMetrics", &json!({}))["cssContentSize"];
        let height = size["height"].as_u64().unwrap().min(HEIGHT_MAX);
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1});
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.devtools("Page.captureScreenshot", &how);
        let bytes = from_base64(picture["data"].as_str().unwrap()).unwrap();
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

/// Where pictures are left.
fn pictures() -> PathBuf {
    let asked = std::env::var_os("AFFIANT_SCREENSHOTS").map(PathBuf::from);
    asked.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots"))
}
