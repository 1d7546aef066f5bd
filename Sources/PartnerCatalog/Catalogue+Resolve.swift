import CallModel

extension Catalogue {
    /// Names the partner and the route of a call. Never fails, and reads neither bodies nor the clock.
    public func resolve(_ call: APICall) -> Resolution {
        var url = call.request.url
        return url.withUTF8 { bytes in
            let ranges = URLRanges(bytes)
            let path = UnsafeBufferPointer(rebasing: bytes[ranges.path])
            switch call.direction {
            case .outbound: return outbound(call, bytes, ranges, path)
            case .inbound: return inbound(call, bytes, ranges, path)
            }
        }
    }

    // MARK: Outbound

    private func outbound(
        _ call: APICall, _ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges, _ path: UnsafeBufferPointer<UInt8>
    ) -> Resolution {
        if let named = named(call) {
            return .partner(
                id: named, route: route(of: call, path, partner: store.index[named]), isWebhook: call.webhook != nil)
        }
        if call.webhook != nil || sentWebhookRule(for: call) != nil {
            return .partner(
                id: Catalogue.sentWebhooksPartner, route: explicitRoute(call) ?? Catalogue.sentWebhooksRoute,
                isWebhook: true)
        }
        return withHost(of: call, url, ranges) { host, port in
            let match = store.hosts.match(host)
            if let partner = partner(match, port: port) {
                let id = store.partners[Int(partner)].id
                return .partner(id: id, route: route(of: call, path, partner: partner), isWebhook: false)
            }
            switch HostName.kind(host) {
            case .internal: return .notOurs(.internalHost)
            case .publicAddress: return .notOurs(.bareAddress)
            case .name: break
            }
            guard store.unknownHosts == .registrableDomain, let start = PublicSuffixes.registrableStart(match, in: host)
            else { return .notOurs(.unknownHost) }
            let id = String(decoding: host[start...], as: UTF8.self)
            return .partner(id: id, route: route(of: call, path, partner: store.index[id]), isWebhook: false)
        }
    }

    private func partner(_ match: HostTable.Match, port: Int?) -> Int32? {
        if match.exact >= 0, let partner = store.hosts.targets[Int(match.exact)].partner(at: port) { return partner }
        guard match.wildcard >= 0, let partner = store.hosts.targets[Int(match.wildcard)].partner(at: port) else {
            return nil
        }
        // `x.execute-api.eu-west-1.amazonaws.com` is a customer's of Amazon, not Amazon.
        if let suffixStart = match.suffixStart, suffixStart > 0, suffixStart < match.wildcardStart { return nil }
        return partner
    }

    /// Hands the normalised host on: a slice of the URL where it is written so already, which spares an allocation per call.
    private func withHost(
        of call: APICall, _ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges,
        _ body: (UnsafeBufferPointer<UInt8>, Int?) -> Resolution
    ) -> Resolution {
        let raw = UnsafeBufferPointer(rebasing: url[ranges.host])
        if HostName.isNormalised(raw) { return body(raw, ranges.port ?? defaultPort(url, ranges)) }
        guard raw.isEmpty else {
            guard var host = HostName.normalised(raw) else { return .notOurs(.noHost) }
            return host.withUTF8 { body($0, ranges.port ?? defaultPort(url, ranges)) }
        }
        // A path alone: captures tell the host in a header.
        guard let named = call.request.headers.value(of: "host") ?? call.request.headers.value(of: ":authority") else {
            return .notOurs(.noHost)
        }
        let parts = URLParts("//" + named)
        var host = parts.host
        guard !host.isEmpty else { return .notOurs(.noHost) }
        return host.withUTF8 { body($0, parts.port ?? defaultPort(url, ranges)) }
    }

    private func defaultPort(_ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges) -> Int? {
        guard let scheme = ranges.scheme else { return nil }
        let bytes = UnsafeBufferPointer(rebasing: url[scheme])
        if equalsIgnoringCase(bytes, "https") || equalsIgnoringCase(bytes, "wss") { return 443 }
        if equalsIgnoringCase(bytes, "http") || equalsIgnoringCase(bytes, "ws") { return 80 }
        return nil
    }

