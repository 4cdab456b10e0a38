//! Markup as text: what is put between tags is escaped here and nowhere else.

/// Text between tags or in an attribute. What no page may hold (control characters, and marks that turn the direction of what
/// follows) is a space.
pub(super) fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    // No line ends between a currency and its amount.
    for c in plain.replace("R$ ", "R$\u{a0}").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text in which what stands between backticks is code.
pub(super) fn rich(plain: &str) -> String {
    let parts: Vec<&str> = plain.split('`').collect();
    let last = parts.len() - 1;
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        // A backtick without its fellow is itself.
        match at % 2 {
            1 if at < last => out += &format!("<code>{}</code>", text(part)),
            1 => out += &format!("`{}", text(part)),
            _ => out += &text(part),
        }
    }
    out
}

/// An element with a class and markup in it.
pub(super) fn element(tag: &str, class: &str, inner: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{}\"", text(class)) };
    format!("<{tag}{class}>{inner}</{tag}>\n")
}

/// A table of plain text: the first column names the row, the others are numbers.
pub(super) fn table<H: AsRef<str>>(heads: &[H], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for head in heads {
        out += &format!("<th scope=\"col\">{}</th>", text(head.as_ref()));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (at, cell) in row.iter().enumerate() {
            out += &if at == 0 {
                format!("<th scope=\"row\">{}</th>", text(cell))
            } else {
                format!("<td>{}</td>", text(cell))
            };
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n"
}

/// What opens on demand, and is all there on paper.
pub(super) fn details(summary: &str, inner: &str) -> String {
    format!("<details><summary>{}</summary>\n{inner}</details>\n", text(summary))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whatever_stands_in_a_text_is_text() {
        assert_eq!(
            text("<script>alert('x')</script> & \"co\"\u{7}\u{202e}"),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;co&quot;  "
        );
        assert_eq!(rich("run `vaivem <x>`, now"), "run <code>vaivem &lt;x&gt;</code>, now");
        assert_eq!(rich("a ` alone"), "a ` alone");
    }

    proptest! {
        #[test]
        fn any_text_parses_back(plain in ".{0,60}") {
            let marked = format!("<p title=\"{}\">{}</p>", text(&plain), rich(&plain));
            let parsed = roxmltree::Document::parse(&marked).unwrap();
            prop_assert!(parsed.root_element().has_attribute("title"));
        }
    }
}
