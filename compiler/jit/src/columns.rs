//! The columns of a batch as compiled code addresses them.

use price_ir::batch::{Batch, Column};
use price_ir::{CalendarIx, FieldIx};

/// One input of compiled code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// 64-bit numbers.
    Int(FieldIx),
    /// A pointer per label to 64-bit numbers; the number of labels.
    Family(FieldIx, usize),
    /// 32-bit labels.
    Label(FieldIx),
    /// Bytes: 0, 1, 2.
    Flag(FieldIx),
    /// Bytes: whether the text equals this one.
    Text(FieldIx, String),
    /// Bytes: whether there is a text.
    HasText(FieldIx),
    /// 32-bit labels of a calendar.
    Calendar(CalendarIx),
    /// 32-bit indices of regimes.
    Regime,
}

/// The inputs of one compiled function, in the order of their pointers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// Byte offset of a source's pointer, added at first use.
    pub fn offset(&mut self, source: Source) -> i32 {
        let at = self.0.iter().position(|s| *s == source).unwrap_or_else(|| {
            self.0.push(source);
            self.0.len() - 1
        });
        (at * 8) as i32
    }

    /// Pointers to the columns of a batch, valid as long as both the batch and the result are.
    ///
    /// # Panics
    /// When a column is not what the event declares, or has fewer rows than the batch.
    pub fn bind(&self, batch: &Batch, regime: &[u32]) -> Bound {
        self.bind_rows(batch, regime, None)
    }

    /// The same for code that reads one row only: nothing is computed for others.
    ///
    /// # Panics
    /// As [`Sources::bind`], and when there is no such row.
    pub fn bind_row(&self, batch: &Batch, row: usize) -> Bound {
        assert!(row < batch.rows, "the row is one of the batch");
        self.bind_rows(batch, &[], Some(row))
    }

    fn bind_rows(&self, batch: &Batch, regime: &[u32], only: Option<usize>) -> Bound {
        let mut bound = Bound { only, ..Bound::default() };
        for source in &self.0 {
            let pointer = bound.pointer(source, batch, regime);
            bound.pointers.push(pointer);
        }
        bound
    }
}

/// Pointers for compiled code, and what was computed for it.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    /// The only row that is read, where computed columns hold but that one.
    only: Option<usize>,
    pointers: Vec<*const u8>,
    bytes: Vec<Vec<u8>>,
    labels: Vec<Vec<u32>>,
    families: Vec<Vec<*const i64>>,
}

impl Bound {
    /// The first pointer.
    pub fn as_ptr(&self) -> *const *const u8 {
        self.pointers.as_ptr()
    }

    fn pointer(&mut self, source: &Source, batch: &Batch, regime: &[u32]) -> *const u8 {
        let rows = batch.rows;
        let column = |field: &FieldIx| {
            let column = &batch.columns[field.ix()];
            assert!(column.len() >= rows || rows == 0, "column {} has as many rows as its batch", field.0);
            column
        };
        match source {
            Source::Int(field) => match column(field) {
                Column::Int(values) => values.as_ptr().cast(),
                _ => panic!("field {} holds numbers", field.0),
            },
            Source::Label(field) => match column(field) {
                Column::Label(values) => values.as_ptr().cast(),
                _ => panic!("field {} holds labels", field.0),
            },
            Source::Flag(field) => match column(field) {
                Column::Flag(values) => values.as_ptr(),
                _ => panic!("field {} holds flags", field.0),
            },
            Source::Family(field, labels) => match column(field) {
                Column::Family(columns) => {
                    assert!(columns.len() >= *labels, "family {} has a column for each label", field.0);
                    assert!(columns.iter().all(|c| c.len() >= rows), "family {} has all rows", field.0);
                    self.families.push(columns.iter().map(|c| c.as_ptr()).collect());
                    self.families.last().map_or(std::ptr::null(), |f| f.as_ptr().cast())
                }
                _ => panic!("field {} is a family", field.0),
            },
            Source::Text(field, text) => self.texts(column(field), |t| t == text.as_str()),
            Source::HasText(field) => self.texts(column(field), |t| !t.is_empty()),
            Source::Calendar(calendar) => match batch.calendars.get(calendar.ix()) {
                Some(labels) if labels.len() >= rows => labels.as_ptr().cast(),
                short => {
                    let mut labels = short.cloned().unwrap_or_default();
                    labels.resize(rows, u32::MAX);
                    self.keep(labels)
                }
            },
            Source::Regime => {
                assert!(regime.is_empty() || regime.len() >= rows, "there is a regime for each row");
                if regime.is_empty() { self.keep(vec![0; rows]) } else { regime.as_ptr().cast() }
            }
        }
    }

    fn keep(&mut self, labels: Vec<u32>) -> *const u8 {
        self.labels.push(labels);
        self.labels.last().map_or(std::ptr::null(), |l| l.as_ptr().cast())
    }

    fn texts(&mut self, column: &Column, holds: impl Fn(&str) -> bool) -> *const u8 {
        let Column::Text(values) = column else { panic!("a text is compared with a text") };
        match self.only {
            None => {
                self.bytes.push(values.iter().map(|t| u8::from(holds(t))).collect());
                self.bytes.last().map_or(std::ptr::null(), |b| b.as_ptr())
            }
            Some(row) => {
                // Where the column would begin if it held the rows before this one.
                self.bytes.push(vec![u8::from(holds(&values[row]))]);
                self.bytes.last().map_or(std::ptr::null(), |b| b.as_ptr().wrapping_sub(row))
            }
        }
    }
}
