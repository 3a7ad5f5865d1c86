//! Valid JSON, written with every fault singly and in pairs and wrapped in what models wrap it in: it must come back.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

use crate::reply::extract::extract;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TrailingComma,
    MissingComma,
    DoubledComma,
    SingleQuotes,
    SmartQuotes,
    Backticks,
    BareKeys,
    BareWords,
    Python,
    Tuples,
    LineComments,
    HashComments,
    BlockComments,
    BareComments,
    RawControls,
    InnerQuotes,
    Plus,
    Hexadecimal,
    LeadingZeros,
    Thousands,
    MissingColons,
    OddColons,
    MissingArrayBracket,
    Concatenation,
    Mongo,
    Ellipsis,
    DuplicateKeys,
    OddSpaces,
    FullWidth,
    WindowsLines,
    Fence,
    BareFence,
    OpenFence,
    Prose,
    ProseWithBraces,
    Think,
    OrphanThink,
    Tag,
    Jsonp,
    DoublyEncoded,
    ByteOrderMark,
    Earlier,
    ExtraBracket,
}

use Fault::*;

const FAULTS: [Fault; 43] = [
    TrailingComma,
    MissingComma,
    DoubledComma,
    SingleQuotes,
    SmartQuotes,
    Backticks,
    BareKeys,
    BareWords,
    Python,
    Tuples,
    LineComments,
    HashComments,
    BlockComments,
    BareComments,
    RawControls,
    InnerQuotes,
    Plus,
    Hexadecimal,
    LeadingZeros,
    Thousands,
    MissingColons,
    OddColons,
    MissingArrayBracket,
    Concatenation,
    Mongo,
    Ellipsis,
    DuplicateKeys,
    OddSpaces,
    FullWidth,
    WindowsLines,
    Fence,
    BareFence,
    OpenFence,
    Prose,
    ProseWithBraces,
    Think,
    OrphanThink,
    Tag,
    Jsonp,
    DoublyEncoded,
    ByteOrderMark,
    Earlier,
    ExtraBracket,
];

/// Faults that write the same thing in two ways, of which only one can be had.
fn exclude_each_other(one: Fault, two: Fault) -> bool {
    const GROUPS: [&[Fault]; 8] = [
        &[SingleQuotes, SmartQuotes, Backticks, FullWidth],
        &[Plus, Hexadecimal, LeadingZeros, Thousands],
        &[MissingColons, OddColons, FullWidth],
        &[TrailingComma, DoubledComma, MissingComma, Ellipsis, FullWidth],
        &[Fence, BareFence, OpenFence],
        &[LineComments, HashComments, BareComments, BlockComments],
        // A key without marks and colon, and a text of words before it, have no end.
        &[BareKeys, MissingColons],
        &[BareKeys, BareComments],
    ];
    GROUPS.iter().any(|group| group.contains(&one) && group.contains(&two))
}

/// Values as reports hold them: an object, or a list of objects.
pub(super) fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        3 => prop::sample::select(vec![
            "up", "north_region", "Revenue fell", "it's the users' choice", "The \"north\" region fell", "he said \"yes\", then left",
            "a, b and c", "see https://x.y/z?a=1#b", "50% off; 3 items", "first\nsecond\tthird", "key: value", "{not json}", "[1]", "é ü 漢字 😀",
            "", " padded ", "a // b", "C:\\new\\table", "\\d+\\.\\w", "true", "12", "-", "2024-01-31", "&quot;", "a \\ b", "#tag", "/* x */",
            "what? yes! (maybe)", "ends with colon:", "1,234", "```", "x = y",
        ]).prop_map(str::to_owned),
        1 => "[a-z ,.]{0,20}",
    ];
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-100_000i64..5_000_000).prop_map(Value::from),
        (-80_000i32..80_000).prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        text.prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "id",
        "name",
        "users",
        "net_revenue",
        "change",
        "notes",
        "day_1",
        "segment",
        "k2",
        "text",
    ]);
    let inner = scalar.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 1..4).prop_map(|members| Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    });
    let roots = prop::sample::select(vec!["summary", "findings", "total", "share", "items"]);
    let object = prop::collection::btree_map(roots, inner, 1..5).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    });
    prop_oneof![3 => object.clone(), 1 => prop::collection::vec(object, 1..4).prop_map(Value::from)]
}

/// JSON as somebody writes it who makes these faults.
struct Writer<'a> {
    faults: &'a [Fault],
    out: String,
    /// One fault is made once where it would otherwise be made everywhere.
    missing_bracket: bool,
    depth: usize,
}

