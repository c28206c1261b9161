//! Python's ways to format: `'%s' % value`, `'{}'.format(value)`, and the numbers of both.
pub mod braces;
pub mod number;
pub mod percent;
