//! Objects from S3, Google Cloud Storage and web servers, brought into a temporary folder piece by piece.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::time::timeout;

use super::super::DataError;
use super::place::{Access, Place, is_loopback, place, shown_source, without_secrets};
use super::{kind, local};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// For an answer, and between two pieces of it.
const PATIENCE: Duration = Duration::from_secs(60);
const MOST_RETRIES: usize = 3;
const AT_ONCE: usize = 4;
const MOST_OBJECTS: usize = 100_000;
/// More than this in one object is not what a morning report reads.
const LARGEST_OBJECT: u64 = 256 << 30;

/// One object, here for as long as its folder.
pub(super) struct Fetched {
    pub(super) path: PathBuf,
    pub(super) shown: String,
}

/// Everything that the URL names: an object, all objects below a prefix, or those that match a pattern.
pub(super) async fn fetch(url: &str, access: &Access, folder: &Path) -> Result<Vec<Fetched>, DataError> {
    let failed = |error: &dyn fmt::Display| DataError::Unreachable {
        place: shown_source(url),
        why: without_secrets(&error.to_string()),
    };
    let (store, keys, start) = match place(url) {
        Place::Web => {
            let store = web(url).map_err(|error| failed(&error))?;
            (store, vec![Key::default()], shown_source(url))
        }
        _ => {
            let (bucket, key) = bucket_and_key(url);
            if place(url) == Place::S3 && !may_sign(access) {
                return Err(failed(&"there are no credentials for it"));
            }
            let store = bucket_of(url, bucket, access).map_err(|error| failed(&error))?;
            let keys = matching(store.as_ref(), key).await.map_err(|error| failed(&error))?;
            let start = url.len() - key.len();
            (store, keys, url[..start].trim_end_matches('/').to_owned())
        }
    };
    if keys.is_empty() {
        return Err(DataError::NoSuchFile(shown_source(url)));
    }
    let objects = keys.into_iter().enumerate().map(|(number, key)| {
        let shown = if key.as_ref().is_empty() {
            start.clone()
        } else {
            format!("{start}/{key}")
        };
        let store = Arc::clone(&store);
        async move {
            let path = download(store.as_ref(), &key, &folder.join(number.to_string()), &shown).await?;
            Ok(Fetched { path, shown })
        }
    });
    futures::stream::iter(objects).buffered(AT_ONCE).try_collect().await
}

fn options(allow_http: bool) -> ClientOptions {
    // No limit on the whole: a large object takes its time, as long as something comes.
    ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT_LIMIT)
        .with_allow_http(allow_http)
}

fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: MOST_RETRIES,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    }
}

/// Plain http is for servers on this machine: nobody on the way can change the numbers.
fn web(url: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    let store = HttpBuilder::new()
        .with_url(url)
        .with_retry(retries())
        .with_client_options(options(is_loopback(url)))
        .build()?;
    Ok(Arc::new(store))
}

fn bucket_and_key(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').unwrap_or((rest, ""))
}

/// Whether anything says who we are. Nobody is asked unasked: off a cloud machine, its address for that answers nobody for minutes.
fn may_sign(access: &Access) -> bool {
    const SAYS: [&str; 6] = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SKIP_SIGNATURE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_METADATA_ENDPOINT",
    ];
    let may_ask = access
        .get("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|off| off.eq_ignore_ascii_case("false"));
    may_ask
        || SAYS
            .iter()
            .any(|name| access.get(name).is_some_and(|value| !value.is_empty()))
}

