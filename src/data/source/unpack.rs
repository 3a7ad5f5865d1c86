//! Packed bytes as plain ones: gzip, xz, zstd and bzip2, known by their first bytes, several packed parts in a row as one.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

const LONGEST_MARK: u64 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Packing {
    fn by_mark(mark: &[u8]) -> Option<Self> {
        match mark {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // The level, and the first byte of a block or of the end: a text may begin with `BZh` too.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

/// The file's bytes, unpacked when they are packed.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    reader(File::open(path)?)
}

pub(super) fn reader(mut packed: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut mark = Vec::new();
    packed.by_ref().take(LONGEST_MARK).read_to_end(&mut mark)?;
    let packing = Packing::by_mark(&mark);
    let whole = BufReader::with_capacity(1 << 16, io::Cursor::new(mark).chain(packed));
    Ok(match packing {
        Some(Packing::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(whole)),
        Some(Packing::Xz) => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(whole)),
        Some(Packing::Zstd) => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        Some(Packing::Bzip2) => Box::new(bzip2::bufread::MultiBzDecoder::new(whole)),
        None => Box::new(whole),
    })
}

/// The file itself, or a nameless one with what is packed in it: readable from any place in it.
pub(super) fn plain(path: &Path) -> io::Result<File> {
    let mut file = File::open(path)?;
    let mut mark = Vec::new();
    file.by_ref().take(LONGEST_MARK).read_to_end(&mut mark)?;
    if Packing::by_mark(&mark).is_some() {
        file = tempfile::tempfile()?;
        io::copy(&mut open(path)?, &mut file)?;
    }
    file.rewind()?;
    Ok(file)
}
