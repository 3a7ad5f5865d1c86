//! Files that are there whole or not at all, also after a crash.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Writes a file whole: temporary file beside it, fsync, rename, fsync of the directory. Readable by owner and group.
///
/// # Errors
/// The old file is untouched and the temporary one gone when anything fails.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole_with(path, &mut |out| out.write_all(bytes))
}

/// Writes many files: each whole, as `write_whole` does, and their directories synced once.
#[derive(Debug, Default)]
pub struct Files {
    folders: Mutex<BTreeSet<PathBuf>>,
}

impl Files {
    /// # Errors
    /// As of [`write_whole`].
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = put(path, &mut |out| out.write_all(bytes))?;
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.insert(folder.to_owned());
        Ok(())
    }

    /// From here on all that was written is there after a crash too.
    ///
    /// # Errors
    /// A directory that cannot be synced.
    pub fn sync(self) -> io::Result<()> {
        let folders = self.folders.into_inner().unwrap_or_else(PoisonError::into_inner);
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }
}

/// The same for what is too large to be held at once.
///
/// # Errors
/// As of [`write_whole`], and those of `write`.
pub fn write_whole_with(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    sync_folder(put(path, write)?)
}

/// Writes a file whole; returns its directory, which is not synced.
fn put<'path>(path: &'path Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<&'path Path> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::other("a file needs a directory"))?;
    // A bare name lies in the current directory.
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    fs::create_dir_all(folder)?;
    let mut temporary = tempfile::Builder::new().prefix(".part-").tempfile_in(folder)?;
    let mut buffered = io::BufWriter::new(temporary.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    temporary.as_file().sync_all()?;
    share_with_group(temporary.as_file())?;
    temporary.persist(path).map_err(|error| error.error)?;
    tracing::debug!(path = %path.display(), "file written");
    Ok(folder)
}

/// Removes a file if it is there.
///
/// # Errors
/// Anything but its absence.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn share_with_group(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o640))
}

#[cfg(not(unix))]
fn share_with_group(_file: &File) -> io::Result<()> {
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|file| file.sync_all()) {
        // Some file systems cannot sync a directory; the file itself is safe.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}
