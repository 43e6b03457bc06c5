//! Requests to a running process and its replies: what `popcorn migrate` and `popcorn checkpoint` write, and what the
//! runtime answers (docs/abi.md, section 11).
//!
//! A request is a file, made whole by a rename, in a folder that only the user can use:
//!
//! ```text
//! popcorn-request 1
//! id=<16 hexadecimal digits>
//! move=<isa>                           or  checkpoint=continue | checkpoint=stop
//! emulator=<length> <path>                 asker=<process id>
//!                                          descriptor=<number>
//! ```
//!
//! A reply is two lines: `popcorn-reply 1 <id>`, and a word with what belongs to it. The asker chooses the id. It is in
//! the names of both files and in both texts, so that nobody takes another's reply or removes another's file. While the
//! asker lives it holds an exclusive `flock` on its request.
//!
//! Readers are total: hostile bytes give an error, never a panic. Nothing is ever cut.

use core::fmt::{self, Display, Formatter};

/// The signal that tells a process to look for requests: `SIGSTKFLT`. Nothing on Linux sends it, it has one number on
/// every ISA, and emulators do not renumber it as they do real-time signals: it means the same at every moment of a hop.
pub const SIGNAL: u32 = 16;

/// No request is longer: a path, and some lines.
pub const LARGEST_REQUEST: usize = PATH_MAX + 256;
/// No reply is longer: a message, and some words.
pub const LARGEST_REPLY: usize = 2048;
/// Bytes of the longest path, its end included.
const PATH_MAX: usize = 4096;
/// Bytes of the longest file name here.
pub const LARGEST_NAME: usize = 64;

const REQUEST_LINE: &[u8] = b"popcorn-request 1";
const REPLY_LINE: &[u8] = b"popcorn-reply 1 ";

/// What the asker calls its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub u64);

impl Display for Id {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Id {
    fn parse(text: &[u8]) -> Option<Id> {
        if text.len() != 16 {
            return None;
        }
        text.iter()
            .try_fold(0u64, |value, &digit| {
                let digit = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return None,
                };
                Some(value << 4 | u64::from(digit))
            })
            .map(Id)
    }
}

/// The folder of a user's requests, inside `$XDG_RUNTIME_DIR` or `/tmp`.
pub struct Folder {
    pub user: u32,
}

/// Where the folder is if the environment names no absolute path.
pub const DEFAULT_BASE: &str = "/tmp";

impl Display for Folder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "popcorn-{}", self.user)
    }
}

/// A file in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The process that is asked, as it knows itself.
    pub process: u32,
    pub id: Id,
    pub role: Role,
}

/// What a file in the folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Being written by the asker.
    NewRequest,
    Request,
    /// A request that a copy of the process is at: it is not to be found again.
    TakenRequest,
    /// Being written by the process.
    NewReply,
    Reply,
}

impl Role {
    const ALL: [Role; 4] = [Role::NewRequest, Role::Request, Role::NewReply, Role::Reply];

    fn suffix(self) -> &'static str {
        match self {
            Role::NewRequest => "new-request",
            Role::Request => "request",
            Role::TakenRequest => "taken-request",
            Role::NewReply => "new-reply",
            Role::Reply => "reply",
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (process, id, suffix) = (self.process, self.id, self.role.suffix());
        write!(f, "{process}.{id}.{suffix}")
    }
}

impl Name {
    /// The inverse of `Display`.
    pub fn parse(name: &[u8]) -> Option<Name> {
        let mut parts = name.split(|&b| b == b'.');
        let process = decimal(parts.next()?)?;
        let id = Id::parse(parts.next()?)?;
        let suffix = parts.next()?;
        let role = Role::ALL
            .into_iter()
            .find(|role| role.suffix().as_bytes() == suffix)?;
        parts.next().is_none().then_some(Name { process, id, role })
    }
}

/// What a process is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    pub id: Id,
    pub wish: Wish<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<'a> {
    /// Go on as another ISA.
    Move {
        isa: &'a [u8],
        /// The emulator to use: a path.
        emulator: Option<&'a [u8]>,
    },
    /// Write an image into the file that the asker's descriptor is open on.
    Checkpoint {
        /// Stand still, and be ended, when it is written.
        stop: bool,
        asker: u32,
        descriptor: u32,
    },
}

/// Why bytes are no request, or no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The first line is another: another version, or something else.
    Version,
    /// It is longer than any can be.
    Oversized,
    /// Something is missing, twice or not understood.
    Content,
}

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Version => "it is of another version of popcorn",
            Malformed::Oversized => "it is too long",
            Malformed::Content => "it is damaged",
        })
    }
}

