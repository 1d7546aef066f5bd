/// Records of a CSV text (RFC 4180), one after the other.
///
/// A record's fields lie in one buffer that the next record uses again: a file of counts has few distinct values in many rows, so
/// no field becomes a text of its own.
struct CSVReader {
    private let bytes: [UInt8]
    private var at = 0
    /// The line of the last record, from 1.
    private(set) var line = 0
    /// Until the next is read.
    private(set) var record = CSVRecord()

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    /// Goes on to the next record that is not blank; false at the end.
    mutating func next() -> Bool {
        while at < bytes.count {
            line += 1
            bytes.withUnsafeBufferPointer { record.read($0, at: &at) }
            if !record.isBlank { return true }
        }
        return false
    }
}

/// The fields of one record.
struct CSVRecord {
    private var bytes: [UInt8] = []
    /// Where each field ends.
    private var ends: [Int] = []

    var count: Int { ends.count }
    var isBlank: Bool { ends.count == 1 && ends[0] == 0 }
    var texts: [String] { (0..<count).map { String(decoding: bytes[range($0)], as: UTF8.self) } }

    private func range(_ field: Int) -> Range<Int> { (field == 0 ? 0 : ends[field - 1])..<ends[field] }

    @inline(__always)
    func withBytes<R>(_ field: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range(field)])) }
    }

    /// Digits are read at once, what else may be a number by the standard library.
    func number(_ field: Int) -> Double? {
        let range = range(field)
        guard !range.isEmpty, range.count <= Self.digitsMax else { return slowNumber(range) }
        var number: Int64 = 0
        for at in range {
            let digit = bytes[at] &- 48
            guard digit < 10 else { return slowNumber(range) }
            number = number * 10 + Int64(digit)
        }
        return Double(number)
    }

    /// All numbers of so many digits are exact in a `Double`.
    private static let digitsMax = 15

    private func slowNumber(_ range: Range<Int>) -> Double? { Double(String(decoding: bytes[range], as: UTF8.self)) }

    fileprivate mutating func read(_ text: UnsafeBufferPointer<UInt8>, at: inout Int) {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var isQuoted = false
        var fieldStart = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    bytes.append(byte)
                } else if at < text.count, text[at] == UInt8(ascii: "\"") {
                    bytes.append(byte)
                    at += 1
                } else {
                    isQuoted = false
                }
            } else if byte == UInt8(ascii: "\""), bytes.count == fieldStart {
                isQuoted = true
            } else if byte == UInt8(ascii: ",") {
                ends.append(bytes.count)
                fieldStart = bytes.count
            } else if byte == 0x0A {
                break
            } else if byte != 0x0D {
                bytes.append(byte)
            }
        }
        ends.append(bytes.count)
    }
}

/// The values of one column, each with a number, in the order of their first row.
struct FieldValues {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var slots: [Int32] = Array(repeating: -1, count: 64)

    var count: Int { ends.count }

    func name(of code: Int32) -> String { String(decoding: bytes[range(Int(code))], as: UTF8.self) }

    private func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1])..<ends[place] }

    /// The number of a value, made when it is new; `ContrastRows.missing` for an empty field.
    mutating func code(of field: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard !field.isEmpty else { return ContrastRows.missing }
        let slot = slot(of: field)
        if slots[slot] >= 0 { return slots[slot] }
        let code = Int32(truncatingIfNeeded: count)
        bytes.append(contentsOf: field)
        ends.append(bytes.count)
        slots[slot] = code
        if count * 2 > slots.count { grow() }
        return code
    }

    private func slot(of field: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = Int(truncatingIfNeeded: hashBytes(field)) & (slots.count - 1)
        while slots[slot] >= 0, !bytes[range(Int(slots[slot]))].elementsEqual(field) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for place in 0..<count {
            let slot = bytes.withUnsafeBufferPointer { bytes in
                var slot =
                    Int(truncatingIfNeeded: hashBytes(UnsafeBufferPointer(rebasing: bytes[range(place)])))
                    & (slots.count - 1)
                while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
                return slot
            }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
    }
}
