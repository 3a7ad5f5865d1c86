//! A number as its digits.

use std::borrow::Cow;

/// Its text is a JSON number, whatever its size; how it was written is kept beside it where that differs.
#[derive(Debug, Clone)]
pub struct Number(Form);

#[derive(Debug, Clone)]
enum Form {
    /// Most numbers: no allocation, and the text follows from the value.
    Whole(i64),
    Text(Box<str>),
    Rewritten(Box<Rewritten>),
}

#[derive(Debug, Clone)]
struct Rewritten {
    text: Box<str>,
    written: Box<str>,
    ambiguous: bool,
}

impl Number {
    /// Of a text that is a JSON number.
    pub(in crate::reply) fn exact(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) || (negative && digits == b"0") {
            return Self(Form::Text(text.into()));
        }
        let whole = digits
            .iter()
            .fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Self(Form::Whole(if negative { -whole } else { whole }))
    }

    /// Of a number that was written in another form: `+5`, `0x1F`, `1,000`.
    pub(in crate::reply) fn rewritten(text: &str, written: &str) -> Self {
        Self(Form::Rewritten(Box::new(Rewritten {
            text: text.into(),
            written: written.into(),
            ambiguous: false,
        })))
    }

    /// Of digits with separators where they could as well be several numbers; only a schema can tell.
    pub(in crate::reply) fn ambiguous(text: &str, written: &str) -> Self {
        Self(Form::Rewritten(Box::new(Rewritten {
            text: text.into(),
            written: written.into(),
            ambiguous: true,
        })))
    }

    /// As JSON writes it.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Whole(whole) => whole.to_string().into(),
            Form::Text(text) => Cow::Borrowed(text),
            Form::Rewritten(rewritten) => Cow::Borrowed(&rewritten.text),
        }
    }

    /// As the reply wrote it.
    pub fn written(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Rewritten(rewritten) => Cow::Borrowed(&rewritten.written),
            _ => self.text(),
        }
    }

    pub(in crate::reply) fn is_ambiguous(&self) -> bool {
        matches!(&self.0, Form::Rewritten(rewritten) if rewritten.ambiguous)
    }

    /// A schema says that a number stands here: it is one.
    pub(in crate::reply) fn settled(self) -> Self {
        match self.0 {
            Form::Rewritten(rewritten) => Self::exact(&rewritten.text),
            form => Self(form),
        }
    }

    /// The nearest 64-bit number; infinite beyond its range.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Form::Whole(whole) => *whole as f64,
            _ => self.text().parse().unwrap_or(f64::NAN),
        }
    }

    /// No fraction: `12`, `12.0`, `12e3`, or any count of digits.
    pub fn is_whole(&self) -> bool {
        match &self.0 {
            Form::Whole(_) => true,
            _ => {
                let text = self.text();
                !text.contains(['.', 'e', 'E']) || {
                    let number = self.as_f64();
                    number.is_finite() && number.fract() == 0.0
                }
            }
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}
