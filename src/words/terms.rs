//! Words of the trade for stable codes. In English a code reads as it stands; in Portuguese it is called what the shop calls it.

use crate::erp::DeliveryOutcome;
use crate::lang::{Lang, lang, word};
use crate::model::{PaymentMethod, Status};

/// A status, as a person says it.
pub fn status(status: &Status) -> String {
    if lang() == Lang::En {
        return status.code();
    }
    match status {
        Status::Unknown(raw) => format!("desconhecida ({raw})"),
        known => status_of(&known.code()).map_or_else(|| known.code(), str::to_owned),
    }
}

fn status_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "awaiting_payment" => "aguardando pagamento",
        "payment_under_review" => "pagamento em análise",
        "paid" => "pago",
        "picking" => "em separação",
        "in_production" => "em produção",
        "invoiced" => "faturado",
        "collection_order_created" => "ordem de coleta gerada",
        "shipped" => "despachado",
        "delivered" => "entregue",
        "returned" => "devolvido",
        "cancellation_requested" => "cancelamento solicitado",
        "cancelled" => "cancelado",
        _ => return None,
    })
}

/// A way to pay.
pub fn method(method: PaymentMethod) -> &'static str {
    match method.code() {
        "credit_card" => word!("credit_card" | "cartão de crédito"),
        "debit_card" => word!("debit_card" | "cartão de débito"),
        "boleto" => "boleto",
        "pix" => word!("pix" | "Pix"),
        "gift_card" => word!("gift_card" | "vale-presente"),
        "promissory" => word!("promissory" | "crediário"),
        "marketplace" => word!("marketplace" | "pagamento do marketplace"),
        "other" => word!("other" | "outra forma de pagamento"),
        code => code,
    }
}

/// What a visit came to, by its code.
pub fn outcome(code: &str) -> &str {
    match code {
        "imported" => word!("imported" | "importado"),
        "updated" => word!("updated" | "alterado"),
        "cancelled" => word!("cancelled" | "cancelado"),
        "waiting" => word!("waiting" | "aguarda"),
        "held" => word!("held" | "retido"),
        "skipped" => word!("skipped" | "de fora"),
        "failed" => word!("failed" | "falhou"),
        "unchanged" => word!("unchanged" | "igual"),
        code => code,
    }
}

/// Several of what visits came to, as in `3 imported`.
pub fn outcomes(number: usize, code: &str) -> String {
    if lang() == Lang::En {
        return format!("{number} {code}");
    }
    let one = number == 1;
    let word = match code {
        "new" if one => "novo",
        "new" => "novos",
        "imported" if one => "importado",
        "imported" => "importados",
        "updated" if one => "alterado",
        "updated" => "alterados",
        "cancelled" if one => "cancelado",
        "cancelled" => "cancelados",
        "waiting" => "aguardando",
        "held" if one => "retido",
        "held" => "retidos",
        "skipped" if one => "deixado de fora",
        "skipped" => "deixados de fora",
        "failed" => "com falha",
        "unchanged" if one => "sem alteração",
        "unchanged" => "sem alteração",
        code => code,
    };
    format!("{number} {word}")
}

/// A fate, by its code.
pub fn fate(code: &str) -> &str {
    match code {
        "imported" => word!("imported" | "importado"),
        "waiting" => word!("waiting" | "aguardando"),
        "held" => word!("held" | "retido"),
        "skipped" => word!("skipped" | "deixado de fora"),
        "cancelled" => word!("cancelled" | "cancelado"),
        "undecided" => word!("undecided" | "sem decisão"),
        code => code,
    }
}

/// How a run ended, by its code.
pub fn ended(code: &str) -> String {
    match code {
        "done" => word!("done" | "concluída").into(),
        "failed" => word!("failed" | "falhou").into(),
        "usage" => word!("usage" | "linha de comando errada").into(),
        "held" => word!("held" | "com pendências").into(),
        "config" => word!("config" | "configuração errada").into(),
        "unavailable" => word!("unavailable" | "indisponível").into(),
        "guard" => word!("guard" | "parada pela trava").into(),
        "time_budget" => word!("time budget" | "tempo esgotado").into(),
        "locked" => word!("locked" | "já em execução").into(),
        "interrupted" => word!("interrupted" | "interrompida").into(),
        "terminated" => word!("terminated" | "encerrada").into(),
        other => other.replace('_', " "),
    }
}

