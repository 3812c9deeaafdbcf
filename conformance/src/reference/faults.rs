//! The list of a reference target's faults, as data.

/// Makes the enum `Fault` of lines `Variant "name" "What goes wrong."`
macro_rules! faults {
    ($($variant:ident $name:literal $about:literal)*) => {
        /// One departure from the right behaviour.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Fault {
            $(#[doc = $about] $variant,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name as the command line takes it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What goes wrong, in one line.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)*
                }
            }
        }

        impl std::fmt::Display for Fault {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for Fault {
            type Err = $crate::reference::UnknownFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|fault| fault.name() == text)
                    .ok_or_else(|| $crate::reference::UnknownFault(text.to_owned()))
            }
        }

        #[cfg(test)]
        mod tests {
            use super::Fault;

            #[test]
            fn names_are_unique_and_read_back() {
                for fault in Fault::ALL {
                    let parsed: Result<Fault, _> = fault.name().parse();
                    assert_eq!(parsed.ok(), Some(*fault), "the first of that name");
                    assert!(fault.about().ends_with('.'), "{fault}");
                }
                assert!("no-such-fault".parse::<Fault>().is_err());
            }
        }
    };
}
pub(super) use faults;

/// The text names no fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reference has no fault `{0}`")]
pub struct UnknownFault(pub String);
