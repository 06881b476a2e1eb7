use std::{io, os::fd::OwnedFd};

use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags, Uid},
    io::Errno,
};

use crate::access::Ownership;

/// A directory in shared memory that holds the files of one connection. Dropping it removes them.
#[derive(Debug)]
pub(crate) struct Directory {
    path: String,
    fd: OwnedFd,
    files: Vec<String>,
    is_removed: bool,
}

impl Directory {
    /// Makes a new directory that nobody else can enter yet. `marks` tell people whose it is.
    pub(crate) fn create(marks: [u64; 3]) -> io::Result<Self> {
        let [server, client, socket] = marks;
        for _ in 0..100 {
            let path = format!("/dev/shm/qb-{server}-{client}-{socket}-{}", random_name()?);
            match rustix::fs::mkdir(&path, Mode::RWXU) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let fd = rustix::fs::open(&path, flags, Mode::empty())?;
                    return Ok(Self { path, fd, files: Vec::new(), is_removed: false });
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The path that the names of all files begin with.
    pub(crate) fn base_path(&self) -> String {
        format!("{}/qb", self.path)
    }

    /// Makes a file whose path is [`Self::base_path`] and `end`, open for its owner only.
    pub(crate) fn create_file(&mut self, end: &str) -> io::Result<OwnedFd> {
        let name = format!("qb{end}");
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.fd, &name, flags, Mode::RUSR | Mode::WUSR)?;
        self.files.push(name);
        Ok(file)
    }

    /// Gives the files, and then the directory, to the client.
    ///
    /// Everything exists by then: whoever owns the directory could put a link where a file is expected.
    pub(crate) fn hand_over(&self, files: &[&OwnedFd], owner: Ownership) -> io::Result<()> {
        for file in files {
            let mode = match owner {
                Ownership::User { .. } => Mode::RUSR | Mode::WUSR,
                Ownership::Group(_) => Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP,
            };
            rustix::fs::fchmod(file, mode)?;
            give(file, owner)?;
        }
        rustix::fs::fchmod(&self.fd, Mode::RWXU | Mode::RWXG)?;
        give(&self.fd, owner)
    }

    /// Removes the files, once. Who has them open keeps them.
    pub(crate) fn remove(&mut self) {
        if std::mem::replace(&mut self.is_removed, true) {
            return;
        }
        for name in self.files.drain(..) {
            // What a client has removed, renamed or added is its own affair.
            let _ = rustix::fs::unlinkat(&self.fd, &name, AtFlags::empty());
        }
        let _ = rustix::fs::rmdir(&self.path);
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.remove();
    }
}

fn give(file: &OwnedFd, owner: Ownership) -> io::Result<()> {
    let result = match owner {
        Ownership::User { uid, gid } => {
            rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
        }
        Ownership::Group(gid) => rustix::fs::fchown(file, None, Some(Gid::from_raw(gid))),
    };
    match result {
        // A server that is not root cannot give files away; clients that are root do not need that.
        Err(Errno::PERM) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn random_name() -> io::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 6];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
