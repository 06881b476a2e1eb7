//! Packets of the ring as a stranger on its network can take and send them: whole IPv4 packets with any source address.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    ops::Range,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, recv, sendto,
        socket_with,
        sockopt::{Timeout, set_socket_timeout},
    },
};

use super::random::Random;

/// The port of the ring's first link.
const PORT: u16 = 5405;
/// What a packet may have at most to go out in one piece.
const LONGEST: usize = 1_500;
const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const SOURCE: Range<usize> = 12..16;
const TARGET: Range<usize> = 16..20;

fn raw_socket(protocol: rustix::net::Protocol) -> Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(protocol)).context("a raw socket")
}

/// `packets-capture COUNT FILE`: saves so many packets of the ring that come to this machine.
pub(super) fn capture(words: &[String]) -> Result<()> {
    let [count, file] = words else { bail!("usage: packets-capture COUNT FILE") };
    let count: usize = count.parse()?;
    let socket = raw_socket(ipproto::UDP)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(30)))?;
    let (mut buffer, mut saved, mut taken) = (vec![0; 1 << 16], Vec::new(), 0);
    while taken < count {
        let (_, length) = recv(&socket, &mut buffer[..], RecvFlags::empty())
            .context("there is no traffic of the ring")?;
        let packet = &buffer[..length];
        if destination_port(packet) == Some(PORT) && length <= LONGEST {
            saved.extend_from_slice(&u16::try_from(length)?.to_be_bytes());
            saved.extend_from_slice(packet);
            taken += 1;
        }
    }
    fs::write(file, saved).with_context(|| file.clone())
}

/// Where a packet goes, if it is UDP over IPv4 without options.
fn destination_port(packet: &[u8]) -> Option<u16> {
    let is_plain = packet.first()? & 0x0f == 5;
    let port = packet.get(IP_HEADER + 2..IP_HEADER + 4)?;
    is_plain.then_some(u16::from_be_bytes([port[0], port[1]]))
}

/// What is done with the packets that were taken.
enum Attack {
    /// Random bytes from an address that no node has.
    Noise,
    /// Random bytes from a node's address.
    SpoofedNoise,
    /// Each packet as it was.
    Replay,
    /// Each packet with its end missing, at many places.
    Truncated,
    /// Each packet with some bits turned.
    Mutated,
}

/// `packets-send ATTACK FILE TARGET COUNT SEED`: sends about so many packets, made from those in the file, to a node.
pub(super) fn send(words: &[String]) -> Result<()> {
    let [attack, file, target, count, seed] = words else {
        bail!("usage: packets-send ATTACK FILE TARGET COUNT SEED")
    };
    let attack = match attack.as_str() {
        "noise" => Attack::Noise,
        "spoofed-noise" => Attack::SpoofedNoise,
        "replay" => Attack::Replay,
        "truncated" => Attack::Truncated,
        "mutated" => Attack::Mutated,
        other => bail!("unknown attack {other:?}"),
    };
    let packets = read(Path::new(file))?;
    ensure!(!packets.is_empty(), "{file} has no packets");
    let target: Ipv4Addr = target.parse()?;
    let (count, mut random) = (count.parse::<usize>()?, Random::new(seed.parse()?));
    let socket = raw_socket(ipproto::RAW)?;
    let mut sent = 0_usize;
    for number in 0..count {
        let original = &packets[number % packets.len()];
        let packet = forge(&attack, original, target, &mut random);
        match sendto(&socket, &packet, SendFlags::empty(), &SocketAddrV4::new(target, 0)) {
            Ok(_) => sent += 1,
            // The queue is full for a moment: one packet less.
            Err(Errno::NOBUFS) => {}
            Err(error) => return Err(error).context("sending a raw packet"),
        }
    }
    ensure!(sent > count / 2, "only {sent} of {count} packets could be sent");
    println!("{sent}");
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let mut packets = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (packet, after) = after
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .context("the file of packets breaks off")?;
        ensure!(packet.len() >= IP_HEADER + UDP_HEADER, "a packet that is too short was saved");
        packets.push(packet.to_vec());
        rest = after;
    }
    Ok(packets)
}

fn forge(attack: &Attack, original: &[u8], target: Ipv4Addr, random: &mut Random) -> Vec<u8> {
    let (headers, payload) = original.split_at(IP_HEADER + UDP_HEADER);
    let mut packet = headers.to_vec();
    match attack {
        Attack::Noise | Attack::SpoofedNoise => {
            let longest = (LONGEST - packet.len()) as u64;
            let mut noise = vec![0; usize::try_from(random.below(longest)).unwrap_or(0)];
            random.fill(&mut noise);
            packet.extend(noise);
        }
        Attack::Replay => packet.extend(payload),
        Attack::Truncated => packet.extend(&payload[..below(random, payload.len().max(1))]),
        Attack::Mutated => {
            packet.extend(payload);
            // Each byte at most once: a bit that is turned twice would be a replay.
            let step = payload.len() / 4;
            for part in 0..=below(random, 4) {
                let at = headers.len() + part * step + below(random, step.max(1));
                if let Some(byte) = packet.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    if matches!(attack, Attack::Noise) {
        packet[SOURCE].copy_from_slice(&[192, 168, 124, 200]);
    }
    packet[TARGET].copy_from_slice(&target.octets());
    seal(&mut packet);
    packet
}

/// Makes the headers fit the content. The kernel fills in the sum of the first header; that of the second is left out.
fn seal(packet: &mut [u8]) {
    let length = u16::try_from(packet.len()).unwrap_or(0);
    let udp_length = length - IP_HEADER as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[IP_HEADER + 4..IP_HEADER + 6].copy_from_slice(&udp_length.to_be_bytes());
    packet[IP_HEADER + 6..IP_HEADER + 8].copy_from_slice(&[0, 0]);
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(limit as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; IP_HEADER + UDP_HEADER];
        packet[0] = 0x45;
        packet[IP_HEADER + 2..IP_HEADER + 4].copy_from_slice(&PORT.to_be_bytes());
        packet.extend(payload);
        packet
    }

    #[test]
    fn forged_packets_have_the_lengths_that_they_claim() {
        let original = packet(&[7; 100]);
        assert_eq!(destination_port(&original), Some(PORT));
        let mut random = Random::new(1);
        let target = Ipv4Addr::new(192, 168, 124, 52);
        for attack in [Attack::Noise, Attack::SpoofedNoise, Attack::Truncated, Attack::Mutated] {
            for _ in 0..200 {
                let forged = forge(&attack, &original, target, &mut random);
                assert!(forged.len() <= LONGEST);
                assert_eq!(forged[2..4], u16::try_from(forged.len()).unwrap().to_be_bytes());
                assert_eq!(forged[TARGET], target.octets());
                assert_ne!(forged[IP_HEADER + UDP_HEADER..], [7; 100]);
            }
        }
        let same = forge(&Attack::Replay, &original, target, &mut random);
        assert_eq!(same[IP_HEADER + UDP_HEADER..], [7; 100]);
        assert!(destination_port(&[0x45; 10]).is_none());
    }
}
