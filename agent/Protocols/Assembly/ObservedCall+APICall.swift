import CallModel
import Compression

/// Text is made here, and only here: from the bytes of a call to the noun of the system.
extension ObservedCall {
    /// The call with everything that was kept of it, unredacted.
    ///
    /// - Parameter direction: which end is ours; `peerAddress` is the other one's.
    public func makeCall(
        _ direction: Direction = .outbound, configuration: ProtocolConfiguration = ProtocolConfiguration()
    ) -> APICall {
        var message = APICall.Request(
            method: hasRequest ? request.text(method, byteCountMax: Limits.nameByteCountMax) : Self.unknownMethod,
            url: hasRequest ? url : rootURL,
            headers: request.headers(isHTTP2: version == .http2),
            body: request.content(byteCountMax: configuration.decodedBodyByteCountMax))
        message.bodyByteCount = request.isBodySizeKnown ? request.bodyByteCount : nil
        message.httpVersion = hasRequest ? version.name.description : nil
        var call = APICall(
            time: request.began, direction: direction, request: message, source: connection.origin.source)
        call.peerAddress = peerAddress(direction)
        call.error = error
        if hasResponse {
            call.response = makeResponse(configuration)
            call.duration = response.isBodySizeKnown ? max(.zero, response.ended - request.began) : nil
        } else if let error {
            call.duration = max(.zero, response.ended - request.began)
            call.outcome = .noAnswer(error)
        }
        return call
    }

    /// OpenTelemetry's name for a method that is not known: there was no request yet.
    private static let unknownMethod = "_OTHER"

    /// A name that could not be resolved has no address; the resolver's would mislead.
    private func peerAddress(_ direction: Direction) -> String? {
        if error == .dnsFailure { return nil }
        return direction == .outbound ? connection.serverAddress : connection.clientAddress
    }

    private func makeResponse(_ configuration: ProtocolConfiguration) -> APICall.Response {
        var message = APICall.Response(
            status: status, headers: response.headers(isHTTP2: version == .http2),
            body: response.content(byteCountMax: configuration.decodedBodyByteCountMax))
        message.bodyByteCount = response.isBodySizeKnown ? response.bodyByteCount : nil
        return message
    }

    // MARK: The URL

    /// Scheme and authority alone.
    public var serverURL: String { scheme + authorityText }

    /// The host the call is for, as it was asked for: without it the server's name, and its address for want of one.
    private var authorityText: String {
        let named = request.text(authority, byteCountMax: Limits.nameByteCountMax)
        if ObservedCall.isAuthority(named.utf8) { return named }
        let port = connection.origin.server.port
        let isUsual = port == (connection.isEncrypted || !hasRequest && port == 443 ? 443 : 80)
        let name = connection.serverName ?? connection.serverAddress
        let host = name.utf8.contains(UInt8(ascii: ":")) && !name.hasPrefix("[") ? "[\(name)]" : name
        return isUsual ? host : "\(host):\(port)"
    }

    /// Names, addresses in brackets and ports, so that what follows cannot be taken for a part of the host.
    static func isAuthority(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
                case UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"): true
                default: byte >= 0x80
                }
            } && isBracketed(bytes)
    }

    /// Brackets stand around an IPv6 address or nowhere.
    private static func isBracketed(_ bytes: some Collection<UInt8>) -> Bool {
        let open = bytes.count { $0 == UInt8(ascii: "[") }
        let close = bytes.count { $0 == UInt8(ascii: "]") }
        guard open == 1, close == 1 else {
            return open == 0 && close == 0 && bytes.count { $0 == UInt8(ascii: ":") } <= 1
        }
        return bytes.first == UInt8(ascii: "[")
    }

    /// The target URI (RFC 9110, section 7.1). The targets of CONNECT and of `OPTIONS *` stand as they are: they name no resource.
    private var url: String {
        let path = request.text(target, byteCountMax: Limits.urlByteCountMax)
        guard path.utf8.first == UInt8(ascii: "/") else {
            let isWhole = isConnect || path == "*" || ObservedCall.hasScheme(path.utf8)
            return isWhole ? path : scheme + authorityText + "/" + path
        }
        return scheme + authorityText + path
    }

    /// Where no request came to pass, all that is known is whom it was for.
    private var rootURL: String {
        (connection.isEncrypted || connection.origin.server.port == 443 ? "https://" : "http://") + authorityText + "/"
    }

    private var scheme: String { connection.isEncrypted ? "https://" : "http://" }

    private static func hasScheme(_ bytes: String.UTF8View) -> Bool {
        let scheme = bytes.prefix { ($0 | 0x20) &- 97 < 26 || $0 &- 48 < 10 || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E }
        return !scheme.isEmpty && bytes.dropFirst(scheme.count).starts(with: "://".utf8)
    }
}

