//! `.price.md`: prose with fenced blocks, of which only the ones marked `price` are read.

use std::ops::Range;

/// The insides of the fenced `price` blocks, in order.
///
/// A fence is three or more backticks or tildes, indented by at most three spaces; its block
/// ends with a fence at least as long, or with the file. All blocks of a file are one module.
pub(crate) fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    // The sign and length of the open fence, and where its block starts if it is ours.
    let mut open: Option<(char, usize, Option<usize>)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        let fence = fence(line);
        match (open, fence) {
            (None, Some((sign, length, info))) => {
                let ours = info.split_whitespace().next() == Some("price");
                open = Some((sign, length, ours.then_some(next)));
            }
            (Some((sign, length, start)), Some((other, long, info)))
                if sign == other && long >= length && info.trim().is_empty() =>
            {
                blocks.extend(start.map(|start| start..at));
                open = None;
            }
            _ => {}
        }
        at = next;
    }
    if let Some((_, _, Some(start))) = open {
        blocks.push(start..text.len());
    }
    blocks
}

fn fence(line: &str) -> Option<(char, usize, &str)> {
    let body = line.trim_start_matches(' ');
    let sign = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = body.chars().take_while(|c| *c == sign).count();
    let info = body[length..].trim_end();
    let is_fence = length >= 3 && line.len() - body.len() <= 3 && !(sign == '`' && info.contains('`'));
    is_fence.then_some((sign, length, info))
}

/// The text with everything outside the fenced `price` blocks turned into spaces.
///
/// Line ends and offsets stay, so that the result can be parsed and its findings shown in the
/// file as it is.
#[must_use]
pub fn blank_prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let blank = |out: &mut String, prose: &str| {
        out.extend(prose.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    };
    for block in blocks(text) {
        blank(&mut out, &text[done..block.start]);
        out.push_str(&text[block.clone()]);
        done = block.end;
    }
    blank(&mut out, &text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::blank_prose;

    #[test]
    fn only_price_fences_are_read_and_offsets_stay() {
        let text = "Ein Präfix\n```price\nlet a = 1\n```\n~~~text\nlet b = 2\n~~~\n````price x\n```\nlet c = 3\n````\n";
        let read = blank_prose(text);
        assert_eq!(read.len(), text.len());
        assert_eq!(read.find("let a"), text.find("let a"));
        assert!(!read.contains("let b"));
        assert!(read.contains("let c = 3\n"));
        assert!(read.contains("```\nlet c"), "a shorter fence does not end a block");
    }
}
