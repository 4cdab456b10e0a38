//! The help of the command line in Portuguese. English is written beside each flag in [`crate::cli`]; here each of its paragraphs is
//! paired with its Portuguese, so that a changed paragraph without its translation fails a test.

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;
use crate::lang::{Lang, lang};

/// The command line, with its help in the reader's language.
pub fn command() -> Command {
    match lang() {
        Lang::En => Cli::command(),
        Lang::PtBr => translated(Cli::command()).subcommand_help_heading("Comandos"),
    }
}

fn translated(command: Command) -> Command {
    let (about, long) = (command.get_about().map(told), command.get_long_about().map(told));
    let after = command.get_after_help().map(told);
    let mut command = command.mut_args(translated_arg).mut_subcommands(translated);
    command = command.subcommand_help_heading("Comandos");
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    command
}

fn translated_arg(arg: Arg) -> Arg {
    let (help, long) = (arg.get_help().map(told), arg.get_long_help().map(told));
    let is_general = arg.get_help_heading() == Some("Global options");
    let names = arg.get_value_names().unwrap_or_default().iter();
    let names: Vec<&str> = names.filter_map(|name| value_name(name)).collect();
    let mut arg = if is_general { arg.help_heading("Opções gerais") } else { arg };
    if !names.is_empty() {
        arg = arg.value_names(names);
    }
    if let Some(help) = help {
        arg = arg.help(help);
    }
    if let Some(long) = long {
        arg = arg.long_help(long);
    }
    arg
}

/// What stands for a value in the usage.
fn value_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "NAME" => "NOME",
        "FILE" => "ARQUIVO",
        "PLAN" => "PLANO",
        "COMMAND" => "COMANDO",
        "LANG" => "IDIOMA",
        "ID" => "NÚMERO",
        "TIME" => "TEMPO",
        "CODE" => "CÓDIGO",
        "PASS" => "ROTINA",
        "ORDER" => "PEDIDO",
        "FATE" => "DESTINO",
        "STATUS" => "SITUAÇÃO",
        "TEXT" => "TEXTO",
        "YYYY-MM-DD" => "AAAA-MM-DD",
        "NAME=KIND" => "NOME=TIPO",
        "KIND" => "TIPO",
        "DIR" | "FOLDER" => "PASTA",
        "N" => "N",
        "CPF/CNPJ" => "CPF/CNPJ",
        "SHELL" => "SHELL",
        _ => return None,
    })
}

/// A text, paragraph by paragraph.
fn told(text: &StyledStr) -> String {
    let text = text.to_string();
    if let Some(examples) = text.strip_prefix("Example") {
        let told = EXAMPLES.iter().fold(examples.to_owned(), |text, (english, told)| text.replace(english, told));
        return format!("Exemplo{told}");
    }
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph_told(paragraph).unwrap_or(paragraph));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn paragraph_told(english: &str) -> Option<&'static str> {
    PARAGRAPHS.iter().find(|(known, _)| *known == english).map(|(_, portuguese)| *portuguese)
}

/// What clap itself says, after it has put help or an error together.
pub fn in_portuguese(rendered: &str) -> String {
    CLAPS.iter().fold(rendered.to_owned(), |text, (english, portuguese)| text.replace(english, portuguese))
}

/// What a person says in the examples.
const EXAMPLES: [(&str, &str); 6] = [
    ("november.html", "novembro.html"),
    ("'stock is late'", "'estoque atrasado'"),
    ("'the customer pays on Monday'", "'o cliente paga na segunda'"),
    ("'out of stock'", "'sem estoque'"),
    ("'test order of the agency'", "'pedido de teste da agência'"),
    ("'was cancelled in the ERP by mistake and entered anew'", "'cancelado no ERP por engano e lançado de novo'"),
];

/// clap's own words, and what it does not let be changed.
const CLAPS: &[(&str, &str)] = &[
    ("Usage:", "Uso:"),
    ("\n       vaivem ", "\n     vaivem "),
    ("Arguments:", "Argumentos:"),
    ("Options:", "Opções:"),
    ("<OUTPUT>", "<FORMATO>"),
    ("For eyes", "Para os olhos"),
    (
        "One JSON object a line, `type` first, ending with a summary",
        "Um objeto JSON por linha, `type` primeiro, com um resumo no fim",
    ),
    ("[OPTIONS]", "[OPÇÕES]"),
    ("<COMMAND>", "<COMANDO>"),
    ("[COMMAND]", "[COMANDO]"),
    ("[default: ", "[padrão: "),
    ("[possible values: ", "[valores possíveis: "),
    // The same, broken over two lines.
    ("[possible", "[valores"),
    (" values: ", " possíveis: "),
    ("Possible values:", "Valores possíveis:"),
    ("[aliases: ", "[também: "),
    ("[alias: ", "[também: "),
    ("[env: ", "[variável: "),
    ("Print help (see more with '--help')", "Mostra a ajuda (mais com '--help')"),
    ("Print help (see a summary with '-h')", "Mostra a ajuda (um resumo com '-h')"),
    ("Print help", "Mostra a ajuda"),
    ("Print version", "Mostra a versão"),
    (
        "Print this message or the help of the given subcommand(s)",
        "Mostra esta mensagem ou a ajuda do subcomando indicado",
    ),
    ("error:", "erro:"),
    ("tip:", "dica:"),
    ("For more information, try ", "Para mais informações, use "),
    ("the following required arguments were not provided:", "faltam os seguintes argumentos obrigatórios:"),
    ("unexpected argument ", "argumento inesperado "),
    ("' found", "'"),
    ("unrecognized subcommand ", "subcomando desconhecido "),
    ("invalid value ", "valor inválido "),
    (" for '", " para '"),
    ("a value is required for ", "falta um valor para "),
    (" but none was supplied", ""),
    ("cannot be used multiple times", "não pode ser usado mais de uma vez"),
    ("the argument ", "o argumento "),
    ("cannot be used with:", "não pode ser usado com:"),
    ("cannot be used with", "não pode ser usado com"),
    ("the subcommand ", "o subcomando "),
    ("requires a subcommand but one was not provided", "exige um subcomando, e nenhum foi dado"),
    ("[subcommands: ", "[subcomandos: "),
    ("a similar argument exists: ", "existe um argumento parecido: "),
    ("a similar subcommand exists: ", "existe um subcomando parecido: "),
    ("some similar subcommands exist: ", "existem subcomandos parecidos: "),
    ("a similar value exists: ", "existe um valor parecido: "),
    ("some similar values exist: ", "existem valores parecidos: "),
    ("to pass ", "para passar "),
    (" as a value, use ", " como valor, use "),
];

