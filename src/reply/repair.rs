//! A forgiving JSON parser: reads what a model meant and names every liberty it took.
//!
//! One pass over the text with a stack of its own: no nesting overflows it, and every look ahead is bounded, so that time
//! grows with the length of the text and not faster (`Parsed::steps` counts, tests hold it to that). It finds no values (that
//! is `find`) and prefers none (`choose`); it reads one value from where it is told to start.
//!
//! | what is unclear | what is done |
//! |---|---|
//! | the text ends within a key | the key is dropped |
//! | the text ends within a string or literal | what is there is kept, `tru` is true |
//! | the text ends after a colon; `"a":,` | null |
//! | `-2,000.00` after a colon, where no key follows the comma | one number |
//! | `1,000` among items, where `000` is no number | both, until a schema asks for a number: `ambiguous` |
//! | `1,5`, `45%`, `2024-01-31` | text: a number is never guessed |
//! | a quotation mark within a string | ends it where the structure goes on behind it, otherwise part of the text |
//! | `C:\new\table`, `\d+` | backslashes are kept |

mod ahead;
mod blank;
mod brackets;
mod built;
mod closing;
mod escapes;
mod keys;
mod name;
mod numbers;
mod path;
mod scalars;
mod strings;
mod words;

use super::json::Json;

pub use name::Repair;
pub(super) use name::{Fix, Repairs, names};
pub(super) use numbers::{grouped, is_json_number};
pub(super) use path::starts_with_drive;

/// Deeper nesting is refused.
pub const MAX_DEPTH: usize = 512;

/// How far a parser may look ahead to decide what a mark means, in bytes.
const LOOK_AHEAD: usize = 192;

/// What one attempt read, and where it stopped.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) value: Json,
    pub(super) end: usize,
    pub(super) repairs: Repairs,
    pub(super) truncated: bool,
    /// Bytes looked at, those looked at twice counted twice.
    pub(super) steps: usize,
}

#[derive(Debug)]
pub(super) enum Failed {
    TooDeep,
    /// Not JSON after all.
    Syntax {
        steps: usize,
        end: usize,
    },
}

/// How much may be expected of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Somebody's sentences: what does not look like JSON is not.
    Prose,
    /// In a fence, or nothing else is there: it was meant as JSON.
    Alone,
    /// Our own JSON: nothing is reinterpreted.
    Strict,
}

/// Reads the object, array or tuple that opens at `start`.
pub(super) fn parse(text: &str, start: usize, setting: Setting) -> Result<Parsed, Failed> {
    let mut parser = Parser::new(text, start, setting);
    match parser.open() {
        Some(()) => parser.read(),
        None => Err(Failed::Syntax { steps: 1, end: start }),
    }
}

/// Reads the members of an object whose opening brace is missing.
pub(super) fn parse_members(text: &str, start: usize) -> Result<Parsed, Failed> {
    let mut parser = Parser::new(text, start, Setting::Alone);
    parser.note(Fix::MissingBracket);
    parser.push(Opener::Implied);
    parser.read()
}

/// Reads a string, number or literal that is all there is from `start` on.
pub(super) fn parse_scalar(text: &str, start: usize) -> Result<Parsed, Failed> {
    let mut parser = Parser::new(text, start, Setting::Alone);
    parser.push(Opener::Nothing);
    parser.read()
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    TooDeep,
    Syntax,
}

/// The value of the root when a step finished it.
type Step = Result<Option<Json>, Stop>;

/// What a string is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Member,
    Item,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    Brace,
    Bracket,
    Paren,
    /// `ObjectId(`: a parenthesis after a name.
    Call,
    /// A brace that is missing.
    Implied,
    /// None: a scalar stands alone.
    Nothing,
}

impl Opener {
    fn is_object(self) -> bool {
        matches!(self, Self::Brace | Self::Implied)
    }