impl Writer<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn line(&mut self) {
        if self.has(OddSpaces) {
            self.out.push('\u{a0}');
        }
        if self.has(LineComments) {
            self.out.push_str(" // a note, with \"quotes\"");
        }
        if self.has(HashComments) {
            self.out.push_str(" # a note");
        }
        if self.has(BlockComments) {
            self.out.push_str(" /* a note: {x} */ ");
        }
        self.out.push_str(if self.has(WindowsLines) { "\r\n" } else { "\n" });
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn value(&mut self, value: &Value, member: bool) {
        match value {
            Value::Null => self.out.push_str(if self.has(Python) { "None" } else { "null" }),
            Value::Bool(is) => {
                let word = is.to_string();
                let word = if self.has(Python) {
                    word[..1].to_uppercase() + &word[1..]
                } else {
                    word
                };
                self.out.push_str(&word);
            }
            Value::Number(number) => self.number(number, member),
            Value::String(text) => self.text(text, member),
            Value::Array(items) => self.array(items, member),
            Value::Object(members) => self.object(members),
        }
    }

    fn number(&mut self, number: &serde_json::Number, member: bool) {
        let text = number.to_string();
        let whole = number.as_i64();
        match whole {
            Some(n) if n > 0 && self.has(Plus) => self.out.push_str(&format!("+{n}")),
            Some(n) if n > 0 && self.has(Hexadecimal) => self.out.push_str(&format!("0x{n:X}")),
            Some(n) if n > 0 && self.has(LeadingZeros) => self.out.push_str(&format!("00{n}")),
            Some(n) if n.abs() >= 1000 && member && self.has(Thousands) => {
                let digits = n.abs().to_string();
                let mut grouped = String::new();
                for (index, digit) in digits.chars().enumerate() {
                    if index > 0 && (digits.len() - index).is_multiple_of(3) {
                        grouped.push(',');
                    }
                    grouped.push(digit);
                }
                self.out.push_str(&format!("{}{grouped}", if n < 0 { "-" } else { "" }));
            }
            Some(n) if self.has(Mongo) => self.out.push_str(&format!("NumberLong({n})")),
            _ => self.out.push_str(&text),
        }
    }

    fn text(&mut self, text: &str, member: bool) {
        let word = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        let literal = ["true", "null", "false", "nil", "nan", "inf", "undefined", "infinity"].contains(&text);
        if self.has(BareWords) && word && !literal && member {
            return self.out.push_str(text);
        }
        if self.has(Concatenation) && text.len() > 4 && text.is_ascii() && !text.contains('"') {
            let (one, two) = text.split_at(text.len() / 2);
            self.quoted(one);
            self.out.push_str(" + ");
            return self.quoted(two);
        }
        if self.has(Mongo) && text.starts_with("2024") {
            self.out.push_str("ISODate(");
            self.quoted(text);
            return self.out.push(')');
        }
        self.quoted(text);
    }

    fn quoted(&mut self, text: &str) {
        let (open, close) = match self.faults {
            faults if faults.contains(&SingleQuotes) => ('\'', '\''),
            faults if faults.contains(&SmartQuotes) => ('“', '”'),
            faults if faults.contains(&Backticks) => ('`', '`'),
            _ => ('"', '"'),
        };
        self.out.push(open);
        for letter in text.chars() {
            match letter {
                '\n' | '\t' if self.has(RawControls) => self.out.push(letter),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                '\\' => self.out.push_str("\\\\"),
                '"' if self.has(InnerQuotes) => self.out.push('"'),
                '"' if open == '\'' || open == '`' => self.out.push('"'),
                '\'' if open == '\'' && self.has(InnerQuotes) => self.out.push('\''),
                '"' => self.out.push_str("\\\""),
                '\'' if open == '\'' => self.out.push_str("\\'"),
                '`' if open == '`' => self.out.push_str("\\`"),
                letter => self.out.push(letter),
            }
        }
        self.out.push(close);
    }

    fn key(&mut self, key: &str) {
        if self.has(BareKeys) {
            self.out.push_str(key)
        } else {
            self.quoted(key)
        }
        match self.faults {
            faults if faults.contains(&MissingColons) => self.out.push(' '),
            faults if faults.contains(&OddColons) => self.out.push_str(" => "),
            faults if faults.contains(&FullWidth) => self.out.push('：'),
            _ => self.out.push_str(": "),
        }
    }

    fn comma(&mut self, last: bool) {
        match (last, self.faults) {
            (true, faults) if faults.contains(&TrailingComma) => self.out.push(','),
            (true, faults) if faults.contains(&Ellipsis) => self.out.push_str(", ..."),
            (true, _) => {}
            (false, faults) if faults.contains(&MissingComma) => {}
            (false, faults) if faults.contains(&DoubledComma) => self.out.push_str(",,"),
            (false, faults) if faults.contains(&FullWidth) => self.out.push('，'),
            (false, _) => self.out.push(','),
        }
    }

