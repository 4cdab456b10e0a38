//! From elements to facts. What decides (identity, amounts, lines) is strict, what only informs is lenient.

use chrono::{DateTime, FixedOffset};

use super::{
    Direction, Environment, Intermediary, Issuer, Nfe, NfeLine, NfePayment, Protocol, Purpose, Recipient,
    RecipientDocument, Totals, Transport, Volume,
};
use crate::documents::DocumentError;
use crate::documents::access_key::AccessKey;
use crate::documents::moment::{digits, is_sane};
use crate::documents::nfe::Decimal;
use crate::documents::text::{PrivateText, excerpt};
use crate::documents::xml::{Element, bad};
use crate::lang::{say, word};
use crate::model::money::DecimalMark;
use crate::model::{Cents, Instant, TaxId};

/// `nfeProc` or `NFe`.
pub(super) fn invoice(root: Element<'_>) -> Result<Nfe, DocumentError> {
    let (nfe, answer) = match root.name() {
        "nfeProc" => (root.need("nfeProc/NFe")?, root.child("nfeProc/protNFe")?),
        _ => (root, None),
    };
    let info = nfe.need("NFe/infNFe")?;
    let layout = info.attribute("versao").map(str::trim).unwrap_or_default();
    check_layout(layout)?;
    let id = info.attribute("Id").ok_or(DocumentError::MissingElement { element: "infNFe/@Id" })?;
    let ide = info.need("ide")?;
    let notes = info.child("infAdic")?;
    let note = |path| notes.map_or(Ok(None), |notes| notes.text(path)).map(|text| text.map(PrivateText::new));
    Ok(Nfe {
        layout: layout.to_owned(),
        key: AccessKey::parse(id).map_err(|error| bad("infNFe/@Id", error))?,
        state_code: ide.need_read("ide/cUF", number)?,
        random_code: ide.need_text("ide/cNF")?,
        check_digit: ide.need_read("ide/cDV", number)?,
        operation: ide.text("ide/natOp")?.unwrap_or_default(),
        model: ide.need_read("ide/mod", one_of(&[55, 65]))?,
        series: ide.need_read("ide/serie", number)?,
        number: ide.need_read("ide/nNF", number)?,
        issued_at: ide.need_read("ide/dhEmi", zoned)?,
        direction: match ide.need_read("ide/tpNF", one_of(&[0, 1]))? {
            0 => Direction::Entry,
            _ => Direction::Exit,
        },
        purpose: ide.need_read("ide/finNFe", number).map(purpose)?,
        emission_type: ide.need_read("ide/tpEmis", number)?,
        environment: environment(ide, "ide/tpAmb")?,
        references: ide
            .children("ide/NFref")
            .filter_map(|reference| reference.text("NFref/refNFe").ok().flatten())
            .filter_map(|key| AccessKey::parse(&key).ok())
            .collect(),
        issuer: issuer(info.need("emit")?)?,
        recipient: info.child("dest")?.map(recipient).transpose()?,
        lines: lines(info)?,
        totals: totals(info.need("total")?)?,
        transport: info.child("transp")?.map(transport).transpose()?.unwrap_or_default(),
        payments: payments(info)?,
        intermediary: info.child("infIntermed")?.map(intermediary).transpose()?,
        purchase_order: info.child("compra")?.map_or(Ok(None), |purchase| purchase.text("compra/xPed"))?,
        notes: note("infAdic/infCpl")?,
        fiscal_notes: note("infAdic/infAdFisco")?,
        observations: notes.map(observations).unwrap_or_default(),
        signed_digest: nfe.signed_digest(),
        protocol: answer.map(protocol).transpose()?,
    })
}

/// `protNFe`.
pub(super) fn protocol(answer: Element<'_>) -> Result<Protocol, DocumentError> {
    let info = answer.need("protNFe/infProt")?;
    Ok(Protocol {
        environment: environment(info, "infProt/tpAmb")?,
        key: info.need_read("infProt/chNFe", AccessKey::parse)?,
        received_at: info.read("infProt/dhRecbto", instant)?,
        number: info.text("infProt/nProt")?,
        digest: info.text("infProt/digVal")?,
        status: info.need_read("infProt/cStat", number)?,
        reason: info.text("infProt/xMotivo")?.unwrap_or_default(),
    })
}

fn check_layout(versao: &str) -> Result<(), DocumentError> {
    let parsed = versao.split_once('.').and_then(|(major, minor)| Some((digits(major)?, digits(minor)?)));
    match parsed {
        Some(version) if version >= (3, 10) => Ok(()),
        _ => Err(bad(
            "infNFe/@versao",
            say!(
                "layout `{}` is not read, only 3.10 and later are"
                    | "o leiaute `{}` não é lido, só o 3.10 e posteriores",
                excerpt(versao)
            ),
        )),
    }
}

