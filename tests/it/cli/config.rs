//! A configuration file that was only found in the working directory may be hostile: no secret is sent, no exit code
//! changes, nothing is waited for.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[cfg(feature = "consul")]
use super::foreign_server::ForeignServer;
use crate::cause::setup::Setup;
use crate::support::tool::{Finished, run_command, tool};

const FILE: &str = ".grpc-discover.toml";

fn in_directory(directory: &Path, args: &[&str]) -> Command {
    let mut command = tool(args);
    command.current_dir(directory);
    command
}

/// Without a limit these would run forever; the limit is generous, because a busy machine is slow to start a process.
fn assert_at_once(finished: &Finished, what: &str) {
    assert!(finished.took < Duration::from_secs(5), "{what}: {:?} {}", finished.took, finished.all());
}

#[cfg(feature = "consul")]
#[test]
fn a_found_file_carries_no_secret_away() {
    let directory = tempfile::tempdir().unwrap();
    let foreign_server = ForeignServer::new();
    let secret = directory.path().join("vault-token");
    fs::write(&secret, "s3cret-of-a-file\n").unwrap();
    let text = format!(
        "[defaults]\ntoken-file = {secret:?}\nheader = [\"@{}\"]\n[service.pay]\ntargets = [\"consul://{}/pay\"]\n",
        secret.display(),
        foreign_server.address
    );
    fs::write(directory.path().join(FILE), text).unwrap();
    for arguments in [&["probe", "pay"][..], &["resolve", "-q", "pay"], &["probe", "-o", "json"]] {
        let mut command = in_directory(directory.path(), arguments);
        command.env("CONSUL_HTTP_TOKEN", "s3cret-of-the-environment").env("CONSUL_HTTP_AUTH", "me:s3cret-password");
        let finished = run_command(command);
        assert_eq!(finished.code, 3, "{}", finished.all());
        assert!(finished.err.contains("header and token-file are ignored"), "{arguments:?}: {}", finished.all());
        assert!(!finished.all().contains("s3cret"), "{}", finished.all());
    }
    let received = foreign_server.received();
    assert!(received.contains("/v1/health/service/pay"), "it was not queried at all: {received}");
    for sign in ["s3cret", "X-Consul-Token", "x-consul-token", "uthorization"] {
        assert!(!received.contains(sign), "{sign}: {received}");
    }
    // The same address is accepted when typed.
    let mut command = in_directory(directory.path(), &["resolve", &format!("consul://{}/pay", foreign_server.address)]);
    command.env("CONSUL_HTTP_TOKEN", "s3cret-of-the-environment");
    assert_eq!(run_command(command).code, 3);
    assert!(foreign_server.received().contains("s3cret-of-the-environment"));
}

#[test]
fn metadata_is_not_sent_to_an_address_that_a_found_file_names() {
    let setup = Setup::new();
    let directory = tempfile::tempdir().unwrap();
    let target = setup.healthy();
    fs::write(directory.path().join(FILE), format!("[service.pay]\ntargets = [\"{target}\"]\n")).unwrap();
    let header = ["probe", "--plaintext", "-H", "authorization: sesame", "pay"];
    let typed = run_command(in_directory(directory.path(), &header));
    assert_eq!(typed.code, 64, "{}", typed.all());
    let mut command = in_directory(directory.path(), &["probe", "--plaintext", "pay"]);
    command.env("GRPC_DISCOVER_HEADER", "authorization: sesame");
    let variable = run_command(command);
    assert_eq!(variable.code, 64, "{}", variable.all());
    for (finished, place) in [(typed, "--header: "), (variable, "GRPC_DISCOVER_HEADER: ")] {
        let remedy = "pass --config ./.grpc-discover.toml";
        assert!(finished.err.contains(place) && finished.err.contains(remedy), "{}", finished.all());
        assert!(!finished.all().contains("sesame"), "{}", finished.all());
    }
    // Named, the file is trusted.
    let mut named = header.to_vec();
    named.extend(["--config", "./.grpc-discover.toml"]);
    let finished = run_command(in_directory(directory.path(), &named));
    assert_eq!(finished.code, 0, "{}", finished.all());
}

