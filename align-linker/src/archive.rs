//! Several objects in one file, an `ar` archive without an index: making hundreds of small files and removing them again
//! took some file systems longer than the link.

/// One member: its name, without a slash, and its contents.
pub type Member = (String, Vec<u8>);

const MAGIC: &[u8] = b"!<arch>\n";

/// Offsets into the table of names, as the format spells them, have this many digits at most.
const NAME: usize = 16;

/// The archive, members in this order. Names are in the table that GNU's `ar` has for long ones.
pub fn write(members: &[Member]) -> Vec<u8> {
    let mut names = String::new();
    let mut references = Vec::new();
    for (name, _) in members {
        references.push(format!("/{}", names.len()));
        names.push_str(name);
        names.push_str("/\n");
    }
    let contents: usize = members.iter().map(|(_, bytes)| bytes.len() + 62).sum();
    let mut out = Vec::with_capacity(MAGIC.len() + names.len() + contents + 62);
    out.extend_from_slice(MAGIC);
    append(&mut out, "//", names.as_bytes());
    for ((_, bytes), reference) in members.iter().zip(&references) {
        append(&mut out, reference, bytes);
    }
    out
}

/// A header of 60 bytes, then the contents, filled up to an even length.
fn append(out: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let header = format!(
        "{name:NAME$}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        0,
        0,
        0,
        644,
        bytes.len()
    );
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(bytes);
    if !bytes.len().is_multiple_of(2) {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::archive::ArchiveFile;

    #[test]
    fn members_come_back() {
        let members = [
            ("00000-a.o".to_owned(), b"odd".to_vec()),
            (
                "00001-a_name_longer_than_a_header_has_room_for.o".to_owned(),
                b"even".to_vec(),
            ),
            ("00002-empty.o".to_owned(), Vec::new()),
        ];
        let bytes = write(&members);
        let archive = ArchiveFile::parse(&*bytes).unwrap();
        let found: Vec<Member> = archive
            .members()
            .map(|member| {
                let member = member.unwrap();
                let name = String::from_utf8(member.name().to_vec()).unwrap();
                (name, member.data(&*bytes).unwrap().to_vec())
            })
            .collect();
        assert_eq!(found, members);
    }
}
