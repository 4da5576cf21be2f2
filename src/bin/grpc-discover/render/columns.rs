//! Rows in columns.

use comfy_table::presets::NOTHING;
use grpc_discover::text::shorten;

use super::page::elide;

/// Space between two columns.
const BETWEEN: usize = 2;
/// No column is made narrower than this.
const NARROWEST: usize = 12;

/// Rows in columns two spaces apart, never wrapped, so that no address is ever split; columns without a value are left
/// out. Cells must be escaped already; only the last one may hold colour.
pub fn columns(header: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    let used: Vec<bool> =
        (0..header.len()).map(|i| rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty()))).collect();
    let keep = |cells: Vec<String>| -> Vec<String> {
        cells.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect()
    };
    let mut table = comfy_table::Table::new();
    table.force_no_tty().load_style(NOTHING);
    // A table of a report may have no header.
    if header.iter().any(|name| !name.is_empty()) {
        table.set_header(keep(header.iter().map(ToString::to_string).collect()));
    }
    for row in rows {
        table.add_row(keep(row));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, BETWEEN as u16));
    }
    table.lines().map(|line| line.trim_end().to_string()).collect()
}

/// Makes cells shorter until the rows fit into `width`: the widest column first, an address in the first column loses
/// its middle, everything else its end.
pub fn fit(header: &[&str], rows: &mut [Vec<String>], width: usize) {
    let count = |cell: &str| cell.chars().count();
    let mut widths: Vec<usize> = (0..header.len())
        .map(|i| {
            let cells = rows.iter().filter_map(|row| row.get(i)).map(|cell| count(cell)).max().unwrap_or(0);
            if cells == 0 { 0 } else { cells.max(count(header[i])) }
        })
        .collect();
    loop {
        let used = widths.iter().filter(|width| **width > 0).count();
        let total = widths.iter().sum::<usize>() + BETWEEN * used.saturating_sub(1);
        let Some(excess) = total.checked_sub(width).filter(|excess| *excess > 0) else { break };
        let widest = widths.iter().copied().enumerate().max_by_key(|(_, width)| *width);
        let Some((at, widest)) = widest.filter(|(_, width)| *width > NARROWEST) else { break };
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0);
        widths[at] = widest.saturating_sub(excess).max(next.min(widest - 1)).max(NARROWEST);
    }
    for row in rows {
        for (i, cell) in row.iter_mut().enumerate() {
            let most = widths[i];
            if count(cell) > most {
                let shorter = if i == 0 { elide(cell, most) } else { shorten(cell, most.saturating_sub(1)) };
                *cell = shorter.into_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way_and_no_address_loses_its_port() {
        let header = ["ENDPOINT", "TAGS", "VERDICT"];
        let name = format!("{}.example:50051", "pay".repeat(20));
        let mut rows = vec![
            vec![name, "a,b,c".to_string(), "passing".to_string()],
            vec!["10.0.0.1:50051".to_string(), "x".repeat(60), "critical".to_string()],
        ];
        fit(&header, &mut rows, 80);
        let lines = columns(&header, rows);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert!(lines[1].contains("…") && lines[1].contains("example:50051") && lines[1].ends_with("passing"));
        assert!(lines[2].starts_with("10.0.0.1:50051 ") && lines[2].contains("xxx…"));
    }
}
