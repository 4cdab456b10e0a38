//! Fiscal XML: read with roxmltree after a look at its shape, and walked by element names that also serve in messages.

use crate::lang::word;
use std::fmt::Display;

use roxmltree::{Document, Error, Node, ParsingOptions};

use super::DocumentError;
use super::text::{excerpt, is_filler};

/// The namespace of NF-e and its events, whatever its prefix (MOC 7.0).
const NAMESPACE: &str = "http://www.portalfiscal.inf.br/nfe";
/// The namespace of XML signatures.
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Far beyond what any fiscal document has, and low enough that reading stays in proportion to the size of the file:
/// the reader compares the attributes of an element with each other, and carries namespaces down from element to
/// element.
const MAX_DEPTH: usize = 64;
const MAX_ATTRIBUTES: usize = 32;
const MAX_NAMESPACES: usize = 512;
const MAX_ELEMENTS: usize = 400_000;

/// Reads XML that was decoded. Blanks around it are no part of it: programs leave an empty line before the declaration.
pub(super) fn parse(text: &str) -> Result<Document<'_>, DocumentError> {
    let text = text.trim_matches(is_filler);
    check_shape(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 1_000_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| broken(text, &error))
}

/// One look at the tags before anything is built from them.
fn check_shape(text: &str) -> Result<(), DocumentError> {
    let (mut depth, mut elements, mut namespaces, mut roots) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some((open, close)) =
            [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].into_iter().find(|(open, _)| rest.starts_with(open))
        {
            let inside = &rest[open.len()..];
            rest = inside.find(close).map_or("", |end| &inside[end + close.len()..]);
            continue;
        }
        if rest.starts_with("<!") {
            return Err(DocumentError::Doctype);
        }
        let (length, attributes) = measure_tag(rest);
        let (tag, after) = rest.split_at(length);
        rest = after;
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
            continue;
        }
        roots += usize::from(depth == 0);
        elements += 1;
        depth += usize::from(!tag.ends_with('/'));
        namespaces += tag.matches("xmlns").count();
        for (many, what) in [
            (depth > MAX_DEPTH, word!("elements inside each other" | "elementos aninhados")),
            (elements > MAX_ELEMENTS, "elements"),
            (namespaces > MAX_NAMESPACES, "namespaces"),
            (attributes > MAX_ATTRIBUTES, "attributes"),
        ] {
            if many {
                return Err(DocumentError::XmlShape { what });
            }
        }
    }
    if roots > 1 { Err(DocumentError::SeveralDocuments) } else { Ok(()) }
}

/// Bytes of a tag up to its `>`, which is left out, and its attributes. A `>` in quotes does not end it; a `<` does,
/// for the reader stops there.
fn measure_tag(text: &str) -> (usize, usize) {
    let mut quote = None;
    let mut attributes = 0;
    for (at, b) in text.bytes().enumerate().skip(1) {
        match (quote, b) {
            (_, b'<') | (None, b'>') => return (at, attributes),
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'=') => attributes += 1,
            (Some(open), b) if open == b => quote = None,
            _ => {}
        }
    }
    (text.len(), attributes)
}

fn broken(text: &str, error: &Error) -> DocumentError {
    // The reader names no place for what is missing at the end.
    let at_end = matches!(error, Error::UnexpectedEndOfStream | Error::UnclosedRootNode | Error::NoRootNode);
    let (line, column) = if at_end {
        let last = text.lines().last().unwrap_or_default();
        (text.lines().count(), last.chars().count() + 1)
    } else {
        let at = error.pos();
        (usize::try_from(at.row).unwrap_or(0), usize::try_from(at.col).unwrap_or(0))
    };
    match error {
        Error::DtdDetected => DocumentError::Doctype,
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
            DocumentError::XmlShape { what: "elements" }
        }
        _ => DocumentError::BrokenXml {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            detail: excerpt(&error.to_string()),
        },
    }
}

/// An element. Children are named by a path for messages, such as `ide/nNF`, of which the last part is the child's
/// name.
#[derive(Clone, Copy)]
pub(super) struct Element<'a>(Node<'a, 'a>);

impl<'a> Element<'a> {
    /// The root, when it is in the namespace of NF-e.
    pub(super) fn root(document: &'a Document<'a>) -> Option<Self> {
        Some(Self(document.root_element())).filter(|root| root.0.tag_name().namespace() == Some(NAMESPACE))
    }

    /// The name without its prefix.
    pub(super) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// All children of that name.
    pub(super) fn children(self, path: &'static str) -> impl Iterator<Item = Self> {
        let name = last(path);
        self.0.children().filter(move |node| node.has_tag_name((NAMESPACE, name))).map(Self)
    }

    /// The child of that name. Two of what must be one are refused: readers would not agree on which counts.
    pub(super) fn child(self, path: &'static str) -> Result<Option<Self>, DocumentError> {
        let mut found = self.children(path);
        let first = found.next();
        match found.next() {
            Some(_) => Err(bad(path, word!("it stands there more than once" | "aparece mais de uma vez"))),
            None => Ok(first),
        }
    }

    /// The child of that name, which must be there.
    pub(super) fn need(self, path: &'static str) -> Result<Self, DocumentError> {
        self.child(path)?.ok_or(DocumentError::MissingElement { element: path })
    }

    /// The trimmed text of a child; blank is `None`.
    pub(super) fn text(self, path: &'static str) -> Result<Option<String>, DocumentError> {
        Ok(self.child(path)?.and_then(Self::own_text))
    }

    /// The text of a child that must have one.
    pub(super) fn need_text(self, path: &'static str) -> Result<String, DocumentError> {
        self.text(path)?.ok_or(DocumentError::MissingElement { element: path })
    }

