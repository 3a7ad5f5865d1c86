//! Files as an executor sees them: written only where there is a folder. A run that is over has taken its folder away, and a query of
//! it that still goes on must not bring it back.

use std::fmt;

use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use futures::stream::BoxStream;

#[derive(Debug, Default)]
pub(super) struct Files(LocalFileSystem);

impl Files {
    fn check(&self, location: &Path) -> Result<()> {
        let path = self.0.path_to_filesystem(location)?;
        if path.parent().is_some_and(std::path::Path::is_dir) {
            return Ok(());
        }
        Err(Error::NotFound {
            path: location.to_string(),
            source: "its folder is gone: the run that asked is over".into(),
        })
    }
}

impl fmt::Display for Files {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Files {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check(location)?;
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check(location)?;
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check(to)?;
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.check(to)?;
        self.0.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use datafusion::object_store::ObjectStoreExt as _;

    use super::*;

    #[tokio::test]
    async fn a_folder_that_is_gone_does_not_come_back() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let location = Path::from_absolute_path(folder.join("table.parquet")).unwrap();
        let files = Files::default();
        files.put(&location, "rows".into()).await.unwrap();
        assert_eq!(std::fs::read(folder.join("table.parquet")).unwrap(), b"rows");
        let read = files.get(&location).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, "rows".as_bytes());
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(files.put(&location, "rows".into()).await.is_err());
        assert!(files.put_multipart(&location).await.is_err());
        assert!(!folder.exists());
    }
}
