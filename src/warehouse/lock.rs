//! One writer at a time. On a local disk the system's file lock, which ends with the process however
//! it ends; in a bucket a lease object, renewed while its holder lives. The data does not depend on
//! either: a commit over a table that changed in between is refused.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use super::{Place, WarehouseError};

/// How long a second writer waits for the first.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a lease holds without being renewed.
const LEASE: Duration = Duration::from_secs(60);
const RENEWAL: Duration = Duration::from_secs(15);

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    who: String,
    since: chrono::DateTime<chrono::Utc>,
    until: chrono::DateTime<chrono::Utc>,
}

impl Holder {
    fn this_process() -> Self {
        let now = chrono::Utc::now();
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let who = format!("process {} on {}", std::process::id(), host.trim());
        Self { who, since: now, until: now + LEASE }
    }

    fn shown(&self) -> String {
        format!("{} since {}", self.who, self.since.format("%Y-%m-%d %H:%M:%S UTC"))
    }

    fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The right to write, until it is dropped or released.
#[derive(Debug)]
pub struct Lock {
    held: Held,
}

#[derive(Debug)]
enum Held {
    File { _file: File },
    Lease { place: Place, renewal: tokio::task::JoinHandle<()> },
}

impl Lock {
    /// Takes the lock, waiting a while for another holder.
    pub(super) async fn take(place: &Place) -> Result<Self, WarehouseError> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let taken = match place.folder() {
                Some(folder) => try_file(&folder)?,
                None => try_lease(place).await?,
            };
            match taken {
                Ok(held) => return Ok(Self { held }),
                Err(holder) if tokio::time::Instant::now() >= deadline => {
                    return Err(WarehouseError::Locked { holder });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// Gives the right back. A file's lock also ends with the value, a lease when it is not renewed.
    pub async fn release(self) {
        if let Held::Lease { place, renewal } = self.held {
            renewal.abort();
            // A lease that can't be deleted expires.
            let _ = place.store.delete(&lease_path(&place)).await;
        }
    }
}

fn try_file(folder: &std::path::Path) -> Result<Result<Held, String>, WarehouseError> {
    let path = folder.join(".lock");
    let failed = |source: std::io::Error| WarehouseError::Storage {
        action: "write",
        path: path.display().to_string(),
        source: object_store::Error::Generic { store: "local", source: source.into() },
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    if file.try_lock().is_err() {
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        return Ok(Err(shown(text.as_bytes())));
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
    file.write_all(Holder::this_process().json().as_bytes()).map_err(failed)?;
    Ok(Ok(Held::File { _file: file }))
}

fn shown(json: &[u8]) -> String {
    serde_json::from_slice::<Holder>(json)
        .map_or_else(|_| "another process".to_owned(), |holder| holder.shown())
}

fn lease_path(place: &Place) -> Path {
    place.below("_lock")
}

async fn try_lease(place: &Place) -> Result<Result<Held, String>, WarehouseError> {
    let path = lease_path(place);
    let failed = |action| {
        move |source| WarehouseError::Storage {
            action,
            path: lease_path(place).to_string(),
            source,
        }
    };
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match place.store.put_opts(&path, Holder::this_process().json().into(), create).await {
        Ok(_) => {
            let renewal = tokio::spawn(renew(place.clone()));
            return Ok(Ok(Held::Lease { place: place.clone(), renewal }));
        }
        Err(
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. },
        ) => {}
        Err(source) => return Err(failed("write")(source)),
    }
    let found = match place.store.get(&path).await {
        Ok(found) => found.bytes().await.map_err(failed("read"))?,
        Err(object_store::Error::NotFound { .. }) => return Ok(Err("another process".into())),
        Err(source) => return Err(failed("read")(source)),
    };
    let expired = serde_json::from_slice::<Holder>(&found)
        .map_or(true, |holder| holder.until < chrono::Utc::now());
    if expired {
        // The next round creates it anew; of two who find it expired, one wins that.
        place.store.delete(&path).await.map_err(failed("write"))?;
    }
    Ok(Err(shown(&found)))
}

async fn renew(place: Place) {
    let mut holder = Holder::this_process();
    loop {
        tokio::time::sleep(RENEWAL).await;
        holder.until = chrono::Utc::now() + LEASE;
        // A renewal that fails is tried again long before the lease ends.
        let _ = place.store.put(&lease_path(&place), holder.json().into()).await;
    }
}
