//! The liberties that may be taken with a text, each with the name that the user sees.

/// One liberty taken, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    pub name: &'static str,
    /// Byte offset in the text; inside a doubly encoded text, that of the encoded text.
    pub at: usize,
}

/// So many repairs are listed one by one; after that only names that were not seen before.
const LISTED: usize = 1000;

macro_rules! fixes {
    ($($fix:ident $name:literal,)*) => {
        /// A kind of repair.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::reply) enum Fix { $($fix,)* }

        impl Fix {
            pub(in crate::reply) fn name(self) -> &'static str {
                match self { $(Self::$fix => $name,)* }
            }
        }
    };
}

fixes! {
    Bom "bom",
    InvalidUtf8 "invalid_utf8",
    Think "think",
    Fence "fence",
    Prose "prose",
    Tag "tag",
    DoubleEncoded "double_encoded",
    OtherValues "other_values",
    JoinedLines "joined_lines",
    Call "call",
    Tuple "tuple",
    Set "set",
    TrailingComma "trailing_comma",
    ExtraComma "extra_comma",
    MissingComma "missing_comma",
    OddSeparator "odd_separator",
    MissingColon "missing_colon",
    ExtraColon "extra_colon",
    OddColon "odd_colon",
    MissingBracket "missing_bracket",
    ExtraBracket "extra_bracket",
    WrongBracket "wrong_bracket",
    SingleQuotes "single_quotes",
    SmartQuotes "smart_quotes",
    BacktickQuotes "backtick_quotes",
    TripleQuotes "triple_quotes",
    EscapedQuotes "escaped_quotes",
    StringPrefix "string_prefix",
    InnerQuotes "inner_quotes",
    MissingQuote "missing_quote",
    ExtraQuote "extra_quote",
    UnquotedKey "unquoted_key",
    UnquotedValue "unquoted_value",
    MissingValue "missing_value",
    DuplicateKey "duplicate_key",
    PythonLiteral "python_literal",
    Undefined "undefined",
    NonFinite "non_finite",
    NumberForm "number_form",
    ThousandsSeparator "thousands_separator",
    RawControl "raw_control",
    BadEscape "bad_escape",
    PathBackslash "path_backslash",
    LoneSurrogate "lone_surrogate",
    Concatenation "concatenation",
    Comment "comment",
    BareComment "bare_comment",
    Ellipsis "ellipsis",
    OddSpace "odd_space",
    FullWidth "full_width",
    StrayText "stray_text",
    CutKey "cut_key",
    CutString "cut_string",
    CutLiteral "cut_literal",
    CutNumber "cut_number",
    CutArray "cut_array",
    CutObject "cut_object",
}

/// The repairs of one value, in the order in which they were found.
#[derive(Debug, Clone, Default)]
pub(in crate::reply) struct Repairs {
    list: Vec<Repair>,
    seen: u64,
}

impl Repairs {
    pub(in crate::reply) fn note(&mut self, fix: Fix, at: usize) {
        let bit = 1u64 << (fix as u32);
        if self.list.len() < LISTED || self.seen & bit == 0 {
            self.list.push(Repair { name: fix.name(), at });
        }
        self.seen |= bit;
    }

    pub(in crate::reply) fn note_once(&mut self, fix: Fix, at: usize) {
        if !self.has(fix) {
            self.note(fix, at);
        }
    }

    pub(in crate::reply) fn has(&self, fix: Fix) -> bool {
        self.seen & (1 << (fix as u32)) != 0
    }

    /// All of them at one place: those of a text within the text.
    pub(in crate::reply) fn moved_to(mut self, at: usize) -> Self {
        self.list.iter_mut().for_each(|repair| repair.at = at);
        self
    }

    pub(in crate::reply) fn append(&mut self, other: Self) {
        self.list.extend(other.list);
        self.seen |= other.seen;
    }

    /// A state to come back to when a text is read again in another way.
    pub(super) fn mark(&self) -> (usize, u64) {
        (self.list.len(), self.seen)
    }

    pub(super) fn rewind(&mut self, (length, seen): (usize, u64)) {
        self.list.truncate(length);
        self.seen = seen;
    }

    pub(in crate::reply) fn into_list(self) -> Vec<Repair> {
        self.list
    }
}

/// Their names, none twice.
pub(in crate::reply) fn names(repairs: &[Repair]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for repair in repairs {
        if !names.contains(&repair.name) {
            names.push(repair.name);
        }
    }
    names
}
