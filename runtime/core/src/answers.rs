//! Answers as bytes, for those that are kept.

use crate::command::Answer;

/// Codes of refusals, as they may be kept.
const CODES: [&str; 32] = [
    "S003", "S010", "S011", "S012", "S013", "S014", "S015", "S016", "S017", "S018", "S019", "S020", "S021", "S028",
    "S025", "S037", "S040", "S041", "S042", "S043", "S044", "S045", "S046", "S050", "S051", "S052", "S053", "S054",
    "S055", "S056", "S060", "S061",
];

const ACCEPTED: u8 = 0;
const DUPLICATE: u8 = 1;
const CONFLICT: u8 = 2;
const REJECTED: u8 = 3;
const REFUSED: u8 = 4;

/// Answers to plain commands as bytes.
pub(crate) fn bytes(answers: &[Answer]) -> Vec<u8> {
    let mut out = Vec::with_capacity(answers.len() * 10);
    let number = |out: &mut Vec<u8>, number: u64| out.extend_from_slice(&number.to_le_bytes());
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    for answer in answers {
        match answer {
            Answer::Accepted { seq } => {
                out.push(ACCEPTED);
                number(&mut out, *seq);
            }
            Answer::Duplicate { seq } => {
                out.push(DUPLICATE);
                number(&mut out, *seq);
            }
            Answer::Conflict { first, seq } => {
                out.push(CONFLICT);
                number(&mut out, *first);
                number(&mut out, *seq);
            }
            Answer::Rejected { seq, code, message } => {
                out.push(REJECTED);
                number(&mut out, *seq);
                text(&mut out, code);
                text(&mut out, message);
            }
            Answer::Refused { code, message } => {
                out.push(REFUSED);
                text(&mut out, code);
                text(&mut out, message);
            }
            Answer::Ticked { .. } | Answer::Once { .. } => {
                unreachable!("answers under a key are those to plain commands")
            }
        }
    }
    out
}

/// The answers of such bytes; none where they are damaged, or of a later release.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Vec<Answer>> {
    fn number(bytes: &mut &[u8]) -> Option<u64> {
        let (head, rest) = bytes.split_first_chunk::<8>()?;
        *bytes = rest;
        Some(u64::from_le_bytes(*head))
    }
    fn text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
        let (head, rest) = bytes.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*head) as usize)?;
        *bytes = rest;
        std::str::from_utf8(text).ok()
    }
    let mut answers = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        answers.push(match *kind {
            ACCEPTED => Answer::Accepted { seq: number(&mut bytes)? },
            DUPLICATE => Answer::Duplicate { seq: number(&mut bytes)? },
            CONFLICT => Answer::Conflict { first: number(&mut bytes)?, seq: number(&mut bytes)? },
            REJECTED => {
                let seq = number(&mut bytes)?;
                let (code, message) = (text(&mut bytes)?.to_owned(), text(&mut bytes)?.to_owned());
                Answer::Rejected { seq, code, message }
            }
            REFUSED => {
                let code = text(&mut bytes)?;
                let code = CODES.into_iter().find(|known| *known == code)?;
                Answer::Refused { code, message: text(&mut bytes)?.to_owned() }
            }
            _ => return None,
        });
    }
    Some(answers)
}

/// The same bytes with spaces for the messages of what was rejected, which may quote it.
pub(crate) fn without_messages(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut answers = read(bytes)?;
    for answer in &mut answers {
        if let Answer::Rejected { message, .. } = answer {
            *message = " ".repeat(message.len());
        }
    }
    Some(self::bytes(&answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_and_damage_is_told() {
        let mut all = vec![
            Answer::Accepted { seq: 7 },
            Answer::Duplicate { seq: u64::MAX },
            Answer::Conflict { first: 1, seq: 2 },
            Answer::Rejected { seq: 3, code: "R007".into(), message: "…".into() },
        ];
        all.extend(CODES.map(|code| Answer::Refused { code, message: code.repeat(3) }));
        let bytes = bytes(&all);
        assert_eq!(read(&bytes), Some(all.clone()));
        let whole: Vec<Option<usize>> = (0..bytes.len()).map(|cut| read(&bytes[..cut]).map(|a| a.len())).collect();
        assert_eq!(whole.iter().flatten().count(), all.len(), "only between two answers");
        assert_eq!(read(&[9]), None);
    }

    #[test]
    fn every_code_that_refuses_can_be_kept() {
        let sources = [
            include_str!("machine.rs"),
            include_str!("control.rs"),
            include_str!("erasure/mod.rs"),
            include_str!("once.rs"),
            include_str!("billing/command.rs"),
            include_str!("enforce/decide.rs"),
            include_str!("notify/decide.rs"),
        ];
        for source in sources {
            for (at, _) in source.match_indices("\"S0") {
                let code = &source[at + 1..at + 5];
                assert!(CODES.contains(&code), "{code}");
            }
        }
    }
}
