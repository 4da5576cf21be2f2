use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::*;
use crate::backend::BACKENDS;
use crate::platform::home;

/// Sets nothing, and records what was read.
#[derive(Default)]
struct Recorder {
    read: RefCell<BTreeSet<String>>,
}

impl SettingSource for Recorder {
    fn first_of(&self, flags: &[&'static str]) -> Vec<GivenValue> {
        self.read.borrow_mut().extend(flags.iter().map(ToString::to_string));
        Vec::new()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.read.borrow_mut().insert(name.to_string());
        // The port of the API server is read when there is a host.
        (name == "KUBERNETES_SERVICE_HOST").then(|| "10.96.0.1".to_string())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        panic!("{} was read", path.display())
    }
}

#[test]
fn every_backend_reads_the_settings_that_it_lists_and_no_others() {
    for backend in BACKENDS {
        let recorder = Recorder::default();
        (backend.about().configure)(&SettingsReader::new(&recorder), &mut Settings::default()).unwrap();
        // The home directory is not a setting of a registry.
        let read: BTreeSet<String> =
            recorder.read.into_inner().into_iter().filter(|name| !home::VARIABLES.contains(&name.as_str())).collect();
        let settings = backend.about().settings.iter();
        let listed: BTreeSet<String> = settings
            .flat_map(|setting| [setting.flag.map(|flag| flag.name), setting.variable])
            .flatten()
            .map(str::to_string)
            .collect();
        assert_eq!(read, listed, "{}", backend.name());
    }
}

#[test]
fn no_two_backends_have_a_flag_of_one_name_and_every_setting_has_a_description() {
    let mut names = BTreeSet::new();
    for (backend, setting) in
        BACKENDS.iter().flat_map(|backend| backend.about().settings.iter().map(move |s| (backend, s)))
    {
        let (name, help) = (backend.name(), setting.help);
        assert!(setting.flag.is_some() || setting.variable.is_some(), "{name}: {help} can be set nowhere");
        assert!(!help.is_empty() && !help.ends_with('.'), "{name}: {help}");
        if let Some(flag) = setting.flag {
            assert!(flag.name.starts_with("--"), "{name}: {}", flag.name);
            assert!(names.insert(flag.name.to_string()), "{name}: {} is taken", flag.name);
            if let Value::One { example, check, .. } = flag.value {
                assert!(check(example).is_ok(), "{name}: {}", flag.name);
            }
            let short = flag.short.map(|letter| format!("-{letter}"));
            assert!(short.is_none_or(|short| names.insert(short)), "{name}: the short name of {} is taken", flag.name);
        }
    }
}

#[test]
fn settings_without_configuration_are_the_defaults() {
    let settings = Settings::default();
    assert_eq!(settings.of::<crate::backend::dns::DnsSettings>().family, crate::backend::dns::Family::Both);
}
