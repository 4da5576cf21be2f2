//! `completions`: scripts generated from the definitions of the command line. bash, zsh and fish also offer the
//! services of the configuration file as targets.

use clap::{Arg, ArgAction, ValueEnum as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::{self, Failure};
use crate::terminal;

/// Prints the completion script of `shell`.
pub fn run(shell: Shell) -> Result<u8, Failure> {
    terminal::print(&script(shell))?;
    Ok(exit::OK)
}

/// The commands whose arguments are targets.
const WITH_TARGETS: [&str; 3] = ["probe", "resolve", "watch"];

/// The completion script of `shell`.
pub fn script(shell: Shell) -> String {
    // Written to memory first: the generators panic if the pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), "grpc-discover", &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => format!("{script}{}", fish()),
        _ => script.into_owned(),
    }
}

/// clap_complete 4.6 splits the name of a command that contains a hyphen (`grpc__subcmd__discover`) where it defines
/// what a subcommand completes, and not where it selects the subcommand: no word after the first would be completed.
fn bash(script: &str) -> String {
    let script = script.replace("grpc__subcmd__discover__", "grpc__discover__");
    let script = script.replace("complete -F _grpc__discover ", "complete -F _grpc__discover_targets ");
    let Some(at) = script.find("\nif [[ \"${BASH_VERSINFO[0]}\" -eq 4") else { return script };
    let (before, after) = script.split_at(at);
    let (commands, flags) = (WITH_TARGETS.join(" "), flags_with_values().join(" "));
    format!(
        r#"{before}
# Adds the services of the configuration file where a target is expected.
_grpc__discover_targets() {{
    _grpc__discover "$@"
    local cur="$2" prev="$3"
    case " {flags} " in
        *" ${{prev}} "*) return 0 ;;
    esac
    if [[ ${{cur}} != -* ]] && [[ ${{COMP_CWORD}} -eq 1 || " {commands} " == *" ${{COMP_WORDS[1]}} "* ]] ; then
        COMPREPLY+=( $(compgen -W "$("$1" config services 2>/dev/null)" -- "${{cur}}") )
    fi
    return 0
}}
{after}"#
    )
}

/// Every flag that takes a value, in all its spellings.
fn flags_with_values() -> Vec<String> {
    let definition = Cli::definition();
    let takes_value = |argument: &&Arg| matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let arguments = WITH_TARGETS.iter().filter_map(|name| definition.find_subcommand(name));
    let arguments = arguments.flat_map(clap::Command::get_arguments).filter(takes_value);
    let mut flags: Vec<String> = arguments
        .flat_map(|argument| {
            let long = argument.get_long().map(|long| format!("--{long}"));
            long.into_iter().chain(argument.get_short().map(|short| format!("-{short}")))
        })
        .collect();
    flags.sort();
    flags.dedup();
    flags
}

fn zsh(script: &str) -> String {
    let function = r#"(( $+functions[_grpc-discover_targets] )) ||
_grpc-discover_targets() {
    local -a services; services=(${(f)"$(_call_program targets grpc-discover config services 2>/dev/null)"})
    compadd -a services
    _default
}

if [ "$funcstack[1]""#;
    let lines = script.lines().map(|line| match line.strip_suffix(":_default' \\") {
        Some(start) if line.starts_with("'*::targets --") => format!("{start}:_grpc-discover_targets' \\\n"),
        _ => format!("{line}\n"),
    });
    lines.collect::<String>().replacen("if [ \"$funcstack[1]\"", function, 1)
}

fn fish() -> String {
    let services = "(grpc-discover config services 2>/dev/null)";
    let when = [
        "__fish_grpc_discover_needs_command".to_string(),
        format!("__fish_grpc_discover_using_subcommand {}", WITH_TARGETS.join(" ")),
    ];
    let line = |when: &String| {
        format!("complete -c grpc-discover -n \"{when}\" -a \"{services}\" -d 'Service of the configuration file'\n")
    };
    // clap_complete does not write the values of positional arguments for fish.
    let shells: Vec<String> = Shell::value_variants().iter().map(ToString::to_string).collect();
    let shells = format!(
        "complete -c grpc-discover -n \"__fish_grpc_discover_using_subcommand completions\" -f -a \"{}\"\n",
        shells.join(" ")
    );
    when.iter().map(line).chain([shells]).collect()
}
