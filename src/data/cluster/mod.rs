//! The queries of a run on an Apache Ballista cluster: tables go to a folder that all its machines see, queries to its scheduler.
//! Never heard of metrics.

mod codec;
mod folder;
mod nodes;
mod ready;
mod store;

use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::{SessionConfigExt as _, SessionStateExt as _};
use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::dataframe::{DataFrame, DataFrameWriteOptions};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::held::{Held, Holder, Places};
use super::memory::{Memory, Rows};
use super::moment::DayOrder;
use super::query_engine::Ballista;
use super::{DataError, functions};
use folder::{Folder, Tables};

pub use nodes::{executor, scheduler};

/// Rows that one task groups while another core could do the same.
const ROWS_PER_PARTITION: u64 = 150_000;
/// More tasks of one query than this cost more to plan than they save.
const MOST_PARTITIONS: usize = 64;
/// A cluster may be busy with the queries of others; one that has lost its machines must not hold a run for ever.
const QUERY_LIMIT: Duration = Duration::from_secs(3_600);
const FIRST_QUERY_LIMIT: Duration = Duration::from_secs(60);

/// A cluster that is there, with a folder for the tables of one run; the folder is removed with this.
pub(crate) struct Cluster {
    ballista: Ballista,
    folder: Folder,
}

/// What an engine needs to ask a cluster.
#[derive(Debug)]
pub(crate) struct Session {
    scheduler: String,
    tables: Tables,
}

impl Cluster {
    /// Asks the scheduler whether it has executors, and one of them to read a table with a function of ours.
    pub(crate) async fn reach(ballista: &Ballista, memory: &Memory) -> Result<Self, DataError> {
        ready::check(&ballista.scheduler).await?;
        let cluster = Self {
            folder: Folder::new(&ballista.folder)?,
            ballista: ballista.clone(),
        };
        let first_query = cluster.try_out(memory);
        match tokio::time::timeout(FIRST_QUERY_LIMIT, first_query).await {
            Ok(tried) => tried.map(|()| cluster),
            Err(_) => Err(DataError::Cluster {
                scheduler: ballista.scheduler.to_string(),
                why: format!(
                    "no executor answered the first query in {}s",
                    FIRST_QUERY_LIMIT.as_secs()
                ),
            }),
        }
    }

    async fn try_out(&self, memory: &Memory) -> Result<(), DataError> {
        let (context, session) = self.session(SessionConfig::new(), 0, memory)?;
        for function in functions::all("UTC", DayOrder::MonthFirst) {
            context.register_udf(function);
        }
        let words = Arc::new(StringArray::from(vec!["there"]));
        let schema = Arc::new(Schema::new(vec![Field::new("word", DataType::Utf8, true)]));
        let mut holder = Holder::new(&Places::new(memory, Rows::Table));
        holder.append(&RecordBatch::try_new(schema, vec![words])?)?;
        session.bring(&context, "first", Arc::new(holder.finish())).await?;
        let answer = session
            .keep(&context, "second", "SELECT text_of(word) AS word FROM first")
            .await;
        let answer = match answer {
            Ok(()) => session.fetch(&context, "second", memory).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(rows) if rows.n_rows() == 1 => Ok(()),
            Ok(_) => Err(self.not_shared("what an executor wrote is not there".to_owned())),
            Err(DataError::Cluster { why, .. } | DataError::EngineDir { why, .. }) => Err(self.not_shared(why)),
            Err(error) => Err(error),
        }
    }

    fn not_shared(&self, why: String) -> DataError {
        DataError::ClusterFolder {
            scheduler: self.ballista.scheduler.to_string(),
            folder: self.ballista.folder.clone(),
            why,
        }
    }

    /// A session whose queries are answered there, for tables of about `n_rows` rows.
    pub(crate) fn session(
        &self,
        config: SessionConfig,
        n_rows: u64,
        memory: &Memory,
    ) -> Result<(SessionContext, Session), DataError> {
        let n_partitions = usize::try_from(n_rows / ROWS_PER_PARTITION).unwrap_or(usize::MAX);
        let mut config = config
            .with_target_partitions(n_partitions.clamp(1, MOST_PARTITIONS))
            .with_ballista_logical_extension_codec(Arc::new(codec::Logical::default()))
            .with_ballista_physical_extension_codec(Arc::new(codec::Physical::default()));
        config.options_mut().execution.parquet.max_row_group_size = folder::ROWS_PER_GROUP;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(memory.runtime())
            .with_default_features()
            .build()
            .upgrade_for_ballista(format!("http://{}", self.ballista.scheduler))?;
        let session = Session {
            scheduler: self.ballista.scheduler.to_string(),
            tables: self.folder.tables(),
        };
        Ok((SessionContext::new_with_state(state), session))
    }
}

impl Session {
    /// Makes rows of this process a table there.
    pub(crate) async fn bring(&self, context: &SessionContext, name: &str, held: Arc<Held>) -> Result<(), DataError> {
        let path = self.tables.place(name);
        let schema = Arc::clone(held.schema());
        let writing = {
            let path = path.clone();
            tokio::task::spawn_blocking(move || folder::write(&path, &held))
        };
        writing.await.map_err(|error| DataError::Engine(error.to_string()))??;
        self.tables.register(context, name, &path, schema)
    }

    /// Makes the result of a query a table there; its rows do not come here.
    pub(crate) async fn keep(&self, context: &SessionContext, name: &str, sql: &str) -> Result<(), DataError> {
        let frame = context.sql(sql).await?;
        let path = self.tables.place(name);
        let schema = may_be_null(frame.schema().as_arrow());
        let one_file = DataFrameWriteOptions::new().with_single_file_output(true);
        self.answer(frame.write_parquet(&folder::url(&path), one_file, None))
            .await?;
        self.tables.register(context, name, &path, schema)
    }

    pub(crate) async fn collect(&self, frame: DataFrame) -> Result<Vec<RecordBatch>, DataError> {
        self.answer(frame.collect()).await
    }

    /// The rows of a table there, held here.
    pub(crate) async fn fetch(
        &self,
        context: &SessionContext,
        name: &str,
        memory: &Memory,
    ) -> Result<Arc<Held>, DataError> {
        let path = self.tables.path(name)?;
        let schema = Arc::new(context.table(name).await?.schema().as_arrow().clone());
        let places = Places::new(memory, Rows::Source);
        let reading = tokio::task::spawn_blocking(move || folder::read(&path, &schema, &places));
        let held = reading.await.map_err(|error| DataError::Engine(error.to_string()))??;
        Ok(Arc::new(held))
    }

    pub(crate) fn drop(&self, context: &SessionContext, name: &str) -> Result<(), DataError> {
        context.deregister_table(name)?;
        self.tables.remove(name);
        Ok(())
    }

    async fn answer<T>(&self, query: impl Future<Output = Result<T, DataFusionError>>) -> Result<T, DataError> {
        let why = match tokio::time::timeout(QUERY_LIMIT, query).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.strip_backtrace(),
            Err(_) => format!("a query took longer than {}s", QUERY_LIMIT.as_secs()),
        };
        Err(DataError::Cluster {
            scheduler: self.scheduler.clone(),
            why,
        })
    }
}

/// What the planner and the rows say about nulls differs at times.
fn may_be_null(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields = fields.map(|field| Field::new(field.name(), field.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