fn purpose(code: u32) -> Purpose {
    match code {
        1 => Purpose::Normal,
        2 => Purpose::Complementary,
        3 => Purpose::Adjustment,
        4 => Purpose::Return,
        5 => Purpose::Credit,
        6 => Purpose::Debit,
        other => Purpose::Other(other),
    }
}

fn issuer(emit: Element<'_>) -> Result<Issuer, DocumentError> {
    let document = tax_id(emit, "emit/CNPJ", "emit/CPF")?;
    Ok(Issuer {
        document: document.ok_or(DocumentError::MissingElement { element: "emit/CNPJ" })?,
        state_registration: emit.text("emit/IE")?.filter(|ie| !ie.eq_ignore_ascii_case("ISENTO")),
        state: emit.child("emit/enderEmit")?.map_or(Ok(None), |address| address.text("enderEmit/UF"))?,
    })
}

fn recipient(dest: Element<'_>) -> Result<Recipient, DocumentError> {
    let foreign = dest.child("dest/idEstrangeiro")?.map(|id| id.own_text().unwrap_or_default());
    let document = match (tax_id(dest, "dest/CNPJ", "dest/CPF")?, foreign) {
        (Some(_), Some(_)) => {
            return Err(bad(
                "dest/idEstrangeiro",
                word!("it stands beside a CPF or CNPJ" | "está junto de um CPF ou CNPJ"),
            ));
        }
        (Some(document), None) => RecipientDocument::TaxId(document),
        (None, Some(foreign)) => RecipientDocument::Foreign(PrivateText::new(foreign)),
        (None, None) => return Err(DocumentError::MissingElement { element: "dest/CNPJ" }),
    };
    let state = dest.child("dest/enderDest")?.map_or(Ok(None), |address| address.text("enderDest/UF"))?;
    Ok(Recipient { document, state })
}

/// A CNPJ or a CPF, not both.
fn tax_id(party: Element<'_>, cnpj: &'static str, cpf: &'static str) -> Result<Option<TaxId>, DocumentError> {
    match (party.read(cnpj, TaxId::parse)?, party.read(cpf, TaxId::parse)?) {
        (Some(_), Some(_)) => Err(bad(cpf, word!("it stands beside a CNPJ" | "está junto de um CNPJ"))),
        (cnpj, cpf) => Ok(cnpj.or(cpf)),
    }
}

fn lines(info: Element<'_>) -> Result<Vec<NfeLine>, DocumentError> {
    let lines: Vec<NfeLine> = info.children("det").map(line).collect::<Result<_, _>>()?;
    if lines.is_empty() { Err(DocumentError::MissingElement { element: "det" }) } else { Ok(lines) }
}

fn line(det: Element<'_>) -> Result<NfeLine, DocumentError> {
    let product = det.need("det/prod")?;
    Ok(NfeLine {
        item: det.attribute("nItem").and_then(digits).ok_or(DocumentError::MissingElement { element: "det/@nItem" })?,
        code: product.need_text("det/prod/cProd")?,
        name: product.text("det/prod/xProd")?.unwrap_or_default(),
        gtin: product.text("det/prod/cEAN")?.filter(|code| code.bytes().all(|b| b.is_ascii_digit())),
        cfop: product.need_read("det/prod/CFOP", number)?,
        unit: product.text("det/prod/uCom")?.unwrap_or_default(),
        quantity: product.need_read("det/prod/qCom", Decimal::parse)?,
        unit_price: product.need_read("det/prod/vUnCom", Decimal::parse)?,
        total: product.need_read("det/prod/vProd", cents)?,
        freight: product.read("det/prod/vFrete", cents)?.unwrap_or_default(),
        discount: product.read("det/prod/vDesc", cents)?.unwrap_or_default(),
        other: product.read("det/prod/vOutro", cents)?.unwrap_or_default(),
        order: product.text("det/prod/xPed")?,
        order_item: product.text("det/prod/nItemPed")?.as_deref().and_then(digits),
    })
}

fn totals(total: Element<'_>) -> Result<Totals, DocumentError> {
    let sums = total.need("total/ICMSTot")?;
    Ok(Totals {
        invoice: sums.need_read("ICMSTot/vNF", cents)?,
        goods: sums.need_read("ICMSTot/vProd", cents)?,
        freight: sums.read("ICMSTot/vFrete", cents)?.unwrap_or_default(),
        insurance: sums.read("ICMSTot/vSeg", cents)?.unwrap_or_default(),
        discount: sums.read("ICMSTot/vDesc", cents)?.unwrap_or_default(),
        other: sums.read("ICMSTot/vOutro", cents)?.unwrap_or_default(),
        with_new_taxes: total.read("total/vNFTot", cents)?,
    })
}