extension Message {
    /// The bytes of a place as text; what is not UTF-8 becomes U+FFFD.
    func text(_ place: ByteRange, byteCountMax: Int) -> String {
        let range = place.range
        guard !range.isEmpty, range.upperBound <= head.count else { return "" }
        let end = min(range.upperBound, range.lowerBound + byteCountMax)
        return head.withSpan { bytes in
            bytes.extracting(range.lowerBound..<end).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }

    fileprivate func headers(isHTTP2: Bool) -> [Header] {
        var headers: [Header] = []
        headers.reserveCapacity(fields.count)
        for index in 0..<fields.count {
            headers.append(Header(name(fields[index].name), value(fields[index].value)))
        }
        return headers
    }

    private func name(_ place: ByteRange) -> String {
        let range = place.range
        guard range.upperBound <= head.count else { return "" }
        return head.withSpan { bytes in
            String(unsafeUninitializedCapacity: range.count) { text in
                for (index, at) in range.enumerated() { text[index] = asciiLowerCase(bytes[at]) }
                return range.count
            }
        }
    }

    /// Folded lines become one, with a space in place of each fold (RFC 9112, section 5.2).
    private func value(_ place: ByteRange) -> String {
        let range = place.range
        guard range.upperBound <= head.count else { return "" }
        guard head.withSpan({ $0.firstIndex(of: 0x0A, in: range) }) != nil else {
            return text(place, byteCountMax: Limits.headerValueByteCountMax)
        }
        var line: [UInt8] = []
        for index in range {
            let byte = head[index]
            guard byte == 0x0A || byte == 0x0D || byte == 0x09 || byte == 0x20 else {
                line.append(byte)
                continue
            }
            if line.last != 0x20 { line.append(0x20) }
        }
        return String(decoding: line.prefix(Limits.headerValueByteCountMax), as: UTF8.self)
    }

    private func bytesOfHead(_ place: ByteRange) -> [UInt8] {
        guard place.range.upperBound <= head.count else { return [] }
        return head.withSpan { [UInt8](copying: $0.extracting(place.range), from: 0) }
    }

    /// The codings in the order they were applied: those of the content, however many lines say them, then those of the transfer
    /// (RFC 9112, section 7), of which `chunked` has been undone.
    private var allCodings: [UInt8] {
        var codings: [[UInt8]] = []
        for name: StaticString in ["content-encoding", "transfer-encoding"] {
            for index in 0..<fields.count where spells(name, at: fields[index].name) {
                codings += bytesOfHead(fields[index].value).split(separator: UInt8(ascii: ",")).map { Array($0) }
            }
        }
        let chunked = Array("chunked".utf8)
        let names = codings.map { $0.filter { $0 > 0x20 }.map(asciiLowerCase) }
        return Array(names.filter { !$0.isEmpty && $0 != chunked }.joined(separator: [UInt8(ascii: ",")]))
    }

    /// The body with its content coding undone, as far as it is there; as it travelled where the coding is not known.
    func content(byteCountMax: Int) -> Body? {
        guard !body.isEmpty else { return nil }
        let bytes = body.withSpan { [UInt8](copying: $0, from: 0) }
        guard !contentCoding.isEmpty || hasMoreCodings else { return Body(bytes) }
        let codings = hasMoreCodings ? allCodings : bytesOfHead(contentCoding)
        let decoded = bytes.withUnsafeBytes { bytes in
            ContentCoding.decode(bytes, codings: codings[...], byteCountMax: byteCountMax)
        }
        return Body(decoded ?? bytes)
    }
}
