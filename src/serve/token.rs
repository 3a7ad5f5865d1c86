//! The secret that lets a browser in: made anew at each start, compared in constant time.

use std::io;

use sha2::{Digest as _, Sha256};

/// 256 random bits as hexadecimal digits. `Debug` does not show them.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// # Errors
    /// The system gives no randomness.
    pub fn random() -> io::Result<Self> {
        Ok(Self(hexadecimal(&random_bytes()?)))
    }

    /// For the URL that is printed once, and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Digests are compared, so that neither length nor a common beginning shows in the time it takes.
    pub(super) fn is(&self, given: &str) -> bool {
        let (ours, theirs) = (Sha256::digest(&self.0), Sha256::digest(given));
        ours.iter()
            .zip(theirs.iter())
            .fold(0, |differing, (our, their)| differing | (our ^ their))
            == 0
    }

    /// Something else that is as hard to guess, for names that must differ from start to start.
    pub(super) fn derived(&self, purpose: &str) -> String {
        hexadecimal(&Sha256::digest(format!("{purpose}\0{}", self.0))[..8])
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
fn random_bytes() -> io::Result<[u8; 32]> {
    use std::io::Read as _;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Every new thread's first hash keys come from the system: 128 bits each.
#[cfg(not(unix))]
fn random_bytes() -> io::Result<[u8; 32]> {
    use std::hash::{BuildHasher as _, RandomState};
    let mut hash = Sha256::new();
    for _ in 0..4 {
        let keyed = std::thread::Builder::new().spawn(|| RandomState::new().hash_one(0))?;
        let number = keyed.join().map_err(|_| io::Error::other("no random numbers"))?;
        hash.update(number.to_le_bytes());
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_different_each_time_and_equal_only_to_itself() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert!(one.is(one.reveal()));
        for wrong in [other.reveal(), "", &one.reveal()[..63], &format!("{}0", one.reveal())] {
            assert!(!one.is(wrong), "{wrong}");
        }
        assert!(!format!("{one:?}").contains(one.reveal()));
        assert_ne!(one.derived("cookie"), other.derived("cookie"));
    }
}