    // MARK: Inbound

    private func inbound(
        _ call: APICall, _ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges, _ path: UnsafeBufferPointer<UInt8>
    ) -> Resolution {
        if let named = named(call) {
            let partner = store.index[named]
            let isWebhook =
                call.webhook != nil || isSigned(call, by: partner) || webhookPath(call, path, of: partner) != nil
            return .partner(id: named, route: route(of: call, path, partner: nil), isWebhook: isWebhook)
        }
        let signed = signature(of: call)
        if let signed, !signed.isShared { return webhook(call, path, signed.partner, template: nil) }
        if let (partner, template) = webhookPath(call, path, of: nil) {
            return webhook(call, path, partner, template: template)
        }
        if let signed { return webhook(call, path, signed.partner, template: nil) }
        guard !store.listedRoutes.isEmpty else { return .notOurs(.unlistedRoute) }
        return listed(call, url, ranges, path) ?? .notOurs(.unlistedRoute)
    }

    private func webhook(
        _ call: APICall, _ path: UnsafeBufferPointer<UInt8>, _ partner: Int32, template: String?
    ) -> Resolution {
        // The path is one of our own, so the partner's templates do not apply to it.
        let route = explicitRoute(call) ?? template ?? route(of: call, path, partner: nil)
        return .partner(id: store.partners[Int(partner)].id, route: route, isWebhook: true)
    }

    private func signature(of call: APICall) -> CatalogueStore.SignatureCandidate? {
        var best: CatalogueStore.SignatureCandidate?
        for header in call.request.headers {
            guard let candidates = store.signatures[header.name] else { continue }
            let match = candidates.first { candidate in
                candidate.headers.allSatisfy { name in call.request.headers.contains { $0.name == name } }
            }
            guard let match else { continue }
            // One partner's own signature before a shared one, more headers before fewer.
            if let found = best,
                (found.isShared ? 0 : 1, found.headers.count) >= (match.isShared ? 0 : 1, match.headers.count)
            {
                continue
            }
            best = match
        }
        return best
    }

    private func isSigned(_ call: APICall, by partner: Int32?) -> Bool {
        guard let partner else { return false }
        return store.partners[Int(partner)].webhookSignatures.contains { signature in
            !signature.headers.isEmpty
                && signature.headers.allSatisfy { name in call.request.headers.contains { $0.name == name } }
        }
    }

    private func webhookPath(
        _ call: APICall, _ path: UnsafeBufferPointer<UInt8>, of partner: Int32?
    ) -> (partner: Int32, template: String)? {
        for candidate in store.webhookPaths where partner == nil || candidate.partner == partner {
            if let template = template(candidate.pattern, call, path) { return (candidate.partner, template) }
        }
        return nil
    }

    private func listed(
        _ call: APICall, _ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges, _ path: UnsafeBufferPointer<UInt8>
    ) -> Resolution? {
        for listed in store.listedRoutes {
            if let wanted = listed.host, !matches(wanted, call, url, ranges) { continue }
            guard let template = template(listed.pattern, call, path) else { continue }
            return .partner(
                id: bounded(listed.partner, Limits.nameByteCountMax), route: explicitRoute(call) ?? template,
                isWebhook: listed.isWebhook)
        }
        return nil
    }

    private func matches(
        _ pattern: HostPattern, _ call: APICall, _ url: UnsafeBufferPointer<UInt8>, _ ranges: URLRanges
    ) -> Bool {
        let found = withHost(of: call, url, ranges) { host, port in
            let name = String(decoding: host, as: UTF8.self)
            let isMatch = pattern.isWildcard ? name.hasSuffix("." + pattern.host) : name == pattern.host
            return .notOurs(isMatch && (pattern.port == nil || pattern.port == port) ? .unlistedRoute : .noHost)
        }
        return found == .notOurs(.unlistedRoute)
    }
}
