/// Header fields in their order, several of one name allowed; names are lower case.
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public var fields: [(name: String, value: String)]

    public init() {
        fields = []
    }

    public init(_ fields: [(name: String, value: String)]) {
        self.fields = fields
    }

    /// `["content-type": "text/plain"]`: order and repetitions are kept.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0.lowercased(), value: $0.1) }
    }

    /// The first value of a field by its lower-case name.
    public subscript(first name: String) -> String? {
        for field in fields where field.name == name { return field.value }
        return nil
    }

    /// All values of a field by its lower-case name, in order.
    public subscript(all name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    public mutating func add(_ name: String, _ value: String) {
        fields.append((name: name.lowercased(), value: value))
    }

    /// Replaces all fields of this name by one.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    public mutating func remove(_ name: String) {
        let name = name.lowercased()
        fields.removeAll { $0.name == name }
    }

    public static func == (one: Headers, other: Headers) -> Bool {
        one.fields.count == other.fields.count && zip(one.fields, other.fields).allSatisfy { $0 == $1 }
    }

    /// Names only: values may be credentials.
    public var description: String {
        "[" + fields.map(\.name).joined(separator: ", ") + "]"
    }
}

extension Headers {
    /// A field must not end its line, whoever wrote it: CR, LF and NUL become blanks (RFC 9110, section 5.5).
    static func sanitized(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) else { return value }
        return String(decoding: value.utf8.map { $0 == 13 || $0 == 10 || $0 == 0 ? 32 : $0 }, as: UTF8.self)
    }

    /// Belong to one connection and mean nothing, or harm, beyond it (RFC 9113, section 8.2.2).
    static func isOfConnection(_ name: String) -> Bool {
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": true
        default: false
        }
    }
}
