import CallModel
import Glibc

// What the attributes say of the request, of the response and of the far end.

extension SpanMapping {
    mutating func fill(_ request: inout APICall.Request, of record: borrowing SpanRecord) {
        let attributes = record.attributes
        request.headers = headers(record.requestHeaders)
        if let agent = attributes.text(.userAgentOriginal, .httpUserAgent),
            request.headers.value(of: "user-agent") == nil, request.headers.count < Limits.headerCountMax
        {
            request.headers.append(Header("user-agent", text(agent, byteCountMax: Limits.headerValueByteCountMax)))
        }
        request.bodyByteCount = byteCount(attributes.integer(.httpRequestBodySize, .httpRequestContentLength))
        request.httpVersion = httpVersion(attributes.text(.networkProtocolVersion, .httpFlavor))
    }

    /// Nil where no status came: then the call has no response, whatever else is told of one.
    mutating func response(of record: borrowing SpanRecord) -> APICall.Response? {
        let attributes = record.attributes
        var status = attributes.integer(.httpResponseStatusCode, .httpStatusCode)
        // 0 is what browsers and some SDKs write for no answer. Where the status was the error, `error.type` repeats it
        // as text.
        if status == nil, attributes.text(.errorType)?.count == 3 { status = attributes.integer(.errorType) }
        guard let status, (100...999).contains(status) else { return nil }
        var response = APICall.Response(status: Int(status), headers: headers(record.responseHeaders))
        response.bodyByteCount = byteCount(attributes.integer(.httpResponseBodySize, .httpResponseContentLength))
        return response
    }

    /// The far end, where it is an address: Python's requests puts the name of the host there.
    func peerAddress(_ attributes: AttributeValues, _ direction: Direction) -> String? {
        if direction == .inbound, let client = address(attributes.text(.clientAddress, .httpClientIP)) { return client }
        return address(attributes.text(.networkPeerAddress)) ?? address(attributes.text(.netSockPeerAddr))
            ?? address(attributes.text(.netPeerIP))
    }

    private func address(_ text: BorrowedText?) -> String? {
        guard let text, (2...45).contains(text.count) else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { name in
            for index in 0..<text.count { name[index] = CChar(bitPattern: text[index]) }
            name[text.count] = 0
            var parsed = in6_addr()
            let family = text.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
            return inet_pton(family, name.baseAddress!, &parsed) == 1 ? String(decoding: text, as: UTF8.self) : nil
        }
    }

    /// Names in lower case and with dashes: SDKs write `http.request.header.stripe_signature` for `Stripe-Signature`
    /// (older conventions asked for it), and a header whose name truly has an underscore is a rarity that servers
    /// refuse.
    private mutating func headers(_ captured: [(name: BorrowedText, value: BorrowedText)]) -> [Header] {
        if captured.isEmpty { return [] }
        var headers: [Header] = []
        headers.reserveCapacity(captured.count + 1)
        for (name, value) in captured {
            guard name.count <= Limits.nameByteCountMax, name.allSatisfy(isTokenByte) else { continue }
            let lowered = String(unsafeUninitializedCapacity: name.count) { output in
                for index in 0..<name.count {
                    output[index] = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : lowerCase(name[index])
                }
                return name.count
            }
            headers.append(Header(lowered, text(value, byteCountMax: Limits.headerValueByteCountMax)))
        }
        return headers
    }

    private func byteCount(_ value: Int64?) -> Int? {
        guard let value, value >= 0 else { return nil }
        return Int(value)
    }

    /// `2` for `2`, `2.0` and `HTTP/2`; nil for what is no version of HTTP.
    private func httpVersion(_ text: BorrowedText?) -> String? {
        guard var version = text.map({ $0[...] }) else { return nil }
        if version.starts(with: "HTTP/".utf8) { version = version.dropFirst(5) }
        for (name, spellings) in Self.httpVersions where spellings.contains(where: { version.elementsEqual($0) }) {
            return name
        }
        return nil
    }

    private static let httpVersions: [(String, [String.UTF8View])] = [
        ("1.1", ["1.1".utf8]), ("2", ["2".utf8, "2.0".utf8]), ("1.0", ["1.0".utf8]), ("3", ["3".utf8, "3.0".utf8]),
    ]
}
