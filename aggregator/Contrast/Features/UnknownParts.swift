import CallModel

/// What of a request or an answer was there and was not kept: bodies above the limit, and headers and bodies that were given up for
/// room, of successful calls first.
///
/// That a part is unknown is not that it was empty: nothing is learnt from it, and nothing is held against it.
struct UnknownParts: OptionSet {
    var rawValue: UInt8
    static let body = UnknownParts(rawValue: 1)
    static let headers = UnknownParts(rawValue: 2)
    /// Values beyond the bound of what is looked at: the body's, which are looked at last.
    static let rest = UnknownParts(rawValue: 4)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing marks headers that were given up. They go together with the body, and hardly a message travels without any: where
    /// neither is left, both are unknown, unless the body is known to have been empty.
    init(_ headers: [Header], _ body: Body?, byteCount: Int?) {
        self = []
        if let body, !body.bytes.isEmpty { return }
        if headers.isEmpty { insert(.headers) }
        if Self.hadBody(headers, byteCount) { insert(.body) }
    }

    private static func hadBody(_ headers: [Header], _ byteCount: Int?) -> Bool {
        if let byteCount { return byteCount > 0 }
        if let length = headers.value(of: "content-length").flatMap({ Int($0) }) { return length > 0 }
        return headers.isEmpty || headers.value(of: "transfer-encoding") != nil
    }

    func hides(root: Int32) -> Bool {
        switch root {
        case PathTable.body: contains(.body) || contains(.rest)
        case PathTable.header: contains(.headers)
        default: false
        }
    }
}

extension FlatRequest {
    /// Whether it is the root of a part that is unknown: it stands for nothing. What is below a root is there only where it is known.
    func isUnknown(_ node: RequestNode) -> Bool { node.parent < 0 && unknown.hides(root: node.path) }
}
