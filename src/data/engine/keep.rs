//! Results of queries as tables: as they come, dealt into parts, as more columns of a table.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt as _;

use super::super::DataError;
use super::super::dealer::Dealer;
use super::super::held::{Held, HeldTable, Holder, Piece, Places};
use super::super::ids::{self, Numbered, Ranks, Texts};
use super::super::memory::Rows;
use super::{Engine, side_by_side};

/// How rows are dealt out: those with the same id in a column are in the same part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dealt {
    pub(crate) by: &'static str,
    pub(crate) n_parts: usize,
}

impl Engine {
    /// Keeps the result of a query as a table.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, sql))]
    pub(crate) async fn keep(&self, name: &str, sql: &str) -> Result<(), DataError> {
        self.note(sql);
        if let Some(session) = &self.session {
            return session.keep(&self.context, name, sql).await;
        }
        let (schema, streams) = streams(&self.context, sql).await?;
        let places = Places::new(&self.memory, Rows::Table);
        let filling = streams.into_iter().map(|mut stream| {
            let mut holder = Holder::new(&places).with_columns(&schema);
            async move {
                while let Some(batch) = stream.try_next().await? {
                    holder.append(&batch)?;
                }
                Ok(Arc::new(holder.finish()))
            }
        });
        let parts = side_by_side(filling).await?;
        self.register(name, Arc::new(Held::joined(parts, schema)))
    }

    /// Keeps the result of a query on one table as a table in parts. Noting it is the caller's.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, of, sql))]
    pub(crate) async fn keep_dealt(&self, name: &str, of: &str, sql: &str, dealt: Dealt) -> Result<(), DataError> {
        let (schema, streams) = streams(&self.on_codes(of)?, sql).await?;
        let by = schema.index_of(dealt.by)?;
        let places = Places::new(&self.memory, Rows::Table);
        let filling = streams.into_iter().map(|mut stream| {
            let mut dealer = Dealer::new(Holder::new(&places).with_columns(&schema), by, dealt.n_parts);
            async move {
                while let Some(batch) = stream.try_next().await? {
                    dealer.append(batch)?;
                }
                Ok(Arc::new(dealer.finish()?))
            }
        });
        let parts = side_by_side(filling).await?;
        let schema = Arc::new(Schema::new(schema.fields().iter().map(of_values).collect::<Vec<_>>()));
        self.register(name, Arc::new(Held::joined(parts, schema)))
    }

    /// A table and more columns of its rows as a new table. The query gives all of them, one row for each row of the table, in
    /// their order.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, more, sql))]
    pub(crate) async fn widen(&self, table: &str, name: &str, more: &str, sql: &str) -> Result<(), DataError> {
        let added = format!("SELECT {more} FROM (\n{sql}\n)");
        self.note(&added);
        if let Some(session) = &self.session {
            return session.keep(&self.context, name, sql).await;
        }
        let held = self.held(table)?;
        let place = |places: &mut Places, batch: RecordBatch| places.place(batch.columns());
        let begin = || Places::new(&self.memory, Rows::Source);
        let (schema, readers) = looked_at(&self.on_all_cores(), &held, &added, begin, place).await?;
        let pieces = readers.into_iter().flat_map(|(_, pieces)| pieces).collect();
        self.register(name, Arc::new(held.widened(schema.as_ref().clone(), pieces)))
    }

    /// Adds a column to a table: for the texts that an expression gives, numbers in the order of the texts. The table `texts`
    /// tells the `id` of each `number`.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, sql))]
    pub(crate) async fn rank(&self, table: &str, sql: &str, name: &str, texts: &str) -> Result<(), DataError> {
        let held = self.held(table)?;
        let sql = format!("SELECT {sql} FROM {table}");
        let number = |texts: &mut Texts, batch: RecordBatch| texts.number(Arc::clone(batch.column(0)));
        let (_, readers) = looked_at(&self.on_codes(table)?, &held, &sql, Texts::default, number).await?;
        let (met, numbered): (Vec<Texts>, Vec<Vec<Numbered>>) = readers.into_iter().unzip();
        let ranks = Ranks::of(met);
        let places = Places::new(&self.memory, Rows::Source);
        let numbered = numbered.iter().enumerate();
        let pieces = numbered.flat_map(|(reader, batches)| batches.iter().map(move |batch| (reader, batch)));
        let pieces = pieces.map(|(reader, batch)| places.place(&[ranks.rank(reader, batch)]));
        self.add(table, &held, name, pieces.collect::<Result<_, _>>()?)?;
        let mut holder = Holder::new(&Places::new(&self.memory, Rows::Table));
        holder.append(&ids::table(&ranks.texts)?)?;
        self.register(texts, Arc::new(holder.finish()))
    }

