//! Which file uses which: `use` trees and paths in code (`crate::`, `super::`, `self::`, a child module's name), followed
//! through re-exports to the file that has the item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{self, code, is_test};

type Names = Vec<String>;

/// One crate: its files by module path (`[]` is the root), and the names that each of them brings into scope.
pub struct Crate {
    pub files: BTreeMap<Names, PathBuf>,
    imports: BTreeMap<Names, BTreeMap<String, Names>>,
    paths: BTreeMap<Names, BTreeSet<Names>>,
}

impl Crate {
    /// The crate whose root file is `root`; its modules are in `folder`.
    pub fn read(root: &Path, folder: &Path, without: &Path) -> Self {
        let mut found = Vec::new();
        source::files(folder, &mut found);
        let mut files = BTreeMap::new();
        for file in found.into_iter().filter(|file| !is_test(file) && !file.starts_with(without)) {
            if file == root {
                files.insert(Vec::new(), file);
                continue;
            }
            let relative = file.strip_prefix(folder).unwrap().with_extension("");
            let mut names: Names = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if names.last().is_some_and(|last| last == "mod") {
                names.pop();
            }
            files.insert(names, file);
        }
        let mut this = Crate { files, imports: BTreeMap::new(), paths: BTreeMap::new() };
        let for_tests = this.for_tests();
        this.files.retain(|module, _| !for_tests.iter().any(|test| module.starts_with(test)));
        let text = |file: &PathBuf| code(file).into_iter().map(|(_, line)| line + "\n").collect();
        let texts: Vec<(Names, String)> =
            this.files.iter().map(|(module, file)| (module.clone(), text(file))).collect();
        for (module, text) in &texts {
            if this.files.contains_key(module) {
                this.read_file(module, text);
            }
        }
        this
    }

    /// Modules that are declared under `#[cfg(test)]`.
    fn for_tests(&self) -> Vec<Names> {
        let mut found = Vec::new();
        for (module, file) in &self.files {
            let text = std::fs::read_to_string(file).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
                let name =
                    pair[1].trim_start_matches("pub ").strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
                found.extend(name.map(|name| [module.as_slice(), &[name.to_string()]].concat()));
            }
        }
        found
    }

    fn read_file(&mut self, module: &Names, text: &str) {
        let mut rest = String::new();
        let mut statements = text.split_inclusive('\n').peekable();
        let mut uses = Vec::new();
        while let Some(line) = statements.next() {
            let Some(tree) = use_tree(line) else {
                rest.push_str(line);
                continue;
            };
            let mut tree = tree.to_string();
            while !tree.contains(';') {
                let Some(more) = statements.next() else { break };
                tree.push_str(more.trim());
            }
            uses.push(tree.split(';').next().unwrap_or_default().trim().to_string());
        }
        let mut paths = BTreeSet::new();
        for tree in uses {
            for (path, name) in expand(&tree) {
                let Some(path) = self.absolute(module, &path) else { continue };
                if name != "*" {
                    self.imports.entry(module.clone()).or_default().insert(name, path.clone());
                }
                paths.insert(path);
            }
        }
        for path in inline_paths(&rest) {
            paths.extend(self.absolute(module, &path));
        }
        self.paths.insert(module.clone(), paths);
    }

    /// `path` as written in `module`, from the crate's root; `None` for other crates.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Names> {
        let mut from = module.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                from.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    from.pop()?;
                    rest = &rest[1..];
                }
            }
            child => {
                let name = [module, &[child.to_string()]].concat();
                if !self.files.contains_key(&name) {
                    return None;
                }
            }
        }
        from.extend(rest.iter().cloned());
        Some(from)
    }

    /// The module whose file has the item at `path`, following what modules bring into scope.
    fn owner(&self, path: &[String], depth: usize) -> Names {
        let known = (0..=path.len()).rev().find(|end| self.files.contains_key(&path[..*end])).unwrap_or(0);
        let (module, rest) = path.split_at(known);
        let Some(name) = rest.first() else { return module.to_vec() };
        if depth == 0 {
            return module.to_vec();
        }
        if let Some(through) = self.imports.get(module).and_then(|imports| imports.get(name)) {
            let mut through = through.clone();
            through.extend(rest[1..].iter().cloned());
            return self.owner(&through, depth - 1);
        }
        module.to_vec()
    }

    /// Every module with the modules that it uses. A module and its own child modules are one: that a parent uses its children
    /// counts neither as a use nor, through it, as a cycle.
    pub fn uses(&self) -> BTreeMap<&Names, BTreeSet<Names>> {
        let mut uses: BTreeMap<&Names, BTreeSet<Names>> = BTreeMap::new();
        for (module, paths) in &self.paths {
            let owners = paths.iter().map(|path| self.owner(path, 8));
            let others = owners.filter(|owner| !owner.starts_with(module));
            uses.insert(module, others.collect());
        }
        uses
    }

    /// The file of `module`, from the folder `src` on.
    pub fn name(&self, module: &[String]) -> String {
        self.files[module].strip_prefix(source::root()).unwrap().display().to_string()
    }
}

/// The tree of a `use` statement that starts in `line`.
fn use_tree(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let after = match line.strip_prefix("pub") {
        Some(after) if after.starts_with('(') => after.split_once(')')?.1,
        Some(after) => after,
        None => line,
    };
    after.trim_start().strip_prefix("use ")
}

