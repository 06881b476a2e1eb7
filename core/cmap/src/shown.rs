use conf::{Keys, Place, Settings};
use wire::corosync::cmap::Value;

/// A configuration's value as the map has it.
pub fn to_value(value: &conf::Value) -> Value {
    match value {
        conf::Value::U8(v) => Value::U8(*v),
        conf::Value::U16(v) => Value::U16(*v),
        conf::Value::I32(v) => Value::I32(*v),
        conf::Value::U32(v) => Value::U32(*v),
        conf::Value::U64(v) => Value::U64(*v),
        conf::Value::Text(v) => Value::Text(v.clone()),
    }
}

/// A value of the map as the configuration has it; `None` for types that no key of the configuration has.
pub fn from_value(value: &Value) -> Option<conf::Value> {
    Some(match value {
        Value::U8(v) => conf::Value::U8(*v),
        Value::U16(v) => conf::Value::U16(*v),
        Value::I32(v) => conf::Value::I32(*v),
        Value::U32(v) => conf::Value::U32(*v),
        Value::U64(v) => conf::Value::U64(*v),
        Value::Text(v) => conf::Value::Text(v.clone()),
        Value::I8(_)
        | Value::I16(_)
        | Value::I64(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::Binary(_) => return None,
    })
}

/// All keys that a configuration shows on a host, in order: what the file says, what is derived from it, and below
/// `runtime.config.` the values in effect.
pub fn configuration(_keys: &Keys, _settings: &Settings, _place: &Place) -> Vec<(String, Value)> {
    Vec::new()
}
