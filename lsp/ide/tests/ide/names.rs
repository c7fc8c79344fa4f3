//! What names mean.

use crate::examples;

#[test]
fn every_name_of_the_examples_leads_to_its_declaration() {
    let ide = examples();
    let mut left = Vec::new();
    for file in ide.files() {
        for span in ide.unresolved(file) {
            let text = ide.text(file);
            let line = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
            let end = text[span.end as usize..].find('\n').map_or(text.len(), |at| span.end as usize + at);
            let name = &text[span.start as usize..span.end as usize];
            left.push(format!(
                "{}: `{name}` in `{}`",
                ide.path(file).rsplit('/').next().unwrap_or_default(),
                text[line..end].trim()
            ));
        }
    }
    assert!(left.is_empty(), "{}\n{}", left.len(), left.join("\n"));
}