/// The paths of a `use` tree, each with the name that it brings into scope (`*` for a glob).
fn expand(tree: &str) -> Vec<(Names, String)> {
    let tree = tree.trim();
    if let Some((before, inside)) = tree.split_once('{') {
        let prefix: Names =
            before.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_string).collect();
        let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
        let branches = split_branches(inside);
        return branches
            .iter()
            .flat_map(|branch| expand(branch))
            .map(|(path, name)| {
                if path == ["self"] {
                    let own = prefix.last().cloned().unwrap_or_default();
                    return (prefix.clone(), if name == "self" { own } else { name });
                }
                ([prefix.as_slice(), &path].concat(), name)
            })
            .collect();
    }
    let (path, name) = match tree.split_once(" as ") {
        Some((path, name)) => (path, Some(name.trim().to_string())),
        None => (tree, None),
    };
    let mut path: Names =
        path.split("::").map(|name| name.trim().to_string()).filter(|name| !name.is_empty()).collect();
    let Some(last) = path.last().cloned() else { return Vec::new() };
    if last == "*" {
        path.pop();
    }
    vec![(path, name.unwrap_or(last))]
}

fn split_branches(inside: &str) -> Vec<String> {
    let mut branches = vec![String::new()];
    let mut depth = 0;
    for character in inside.chars() {
        match character {
            ',' if depth == 0 => branches.push(String::new()),
            other => {
                depth += i32::from(other == '{') - i32::from(other == '}');
                branches.last_mut().unwrap().push(other);
            }
        }
    }
    branches.retain(|branch| !branch.trim().is_empty());
    branches
}

/// Paths of at least two names in code; those of other crates are dropped later.
fn inline_paths(code: &str) -> Vec<Names> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("::") {
        let start = rest[..at]
            .rfind(|c| !is_name(c))
            .map_or(0, |before| before + rest[before..].chars().next().map_or(1, char::len_utf8));
        let mut path = vec![rest[start..at].to_string()];
        let mut after = &rest[at..];
        while let Some(next) = after.strip_prefix("::") {
            let end = next.find(|c| !is_name(c)).unwrap_or(next.len());
            if end == 0 {
                after = next;
                break;
            }
            path.push(next[..end].to_string());
            after = &next[end..];
        }
        if path.len() > 1 && !path[0].is_empty() {
            found.push(path);
        }
        rest = after;
    }
    found
}

/// The cycles of modules that use each other, by Tarjan's strongly connected components.
pub fn circles(uses: &BTreeMap<&Names, BTreeSet<Names>>) -> Vec<Vec<Names>> {
    let modules: Vec<&Names> = uses.keys().copied().collect();
    let number: BTreeMap<&Names, usize> = modules.iter().enumerate().map(|(at, module)| (*module, at)).collect();
    let edges: Vec<Vec<usize>> =
        uses.values().map(|used| used.iter().filter_map(|module| number.get(module).copied()).collect()).collect();
    let mut search = Search {
        edges: &edges,
        index: vec![None; edges.len()],
        low: vec![0; edges.len()],
        stack: Vec::new(),
        found: Vec::new(),
        next: 0,
    };
    for at in 0..edges.len() {
        if search.index[at].is_none() {
            search.visit(at);
        }
    }
    let groups = search.found.into_iter().filter(|group| group.len() > 1);
    groups.map(|group| group.into_iter().map(|at| modules[at].clone()).collect()).collect()
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    stack: Vec<usize>,
    found: Vec<Vec<usize>>,
    next: usize,
}

impl Search<'_> {
    fn visit(&mut self, at: usize) {
        self.index[at] = Some(self.next);
        self.low[at] = self.next;
        self.next += 1;
        self.stack.push(at);
        for &to in &self.edges[at] {
            match self.index[to] {
                None => {
                    self.visit(to);
                    self.low[at] = self.low[at].min(self.low[to]);
                }
                Some(index) if self.stack.contains(&to) => self.low[at] = self.low[at].min(index),
                Some(_) => {}
            }
        }
        if Some(self.low[at]) == self.index[at] {
            let from = self.stack.iter().position(|on| *on == at).unwrap();
            self.found.push(self.stack.split_off(from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Names {
        path.split("::").map(str::to_string).collect()
    }

    #[test]
    fn a_use_tree_is_expanded() {
        let found = expand("super::{a::{self, B as C}, d, e::*}");
        let expected = [("super::a", "a"), ("super::a::B", "C"), ("super::d", "d"), ("super::e", "*")];
        assert_eq!(found, expected.map(|(path, name)| (names(path), name.to_string())));
    }

    #[test]
    fn paths_in_code_are_found() {
        let found = inline_paths("let a = crate::b::c(super::super::D::new(), Vec::<x::Y>::new());");
        assert!(found.contains(&names("crate::b::c")) && found.contains(&names("super::super::D::new")), "{found:?}");
    }

    #[test]
    fn a_circle_of_three_is_found_and_a_chain_is_none() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(names);
        let to = |module: &Names| BTreeSet::from([module.clone()]);
        let uses = BTreeMap::from([(&a, to(&b)), (&b, to(&c)), (&c, to(&a)), (&d, to(&a))]);
        assert_eq!(circles(&uses), [vec![a.clone(), b.clone(), c.clone()]]);
    }
}
