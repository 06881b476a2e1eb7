/// The biggest message unless the environment says otherwise.
const DEFAULT: u32 = 128 << 10;
/// The biggest message of connections that carry whole documents. What is bigger is compressed, which takes longer than
/// everything else; the memory of such a connection is three times as much.
const DOCUMENTS: u32 = 1 << 20;
/// The least that a limit may be.
const LEAST: u32 = 12_336;

/// Bytes of the biggest message between tools and daemons: what `PCMK_ipc_buffer` says, by default 128 KiB.
pub fn message_limit() -> u32 {
    parse(std::env::var("PCMK_ipc_buffer").ok().as_deref())
}

/// The same for connections that carry whole documents: at least 1 MiB.
pub(crate) fn document_limit() -> u32 {
    message_limit().max(DOCUMENTS)
}

fn parse(setting: Option<&str>) -> u32 {
    match setting.and_then(|text| text.trim().parse::<u64>().ok()) {
        None | Some(0) => DEFAULT,
        Some(bytes) => u32::try_from(bytes).unwrap_or(u32::MAX).max(LEAST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_has_a_default_and_a_least_value() {
        assert_eq!(parse(None), 131_072);
        assert_eq!(parse(Some("rubbish")), 131_072);
        assert_eq!(parse(Some("0")), 131_072);
        assert_eq!(parse(Some("1")), 12_336);
        assert_eq!(parse(Some("1048576")), 1_048_576);
        assert_eq!(parse(Some("99999999999")), u32::MAX);
    }
}
