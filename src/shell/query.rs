//! The rows of a running query, read one batch after the other, until it ends, fails or the user stops it.

use std::future::Future;
use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::runtime::Handle;

use super::ShellError;
use crate::views::ViewError;

/// The user's Ctrl-C; where nobody listens, the process ends by it.
pub struct Interrupt(Option<Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>>);

impl Interrupt {
    /// Listens from now on, or never.
    pub fn listen(yes: bool) -> Self {
        Self(yes.then(|| Box::pin(tokio::signal::ctrl_c()) as _))
    }

    /// Waits for Ctrl-C.
    async fn comes(&mut self) {
        match &mut self.0 {
            // Nothing comes any more where the signal can't be had.
            Some(signal) => {
                if signal.await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Does some work, unless Ctrl-C comes before its end.
    ///
    /// # Errors
    /// The work fails, or Ctrl-C came.
    pub async fn unless<T>(
        &mut self,
        work: impl Future<Output = Result<T, ViewError>>,
    ) -> Result<T, ShellError> {
        tokio::select! {
            biased;
            () = self.comes() => Err(ShellError::Interrupted),
            done = work => Ok(done?),
        }
    }
}

/// The rows of a query for a writer, which asks for one batch after the other. Why they end too soon stays
/// here, for a writer can't tell it.
pub struct Rows<'a> {
    stream: SendableRecordBatchStream,
    interrupt: &'a mut Interrupt,
    failure: Option<ShellError>,
}

impl<'a> Rows<'a> {
    /// The rows of a stream.
    pub fn new(stream: SendableRecordBatchStream, interrupt: &'a mut Interrupt) -> Self {
        Self { stream, interrupt, failure: None }
    }

    /// Why there were no more rows, where it was not their end.
    pub fn failure(self) -> Option<ShellError> {
        self.failure
    }

    async fn batch(&mut self) -> Option<Result<RecordBatch, ShellError>> {
        let next = self.stream.next();
        let next = async { next.await.transpose().map_err(ViewError::from) };
        self.interrupt.unless(next).await.transpose()
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = tokio::task::block_in_place(|| Handle::current().block_on(self.batch()));
        Some(batch?.map_err(|failure| {
            self.failure = Some(failure);
            ArrowError::ExternalError(DataFusionError::Execution("no more rows".into()).into())
        }))
    }
}
