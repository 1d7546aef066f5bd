import Documents

/// Appends the members of nested JSON objects, with the commas between them.
struct ObjectWriter {
    /// How deep a body may be nested to be written as JSON: whoever reads it has containers of its own around it.
    private static let bodyDepthMax = 56

    private var bytes: [UInt8]
    private var needsComma = false

    /// Opens the outermost object behind what is there already. Takes the array over until `finish`: were it held twice,
    /// the first append would copy all of it.
    init(takingOver bytes: inout [UInt8]) {
        self.bytes = []
        swap(&self.bytes, &bytes)
        self.bytes.append(UInt8(ascii: "{"))
    }

    mutating func finish(into bytes: inout [UInt8]) {
        self.bytes.append(UInt8(ascii: "}"))
        swap(&self.bytes, &bytes)
    }

    mutating func open(_ key: StaticString) {
        self.key(key)
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    mutating func close() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func string(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        self.key(key)
        JSONText.appendString(value, to: &bytes)
    }

    mutating func integer(_ key: StaticString, _ value: Int?) {
        guard let value else { return }
        self.key(key)
        JSONText.appendInt(value, to: &bytes)
    }

    /// Milliseconds from whole nanoseconds, exactly: no double stands between.
    mutating func milliseconds(_ key: StaticString, _ duration: Duration) {
        self.key(key)
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        let nanoseconds = overflow || overflowed ? Int64.max : max(0, sum)
        JSONText.appendInt(nanoseconds / 1_000_000, to: &bytes)
        var fraction = nanoseconds % 1_000_000
        guard fraction > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var unit: Int64 = 100_000
        while fraction > 0 {
            bytes.append(UInt8(truncatingIfNeeded: 48 + fraction / unit))
            fraction %= unit
            unit /= 10
        }
    }

    mutating func string(key: String, _ value: String) {
        self.key(key)
        JSONText.appendString(value, to: &bytes)
    }

    mutating func strings(key: String, _ values: [String]) {
        self.key(key)
        var separator = UInt8(ascii: "[")
        for value in values {
            bytes.append(separator)
            JSONText.appendString(value, to: &bytes)
            separator = UInt8(ascii: ",")
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// JSON objects and arrays as they are, other text as a string, the rest as base64, so that reading gives the same bytes
    /// back, save for white space and the spelling of numbers in JSON.
    mutating func body(_ key: StaticString, _ body: [UInt8]) {
        self.key(key)
        if appendJSON(body) { return }
        if let text = String(validating: body, as: UTF8.self) {
            return JSONText.appendString(text, to: &bytes)
        }
        bytes.append(contentsOf: #"{"base64":""#.utf8)
        Base64.append(body, to: &bytes)
        bytes.append(contentsOf: #""}"#.utf8)
    }

    private mutating func appendJSON(_ body: [UInt8]) -> Bool {
        let first = body.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
        let start = bytes.count
        let isJSON = body.withUnsafeBytes {
            JSONText.appendCompacted($0, depthMax: Self.bodyDepthMax, to: &bytes)
        }
        guard isJSON, isMistakable(bytes[start...]) else { return isJSON }
        bytes.removeLast(bytes.count - start)
        return false
    }

    /// Whether a reader could take a JSON object for our `{"base64":…}`. An escape in the first key may spell anything.
    private func isMistakable(_ json: some Collection<UInt8>) -> Bool {
        json.starts(with: #"{"base64":"#.utf8)
            || json.starts(with: #"{""#.utf8) && json.dropFirst(2).prefix { $0 != UInt8(ascii: "\"") }.contains(0x5C)
    }

    private mutating func key(_ key: StaticString) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    }

    private mutating func key(_ key: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        JSONText.appendString(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }
}
