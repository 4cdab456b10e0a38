//! How many of those whose calls fail on each run are tried together, so that they are tried and do not pass for a host that is down.

/// What is left to try.
pub struct Few<'a, T> {
    left: &'a [T],
    size: usize,
    least: usize,
}

/// What was tried, of so many.
pub struct Tried<'a, T> {
    left: &'a [T],
    of: usize,
    size: usize,
    least: usize,
}

/// Fewer calls than make a host count as down.
const LEAST: usize = 4;

/// However well it goes.
const MOST: usize = 256;

impl<'a, T> Few<'a, T> {
    /// All of these, those first that were tried longest ago; each takes so many calls.
    pub fn of(left: &'a [T], calls: usize) -> Self {
        let least = (LEAST / calls.max(1)).max(1);
        Self { left, size: least, least }
    }

    /// The next few; none when all were tried.
    pub fn next(self) -> Option<(&'a [T], Tried<'a, T>)> {
        let of = self.size.min(self.left.len());
        let (few, left) = self.left.split_at(of);
        (of > 0).then_some((few, Tried { left, of, size: self.size, least: self.least }))
    }
}

impl<'a, T> Tried<'a, T> {
    /// What is left when so many of them failed again: more at a time as long as none does, and nothing once none gets through.
    pub fn after(self, failed: usize) -> Option<Few<'a, T>> {
        let size = if failed == 0 { (self.size * 2).min(MOST) } else { self.least };
        (failed < self.of).then_some(Few { left: self.left, size, least: self.least })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many are tried each time, when so many of them fail.
    fn tried(all: usize, mut fails: impl FnMut(usize) -> usize) -> Vec<usize> {
        let all = vec![(); all];
        let (mut some, mut sizes) = (Some(Few::of(&all, 1)), Vec::new());
        while let Some((few, tried)) = some.take().and_then(Few::next) {
            sizes.push(few.len());
            some = tried.after(fails(sizes.len()));
        }
        sizes
    }

    #[test]
    fn it_goes_on_as_long_as_one_gets_through_and_faster_while_all_do() {
        assert_eq!(tried(100, |_| 0), [4, 8, 16, 32, 40]);
        assert_eq!(tried(20, |_| 1), [4, 4, 4, 4, 4]);
        assert_eq!(tried(20, |_| 4), [4], "the others first, the next time");
        assert_eq!(tried(20, |n| if n == 2 { 1 } else { 0 }), [4, 8, 4, 4]);
        assert_eq!((tried(0, |_| 0), tried(3, |_| 3)), (vec![], vec![3]));
        assert_eq!(*tried(10_000, |_| 0).iter().max().unwrap(), MOST);
    }
}
