import CallModel
import PartnerCatalog
import Runtime

/// Who writes partners down, and so what they may hold.
public enum CatalogueAuthor: Sendable {
    /// The operator of a host, for this host.
    case host
    /// The operator of an aggregator, for all hosts.
    case aggregator
    /// An aggregator, in the document it publishes: nothing in it makes an agent read a file.
    case document
}

/// Reads the operator's partners, routes and webhooks, which come upon the shipped ones.
public func readCatalogue(_ root: SettingsSection) -> Catalogue {
    let unknown = root.choice("unknown_hosts", of: ["registrable_domain", "ignore"]).flatMap(UnknownHostPolicy.init)
    return Catalogue(
        builtIn: true, partners: readPartners(root, by: .host), listedRoutes: readListedRoutes(root),
        unknownHosts: unknown ?? .registrableDomain, sentWebhooks: readSentWebhooks(root),
        publicSuffixes: readPublicSuffixes(root) ?? .builtIn)
}

/// Reads `partners`. What is wrong is reported to the section's document.
public func readPartners(_ root: SettingsSection, by author: CatalogueAuthor) -> [PartnerDefinition] {
    root.namedSections("partners").compactMap { id, section in
        guard isName(id) else {
            section.report(nil, "a partner's id is 1 to 64 letters, digits, `.`, `_` or `-`")
            return nil
        }
        return PartnerDefinition(
            id: id, name: section.string("name") ?? "",
            hosts: patterns(section, "hosts", "a host such as api.example.com, *.example.com or 127.0.0.1:9001") {
                HostPattern($0)
            },
            webhookSignatures: patterns(section, "webhook_signatures", "names of headers such as x-bank-signature") {
                headerNames($0).map { WebhookSignature(headers: $0) }
            },
            webhookHeaders: isHosts(section, "webhook_headers", author)
                ? readWebhookHeaders(section.section("webhook_headers")) : WebhookHeaders(),
            webhookPaths: patterns(section, "webhook_paths", "a path such as /hooks/example") { RoutePattern($0) },
            routes: patterns(section, "routes", "a path such as /accounts/{account}") { RoutePattern($0) }
                + (author == .document ? [] : readOpenAPI(section)),
            errors: readErrors(section, by: author),
            rateLimitHeaders: isHosts(section, "rate_limit_headers", author)
                ? readRateLimitHeaders(section.section("rate_limit_headers")) : [],
            source: author == .host ? section.string("source") ?? "settings" : "published by the aggregator",
            verified: author == .host ? section.string("verified") ?? "" : "")
    }
}

/// Whether a key that says which values of headers leave a host may be read: the host's own operator alone says that.
private func isHosts(_ section: SettingsSection, _ key: String, _ author: CatalogueAuthor) -> Bool {
    guard author != .host, section.isPresent(key) else { return author == .host }
    section.report(key, "says which headers leave a host", hint: "set it in the settings of the agents concerned")
    return false
}

private func readWebhookHeaders(_ section: SettingsSection) -> WebhookHeaders {
    WebhookHeaders(
        eventType: headerName(section, "event_type"), deliveryID: headerName(section, "delivery_id"),
        retry: headerName(section, "retry"), subscription: headerName(section, "subscription"))
}

private func readRateLimitHeaders(_ section: SettingsSection) -> [RateLimitHeader] {
    let roles: [(String, RateLimitHeader.Role)] = [
        ("limit", .limit), ("remaining", .remaining), ("used", .used), ("reset", .reset),
        ("used_ratio", .usedRatio), ("used_of_limit", .usedOfLimit), ("window", .window),
        ("reset_ms", .resetMilliseconds),
        ("reason", .reason), ("combined", .combined),
    ]
    return roles.compactMap { key, role in headerName(section, key).map { RateLimitHeader($0, role) } }
}

