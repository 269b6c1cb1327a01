//! A folder that appears whole or not at all. On a local disk it is written beside its place and renamed;
//! in a bucket the manifest comes last, and readers look for it.

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::warehouse::{Place, WarehouseError};

const MANIFEST: &str = "manifest.json";

/// A folder of an export.
#[derive(Debug)]
pub struct Folder {
    place: Place,
    below: String,
}

impl Folder {
    /// The folder `below` a place.
    pub fn new(place: Place, below: &str) -> Self {
        Self { place, below: below.to_owned() }
    }

    /// The bytes of its manifest, where it is there.
    pub async fn manifest(&self) -> Result<Option<Vec<u8>>, WarehouseError> {
        let path = self.path(MANIFEST);
        let failed =
            |source| WarehouseError::Storage { action: "read", path: path.to_string(), source };
        match self.place.store.get(&path).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    /// Writes the files and then the manifest, in place of what is there.
    pub async fn write(
        &self,
        files: Vec<(String, Vec<u8>)>,
        manifest: Vec<u8>,
    ) -> Result<(), WarehouseError> {
        match self.place.folder() {
            Some(root) => self.write_local(&root, &files, &manifest).map_err(|(path, error)| {
                WarehouseError::Storage {
                    action: "write",
                    path,
                    source: object_store::Error::Generic { store: "local", source: error.into() },
                }
            }),
            None => self.write_remote(files, manifest).await,
        }
    }

    /// Writes the manifest anew beside files that stay.
    pub async fn renew(&self, manifest: Vec<u8>) -> Result<(), WarehouseError> {
        let path = self.path(MANIFEST);
        let failed =
            |source| WarehouseError::Storage { action: "write", path: path.to_string(), source };
        self.place.store.put(&path, manifest.into()).await.map_err(failed)?;
        Ok(())
    }

    fn path(&self, name: &str) -> object_store::path::Path {
        self.place.below(&format!("{}/{name}", self.below))
    }

    fn write_local(
        &self,
        root: &std::path::Path,
        files: &[(String, Vec<u8>)],
        manifest: &[u8],
    ) -> Result<(), (String, std::io::Error)> {
        let target = root.join(&self.below);
        let beside = |prefix: &str| {
            let name = target.file_name().unwrap_or_default().to_string_lossy();
            target.with_file_name(format!(".{prefix}-{name}"))
        };
        let (coming, going) = (beside("coming"), beside("going"));
        let at = |path: &std::path::Path| {
            let path = path.display().to_string();
            move |error| (path, error)
        };
        for leftover in [&coming, &going] {
            if leftover.exists() {
                std::fs::remove_dir_all(leftover).map_err(at(leftover))?;
            }
        }
        std::fs::create_dir_all(&coming).map_err(at(&coming))?;
        for (name, bytes) in files {
            std::fs::write(coming.join(name), bytes).map_err(at(&coming.join(name)))?;
        }
        std::fs::write(coming.join(MANIFEST), manifest).map_err(at(&coming.join(MANIFEST)))?;
        if target.exists() {
            std::fs::rename(&target, &going).map_err(at(&target))?;
        }
        std::fs::rename(&coming, &target).map_err(at(&target))?;
        if going.exists() {
            std::fs::remove_dir_all(&going).map_err(at(&going))?;
        }
        Ok(())
    }

    async fn write_remote(
        &self,
        files: Vec<(String, Vec<u8>)>,
        manifest: Vec<u8>,
    ) -> Result<(), WarehouseError> {
        let store = &self.place.store;
        let failed =
            |source| WarehouseError::Storage { action: "write", path: self.below.clone(), source };
        match store.delete(&self.path(MANIFEST)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => return Err(failed(source)),
        }
        let prefix = self.place.below(&self.below);
        let old: Vec<_> = store.list(Some(&prefix)).try_collect().await.map_err(failed)?;
        for object in old {
            store.delete(&object.location).await.map_err(failed)?;
        }
        for (name, bytes) in files {
            store.put(&self.path(&name), bytes.into()).await.map_err(failed)?;
        }
        store.put(&self.path(MANIFEST), manifest.into()).await.map_err(failed)?;
        Ok(())
    }
}