    fn closer(self) -> u8 {
        match self {
            Self::Brace | Self::Implied => b'}',
            Self::Bracket => b']',
            Self::Paren | Self::Call => b')',
            Self::Nothing => 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A key, or the end of the object.
    Key,
    /// A value after a colon.
    Value,
    /// An item, or the end of the array.
    Item,
    /// A comma, or the end.
    Separator,
}

/// An open object or array.
#[derive(Debug)]
struct Frame {
    opener: Opener,
    start: usize,
    expect: Expect,
    after_comma: bool,
    /// The key whose value is awaited.
    key: Option<String>,
    members: Vec<(String, Json)>,
    /// Of an array; or what stands in braces without a key.
    items: Vec<Json>,
    /// A key was written without quotation marks here.
    bare_keys: bool,
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    setting: Setting,
    stack: Vec<Frame>,
    /// Open braces, brackets and parentheses.
    braces: usize,
    brackets: usize,
    parens: usize,
    repairs: Repairs,
    truncated: bool,
    steps: usize,
    /// No line ends behind this place.
    last_line: usize,
    /// No string that begins behind this place is closed; the first mark will have to do.
    unclosed: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, start: usize, setting: Setting) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: start,
            setting,
            stack: Vec::new(),
            braces: 0,
            brackets: 0,
            parens: 0,
            repairs: Repairs::default(),
            truncated: false,
            steps: 0,
            last_line: usize::MAX,
            unclosed: false,
        }
    }

    fn read(mut self) -> Result<Parsed, Failed> {
        let begun = self.at;
        loop {
            match self.step() {
                Ok(None) => {}
                Ok(Some(value)) => {
                    return Ok(Parsed {
                        value,
                        end: self.at,
                        repairs: self.repairs,
                        truncated: self.truncated,
                        steps: self.steps + (self.at - begun),
                    });
                }
                Err(Stop::TooDeep) => return Err(Failed::TooDeep),
                Err(Stop::Syntax) => {
                    return Err(Failed::Syntax {
                        steps: self.steps + (self.at - begun) + 1,
                        end: self.at,
                    });
                }
            }
        }
    }

    fn step(&mut self) -> Step {
        self.blank();
        let expect = self.top().expect;
        let Some(byte) = self.peek() else {
            return Ok(Some(self.cut_off()));
        };
        if byte == b'`' && self.at_fence() {
            return Ok(Some(self.finish(Fix::MissingBracket)));
        }
        if byte >= 0x80
            && self.setting != Setting::Strict
            && let Some(closer) = self.full_width_closer()
        {
            return match expect {
                Expect::Value => self.member_value(closer),
                _ => self.closer(closer),
            };
        }
        match expect {
            Expect::Key => self.key(byte),
            Expect::Value => self.member_value(byte),
            Expect::Item => self.item(byte),
            Expect::Separator => self.separator(byte),
        }
    }

    fn member_value(&mut self, byte: u8) -> Step {
        match byte {
            b',' | b'}' | b']' => {
                self.note(Fix::MissingValue);
                Ok(self.attach(Json::Null))
            }
            b':' => {
                self.note(Fix::ExtraColon);
                self.at += 1;
                Ok(None)
            }
            _ => self.value(Place::Member, byte),
        }
    }

    fn item(&mut self, byte: u8) -> Step {
        match byte {
            b']' | b'}' | b')' => self.closer(byte),
            b',' => {
                self.note(Fix::ExtraComma);
                self.at += 1;
                Ok(None)
            }
            b':' if self.setting != Setting::Prose => self.skip_stray(1),
            _ => self.value(Place::Item, byte),
        }
    }

    fn value(&mut self, place: Place, byte: u8) -> Step {
        match byte {
            b'{' | b'[' | b'(' => {
                if self.stack.len() >= MAX_DEPTH {
                    return Err(Stop::TooDeep);
                }
                if byte == b'(' && place == Place::Item && self.setting == Setting::Prose && self.stack.len() < 2 {
                    return Err(Stop::Syntax);
                }
                self.open();
                Ok(None)
            }
            b'.' if self.ellipsis() => match place {
                Place::Member => Ok(self.attach(Json::Null)),
                _ => Ok(None),
            },
            b'"' if self.is_plain_string() => {
                let text = self.string(place)?;
                Ok(self.attach(Json::String(text)))
            }
            b')' | b'}' | b']' => self.closer(byte),
            _ if self.quote_at(self.at).is_some() => {
                let text = self.string(place)?;
                Ok(self.attach(Json::String(text)))
            }
            0x80.. if self.ellipsis() => match place {
                Place::Member => Ok(self.attach(Json::Null)),
                _ => Ok(None),
            },
            0x80.. if self.full_width_opener() => Ok(None),
            _ => self.bare(place),
        }
    }

    /// After a value.
    fn separator(&mut self, byte: u8) -> Step {
        match byte {
            b',' => {
                self.at += 1;
                self.after_separator();
                Ok(None)
            }
            b'}' | b']' | b')' => self.closer(byte),
            _ => self.odd_separator(byte),
        }
    }

    fn after_separator(&mut self) {
        let frame = self.top_mut();
        frame.after_comma = true;
        frame.expect = if frame.opener.is_object() {
            Expect::Key
        } else {
            Expect::Item
        };
    }

    /// Hands a finished value to what is open around it; to the caller when nothing is.
    fn attach(&mut self, value: Json) -> Option<Json> {
        let Some(frame) = self.stack.last_mut() else {
            return Some(value);
        };
        if frame.opener == Opener::Nothing {
            self.stack.clear();
            return Some(value);
        }
        match frame.key.take() {
            Some(key) => frame.members.push((key, value)),
            None => frame.items.push(value),
        }
        frame.expect = Expect::Separator;
        frame.after_comma = false;
        None
    }

    /// The text ends here: everything open is closed, for a person to look at.
    #[cold]
    fn cut_off(&mut self) -> Json {
        self.truncated = true;
        self.finish(Fix::CutObject)
    }

    /// Closes everything that is open.
    fn finish(&mut self, fix: Fix) -> Json {
        let mut value = Json::Null;
        while let Some(frame) = self.stack.last() {
            if frame.expect == Expect::Value {
                self.note(Fix::MissingValue);
                self.attach(Json::Null);
            }
            let object = self.top().opener.is_object();
            match fix {
                Fix::CutObject if !object => self.note(Fix::CutArray),
                fix => self.note(fix),
            }
            if let Some(root) = self.close() {
                value = root;
            }
        }
        value
    }

    /// Takes the innermost open object or array from the stack.
    fn close(&mut self) -> Option<Json> {
        let frame = self.stack.pop()?;
        match frame.opener.closer() {
            b'}' => self.braces -= 1,
            b']' => self.brackets -= 1,
            b')' => self.parens -= 1,
            _ => {}
        }
        let value = self.built(frame);
        self.attach(value)
    }

    fn top(&self) -> &Frame {
        self.stack.last().expect("something is open while the parser steps")
    }

    fn top_mut(&mut self) -> &mut Frame {
        self.stack.last_mut().expect("something is open while the parser steps")
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// At most that many bytes from `at`, whole characters.
    fn window(&self, at: usize, length: usize) -> &'a str {
        let mut end = self.text.len().min(at.saturating_add(length));
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(at..end).unwrap_or_default()
    }

    fn note(&mut self, fix: Fix) {
        self.repairs.note(fix, self.at);
    }

    fn at_fence(&self) -> bool {
        self.bytes[self.at..].starts_with(b"```")
    }

    /// Passes over what means nothing here; in prose that means that this is no JSON.
    fn skip_stray(&mut self, length: usize) -> Step {
        if self.setting == Setting::Prose && self.stack.len() < 3 {
            return Err(Stop::Syntax);
        }
        self.note(Fix::StrayText);
        self.at += length;
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
