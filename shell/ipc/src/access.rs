use std::{
    collections::BTreeSet,
    ffi::CString,
    io,
    os::fd::{AsFd, AsRawFd},
};

/// Who is at the other end of a connection, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Process.
    pub pid: u32,
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
}

impl Credentials {
    /// Who was at the other end of a connected socket when the connection was made.
    pub(crate) fn of_peer(socket: impl AsFd) -> io::Result<Self> {
        rustix::net::sockopt::socket_peercred(socket).map(Self::from).map_err(io::Error::from)
    }
}

impl From<rustix::net::UCred> for Credentials {
    fn from(from: rustix::net::UCred) -> Self {
        Self {
            pid: u32::try_from(from.pid.as_raw_pid()).unwrap_or(0),
            uid: from.uid.as_raw(),
            gid: from.gid.as_raw(),
        }
    }
}

/// Who may connect to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Root only.
    Root,
    /// Root, the user `hacluster` and every member of the group `haclient`.
    Cluster,
    /// Every user of the host.
    Anyone,
    /// Root, root's group, and who is listed, by user or by primary group: the ring's rules (`uidgid`).
    Listed(Allowed),
}

/// Users and groups that may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Users.
    pub users: BTreeSet<u32>,
    /// Groups. Only a client's primary group counts.
    pub groups: BTreeSet<u32>,
}

impl Allowed {
    /// The user `hacluster` and the group `haclient`, as far as the host has them.
    pub fn cluster() -> Self {
        let ids = ClusterIds::look_up();
        Self { users: ids.user.into_iter().collect(), groups: ids.group.into_iter().collect() }
    }

    /// Whether a client is listed.
    fn has(&self, credentials: &Credentials) -> bool {
        self.users.contains(&credentials.uid) || self.groups.contains(&credentials.gid)
    }
}

/// The ids of the cluster's user and group; `None` for what the host does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterIds {
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl ClusterIds {
    /// Looks them up by name.
    pub(crate) fn look_up() -> Self {
        let name = |text: &str| CString::new(text).unwrap_or_default();
        let (user, group) = (name("hacluster"), name("haclient"));
        // SAFETY: the argument is a C string; the result, static data of libc, is read at once.
        let user = unsafe { libc::getpwnam(user.as_ptr()).as_ref() }.map(|entry| entry.pw_uid);
        // SAFETY: as above.
        let group = unsafe { libc::getgrnam(group.as_ptr()).as_ref() }.map(|entry| entry.gr_gid);
        Self { user, group }
    }

    /// Whether a daemon of the cluster may run as this user or group.
    pub(crate) fn is_daemon(&self, credentials: &Credentials) -> bool {
        credentials.uid == 0
            || Some(credentials.uid) == self.user
            || Some(credentials.gid) == self.group
    }
}

/// A client that has been let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// The owner that the connection's files get.
    pub(crate) owner: Ownership,
}

/// Owner and mode of the files that a client must be able to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// For one user: readable and writable by nobody else.
    User { uid: u32, gid: u32 },
    /// For a group.
    Group(u32),
}

impl Access {
    /// Whether the client at the other end of a socket may connect, and if so, whose its files will be.
    pub(crate) fn admit(
        &self,
        ids: &ClusterIds,
        credentials: &Credentials,
        socket: impl AsFd,
    ) -> Option<Admission> {
        let Credentials { uid, gid, .. } = *credentials;
        let own = Some(Admission { owner: Ownership::User { uid, gid } });
        if uid == 0 {
            return own;
        }
        if let Self::Listed(allowed) = self {
            return own.filter(|_| gid == 0 || allowed.has(credentials));
        }
        let group = ids.group.filter(|&group| {
            gid == group || Some(uid) == ids.user || peer_groups(socket).contains(&group)
        });
        match (self, group) {
            (Self::Cluster | Self::Anyone, Some(group)) => {
                Some(Admission { owner: Ownership::Group(group) })
            }
            (Self::Cluster, None) if Some(uid) == ids.user => own,
            (Self::Anyone, None) => own,
            (Self::Root | Self::Cluster | Self::Listed(_), _) => None,
        }
    }
}

/// The supplementary groups of who is at the other end of a socket; empty if they cannot be told.
fn peer_groups(socket: impl AsFd) -> Vec<u32> {
    let mut groups = vec![0_u32; 1024];
    let mut size = libc::socklen_t::try_from(size_of_val(groups.as_slice())).unwrap_or(0);
    // SAFETY: the buffer is valid for `size` bytes, and the kernel says how many it wrote.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERGROUPS,
            groups.as_mut_ptr().cast(),
            &mut size,
        )
    };
    groups.truncate(if result == 0 { size as usize / size_of::<u32>() } else { 0 });
    groups
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    #[test]
    fn who_may_connect() {
        let (socket, _other) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .unwrap();
        let ids = ClusterIds { user: Some(65_001), group: Some(65_002) };
        let who = |uid, gid| Credentials { pid: 1, uid, gid };
        let admitted = |access: Access, who| {
            access.admit(&ids, &who, &socket).map(|admission| admission.owner)
        };
        let user = |uid, gid| Some(Ownership::User { uid, gid });
        let group = Some(Ownership::Group(65_002));
        assert_eq!(admitted(Access::Root, who(0, 0)), user(0, 0));
        assert_eq!(admitted(Access::Root, who(65_001, 65_002)), None);
        assert_eq!(admitted(Access::Cluster, who(0, 0)), user(0, 0));
        assert_eq!(admitted(Access::Cluster, who(65_001, 9)), group);
        assert_eq!(admitted(Access::Cluster, who(9, 65_002)), group);
        assert_eq!(admitted(Access::Cluster, who(9, 9)), None);
        assert_eq!(admitted(Access::Anyone, who(9, 65_002)), group);
        assert_eq!(admitted(Access::Anyone, who(9, 9)), user(9, 9));
        let listed = || Access::Listed(Allowed { users: [5].into(), groups: [6].into() });
        assert_eq!(admitted(listed(), who(0, 9)), user(0, 9));
        assert_eq!(admitted(listed(), who(9, 0)), user(9, 0));
        assert_eq!(admitted(listed(), who(5, 9)), user(5, 9));
        assert_eq!(admitted(listed(), who(9, 6)), user(9, 6));
        assert_eq!(admitted(listed(), who(6, 5)), None);
        assert_eq!(admitted(listed(), who(65_001, 65_002)), None);
    }
}