#[test]
fn a_found_file_changes_no_exit_code_and_reads_no_file_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let text = "[defaults]\nfail-on = \"never\"\nmin-ready = 0\nquiet = true\n[service.pay]\ntargets = [\"127.0.0.1:1\"]\n\
                [service.shadow]\ntargets = [\"file:/etc/passwd\"]\n";
    fs::write(directory.path().join(FILE), text).unwrap();
    for target in ["pay", "127.0.0.1:1"] {
        let finished = run_command(in_directory(directory.path(), &["probe", target]));
        assert_eq!(finished.code, 2, "{}", finished.all());
        assert!(finished.err.contains("fail-on, min-ready and quiet are ignored"), "{}", finished.all());
        let off = run_command(in_directory(directory.path(), &["probe", "--no-config", "127.0.0.1:1"]));
        assert_eq!((off.code, off.err.contains("grpc-discover.toml")), (2, false), "{}", off.all());
    }
    let finished = run_command(in_directory(directory.path(), &["resolve", "shadow"]));
    assert_eq!(finished.code, 64, "{}", finished.all());
    assert!(finished.err.contains("service.shadow.targets: file:/etc/passwd is outside"), "{}", finished.all());
}

#[test]
fn a_file_that_may_be_another_users_is_ignored_and_named() {
    let setup = Setup::new();
    let healthy = setup.healthy();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(FILE);
    fs::write(&file, "[service.pay]\ntargets = [\"127.0.0.1:1\"]\n[defaults]\nservice = \"x\"\n").unwrap();
    let ignored = |why: &str| {
        let finished = run_command(in_directory(directory.path(), &["probe", "--plaintext", &healthy]));
        assert_eq!(finished.code, 0, "{why}: {}", finished.all());
        let note = format!("warning: config ./.grpc-discover.toml is ignored: {why}");
        assert!(finished.err.contains(&note), "{why}: {}", finished.all());
    };
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&file, 0o646);
    ignored("it is writable by everybody");
    mode(&file, 0o644);
    mode(directory.path(), 0o757);
    ignored("its directory is writable by everybody");
    mode(directory.path(), 0o755);
    // Only root can change the owner of a file.
    if chown(&file, Some(65534), Some(65534)).is_ok() {
        ignored("it belongs to another user (65534)");
        chown(&file, Some(0), Some(0)).unwrap();
        chown(directory.path(), Some(65534), None).unwrap();
        ignored("its directory belongs to another user (65534)");
    }
}

#[test]
fn a_pipe_a_device_a_directory_and_a_large_file_are_answered_at_once() {
    let setup = Setup::new();
    let healthy = setup.healthy();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(FILE);
    let makes: [(&str, &dyn Fn()); 5] = [
        ("is a pipe", &|| assert!(Command::new("mkfifo").arg(&file).status().unwrap().success())),
        ("is a device", &|| symlink("/dev/zero", &file).unwrap()),
        ("is a directory", &|| fs::create_dir(&file).unwrap()),
        ("is larger than 1 MiB", &|| fs::write(&file, vec![b'#'; 2 << 20]).unwrap()),
        ("is a directory", &|| symlink("/etc", &file).unwrap()),
    ];
    for (what, make) in makes {
        make();
        let found = |args: &[&str], code: i32| {
            let finished = run_command(in_directory(directory.path(), args));
            assert_eq!(finished.code, code, "{what}: {}", finished.all());
            assert_at_once(&finished, what);
        };
        found(&["probe", "--plaintext", &healthy], 0);
        found(&["resolve", &healthy], 0);
        found(&["watch", "--plaintext", "--until", "ready", &healthy], 0);
        found(&["backends", "--backend", "ip"], 0);
        let named = run_command(in_directory(directory.path(), &["probe", "--config", FILE, &healthy]));
        assert_eq!(named.code, 64, "{what}: {}", named.all());
        assert!(named.err.contains(what), "{what}: {}", named.all());
        assert_at_once(&named, what);
        if fs::remove_file(&file).is_err() {
            fs::remove_dir(&file).unwrap();
        }
    }
}

