//! A terminal of a given size: a pseudo-terminal, and what a reader sees on it.

use std::process::{Command, Stdio};

use grpc_discover::text::shell_word;

/// What a run left on a terminal.
pub struct Shown {
    /// The exit code.
    pub code: i32,
    /// Every line since the start, also those above the screen, without trailing spaces.
    pub lines: Vec<String>,
    /// Lines that the terminal broke inside a word because they were wider than it.
    pub broken: Vec<String>,
}

impl Shown {
    /// The lines on a screen of this height after the command has ended; the last one is the shell's prompt.
    pub fn screen(&self, rows: usize) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(rows - 1)..]
    }
}

/// Runs a command with stdout and stderr on a terminal with this many columns and rows, without colours. The terminal
/// is that of script(1), which every Linux has.
pub fn run_on_terminal(command: &Command, (columns, rows): (u16, u16)) -> Shown {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| shell_word(&word.to_string_lossy())).collect();
    let line = format!("stty cols {columns} rows {rows} ; exec {}", words.join(" "));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env("SHELL", "/bin/sh").stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let output = script.env("TERM", "xterm").env("NO_COLOR", "1").output().unwrap();
    let code = output.status.code().unwrap_or(-1);
    let mut drawn = Drawn { columns: usize::from(columns), lines: vec![Vec::new()], ..Drawn::default() };
    drawn.draw(&String::from_utf8_lossy(&output.stdout));
    let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_string();
    let mut lines: Vec<String> = drawn.lines.iter().map(text).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let broken = drawn.broken.iter().filter_map(|at| lines.get(*at).cloned()).collect();
    Shown { code, lines, broken }
}

/// The part of a terminal that this tool uses.
#[derive(Default)]
struct Drawn {
    columns: usize,
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    broken: Vec<usize>,
}

impl Drawn {
    fn draw(&mut self, text: &str) {
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\r' => self.column = 0,
                '\n' => {
                    self.column = 0;
                    self.down(1);
                }
                '\u{1b}' => {
                    let mut number = String::new();
                    let command = characters.by_ref().find(|character| {
                        let is_command = character.is_ascii_alphabetic();
                        if character.is_ascii_digit() {
                            number.push(*character);
                        }
                        is_command
                    });
                    self.control(command, number.parse().unwrap_or(1));
                }
                character => {
                    if self.column == self.columns {
                        // A line that is redrawn is filled with spaces to the end, and the next one follows at once.
                        let is_filled = self.lines[self.row].last() == Some(&' ');
                        if !is_filled && character != ' ' {
                            self.broken.push(self.row);
                        }
                        self.column = 0;
                        self.down(1);
                    }
                    let line = &mut self.lines[self.row];
                    if line.len() <= self.column {
                        line.resize(self.column + 1, ' ');
                    }
                    line[self.column] = character;
                    self.column += 1;
                }
            }
        }
    }

    fn down(&mut self, rows: usize) {
        self.row += rows;
        while self.lines.len() <= self.row {
            self.lines.push(Vec::new());
        }
    }

    fn control(&mut self, command: Option<char>, number: usize) {
        match command {
            Some('A') => self.row = self.row.saturating_sub(number),
            Some('B') => self.down(number),
            Some('C') => self.column += number,
            Some('D') => self.column = self.column.saturating_sub(number),
            Some('K') => self.lines[self.row].clear(),
            _ => {}
        }
    }
}
