use proptest::prelude::*;

use super::*;
use crate::documents::{Document, recognise};

const S01: &str = "35261012345678000195550010000010011482139770";
const CANCELLED: &[u8] = include_bytes!("../../../tests/fixtures/nfe/s04-proceventonfe-110111-135-of-s01.xml");
const CANCELLED_LATE: &[u8] =
    include_bytes!("../../../tests/fixtures/nfe/s05-proceventonfe-110111-155-late-of-s02.xml");
const DUPLICATE: &[u8] =
    include_bytes!("../../../tests/fixtures/nfe/s06-proceventonfe-110111-573-duplicate-rejected.xml");

fn event(bytes: &[u8]) -> Event {
    match recognise(bytes) {
        Ok(Document::Events(mut events)) if events.len() == 1 => events.remove(0),
        other => panic!("{other:?}"),
    }
}

/// The cancellation s04 with something changed.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(CANCELLED).unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into_bytes()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[test]
fn s04_cancels() {
    let event = event(CANCELLED);
    assert_eq!(event.key.as_str(), S01);
    assert_eq!((event.kind.clone(), event.sequence, event.status), (EventKind::Cancellation, 1, 135));
    assert_eq!(event.happened_at, Some(at("2026-10-16T12:12:00Z")));
    assert_eq!(event.registered_at, Some(at("2026-10-16T12:12:05Z")));
    assert_eq!(event.protocol.as_deref(), Some("135260099999999"));
    assert_eq!(event.effect(), Effect::Cancels);
    let why = "Desistencia do cliente antes do envio";
    assert!(event.justification.as_ref().is_some_and(|text| text.as_str() == why));
    assert!(!format!("{event:?}").contains("Desistencia"), "it may tell of people");
}

#[test]
fn s05_cancels_out_of_the_deadline() {
    let event = event(CANCELLED_LATE);
    assert_eq!((event.status, event.effect()), (155, Effect::Cancels));
    assert_eq!(event.key.document_number(), 1002);
}

#[test]
fn s06_was_rejected_and_cancels_nothing() {
    let event = event(DUPLICATE);
    assert_eq!((event.status, event.effect()), (573, Effect::Nothing));
    assert!(event.hints_at_cancellation());
}

#[test]
fn cancellations_that_were_registered_in_other_ways() {
    assert_eq!(event(&changed("<cStat>135<", "<cStat>136<")).effect(), Effect::Cancels);
    let substituted = event(&changed("110111", "110112"));
    assert_eq!(substituted.kind, EventKind::CancellationBySubstitution);
    assert_eq!(substituted.effect(), Effect::Cancels);
    for rejected in ["128", "501", "220", "999", "100"] {
        let event = event(&changed("<cStat>135<", &format!("<cStat>{rejected}<")));
        assert_eq!(event.effect(), Effect::Nothing, "{rejected}");
    }
    assert_eq!(event(&changed("<tpAmb>1<", "<tpAmb>2<")).effect(), Effect::Nothing, "a test cancels nothing");
}

#[test]
fn a_correction_letter_keeps_the_invoice() {
    let letter = event(&changed("110111", "110110"));
    assert_eq!((letter.kind.clone(), letter.effect()), (EventKind::CorrectionLetter, Effect::Keeps));
    let late = event(
        &String::from_utf8(changed("110111", "110110")).unwrap().replace("<cStat>135", "<cStat>155").into_bytes(),
    );
    assert_eq!(late.effect(), Effect::Nothing, "155 is for cancellations only");
    assert_eq!(event(&changed("110111", "210200")).kind, EventKind::Other("210200".into()));
    assert_eq!(event(&changed("110111", "210200")).effect(), Effect::Keeps);
}

#[test]
fn a_proof_of_delivery_tells_its_moment() {
    let proof = String::from_utf8(changed("110111", "110130")).unwrap();
    let proof = proof.replace("<descEvento>", "<dhEntrega>2026-10-20T11:30:00-03:00</dhEntrega><descEvento>");
    let event = event(proof.as_bytes());
    assert_eq!((event.kind.clone(), event.effect()), (EventKind::DeliveryProof, Effect::Keeps));
    assert_eq!(event.delivered_at, Some(at("2026-10-20T14:30:00Z")));
}

#[test]
fn request_and_answer_must_speak_of_one_event() {
    let text = std::str::from_utf8(CANCELLED).unwrap();
    for (from, to) in [
        (
            format!("<chNFe>{S01}</chNFe><tpEvento>"),
            "<chNFe>35261012345678000195550010000010021112233982</chNFe><tpEvento>",
        ),
        ("<tpEvento>110111</tpEvento><xEvento>".into(), "<tpEvento>110110</tpEvento><xEvento>"),
        ("<nSeqEvento>1</nSeqEvento><dhRegEvento>".into(), "<nSeqEvento>2</nSeqEvento><dhRegEvento>"),
    ] {
        assert!(text.contains(&from), "{from}");
        assert_eq!(recognise(text.replace(&from, to).as_bytes()).unwrap_err().code(), "xml_bad_element", "{to}");
    }
}

/// The `retEvento` of an event file.
fn answer(bytes: &[u8]) -> &str {
    let text = std::str::from_utf8(bytes).unwrap();
    &text[text.find("<retEvento").unwrap()..text.find("</procEventoNFe>").unwrap()]
}

