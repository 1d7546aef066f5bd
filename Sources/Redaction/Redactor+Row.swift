import CallModel
import Documents
import PartnerCatalog

/// What redaction leaves of a row's bodies: values of documents, or bytes that are none.
public struct RowBodies {
    public enum Content {
        case none
        /// JSON, which becomes its shape.
        case document(BodyValue)
        /// The shape, made by the general rules.
        case shape([UInt8])
    }

    public var request = Content.none
    public var response = Content.none

    public init() {}
}

/// The same rules for a row, for partners whose calls travel as shape: `redact(_:now:)` is what it must agree with.
extension Redactor {
    /// What is decided once for a partner.
    public struct RowPlan {
        /// `none` or `shape`.
        let mode: RedactionMode
        let known: Set<String>
    }

    /// Nil where this partner's bodies may travel as more than shape, today or tomorrow, or their shapes bear hashes: that is not for
    /// rows. Nil too where the partner's name itself holds a secret.
    public mutating func rowPlan(for partner: String) -> RowPlan? {
        let mode = policy.partners[partner]?.mode ?? policy.mode(for: nil, at: .epoch)
        var name = partner
        guard mode == .none || mode == .shape && policy.shapeLimits.hashing == nil, name.withUTF8({ isClean($0) })
        else {
            return nil
        }
        return RowPlan(mode: mode, known: known[partner] ?? [])
    }

    /// What the shapes of all bodies of this one's structure have in common; passes it.
    public func planBody(_ scanner: inout StructureScanner) throws(StructureScanner.NotPlain) -> ShapePlan {
        try shapes.plan(&scanner)
    }

    /// The shape of a body that is no JSON; nil where a key in it is secret.
    public mutating func rowShape(of body: CallRow.Text, contentType: String?) -> [UInt8]? {
        let shape = Shape.of(bytes: Array(body), contentType: contentType, parser: parser) ?? Array("\"unknown\"".utf8)
        return shape.withUnsafeBufferPointer { holdsSecretKey($0) } ? nil : shape
    }

    /// Masks everything in the row that must not leave the host. False, and nothing counted, where a key of a body or the name of a
    /// header is secret: then the row is of no use.
    ///
    /// - Parameter arena: holds what replaces the row's texts.
    public mutating func redact(
        _ row: inout CallRow, _ bodies: RowBodies, _ plan: RowPlan, arena: TextArena
    ) -> Bool {
        let isWhole = plan.mode != .none
        // First what may fail: nothing is counted before it is certain.
        guard !isWhole || hasCleanNames(row.request) && hasCleanNames(row.response),
            setBody(of: &row.request, isWhole ? bodies.request : .none, arena),
            setBody(of: &row.response, isWhole ? bodies.response : .none, arena)
        else { return false }
        if row.request.body != nil { count(.body) }
        if row.response.body != nil { count(.body) }
        row.url = redactedURL(row.url, arena)
        if !row.id.isEmpty { redactID(of: &row, arena) }
        for name in CallRow.Name.allCases where !row[name].isEmpty { mask(&row[name], arena) }
        if !row.peerAddress.isEmpty { mask(&row.peerAddress, arena) }
        redactHeaders(of: &row.request, plan, arena)
        redactHeaders(of: &row.response, plan, arena)
        return true
    }

    private mutating func mask(_ text: inout CallRow.Text, _ arena: TextArena) {
        if let masked = masked(text) { text = arena.copy(masked) }
    }

    private mutating func redactedURL(_ url: CallRow.Text, _ arena: TextArena) -> CallRow.Text {
        if keepsWhole(url) { return url }
        urlBytes.removeAll(keepingCapacity: true)
        var bytes: [UInt8] = []
        swap(&bytes, &urlBytes)
        appendURL(url, to: &bytes)
        swap(&bytes, &urlBytes)
        return urlBytes.withUnsafeBufferPointer { arena.copy($0) }
    }

    private mutating func redactID(of row: inout CallRow, _ arena: TextArena) {
        guard !isClean(row.id) else { return }
        row.id = redactedID(String(decoding: row.id, as: UTF8.self)).map { arena.copy($0) } ?? CallRow.none
    }

    private mutating func hasCleanNames(_ message: CallRow.Message) -> Bool {
        message.headers.allSatisfy { headerFacts(of: $0.name).isClean }
    }

    private mutating func redactHeaders(of message: inout CallRow.Message, _ plan: RowPlan, _ arena: TextArena) {
        guard plan.mode != .none else { return message.headers.removeAll(keepingCapacity: true) }
        for index in message.headers.indices {
            let name = message.headers[index].name
            var headerClass = headerFacts(of: name).headerClass
            if headerClass != .harmless, !plan.known.isEmpty, plan.known.contains(String(decoding: name, as: UTF8.self))
            {
                headerClass = .harmless
            }
            switch headerClass {
            case .harmless: mask(&message.headers[index].value, arena)
            case .secret:
                message.headers[index].value = placeholder("secret", message.headers[index].value, arena)
                count(.header)
            case .other:
                message.headers[index].value = placeholder("value", message.headers[index].value, arena)
                count(.header)
            }
        }
    }

    private func placeholder(_ name: String, _ value: CallRow.Text, _ arena: TextArena) -> CallRow.Text {
        arena.copy(scanner.placeholder(name, value))
    }

    private mutating func setBody(
        of message: inout CallRow.Message, _ content: RowBodies.Content, _ arena: TextArena
    ) -> Bool {
        switch content {
        case .none: return true
        case .document(.parsed(let value)):
            guard let shape = shapes.shape(of: value) else { return false }
            message.body = arena.copy(shape)
        case .document(.known(let body)): message.body = arena.copy(shapes.shape(of: body))
        case .shape(let bytes): message.body = bytes.withUnsafeBufferPointer { arena.copy($0) }
        }
        message.bodyForm = .shape
        return true
    }

    /// What the name of a header says, worked out once.
    struct HeaderFacts: BitwiseCopyable {
        var headerClass: HeaderRules.Class
        var isClean: Bool
    }

    private func headerFacts(of name: CallRow.Text) -> HeaderFacts {
        headers.value(of: name) { bytes in
            var scanner = scanner
            let name = String(decoding: bytes, as: UTF8.self)
            return HeaderFacts(headerClass: HeaderRules.classOf(name), isClean: scanner.masked(bytes) == nil)
        }
    }
}
