//! Rows in columns.

use comfy_table::presets::NOTHING;

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
    table.set_header(keep(header.iter().map(ToString::to_string).collect()));
    for row in rows {
        table.add_row(keep(row));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_string()).collect()
}
