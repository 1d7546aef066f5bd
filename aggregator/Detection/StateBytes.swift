/// Why stored bytes are no state.
public enum StateError: Error, Equatable {
    case unknownVersion(UInt32)
    /// What was being read.
    case malformed(String)
}

/// Appends what a core has learned to one buffer: little-endian numbers and counted arrays, no names, no padding.
///
/// The format is this release's alone: whoever reads another version starts anew, from the calls of the last hours.
public struct StateWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(version: UInt32) { put(version) }

    public mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func put(_ value: Double) { put(value.bitPattern) }
    public mutating func put(_ value: Float) { put(value.bitPattern) }
    public mutating func put(_ value: Bool) { put(value ? 1 as UInt8 : 0) }

    public mutating func put(_ text: String) {
        put(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    public mutating func put<Value>(_ value: Value?, _ write: (inout StateWriter, Value) -> Void) {
        put(value != nil)
        if let value { write(&self, value) }
    }

    public mutating func put<Element>(
        _ elements: some Collection<Element>, _ write: (inout StateWriter, Element) -> Void
    ) {
        put(UInt32(elements.count))
        for element in elements { write(&self, element) }
    }

    /// A whole array of numbers, as it lies in memory where that is little-endian.
    public mutating func put<Number: FixedWidthInteger>(numbers: [Number]) {
        put(UInt32(numbers.count))
        for number in numbers { put(number) }
    }
}

/// Takes off the front what `StateWriter` appended.
public struct StateReader: Sendable {
    private let bytes: [UInt8]
    private var offset = 0

    public init(_ bytes: [UInt8], version: UInt32) throws(StateError) {
        self.bytes = bytes
        let found: UInt32 = try next()
        guard found == version else { throw .unknownVersion(found) }
    }

    public mutating func next<Value: FixedWidthInteger>() throws(StateError) -> Value {
        let width = MemoryLayout<Value>.size
        guard offset + width <= bytes.count else { throw .malformed("ends early") }
        defer { offset += width }
        return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }

    public mutating func double() throws(StateError) -> Double { Double(bitPattern: try next()) }
    public mutating func float() throws(StateError) -> Float { Float(bitPattern: try next()) }
    public mutating func bool() throws(StateError) -> Bool { try next() as UInt8 != 0 }

    public mutating func text() throws(StateError) -> String {
        let count = Int(try next() as UInt32)
        guard count <= bytes.count - offset else { throw .malformed("ends early") }
        defer { offset += count }
        guard let text = String(validating: bytes[offset..<offset + count], as: UTF8.self) else {
            throw .malformed("text that is no UTF-8")
        }
        return text
    }

    public mutating func optional<Value>(
        _ read: (inout StateReader) throws(StateError) -> Value
    ) throws(StateError) -> Value? {
        try bool() ? try read(&self) : nil
    }

    public mutating func array<Element>(
        _ read: (inout StateReader) throws(StateError) -> Element
    ) throws(StateError) -> [Element] {
        let count = Int(try next() as UInt32)
        // Every element takes a byte at least: damage must not ask for more memory than it has bytes.
        guard count <= bytes.count - offset else { throw .malformed("a count of \(count)") }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    public mutating func numbers<Number: FixedWidthInteger>() throws(StateError) -> [Number] {
        let count = Int(try next() as UInt32)
        guard count <= (bytes.count - offset) / MemoryLayout<Number>.size else {
            throw .malformed("a count of \(count)")
        }
        var numbers: [Number] = []
        numbers.reserveCapacity(count)
        for _ in 0..<count { numbers.append(try next()) }
        return numbers
    }

    /// Whether nothing follows: what an earlier release wrote may end here.
    public var isAtEnd: Bool { offset == bytes.count }

    public func finish() throws(StateError) {
        guard offset == bytes.count else { throw .malformed("\(bytes.count - offset) bytes too many") }
    }
}
