//! One format for everything that is printed: durations, lists, plurals, text from peers, similar names. Pure.

mod count;
mod duration;
mod escape;
mod list;
mod near;

pub use count::{count, plural, plural_s};
pub use duration::{duration, exact_duration, reached, sufficient};
pub use escape::{escape, quote_bytes, shell_word, shorten};
pub use list::{all_of, any_of, few};
pub use near::near;
