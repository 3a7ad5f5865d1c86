//! What a user writes after `--map role=`: a column in any spelling, or an SQL expression over columns.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::super::engine::quoted;
use super::super::money::Comma;
use super::super::profile::Column;
use super::names;

/// The column that a text names: exactly, else in any letters, else in normal form.
pub(crate) fn column<'columns>(columns: &'columns [Column], given: &str) -> Option<&'columns Column> {
    let given = given.trim();
    let unquoted = given
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(given);
    columns
        .iter()
        .find(|column| column.name == unquoted)
        .or_else(|| columns.iter().find(|column| column.name.eq_ignore_ascii_case(unquoted)))
        .or_else(|| {
            columns
                .iter()
                .find(|column| names::normal(&column.name) == names::normal(unquoted))
        })
        .or_else(|| columns.iter().find(|column| column.bare == names::bare(unquoted)))
}

/// A column as it must be written inside an expression.
pub(crate) fn written(name: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_plain = name.chars().all(is_word) && !name.starts_with(|letter: char| letter.is_ascii_digit());
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// How columns are read inside an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As they stand.
    Text,
    /// Columns of numbers as exact amounts.
    Amounts,
}

/// The expression with every column quoted as the engine needs it, and the names of the columns used.
pub(crate) fn rewritten(columns: &[Column], given: &str, reading: Reading) -> Result<(String, Vec<String>), String> {
    let tokens = Tokenizer::new(&GenericDialect {}, given)
        .tokenize()
        .map_err(|error| error.to_string())?;
    let mut sql = String::new();
    let mut used = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        let is_call = tokens[position + 1..]
            .iter()
            .find(|token| !matches!(token, Token::Whitespace(_)))
            == Some(&Token::LParen);
        let found = match token {
            Token::SemiColon => return Err("an expression is one value, without `;`".to_owned()),
            Token::Word(word) if word.value.eq_ignore_ascii_case("select") && word.quote_style.is_none() => {
                return Err("an expression over columns cannot hold a query".to_owned());
            }
            Token::Word(word) if word.quote_style.is_some() || !is_call => match column(columns, &word.value) {
                None if word.quote_style.is_some() => {
                    return Err(format!("there is no column {}", word.value));
                }
                found => found,
            },
            _ => None,
        };
        match found {
            Some(column) => {
                sql.push_str(&match reading {
                    Reading::Amounts => amount_or_text(column),
                    Reading::Text => quoted(&column.name),
                });
                used.push(column.name.clone());
            }
            None => sql.push_str(&token.to_string()),
        }
    }
    Ok((sql, used))
}

fn amount_or_text(column: &Column) -> String {
    if column.numeric_share() >= 0.995 {
        amount(column)
    } else {
        quoted(&column.name)
    }
}

/// A column read as exact amounts.
pub(crate) fn amount(column: &Column) -> String {
    let function = match column.comma {
        Comma::Thousands => "amount_of",
        Comma::Decimal => "amount_with_comma",
    };
    format!("{function}({})", quoted(&column.name))
}
