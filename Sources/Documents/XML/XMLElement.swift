/// An XML element with what is in it: names without their namespace prefix, because senders choose prefixes freely.
public struct XMLElement: Sendable, Equatable {
    public var name: String
    /// Without namespace declarations.
    public var attributes: [XMLAttribute] = []
    public var children: [XMLElement] = []
    /// All character data directly inside, joined; white space between children is kept.
    public var text: String = ""

    public init(name: String) { self.name = name }
}

public struct XMLAttribute: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Why bytes are no XML document that can be read here.
public enum XMLError: Error, Equatable, CustomStringConvertible {
    /// Not well-formed (XML 1.0), or in an encoding that expat does not know. `detail` is expat's.
    case malformed(byteOffset: Int, detail: String)
    /// A document type with declarations of its own: entities and default attributes multiply what was sent.
    case declarationsRefused
    case tooDeep
    case tooLarge(byteCount: Int, max: Int)
    case outOfMemory

    public var description: String {
        switch self {
        case .malformed(let offset, let detail): "malformed XML at byte \(offset): \(detail)"
        case .declarationsRefused: "XML with declarations inside its document type is not read"
        case .tooDeep: "XML nested too deep"
        case .tooLarge(let byteCount, let max): "XML of \(byteCount) bytes, of which at most \(max) are read"
        case .outOfMemory: "no memory for this XML document"
        }
    }
}

/// How much of a document is read.
public struct XMLLimits: Sendable {
    public var byteCountMax = 16 << 20
    public var depthMax = 64
    /// Elements and attributes that are kept; the document is read to its end, what comes after them is not.
    public var nodeCountMax = 20_000

    public init() {}
}