#[test]
fn every_file_that_a_flag_names_is_a_regular_file() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let headers = format!("@{pipe}");
    for flags in [
        &["--cacert", pipe][..],
        &["--cert", pipe, "--key", pipe],
        &["-H", &headers],
        &["--token-file", pipe],
        &["--config", pipe],
    ] {
        let finished = run_command({
            let mut command = in_directory(directory.path(), &["probe", "127.0.0.1:1"]);
            command.args(flags);
            command
        });
        assert_eq!(finished.code, 64, "{flags:?}: {}", finished.all());
        assert!(finished.err.contains("is a pipe, not a regular file"), "{flags:?}: {}", finished.all());
        assert_at_once(&finished, flags[0]);
    }
}

#[test]
fn errors_about_a_file_show_nothing_of_it_and_no_control_character() {
    let directory = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    fs::write(directory.path().join("key.pem"), &key).unwrap();
    fs::write(directory.path().join("token"), "hvs.s3cret\n").unwrap();
    fs::write(directory.path().join("esc.toml"), "[service.\"\\u001b[2J\"]\nidel = 1\n").unwrap();
    fs::write(directory.path().join("path.toml"), "[defaults]\ncacert = \"\\u001b[2J\"\n").unwrap();
    fs::write(directory.path().join("header.toml"), "[defaults]\nheader = [\"@\\u001b[2J\"]\n").unwrap();
    let base64 = key.lines().nth(1).unwrap();
    for arguments in [
        &["--config", "key.pem"][..],
        &["--config", "token"],
        &["-H", "@key.pem"],
        &["-H", "@token"],
        &["--config", "esc.toml"],
        &["--config", "path.toml"],
        &["--config", "header.toml"],
        &["--config", "esc.toml", "--profile", "\u{1b}[2J"],
    ] {
        let mut command = in_directory(directory.path(), &["probe", "127.0.0.1:1"]);
        command.args(arguments);
        let finished = run_command(command);
        assert_eq!(finished.code, 64, "{arguments:?}: {}", finished.all());
        let all = finished.all();
        assert!(!all.contains("s3cret") && !all.contains(base64) && !all.contains('\u{1b}'), "{arguments:?}: {all:?}");
    }
}

#[cfg(feature = "kubernetes")]
#[test]
fn a_kubeconfig_is_a_regular_file_and_no_error_shows_its_content() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    let makes: [(&str, &dyn Fn()); 5] = [
        ("is a pipe, not a regular file", &|| assert!(Command::new("mkfifo").arg(&path).status().unwrap().success())),
        ("is a device, not a regular file", &|| symlink("/dev/zero", &path).unwrap()),
        ("is not a valid kubeconfig: line ", &|| fs::write(&path, "hvs.s3cret\n").unwrap()),
        ("is not a valid kubeconfig: line ", &|| fs::write(&path, "clusters: s3cret\n").unwrap()),
        ("is not a valid kubeconfig: line ", &|| fs::write(&path, "users:\n- name: [s3cret]\n").unwrap()),
    ];
    for (what, make) in makes {
        make();
        let mut command = in_directory(directory.path(), &["resolve", "--max-time", "5s", "kubernetes:///pay"]);
        command.env("KUBECONFIG", &path);
        let finished = run_command(command);
        assert!(finished.all().contains(what), "{what}: {}", finished.all());
        assert!(!finished.all().contains("s3cret"), "{what}: {}", finished.all());
        assert_at_once(&finished, what);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_bad_entry_of_a_file_degrades_and_bad_ones_alone_are_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pay.json");
    for (text, code, finding) in [
        (r#"["10.0.0.1:1", {"address": "10.0.0.2:2", "weight": "s3cret"}]"#, 1, "GD132"),
        (r#"[{"address": "10.0.0.2:2", "weight": "s3cret"}, 7]"#, 3, "GD101"),
    ] {
        fs::write(&path, text).unwrap();
        let finished = crate::support::tool::run(&["resolve", &format!("file:{}", path.display())]);
        let all = finished.all();
        assert_eq!(finished.code, code, "{all}");
        assert!(all.contains(finding) && all.contains("entry ") && !all.contains("s3cret"), "{all}");
    }
}
