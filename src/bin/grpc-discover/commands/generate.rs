//! `man`: generated from the same definitions as the parser.

use grpc_discover::backend::BACKENDS;
use grpc_discover::backend::target::{self, Example};

use crate::cli::Cli;
use crate::exit::{self, Failure};
use crate::terminal;

/// Prints the manual page.
pub fn man() -> Result<u8, Failure> {
    terminal::print(&manual()?)?;
    Ok(exit::OK)
}

/// The manual page: the command, then every subcommand with its options, then the sections that only the manual has.
fn manual() -> Result<String, Failure> {
    let command = Cli::definition();
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).manual("grpc-discover manual").source("grpc-discover").date("");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for subcommand in command.get_subcommands() {
        let nested = subcommand.get_subcommands().next().is_some();
        let leaves: Vec<&clap::Command> =
            if nested { subcommand.get_subcommands().collect() } else { vec![subcommand] };
        for leaf in leaves {
            let name = leaf.get_bin_name().unwrap_or(leaf.get_name()).trim_start_matches("grpc-discover ");
            page.extend_from_slice(format!(".SS {name}\n").as_bytes());
            let man = clap_mangen::Man::new(leaf.clone());
            let mut section = Vec::new();
            man.render_description_section(&mut section)?;
            man.render_synopsis_section(&mut section)?;
            man.render_options_section(&mut section)?;
            page.extend(inner(&String::from_utf8_lossy(&section)).into_bytes());
        }
    }
    page.extend(targets().into_bytes());
    page.extend_from_slice(STATUS.as_bytes());
    page.extend(variables().into_bytes());
    page.extend_from_slice(CLOSING.as_bytes());
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// The kinds of targets.
fn targets() -> String {
    let mut text = ".SH TARGETS\n".to_string();
    for Example { target, meaning } in target::examples() {
        text.push_str(&format!(".TP\n{}\n{meaning}\n", target.replace('-', "\\-")));
    }
    text.push_str(".PP\n");
    text
}

/// The registries' own environment variables.
fn variables() -> String {
    let mut text = String::new();
    for backend in BACKENDS {
        for setting in backend.about().settings {
            let Some(variable) = setting.variable else { continue };
            let default = match setting.default {
                "" => String::new(),
                default => format!(" [default: {default}]"),
            };
            text.push_str(&format!(".TP\n{variable}\n{}: {}{default}\n", backend.name(), setting.help));
        }
    }
    text
}

/// Turns the section headings of a subcommand's page into paragraphs.
fn inner(section: &str) -> String {
    let mut text = String::new();
    for line in section.lines() {
        match line.strip_prefix(".SH ") {
            Some("DESCRIPTION") => text.push_str(".PP"),
            Some("SYNOPSIS") => text.push_str(".PP\nSynopsis:"),
            Some(heading) => text.push_str(&format!(".PP\n\\fI{}\\fR", heading.trim_matches('"'))),
            // The preamble of each rendered part.
            None if line.starts_with(".ie ") || line.starts_with(".el ") => continue,
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

const STATUS: &str = r#"Several targets count as one service and are compared.
.SH "EXIT STATUS"
.TP
0
healthy
.TP
1
degraded: usable, but some endpoint is stale, unreachable or unhealthy, or backends disagree
.TP
2
failed: no usable endpoint, or an authoritative response that there is none
.TP
3
unknown: no verdict is possible (registry unreachable, token without permission, local network down)
.TP
64
bad usage or configuration
.TP
124
timed out: \-\-max\-time elapsed before a verdict
.TP
130, 143, 129, 131
stopped by SIGINT, SIGTERM, SIGHUP, SIGQUIT
.SH ENVIRONMENT
.TP
GRPC_DISCOVER_<FLAG>
Sets any long flag: GRPC_DISCOVER_CONNECT_TIMEOUT=2s. Command-line flags take precedence; the configuration file is used last.
.TP
GRPC_DISCOVER_CONFIG
The configuration file.
"#;

const CLOSING: &str = r#".TP
NO_COLOR, CLICOLOR, CLICOLOR_FORCE
Switch colour on or off.
.SH FILES
\&./.grpc\-discover.toml, then $XDG_CONFIG_HOME/grpc\-discover/config.toml. `grpc\-discover config init` prints a commented example.
.SH EXAMPLES
.nf
grpc\-discover probe pay.example:50051
grpc\-discover probe \-\-idle 30s consul:///pay
grpc\-discover watch \-\-until ready \-\-max\-time 2m pay
grpc\-discover resolve consul:///pay dns:///pay.example
.fi
"#;

#[cfg(test)]
mod tests;
