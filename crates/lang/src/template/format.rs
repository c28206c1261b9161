//! Python's two ways to format strings.
pub mod percent {
    //! `'%s' % value`
    use super::super::error::Stop;
    use value::{Str, Value};

    pub fn format(_template: &Str, _values: &Value) -> Result<Str, Stop> {
        Err(Stop::of_type("'%' with strings is not there yet"))
    }
}
