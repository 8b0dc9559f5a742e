//! A report with every kind of block, as an issuer might make it; and a long one of tables.

use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use affiant_reports::document::*;

/// One of everything.
pub(crate) fn report() -> Document {
    let mut document = Document {
        title: "Credit scoring: assurance report".into(),
        subtitle: "EU AI Act, ISO/IEC 42001 and NIST AI RMF, as of 22 November 2026".into(),
        language: "en".into(),
        generated_at: "2026-11-22T03:46:05Z".parse().unwrap_or(Timestamp::MIN),
        reference: "pack 3f9a2c41 · credit-scoring".into(),
        metadata: Metadata {
            author: "Example Bank AG".into(),
            producer: "affiant 0.1.0".into(),
            subject: "State of one AI system against three frameworks".into(),
            keywords: vec!["AI Act".into(), "ISO/IEC 42001".into()],
        },
        cover: Some(cover()),
        sections: vec![scope(), summary(), requirements(), findings(), appendix()],
    };
    document.number();
    document
}

fn cover() -> Cover {
    let fact = |key: &str, value: &str| KeyValue { key: key.into(), value: vec![Span::plain(value)] };
    let fingerprint = |label: &str, value: String| Fingerprint { label: label.into(), value };
    Cover {
        kicker: "Audit pack".into(),
        statement: vec![
            Span::plain(
                "This report is rendered from the entries of an append-only ledger. Every figure in it can be derived again from the entries beside it with ",
            ),
            Span::mono("affiant verify"),
            Span::plain("; nothing in it needs to be believed."),
        ],
        facts: vec![
            fact("System", "Credit scoring (credit-scoring)"),
            fact("Provider", "Example Bank AG, Frankfurt am Main"),
            fact("Role and risk class", "Provider and deployer · high-risk (Annex III, 5 b)"),
            fact("Period", "2026-05-23 to 2026-11-22"),
            fact("Frameworks", "EU AI Act (2026-10) · ISO/IEC 42001:2023 · NIST AI RMF 1.0"),
            fact("Issued by", "issuer.example-bank+7d1c0f3a"),
        ],
        fingerprints: vec![
            fingerprint("Pack", Digest::of(b"pack").to_string()),
            fingerprint("Ledger root at 1,204 entries", Digest::of(b"root").to_string()),
            fingerprint("Issuer key (SHA-256)", Digest::of(b"key").to_string()),
            fingerprint("SHA-256 of tagmanifest-sha256.txt", Digest::of(b"manifest").to_string()),
        ],
        notices: vec![Notice {
            level: Level::Warning,
            title: "What this pack does not establish".into(),
            body: vec![Span::plain(
                "It does not establish that what was submitted is true, nor that the system complies with the law. It binds who said what, and when it was recorded.",
            )],
        }],
    }
}

fn scope() -> Section {
    let mut section = Section::new("s-scope", "Scope and criteria");
    section.blocks = vec![
        Block::Paragraph(vec![
            Span::plain("The system scores applications of natural persons for consumer credit. It is "),
            Span::strong("high-risk"),
            Span::plain(" under Annex III, point 5 (b), of "),
            Span::plain("Regulation (EU) 2024/1689").to_url("https://eur-lex.europa.eu/eli/reg/2024/1689/oj"),
            Span::plain(
                ". The assessment covers the period from 23 May to 22 November 2026; the state shown is that of the last day. Results are listed in section ",
            ),
            Span::plain("Requirements").to("s-requirements"),
            Span::plain("."),
        ]),
        Block::KeyValues(vec![
            KeyValue { key: "Owner".into(), value: vec![Span::plain("Retail Credit Risk")] },
            KeyValue {
                key: "Model".into(),
                value: vec![Span::plain("Gradient-boosted trees, "), Span::mono("scorecard-v7")],
            },
            KeyValue {
                key: "Model digest".into(),
                value: vec![Span::mono(Digest::of(b"model").to_string())],
            },
            KeyValue {
                key: "Names".into(),
                value: vec![Span::plain(
                    "Łódź · Αθήνα · Київ · Đà Nẵng · São Paulo · İstanbul · ≥ ≤ ± → ✓ ⊆",
                )],
            },
            KeyValue {
                key: "Hostile text".into(),
                value: vec![Span::plain("evil\u{202e}fdp.exe, שלום, 信用, \u{1b}[31m")],
            },
        ]),
        Block::List(vec![
            vec![Span::plain("Assets: 2 models, 3 data sets, 1 vector store, 1 gateway.")],
            vec![
                Span::plain("Evidence: 61 files, of which 2 are withheld and listed in "),
                Span::plain("Evidence index").to("s-evidence"),
                Span::plain("."),
            ],
            vec![Span::plain("Exceptions: none.")],
        ]),
        Block::Notice(Notice {
            level: Level::Missing,
            title: "Management assertion".into(),
            body: vec![Span::plain("No assertion signed by management is recorded for this period.")],
        }),
    ];
    let mut method = Section::new("s-method", "Basis of preparation");
    method.blocks = vec![
        Block::Paragraph(vec![Span::plain("A control counts as held on an asset when every collector that tests it reported a pass within the control's period, and none reported a failure. Older passes are stale; controls that nothing tests are missing. Denominators are the assets registered on the last day.")]),
        Block::Notice(Notice { level: Level::Info, title: "".into(), body: vec![Span::plain("Dates of application are shown as enacted and as currently in force.")] }),
        Block::Lineage(lineage()),
        Block::Code("affiant verify credit-scoring.affiant.zip --trust auditor.keys\nsha256sum -c manifest-sha256.txt\n  # every line says OK".into()),
    ];
    section.sections = vec![method];
    section
}

