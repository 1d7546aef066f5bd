import CallModel

// Frameworks write templates each in their own way; here all become `METHOD /path/{name}`, the catalogue's form.

extension SpanMapping {
    /// The route the framework or the client library names: `http.route` of a server, `url.template` of a client.
    ///
    /// Nil, so that the catalogue derives one, for what is no plain path, and for a template without a literal segment:
    /// a catch-all (`/*`) says less than the path does.
    mutating func route(_ attributes: AttributeValues, _ direction: Direction, _ verb: String) -> String? {
        guard let template = attributes.text(direction == .inbound ? .httpRoute : .urlTemplate),
            template.count + verb.utf8.count + 2 <= Limits.nameByteCountMax
        else { return nil }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: verb.utf8)
        scratch.append(UInt8(ascii: " "))
        var literalCount = 0
        for segment in template.split(separator: UInt8(ascii: "/")) {
            scratch.append(UInt8(ascii: "/"))
            guard let parameter = parameterName(segment) else {
                guard segment.allSatisfy(isLiteralByte) else { return nil }
                scratch.append(contentsOf: segment)
                literalCount += 1
                continue
            }
            guard !parameter.isEmpty, parameter.allSatisfy(isNameByte) else { return nil }
            scratch.append(UInt8(ascii: "{"))
            scratch.append(contentsOf: parameter)
            scratch.append(UInt8(ascii: "}"))
        }
        guard literalCount > 0 else { return nil }
        return String(decoding: scratch, as: UTF8.self)
    }

    /// The name in `{id}`, `{id:int}`, `{id?}`, `{*rest}`, `:id`, `<id>` or `<int:id>`; nil for a literal segment.
    private func parameterName(_ segment: Slice<BorrowedText>) -> Slice<BorrowedText>? {
        guard let first = segment.first, let last = segment.last else { return nil }
        switch (first, last) {
        case (UInt8(ascii: "{"), UInt8(ascii: "}")):
            let inner = segment.dropFirst().dropLast().drop { $0 == UInt8(ascii: "*") }
            return inner.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: ".") }
        case (UInt8(ascii: "<"), UInt8(ascii: ">")):
            let inner = segment.dropFirst().dropLast()
            guard let colon = inner.lastIndex(of: UInt8(ascii: ":")) else { return inner }
            return inner[(colon + 1)...]
        case (UInt8(ascii: ":"), _):
            return segment.dropFirst().prefix { $0 != UInt8(ascii: "?") }
        default: return nil
        }
    }

    private func isLiteralByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~") || byte == UInt8(ascii: "%")
            || byte == UInt8(ascii: "@")
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
