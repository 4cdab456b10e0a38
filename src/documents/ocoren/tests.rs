use proptest::prelude::*;

use super::*;
use crate::documents::{Document, recognise};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/ocoren/", $name, ".txt")).as_slice()
    };
}

const MIXED_31: &[u8] = sample!("ocoren31-mixed");
const LATIN: &[u8] = sample!("ocoren31-latin1-trimmed-right");
const SHIFTED: &[u8] = sample!("ocoren31-shifted-3digit-code");
const MIXED_50: &[u8] = sample!("ocoren50-mixed");
const TRUNCATED: &[u8] = sample!("ocoren50-truncated-line");
const WRONG_TOTAL: &[u8] = sample!("ocoren50-wrong-total-549");

fn read(bytes: &[u8]) -> Ocoren {
    match recognise(bytes) {
        Ok(Document::Ocoren(file)) => file,
        other => panic!("{other:?}"),
    }
}

fn store() -> TaxId {
    TaxId::parse("12345678000195").unwrap()
}

fn outcomes(file: &Ocoren) -> Vec<(u32, u16, Outcome)> {
    let table = CodeTable::default();
    file.occurrences.iter().map(|o| (o.invoice.number, o.code, o.outcome(&table))).collect()
}

fn known(text: &str) -> Option<Moment> {
    Some(Moment { at: text.parse().unwrap(), time_known: true })
}

fn day(text: &str) -> Option<Moment> {
    Some(Moment::local(text.parse().unwrap(), None))
}

fn warning_codes(file: &Ocoren) -> Vec<&'static str> {
    file.warnings.iter().map(Warning::code).collect()
}

/// A 3.1 file with these occurrence lines.
fn file_31(lines: &[String]) -> Vec<u8> {
    let header = "000TRANSPORTADORA FICTICIA            LOJA FICTICIA LTDA                 2010261030OCO201010300";
    format!("{header}\n340OCORR\n34198765432000198TRANSPORTADORA\n{}\n", lines.join("\n")).into_bytes()
}

/// An occurrence line of 3.1 for invoice 1001, series 1.
fn line_31(code: &str, date: &str, hour: &str, observation: &str) -> String {
    format!("3421234567800019500100001001{code}{date}{hour}{observation}TEXTO")
}

#[test]
fn mixed_31() {
    let file = read(MIXED_31);
    assert_eq!(file.written_at, known("2026-10-20T13:30:00Z"));
    assert_eq!(file.exchange.as_deref(), Some("OCO201010300"));
    assert_eq!(
        outcomes(&file),
        [
            (1001, 1, Outcome::DeliveredWithRemarks),
            (1002, 21, Outcome::AttemptFailed),
            (1003, 25, Outcome::Returned),
            (1004, 2, Outcome::Delivered),
            (1004, 99, Outcome::Other(99)),
        ]
    );
    let first = &file.occurrences[0];
    assert_eq!((first.line, first.layout), (4, Layout::V31));
    assert_eq!(first.carrier, TaxId::parse("98765432000198").ok());
    assert_eq!(first.carrier_name.as_ref().map(CarrierName::as_str), Some("TRANSPORTADORA FICTICIA"));
    assert_eq!(first.invoice, InvoiceReference { issuer: Some(store()), series: Some("1".into()), number: 1001 });
    assert_eq!(first.at, known("2026-10-19T17:32:00Z"));
    assert_eq!(first.text.as_ref().map(PrivateText::as_str), Some("RECEBIDO POR FULANO"));
    assert_eq!(first.observation, Some(Observation::AcceptedByAgreement));
    assert_eq!(file.occurrences[2].observation, Some(Observation::AllReturned));
    assert_eq!(file.occurrences[4].at, day("2026-10-20"), "no hour");
    assert!(!file.is_suspicious());
}

#[test]
fn latin1_and_blanks_cut() {
    let file = read(LATIN);
    assert_eq!(outcomes(&file), [(1001, 1, Outcome::Delivered)]);
    assert_eq!(file.occurrences[0].text.as_ref().map(PrivateText::as_str), Some("RECEBIDO POR JOÃO DA CONCEIÇÃO"));
    assert!(!file.is_suspicious());
    let utf8 = encoding_rs::WINDOWS_1252.decode(LATIN).0;
    assert_eq!(read(utf8.as_bytes()), file, "positions count characters");
}

