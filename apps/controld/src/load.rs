use std::{fs, thread};

use messages::crmd::Throttle;

/// The share of the processors above which a node is busy, by default.
const THRESHOLD: f32 = 0.8;

/// How many operations at once a node that is not busy is good for.
pub(crate) fn job_max() -> i32 {
    let limit = std::env::var("PCMK_node_action_limit").ok().and_then(|text| text.parse().ok());
    limit.filter(|limit| *limit > 0).unwrap_or_else(|| processors().saturating_mul(2))
}

/// How busy the node is.
pub(crate) fn measure() -> Option<Throttle> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let average: f32 = text.split_whitespace().next()?.parse().ok()?;
    Some(Throttle { mode: mode(average, processors()), job_max: job_max() })
}

fn processors() -> i32 {
    thread::available_parallelism()
        .map_or(1, |count| i32::try_from(count.get()).unwrap_or(i32::MAX))
}

/// The numbers stand for: negligible, low, medium, high. A load of 1 is too high already where there is one processor.
fn mode(average: f32, processors: i32) -> i32 {
    // The number of processors is far below where a float loses count.
    #[allow(clippy::cast_precision_loss)]
    let capacity = if processors == 1 { 0.6 } else { processors as f32 };
    match average / (capacity * THRESHOLD) {
        load if load > 2.0 => 0x100,
        load if load > 1.6 => 0x10,
        load if load > 1.2 => 0x1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_told_per_processor() {
        assert_eq!(mode(0.5, 2), 0);
        assert_eq!(mode(2.2, 2), 1);
        assert_eq!(mode(3.3, 2), 0x100);
        assert_eq!(mode(0.7, 1), 1);
    }
}
