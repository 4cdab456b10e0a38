//! The states of Brazil by their IBGE code (`cUF`) and their two letters (`UF`).

/// Code and letters (IBGE; the NF-e schema's `TCodUfIBGE`).
const STATES: [(u32, &str); 27] = [
    (11, "RO"),
    (12, "AC"),
    (13, "AM"),
    (14, "RR"),
    (15, "PA"),
    (16, "AP"),
    (17, "TO"),
    (21, "MA"),
    (22, "PI"),
    (23, "CE"),
    (24, "RN"),
    (25, "PB"),
    (26, "PE"),
    (27, "AL"),
    (28, "SE"),
    (29, "BA"),
    (31, "MG"),
    (32, "ES"),
    (33, "RJ"),
    (35, "SP"),
    (41, "PR"),
    (42, "SC"),
    (43, "RS"),
    (50, "MS"),
    (51, "MT"),
    (52, "GO"),
    (53, "DF"),
];

/// The letters of a state; `None` when there is no state with that code.
pub(super) fn letters(code: u32) -> Option<&'static str> {
    STATES.iter().find(|(known, _)| *known == code).map(|(_, letters)| *letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_letters_are_unique() {
        let codes: std::collections::BTreeSet<u32> = STATES.iter().map(|(code, _)| *code).collect();
        let names: std::collections::BTreeSet<&str> = STATES.iter().map(|(_, name)| *name).collect();
        assert_eq!((codes.len(), names.len()), (27, 27));
        assert_eq!(letters(35), Some("SP"));
        assert_eq!(letters(99), None);
    }
}
