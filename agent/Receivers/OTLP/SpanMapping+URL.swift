import CallModel

// The URL of a call. Clients give it whole; servers give its parts, and where they leave out their own name (it is only
// recommended) the URL still has to be absolute, so the name of the host stands in.

extension SpanMapping {
    mutating func url(of record: borrowing SpanRecord, _ direction: Direction, host: String?) -> String? {
        let attributes = record.attributes
        if let url = absolute(attributes.text(.urlFull)) { return url }
        // A server's `http.url` is one the SDK put together itself; the stable parts beside it are closer to the
        // request.
        if direction == .outbound || !attributes.has(.urlPath), let url = absolute(attributes.text(.httpURL)) {
            return url
        }
        if let url = absolute(attributes.text(.httpTarget)) { return url }
        return joined(record, direction, host: host)
    }

    /// The URL as given, without user information (a secret, or the word REDACTED) and fragment (which no request
    /// carries).
    private mutating func absolute(_ url: BorrowedText?) -> String? {
        guard let url, let scheme = schemeByteCount(url) else { return nil }
        let authorityStart = scheme + 3
        var authorityEnd = authorityStart
        var nameStart = authorityStart
        scan: while authorityEnd < url.count {
            switch url[authorityEnd] {
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): break scan
            case UInt8(ascii: "@"): nameStart = authorityEnd + 1
            default: break
            }
            authorityEnd += 1
        }
        guard authorityEnd > nameStart, url[nameStart] != UInt8(ascii: ":") else { return nil }
        var end = url.count
        for index in nameStart..<url.count {
            // Neither a space nor a control character is part of a URL: this is something else that looks like one.
            if url[index] <= 0x20 || url[index] == 0x7f { return nil }
            if url[index] == UInt8(ascii: "#") {
                end = index
                break
            }
        }
        if nameStart == authorityStart {
            return text(BorrowedText(rebasing: url[..<end]), byteCountMax: Limits.urlByteCountMax)
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: url[..<authorityStart])
        scratch.append(contentsOf: url[nameStart..<end])
        return scratchText()
    }

    /// The length of an `http` or `https` (or WebSocket's) scheme before `://`.
    private func schemeByteCount(_ url: BorrowedText) -> Int? {
        guard let colon = url.prefix(6).firstIndex(of: UInt8(ascii: ":")), url.count > colon + 3,
            url[colon + 1] == UInt8(ascii: "/"), url[colon + 2] == UInt8(ascii: "/"),
            isScheme(BorrowedText(rebasing: url[..<colon]))
        else { return nil }
        return colon
    }

    private func isScheme(_ text: BorrowedText) -> Bool {
        text.equals("https") || text.equals("http") || text.equals("wss") || text.equals("ws") || text.equals("HTTP")
            || text.equals("HTTPS")
    }

    private mutating func joined(_ record: borrowing SpanRecord, _ direction: Direction, host: String?) -> String? {
        let attributes = record.attributes
        let isOutbound = direction == .outbound
        let port =
            isOutbound
            ? attributes.integer(.serverPort, .netPeerPort) : attributes.integer(.serverPort, .netHostPort)
        scratch.removeAll(keepingCapacity: true)
        let scheme = attributes.text(.urlScheme, .httpScheme)
        if let scheme, isScheme(scheme) {
            scratch.append(contentsOf: scheme)
        } else {
            // Partners are called over TLS unless something says otherwise; of ourselves we only know what was said.
            scratch.append(contentsOf: (isOutbound && port != 80 ? "https" : "http").utf8)
        }
        let isTLS = scratch.last.map(lowerCase) == UInt8(ascii: "s") && scratch.count != 2
        scratch.append(contentsOf: "://".utf8)
        let named =
            isOutbound
            ? attributes.text(.serverAddress, .netPeerName) ?? attributes.text(.httpHost, .peerService)
            : attributes.text(.serverAddress, .httpHost) ?? attributes.text(.netHostName, .httpServerName)
        if let named {
            guard appendAuthority(named, port: port, isTLS: isTLS) else { return nil }
        } else {
            guard !isOutbound else { return nil }
            var name = host ?? "localhost"
            let isAppended = name.withUTF8 { appendAuthority($0, port: port, isTLS: isTLS) }
            guard isAppended else { return nil }
        }
        return appendTarget(of: attributes) ? scratchText() : nil
    }

    /// Appends `host` or `host:port`. Some SDKs put the port into the name as well (Flask: the whole `Host` header), so
    /// what has one gets no second.
    private mutating func appendAuthority(_ host: BorrowedText, port: Int64?, isTLS: Bool) -> Bool {
        guard host.count <= 261, host.allSatisfy({ $0 > 0x20 && $0 != 0x7f && !Self.authorityEnds.contains($0) }) else {
            return false
        }
        let colonCount = host.count { $0 == UInt8(ascii: ":") }
        let isBracketed = host.first == UInt8(ascii: "[")
        if colonCount >= 2, !isBracketed {
            scratch.append(UInt8(ascii: "["))
            scratch.append(contentsOf: host)
            scratch.append(UInt8(ascii: "]"))
        } else {
            scratch.append(contentsOf: host)
            let hasPort = isBracketed ? host.last != UInt8(ascii: "]") : colonCount == 1
            if hasPort { return host.first != UInt8(ascii: ":") }
        }
        if let port, (1...65_535).contains(port), port != (isTLS ? 443 : 80) {
            scratch.append(contentsOf: ":\(port)".utf8)
        }
        return true
    }

    private static let authorityEnds = Array("/?#@\\".utf8)

    /// Appends path and query: the stable pair, or the older target, or the template where nothing else is known.
    private mutating func appendTarget(of attributes: AttributeValues) -> Bool {
        if let path = attributes.text(.urlPath) {
            guard appendPath(path) else { return false }
            guard let query = attributes.text(.urlQuery) else { return true }
            if query.first != UInt8(ascii: "?") { scratch.append(UInt8(ascii: "?")) }
            return appendClean(query)
        }
        if let target = attributes.text(.httpTarget) { return appendPath(target) }
        // Some clients' `http.url` is but the path.
        if let target = attributes.text(.httpURL), target.first == UInt8(ascii: "/") { return appendPath(target) }
        if let template = attributes.text(.urlTemplate, .httpRoute) { return appendPath(template) }
        return false
    }

    private mutating func appendPath(_ path: BorrowedText) -> Bool {
        if path.first != UInt8(ascii: "/") { scratch.append(UInt8(ascii: "/")) }
        return appendClean(path)
    }

    private mutating func appendClean(_ text: BorrowedText) -> Bool {
        for byte in text where byte <= 0x20 || byte == 0x7f { return false }
        scratch.append(contentsOf: text.prefix { $0 != UInt8(ascii: "#") })
        return true
    }

    private mutating func scratchText() -> String? {
        scratch.withUnsafeBufferPointer { bytes in
            if bytes.count > Limits.urlByteCountMax { cutCount += 1 }
            return cut(bytes, byteCountMax: Limits.urlByteCountMax)
        }
    }
}
