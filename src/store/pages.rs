//! Rows read a page at a time: however many there are, one page of them is in memory, and no statement is open between two.

use std::iter;

/// All rows, in the order in which `read` gives those after a row, or the first ones; until it gives none, or fails.
pub fn paged<T: Clone>(
    mut read: impl FnMut(Option<&T>) -> rusqlite::Result<Vec<T>>,
) -> impl Iterator<Item = rusqlite::Result<T>> {
    let mut after = Some(None);
    let pages = iter::from_fn(move || {
        let page = read(after.take()?.as_ref());
        after = page.as_ref().ok().and_then(|rows| rows.last()).cloned().map(Some);
        Some(page)
    });
    pages.flat_map(|page| page.map_or_else(|error| vec![Err(error)], |rows| rows.into_iter().map(Ok).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_once_and_a_failure_is_the_last() {
        let rows = [1, 2, 3, 4, 5];
        let page = |after: Option<&i32>| rows.into_iter().filter(|row| after < Some(row)).take(2).collect::<Vec<_>>();
        let all: Vec<i32> = paged(|after| Ok(page(after))).map(Result::unwrap).collect();
        assert_eq!(all, rows);
        let failing = paged(|after: Option<&i32>| match after {
            Some(4) => Err(rusqlite::Error::QueryReturnedNoRows),
            after => Ok(page(after)),
        });
        assert_eq!(failing.map(Result::ok).collect::<Vec<_>>(), [Some(1), Some(2), Some(3), Some(4), None]);
    }
}
