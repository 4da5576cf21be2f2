//! `measure PROGRAM ARGUMENTS...`: runs it with its output discarded and prints its cost: `WALL_MICROSECONDS
//! CPU_MICROSECONDS PEAK_KIB EXIT_CODE`.
//!
//! A separate process, because a process's peak starts at that of the process that started it: this one is tiny.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use peers::Result;

fn main() -> Result<()> {
    peers::raise_open_files()?;
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("measure PROGRAM ARGUMENTS...")?;
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let started_at = Instant::now();
    let status = command.status()?;
    let wall = started_at.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = used.user_time().num_microseconds() + used.system_time().num_microseconds();
    let code = status.code().unwrap_or(-1);
    println!("{} {cpu} {} {code}", wall.as_micros(), used.max_rss());
    Ok(())
}
