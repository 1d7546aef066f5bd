import QueryAPI

/// The frame of every page. Everything that comes from outside goes through `htmlEscaped` where it is put in.
func framed(title: String, version: String, asOf: String, isStale: Bool, _ body: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="30">
    <title>\(htmlEscaped(title))</title>
    <link rel="stylesheet" href="/dashboard.css">
    </head>
    <body>
    <header class="top"><div class="wrap"><a class="brand" href="/">\(mark)<span>Farwatch</span></a>\
    <nav><a href="/incidents">Incidents</a> <a href="/drift">Drift</a></nav>\
    <span class="asof">\(isStale ? "<b class=\"stale\">stale</b> " : "")as of \(htmlEscaped(asOf))</span></div></header>
    <main class="wrap">
    \(body)
    </main>
    <footer class="wrap"><span>Farwatch \(htmlEscaped(version))</span>\
    <nav><a href="/api/v1/status">Status as JSON</a><a href="/api/v2/summary.json">Statuspage format</a>\
    <a href="/openapi.json">API</a></nav></footer>
    </body>
    </html>
    """
}

/// Our mark: a point that looks out, and what it sees.
private let mark = """
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><circle cx="12" cy="12" r="3.2" fill="currentColor"/>\
    <path d="M2 12c3-5.5 6.4-8 10-8s7 2.5 10 8c-3 5.5-6.4 8-10 8s-7-2.5-10-8z" fill="none" stroke="currentColor" \
    stroke-width="1.8"/></svg>
    """

func waitingPage(version: String) -> String {
    framed(
        title: "Farwatch", version: version, asOf: "now", isStale: false,
        """
        <section class="hero unknown"><h1>The first status is being worked out</h1>
        <p>It is here in a few seconds.</p></section>
        """)
}

/// A status as a class of the style sheet.
func statusClass(_ status: String?) -> String {
    switch status {
    case "operational": "ok"
    case "degraded_performance": "degraded"
    case "partial_outage": "partial"
    case "major_outage": "major"
    case "under_maintenance": "maintenance"
    default: "unknown"
    }
}

func statusWords(_ status: String?) -> String {
    switch status {
    case "operational": "Operational"
    case "degraded_performance": "Degraded"
    case "partial_outage": "Partial outage"
    case "major_outage": "Major outage"
    case "under_maintenance": "Under maintenance"
    default: "Too little seen"
    }
}

/// The sign beside a status, so that colour is never the only thing that tells.
func statusSign(_ status: String?) -> String {
    let shape =
        switch statusClass(status) {
        case "ok": #"<path d="M4.5 8.4l2.4 2.4 4.6-5"/>"#
        case "degraded": #"<path d="M8 4.2v4.6M8 11.4v.2"/>"#
        case "partial", "major": #"<path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6"/>"#
        default: #"<path d="M5 8h6"/>"#
        }
    return "<svg class=\"sign \(statusClass(status))\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
        + "<circle cx=\"8\" cy=\"8\" r=\"8\"/>\(shape)</svg>"
}