#[test]
fn the_status_of_a_batch_is_not_the_events() {
    let batch = format!(
        "<retEnvEvento xmlns='http://www.portalfiscal.inf.br/nfe'>\
         <tpAmb>1</tpAmb><cStat>128</cStat><xMotivo>Lote de Evento \
         Processado</xMotivo>{}{}</retEnvEvento>",
        answer(DUPLICATE),
        answer(CANCELLED_LATE)
    );
    let Ok(Document::Events(events)) = recognise(batch.as_bytes()) else { panic!("{batch}") };
    let effects: Vec<Effect> = events.iter().map(Event::effect).collect();
    assert_eq!(effects, [Effect::Nothing, Effect::Cancels]);
}

#[test]
fn an_answer_alone() {
    let alone = answer(CANCELLED).replace("<retEvento ", "<retEvento xmlns='http://www.portalfiscal.inf.br/nfe' ");
    assert_eq!(event(alone.as_bytes()).effect(), Effect::Cancels);
}

#[test]
fn a_request_alone_proves_nothing() {
    let text = std::str::from_utf8(CANCELLED).unwrap();
    let request = &text[text.find("<evento").unwrap()..text.find("<retEvento").unwrap()];
    let request = request.replacen("<evento ", "<evento xmlns='http://www.portalfiscal.inf.br/nfe' ", 1);
    assert_eq!(recognise(request.as_bytes()).unwrap_err().code(), "xml_other");
}

#[test]
fn cancellations_of_old_files() {
    for (status, effect) in [("101", Effect::Cancels), ("151", Effect::Cancels), ("220", Effect::Nothing)] {
        let old = format!(
            "<procCancNFe xmlns='http://www.portalfiscal.inf.br/nfe'><cancNFe/><retCancNFe><infCanc><tpAmb>1</tpAmb>\
             <cStat>{status}</cStat><xMotivo>x</xMotivo><chNFe>{S01}</chNFe><dhRecbto>2011-02-03T10:00:00</dhRecbto>\
             <nProt>135110000000001</nProt></infCanc></retCancNFe></procCancNFe>"
        );
        assert_eq!(event(old.as_bytes()).effect(), effect, "{status}");
    }
}

fn situation(status: &str, inside: &str) -> Situation {
    let text = format!(
        "<retConsSitNFe xmlns='http://www.portalfiscal.inf.br/nfe' versao='4.00'>\
         <tpAmb>1</tpAmb><cStat>{status}</cStat>\
         <xMotivo>x</xMotivo><cUF>35</cUF><chNFe>{S01}</chNFe>{inside}</retConsSitNFe>"
    );
    match recognise(text.as_bytes()) {
        Ok(Document::Situation(situation)) => *situation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn how_an_invoice_stands() {
    for (status, standing) in [
        ("100", Standing::Authorised),
        ("150", Standing::Authorised),
        ("101", Standing::Cancelled),
        ("151", Standing::Cancelled),
        ("110", Standing::Denied),
        ("302", Standing::Denied),
        ("217", Standing::Unknown),
        ("108", Standing::Unknown),
    ] {
        assert_eq!(situation(status, "").standing(), standing, "{status}");
    }
    let inner = |bytes| {
        let text = std::str::from_utf8(bytes).unwrap();
        text[text.find("<procEventoNFe").unwrap()..].to_owned()
    };
    assert_eq!(situation("100", &inner(CANCELLED)).standing(), Standing::Cancelled, "events outweigh the status");
    assert_eq!(situation("100", &inner(DUPLICATE)).standing(), Standing::Authorised);
    assert_eq!(situation("100", &inner(CANCELLED_LATE)).standing(), Standing::Authorised, "of another invoice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_answers_are_read_or_refused(
        form in 0usize..5,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        inserted in proptest::option::of((any::<prop::sample::Index>(), "[<>/&'\"=A-Za-z0-9]{0,8}")),
    ) {
        const SPACE: &str = "xmlns='http://www.portalfiscal.inf.br/nfe'";
        let mut bytes = match form {
            0 => CANCELLED.to_vec(),
            1 => DUPLICATE.to_vec(),
            2 => format!("<retEnvEvento {SPACE}>{}{}</retEnvEvento>", answer(DUPLICATE), answer(CANCELLED)).into_bytes(),
            3 => format!(
                "<retConsSitNFe {SPACE}><tpAmb>1</tpAmb><cStat>101</cStat><chNFe>{S01}</chNFe>{}</retConsSitNFe>",
                String::from_utf8_lossy(CANCELLED).split_once("?>").map_or("", |(_, rest)| rest)
            )
            .into_bytes(),
            _ => format!(
                "<retCancNFe {SPACE}><infCanc><tpAmb>1</tpAmb><cStat>101</cStat><chNFe>{S01}</chNFe></infCanc></retCancNFe>"
            )
            .into_bytes(),
        };
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
        match recognise(&bytes) {
            Ok(Document::Events(events)) => {
                prop_assert!(!events.is_empty());
                // A cancellation that was rejected does not become one by damage to anything but its status.
                let registered = |event: &Event| matches!(event.status, 101 | 135 | 136 | 151 | 155);
                prop_assert!(events.iter().all(|event| event.effect() != Effect::Cancels || registered(event)));
            }
            Ok(Document::Situation(situation)) => {
                let _ = situation.standing();
            }
            _ => {}
        }
    }
}