fn lineage() -> Lineage {
    let node = |label: &str, note: &str| LineageNode { label: label.into(), note: note.into() };
    let edge = |of, from, label: &str| LineageEdge { of, from, label: label.into() };
    Lineage {
        caption: "Lineage: what each asset came from, to the left of it".into(),
        nodes: vec![
            node("loan-applications-2019-2025", "dataset"),
            node("scoring-base", "model"),
            node("scoring-model", "model"),
            node("scoring-endpoint", "endpoint"),
            node("input-guardrail", "guardrail"),
        ],
        edges: vec![
            edge(2, 0, "trained-on"),
            edge(2, 1, "derived-from"),
            edge(3, 2, "serves"),
            edge(4, 3, "protects"),
        ],
    }
}

fn summary() -> Section {
    let categories = vec![
        Category { label: "satisfied".into(), tone: Tone::Good },
        Category { label: "partial".into(), tone: Tone::Caution },
        Category { label: "not satisfied".into(), tone: Tone::Bad },
        Category { label: "not assessed".into(), tone: Tone::Missing },
        Category { label: "not applicable".into(), tone: Tone::Muted },
    ];
    let bar = |label: &str, counts: [u64; 5]| Bar {
        label: label.into(),
        link: Some(Link::Internal("s-requirements".into())),
        counts: counts.into(),
    };
    let rows = [
        "Art. 9 Risk management",
        "Art. 10 Data governance",
        "Art. 12 Record-keeping",
        "Art. 14 Human oversight",
        "Art. 15 Accuracy and robustness",
    ];
    let columns = ["May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"];
    let tones = [
        Some(Tone::Good),
        Some(Tone::Caution),
        None,
        Some(Tone::Bad),
        Some(Tone::Missing),
        Some(Tone::Muted),
    ];
    let cell = |n: usize| HeatCell { label: format!("{}/4", n % 5), tone: tones[(n * n + n / 3) % 6] };
    let heat = |(r, label): (usize, &&str)| HeatRow {
        label: (*label).into(),
        link: None,
        cells: (0..7).map(|c| cell(r * 5 + c * 3)).collect(),
    };
    let mut section = Section::new("s-summary", "Summary");
    section.blocks = vec![
        Block::Paragraph(vec![Span::plain(
            "Of 96 requirements that apply, 61 are satisfied, 14 partly, 6 not; 15 were not assessed.",
        )]),
        Block::Bars(Bars {
            caption: "Requirements by outcome".into(),
            categories,
            bars: vec![
                bar("EU AI Act", [31, 6, 3, 4, 12]),
                bar("ISO/IEC 42001", [22, 5, 2, 8, 3]),
                bar("NIST AI RMF", [8, 3, 1, 3, 0]),
                bar("Nothing assessed yet", [0; 5]),
            ],
        }),
        Block::HeatMap(HeatMap {
            caption: "Controls held, by month".into(),
            columns: columns.map(String::from).into(),
            rows: rows.iter().enumerate().map(heat).collect(),
        }),
        Block::Table(Table {
            caption: "Exceptions".into(),
            columns: vec![
                Column::points("Exception", 120, Kind::Mono),
                Column::share("Reason", 1, Kind::Text),
            ],
            rows: vec![],
            empty: "No exceptions are recorded.".into(),
        }),
    ];
    section
}

