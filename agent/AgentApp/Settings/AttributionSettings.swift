import Attribution
import CallModel
import CatalogueSettings
import Receivers
import Runtime

/// Reads `customer`, `service`, `service_version`, `region` and `environment`: lists of places, tried in order.
///
/// ```yaml
/// customer:
///   - header: x-tenant-id
///   - attribute: tenant.id          # of a span or its resource; company_id, metadata.tenant of Moesif's events
///   - path: /tenants/{customer}/**
///   - query: tenant
///   - jwt: org.id                   # a claim of the token in `authorization`, or in `header`
///   - body: account.id
///   - host: "{customer}.zendesk.com"
///     partner: zendesk
/// ```
struct AttributionSettings: Sendable {
    var rules: [AttributedField: [AttributionRule]] = [:]
    /// Attributes by which OTLP and Moesif's events tell the customer; nil keeps the receivers' own.
    var otlpCustomers: [String]?
    var moesifCustomers: [MoesifCustomerField]?

    init() {}

    /// Whether a rule asks what process a call was made by.
    var asksProcesses: Bool {
        rules.values.contains { $0.contains { $0.source == .unit || $0.source == .cgroup } }
    }

    init(_ root: SettingsSection, region: String?, environment: String?) {
        for field in AttributedField.allCases {
            let sections = root.sections(field.rawValue)
            var list = sections.compactMap { readRule($0, field) }
            // What the sender says comes where the operator put it, otherwise last; the host's own is the last resort.
            if !list.contains(where: { $0.source == .attribute }) { list.append(AttributionRule(.attribute)) }
            let own = field == .region ? region : field == .environment ? environment : nil
            if let own { list.append(AttributionRule(.constant(own))) }
            rules[field] = list
        }
        let names = root.sections("customer").compactMap { $0.string("attribute") }
        guard !names.isEmpty else { return }
        let fields = names.compactMap { MoesifCustomerField($0) }
        let attributes = names.filter { MoesifCustomerField($0) == nil }
        if !fields.isEmpty { moesifCustomers = fields }
        if !attributes.isEmpty { otlpCustomers = attributes }
    }
}

private func readRule(_ section: SettingsSection, _ field: AttributedField) -> AttributionRule? {
    let partner = section.string("partner")
    let direction = section.choice("direction", of: Direction.allCases.map(\.name)).flatMap { Direction(name: $0) }
    let sources = readSources(section, field)
    guard sources.count == 1, let source = sources.first else {
        let places = "header, attribute, path, query, jwt, body, host, unit, cgroup, value"
        section.report(nil, "a rule of \(field.rawValue) names one place", hint: "one of \(places)")
        return nil
    }
    return source.map { AttributionRule($0, partner: partner, direction: direction) }
}

/// One for each place that is named; nil where what is said of it was reported.
private func readSources(_ section: SettingsSection, _ field: AttributedField) -> [AttributionRule.Source?] {
    var sources: [AttributionRule.Source?] = []
    // `header` beside `jwt` says where the token is.
    let jwt = section.string("jwt")
    let header = section.isPresent("header") ? headerName(section, "header") : nil
    if let jwt {
        sources.append(.jwt(header: header ?? "authorization", claim: jwt.split(separator: ".").map(String.init)))
    } else if section.isPresent("header") {
        sources.append(header.map { .header($0) })
    }
    if section.isPresent("attribute") {
        _ = section.string("attribute")
        sources.append(.attribute)
    }
    if let path = section.string("path") {
        let capture = PathCapture(path)
        if capture == nil { section.report("path", "one segment in braces is wanted, as in /tenants/{customer}/**") }
        sources.append(capture.map { .path($0) })
    }
    if let host = section.string("host") {
        let capture = HostCapture(host)
        if capture == nil { section.report("host", "one name in braces is wanted, as in {customer}.example.com") }
        sources.append(capture.map { .host($0) })
    }
    if let key = section.string("query") { sources.append(.query(key)) }
    if let path = section.string("body") {
        sources.append(.body(path.replacing("[]", with: ".[]").split(separator: ".").map(String.init)))
    }
    if section.bool("unit") == true { sources.append(.unit) }
    if section.bool("cgroup") == true { sources.append(.cgroup) }
    if let text = section.string("value") { sources.append(.constant(text)) }
    return sources
}