#[test]
fn shifted_31() {
    let file = read(SHIFTED);
    assert_eq!(outcomes(&file), [(1001, 1, Outcome::Delivered)]);
    let occurrence = &file.occurrences[0];
    assert_eq!((occurrence.at, occurrence.observation), (known("2026-10-19T17:32:00Z"), None));
    assert_eq!(occurrence.text.as_ref().map(PrivateText::as_str), Some("CODIGO COM 3 DIGITOS"));
    assert_eq!(file.warnings, [Warning::Shifted { line: 4 }]);
    assert!(!file.is_suspicious());
}

#[test]
fn mixed_50() {
    let file = read(MIXED_50);
    assert_eq!(
        outcomes(&file),
        [
            (1001, 1, Outcome::Delivered),
            (1002, 104, Outcome::InTransit),
            (1003, 105, Outcome::Delivered),
            (1004, 25, Outcome::Returned),
            (123_456_789, 91, Outcome::InTransit),
        ]
    );
    let [first, .., returned, _] = file.occurrences.as_slice() else { panic!("five") };
    assert_eq!(first.text.as_ref().map(PrivateText::as_str), Some("RECEBIDO POR FULANO DE TAL"));
    assert_eq!(first.shipments, ["OC-000123"]);
    assert_eq!(first.return_invoice, None);
    assert_eq!(returned.text, None);
    assert_eq!(returned.observation, Some(Observation::ReturnedWithInvoice));
    let back = InvoiceReference { issuer: Some(store()), series: Some("1".into()), number: 777 };
    assert_eq!(returned.return_invoice, Some(back));
    assert_eq!((file.warning_count, file.is_suspicious()), (0, false));
}

#[test]
fn a_cut_line_is_no_occurrence() {
    assert_eq!(recognise(TRUNCATED), Err(DocumentError::NoOccurrences { bad_lines: 1 }));
    // The same cut behind good lines: they count, and the file is suspicious.
    let mut bytes = MIXED_50.to_vec();
    bytes.truncate(bytes.len() - 252 * 2 + 40);
    let file = read(&bytes);
    assert_eq!(file.occurrences.len(), 4);
    assert_eq!(warning_codes(&file), ["ocoren_bad_line", "ocoren_no_total"]);
    assert!(file.is_suspicious());
}

#[test]
fn a_total_that_differs_makes_the_file_suspicious() {
    let file = read(WRONG_TOTAL);
    assert_eq!(file.occurrences, read(MIXED_50).occurrences);
    assert_eq!(file.warnings, [Warning::WrongTotal { line: 10, told: 9, counted: 5 }]);
    assert!(file.is_suspicious());
}

#[test]
fn a_cut_observation_is_not_taken_for_none() {
    // `01` delivered with `01` all returned, of which the last digit was cut off with the end of the file.
    let text = String::from_utf8(file_31(&[line_31("01", "19102026", "1432", "01")])).unwrap();
    let cut = &text[..text.find("1432").unwrap() + 5];
    assert_eq!(recognise(cut.as_bytes()), Err(DocumentError::NoOccurrences { bad_lines: 1 }));
}

#[test]
fn observations_of_a_return_take_the_delivery_away() {
    for (observation, outcome) in [
        ("00", Outcome::Delivered),
        ("  ", Outcome::Delivered),
        ("01", Outcome::DeliveryDisputed),
        ("02", Outcome::DeliveryDisputed),
        ("03", Outcome::DeliveredWithRemarks),
        ("04", Outcome::DeliveryDisputed),
        ("09", Outcome::DeliveryDisputed),
    ] {
        let file = read(&file_31(&[line_31("01", "19102026", "1432", observation)]));
        assert_eq!(outcomes(&file), [(1001, 1, outcome)], "{observation}");
    }
}

#[test]
fn hours_that_are_none() {
    for (hour, warned) in [("    ", false), ("0000", false), ("2400", false), ("2561", true), ("AB12", true)] {
        let file = read(&file_31(&[line_31("01", "19102026", hour, "00")]));
        assert_eq!(file.occurrences[0].at, day("2026-10-19"), "{hour}");
        assert_eq!(!file.warnings.is_empty(), warned, "{hour}");
    }
    let evening = read(&file_31(&[line_31("01", "19102026", "2330", "00")]));
    assert_eq!(evening.occurrences[0].at.unwrap().date().to_string(), "2026-10-19");
}