fn transport(transp: Element<'_>) -> Result<Transport, DocumentError> {
    let carrier = transp.child("transp/transporta")?;
    let of_carrier = |path| carrier.map_or(Ok(None), |carrier| carrier.text(path));
    let document = of_carrier("transporta/CNPJ")?.or(of_carrier("transporta/CPF")?);
    Ok(Transport {
        freight_mode: transp.text("transp/modFrete")?.as_deref().and_then(digits),
        carrier_document: document.and_then(|text| TaxId::parse(&text).ok()),
        carrier_name: of_carrier("transporta/xNome")?,
        volumes: transp.children("transp/vol").map(volume).collect::<Result<_, _>>()?,
    })
}

fn volume(vol: Element<'_>) -> Result<Volume, DocumentError> {
    let weight = |path| vol.text(path).map(|text| text.and_then(|text| Decimal::parse(&text).ok()));
    Ok(Volume {
        count: vol.text("vol/qVol")?.as_deref().and_then(digits),
        kind: vol.text("vol/esp")?,
        net_weight: weight("vol/pesoL")?,
        gross_weight: weight("vol/pesoB")?,
    })
}

/// Layout 3.10 has several `pag` without `detPag`, and only in model 65.
fn payments(info: Element<'_>) -> Result<Vec<NfePayment>, DocumentError> {
    let mut payments = Vec::new();
    for pag in info.children("pag") {
        let mut details = pag.children("pag/detPag").peekable();
        if details.peek().is_none() && pag.text("pag/tPag")?.is_some() {
            payments.push(payment(pag)?);
        }
        for detail in details {
            payments.push(payment(detail)?);
        }
    }
    Ok(payments)
}

fn payment(detail: Element<'_>) -> Result<NfePayment, DocumentError> {
    Ok(NfePayment {
        method: detail.need_text("detPag/tPag")?,
        amount: detail.read("detPag/vPag", cents)?.unwrap_or_default(),
    })
}

fn intermediary(info: Element<'_>) -> Result<Intermediary, DocumentError> {
    Ok(Intermediary {
        document: info.text("infIntermed/CNPJ")?.and_then(|text| TaxId::parse(&text).ok()),
        seller_id: info.text("infIntermed/idCadIntTran")?,
    })
}

fn observations(notes: Element<'_>) -> Vec<(String, PrivateText)> {
    notes
        .children("infAdic/obsCont")
        .filter_map(|field| {
            let text = field.text("obsCont/xTexto").ok().flatten()?;
            Some((field.attribute("xCampo")?.trim().to_owned(), PrivateText::new(text)))
        })
        .collect()
}

/// `tpAmb`.
pub(in crate::documents) fn environment(parent: Element<'_>, path: &'static str) -> Result<Environment, DocumentError> {
    Ok(match parent.need_read(path, one_of(&[1, 2]))? {
        1 => Environment::Production,
        _ => Environment::Test,
    })
}

/// A moment with its offset, as UTC.
pub(in crate::documents) fn instant(text: &str) -> Result<Instant, String> {
    zoned(text).map(|at| at.with_timezone(&chrono::Utc))
}

fn zoned(text: &str) -> Result<DateTime<FixedOffset>, String> {
    DateTime::parse_from_rfc3339(text).ok().filter(|at| is_sane(at.date_naive())).ok_or_else(|| {
        say!(
            "`{}` is no moment such as 2026-11-24T16:05:00-03:00"
                | "`{}` não é um momento como 2026-11-24T16:05:00-03:00",
            excerpt(text)
        )
    })
}

/// A number of up to 9 digits.
pub(in crate::documents) fn number(text: &str) -> Result<u32, String> {
    digits(text).ok_or_else(|| say!("`{}` is not a number" | "`{}` não é um número", excerpt(text)))
}

fn one_of(known: &'static [u32]) -> impl Fn(&str) -> Result<u32, String> {
    move |text| {
        let value = number(text)?;
        if known.contains(&value) {
            Ok(value)
        } else {
            Err(say!("{value} is not one of {known:?}" | "{value} não é um destes: {known:?}"))
        }
    }
}

fn cents(text: &str) -> Result<Cents, String> {
    Cents::parse(text, DecimalMark::Dot).map_err(|error| excerpt(&error.to_string()))
}