    /// A child's text as a value; a blank one is `None`, a wrong one an error.
    pub(super) fn read<T, E: Display>(
        self,
        path: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, DocumentError> {
        self.text(path)?.map(|text| parse(&text).map_err(|error| bad(path, error))).transpose()
    }

    /// As [`Self::read`], for what must be there.
    pub(super) fn need_read<T, E: Display>(
        self,
        path: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, DocumentError> {
        self.read(path, parse)?.ok_or(DocumentError::MissingElement { element: path })
    }

    /// An attribute's value.
    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }

    /// The digest in the signature that stands in this element.
    pub(super) fn signed_digest(self) -> Option<String> {
        let find = |node: Node<'a, 'a>, name| node.children().find(|child| child.has_tag_name((SIGNATURE, name)));
        let info = find(find(self.0, "Signature")?, "SignedInfo")?;
        Self(find(find(info, "Reference")?, "DigestValue")?).own_text()
    }

    /// Text in pieces (around a comment, in CDATA) is one text, as it is for a signature.
    pub(super) fn own_text(self) -> Option<String> {
        let pieces = self.0.children().filter(Node::is_text).filter_map(|node| node.text());
        let text: String = pieces.collect();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// An element whose text is wrong.
pub(super) fn bad(element: &'static str, reason: impl Display) -> DocumentError {
    DocumentError::BadElement { element, reason: reason.to_string() }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> DocumentError {
        parse(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn hostile_shapes_are_refused_before_they_cost_anything() {
        let started = std::time::Instant::now();
        let deep = "<a>".repeat(1_000_000);
        assert_eq!(error(&deep), DocumentError::XmlShape { what: "elements inside each other" });
        let attributes: String = (0..200_000).map(|i| format!(" a{i}='1'")).collect();
        assert_eq!(error(&format!("<a{attributes}/>")), DocumentError::XmlShape { what: "attributes" });
        let namespaces: String = (0..600).map(|i| format!("<a xmlns:n{i}='u{i}'/>")).collect();
        assert_eq!(error(&format!("<r>{namespaces}</r>")), DocumentError::XmlShape { what: "namespaces" });
        let many = "<a/>".repeat(1_000_000);
        assert_eq!(error(&format!("<r>{many}</r>")), DocumentError::XmlShape { what: "elements" });
        for unclosed in ["<!--", "<![CDATA[", "<?x ", "<a b='", "<a b=\"<"] {
            assert!(error(&format!("<r>{}", unclosed.repeat(300_000))).code().starts_with("xml_"), "{unclosed}");
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    #[test]
    fn the_largest_files_that_pass_are_read_in_proportion() {
        let size = crate::documents::text::MAX_XML_BYTES;
        let fill = |unit: &str| unit.repeat((size - 100) / unit.len());
        let attributes: String = (0..30).map(|i| format!(" a{i}=''")).collect();
        let namespaces: String = (0..30).map(|i| format!(" xmlns:n{i}='u'")).collect();
        let nested: String = (0..16).map(|_| format!("<a{namespaces}>")).collect();
        for (name, text) in [
            ("elements", format!("<r>{}</r>", "<a/>".repeat(399_000))),
            ("references", format!("<r>{}</r>", fill("&amp;"))),
            ("character data", format!("<r>{}</r>", fill("<![CDATA[x]]>"))),
            ("comments", format!("<r>{}</r>", fill("x<!---->"))),
            ("attributes", format!("<r>{}</r>", fill(&format!("<a{attributes}/>")))),
            ("namespaces", format!("{nested}{}{}", "<n29:a/>".repeat(399_000), "</a>".repeat(16))),
        ] {
            let started = std::time::Instant::now();
            let _ = parse(&text);
            assert!(started.elapsed().as_secs() < 20, "{name}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn document_types_are_refused_wherever_they_stand() {
        for text in
            ["<!DOCTYPE a><a/>", "<?xml version='1.0'?> <!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a/><!DOCTYPE a>"]
        {
            assert_eq!(error(text), DocumentError::Doctype, "{text}");
        }
        assert!(parse("<a><![CDATA[<!DOCTYPE a>]]><!-- <!DOCTYPE a> --></a>").is_ok());
    }

    #[test]
    fn several_documents_in_one_file() {
        assert_eq!(error("<a><b/></a>\n<a/>"), DocumentError::SeveralDocuments);
        assert_eq!(error("<?xml version='1.0'?><a/><?xml version='1.0'?><a></a>"), DocumentError::SeveralDocuments);
    }

    #[test]
    fn the_place_of_a_cut_is_its_end() {
        let DocumentError::BrokenXml { line, column, .. } = error("<a>\n<b>12") else { panic!("broken") };
        assert_eq!((line, column), (2, 6));
    }

    #[test]
    fn elements_by_name_and_namespace() {
        let text = format!(
            "<n:r xmlns:n='{NAMESPACE}'>\
             <n:a> 1<!-- 2 -->3<![CDATA[4]]> </n:a><a>no</a><n:b/><n:c>1</n:c><n:c>2</n:c></n:r>"
        );
        let document = parse(&text).unwrap();
        let root = Element::root(&document).unwrap();
        assert_eq!(root.text("r/a").unwrap().as_deref(), Some("134"));
        assert_eq!(root.text("r/b").unwrap(), None);
        assert_eq!(root.need_text("r/b"), Err(DocumentError::MissingElement { element: "r/b" }));
        assert_eq!(root.text("r/c").unwrap_err().code(), "xml_bad_element");
        assert!(Element::root(&parse("<r/>").unwrap()).is_none());
    }
}
