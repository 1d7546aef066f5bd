import CallModel

/// Makes shapes of one document after the other without allocating: one buffer, and a memory of keys and of what is said of leaves,
/// which come again with every document of a partner.
///
/// What it says of a value is what `Shape.ofJSON` says. One thread at a time.
public final class ShapeMaker {
    private var writer: ShapeWriter
    private let limits: ShapeLimits
    private let keys: ShapeKeys

    /// - Parameter isSecret: whether a key holds something that must not be told; asked once for a key, as a rule.
    public init(limits: ShapeLimits = ShapeLimits(), isSecret: @escaping (UnsafeBufferPointer<UInt8>) -> Bool) {
        self.limits = limits
        keys = ShapeKeys(isSecret: isSecret)
        writer = ShapeWriter(limits: limits, keys: keys, isForMany: true)
    }

    /// The shape as JSON text, valid until the next; nil where a key in it is secret.
    public func shape(of value: JSONValue) -> UnsafeBufferPointer<UInt8>? {
        writer.begin()
        writer.value(value, depth: 0)
        return writer.holdsSecretKey ? nil : writer.sink.written
    }

    /// The same of a body whose structure is known.
    public func shape(of body: KnownBody) -> UnsafeBufferPointer<UInt8> {
        writer.begin()
        writer.known(body)
        return writer.sink.written
    }

    /// What the shapes of all containers of this one's structure have in common; passes it.
    public func plan(_ scanner: inout StructureScanner) throws(StructureScanner.NotPlain) -> ShapePlan {
        try ShapePlanner(limits, keys).plan(&scanner)
    }
}

/// What is known of keys of documents: whether they are data (`DataKey`), and if not, whether they are secret.
final class ShapeKeys {
    enum Verdict: BitwiseCopyable {
        case data, name, secret
    }

    private let isSecret: (UnsafeBufferPointer<UInt8>) -> Bool
    private let known = RememberedBytes<Verdict>(placeCount: 512)

    init(isSecret: @escaping (UnsafeBufferPointer<UInt8>) -> Bool) {
        self.isSecret = isSecret
    }

    func verdict(on key: UnsafeBufferPointer<UInt8>) -> Verdict {
        known.value(of: key) { DataKey.isData($0) ? .data : isSecret($0) ? .secret : .name }
    }
}

extension Shape {
    /// Whether a body is read as JSON, going by its content type and its first bytes.
    public static func isJSON(contentType: String?, body: UnsafeBufferPointer<UInt8>) -> Bool {
        if case .json = MediaKind(contentType: contentType, body: UnsafeRawBufferPointer(body)) { true } else { false }
    }
}
