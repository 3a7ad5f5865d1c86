//! Rows that have a day each: both windows are asked for at once, and each takes its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use tokio::sync::OnceCell;

use super::super::engine::{Row, rows_of};
use super::super::facts::Facts;
use super::super::{DataError, Query, Window};
use super::windowed;

/// One window, and what it shares with the other.
#[derive(Clone)]
pub(crate) struct Days {
    window: Window,
    shared: Arc<Shared>,
}

struct Shared {
    /// From the first day of the earlier window to the last of the later one.
    span: Window,
    /// Results by their query.
    asked: Mutex<HashMap<String, Asked>>,
}

type Asked = Arc<OnceCell<Vec<RecordBatch>>>;

impl Days {
    /// The days of a window and of the one right before it, where there is one.
    pub(crate) fn of(window: Window, previous: Option<Window>) -> (Self, Option<Self>) {
        let start = previous.map_or(window.start, |previous| previous.start);
        let shared = Arc::new(Shared {
            span: Window { start, end: window.end },
            asked: Mutex::default(),
        });
        let of = |window| Self {
            window,
            shared: Arc::clone(&shared),
        };
        (of(window), previous.map(of))
    }

    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// The rows of this window by a query on `{start}` to `{end}` whose rows have a day each, in the column `day`. A definition of
    /// the user's own may look beyond a day: it is asked by itself.
    pub(super) async fn rows<T>(
        &self,
        facts: &Facts,
        (query, sql): (Query, &str),
        day: &str,
        read: impl Fn(&Row<'_>) -> T,
    ) -> Result<Vec<T>, DataError> {
        if facts.definitions.path(query).is_some() {
            return facts.engine.rows(&windowed(sql, self.window), read).await;
        }
        let sql = windowed(sql, self.shared.span);
        let asked = self.asked(&sql);
        let batches = asked.get_or_try_init(|| facts.engine.plain_batches(&sql)).await?;
        let is_due = |row: &Row<'_>| row.day(day).is_some_and(|day| self.window.contains(day));
        Ok(rows_of(batches).filter(is_due).map(|row| read(&row)).collect())
    }

    fn asked(&self, sql: &str) -> Asked {
        let mut asked = self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(sql.to_owned()).or_default())
    }
}
