/// What is left of a body when every value is taken out: its structure, and of each leaf the type, the length or magnitude
/// and the format. Enough to say why a request failed (missing, wrong type, bad format, too long), without one value.
///
/// The shape of `{"email":"a@b.example","n":[1,250]}` is `{"email":"string/11/email","n":["integer/1","integer/3"]}`. The
/// whole language is in docs/formats/shape.md. Keys that look like data (`DataKey`) become `{key}`, their values merged.
/// Everything is bounded by `ShapeLimits`, and what was left out is counted in the shape itself.
public enum Shape {
    /// Whether a key looks like data rather than like the name of a field (`DataKey`); a shape has `{key}` for it.
    public static func isDataKey(_ key: String) -> Bool { DataKey.isData(key.utf8) }

    /// The shape of a JSON value, as JSON text.
    public static func ofJSON(_ value: JSONValue, limits: ShapeLimits = ShapeLimits()) -> [UInt8] {
        var writer = ShapeWriter(limits: limits)
        writer.value(value, depth: 0)
        return writer.finished()
    }

    /// The shape of a body; nil for an empty one. `contentType` decides how it is read; without a telling one, its first byte.
    public static func of(bytes: [UInt8], contentType: String?) -> [UInt8]? {
        // A parser of its own is a handful of allocations; whoever has many bodies passes one.
        of(bytes: bytes, contentType: contentType, parser: JSONParser())
    }

    public static func of(
        bytes: [UInt8], contentType: String?, parser: JSONParser, limits: ShapeLimits = ShapeLimits()
    ) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        return bytes.withUnsafeBytes { body in
            switch MediaKind(contentType: contentType, body: body) {
            case .json: ofJSONText(body, parser: parser, limits: limits)
            case .xml: ofXML(body, limits: limits)
            case .form: ofForm(body, limits: limits)
            case .other: ofOther(bytes, limits: limits)
            }
        }
    }

    private static func ofJSONText(
        _ body: UnsafeRawBufferPointer, parser: JSONParser, limits: ShapeLimits
    ) -> [UInt8] {
        // What cannot be parsed has a shape all the same: one that says so.
        let shape = try? parser.parse(body) { ofJSON($0, limits: limits) }
        return shape ?? oneLeaf("malformed/json/\(body.count)", limits: limits)
    }

    private static func ofXML(_ body: UnsafeRawBufferPointer, limits: ShapeLimits) -> [UInt8] {
        do throws(XMLError) {
            let root = try XMLDocument.parse(body)
            // The slash tells an XML shape from a JSON one and starts the paths that are made from it.
            let name = DataKey.isData(root.name.utf8) ? DataKey.placeholder : root.name
            return written(.object([("/" + name, ShapeNode(root, depth: 1, limits: limits))]), limits: limits)
        } catch {
            return oneLeaf("malformed/xml/\(body.count)", limits: limits)
        }
    }

    private static func ofForm(_ body: UnsafeRawBufferPointer, limits: ShapeLimits) -> [UInt8] {
        written(ShapeNode(FormBody(body), limits: limits), limits: limits)
    }

    private static func ofOther(_ bytes: [UInt8], limits: ShapeLimits) -> [UInt8] {
        let isText = String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
        return oneLeaf((isText ? "text/" : "binary/") + "\(bytes.count)", limits: limits)
    }

    private static func oneLeaf(_ descriptor: String, limits: ShapeLimits) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONText.appendString(descriptor, to: &bytes)
        return bytes
    }

    private static func written(_ node: ShapeNode, limits: ShapeLimits) -> [UInt8] {
        var writer = ShapeWriter(limits: limits)
        writer.node(node)
        return writer.finished()
    }
}

/// How much of a body its shape tells.
public struct ShapeLimits: Sendable {
    /// Containers inside one another; a deeper one becomes a leaf with its count.
    public var depthMax = 32
    /// Elements of one array, so that a bad one is found by its index.
    public var elementCountMax = 64
    public var memberCountMax = 256
    /// Leaves and containers of the whole.
    public var valueCountMax = 2_000
    /// Hashes of values that are codes; nil, the default, for none.
    public var hashing: ShapeHashing?

    public init() {}
}

/// Which reader a body is for.
enum MediaKind {
    case json, xml, form, other

    init(contentType: String?, body: UnsafeRawBufferPointer) {
        // As most say it: nothing needs to be cut and compared.
        if contentType == "application/json" {
            self = .json
            return
        }
        // RFC 9110, section 8.3.1: type/subtype without regard to case, then parameters.
        let essence = contentType?.prefix { $0 != ";" && $0 != " " }.lowercased() ?? ""
        if essence.hasSuffix("/json") || essence.hasSuffix("+json") {
            self = .json
        } else if essence.hasSuffix("/xml") || essence.hasSuffix("+xml") {
            self = .xml
        } else if essence == "application/x-www-form-urlencoded" {
            self = .form
        } else {
            // Many servers send JSON as text/plain, or with no type at all.
            switch body.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) {
            case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
            case UInt8(ascii: "<") where essence != "text/html": self = .xml
            default: self = .other
            }
        }
    }
}
