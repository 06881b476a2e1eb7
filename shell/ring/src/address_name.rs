use std::{
    ffi::{CStr, c_char},
    net::IpAddr,
};

/// The name of an address, as the system's resolver has it; the address itself if it has none.
pub fn address_name(address: IpAddr) -> String {
    let name = match address {
        IpAddr::V4(address) => {
            // SAFETY: all bytes zero are a valid value of this plain structure.
            let mut socket_address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
            socket_address.sin_family = family(libc::AF_INET);
            socket_address.sin_addr.s_addr = u32::from_ne_bytes(address.octets());
            look_up(&socket_address)
        }
        IpAddr::V6(address) => {
            // SAFETY: all bytes zero are a valid value of this plain structure.
            let mut socket_address: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
            socket_address.sin6_family = family(libc::AF_INET6);
            socket_address.sin6_addr.s6_addr = address.octets();
            look_up(&socket_address)
        }
    };
    name.unwrap_or_else(|| address.to_string())
}

fn family(number: i32) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).unwrap_or(0)
}

/// Asks for the name of `A`, which must be one of the system's socket addresses.
fn look_up<A>(address: &A) -> Option<String> {
    const NAME_SIZE: usize = 1025;
    let mut name: [c_char; NAME_SIZE] = [0; NAME_SIZE];
    let address_size = libc::socklen_t::try_from(size_of::<A>()).ok()?;
    let name_size = libc::socklen_t::try_from(NAME_SIZE).ok()?;
    // SAFETY: both pointers are valid for as many bytes as the sizes say, and the callers' address says in its family what
    // it is.
    let result = unsafe {
        libc::getnameinfo(
            std::ptr::from_ref(address).cast(),
            address_size,
            name.as_mut_ptr(),
            name_size,
            std::ptr::null_mut(),
            0,
            0,
        )
    };
    if result != 0 {
        return None;
    }
    // SAFETY: a call that succeeds puts a NUL behind the name, within the buffer.
    let name = unsafe { CStr::from_ptr(name.as_ptr()) };
    name.to_str().ok().map(str::to_owned)
}
