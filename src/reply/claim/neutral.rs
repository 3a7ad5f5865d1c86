//! Advice and guesses: what shall be done or may be so is nothing that data could confirm.

use std::sync::LazyLock;

use regex::Regex;

use crate::reply::pattern::pattern;

static ADVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)^[\s>*-]*(?:\(?\d{1,2}[.)]\s|\[\w{1,4}\]\s|\**(?:finding|insight|note|item|point|recommendation|next\ step)s?\s?\#?\d*\s?[:.]\**\s*)?[*\s]*
        (?:add|adjust|aim|allocate|analy[sz]e|ask|assess|assign|audit|automate|avoid|benchmark|bring|build|bundle|cap|check|clean|collect|communicate|compare|conduct|confirm|consider|continue|create|cut|define|deploy
        |design|develop|discuss|document|double-check|encourage|ensure|escalate|establish|evaluate|examine|exclude|expect|experiment|explore|extend|fix|focus|follow|gather|give|hire|hold|identify|implement|improve|include
        |increase|interview|introduce|invest|investigate|invite|keep|launch|let|limit|locali[sz]e|look|maintain|make|map|migrate|monitor|move|negotiate|notify|offer|optimi[sz]e|pause|personali[sz]e|pilot|plan|postpone|prepare
        |prioriti[sz]e|promote|protect|provide|publish|raise|reach\ out|reallocate|reassess|recheck|reconsider|redesign|reduce|refresh|remove|repeat|replace|request|research|retain|retest|review|revisit|reward|roll
        |run|schedule|send|set|shift|ship|simplify|split|start|stop|streamline|strengthen|study|survey|switch|take|talk|test|tighten|track|train|try|tune|update|upgrade|use|validate|verify|wait|watch|if|when|once|hypothesis|perhaps|maybe)\b",
    )
});

static PERHAPS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:should|could|would|might|may|must|will|recommend(?:ed)?|suggest(?:ed)?|propose|needs? to|let's|plan to|goal|target|hypothes[ie]s|plausible|possibl[ey]|perhaps|maybe|likely|probably|unclear|potential|explanation|assum(?:e|ing)|expect(?:ed)? to|next (?:week|month|quarter|year|sprint))\b",
    )
});

/// A clause that only comments on what stands before it.
static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r",\s(?:which|so)\s[^.;]*|\b(?:should|must) (?:know|note|see|be aware|be noted|bear in mind)\b|\b(?:(?:you|we|one|anyone|readers) (?:will|would|can) (?:find|see|notice))\b|\b(?:may|might|will) (?:recall|remember|notice)\b",
    )
});

pub(in crate::reply) fn is_advice(text: &str) -> bool {
    // "Take 7 July as an example".
    const FINDS: [&str; 5] = [" as an example", "you will find", "you will see", "you find", "you see"];
    let is_example = FINDS.iter().any(|words| text.contains(words));
    ADVICE.is_match(text) && !is_example || PERHAPS.is_match(&COMMENT.replace_all(text, ""))
}