#[test]
fn lines_that_cannot_be_trusted_are_left_out_and_told() {
    let good = line_31("01", "19102026", "1432", "00");
    for (bad, problem) in [
        (line_31("01", "99992026", "1432", "00"), RecordProblem::Date),
        (line_31("XX", "19102026", "1432", "00"), RecordProblem::Code),
        (line_31("01", "19102026", "1432", "TX"), RecordProblem::Observation),
        (good.replace("12345678000195", "12345678000190"), RecordProblem::Issuer),
        (good.replace("00001001", "00000000"), RecordProblem::Number),
    ] {
        let file = read(&file_31(&[bad, good.clone()]));
        assert_eq!(file.warnings, [Warning::BadLine { line: 4, problem }]);
        assert_eq!((file.occurrences.len(), file.bad_lines), (1, 1));
    }
}

#[test]
fn warnings_are_bounded_and_counted() {
    let bad = line_31("XX", "19102026", "1432", "00");
    let mut lines = vec![bad; 1_000];
    lines.push(line_31("01", "19102026", "1432", "00"));
    let file = read(&file_31(&lines));
    assert_eq!((file.warnings.len(), file.warning_count), (Ocoren::WARNINGS_KEPT, 1_000));
}

#[test]
fn which_invoice_is_meant() {
    let line = line_31("01", "19102026", "1432", "00");
    let one = |line: &str| read(&file_31(&[line.to_owned()])).occurrences.remove(0);
    let full = one(&line);
    assert!(full.names(&store(), 1, 1001) && !full.names(&store(), 2, 1001) && !full.names(&store(), 1, 1002));
    assert!(full.names(&store(), 1, 300_001_001), "3.1 has no room for a ninth digit");
    let other = TaxId::parse("34028316000103").unwrap();
    assert!(!full.names(&other, 1, 1001));
    let anonymous = one(&line.replace("12345678000195", "00000000000000"));
    assert_eq!(anonymous.invoice.issuer, None);
    assert!(anonymous.names(&store(), 1, 1001) && anonymous.names(&other, 1, 1001));
    assert!(one(&line.replace("00195001", "001951  ")).names(&store(), 1, 1001));
    let without_series = one(&line.replace("00195001", "00195   "));
    assert!(without_series.names(&store(), 7, 1001));
    let letters = one(&line.replace("12345678000195", "12ABC34501DE35"));
    assert!(letters.names(&TaxId::parse("12ABC34501DE35").unwrap(), 1, 1001));
    let person = one(&line.replace("12345678000195", "00052998224725"));
    assert_eq!(person.invoice.issuer, TaxId::parse("52998224725").ok());
    let nine = read(MIXED_50).occurrences.pop().unwrap();
    assert!(nine.names(&store(), 1, 123_456_789) && !nine.names(&store(), 1, 23_456_789));
}

#[test]
fn dates_that_cannot_be_are_the_files() {
    let at = |text: &str| text.parse::<Instant>().unwrap();
    let (issued, now) = (at("2026-10-16T01:40:10Z"), at("2026-10-21T12:00:00Z"));
    for (date, day, source) in [
        ("19102026", "2026-10-19", DateSource::Record),
        ("15102026", "2026-10-15", DateSource::Record),
        ("14102026", "2026-10-20", DateSource::File),
        ("22102026", "2026-10-22", DateSource::Record),
        ("23102026", "2026-10-20", DateSource::File),
        ("00000000", "2026-10-20", DateSource::File),
    ] {
        let file = read(&file_31(&[line_31("01", date, "1432", "00")]));
        let (moment, from) = file.occurrences[0].date(&file, issued, now).unwrap();
        assert_eq!((moment.date().to_string().as_str(), from), (day, source), "{date}");
    }
    let file = read(&file_31(&[line_31("01", "23102026", "1432", "00")]));
    assert_eq!(file.occurrences[0].date(&file, at("2026-10-21T12:00:00Z"), now), Err(Undated::Impossible));
}

