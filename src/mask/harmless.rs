//! The list of what is harmless in payloads: by its key, and only in the form that belongs to the key.
//!
//! Sources: the fields of each platform's order, as `wire` of its folder and the references have them, and the ledger's columns. What
//! is not here is masked; to add a key, be sure that no platform puts a person's data under it, nor a key to anything.

use serde_json::Value;

use crate::documents::AccessKey;

/// What of a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: its key is on no list.
    Nothing,
    /// An id, code or status: no blanks, not long.
    Code,
    /// An amount or a count; longer ones may be somebody's phone.
    Number,
    /// A date, perhaps with a time.
    Date,
    /// True or false, in whatever way it is told.
    Flag,
    /// The name of a business or way: a carrier, a payment method, a marketplace.
    Name,
    /// A web address: its host.
    Address,
    /// The access key of a fiscal document, which names the issuer and no customer. Of any other kind of key nothing.
    AccessKey,
}

/// What an object is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// The order itself.
    Order,
    /// A person, or where one lives: nothing of it is harmless, whatever its key.
    Person,
    /// Fields that the store, an app or a provider makes up as it likes: their keys tell nothing.
    Anything,
}

/// Objects about persons, in whatever case.
const PERSONS: [&str; 1] =
    ["clientProfileData address selectedAddresses availableAddresses contactInformation billingAddress \
     invoiceData pickupStoreInfo buyer shipping anymarketAddress receiver pickup customer recipients _Cliente \
     _Contato _OutroEndereco cliente contato endereco"];

/// Objects of anything, in whatever case.
const ANYTHING: [&str; 1] =
    ["customData customFields fields openTextField marketingData metadata orderMessage connectorResponses \
     giftCards giftRegistryData callCenterOperatorData subscriptionData attachments assemblyOptions"];

const CODES: [&str; 5] = [
    // Everywhere.
    "id status type sku seller ean gtin cfop",
    // VTEX.
    "orderId sequence marketplaceOrderId sellerOrderId origin affiliateId salesChannel orderGroup productId \
     lockId refId sellerSku measurementUnit lockTTL shippingEstimate courierId dockId warehouseId \
     deliveryChannel selectedDeliveryChannel transitTime transactionId paymentSystem group tid invoiceNumber \
     trackingNumber currencyCode brandId returnCode shipsTo",
    // ANYMARKET.
    "idAccount marketPlaceId marketPlaceNumber partnerId marketPlaceStatus marketPlaceStatusComplement \
     transmissionStatus marketPlaceShipmentStatus deliveryStatus shippingOptionId shippingId cancellationCode \
     orderItemId idInMarketPlace stockLocalId externalId paymentMethodNormalized \
     paymentDetailNormalized shippingCarrierTypeNormalized invoice.number invoice.series tracking.number",
    // Eccosys.
    "numeroPedido numeroDaOrdemDeCompra situacao situacaoSecundaria codigoSituacao idNotaFiscalRef idNotaFiscal \
     numeroNotaFiscal idOrigem idPedidoOrigem idTransportador idCanalVenda idLojaVirtual fretePorConta \
     codigoRastreamento servicePlatformOrigin idVenda idProduto codigo codigoFormaPagamento serie \
     numero_protocolo idOrdemColeta numeroColeta rastreio idDeposito",
    // The ledger.
    "channel store_number marketplace_order order_id warehouse gateway_id method series \
     tracking_code collection_order delivery_events.code delivery_events.what invoices.number released_why",
];

const NUMBERS: [&str; 4] = [
    // VTEX.
    "value roundingError quantity price listPrice sellingPrice manualPrice costPrice shippingPrice tax total \
     unitMultiplier itemIndex parentItemIndex installments referenceValue invoiceValue calculatedSellingPrice \
     rawValue commission freightCommission rewardValue stockBalance volumes discountValue incrementValue weight \
     height width length cubicweight",
    // ANYMARKET.
    "discount freight sellerFreight interestValue gross productGross productNet amount unit gatewayFee \
     marketplaceFee",
    // Eccosys.
    "desconto totalProdutos totalVenda frete quantidade valor precoLista valorComImpostos valorFrete \
     descontoItem pesoLiquido pesoBruto qtdVolumes valorNota totalFaturado valorProdutos dias nroDias",
    // The ledger.
    "unit_price line_count position changed_seq",
];

