//! `raw_client check ADDR | many FILE | hold FILE | watch ADDR | file PATH`: no library between the program and the
//! kernel. The lower bound of what is possible.

use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddrV4, TcpStream};
use std::path::Path;

use peers::{Result, raw};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::fs::inotify;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType};

const IN_FLIGHT: usize = 256;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["check", address] => {
            check(address.parse()?)?;
            println!("SERVING");
            Ok(())
        }
        ["many", file] => many(file),
        ["hold", file] => hold(file),
        ["watch", address] => watch(address.parse()?),
        ["file", path] => file(Path::new(path)),
        _ => Err("raw_client check ADDR | many FILE | hold FILE | watch ADDR | file PATH".into()),
    }
}

fn check(address: SocketAddrV4) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&raw::request(address))?;
    let (mut buffer, mut filled) = ([0; 1024], 0);
    loop {
        let count = stream.read(&mut buffer[filled..])?;
        if count == 0 {
            return Err(format!("{address}: closed before its answer").into());
        }
        filled += count;
        let (answer, _) = raw::read(&buffer[..filled]);
        if answer.over && answer.serving {
            return Ok(stream);
        }
    }
}

struct Slot {
    address: SocketAddrV4,
    socket: OwnedFd,
    asked: bool,
    buffer: [u8; 1024],
    filled: usize,
}

impl Slot {
    fn open(address: SocketAddrV4) -> Result<Slot> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(format!("{address}: {error}").into()),
        }
        Ok(Slot { address, socket, asked: false, buffer: [0; 1024], filled: 0 })
    }

    /// True once the response is complete.
    fn turn(&mut self) -> Result<bool> {
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", self.address);
        if !self.asked {
            rustix::net::send(&self.socket, &raw::request(self.address), SendFlags::NOSIGNAL).map_err(|e| fail(&e))?;
            self.asked = true;
            return Ok(false);
        }
        match rustix::io::read(&self.socket, &mut self.buffer[self.filled..]) {
            Ok(0) => return Err(fail(&"closed before its answer").into()),
            Ok(count) => self.filled += count,
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(fail(&error).into()),
        }
        let (answer, _) = raw::read(&self.buffer[..self.filled]);
        Ok(answer.over && answer.serving)
    }
}

fn many(file: &str) -> Result<()> {
    peers::raise_open_files()?;
    let addresses = peers::addresses(file)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut left = addresses.iter().copied();
    let mut slots: Vec<Option<Slot>> = Vec::with_capacity(IN_FLIGHT);
    let begin = |index: usize, address| -> Result<Option<Slot>> {
        let slot = Slot::open(address)?;
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&epoll, &slot.socket, EventData::new_u64(index as u64), interest)?;
        Ok(Some(slot))
    };
    for (index, address) in left.by_ref().take(IN_FLIGHT).enumerate() {
        slots.push(begin(index, address)?);
    }
    let (mut serving, mut events) = (0, Vec::with_capacity(IN_FLIGHT));
    while serving < addresses.len() {
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            let event: epoll::Event = event;
            let index = event.data.u64() as usize;
            let Some(slot) = &mut slots[index] else { continue };
            if slot.turn()? {
                serving += 1;
                slots[index] = None;
                if let Some(address) = left.next() {
                    slots[index] = begin(index, address)?;
                }
            }
        }
    }
    println!("serving {serving}");
    Ok(())
}

fn hold(file: &str) -> Result<()> {
    peers::raise_open_files()?;
    let held = peers::addresses(file)?.into_iter().map(check).collect::<Result<Vec<_>>>()?;
    println!("connected {}", held.len());
    peers::wait_for_end_of_stdin()
}

fn watch(address: SocketAddrV4) -> Result<()> {
    loop {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&raw::greeting())?;
        let (mut buffer, mut filled) = (vec![0; 64 * 1024], 0);
        loop {
            match stream.read(&mut buffer[filled..]) {
                Ok(0) => break println!("lost end of stream"),
                Err(error) => break println!("lost {error}"),
                Ok(count) => filled += count,
            }
            let (answer, taken) = raw::read(&buffer[..filled]);
            buffer.copy_within(taken..filled, 0);
            filled -= taken;
            if answer.settings {
                println!("ready");
            }
            if answer.goaway {
                break println!("lost goaway");
            }
        }
    }
}

/// Reports when `path` was replaced by a rename.
fn file(path: &Path) -> Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(format!("{}: not a file in a directory", path.display()).into());
    };
    let inotify = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    inotify::add_watch(&inotify, directory, inotify::WatchFlags::MOVED_TO)?;
    println!("ready");
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(inotify, &mut buffer);
    loop {
        let event = events.next()?;
        if event.file_name().is_some_and(|moved| moved.to_bytes() == name.as_encoded_bytes()) {
            println!("moved");
        }
    }
}
