//! `args!`: a module's arguments as a struct whose doc comments are its reference page.
use super::{Kind, Spec};
use crate::value::{Map, Value};
use std::path::PathBuf;

/// Types that an argument can have in a module's struct. Values were checked before, so a refusal here is a fault of ours,
/// or of whoever speaks to the helper in our place.
pub trait FromValue: Sized {
    const KIND: Kind;
    const ELEMENTS: Option<Kind> = None;
    fn from_value(value: Option<&Value>) -> Result<Self, String>;
}

pub trait Args: Sized {
    const SPEC: Spec<'static>;
    fn from_map(args: &Map) -> Result<Self, String>;
}

/// Checked arguments as the module's struct.
pub fn parse<A: Args>(args: &Map) -> Result<A, String> {
    A::from_map(args)
}

fn given<'v>(value: Option<&'v Value>, kind: &str) -> Result<&'v Value, String> {
    value.ok_or_else(|| format!("is required ({kind})"))
}

/// One field; by itself, so that a program has it once for each type and not for each field.
#[inline(never)]
pub fn field<T: FromValue>(args: &Map, name: &'static str) -> Result<T, String> {
    T::from_value(args.get(name)).map_err(|why| format!("`{name}` {why}"))
}

macro_rules! from_value {
    ($type:ty, $kind:ident, $($pattern:pat => $result:expr),+) => {
        impl FromValue for $type {
            const KIND: Kind = Kind::$kind;
            fn from_value(value: Option<&Value>) -> Result<Self, String> {
                match given(value, Kind::$kind.name())? {
                    $($pattern => Ok($result),)+
                    other => Err(format!("should be {}, and is {}", Kind::$kind.name(), other.type_name())),
                }
            }
        }
    };
}

from_value!(String, Str, Value::Str(text) => text.to_string());
from_value!(PathBuf, Path, Value::Str(text) => PathBuf::from(text.as_str()));
from_value!(i64, Int, Value::Int(number) => *number);
from_value!(f64, Float, Value::Float(number) => *number, Value::Int(number) => *number as f64);
from_value!(Map, Dict, Value::Map(map) => (**map).clone());

/// As it was written; nothing where it was not.
impl FromValue for Value {
    const KIND: Kind = Kind::Raw;
    fn from_value(value: Option<&Value>) -> Result<Self, String> {
        Ok(value.cloned().unwrap_or_default())
    }
}

/// A flag that is not given and has no default is off.
impl FromValue for bool {
    const KIND: Kind = Kind::Bool;
    fn from_value(value: Option<&Value>) -> Result<Self, String> {
        match value {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(other) => Err(format!("should be bool, and is {}", other.type_name())),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const KIND: Kind = T::KIND;
    const ELEMENTS: Option<Kind> = T::ELEMENTS;
    fn from_value(value: Option<&Value>) -> Result<Self, String> {
        value.map(|value| T::from_value(Some(value))).transpose()
    }
}

/// A list that is not given is empty; `Option<Vec<_>>` tells the two apart.
impl<T: FromValue> FromValue for Vec<T> {
    const KIND: Kind = Kind::List;
    const ELEMENTS: Option<Kind> = Some(T::KIND);
    fn from_value(value: Option<&Value>) -> Result<Self, String> {
        match value {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => items.iter().map(|item| T::from_value(Some(item))).collect(),
            Some(other) => Err(format!("should be list, and is {}", other.type_name())),
        }
    }
}

/// Declares the arguments of a module, or of a dict among them.
///
/// ```
/// value::args! {
///     /// Writes a file.
///     pub struct Args {
///         /// Where to write it.
///         dest: std::path::PathBuf { required, aliases(&["name"]) },
///         /// What should be there.
///         state: String { default("present"), choices(&["present", "absent"]) },
///         /// Who owns it.
///         owner: Option<String>,
///     }
///     rules: [value::spec::Rule::RequiredBy { arg: "owner", needs: &["dest"] }]
/// }
/// ```
#[macro_export]
macro_rules! args {
    (
        $(#[doc = $doc:literal])+ $vis:vis struct $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty $({ $($option:ident $(($value:expr))?),+ $(,)? })?,)*
        }
        $(rules: [$($rule:expr),* $(,)?])?
    ) => {
        $vis struct $name { $(pub $field: $type),* }
        impl $crate::spec::Args for $name {
            const SPEC: $crate::spec::Spec<'static> = $crate::spec::Spec {
                doc: $crate::doc!($($doc)+),
                args: &[$(
                    $crate::spec::Arg::new(
                        $crate::spec::plain_name(stringify!($field)),
                        <$type as $crate::spec::FromValue>::KIND,
                        <$type as $crate::spec::FromValue>::ELEMENTS,
                        $crate::doc!($($field_doc)+),
                    )$($(.$option($($value)?))+)?
                ),*],
                rules: &[$($($rule),*)?],
            };
            fn from_map(args: &$crate::Map) -> Result<Self, String> {
                Ok(Self { $(
                    $field: $crate::spec::field(args, const { $crate::spec::plain_name(stringify!($field)) })?
                ),* })
            }
        }
        impl $crate::spec::FromValue for $name {
            const KIND: $crate::spec::Kind = $crate::spec::Kind::Dict;
            fn from_value(value: Option<&$crate::Value>) -> Result<Self, String> {
                match value {
                    Some($crate::Value::Map(map)) => <Self as $crate::spec::Args>::from_map(map),
                    Some(other) => Err(format!("should be dict, and is {}", other.type_name())),
                    None => Err("is required (dict)".into()),
                }
            }
        }
    };
}

/// Documentation, where the build has any: the crate that declares decides by its feature `reference`.
#[macro_export]
macro_rules! doc {
    ($($line:literal)+) => {{
        #[cfg(feature = "reference")]
        { concat!($($line, "\n"),+) }
        #[cfg(not(feature = "reference"))]
        { "" }
    }};
}

#[cfg(test)]
mod tests {
    use crate::spec::{Args as _, check};
    use crate::value::{Map, Value};
    use std::path::PathBuf;

    crate::args! {
        /// A published port.
        pub struct Port {
            /// Its number.
            number: i64 { required },
        }
    }

    crate::args! {
        /// Writes a file.
        pub struct Args {
            /// Where.
            dest: PathBuf { required, aliases(&["name"]) },
            /// A word that Rust keeps for itself.
            r#type: String { default("file"), choices(&["file", "link"]) },
            /// Ports.
            ports: Vec<Port> { options(&Port::SPEC) },
        }
        rules: [crate::spec::Rule::RequiredOneOf(&["dest"])]
    }

    #[test]
    fn a_struct_is_filled_from_checked_arguments() {
        let port = Value::map([("number", "80")]);
        let given: Map = [("name", Value::from("/a")), ("ports", Value::list([port]))].into_iter().collect();
        let args = super::parse::<Args>(&check(&Args::SPEC, "copy", &given).unwrap()).unwrap();
        assert_eq!((args.dest, args.r#type.as_str(), args.ports[0].number), (PathBuf::from("/a"), "file", 80));
    }
}
