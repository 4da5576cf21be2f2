//! Enums whose variants are words of the output, each with its meaning.

/// Declares an enum: for each variant its word in the output, and its meaning, which is also its documentation.
macro_rules! vocabulary {
    ($(#[$about:meta])* $vis:vis enum $name:ident { $($variant:ident $word:literal $meaning:literal)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name {
            $(#[doc = $meaning] $variant,)*
        }

        impl $name {
            /// Every variant, in the order of its declaration.
            pub const ALL: &[$name] = &[$(Self::$variant,)*];

            /// The word in the output.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What it means, in one or two sentences.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use vocabulary;
