//! From a URL to an object store: a local folder by default, S3, GCS and Azure by their schemes.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode, PutOptions, RetryConfig,
};
use url::Url;

use super::WarehouseError;

/// A place in a store: its URL, the store from its root, and the prefix of the place in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The URL, without a slash at its end.
    pub url: Url,
    /// The store, its root being that of the bucket or file system.
    pub store: Arc<dyn ObjectStore>,
    /// Where the place is in the store.
    pub prefix: Path,
}

impl Place {
    /// The path of something in the place.
    pub fn below(&self, below: &str) -> Path {
        let parts = below.split('/').filter(|part| !part.is_empty());
        parts.fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// The URL of something in the place.
    pub fn url_below(&self, below: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{below}", self.url.path().trim_end_matches('/')));
        url
    }

    /// Whether it lies on this machine's disk.
    pub fn is_local(&self) -> bool {
        self.url.scheme() == "file"
    }

    /// The folder, where it is local.
    pub fn folder(&self) -> Option<std::path::PathBuf> {
        self.url.to_file_path().ok()
    }
}

/// The place that a path or URL names.
///
/// # Errors
/// The scheme is not known, or an option does not fit.
pub fn place(location: &str, options: &BTreeMap<String, String>) -> Result<Place, WarehouseError> {
    let refuse = |why: String| WarehouseError::Url { url: location.to_owned(), why };
    let url = url_of(location).map_err(refuse)?;
    let (store, prefix) = store_of(&url, options).map_err(refuse)?;
    Ok(Place { url, store, prefix })
}

fn url_of(location: &str) -> Result<Url, String> {
    if location.contains("://") {
        let mut url = Url::parse(location).map_err(|error| error.to_string())?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        return Ok(url);
    }
    let absolute =
        std::path::absolute(FilePath::new(location)).map_err(|error| error.to_string())?;
    Url::from_file_path(&absolute).map_err(|()| "not a path of this machine".to_owned())
}

/// How long a store that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(20);

/// The store of a URL and the path in it. Options override the environment's variables
/// (`AWS_ENDPOINT`, `AZURE_STORAGE_ACCOUNT_NAME`, `GOOGLE_SERVICE_ACCOUNT`, …), as the builders of
/// `object_store` read them.
fn store_of(
    url: &Url,
    options: &BTreeMap<String, String>,
) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    macro_rules! built {
        ($builder:ty) => {{
            let mut builder = <$builder>::from_env().with_url(url.as_str()).with_retry(retries());
            for (name, value) in &with_plain_http(options) {
                let key = name.to_lowercase().parse();
                let key = key.map_err(|_| format!("no such option: {name}"))?;
                builder = builder.with_config(key, value);
            }
            Arc::new(builder.build().map_err(|error| error.to_string())?)
        }};
    }
    let (scheme, path) = ObjectStoreScheme::parse(url).map_err(|error| error.to_string())?;
    let store: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new()),
        ObjectStoreScheme::AmazonS3 => built!(AmazonS3Builder),
        ObjectStoreScheme::GoogleCloudStorage => built!(GoogleCloudStorageBuilder),
        ObjectStoreScheme::MicrosoftAzure => built!(MicrosoftAzureBuilder),
        _ => return Err("use a folder, s3://, gs:// or az://".into()),
    };
    Ok((store, path))
}

/// An endpoint of `http://` says by itself that plain HTTP is meant.
fn with_plain_http(options: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut options = options.clone();
    if options.iter().any(|(name, value)| name.ends_with("endpoint") && value.starts_with("http:"))
    {
        options.entry("allow_http".into()).or_insert_with(|| "true".into());
    }
    options
}

fn retries() -> RetryConfig {
    RetryConfig { max_retries: 5, retry_timeout: PATIENCE, ..RetryConfig::default() }
}

/// Proves that the store refuses to overwrite under `If-None-Match: *`; a bucket that ignores the
/// header would lose one of two commits silently.
pub(super) async fn probe_conditional_put(place: &Place) -> Result<(), WarehouseError> {
    let path = place.below("_probe");
    let create = || PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    let failed =
        |source| WarehouseError::Storage { action: "write", path: path.to_string(), source };
    place.store.put(&path, "probe".into()).await.map_err(failed)?;
    let second = place.store.put_opts(&path, "second".into(), create()).await;
    place.store.delete(&path).await.map_err(failed)?;
    match second {
        Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
        Err(object_store::Error::Precondition { .. }) => Ok(()),
        Err(source) => Err(failed(source)),
        Ok(_) => Err(WarehouseError::Unconditional(place.url.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_both_places() {
        let local = place("/tmp/a/warehouse", &BTreeMap::new()).unwrap();
        assert_eq!(local.url.as_str(), "file:///tmp/a/warehouse");
        assert_eq!(
            local.below("billing/_delta_log").as_ref(),
            "tmp/a/warehouse/billing/_delta_log"
        );
        assert_eq!(local.url_below("billing").as_str(), "file:///tmp/a/warehouse/billing");
        let bucket = place("s3://bucket/prefix/", &BTreeMap::new()).unwrap();
        assert_eq!(bucket.below("billing").as_ref(), "prefix/billing");
        assert!(!bucket.is_local());
    }

    #[test]
    fn an_unknown_scheme_is_refused() {
        let error = place("ftp://host/x", &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().starts_with("can't use ftp://host/x"), "{error}");
    }
}
