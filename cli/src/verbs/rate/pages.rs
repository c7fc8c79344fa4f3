//! Invoices as pages: a file for each.

use crate::args::RateFormat;
use crate::trouble::Trouble;
use price_documents as documents;
use price_documents::paper::{Envelope, Letterhead, Paper, html};
use price_driver::Compiled;
use price_ir::Invoice;
use std::path::{Path, PathBuf};

/// Writes a file for each invoice.
pub struct Pages {
    folder: PathBuf,
    format: RateFormat,
    letterhead: Letterhead,
}

impl Pages {
    /// Into a folder, which is made if need be.
    pub fn create(folder: Option<&str>, format: RateFormat, letterhead: Option<&str>) -> Result<Pages, Trouble> {
        let Some(folder) = folder else {
            return Err(
                Trouble::new("C120", "each invoice is a file of its own").help("name a folder with `--output DIR`")
            );
        };
        let letterhead = letterhead.map(read).transpose()?.unwrap_or_default();
        std::fs::create_dir_all(folder).map_err(|error| Trouble::write(folder, error))?;
        Ok(Pages { folder: folder.into(), format, letterhead })
    }

    /// Writes one.
    pub fn write(&self, invoice: &Invoice, compiled: &Compiled) -> Result<(), Trouble> {
        let body = documents::invoice(invoice, &compiled.plan, &compiled.source_map);
        let envelope =
            Envelope { title: "Invoice".into(), plan_hash: Some(compiled.hash.to_string()), ..Envelope::default() };
        let fault = |problem: String| Trouble::new("C121", format!("the page of `{}`: {problem}", invoice.account));
        let paper = Paper::new(&body, &envelope, &self.letterhead).map_err(|error| fault(error.to_string()))?;
        let (bytes, extension) = match self.format {
            RateFormat::Pdf => (price_pdf::pdf(&paper).map_err(fault)?, "pdf"),
            _ => (html(&paper).into_bytes(), "html"),
        };
        let path = self.folder.join(format!("{}-{}.{extension}", plain(&invoice.account), invoice.period.from));
        std::fs::write(&path, bytes).map_err(|error| Trouble::write(&path.display().to_string(), error))
    }
}

/// The letterhead of a file.
fn read(path: &str) -> Result<Letterhead, Trouble> {
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| Trouble::read(path, error))?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        Trouble::new("C122", format!("`{path}` is no letterhead: {}", error.message()))
            .help("it has `terms`, `language`, `[seller]` and `[buyers.ACCOUNT]` with name, address, tax_id, email")
    })
}

/// A name that is one of a file on every system; others have their letters replaced and a hash behind.
fn plain(account: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let kept: String = account.chars().take(80).map(|c| if fits(c) { c } else { '_' }).collect();
    if kept == account {
        return kept;
    }
    let hash = blake3::hash(account.as_bytes()).to_hex();
    format!("{kept}-{}", &hash[..8])
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn every_account_has_a_file_of_its_own() {
        assert_eq!(plain("acme-1"), "acme-1");
        let odd = ["../etc/passwd", "a/b", "a_b ", "a:b", "ä", "", "a\0b"].map(plain);
        assert!(odd.iter().all(|name| !name.contains(['/', '.', ':', '\0', ' '])), "{odd:?}");
        let apart: std::collections::BTreeSet<&String> = odd.iter().collect();
        assert_eq!(apart.len(), odd.len());
    }
}