fn requirements() -> Section {
    let outcomes = [
        ("satisfied", Tone::Good),
        ("partial", Tone::Caution),
        ("not satisfied", Tone::Bad),
        ("not assessed", Tone::Missing),
        ("not applicable", Tone::Muted),
    ];
    let row = |i: usize| Row {
        id: format!("eu-ai-act-{i}"),
        cells: vec![
            Span::mono(format!("Art. {} ({})", 9 + i % 7, 1 + i % 4)).into(),
            Cell::text(
                [
                    "Risk management system established, documented and maintained",
                    "Automatic recording of events over the lifetime of the system",
                    "Training, validation and testing data sets subject to governance practices appropriate for the intended purpose",
                ][i % 3],
            ),
            Cell::status(outcomes[(i * 7) % 5].0, outcomes[(i * 7) % 5].1),
            Cell::text((i % 9).to_string()),
            Cell {
                spans: vec![
                    Span::mono(format!("AFF-DAT-{:02}", i % 20)),
                    Span::plain(", "),
                    Span::mono(Digest::of(&[i as u8]).to_string()).to("s-evidence"),
                ],
                tone: None,
            },
        ],
    };
    let mut section = Section::new("s-requirements", "Requirements");
    section.blocks = vec![Block::Table(Table {
        caption: "Determinations under the EU AI Act".into(),
        columns: vec![
            Column::points("Article", 62, Kind::Mono),
            Column::share("Requirement", 3, Kind::Text),
            Column::points("Outcome", 78, Kind::Status),
            Column::points("Tests", 34, Kind::Number),
            Column::share("Controls and evidence", 2, Kind::Text),
        ],
        rows: (0..40).map(row).collect(),
        empty: String::new(),
    })];
    for (i, heading) in
        ["Article 9: risk management system", "Article 12: record-keeping"].into_iter().enumerate()
    {
        let mut article = Section::new(format!("s-art-{i}"), heading);
        article.blocks = vec![Block::Paragraph(vec![Span::plain("High-risk AI systems shall technically allow for the automatic recording of events (logs) over the lifetime of the system. ".repeat(3))])];
        let mut detail = Section::new(format!("s-art-{i}-detail"), "Determination");
        detail.blocks = vec![Block::Paragraph(vec![
            Span::strong("Partial. "),
            Span::plain("Three of four assets hold the control; on "),
            Span::mono("gateway-eu-1"),
            Span::plain(" the last pass is older than the control's period of 30 days."),
            Span::muted(" Entries 812, 840, 977."),
        ])];
        article.sections = vec![detail];
        section.sections.push(article);
    }
    section
}

fn findings() -> Section {
    let mut section = Section::new("s-findings", "Findings");
    let long = "The gateway answered with the following message, recorded in full: ".to_owned()
        + &"connection refused by peer while writing audit event to remote collector; ".repeat(90);
    section.blocks = vec![Block::Table(Table {
        caption: "Findings ageing".into(),
        columns: vec![
            Column::points("Finding", 70, Kind::Mono),
            Column::share("What was found", 1, Kind::Text),
            Column::points("Age, days", 50, Kind::Number),
        ],
        rows: vec![
            Row {
                id: String::new(),
                cells: vec![
                    Cell::text("F-2026-001"),
                    Cell::text("Log retention set to 14 days; 180 days are required."),
                    Cell::text("41"),
                ],
            },
            Row {
                id: String::new(),
                cells: vec![Cell::text("F-2026-002"), Cell::text(long), Cell::text("12")],
            },
        ],
        empty: String::new(),
    })];
    section
}

fn appendix() -> Section {
    let mut section = Section { appendix: true, ..Section::new("s-evidence", "Evidence index") };
    let row = |i: u32| Row {
        id: format!("e-{i}"),
        cells: vec![
            Cell::text(i.to_string()),
            Cell::text(format!("bias-test-{i}.json")),
            Cell::text(Digest::of(&i.to_be_bytes()).to_string()),
            Cell::text((i * 7919 % 99_991).to_string()),
        ],
    };
    section.blocks = vec![Block::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::points("No.", 30, Kind::Number),
            Column::share("File", 1, Kind::Text),
            Column::points("SHA-256", 290, Kind::Mono),
            Column::points("Bytes", 50, Kind::Number),
        ],
        rows: (1..60).map(row).collect(),
        empty: String::new(),
    })];
    section
}

/// About `pages` pages of tables: 40 rows a page, 5 columns.
pub(crate) fn tables(pages: u32) -> Document {
    let mut document = Document { cover: None, sections: Vec::new(), ..report() };
    for chapter in 0..pages.div_ceil(10) {
        let mut section = Section::new(format!("s-{chapter}"), format!("Evidence of chapter {chapter}"));
        let rows = 40 * pages.saturating_sub(chapter * 10).min(10);
        section.blocks = vec![Block::Table(Table {
            caption: "Results".into(),
            columns: vec![
                Column::points("Entry", 44, Kind::Number),
                Column::points("Control", 70, Kind::Mono),
                Column::share("Summary", 1, Kind::Text),
                Column::points("Status", 70, Kind::Status),
                Column::points("Evidence", 90, Kind::Mono),
            ],
            rows: (0..rows).map(|i| result(chapter * 400 + i)).collect(),
            empty: String::new(),
        })];
        document.sections.push(section);
    }
    document.number();
    document
}

fn result(i: u32) -> Row {
    let tone = [Tone::Good, Tone::Good, Tone::Caution, Tone::Bad][(i % 4) as usize];
    let word = ["passed", "passed", "needs review", "failed"][(i % 4) as usize];
    let digest = Digest::of(&i.to_be_bytes()).to_string();
    [
        Cell::text(i.to_string()),
        Cell::text(format!("AFF-LOG-{:02}", i % 90)),
        Cell::text(format!("{} events examined, {} skipped", i * 31, i % 7)),
        Cell::status(word, tone),
        Cell::text(&digest[..16]),
    ]
    .into()
}
