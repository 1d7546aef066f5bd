import ArgumentParser

/// Which calls: what `search` and `tail` have in common.
struct CallFilterOptions: ParsableArguments {
    @Option(name: .long) var partner: String?
    @Option(name: .long) var route: String?
    @Option(name: .long) var service: String?
    @Option(name: .long) var serviceVersion: String?
    @Option(name: .long) var host: String?
    @Option(name: .long) var region: String?
    @Option(name: .long) var environment: String?
    @Option(name: .long) var customer: String?
    @Option(name: .long, help: "inbound or outbound.", completion: .list(["inbound", "outbound"]))
    var direction: String?
    @Option(
        name: .long, help: "success, rejected, server_error, no_answer …",
        completion: .list([
            "success", "rejected", "unauthorized", "rate_limited", "server_error", "error_in_success", "no_answer",
        ]))
    var outcome: String?
    @Option(name: .long, help: "Why no answer came: connect_refused, response_timeout …") var failure: String?
    @Flag(name: .long, help: "Only calls that count as failures.") var failed = false
    @Option(name: .long, help: "A status such as 404, or a class such as 5xx.") var status: String?
    @Option(name: .long, help: "Only calls that took at least so many milliseconds.") var slowerThan: Int?
    @Option(
        name: .long, help: "What the call was seen by.",
        completion: .list(["otlp", "moesif", "json", "packets", "probe", "keylog"])) var source: String?
    @Option(name: .long, help: "The request's method, such as POST.") var method: String?
    @Option(name: .long, help: "A webhook's type, such as charge.failed.") var eventType: String?
    @Option(name: .long, help: "A webhook's delivery, by the partner's own id.") var deliveryID: String?
    @Option(name: .long) var traceID: String?
    @Option(name: .long, help: "A header: its name, or 'name: value'.") var header: String?
    @Option(name: .customLong("json-path"), help: "A path in a body, such as '$.items[].sku', or '$.items[].sku=A-1'.")
    var jsonPath: String?
    @Option(name: .long, help: "Text somewhere in a body, where bodies are stored.") var text: String?

    /// Those that are set, as the API's parameters.
    var parameters: [(String, String?)] {
        [
            ("partner", partner), ("route", route), ("service", service), ("service_version", serviceVersion),
            ("host", host), ("region", region), ("environment", environment), ("customer", customer),
            ("direction", direction), ("outcome", outcome), ("failure", failure), ("failed", failed ? "true" : nil),
            ("status", status), ("slower_than_ms", slowerThan.map(String.init)), ("source", source),
            ("method", method?.uppercased()), ("event_type", eventType), ("delivery_id", deliveryID),
            ("trace_id", traceID), ("header", header), ("json", jsonPath), ("text", text),
        ]
    }

    /// Whether the server has to open calls one by one, which takes longer.
    var looksInside: Bool { [header, jsonPath, text, method, eventType, deliveryID].contains { $0 != nil } }
}

/// A path with those parameters that have a value.
func path(_ path: String, _ parameters: [(String, String?)]) -> String {
    let query = parameters.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
    return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
}
