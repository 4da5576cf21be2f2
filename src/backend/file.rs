//! stub

use super::*;

/// The `file` backend.
pub struct File;

/// Settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {}

impl Backend for File {
    fn name(&self) -> &'static str {
        "file"
    }
    fn answers(&self, _: &Target) -> bool {
        false
    }
    fn resolve(&self, _: &Target, _: &Context) -> Resolution {
        todo!()
    }
    fn target_for(&self, _: &str, _: &super::Settings) -> Option<Target> {
        None
    }
    fn describe(&self, _: &super::Settings) -> Description {
        todo!()
    }
    fn ping(&self, _: &super::Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        todo!()
    }
}