const DATES: [&str; 4] = [
    // VTEX.
    "creationDate lastChange authorizedDate invoicedDate shippingEstimateDate issuanceDate dueDate \
     deliveredDate createDate cancellationDate cancellationRequestDate cancellationRequestDenyDate",
    // ANYMARKET.
    "createdAt paymentDate cancelDate lastUpdate updatedAt shippedDate estimateDate invoice.date tracking.date",
    // Eccosys.
    "data dataPrevista dataPagamento dtCriacaoVenda dataEnvioLogistica dataEntrega dataFaturamento \
     dataCodigoRastreamento dataRecebimentoLogistica dataEmissao dataHoraEnvio dtEmissaoDANFE dataVencimento",
    // The ledger.
    "placed_at paid_at promised_at imported_at changed_at cancelled_at at made_at released_at issued_at \
     posted_at shipped_at delivered_at collection_order_at heard_at due_date taken_at",
];

const FLAGS: [&str; 3] = [
    // VTEX.
    "isCompleted workflowIsInError allowCancellation allowEdition isCheckedIn isGift isActive finished \
     requestedByUser requestedBySystem requestedBySellerNotification requestedByPaymentNotification \
     deniedBySeller",
    // ANYMARKET.
    "fulfillment",
    // Eccosys.
    "rastreamentoConcluido pickingRealizado pedidoColetado statusAlterado itemBonificacao syncLogistica \
     confirmacaoLogistica opcEnderecoDiferente",
];

const NAMES: [&str; 1] = [
    "paymentSystemName selectedSla deliveryCompany courierName courier statusDescription marketplace.name marketPlace \
     subChannel subChannelNormalized accountName payments.method shippingtype shippingType \
     shippingCarrierNormalized tracking.carrier transportador situacaoDescricao canalDeVenda carrier service",
];

const ACCESS_KEYS: [&str; 1] = ["invoiceKey accessKey access_key chave_acesso chaveAcesso"];

const ADDRESSES: [&str; 1] = ["trackingUrl invoiceUrl tracking.url urlRastreio tracking_url"];

/// What is kept of the value under a key of an object that is itself under `parent`.
pub fn kept(parent: Option<&str>, key: &str) -> Kept {
    let is_it = |listed: &str| match listed.split_once('.') {
        Some((of, name)) => {
            key.eq_ignore_ascii_case(name) && parent.is_some_and(|parent| parent.eq_ignore_ascii_case(of))
        }
        None => key.eq_ignore_ascii_case(listed),
    };
    let lists: [(&'static [&'static str], Kept); 7] = [
        // What only one kind of object has goes before what all have.
        (&NAMES, Kept::Name),
        (&ADDRESSES, Kept::Address),
        (&ACCESS_KEYS, Kept::AccessKey),
        (&CODES, Kept::Code),
        (&NUMBERS, Kept::Number),
        (&DATES, Kept::Date),
        (&FLAGS, Kept::Flag),
    ];
    lists.into_iter().find(|(list, _)| keys(list).any(is_it)).map_or(Kept::Nothing, |(_, kept)| kept)
}

/// The keys of a list: a text for each place they come from, with blanks between them.
fn keys(list: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    list.iter().flat_map(|keys| keys.split_whitespace())
}

impl Surroundings {
    /// What is around the value under a key.
    pub fn within(self, key: &str) -> Self {
        let is_in = |list: &'static [&'static str]| keys(list).any(|listed| key.eq_ignore_ascii_case(listed));
        match self {
            Self::Person => Self::Person,
            _ if is_in(&PERSONS) => Self::Person,
            Self::Order if is_in(&ANYTHING) => Self::Anything,
            other => other,
        }
    }
}

