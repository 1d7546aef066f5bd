import CallModel
import Compression
import Glibc

/// The call as a row of spans, for the short way to a batch's columns (docs/decisions/express.md).
extension ObservedCall {
    /// Fills a row with all that `makeCall` makes of an outbound call, byte for byte; bodies as they are then, unredacted.
    ///
    /// False, and the row is of no use, for what takes more than copying: no answer or a broken one, a request without a name or a path
    /// of its own, folded fields, heads that are not all ASCII, texts beyond their limits, a `traceparent`.
    ///
    /// - Parameters:
    ///   - row: as new.
    ///   - arena: gets the texts, which are valid for as long as it keeps them.
    public func fill(_ row: inout CallRow, arena: TextArena, configuration: ProtocolConfiguration) -> Bool {
        guard hasRequest, hasResponse, error == nil, !isConnect,
            let head = request.copyHead(to: arena), let method = request.slice(head, method),
            let target = request.slice(head, target), let authority = request.slice(head, authority),
            !method.isEmpty, method.count <= Limits.nameByteCountMax, Self.isPlain(target),
            !authority.isEmpty, authority.count <= Limits.nameByteCountMax, Self.isAuthority(authority),
            request.fill(&row.request.headers, head), let answer = response.copyHead(to: arena),
            response.fill(&row.response.headers, answer),
            !row.request.headers.contains(where: { $0.name.hasSameBytes(as: "traceparent") }),
            request.fill(&row.request, arena, configuration), response.fill(&row.response, arena, configuration)
        else { return false }
        row.time = request.began
        row.duration = response.isBodySizeKnown ? max(.zero, response.ended - request.began) : nil
        row.source = connection.origin.source
        row.status = status
        row.method = method
        row.url = arena.copy(bytes(connection.isEncrypted ? "https://" : "http://"), authority, target)
        row.httpVersion = bytes(version.name)
        row.peerAddress = arena.copy(connection.serverAddress)
        return true
    }

    /// A path, printable, short enough to stand in a URL whole.
    private static func isPlain(_ target: CallRow.Text) -> Bool {
        guard target.first == UInt8(ascii: "/"), target.count <= Limits.urlByteCountMax / 2 else { return false }
        return target.allSatisfy { $0 &- 0x21 < 0x5E }
    }
}

/// Bytes that are there for ever.
private func bytes(_ text: StaticString) -> CallRow.Text {
    CallRow.Text(start: text.utf8Start, count: text.utf8CodeUnitCount)
}

extension Message {
    /// A copy of the head with the fields' names in lower case; nil unless all of it is ASCII.
    fileprivate func copyHead(to arena: TextArena) -> CallRow.Text? {
        var all: UInt8 = 0
        let copy = head.withSpan { head in
            head.withUnsafeBufferPointer { head in
                arena.copy(head) { copy in
                    for byte in copy { all |= byte }
                    fields.withSpan { fields in
                        for index in 0..<fields.count {
                            let name = fields[index].name.range
                            guard name.upperBound <= copy.count else { continue }
                            for at in name { copy[at] = asciiLowerCase(copy[at]) }
                        }
                    }
                }
            }
        }
        return all < 0x80 ? copy : nil
    }

    /// Nil where the place lies outside.
    fileprivate func slice(_ head: CallRow.Text, _ place: ByteRange) -> CallRow.Text? {
        let range = place.range
        guard range.upperBound <= head.count else { return nil }
        return range.isEmpty ? CallRow.none : CallRow.Text(rebasing: head[range])
    }

    fileprivate func fill(_ headers: inout [CallRow.Field], _ head: CallRow.Text) -> Bool {
        fields.withSpan { fields in
            for index in 0..<fields.count {
                guard let name = slice(head, fields[index].name), let value = slice(head, fields[index].value),
                    !name.isEmpty, value.count <= Limits.headerValueByteCountMax, !isFolded(value)
                else { return false }
                headers.append(CallRow.Field(name, value))
            }
            return true
        }
    }

    private func isFolded(_ value: CallRow.Text) -> Bool {
        guard let start = value.baseAddress else { return false }
        return memchr(start, 0x0A, value.count) != nil
    }

    fileprivate func fill(
        _ message: inout CallRow.Message, _ arena: TextArena, _ configuration: ProtocolConfiguration
    ) -> Bool {
        message.bodyByteCount = isBodySizeKnown ? bodyByteCount : nil
        guard !body.isEmpty else { return true }
        guard contentCoding.isEmpty, !hasMoreCodings else {
            guard let content = content(byteCountMax: configuration.decodedBodyByteCountMax), !content.bytes.isEmpty
            else { return false }
            message.body = content.bytes.withUnsafeBufferPointer { arena.copy($0) }
            return true
        }
        message.body = body.withSpan { body in body.withUnsafeBufferPointer { arena.copy($0) } }
        return true
    }
}