#[test]
fn deliveries_are_final_and_contradictions_are_told() {
    let conclusion = |lines: &[(&str, &str, &str)]| {
        let lines: Vec<String> = lines.iter().map(|(code, date, obs)| line_31(code, date, "1432", obs)).collect();
        conclude(&read(&file_31(&lines)).occurrences, &CodeTable::default())
    };
    let delivered = |at: &str| Conclusion::Delivered { at: known(at), with_remarks: false };
    let first = "2026-10-19T17:32:00Z";
    assert_eq!(conclusion(&[("01", "19102026", "00"), ("98", "20102026", "00")]), delivered(first));
    assert_eq!(conclusion(&[("02", "21102026", "00"), ("01", "19102026", "00")]), delivered(first));
    assert_eq!(conclusion(&[("04", "18102026", "00"), ("01", "19102026", "00")]), delivered(first));
    assert_eq!(conclusion(&[("25", "20102026", "00"), ("01", "19102026", "00")]), Conclusion::Contradicted);
    assert_eq!(conclusion(&[("01", "19102026", "01")]), Conclusion::Contradicted);
    let remarks = conclusion(&[("31", "19102026", "00")]);
    assert_eq!(remarks, Conclusion::Delivered { at: known(first), with_remarks: true });
    let open = conclusion(&[("21", "20102026", "00"), ("98", "19102026", "00")]);
    assert_eq!(open, Conclusion::Open(Outcome::AttemptFailed));
    assert_eq!(conclude([], &CodeTable::default()), Conclusion::Nothing);
}

#[test]
fn copies_have_one_identity() {
    let once = read(MIXED_50);
    let mut identities: Vec<String> = once.occurrences.iter().map(Occurrence::identity).collect();
    assert_eq!(identities, read(WRONG_TOTAL).occurrences.iter().map(Occurrence::identity).collect::<Vec<_>>());
    identities.dedup();
    assert_eq!(identities.len(), 5);
}

#[test]
fn nothing_personal_shows_in_debug() {
    let shown = format!("{:?}", read(MIXED_31));
    assert!(!shown.contains("FULANO"), "{shown}");
}

#[test]
fn other_edi_and_other_numbers() {
    for (kind, says) in [("310", "NOTFIS"), ("320", "CONEMB"), ("520", "CONEMB"), ("350", "DOCCOB"), ("550", "DOCCOB")]
    {
        let error = recognise(format!("000TRANSPORTADORA\n{kind}X\n").as_bytes()).unwrap_err();
        assert!(matches!(error, DocumentError::OtherEdi { what } if what.contains(says)), "{error:?}");
    }
    assert_eq!(recognise(b"000;1\n340;2\n").unwrap_err().code(), "document_unrecognised");
    assert_eq!(recognise(b"000X\n340Y\n").unwrap_err().code(), "ocoren_no_occurrences");
    let headless: Vec<u8> = MIXED_31.iter().copied().skip(122).collect();
    assert_eq!(
        read(&headless).occurrences,
        read(MIXED_31).occurrences.into_iter().map(|o| Occurrence { line: o.line - 1, ..o }).collect::<Vec<_>>()
    );
}

#[test]
fn unknown_records_blank_lines_and_the_end_mark_of_dos_are_passed_over() {
    let text = std::str::from_utf8(MIXED_50).unwrap();
    let text = text.replace("543RECEBIDO", "\r\n546NOVO\r\n543RECEBIDO") + "\u{1a}";
    let file = read(text.as_bytes());
    assert_eq!((file.occurrences.len(), file.unknown_records, file.is_suspicious()), (5, 1, false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_samples_are_read_or_refused(
        sample in 0usize..6,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        inserted in proptest::option::of((any::<prop::sample::Index>(), "\\PC{0,8}")),
    ) {
        let mut bytes = [MIXED_31, LATIN, SHIFTED, MIXED_50, TRUNCATED, WRONG_TOTAL][sample].to_vec();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((at, text)) = inserted {
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.into_bytes());
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(Document::Ocoren(file)) = recognise(&bytes) {
            prop_assert!(!file.occurrences.is_empty());
            let _ = (conclude(&file.occurrences, &CodeTable::default()), file.is_suspicious());
        }
    }

    #[test]
    fn any_records_are_read_or_refused(text in "(000|34[0-3]|54[0-9]|[0-9]{1,20}| {1,20}|é|\n|\r){0,60}") {
        let _ = Ocoren::parse(format!("000X\n340Y\n{text}").as_bytes());
    }

    #[test]
    fn cutting_never_makes_a_delivery_of_a_return(cut in 0usize..60) {
        // A return, cut anywhere: what is left must never read as delivered.
        let whole = file_31(&[line_31("01", "19102026", "1432", "01")]);
        let left = &whole[..whole.len() - cut.min(whole.len())];
        if let Ok(Document::Ocoren(file)) = recognise(left) {
            prop_assert_ne!(outcomes(&file)[0].2, Outcome::Delivered);
        }
    }
}
