use controller::Input;
use vocab::ExecStatus;

/// The answer to a request to fence a node while there is no way to ask the fencer.
pub(crate) fn refuse(key: String) -> Input {
    Input::Fenced {
        key,
        status: ExecStatus::NoFenceDevice,
        success: false,
        reason: Some("fencing is not implemented yet".to_owned()),
    }
}