fn bucket_of(url: &str, bucket: &str, access: &Access) -> object_store::Result<Arc<dyn ObjectStore>> {
    if place(url) == Place::GoogleStorage {
        let local = access.get("GOOGLE_BASE_URL").is_some_and(is_loopback);
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_client_options(options(local))
            .with_retry(retries());
        for (name, value) in access.starting("GOOGLE_") {
            if let Ok(key) = name.parse() {
                builder = builder.with_config(key, value);
            }
        }
        return Ok(Arc::new(builder.with_bucket_name(bucket).build()?));
    }
    let endpoint = access.get("AWS_ENDPOINT_URL_S3").or(access.get("AWS_ENDPOINT_URL"));
    let mut builder = AmazonS3Builder::new()
        .with_client_options(options(endpoint.is_some_and(is_loopback)))
        .with_retry(retries());
    for (name, value) in access.starting("AWS_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    Ok(Arc::new(builder.with_bucket_name(bucket).build()?))
}

/// The keys that a key, a prefix or a pattern stands for, in order.
async fn matching(store: &dyn ObjectStore, given: &str) -> object_store::Result<Vec<Key>> {
    let is_pattern = given.contains(['*', '?', '[']);
    if !is_pattern && !given.is_empty() && !given.ends_with('/') {
        match patient(store.head(&Key::parse(given)?)).await? {
            Ok(found) => return Ok(vec![found.location]),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let fixed = match given.find(['*', '?', '[']) {
        Some(first) => given[..first].rsplit_once('/').map_or("", |(folders, _)| folders),
        None => given.trim_end_matches('/'),
    };
    let prefix = Key::parse(fixed)?;
    let mut listing = store.list((!fixed.is_empty()).then_some(&prefix)).take(MOST_OBJECTS);
    let mut keys = Vec::new();
    while let Some(object) = patient(listing.next()).await? {
        keys.push(object?.location);
    }
    keys.sort();
    if !is_pattern {
        return Ok(in_folder(keys, fixed));
    }
    let pattern = glob::Pattern::new(given).map_err(|error| object_store::Error::Generic {
        store: "glob",
        source: Box::new(error),
    })?;
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    keys.retain(|key| pattern.matches_with(key.as_ref(), options) && !is_hidden(key.as_ref()));
    Ok(keys)
}

/// The data objects of a prefix as of a folder: directly in it or in `column=value` folders, else in any below it.
fn in_folder(keys: Vec<Key>, folder: &str) -> Vec<Key> {
    let below = |key: &Key| key.as_ref()[folder.len()..].trim_start_matches('/').to_owned();
    let data: Vec<Key> = keys
        .into_iter()
        .filter(|key| !is_hidden(&below(key)) && kind::extension(key.as_ref()).is_some())
        .collect();
    let is_near = |key: &Key| {
        let below = below(key);
        local::partitions(&below).len() == below.matches('/').count()
    };
    let (near, far): (Vec<Key>, Vec<Key>) = data.into_iter().partition(is_near);
    local::data_only(if near.is_empty() { far } else { near }, Key::to_string)
}

fn is_hidden(key: &str) -> bool {
    key.split('/').any(|part| part.starts_with(['.', '_']))
}

/// A store's answer, unless it takes too long.
async fn patient<T>(answer: impl Future<Output = T>) -> object_store::Result<T> {
    timeout(PATIENCE, answer)
        .await
        .map_err(|_| object_store::Error::Generic {
            store: "waiting",
            source: format!("nothing came for {} seconds", PATIENCE.as_secs()).into(),
        })
}

async fn download(store: &dyn ObjectStore, key: &Key, folder: &Path, shown: &str) -> Result<PathBuf, DataError> {
    let failed = |error: &dyn fmt::Display| DataError::Unreachable {
        place: shown.to_owned(),
        why: without_secrets(&error.to_string()),
    };
    // The name stays: it may say what is in the file.
    let name = shown
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("data");
    let path = folder.join(name.get(name.len().saturating_sub(100)..).unwrap_or("data"));
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut file = File::create(&path).map_err(|error| failed(&error))?;
    let answer = patient(store.get(key)).await.and_then(|answer| answer);
    let mut pieces = match answer {
        Err(object_store::Error::NotFound { .. }) => return Err(DataError::NoSuchFile(shown.to_owned())),
        answer => answer.map_err(|error| failed(&error))?.into_stream(),
    };
    let mut n_bytes = 0;
    while let Some(piece) = patient(pieces.next()).await.map_err(|error| failed(&error))? {
        let piece = piece.map_err(|error| failed(&error))?;
        n_bytes += piece.len() as u64;
        if n_bytes > LARGEST_OBJECT {
            return Err(failed(&format!("it is larger than {} GiB", LARGEST_OBJECT >> 30)));
        }
        file.write_all(&piece).map_err(|error| failed(&error))?;
    }
    Ok(path)
}