private func readListedRoutes(_ root: SettingsSection) -> [ListedRoute] {
    root.sections("listed_routes").compactMap { section in
        let (partner, path) = (section.string("partner"), section.string("path"))
        let method = section.string("method").map { $0.uppercased() + " " } ?? ""
        let isWebhook = section.bool("webhook") ?? false
        let host = section.string("host")
        let hostPattern = host.flatMap { HostPattern($0) }
        if host != nil, hostPattern == nil { section.report("host", "a host such as api.example.com is wanted") }
        guard let partner, let path else {
            section.report(nil, "a listed route needs path and partner")
            return nil
        }
        guard let pattern = RoutePattern(method + path) else {
            section.report("path", "a path such as /partner-api/{rest} is wanted")
            return nil
        }
        return ListedRoute(partner: partner, host: hostPattern, pattern: pattern, isWebhook: isWebhook)
    }
}

/// Which of our own outbound calls are webhooks we send.
private func readSentWebhooks(_ root: SettingsSection) -> [SentWebhookRule] {
    root.sections("sent_webhooks").compactMap { section in
        let names = section.strings("headers")
        let headers = names.compactMap { headerNames($0) }.flatMap { $0 }
        let details = WebhookHeaders(
            eventType: headerName(section, "event_type"), deliveryID: headerName(section, "delivery_id"),
            retry: headerName(section, "retry"), subscription: headerName(section, "subscription"))
        guard !headers.isEmpty, headers.count == names.count else {
            section.report("headers", "the names of headers that all webhooks we send have are wanted")
            return nil
        }
        return SentWebhookRule(headers: headers, details: details)
    }
}

private func readPublicSuffixes(_ root: SettingsSection) -> PublicSuffixes? {
    guard let path = root.string("public_suffixes") else { return nil }
    do throws(FileError) {
        if let suffixes = PublicSuffixes(list: try Files.read(path, byteCountMax: 8 << 20)) { return suffixes }
        root.report("public_suffixes", "\(path) is no public suffix list", hint: "Debian's package publicsuffix has it")
    } catch {
        root.report("public_suffixes", "\(error)")
    }
    return nil
}

/// A description in JSON, or in the YAML that settings are written in (no aliases).
private func readOpenAPI(_ section: SettingsSection) -> [RoutePattern] {
    guard let path = section.string("openapi") else { return [] }
    do throws(FileError) {
        let bytes = try Files.read(path, byteCountMax: OpenAPIPaths.byteCountMax)
        let isJSON = bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
        if let routes = isJSON ? OpenAPIPaths.patterns(json: bytes) : openAPIPatterns(yaml: bytes, file: path) {
            return routes
        }
        section.report(
            "openapi", "\(path) is no OpenAPI description with 1 to \(OpenAPIPaths.pathCountMax) paths",
            hint: isJSON ? nil : "give it as JSON if its YAML has aliases or is larger than 4 MiB")
    } catch {
        section.report("openapi", "\(error)")
    }
    return []
}

private func openAPIPatterns(yaml bytes: [UInt8], file: String) -> [RoutePattern]? {
    let root = SettingsDocument(bytes: bytes, file: file).root
    let servers =
        [root.string("basePath")].compactMap(\.self) + root.sections("servers").compactMap { $0.string("url") }
    return OpenAPIPaths.patterns(servers: servers, paths: root.namedSections("paths").map(\.name))
}

/// Whether this can be a partner's id: 1 to 64 letters, digits, `.`, `_` or `-`.
public func isName(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
        && id.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: true
            default: false
            }
        }
}

/// The name of one header, in lower case.
public func headerName(_ section: SettingsSection, _ key: String) -> String? {
    guard let text = section.string(key) else { return nil }
    guard let names = headerNames(text), names.count == 1 else {
        section.report(key, "the name of a header is wanted")
        return nil
    }
    return names[0]
}

/// Names joined by `+`, in lower case; nil for what holds anything but token characters (RFC 9110, section 5.6.2).
private func headerNames(_ text: String) -> [String]? {
    let names = text.lowercased().split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    let isFine = names.allSatisfy { name in
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                $0 &- 97 < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }
    return isFine ? names : nil
}

func patterns<Pattern>(
    _ section: SettingsSection, _ key: String, _ wanted: String, _ make: (String) -> Pattern?
) -> [Pattern] {
    section.strings(key).compactMap { text in
        let pattern = make(text)
        if pattern == nil { section.report(key, "\(wanted) is wanted") }
        return pattern
    }
}