    fn array(&mut self, items: &[Value], member: bool) {
        let tuple = self.has(Tuples) && items.len() > 1;
        let numbers = !items.is_empty() && items.iter().all(Value::is_i64);
        let may_miss = member && numbers && !tuple && !self.missing_bracket;
        let complete = !self.has(MissingArrayBracket) || !may_miss;
        self.missing_bracket |= !complete;
        self.out.push(if tuple { '(' } else { '[' });
        self.depth += 1;
        for (index, item) in items.iter().enumerate() {
            self.line();
            self.value(item, false);
            self.comma(index + 1 == items.len());
        }
        self.depth -= 1;
        if !items.is_empty() {
            self.line();
        }
        if complete {
            self.out.push(if tuple { ')' } else { ']' });
        }
    }

    fn object(&mut self, members: &Map<String, Value>) {
        self.out.push('{');
        self.depth += 1;
        for (index, (key, value)) in members.iter().enumerate() {
            self.line();
            if index == 0 && self.has(DuplicateKeys) {
                self.key(key);
                self.value(&Value::Null, true);
                self.comma(false);
                self.line();
            }
            if index == 1 && self.has(BareComments) {
                self.out.push_str("NOTE ");
            }
            self.key(key);
            self.value(value, true);
            self.comma(index + 1 == members.len());
        }
        self.depth -= 1;
        self.line();
        self.out.push('}');
    }
}

fn written(value: &Value, faults: &[Fault]) -> String {
    let mut writer = Writer {
        faults,
        out: String::new(),
        missing_bracket: false,
        depth: 0,
    };
    writer.value(value, true);
    let mut text = writer.out;
    let has = |fault: Fault| faults.contains(&fault);
    if has(ExtraBracket) {
        text.push(if value.is_array() { ']' } else { '}' });
    }
    if has(DoublyEncoded) {
        text = Value::String(text).to_string();
    }
    if has(Jsonp) {
        text = format!("callback({text});");
    }
    if has(Tag) {
        text = format!("<answer>\n{text}\n</answer>");
    }
    if has(Fence) {
        text = format!("```json\n{text}\n```");
    }
    if has(BareFence) {
        text = format!("```\n{text}\n```");
    }
    if has(OpenFence) {
        text = format!("```json\n{text}");
    }
    if has(Earlier) {
        text = format!("{{\"draft\": 1}}\n\n{text}");
    }
    if has(Prose) {
        text = format!("Here is the JSON you asked for:\n\n{text}\n\nLet me know if it's what you need!");
    }
    if has(ProseWithBraces) {
        text = format!("I filled {{placeholder}} as in [1] and {{x}}:\n\n{text}\n\nThe set {{a, b}} is in [2].");
    }
    if has(Think) {
        text = format!("<think>\nPerhaps {{\"summary\": 0}}? No.\n</think>\n\n{text}");
    }
    if has(OrphanThink) {
        text = format!("Perhaps {{\"summary\": 0}}? No.\n</think>\n\n{text}");
    }
    if has(ByteOrderMark) {
        text = format!("\u{feff}{text}");
    }
    text
}

fn comes_back(value: &Value, faults: &[Fault]) -> Result<(), String> {
    let text = written(value, faults);
    match extract(&text) {
        Ok(extracted) => {
            let got = Value::from(extracted.value);
            if got == *value {
                Ok(())
            } else {
                Err(format!("{faults:?}\n{text}\n  got  {got}\n  want {value}"))
            }
        }
        Err(rejected) => Err(format!("{faults:?}\n{text}\n  {rejected}\n  want {value}")),
    }
}

/// The same values on every machine.
fn sample(count: usize) -> Vec<Value> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count)
        .map(|_| values().new_tree(&mut runner).expect("a value").current())
        .collect()
}

/// Wrong ones of all, and the share that came back.
fn measure(cases: impl Iterator<Item = (Value, Vec<Fault>)>) -> (Vec<String>, f64) {
    let (mut wrong, mut all) = (Vec::new(), 0usize);
    for (value, faults) in cases {
        all += 1;
        wrong.extend(comes_back(&value, &faults).err());
    }
    let share = 1.0 - wrong.len() as f64 / all as f64;
    (wrong, share)
}

#[test]
fn every_single_fault_is_repaired() {
    let sample = sample(150);
    let cases = sample
        .iter()
        .flat_map(|value| FAULTS.iter().map(|fault| (value.clone(), vec![*fault])));
    let (wrong, share) = measure(cases);
    assert!(
        wrong.is_empty(),
        "{share}\n{}",
        wrong[..wrong.len().min(12)].join("\n\n")
    );
}

#[test]
fn pairs_of_faults_are_repaired() {
    let sample = sample(24);
    let pairs: Vec<[Fault; 2]> = FAULTS
        .iter()
        .enumerate()
        .flat_map(|(index, one)| FAULTS[index + 1..].iter().map(|two| [*one, *two]))
        .filter(|[one, two]| !exclude_each_other(*one, *two))
        .collect();
    let cases = sample
        .iter()
        .flat_map(|value| pairs.iter().map(|pair| (value.clone(), pair.to_vec())));
    let (wrong, share) = measure(cases);
    assert!(share >= 0.995, "{share}\n{}", wrong[..wrong.len().min(12)].join("\n\n"));
}
