//! Finds the records of a JSON document: the elements of one array, or objects one after
//! another, each over as many lines as it likes.
//!
//! Only finds where a record begins and ends; [`super::scan`] checks it.

/// State between two pieces of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Before the first token.
    Start,
    /// Inside the outer array, where an element may begin (`comma`: one must come first).
    Array { comma: bool, some: bool },
    /// Between objects that follow each other.
    Stream,
    /// Behind the array's end.
    End,
}

/// What was found at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record: its bytes in the buffer.
    Record(usize, usize),
    /// The buffer ends inside a record that begins here, or between records.
    More(usize),
    /// Something that fits nowhere, at this byte.
    Broken(usize, &'static str),
}

/// Finds the next record in `bytes` from `at` on.
pub(crate) fn next(state: &mut State, bytes: &[u8], mut at: usize) -> Step {
    loop {
        let Some(byte) = bytes.get(at) else { return Step::More(at) };
        match (byte, *state) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => at += 1,
            (b'[', State::Start) => {
                *state = State::Array { comma: false, some: false };
                at += 1;
            }
            (b']', State::Array { comma, some }) if comma || !some => {
                *state = State::End;
                at += 1;
            }
            (b',', State::Array { comma: true, .. }) => {
                *state = State::Array { comma: false, some: true };
                at += 1;
            }
            (b'{', State::Start | State::Stream | State::Array { comma: false, .. }) => {
                let Some(end) = end_of(bytes, at) else { return Step::More(at) };
                *state = match state {
                    State::Array { .. } => State::Array { comma: true, some: true },
                    _ => State::Stream,
                };
                return Step::Record(at, end);
            }
            (_, State::End) => return Step::Broken(at, "something follows the array"),
            (_, State::Array { comma: true, .. }) => return Step::Broken(at, "`,` or `]` should stand here"),
            _ => return Step::Broken(at, "an event `{…}` should stand here"),
        }
    }
}

/// The end of the object that begins at `at`, counting brackets outside texts.
fn end_of(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (offset, byte) in bytes[at..].iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<&str>, Option<&'static str>, State) {
        let (mut state, mut at, mut out) = (State::Start, 0, Vec::new());
        loop {
            match next(&mut state, text.as_bytes(), at) {
                Step::Record(from, to) => {
                    out.push(&text[from..to]);
                    at = to;
                }
                Step::More(_) => return (out, None, state),
                Step::Broken(_, what) => return (out, Some(what), state),
            }
        }
    }

    #[test]
    fn elements_and_streams() {
        assert_eq!(all("[ ]"), (vec![], None, State::End));
        assert_eq!(all("[{\"a\":\"}]\\\"\"} ,\n{}]\n").0, ["{\"a\":\"}]\\\"\"}", "{}"]);
        assert_eq!(all("{}\n{\"a\":[{}]}").0.len(), 2);
        assert!(all("[{},]").1.is_some());
        assert!(all("[{}{}]").1.is_some());
        assert!(all("[1]").1.is_some());
        assert!(all("[{}] x").1.is_some());
        assert_eq!(all("[{}, {").2, State::Array { comma: false, some: true });
    }
}