impl<'a> Request<'a> {
    /// Reads a request file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > LARGEST_REQUEST {
            return Err(Malformed::Oversized);
        }
        let rest = bytes.strip_prefix(REQUEST_LINE).ok_or(Malformed::Version)?;
        let rest = rest.strip_prefix(b"\n").ok_or(Malformed::Version)?;
        Self::fields(rest).ok_or(Malformed::Content)
    }

    fn fields(rest: &'a [u8]) -> Option<Self> {
        let (id, rest) = line(rest, b"id=")?;
        let id = Id::parse(id)?;
        let wish = if let Some((isa, rest)) = line(rest, b"move=") {
            let emulator = match rest {
                [] => None,
                rest => Some(counted(rest.strip_prefix(b"emulator=")?)?),
            };
            let is_path =
                |path: &[u8]| !path.is_empty() && path.len() < PATH_MAX && !path.contains(&0);
            if isa.is_empty() || !emulator.is_none_or(is_path) {
                return None;
            }
            Wish::Move { isa, emulator }
        } else {
            let (how, rest) = line(rest, b"checkpoint=")?;
            let (asker, rest) = line(rest, b"asker=")?;
            let (descriptor, rest) = line(rest, b"descriptor=")?;
            let stop = match how {
                b"stop" => true,
                b"continue" => false,
                _ => return None,
            };
            if !rest.is_empty() {
                return None;
            }
            Wish::Checkpoint {
                stop,
                asker: decimal(asker)?,
                descriptor: decimal(descriptor)?,
            }
        };
        Some(Self { id, wish })
    }

    /// The request file.
    #[cfg(any(feature = "std", test))]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = REQUEST_LINE.to_vec();
        out.extend(format!("\nid={}\n", self.id).bytes());
        let mut field = |name: &str, value: &[u8]| {
            out.extend(name.bytes());
            out.extend(value);
            out.push(b'\n');
        };
        match self.wish {
            Wish::Move { isa, emulator } => {
                field("move=", isa);
                if let Some(path) = emulator {
                    field(&format!("emulator={} ", path.len()), path);
                }
            }
            Wish::Checkpoint {
                stop,
                asker,
                descriptor,
            } => {
                let how: &[u8] = if stop { b"stop" } else { b"continue" };
                field("checkpoint=", how);
                field("asker=", asker.to_string().as_bytes());
                field("descriptor=", descriptor.to_string().as_bytes());
            }
        }
        out
    }
}

/// What a process says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Not at this migration point; another reply follows.
    Deferred { reason: &'a str },
    /// It will not be done; nothing has changed.
    Refused { reason: &'a str },
    /// It runs as another ISA.
    Moved {
        from: &'a str,
        to: &'a str,
        figures: &'a str,
    },
    /// This copy of the process writes the image; another reply follows.
    Writing { process: u32 },
    /// The image is in the file.
    Written { isa: &'a str, figures: &'a str },
}

/// A reply on its way: `Display` is the reply file.
pub struct Answer<'a> {
    pub id: Id,
    pub reply: Reply<'a>,
}

impl Display for Answer<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "popcorn-reply 1 {}", self.id)?;
        match self.reply {
            Reply::Deferred { reason } => writeln!(f, "deferred {}", OneLine(reason)),
            Reply::Refused { reason } => writeln!(f, "refused {}", OneLine(reason)),
            Reply::Moved { from, to, figures } => {
                writeln!(f, "moved {from} {to} {}", OneLine(figures))
            }
            Reply::Writing { process } => writeln!(f, "writing {process}"),
            Reply::Written { isa, figures } => {
                writeln!(f, "written {isa} {}", OneLine(figures))
            }
        }
    }
}

/// Text in a line: a line's end in it (in a path, say) is a space.
struct OneLine<'a>(&'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.split('\n');
        f.write_str(parts.next().unwrap_or(""))?;
        parts.try_for_each(|part| write!(f, " {part}"))
    }
}

impl<'a> Answer<'a> {
    /// Reads a reply file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > LARGEST_REPLY {
            return Err(Malformed::Oversized);
        }
        let (id, rest) = line(bytes, REPLY_LINE).ok_or(Malformed::Version)?;
        let answer = || {
            let id = Id::parse(id)?;
            let (text, rest) = line(rest, b"")?;
            let text = core::str::from_utf8(text).ok()?;
            let reply = Reply::parse(text)?;
            rest.is_empty().then_some(Self { id, reply })
        };
        answer().ok_or(Malformed::Content)
    }
}

impl<'a> Reply<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        Some(match word {
            "deferred" => Reply::Deferred { reason: rest },
            "refused" => Reply::Refused { reason: rest },
            "moved" => {
                let (from, rest) = rest.split_once(' ')?;
                let (to, figures) = rest.split_once(' ')?;
                Reply::Moved { from, to, figures }
            }
            "writing" => Reply::Writing {
                process: decimal(rest.as_bytes())?,
            },
            "written" => {
                let (isa, figures) = rest.split_once(' ')?;
                Reply::Written { isa, figures }
            }
            _ => return None,
        })
    }
}

/// The value of a line that begins with `name`, and what follows it.
fn line<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let rest = text.strip_prefix(name)?;
    let end = rest.iter().position(|&b| b == b'\n')?;
    Some((&rest[..end], &rest[end + 1..]))
}

