//! Invalid TLS files are rejected before anything is contacted, wherever they are named.

use std::net::TcpListener;

use rcgen::{CertificateParams, KeyPair};

use crate::support::tool::{run, run_command, tool};

/// A directory with valid and invalid files, and a port that must not be contacted.
struct Files {
    directory: tempfile::TempDir,
    port: TcpListener,
}

impl Files {
    fn new() -> Files {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["a".to_string()]).unwrap().self_signed(&key).unwrap();
        write("good.pem", &certificate.pem());
        write("good.key", &key.serialize_pem());
        write("other.key", &KeyPair::generate().unwrap().serialize_pem());
        write("empty.pem", "");
        write("text.pem", "hunter2");
        write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n");
        std::fs::write(directory.path().join("der.pem"), certificate.der()).unwrap();
        std::fs::create_dir(directory.path().join("folder")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        port.set_nonblocking(true).unwrap();
        Files { directory, port }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn target(&self) -> String {
        self.port.local_addr().unwrap().to_string()
    }

    fn nothing_received(&self) -> bool {
        self.port.accept().is_err()
    }
}

#[test]
fn certificate_files_that_cannot_be_used_are_exit_64_and_nothing_is_contacted() {
    let files = Files::new();
    /// Flags with their files, the flag that is named, the text of the error.
    type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
    let cases: &[Case] = &[
        (&[("--cacert", "no.pem")], "--cacert", ": no such file"),
        (&[("--cacert", "folder")], "--cacert", ": is a directory"),
        (&[("--cacert", "empty.pem")], "--cacert", ": the file is empty"),
        (&[("--cacert", "text.pem")], "--cacert", ": no certificate found in file (not PEM)"),
        (&[("--cacert", "der.pem")], "--cacert", ": not PEM"),
        (&[("--cacert", "good.key")], "--cacert", ": no certificate found in file, only PRIVATE KEY"),
        (&[("--cert", "no.pem"), ("--key", "good.key")], "--cert", ": no such file"),
        (&[("--cert", "good.pem"), ("--key", "no.key")], "--key", ": no such file"),
        (&[("--cert", "good.pem"), ("--key", "folder")], "--key", ": is a directory"),
        (&[("--cert", "good.pem"), ("--key", "other.key")], "--key", ": the key does not match the certificate"),
        (&[("--cert", "good.pem"), ("--key", "locked.key")], "--key", ": the key is encrypted"),
        (&[("--cert", "good.pem"), ("--key", "good.pem")], "--key", ": no private key found in file, only CERTIFICATE"),
        (&[("--cert", "good.pem")], "--cert", "add --key FILE"),
        (&[("--key", "good.key")], "--key", "add --cert FILE"),
    ];
    for command in ["probe", "watch"] {
        for (given, flag, why) in cases {
            let mut arguments = vec![command.to_string()];
            for (flag, name) in *given {
                arguments.extend([flag.to_string(), files.path(name)]);
            }
            arguments.push(files.target());
            let finished = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(finished.code, 64, "{given:?}: {}", finished.all());
            assert!(finished.out.is_empty(), "{given:?}: {}", finished.all());
            assert!(finished.err.contains(flag) && finished.err.contains(why), "{given:?}: {}", finished.all());
            assert!(!finished.err.contains("hunter2"), "{given:?}: {}", finished.all());
        }
    }
    assert!(files.nothing_received());
}

#[test]
fn good_files_are_used_and_a_variable_is_named_as_one() {
    let files = Files::new();
    let good = [("--cacert", "good.pem"), ("--cert", "good.pem"), ("--key", "good.key")];
    let mut arguments = vec!["probe".to_string(), "--dry-run".to_string()];
    for (flag, name) in good {
        arguments.extend([flag.to_string(), files.path(name)]);
    }
    arguments.push(files.target());
    let finished = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(finished.code, 0, "{}", finished.all());

    let mut command = tool(&["probe", &files.target()]);
    command.env("GRPC_DISCOVER_CACERT", files.path("no.pem"));
    let finished = run_command(command);
    assert_eq!(finished.code, 64, "{}", finished.all());
    let expected = format!("failed to read GRPC_DISCOVER_CACERT {}: no such file", files.path("no.pem"));
    assert!(finished.err.contains(&expected), "{}", finished.all());
    assert!(files.nothing_received());
}

#[cfg(all(feature = "consul", feature = "etcd"))]
#[test]
fn files_of_a_registry_are_checked_when_it_was_named_and_not_when_the_environment_made_it_active() {
    let files = Files::new();
    for (target, active, variable) in [
        ("consul:///pay", ("CONSUL_HTTP_ADDR", format!("https://{}", files.target())), "CONSUL_CACERT"),
        ("etcd:///pay", ("ETCDCTL_ENDPOINTS", format!("https://{}", files.target())), "ETCDCTL_CACERT"),
    ] {
        let environment = |command: &mut std::process::Command| {
            command.env(active.0, &active.1).env(variable, files.path("no.pem"));
        };
        let mut command = tool(&["probe", target]);
        environment(&mut command);
        let finished = run_command(command);
        assert_eq!(finished.code, 64, "{target}: {}", finished.all());
        let expected = format!("failed to read {variable} {}: no such file", files.path("no.pem"));
        assert!(finished.err.contains(&expected), "{target}: {}", finished.all());

        // A bare name is queried from every active backend: an unusable one does not stop the command.
        let mut command = tool(&["resolve", "--max-time", "5s", "--dns-server", "127.0.0.1:1", "pay.invalid"]);
        environment(&mut command);
        assert_ne!(run_command(command).code, 64, "{target}");
    }
    assert!(files.nothing_received());
}
