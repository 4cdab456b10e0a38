//! Tables too long to be laid out at once: a first pass over their pages finds how wide the columns are, a second one tells them.

use comfy_table::{ColumnConstraint, Table, Width};

/// How wide the columns of a table are whose pages are told one by one.
#[derive(Default)]
pub(super) struct Widths(Vec<u16>);

impl Widths {
    /// Makes the columns as wide as the widest cells of a page.
    pub(super) fn make_room_for(&mut self, page: &Table) {
        let widths = page.column_max_content_widths();
        self.0.resize(widths.len(), 0);
        self.0.iter_mut().zip(widths).for_each(|(widest, width)| *widest = width.max(*widest));
    }

    /// The page with its columns as wide as those of all pages.
    pub(super) fn applied_to(&self, mut page: Table) -> Table {
        for (column, width) in page.column_iter_mut().zip(&self.0) {
            let width = Width::Fixed(width.saturating_add(column.padding_width()));
            column.set_constraint(ColumnConstraint::LowerBoundary(width));
        }
        page
    }
}