    /// Adds a column to a table that tells the texts apart that an expression gives, in no order.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, sql))]
    pub(crate) async fn tell_apart(&self, table: &str, sql: &str, name: &str) -> Result<(), DataError> {
        let held = self.held(table)?;
        let sql = format!("SELECT {sql} FROM {table}");
        let place = |places: &mut Places, batch: RecordBatch| places.place(&[ids::told_apart(batch.column(0))?]);
        let begin = || Places::new(&self.memory, Rows::Source);
        let (_, readers) = looked_at(&self.on_codes(table)?, &held, &sql, begin, place).await?;
        let pieces = readers.into_iter().flat_map(|(_, pieces)| pieces).collect();
        self.add(table, &held, name, pieces)
    }

    fn add(&self, table: &str, held: &Held, name: &str, pieces: Vec<Vec<Piece>>) -> Result<(), DataError> {
        let schema = Schema::new(vec![Field::new(name, DataType::Int64, true)]);
        self.forget(table)?;
        self.register(table, Arc::new(held.widened(schema, pieces)))
    }

    /// The same tables and functions for a query that looks at each row alone: dealing it out costs nothing, however few rows there are.
    fn on_all_cores(&self) -> SessionContext {
        let n_cores = SessionConfig::new().target_partitions().max(1);
        let config = self.context.copied_config().with_target_partitions(n_cores);
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_config(config.with_create_default_catalog_and_schema(false))
            .build();
        SessionContext::new_with_state(state)
    }

    /// The same functions on one table, whose texts are codes there: what is done to a text is then done once a code.
    fn on_codes(&self, table: &str) -> Result<SessionContext, DataError> {
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_config(self.context.copied_config())
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
            .build();
        let context = SessionContext::new_with_state(state);
        context.register_table(table, Arc::new(HeldTable::coded(self.held(table)?)))?;
        Ok(context)
    }
}

/// The result of a query, one stream for each core; all columns may hold nulls.
async fn streams(
    context: &SessionContext,
    sql: &str,
) -> Result<(SchemaRef, Vec<SendableRecordBatchStream>), DataError> {
    let frame = context.sql(sql).await?;
    let planned = frame.schema().as_arrow().clone();
    // What the planner and the batches say about nulls differs at times.
    let fields: Vec<Field> = planned
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect();
    Ok((Arc::new(Schema::new(fields)), frame.execute_stream_partitioned().await?))
}

/// What `look` makes of the chunks of a table, of each reader with what it began with. The query gives one row for each row of the table, in
/// their order.
async fn looked_at<Reader: Send + 'static, Seen: Send + 'static>(
    context: &SessionContext,
    held: &Held,
    sql: &str,
    begin: impl Fn() -> Reader,
    look: impl Fn(&mut Reader, RecordBatch) -> Result<Seen, DataError> + Copy + Send + 'static,
) -> Result<(SchemaRef, Vec<(Reader, Vec<Seen>)>), DataError> {
    let (schema, streams) = streams(context, sql).await?;
    let looking = streams.into_iter().map(|mut stream| {
        let mut reader = begin();
        async move {
            let (mut sizes, mut seen) = (Vec::new(), Vec::new());
            while let Some(batch) = stream.try_next().await? {
                sizes.push(batch.num_rows());
                seen.push(look(&mut reader, batch)?);
            }
            Ok((sizes, (reader, seen)))
        }
    });
    let (sizes, readers): (Vec<Vec<usize>>, Vec<_>) = side_by_side(looking).await?.into_iter().unzip();
    if !sizes
        .into_iter()
        .flatten()
        .eq((0..held.n_chunks()).map(|chunk| held.n_rows_of(chunk)))
    {
        return Err(DataError::Engine("the rows of a table lost their order".to_owned()));
    }
    Ok((schema, readers))
}

/// A column of codes is one of what they stand for.
fn of_values(field: &Arc<Field>) -> Arc<Field> {
    match field.data_type() {
        DataType::Dictionary(_, value) => Arc::new(field.as_ref().clone().with_data_type(value.as_ref().clone())),
        _ => Arc::clone(field),
    }
}
