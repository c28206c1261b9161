//! Methods of Python's types.
use value::Value;

pub fn attribute(_value: &Value, _name: &str) -> Option<Value> {
    None
}

pub mod time {
    //! Arithmetic of dates.
    use super::super::error::Stop;
    use value::Value;

    pub fn add(_one: &Value, _two: &Value, _sign: i64) -> Result<Value, Stop> {
        Err(Stop::of_type("dates cannot be added yet"))
    }
    pub fn subtract(_one: &Value, _two: &Value) -> Result<Value, Stop> {
        Err(Stop::of_type("dates cannot be subtracted yet"))
    }
}