impl Kept {
    /// Whether a value has the form that belongs to its key.
    pub fn lets_through(self, value: &Value) -> bool {
        let text = value.as_str().map(str::trim);
        match self {
            Self::Nothing => false,
            Self::Code => text.map_or(value.is_number(), is_code),
            Self::Number => text.map_or_else(|| is_number(value), is_amount),
            Self::Date => text.is_some_and(is_date),
            Self::Flag => text.map_or(value.is_boolean() || is_number(value), |text| text.len() <= 5 && is_code(text)),
            Self::Name => text.is_some_and(is_name),
            Self::AccessKey => text.is_some_and(|text| AccessKey::parse(text).is_ok()),
            Self::Address => text.is_some_and(|text| text.starts_with("http://") || text.starts_with("https://")),
        }
    }

    /// What is told of such a value.
    pub fn told(self, value: &Value) -> Value {
        match (self, value) {
            (Self::Address, Value::String(url)) => super::address(url, false).into(),
            (_, value) => value.clone(),
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '#' | '+'))
}

/// Below ten thousand million: a document or a phone with its area has more digits.
fn is_number(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.abs() < 1e10)
}

/// An amount as text: at most seven digits before its fraction, for a phone has more.
fn is_amount(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.rsplit_once([',', '.']).unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    digits(whole) <= 7
        && fraction.len() <= 4
        && whole.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// Begins with a day, and goes on with nothing but a time.
fn is_date(text: &str) -> bool {
    let form: String = text.chars().take(10).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    matches!(form.as_str(), "9999-99-99" | "99/99/9999")
        && text.len() <= 35
        && (text.len() == 10 || text.as_bytes().get(10).is_some_and(|b| matches!(b, b'T' | b' ')))
        && text.chars().skip(10).all(|c| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ' ' | ':' | '.' | '+' | '-'))
}

fn is_name(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.chars().count() <= 60 && digits < 6 && !text.contains(['@', '\n', '<', '=']) && !text.contains("://")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_lets_its_own_through_and_nothing_else() {
        for (kept, through, not) in [
            (Kept::Code, json!(["1172452500001-01", 7, "CAMISETA/P"]), json!(["Ana Souza", "são", "a@b"])),
            (
                Kept::Number,
                json!([49.9, "1.234,56", "-12.5000", "0"]),
                json!(["11999998888", 52_998_224_725_i64, "1,2,3"]),
            ),
            (
                Kept::Date,
                json!(["2026-11-25", "25/11/2026", "2026-11-25 10:30:00", "2026-11-25T12:00:00.0000000+00:00"]),
                json!(["1990", "2026-11-25 Ana", "2026-11-2511999", "Ana"]),
            ),
            (Kept::Flag, json!([true, "S", 0, "false"]), json!(["Souza Ana", "Zuleica"])),
            (Kept::Name, json!(["Correios PAC", "Cartão de crédito"]), json!(["ana@b.c", "ligue 11999998888", "a\nb"])),
            (Kept::Address, json!(["https://rastro.example/x"]), json!(["rastro.example", "Ana"])),
            (
                Kept::AccessKey,
                json!(["35261012345678000195550010000010011482139770"]),
                json!(["AKIA0123456789", "35261012345678000195550010000010011482139771"]),
            ),
            (Kept::Nothing, json!([]), json!(["x", 1, true])),
        ] {
            for value in through.as_array().unwrap() {
                assert!(kept.lets_through(value), "{kept:?} {value}");
            }
            for value in not.as_array().unwrap() {
                assert!(!kept.lets_through(value), "{kept:?} {value}");
            }
        }
    }

    #[test]
    fn no_key_is_on_a_list_of_what_is_harmless_and_names_a_person() {
        let personal = ["name", "email", "phone", "cpf", "cnpj", "document", "street", "zip", "nome", "fone", "bairro"];
        for list in [&CODES[..], &NUMBERS, &DATES, &FLAGS, &ADDRESSES] {
            for key in keys(list) {
                let key = key.to_lowercase();
                assert!(!personal.iter().any(|word| key.contains(word)), "{key}");
            }
        }
        for key in keys(&PERSONS).chain(keys(&ANYTHING)) {
            assert_eq!(kept(None, key), Kept::Nothing, "{key}");
        }
    }
}