/// What is done, by its code.
pub fn action(code: &str) -> &str {
    match code {
        "create_order" => word!("create_order" | "criar o pedido"),
        "link_order" => word!("link_order" | "vincular o pedido"),
        "take_over" => word!("take_over" | "assumir o pedido"),
        "mark_paid" => word!("mark_paid" | "marcar como pago"),
        "mark_under_review" => word!("mark_under_review" | "marcar pagamento em análise"),
        "mark_cancellation_requested" => {
            word!("mark_cancellation_requested" | "marcar cancelamento solicitado")
        }
        "resume_status" => word!("resume_status" | "retomar a situação"),
        "cancel_order" => word!("cancel_order" | "cancelar no ERP"),
        "cancel_on_channel" => word!("cancel_on_channel" | "cancelar no canal"),
        "deny_cancellation" => word!("deny_cancellation" | "recusar o cancelamento"),
        "send_invoice" => word!("send_invoice" | "enviar a nota"),
        "send_xml" => word!("send_xml" | "enviar o XML"),
        "send_tracking" => word!("send_tracking" | "enviar o rastreio"),
        "send_tracking_events" => word!("send_tracking_events" | "enviar os eventos de rastreio"),
        "push_stock" => word!("push_stock" | "enviar o estoque"),
        code => code,
    }
}

/// A field of an order, invoice or parcel, by its code.
pub fn field(code: &str) -> &str {
    match code {
        "total" => "total",
        "number" => word!("number" | "número"),
        "products" => word!("products" | "produtos"),
        "channel" => word!("channel" | "canal"),
        "invoice" => word!("invoice" | "nota fiscal"),
        "xml" => word!("xml" | "XML"),
        "link" => word!("link" | "link da nota"),
        "tracking" => word!("tracking" | "rastreio"),
        "tracking_code" => word!("tracking_code" | "código de rastreio"),
        "tracking_url" => word!("tracking_url" | "link de rastreio"),
        "carrier" => word!("carrier" | "transportadora"),
        "everything" => word!("everything" | "tudo"),
        "a CEP of 8 digits" => word!("a CEP of 8 digits" | "um CEP de 8 dígitos"),
        "the state" => word!("the state" | "a UF"),
        "the city" => word!("the city" | "a cidade"),
        "the street" => word!("the street" | "o logradouro"),
        "its parcels" => word!("its parcels" | "os volumes"),
        code => code,
    }
}

/// What a person did to an order, or what came of it, by its code.
pub fn by_hand(code: &str) -> &str {
    match code {
        "held" => word!("held" | "retido"),
        "skipped" => word!("skipped" | "de fora"),
        "released" => word!("released" | "liberado"),
        "retried" => word!("retried" | "a tentar"),
        "forgotten" => word!("forgotten" | "esquecido"),
        "failed" => word!("failed" | "falhou"),
        "done" => word!("done" | "feito"),
        "refused" => word!("refused" | "recusado"),
        code => code,
    }
}

/// What a carrier said of a parcel.
pub fn delivery(what: DeliveryOutcome) -> &'static str {
    match what.code() {
        "delivered" => word!("delivered" | "entregue"),
        "delivered_with_remarks" => word!("delivered_with_remarks" | "entregue com ressalvas"),
        "in_transit" => word!("in_transit" | "em trânsito"),
        "attempt_failed" => word!("attempt_failed" | "tentativa de entrega sem sucesso"),
        "refused" => word!("refused" | "recusado pelo destinatário"),
        "returned" => word!("returned" | "devolvido"),
        "lost" => word!("lost" | "extraviado"),
        "delivery_disputed" => word!("delivery_disputed" | "entrega contestada"),
        "awaiting_pickup" => word!("awaiting_pickup" | "aguardando retirada"),
        "held" => word!("held" | "retido"),
        "internal" => word!("internal" | "anotação interna"),
        "other" => word!("other" | "outra ocorrência"),
        code => code,
    }
}

/// A fact that a plan rests on. Those that stand for everything of one side have sentences of their own.
pub fn fact(name: &str) -> String {
    let told = match name {
        "channel_status" => word!("channel status" | "situação no canal"),
        "channel_total_cents" => word!("channel total cents" | "total no canal, em centavos"),
        "channel_sku" => word!("channel sku" | "SKU no canal"),
        "erp_number" => word!("erp number" | "número no ERP"),
        "erp_status" => word!("erp status" | "situação no ERP"),
        "erp_warehouse" => word!("erp warehouse" | "depósito do ERP"),
        "requested_at" => word!("requested at" | "situação em que o cancelamento foi pedido"),
        "cancel_heard" => word!("cancel heard" | "aviso de cancelamento"),
        "holds" => word!("holds" | "pendências"),
        "physical" => word!("physical" | "estoque físico"),
        "reserved_or_in_flight" => word!("reserved or in flight" | "reservado ou a importar"),
        "added_back" => word!("added back" | "somado de volta"),
        "before" => word!("before" | "informado antes"),
        other => return other.replace('_', " "),
    };
    told.to_owned()
}
