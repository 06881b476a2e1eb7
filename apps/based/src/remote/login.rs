use xml::Element;

/// The group whose members may log in.
const GROUP: &str = "haclient";
/// The environment variable that names the PAM service, and the service otherwise.
const SERVICE_VARIABLE: &str = "CIB_pam_service";
const SERVICE: &str = "login";

/// Checks a login: who it is and whether he may. The error is for the log and names no password.
///
/// Since the daemon does not run as root, what most systems have for passwords only checks those of the daemon's own user,
/// hacluster.
pub(super) async fn check(login: &Element) -> Result<String, String> {
    if login.name() != "cib_command" || login.attr("op") != Some("authenticate") {
        return Err("it did something else than to log in".to_owned());
    }
    let (Some(user), Some(password)) = (login.attr("user"), login.attr("password")) else {
        return Err("it did not say who it is, or no password".to_owned());
    };
    let (user, password) = (user.to_owned(), password.to_owned());
    // Directories of users and PAM may take long; the daemon does not wait.
    let checked = tokio::task::spawn_blocking(move || {
        if !runtime::group_names(&user).iter().any(|group| group == GROUP) {
            return Err(format!("user {user:?} is not in the group {GROUP}"));
        }
        let service = std::env::var(SERVICE_VARIABLE).unwrap_or_else(|_| SERVICE.to_owned());
        match runtime::check_password(&service, &user, &password) {
            Ok(()) => Ok(user),
            Err(error) => Err(format!("user {user:?}: {error}")),
        }
    });
    checked.await.map_err(|error| error.to_string())?
}