/// A text that ends the file, with its length before it: it may hold any byte.
fn counted(text: &[u8]) -> Option<&[u8]> {
    let space = text.iter().position(|&b| b == b' ')?;
    let length = decimal(&text[..space])?;
    let text = text[space + 1..].strip_suffix(b"\n")?;
    (text.len() == length as usize).then_some(text)
}

/// A decimal number without a sign or leading zeros.
fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() || (text.len() > 1 && text[0] == b'0') {
        return None;
    }
    text.iter().try_fold(0u32, |value, &digit| {
        let digit = digit.checked_sub(b'0').filter(|&d| d < 10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Id = Id(0x0123_4567_89ab_cdef);

    fn wishes() -> Vec<Wish<'static>> {
        const LONG: &[u8] = &[b'x'; PATH_MAX - 1];
        let checkpoint = |stop| Wish::Checkpoint {
            stop,
            asker: u32::MAX,
            descriptor: 0,
        };
        let go = |emulator| Wish::Move {
            isa: b"z80",
            emulator,
        };
        vec![
            go(None),
            go(Some(b"/a folder/with=\nid=0/\xff")),
            go(Some(LONG)),
            checkpoint(true),
            checkpoint(false),
        ]
    }

    #[test]
    fn requests_come_back() {
        for wish in wishes() {
            let request = Request { id: ID, wish };
            assert_eq!(Request::parse(&request.to_bytes()), Ok(request));
        }
    }

    #[test]
    fn damaged_requests_are_refused() {
        for wish in wishes() {
            let bytes = Request { id: ID, wish }.to_bytes();
            for length in 0..bytes.len().min(200) {
                let cut = Request::parse(&bytes[..length]);
                // A whole request lacks only its emulator.
                let whole = bytes[..length].ends_with(b"move=z80\n");
                assert_eq!(cut.is_ok(), whole, "{length}");
            }
            for at in 0..bytes.len().min(200) {
                let mut other = bytes.clone();
                other[at] = 0;
                let _ = Request::parse(&other);
            }
        }
        let bad = |text: &str| Request::parse(text.as_bytes()).unwrap_err();
        assert_eq!(bad("popcorn-request 2\n"), Malformed::Version);
        assert_eq!(bad("to=z80\n"), Malformed::Version);
        let head = "popcorn-request 1\nid=0123456789abcdef\n";
        for rest in [
            "",
            "move=\n",
            "move=z80\nemulator=\n",
            "move=z80\nemulator=0 \n",
            "move=z80\nemulator=3 /a\n",
            "move=z80\nemulator=3 /a\0\n",
            "checkpoint=maybe\nasker=1\ndescriptor=2\n",
            "checkpoint=stop\nasker=01\ndescriptor=2\n",
            "checkpoint=stop\nasker=1\ndescriptor=-2\n",
            "checkpoint=stop\nasker=4294967296\ndescriptor=2\n",
            "checkpoint=stop\nasker=1\ndescriptor=2\nmore\n",
        ] {
            assert_eq!(bad(&format!("{head}{rest}")), Malformed::Content, "{rest}");
        }
        let long = format!("{head}move=z80\nemulator=9000 {}\n", "x".repeat(9000));
        assert_eq!(bad(&long), Malformed::Oversized);
    }

    #[test]
    fn replies_come_back() {
        let replies = [
            Reply::Deferred { reason: "not now" },
            Reply::Refused { reason: "" },
            Reply::Moved {
                from: "z80",
                to: "vax",
                figures: "3 frames, 1.0 MB",
            },
            Reply::Writing { process: 7 },
            Reply::Written {
                isa: "z80",
                figures: "3 frames",
            },
        ];
        for reply in replies {
            let text = Answer { id: ID, reply }.to_string();
            let answer = Answer::parse(text.as_bytes()).unwrap();
            assert_eq!((answer.id, answer.reply), (ID, reply));
            for length in 0..text.len() {
                assert!(Answer::parse(&text.as_bytes()[..length]).is_err());
            }
        }
        let reply = Reply::Refused { reason: "a\nb" };
        let text = Answer { id: ID, reply }.to_string();
        assert!(text.ends_with("refused a b\n") && Answer::parse(text.as_bytes()).is_ok());
        assert!(Answer::parse(b"moved a b c\n").is_err());
        assert!(Answer::parse(b"popcorn-reply 1 0123456789abcdef\nwhat now\n").is_err());
    }

    #[test]
    fn names_come_back() {
        for role in Role::ALL {
            let name = Name {
                process: u32::MAX,
                id: Id(u64::MAX),
                role,
            };
            let text = name.to_string();
            assert!(text.len() < LARGEST_NAME);
            assert_eq!(Name::parse(text.as_bytes()), Some(name));
        }
        for text in [
            "",
            "7.request",
            "7.0123456789abcdef.request.x",
            "7.12.reply",
        ] {
            assert_eq!(Name::parse(text.as_bytes()), None, "{text}");
        }
    }
}