/// Every paragraph of help.
const PARAGRAPHS: &[(&str, &str)] = &[
    (
        "Keeps an ERP and the sales platforms of a store in step",
        "Mantém um ERP e as plataformas de venda de uma loja em dia um com o outro",
    ),
    (
        "Keeps an ERP and the sales platforms of a store in step.",
        "Mantém um ERP e as plataformas de venda de uma loja em dia um com o outro.",
    ),
    (
        "Each command makes one pass and exits; cron does the rest. Exit codes: 0 done, 1 failed, 2 wrong command \
         line, 3 some items held or failed, 4 wrong configuration or credentials, 5 the other side is down or \
         limiting us, 6 a guard stopped the pass, 10 time budget used up, 11 another run is active, 130 \
         interrupted, 143 terminated. `vaivem explain CODE` says what to do about one. Lengths of time are \
         written 30s, 10m, 1h or 7d, days YYYY-MM-DD.",
        "Cada comando faz uma passada e termina; o cron faz o resto. Códigos de saída: 0 concluído, 1 falha, 2 \
         linha de comando errada, 3 há itens retidos ou com falha, 4 configuração ou credenciais erradas, 5 o \
         outro lado fora do ar ou limitando as chamadas, 6 uma trava de segurança parou a rotina, 10 tempo \
         esgotado, 11 outra execução está ativa, 130 interrompido, 143 encerrado. `vaivem explain CÓDIGO` diz o \
         que fazer em cada caso. Durações escrevem-se 30s, 10m, 1h ou 7d; dias, AAAA-MM-DD.",
    ),
    (
        "The configuration; without it, vaivem.toml here, then $XDG_CONFIG_HOME/vaivem/vaivem.toml",
        "A configuração; sem isso, vaivem.toml aqui, depois $XDG_CONFIG_HOME/vaivem/vaivem.toml",
    ),
    (
        "Print only what needs a person; nothing when all is well",
        "Mostra só o que precisa de uma pessoa; nada quando tudo vai bem",
    ),
    (
        "Print more: once also what did not change, twice also one line per call",
        "Mostra mais: uma vez, também o que não mudou; duas vezes, também uma linha por chamada",
    ),
    ("The form of standard output", "A forma da saída padrão"),
    (
        "The language of what people read: en or pt-BR; without it VAIVEM_LANG says, or the locale. JSON is the same \
         in both",
        "O idioma do que as pessoas leem: en ou pt-BR; sem isso vale VAIVEM_LANG, ou o locale. O JSON é o mesmo nos \
         dois",
    ),
    ("For eyes", "Para os olhos"),
    (
        "One JSON object a line, `type` first, ending with a summary",
        "Um objeto JSON por linha, `type` primeiro, com um resumo no fim",
    ),
    ("Bring new orders into the ERP", "Traz pedidos novos para o ERP"),
    (
        "Reads the channel's feed and list, stores what it hears, then decides on each order that is not in the \
         ERP yet: imported, waiting, held with a reason, skipped by policy, or cancelled. Held orders are tried \
         again on every run. On VTEX an imported order is taken over: its handling starts. Exit code 3 \
         while an order is held: `vaivem holds` says what to do.",
        "Lê o feed e a lista do canal, grava o que recebe e decide sobre cada pedido que ainda não está no ERP: \
         importado, aguardando, retido com um motivo, deixado de fora pela política, ou cancelado. Pedidos \
         retidos são tentados de novo em cada execução. Na VTEX o pedido importado é assumido: começa o manuseio. Código de saída 3 enquanto houver pedido retido: `vaivem holds` diz o que fazer.",
    ),
    (
        "Only this channel (can be repeated); all of them without it",
        "Só este canal (pode ser repetido); sem isso, todos",
    ),
    (
        "Only this order, by its number on the channel (can be repeated); `-` reads numbers from standard input, \
         one a line. Needs --channel where several are configured",
        "Só este pedido, pelo número no canal (pode ser repetido); `-` lê números da entrada padrão, um por \
         linha. Exige --channel onde há vários canais configurados",
    ),
    ("Show what would be done, and do nothing", "Mostra o que seria feito, e não faz nada"),
    (
        "Begin nothing further after this long (such as 90s, 8m or 1h); the rest is for the next run: exit code \
         10",
        "Não começa mais nada depois deste tempo (como 90s, 8m ou 1h); o resto fica para a próxima execução: \
         código de saída 10",
    ),
    (
        "Look again for orders created since this day (in São Paulo); the cut-off date still holds",
        "Procura de novo pedidos criados desde este dia (em São Paulo); a data de corte continua valendo",
    ),
    (
        "Look again for orders created until this day, included",
        "Procura de novo pedidos criados até este dia, inclusive",
    ),
    (
        "Tell the ERP which orders were paid, put under review, or cancelled",
        "Informa ao ERP que pedidos foram pagos, postos em análise ou cancelados",
    ),
    (
        "Reads every order in the ERP whose payment is still open on both sides, whatever the feed said, and \
         moves the ERP's order forward. Orders imported unpaid are taken over on the channel once they are paid \
         and ready. Nothing is ever moved back: a cancellation against an invoice, or money for a cancelled \
         order, is held for a person (exit code 3).",
        "Lê todo pedido do ERP cujo pagamento ainda está em aberto nos dois lados, diga o feed o que disser, e \
         avança o pedido do ERP. Pedidos importados antes do pagamento são assumidos no canal quando pagos e \
         prontos. Nada volta atrás: um cancelamento contra uma nota, ou dinheiro para um pedido cancelado, fica \
         retido para uma pessoa (código de saída 3).",
    ),
    (
        "Cancel orders that nobody paid by their deadline, and on the channel what was cancelled in the ERP",
        "Cancela pedidos que ninguém pagou até o prazo, e no canal o que foi cancelado no ERP",
    ),
    (
        "Off until the configuration switches it on ([channels.NAME.auto_cancel]); until then it says what it \
         would cancel. Both sides are read right before each cancellation, and anything but a clear \"unpaid\" on \
         both leaves the order alone; that moment between reading and cancelling cannot be closed from here, so \
         cancelled orders are watched for a late payment for 30 days.",
        "Desligado até a configuração ligar ([channels.NOME.auto_cancel]); até lá diz o que cancelaria. Os dois \
         lados são lidos logo antes de cada cancelamento, e tudo o que não for claramente \"não pago\" nos dois \
         deixa o pedido em paz; esse instante entre ler e cancelar não pode ser fechado daqui, então pedidos \
         cancelados são vigiados por 30 dias à espera de pagamento tardio.",
    ),
    (
        "An order is announced by one run and cancelled by a later one; `vaivem holds add` keeps it from that. \
         The whole run cancels nothing and ends with exit code 6 when it would cancel too many (the brake), when \
         payments were not synchronised lately, or when this machine's clock is off.",
        "Um pedido é anunciado por uma execução e cancelado por outra, posterior; `vaivem holds add` o protege \
         disso. A execução inteira não cancela nada e termina com código de saída 6 quando cancelaria demais (o \
         freio), quando os pagamentos não foram sincronizados há pouco, ou quando o relógio desta máquina está \
         errado.",
    ),
    (
        "Cancel even more orders than the brake allows, this once",
        "Cancela ainda mais pedidos do que o freio permite, só desta vez",
    ),
    ("Send the ERP's invoices to the channels", "Envia as notas fiscais do ERP aos canais"),
    (
        "Looks at the orders the ERP changed since the last run and those still waiting. Each invoice is checked \
         first (authorised, a sale, of one of our companies, for this order's customer), what the channel \
         requires must be there, and the values must add up to the order's. One that may still be on its way is \
         never sent again. One that must not be sent holds its order: exit code 3.",
        "Olha os pedidos que o ERP alterou desde a última execução e os que ainda aguardam. Cada nota é conferida \
         antes (autorizada, de venda, de uma de nossas empresas, para o cliente deste pedido), o que o canal \
         exige deve estar presente, e os valores devem somar o do pedido. Uma que ainda pode estar a caminho \
         nunca é enviada de novo. Uma que não deve ser enviada retém o pedido: código de saída 3.",
    ),
    ("Send tracking codes and deliveries to the channels", "Envia códigos de rastreio e entregas aos canais"),
    (
        "Looks at the orders the ERP changed since the last run and those still waiting, and sends what the \
         channel does not show yet. Refused and returned parcels are held for a person and never told as \
         delivered. A parcel waits until its invoice is on the channel.",
        "Olha os pedidos que o ERP alterou desde a última execução e os que ainda aguardam, e envia o que o canal \
         ainda não mostra. Volumes recusados e devolvidos ficam retidos para uma pessoa e nunca são informados \
         como entregues. Um volume aguarda até a nota estar no canal.",
    ),
    (
        "Tell the channels how much of each product they may sell",
        "Informa aos canais quanto de cada produto podem vender",
    ),
    (
        "Sends only what changed since the channel last confirmed it: physical − reserved − what is sold and not \
         in the ERP yet − a buffer, plus what the channel subtracts itself. Refuses, with exit code 6, to empty a \
         large part of the catalogue.",
        "Envia só o que mudou desde a última confirmação do canal: físico − reservado − o vendido que ainda não \
         está no ERP − uma segurança, mais o que o próprio canal subtrai. Recusa-se, com código de saída 6, a \
         esvaziar grande parte do catálogo.",
    ),
    (
        "Which warehouse, buffers, shares and what is left out: [channels.NAME.stock].",
        "Qual depósito, seguranças, parcelas e o que fica de fora: [channels.NOME.stock].",
    ),
    (
        "Only this product, by the ERP's code (can be repeated), and even if nothing changed; `-` reads codes from \
         standard input",
        "Só este produto, pelo código do ERP (pode ser repetido), e mesmo que nada tenha mudado; `-` lê códigos da \
         entrada padrão",
    ),
    (
        "Send everything again, also what the channel has confirmed",
        "Envia tudo de novo, também o que o canal confirmou",
    ),
    (
        "Send even what the guard refuses: a person has looked at it",
        "Envia mesmo o que a trava recusa: uma pessoa já conferiu",
    ),
    ("Show what would be sent, and send nothing", "Mostra o que seria enviado, e não envia nada"),
    ("All passes in the safe order, as one command", "Todas as rotinas na ordem segura, em um comando"),
    (
        "import-orders, sync-payments, auto-cancel, push-invoices, push-tracking, push-stock. A channel that is \
         down has no further passes in this run; the others go on. One summary tells what all of them did. The \
         exit code is that of the worst. What a brake or guard stopped (exit code 6) is looked at and then run by \
         itself, with --confirm where the message names it.",
        "import-orders, sync-payments, auto-cancel, push-invoices, push-tracking, push-stock. Um canal fora do ar \
         não tem mais rotinas nesta execução; os outros seguem. Um resumo diz o que todas fizeram. O código de \
         saída é o do pior caso. O que um freio ou trava parou (código de saída 6) se confere e depois se executa \
         sozinho, com --confirm onde a mensagem o cita.",
    ),
    (
        "Tell how each pass of each channel goes, and what is held",
        "Diz como vai cada rotina de cada canal, e o que está retido",
    ),
    (
        "Per pass: the last run, how it ended, when one last came to its end, and what it did. Per channel: how far \
         the order list was read, what is held and the money it holds up, and what waits.",
        "Por rotina: a última execução, como terminou, quando uma chegou ao fim pela última vez, e o que fez. Por \
         canal: até onde a lista de pedidos foi lida, o que está retido e quanto vale, e o que aguarda.",
    ),
    (
        "With --max-age it is a probe for monitoring: one line, exit code 0 when every pass came to its end within \
         that time, 3 when one did not. Expected are import-orders and every pass that ever ran for a channel, or \
         the passes named with --pass. The age is that of the beginning of the last complete run. Reads the state \
         file only, and takes milliseconds.",
        "Com --max-age é uma sonda para monitoramento: uma linha, código de saída 0 quando toda rotina chegou ao fim \
         nesse tempo, 3 quando alguma não chegou. Esperam-se import-orders e toda rotina já executada para um canal, \
         ou as indicadas com --pass. A idade é a do início da última execução completa. Lê só o arquivo de estado, e \
         leva milissegundos.",
    ),
    ("Only this pass (can be repeated)", "Só esta rotina (pode ser repetida)"),
    (
        "Probe: exit code 3 and one line when a pass did not come to its end within this time (such as 30m or 2h)",
        "Sonda: código de saída 3 e uma linha quando uma rotina não chegou ao fim neste tempo (como 30m ou 2h)",
    ),
    (
        "Tell where an order is and why: its story, what is in its way, who must act",
        "Diz onde um pedido está e por quê: a história dele, o que o impede, quem deve agir",
    ),
    (
        "ORDER is any number a person has: the channel's, the short one the channel shows, the marketplace's, the \
         ERP's, an invoice's number or access key, a tracking code. Tells what was heard, decided, sent and \
         answered, in time, and what is in its way now with what to do, who must do it, and the command that tries \
         it at once.",
        "PEDIDO é qualquer número que se tenha em mãos: o do canal, o curto que o canal mostra, o do marketplace, o \
         do ERP, o número ou a chave de uma nota, um código de rastreio. Conta o que foi ouvido, decidido, enviado e \
         respondido, em ordem, e o que o impede agora, com o que fazer, quem deve fazer, e o comando que tenta já.",
    ),
    (
        "With --sku it tells of a product's stock: what each channel was told and when, from which balance of the \
         ERP, what the number is made of, and whose orders claim units.",
        "Com --sku conta do estoque de um produto: o que cada canal foi informado e quando, de que saldo do ERP, de \
         que o número se compõe, e que pedidos reservam unidades.",
    ),
    (
        "Any number of the order: the channel's, the ERP's, the marketplace's, an invoice's number or key, a \
         tracking code",
        "Qualquer número do pedido: do canal, do ERP, do marketplace, o número ou a chave de uma nota, um código de \
         rastreio",
    ),
    ("A product instead, by the ERP's code", "Em vez disso um produto, pelo código do ERP"),
    (
        "List what is held, why, and what to do about it; or retry, skip, hold and release orders",
        "Lista o que está retido, por quê, e o que fazer; ou tenta de novo, deixa de fora, retém e libera pedidos",
    ),
    (
        "By cause, the one that holds up most money first: how many orders, what they are worth, the earliest date \
         promised to a customer, what to do. Exit code 3 when anything is held. `vaivem why NUMBER` tells the whole \
         story of one.",
        "Por causa, primeiro a que prende mais dinheiro: quantos pedidos, quanto valem, a data mais próxima \
         prometida a um cliente, o que fazer. Código de saída 3 quando há algo retido. `vaivem why NÚMERO` conta a \
         história inteira de um.",
    ),
    (
        "Only orders with this fate: held ones are not in the ERP, imported ones are",
        "Só pedidos com este destino: os held não estão no ERP, os imported estão",
    ),
    (
        "Only orders in this status on the channel: its own word (such as handling), or vaivem's (such as paid)",
        "Só pedidos nesta situação no canal: a palavra dele (como handling), ou a do vaivem (como paid)",
    ),
    (
        "Only holds with this reason, by its code, and all of them",
        "Só pendências com este motivo, pelo código, e todas elas",
    ),
    (
        "Only what is held since this day (in São Paulo) or later",
        "Só o que está retido desde este dia (em São Paulo) ou depois",
    ),
    ("Only what is held since this day or earlier", "Só o que está retido desde este dia ou antes"),
    (
        "List at most so many of each cause (5 without it); 0 for all",
        "Lista no máximo tantos de cada causa (sem isso, 5); 0 para todos",
    ),
    (
        "Keep orders from being cancelled by auto-cancel, until they are released",
        "Impede que o auto-cancel cancele pedidos, até serem liberados",
    ),
    (
        "The other passes go on with them. Who said so and when is kept and shown.",
        "As outras rotinas seguem com eles. Quem disse e quando fica gravado e é mostrado.",
    ),
    (
        "Any number of the order: on the channel, in the ERP, at the marketplace; `-` reads numbers from standard \
         input",
        "Qualquer número do pedido: no canal, no ERP, no marketplace; `-` lê números da entrada padrão",
    ),
    (
        "Why, for whoever looks at it later; it is kept in the state file, so without the customer's name",
        "O motivo, para quem olhar depois; fica no arquivo de estado, portanto sem o nome do cliente",
    ),
    ("The channel, where several have such an order", "O canal, quando vários têm esse pedido"),
    (
        "Keep orders out of the ERP: they are skipped, and not looked at again until they are released",
        "Mantém pedidos fora do ERP: são deixados de fora, e não são mais analisados até serem liberados",
    ),
    (
        "For what is held or waiting and never to be imported, such as a test order. It stays accounted for, with \
         the fate `skipped`, and its units are no longer kept back from sale. Refused for an order that is in the \
         ERP, or may be: exit code 3.",
        "Para o que está retido ou aguarda e nunca deve ser importado, como um pedido de teste. Continua contado, \
         com o destino `skipped`, e as unidades dele deixam de ser seguradas da venda. Recusado para um pedido que \
         está no ERP, ou pode estar: código de saída 3.",
    ),
    (
        "Take back what a person said: release orders held or skipped by hand",
        "Retira o que uma pessoa disse: libera pedidos retidos ou deixados de fora à mão",
    ),
    (
        "What a pass holds it releases itself, once the cause is gone.",
        "O que uma rotina retém ela mesma libera, quando a causa some.",
    ),
    ("Have held orders tried again by the next run", "Faz a próxima execução tentar de novo pedidos retidos"),
    (
        "Most holds are tried on every run anyway. This is for those that wait for news, such as what the channel \
         refused.",
        "A maioria das pendências é tentada em toda execução de qualquer forma. Isto é para as que esperam novidade, \
         como o que o canal recusou.",
    ),
    ("All orders held for this reason, by its code", "Todos os pedidos retidos por este motivo, pelo código"),
    ("Only this channel", "Só este canal"),
    (
        "List the orders seen, the latest first, and count them by fate",
        "Lista os pedidos vistos, do mais recente ao mais antigo, e os conta por destino",
    ),
    (
        "Every order seen has one fate: imported (it is in the ERP), waiting, held, skipped or cancelled; undecided \
         only until the next import-orders has looked at it.",
        "Todo pedido visto tem um destino: imported (está no ERP), waiting (aguarda), held (retido), skipped \
         (deixado de fora) ou cancelled (cancelado); undecided (sem decisão) só até o próximo import-orders \
         analisá-lo.",
    ),
    ("Only orders with this fate", "Só pedidos com este destino"),
    (
        "Only orders with this reason, by its code: that of their fate or of an open hold",
        "Só pedidos com este motivo, pelo código: o do destino ou o de uma pendência aberta",
    ),
    ("Only orders placed on this day (in São Paulo) or later", "Só pedidos feitos neste dia (em São Paulo) ou depois"),
    ("Only orders placed on this day or earlier", "Só pedidos feitos neste dia ou antes"),
    ("List at most so many; 0 for all. All are counted", "Lista no máximo tantos; 0 para todos. Todos são contados"),
    (
        "Account for every order that a channel's own list has: each must have exactly one fate",
        "Presta contas de todo pedido que a lista do próprio canal tem: cada um deve ter exatamente um destino",
    ),
    (
        "Reads the channel's order list for the days asked for and holds it against the state file; records nothing, \
         so that a loss is found and not covered up. Tells how many orders have each fate and what they are worth, \
         and names every order that has none: exit code 3. A list that does not show all it counts, or fails, \
         accounts for nothing: exit code 5.",
        "Lê a lista de pedidos do canal nos dias pedidos e a confronta com o arquivo de estado; não grava nada, para \
         que uma perda seja achada e não encoberta. Diz quantos pedidos têm cada destino e quanto valem, e cita todo \
         pedido sem nenhum: código de saída 3. Uma lista que não mostra tudo o que conta, ou que falha, não presta \
         contas de nada: código de saída 5.",
    ),
    (
        "It goes from the cut-off date at the earliest to where the last import-orders has read the list, since \
         nobody can have seen what came later.",
        "Vai, no mais cedo, da data de corte até onde o último import-orders leu a lista, pois ninguém pode ter \
         visto o que veio depois.",
    ),
    ("Orders created on this day (in São Paulo) or later", "Pedidos criados neste dia (em São Paulo) ou depois"),
    (
        "Orders created on this day or earlier; up to where the list was read without it",
        "Pedidos criados neste dia ou antes; sem isso, até onde a lista foi lida",
    ),
    ("Give up after this long (such as 90s or 8m)", "Desiste depois deste tempo (como 90s ou 8m)"),
    (
        "Rebuild a lost or old state file: link again what both sides have of a range of orders",
        "Refaz um arquivo de estado perdido ou antigo: vincula de novo o que os dois lados têm de um período",
    ),
    (
        "Reads the channel's order list for the days asked for, each order of it fresh, and asks the ERP for it. \
         What both sides have is linked; what the channel has of its invoices and tracking is noted; what is \
         cancelled stays so. Writes to neither side. What the ERP has as another order is held with what differs: \
         exit code 3. What it does not have is left to import-orders, which decides on it as on any other.",
        "Lê a lista de pedidos do canal nos dias pedidos, cada pedido dela de novo, e pergunta por ele ao ERP. O que \
         os dois lados têm é vinculado; o que o canal tem de notas e rastreio é anotado; o que está cancelado fica \
         assim. Não grava em nenhum dos lados. O que o ERP tem como outro pedido fica retido com a divergência: \
         código de saída 3. O que ele não tem fica para o import-orders, que decide como sobre qualquer outro.",
    ),
    (
        "The passes recover by themselves whatever is not over yet on the channel: they ask the ERP before they \
         create an order, and read the channel before they send anything. This is for orders that are invoiced, \
         finished or cancelled by now, which import-orders leaves alone when it sees them for the first time: with \
         it, later cancellations, tracking codes and deliveries of theirs are followed, and so is an order that was \
         cancelled on the channel while nobody listened. Run it before the next run of cron, and not within ten \
         minutes of the last: an invoice sent then may not show yet. Then run push-stock --full once. Not while a \
         pass of the channel runs: exit code 11.",
        "As rotinas recuperam sozinhas tudo o que ainda não terminou no canal: perguntam ao ERP antes de criar um \
         pedido, e leem o canal antes de enviar algo. Isto é para pedidos já faturados, concluídos ou cancelados, \
         que o import-orders deixa em paz ao vê-los pela primeira vez: com isto, cancelamentos, códigos de rastreio \
         e entregas posteriores deles são acompanhados, e também um pedido cancelado no canal enquanto ninguém \
         escutava. Execute antes da próxima vez do cron, e não em menos de dez minutos da última: uma nota enviada \
         então pode ainda não aparecer. Depois execute push-stock --full uma vez. Não enquanto uma rotina do canal \
         está em execução: código de saída 11.",
    ),
    (
        "Orders created on this day or earlier; up to now without it",
        "Pedidos criados neste dia ou antes; sem isso, até agora",
    ),
    ("Show what would be linked, and keep nothing", "Mostra o que seria vinculado, e não guarda nada"),
    (
        "Begin nothing further after this long (such as 90s or 8m); what is done stays done",
        "Não começa mais nada depois deste tempo (como 90s ou 8m); o que foi feito fica feito",
    ),
    (
        "Hold the channel, the ERP and the state file against each other: orders, invoices, tracking, stock",
        "Confronta o canal, o ERP e o arquivo de estado: pedidos, notas, rastreio, estoque",
    ),
    (
        "For the orders of the days asked for, each read fresh on both sides: do they stand where they should, are \
         they worth the same to the cent, does the channel have each invoice and tracking code, are units reserved \
         in the embedded ERP for orders that take none any more. For every product: what the channel was last told, \
         what it says now, and what it should be told. One line for each difference, with the command that repairs \
         it or shows what a person must decide: exit code 3. Reads only. What a run is about to bring in step is a \
         difference, too, until it has.",
        "Para os pedidos dos dias pedidos, cada um lido de novo nos dois lados: estão onde deveriam, valem o mesmo \
         até o centavo, o canal tem cada nota e código de rastreio, há unidades reservadas no ERP embutido para \
         pedidos que não levam mais nenhuma. Para todo produto: o que o canal foi informado por último, o que ele \
         diz agora, e o que deveria ser informado. Uma linha por diferença, com o comando que a conserta ou mostra o \
         que uma pessoa deve decidir: código de saída 3. Só lê. O que uma execução está prestes a acertar também é \
         uma diferença, até ser acertado.",
    ),
    (
        "Orders created on this day (in São Paulo) or later; those of the last seven days without it",
        "Pedidos criados neste dia (em São Paulo) ou depois; sem isso, os dos últimos sete dias",
    ),
    (
        "Decide on cancellations: list those that wait for a person, accept or deny a customer's request",
        "Decide sobre cancelamentos: lista os que aguardam uma pessoa, aceita ou recusa o pedido de um cliente",
    ),
    (
        "List cancellations that wait for a decision, the one with the least time left first",
        "Lista cancelamentos que aguardam decisão, primeiro o de menos tempo restante",
    ),
    (
        "What the channel cancelled after the invoice, what a customer asks to cancel, and what was paid after it \
         was cancelled. For each invoice that stands, how long it may still be cancelled: 24 hours from its issue, \
         which some states extend. From the state file and the embedded ERP; exit code 3 when there is any.",
        "O que o canal cancelou depois da nota, o que um cliente pede para cancelar, e o que foi pago depois de \
         cancelado. Para cada nota em vigor, por quanto tempo ainda pode ser cancelada: 24 horas da emissão, que \
         alguns estados ampliam. Do arquivo de estado e do ERP embutido; código de saída 3 quando há algum.",
    ),
    (
        "Cancel an order in the ERP, and on the channel where a customer asked to",
        "Cancela um pedido no ERP, e no canal quando um cliente pediu",
    ),
    (
        "Both sides are read first. Refused, with exit code 3, while there is an invoice: the NF-e must be cancelled \
         first. Who said so, when and why is kept. Not while a pass of the channel runs: exit code 11.",
        "Os dois lados são lidos antes. Recusado, com código de saída 3, enquanto houver nota: a NF-e deve ser \
         cancelada antes. Quem disse, quando e por quê fica gravado. Não enquanto uma rotina do canal está em \
         execução: código de saída 11.",
    ),
    (
        "Any number of the order: on the channel, in the ERP, at the marketplace",
        "Qualquer número do pedido: no canal, no ERP, no marketplace",
    ),
    (
        "Why; the channel shows it to the customer, and it is kept in the state file",
        "O motivo; o canal o mostra ao cliente, e ele fica no arquivo de estado",
    ),
    (
        "Deny a customer's request to cancel: the order goes on where it was",
        "Recusa o pedido de cancelamento de um cliente: o pedido segue de onde estava",
    ),
    (
        "VTEX only; on marketplaces behind a hub the customer asks the marketplace, which decides.",
        "Só na VTEX; em marketplaces por trás de um hub o cliente pede ao marketplace, que decide.",
    ),
    ("Forget orders, so that they are seen anew", "Esquece pedidos, para que sejam vistos como novos"),
    (
        "Removes what is known of an order: its fate, history, holds, and what was sent. It stays on the channel and \
         in the ERP. The next that is heard of it is the first: it is decided on from both sides as they are. What \
         is in the ERP is found there under its number and not created twice, and an invoice that the channel has is \
         not sent twice. For an order whose record here is wrong; to have a held one tried again, `vaivem holds \
         retry` is enough. Who did it and why is kept. Not while a pass of its channel runs: exit code 11.",
        "Remove o que se sabe de um pedido: destino, história, pendências, e o que foi enviado. Ele fica no canal e \
         no ERP. O próximo que se ouvir dele é o primeiro: decide-se a partir dos dois lados como estão. O que está \
         no ERP é achado lá pelo número e não criado duas vezes, e uma nota que o canal tem não é enviada duas \
         vezes. Para um pedido cujo registro aqui está errado; para tentar de novo um retido, basta `vaivem holds \
         retry`. Quem fez e por quê fica gravado. Não enquanto uma rotina do canal está em execução: código de saída \
         11.",
    ),
    (
        "Copy the state file and the embedded ERP, checked, while passes run",
        "Copia o arquivo de estado e o ERP embutido, conferidos, com as rotinas em execução",
    ),
    (
        "Makes the folder, with the state file, the key beside it and the ledger as they are at this moment, each \
         checked. Nothing is ever overwritten, and what could not be finished is not left behind. The configuration \
         is not copied.",
        "Cria a pasta, com o arquivo de estado, a chave ao lado dele e o ERP embutido como estão neste momento, cada \
         um conferido. Nada é sobrescrito, e o que não pôde ser concluído não fica para trás. A configuração não é \
         copiada.",
    ),
    (
        "To restore, stop cron, put the files where the configuration says, and remove the files ending in -wal and \
         -shm beside them. Where the ledger was put back, bring in what it lacks first, or what was sold since is \
         sold again: the README tells how, under \"Copies\". Then run push-stock --full once, and let cron go on. The \
         sweep of the list goes on from where it was then; what is in the ERP or on the channel by now is found there \
         and not made twice.",
        "Para restaurar, pare o cron, ponha os arquivos onde a configuração diz, e remova os que terminam em -wal e \
         -shm ao lado deles. Se o ERP embutido foi restaurado, traga antes o que falta nele, ou o que foi vendido \
         desde então será vendido de novo: o README diz como, em \"Copies\". Depois execute push-stock --full uma \
         vez, e deixe o cron seguir. A varredura da lista continua de onde estava então; o que já está no ERP ou no \
         canal é achado lá e não feito duas vezes.",
    ),
    ("The folder to make", "A pasta a criar"),
    (
        "Clear away what happened to orders that were closed long ago",
        "Remove o que aconteceu a pedidos encerrados há muito tempo",
    ),
    (
        "Of each order that is imported and done with, skipped or cancelled, and of which nothing was heard since, \
         the history, the journal, the lines and the customer's hash go. One row stays, with its numbers, fate and \
         worth: it keeps the order from being imported again, whatever the channel says of it and wherever the \
         cut-off date lies, and keeps `account` and `why` working. What is open, held, waiting or of unknown outcome \
         is never touched. Runs as old go, too. The file does not shrink; its free space is used again.",
        "De cada pedido importado e concluído, deixado de fora ou cancelado, e do qual nada mais se ouviu, saem a \
         história, o diário, os itens e o hash do cliente. Fica uma linha, com os números, o destino e o valor: ela \
         evita que o pedido seja importado de novo, diga o canal o que disser e esteja onde estiver a data de corte, \
         e mantém `account` e `why` funcionando. O que está aberto, retido, aguardando ou de resultado desconhecido \
         nunca é tocado. Execuções igualmente antigas saem também. O arquivo não encolhe; o espaço livre dele é \
         reaproveitado.",
    ),
    (
        "Orders of which nothing was heard for this long (such as 400d); 90d at least",
        "Pedidos dos quais nada se ouviu por este tempo (como 400d); no mínimo 90d",
    ),
    ("Say what would be cleared, and clear nothing", "Diz o que seria removido, e não remove nada"),
    ("Tell what is kept of a customer, or erase it", "Diz o que se guarda de um cliente, ou o apaga"),
    (
        "Print what the state file and the embedded ERP know of a customer, as JSON",
        "Mostra o que o arquivo de estado e o ERP embutido sabem de um cliente, em JSON",
    ),
    ("The customer's CPF or CNPJ, with or without punctuation", "O CPF ou CNPJ do cliente, com ou sem pontuação"),
    (
        "Erase a customer from the state file and the embedded ERP",
        "Apaga um cliente do arquivo de estado e do ERP embutido",
    ),
    (
        "Name, document, contact, address and note of their orders, the customer's own row, and the hash in the \
         state file; the orders stay as sales. Files of NF-e, which name the customer, stay unless --fiscal-too: the \
         law has a store keep them for years. Then both files are rewritten and their logs emptied, so that no byte \
         of it is left. Refused, with exit code 3, while an order of theirs is on its way; not while a pass runs: \
         exit code 11. Copies made before are not reached, nor is the channel, nor Eccosys.",
        "Nome, documento, contato, endereço e observação dos pedidos dele, o cadastro do próprio cliente, e o hash \
         no arquivo de estado; os pedidos ficam como vendas. Arquivos de NF-e, que trazem o nome do cliente, ficam, \
         a menos que se use --fiscal-too: a lei manda a loja guardá-los por anos. Depois os dois arquivos são \
         regravados e os logs esvaziados, para que não reste um byte. Recusado, com código de saída 3, enquanto um \
         pedido dele está a caminho; não enquanto uma rotina está em execução: código de saída 11. Cópias feitas \
         antes não são alcançadas, nem o canal, nem o Eccosys.",
    ),
    ("Erase the files of their invoices, too", "Apaga também os arquivos das notas dele"),
    (
        "Even where the ledger does not know that an order is over",
        "Mesmo onde o ERP embutido não sabe que um pedido terminou",
    ),
    ("Look into the embedded ERP, or feed it", "Consulta o ERP embutido, ou o alimenta"),
    (
        "Take in documents: stock sheets, NF-e and their events, shipment sheets, OCOREN",
        "Recebe documentos: planilhas de estoque, NF-e e seus eventos, planilhas de envios, OCOREN",
    ),
    (
        "Each is recognised by its content, and taken whole or refused with the reason; invoices go before what \
         refers to them, whatever their order here. Exit code 3 when one was refused. Folders that every pass \
         empties by itself are set in [erp] inbox and [carriers] inbox.",
        "Cada um é reconhecido pelo conteúdo, e aproveitado inteiro ou recusado com o motivo; notas vão antes do \
         que se refere a elas, seja qual for a ordem aqui. Código de saída 3 quando algum foi recusado. As pastas \
         que toda rotina esvazia sozinha ficam em [erp] inbox e [carriers] inbox.",
    ),
    (
        "A sheet (CSV with ; , tab or |) names its columns in the first line. Of stock: codigo and quantidade, \
         and perhaps nome and deposito; it sets the balance. Of shipments: nota or pedido, at least one of \
         rastreio, url, ordem de coleta, coletado, despachado, entregue, and perhaps serie and transportadora; \
         days as 26/11/2026.",
        "Uma planilha (CSV com ; , tabulação ou |) dá nome às colunas na primeira linha. De estoque: codigo e \
         quantidade, e talvez nome e deposito; ela fixa o saldo. De envios: nota ou pedido, ao menos uma entre \
         rastreio, url, ordem de coleta, coletado, despachado, entregue, e talvez serie e transportadora; dias \
         como 26/11/2026.",
    ),
    (
        "An NF-e finds its order by the channel's number of it (the marketplace's or the ledger's do as well) in \
         xPed, or behind a word such as pedido in infCpl, and its recipient must be the order's customer.",
        "Uma NF-e acha seu pedido pelo número dele no canal (o do marketplace ou o do ERP embutido também servem) \
         em xPed, ou após uma palavra como pedido em infCpl, e o destinatário deve ser o cliente do pedido.",
    ),
    ("The files; `-` reads standard input", "Os arquivos; `-` lê a entrada padrão"),
    ("List its orders, the latest first", "Lista os pedidos dele, do mais recente ao mais antigo"),
    (
        "Only those in this status: awaiting_payment, payment_under_review, paid, picking, in_production, \
         invoiced, collection_order_created, shipped, delivered, cancellation_requested, cancelled, returned",
        "Só os que estão nesta situação: awaiting_payment, payment_under_review, paid, picking, in_production, \
         invoiced, collection_order_created, shipped, delivered, cancellation_requested, cancelled, returned",
    ),
    ("At most so many", "No máximo tantos"),
    ("Show one order", "Mostra um pedido"),
    ("The ledger's number, or the store order number", "O número do ERP embutido, ou o número da loja"),
    (
        "Move an order to a status by hand, such as picking or shipped",
        "Leva um pedido a uma situação à mão, como picking ou shipped",
    ),
    (
        "Only forward: the ledger refuses a step that no order takes.",
        "Só para a frente: o ERP embutido recusa um passo que nenhum pedido dá.",
    ),
    (
        "The status: paid, picking, in_production, invoiced, collection_order_created, shipped, delivered, returned. \
         NF-e, shipment sheets and OCOREN files move an order by themselves",
        "A situação: paid, picking, in_production, invoiced, collection_order_created, shipped, delivered, returned. \
         NF-e, planilhas de envios e arquivos OCOREN movem o pedido sozinhos",
    ),
    ("Why, for the order's history", "O motivo, para a história do pedido"),
    ("Cancel an order and release its stock", "Cancela um pedido e libera o estoque dele"),
    (
        "Refused when there is an invoice: that must be cancelled first. The next auto-cancel tells the channel, \
         where the configuration has it do so (from_erp). It cannot be undone, and the order is not made again.",
        "Recusado quando há nota: ela deve ser cancelada antes. O próximo auto-cancel avisa o canal, onde a \
         configuração assim manda (from_erp). Não há como desfazer, e o pedido não é criado de novo.",
    ),
    ("Why, for the order's history and for the channel", "O motivo, para a história do pedido e para o canal"),
    ("List its stock: physical, reserved, available", "Lista o estoque dele: físico, reservado, disponível"),
    ("Only this product (can be repeated)", "Só este produto (pode ser repetido)"),
    (
        "Check the set-up: configuration, files, keys, feed, warehouses, mappings, clocks; each line says what to do",
        "Confere a instalação: configuração, arquivos, chaves, feed, depósitos, mapeamentos, relógios; cada linha \
         diz o que fazer",
    ),
    (
        "`ok`, `warning` and `problem` tell how it is; `verify` names what vaivem assumes of your accounts without \
         being able to see it, with the setting that governs it and how to find out. Reads only, except with --fix. \
         Exit codes: 0 all is well, 3 a warning or a problem needs a person, 4 the configuration, a key or a file is \
         wrong, 5 a side cannot be reached.",
        "`ok`, `atenção` e `problema` dizem como está; `verificar` cita o que o vaivem supõe das suas contas sem \
         poder ver, com a opção que o governa e como descobrir. Só lê, exceto com --fix. Códigos de saída: 0 tudo \
         bem, 3 um aviso ou problema precisa de uma pessoa, 4 a configuração, uma chave ou um arquivo está errado, 5 \
         não há acesso a um dos lados.",
    ),
    (
        "Only this channel (can be repeated); all of them without it. The ERP and the files are always looked at",
        "Só este canal (pode ser repetido); sem isso, todos. O ERP e os arquivos são sempre conferidos",
    ),
    (
        "Create VTEX's order feed where the key has none, and nothing else",
        "Cria o feed de pedidos da VTEX onde a chave não tem nenhum, e nada mais",
    ),
    (
        "Asks nothing and overwrites nothing. Secrets do not stand in the file: it names the environment \
         variables they are in. Edit what it wrote, set those variables, then `vaivem check` says what is still \
         missing.",
        "Não pergunta nada e não sobrescreve nada. Segredos não ficam no arquivo: ele cita as variáveis de \
         ambiente em que estão. Edite o que ele escreveu, defina essas variáveis, e `vaivem check` diz o que \
         ainda falta.",
    ),
    (
        "A channel and its kind, vtex or anymarket (can be repeated); loja=vtex without it",
        "Um canal e seu tipo, vtex ou anymarket (pode ser repetido); sem isso, loja=vtex",
    ),
    ("The back office: ledger, the embedded one, or eccosys", "O ERP: ledger, o embutido, ou eccosys"),
    ("The folder; made where needed", "A pasta; criada se preciso"),
    (
        "Explain a code: what it means, what to do, which exit code goes with it",
        "Explica um código: o que significa, o que fazer, que código de saída o acompanha",
    ),
    (
        "CODE is a stable code, as lists, JSON and the files beside refused documents show it, or an exit code by \
         its number or name. Without it all codes are listed. A code that does not exist is answered with those \
         nearest to it: exit code 2.",
        "CÓDIGO é um código estável, como o mostram as listas, o JSON e os arquivos ao lado de documentos recusados, \
         ou um código de saída pelo número ou nome. Sem ele, todos são listados. A um código que não existe \
         responde-se com os mais próximos: código de saída 2.",
    ),
    (
        "Where each run of a pass leaves its metrics for Prometheus, in place of the configuration's metrics_file",
        "Onde cada execução de uma rotina deixa suas métricas para o Prometheus, em lugar do metrics_file da \
         configuração",
    ),
    (
        "The text file that node_exporter's textfile collector reads: its name ends in .prom, and it is replaced as \
         a whole. `status` leaves it, too, where this names it. Dry runs leave none.",
        "O arquivo de texto que o textfile collector do node_exporter lê: o nome termina em .prom, e ele é trocado \
         por inteiro. O `status` também o deixa, onde isto o indica. Simulações não deixam nenhum.",
    ),
    ("Carry out what a dry run planned, and nothing else", "Executa o que uma simulação planejou, e nada mais"),
    (
        "A dry run with --output jsonl is a plan: each order or product it would do something about has the exact \
         actions, and the facts they rest on. This reads both sides again and carries out just these actions; what \
         has changed since is left alone and named: exit code 3. Lines may be taken out of a plan or put together \
         from several; what else a dry run prints is passed over. It holds no personal data: what might be is a \
         digest under this store's key, so a plan is for the state file it was made with.",
        "Uma simulação com --output jsonl é um plano: cada pedido ou produto em que ela faria algo traz as ações \
         exatas e os fatos em que se apoiam. Isto lê os dois lados de novo e executa só essas ações; o que mudou \
         desde então fica como está e é citado: código de saída 3. Pode-se tirar linhas de um plano ou juntar as de \
         vários; o mais que uma simulação mostra é ignorado. Ele não tem dados pessoais: o que poderia ser um vira \
         um resumo com a chave desta loja, de modo que um plano só serve ao arquivo de estado com que foi feito.",
    ),
    (
        "What two passes would do about one order is seldom all in one plan: the second looks at what the first \
         leaves behind.",
        "O que duas rotinas fariam em um mesmo pedido raramente está todo em um plano: a segunda olha o que a \
         primeira deixa.",
    ),
    (
        "The plan, as a dry run printed it with --output jsonl; `-` reads standard input",
        "O plano, como uma simulação o mostrou com --output jsonl; `-` lê a entrada padrão",
    ),
    (
        "Go on where the brake of auto-cancel or the guard of push-stock would stop: you have looked at it",
        "Segue onde o freio do auto-cancel ou a trava do push-stock parariam: você já conferiu",
    ),
    (
        "Begin nothing further after this long (such as 90s or 8m)",
        "Não começa mais nada depois deste tempo (como 90s ou 8m)",
    ),
    (
        "Write one page that shows how the shop is: orders, money held and why, lag, what the passes did, the \
         oldest troubles",
        "Escreve uma página que mostra como vai a loja: pedidos, dinheiro retido e por quê, atrasos, o que as \
         rotinas fizeram, os problemas mais antigos",
    ),
    (
        "The page is one file: no script, nothing from elsewhere, fit for a folder that a web server shows, for a \
         phone and for paper. It names orders and products, and no customer. It is written whole or not at all, and \
         readable by everybody, so that the web server can. Only an earlier page is replaced, no other file. Reads \
         the state file only, also while passes run.",
        "A página é um só arquivo: sem script, sem nada de fora, própria para uma pasta que um servidor web mostra, \
         para o celular e para o papel. Cita pedidos e produtos, e nenhum cliente. É escrita inteira ou não é \
         escrita, e qualquer um pode lê-la, para que o servidor web possa. Só uma página anterior é substituída, \
         nenhum outro arquivo. Lê só o arquivo de estado, também com as rotinas em execução.",
    ),
    ("The page to write; `-` writes it to standard output", "A página a escrever; `-` a escreve na saída padrão"),
    ("Show what happened in so many days, today included", "Mostra o que aconteceu em tantos dias, com o de hoje"),
    (
        "Say on the page that it is made anew this often (such as 10m), so that a stale one shows; an open one is \
         loaded anew",
        "Diz na página que ela é refeita a cada tanto tempo (como 10m), para que se note uma parada; a que está \
         aberta é recarregada",
    ),
    (
        "Write one order's support bundle: all that is known of it, masked, to read through and send to somebody",
        "Escreve o pacote de suporte de um pedido: tudo o que se sabe dele, mascarado, para conferir e enviar a \
         alguém",
    ),
    (
        "One JSON file with the versions, the configuration, what `why` tells, what was sent and answered, the \
         stock of its products, the last runs, and the order as channel and ERP answer it at this moment. Names, \
         documents, contacts, addresses, notes and whatever else is not known to be harmless is told by its kind \
         and length only; secrets never are in it. Asks both sides and writes to neither. ORDER is any number a \
         person has, as for `why`.",
        "Um arquivo JSON com as versões, a configuração, o que o `why` conta, o que foi enviado e respondido, o \
         estoque dos produtos, as últimas execuções, e o pedido como o canal e o ERP o respondem neste momento. De \
         nomes, documentos, contatos, endereços, observações e tudo o mais que não se sabe inofensivo ficam só o \
         tipo e o tamanho; segredos nunca entram. Consulta os dois lados e não grava em nenhum. PEDIDO é qualquer \
         número que se tenha em mãos, como no `why`.",
    ),
    (
        "What cannot be read is told in its place, and the rest is written all the same: exit code 5, or 4 for \
         refused credentials. An existing file is left as it is: exit code 2.",
        "O que não pode ser lido é dito em seu lugar, e o resto é escrito mesmo assim: código de saída 5, ou 4 para \
         credenciais recusadas. Um arquivo que já existe fica como está: código de saída 2.",
    ),
    (
        "The file to make, readable by you alone; vaivem-ORDER.json here without it, `-` for standard output",
        "O arquivo a criar, que só você pode ler; sem isso, vaivem-PEDIDO.json aqui; `-` para a saída padrão",
    ),
    (
        "Ask neither side: without the order as they have it now",
        "Não consulta nenhum dos lados: sem o pedido como eles o têm agora",
    ),
    (
        "The same accounts have new addresses: go on with the state file under these",
        "As mesmas contas têm novos endereços: segue com o arquivo de estado nestes",
    ),
    (
        "Write a commented configuration to start from, and make the folders and files it names",
        "Escreve uma configuração comentada para começar, e cria as pastas e os arquivos que ela cita",
    ),
    (
        "Print the manual page of vaivem, or of one of its commands",
        "Mostra a página de manual do vaivem, ou de um de seus comandos",
    ),
    (
        "With --dir all of them are written, one file each, as `man` wants them.",
        "Com --dir todas são escritas, um arquivo cada, como o `man` as espera.",
    ),
    (
        "The command, such as `push-stock` or `holds retry`; the whole program without it",
        "O comando, como `push-stock` ou `holds retry`; sem isso, o programa inteiro",
    ),
    (
        "Write the pages of all commands into this folder; it is made where needed",
        "Escreve as páginas de todos os comandos nesta pasta; é criada se preciso",
    ),
    ("The code; all of them without it", "O código; sem isso, todos"),
    (
        "The ledger is the ERP where the configuration says kind = \"ledger\". Eccosys keeps orders, invoices and stock \
         itself: exit code 2.",
        "O ERP embutido (ledger) é o ERP onde a configuração diz kind = \"ledger\". O Eccosys guarda ele mesmo pedidos, \
         notas e estoque: código de saída 2.",
    ),
    (
        "A decision is carried out at once, and kept with who made it, when and why.",
        "Uma decisão é executada na hora, e fica gravada com quem a tomou, quando e por quê.",
    ),
    ("Print a completion script for a shell", "Mostra um script de completamento para um shell"),
    ("Which shell", "Qual shell"),
    (
        "For bash, `source` what it prints from ~/.bashrc; for zsh, save it as _vaivem in a folder of $fpath; for \
         fish, as ~/.config/fish/completions/vaivem.fish.",
        "No bash, carregue o que ele mostra com `source` no ~/.bashrc; no zsh, grave como _vaivem em uma pasta de \
         $fpath; no fish, como ~/.config/fish/completions/vaivem.fish.",
    ),
    (
        "Reads only. What channel, marketplace and Eccosys keep is not in it.",
        "Só lê. O que o canal, o marketplace e o Eccosys guardam não está nele.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn paragraphs(command: &Command, found: &mut Vec<String>) {
        let mut add = |text: Option<&StyledStr>| {
            let text = text.map(ToString::to_string).unwrap_or_default();
            found.extend(text.split("\n\n").filter(|one| !one.is_empty()).map(str::to_owned));
        };
        add(command.get_about());
        add(command.get_long_about());
        for arg in command.get_arguments() {
            add(arg.get_help());
            add(arg.get_long_help());
        }
        for value in command.get_arguments().flat_map(Arg::get_possible_values) {
            add(value.get_help());
        }
        for subcommand in command.get_subcommands() {
            paragraphs(subcommand, found);
        }
    }

    #[test]
    fn every_paragraph_of_help_is_there_in_portuguese_and_none_is_left_over() {
        let mut found = Vec::new();
        paragraphs(&Cli::command(), &mut found);
        let missing: Vec<&String> = found.iter().filter(|one| paragraph_told(one).is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        let left: Vec<&str> =
            PARAGRAPHS.iter().map(|(english, _)| *english).filter(|one| !found.contains(one)).collect();
        assert!(left.is_empty(), "{left:#?}");
    }
}
