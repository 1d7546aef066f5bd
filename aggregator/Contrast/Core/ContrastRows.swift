/// Two weighted populations as rows of dimension values: how many of a row's calls failed, of how many, and what was normal.
///
/// Rows with the same values are one row; every value is an integer code per dimension, so that a row costs a few words
/// however long its names are. A missing value (nil, or `ContrastRows.missing`) is never part of a predicate. Whoever adds
/// many rows asks for the codes once (`code(of:in:)`) and adds codes.
public struct ContrastRows: Sendable {
    /// The code of a value that a row does not have.
    public static let missing: Int32 = -1

    public let dimensions: [String]
    /// Distinct values kept for one dimension; later ones become missing in their rows and are counted.
    public let valuesMax: Int
    /// Distinct rows kept; later ones are counted, and are in the totals alone.
    public let rowsMax: Int
    /// Values and rows that did not fit.
    public private(set) var droppedValueCount = 0
    public private(set) var droppedRowCount = 0
    /// Whether any baseline was added: then what is normal comes from it, otherwise from the rows outside a cause.
    public private(set) var hasBaseline = false

    /// Row after row, `dimensions.count` codes each.
    private(set) var codes: [Int32] = []
    private(set) var cells: [Cell] = []
    private var places = RowPlaces()
    private var names: [[String]]
    private var codeOfName: [[String: Int32]]

    /// What is known of one row.
    struct Cell: Sendable, Equatable {
        var failed = 0.0
        var total = 0.0
        var baselineFailed = 0.0
        var baselineTotal = 0.0
        /// Failures expected by whoever added the row; NaN where nobody said.
        var expected = Double.nan
    }

    public init(dimensions: [String], valuesMax: Int = 100_000, rowsMax: Int = 1_000_000) {
        precondition(!dimensions.isEmpty && valuesMax > 0 && rowsMax > 0)
        self.dimensions = dimensions
        self.valuesMax = valuesMax
        self.rowsMax = rowsMax
        names = Array(repeating: [], count: dimensions.count)
        codeOfName = Array(repeating: [:], count: dimensions.count)
    }

    public var count: Int { cells.count }

    /// The code of a value in a dimension (by its place in `dimensions`), made when it is new.
    public mutating func code(of value: String, in dimension: Int) -> Int32 {
        if let code = codeOfName[dimension][value] { return code }
        guard names[dimension].count < valuesMax else {
            droppedValueCount &+= 1
            return Self.missing
        }
        let code = Int32(truncatingIfNeeded: names[dimension].count)
        names[dimension].append(value)
        codeOfName[dimension][value] = code
        return code
    }

    /// The name behind a code; empty for `missing`.
    public func name(of code: Int32, in dimension: Int) -> String {
        code < 0 ? "" : names[dimension][Int(code)]
    }

    /// How many values a dimension has had so far.
    public func valueCount(in dimension: Int) -> Int { names[dimension].count }

    /// Whether every row has a value in a dimension.
    func isComplete(_ dimension: Int) -> Bool {
        stride(from: dimension, to: codes.count, by: dimensions.count).allSatisfy { codes[$0] >= 0 }
    }

    /// Adds calls with these values: `failed` of `total`. `expected`, where the caller knows better than any baseline here,
    /// is how many of them would have failed on a normal day. Weights below zero, NaN and more failed than total are made
    /// harmless, not refused.
    public mutating func add(_ values: [String?], failed: Double, total: Double, expected: Double? = nil) {
        add(codes: coded(values), failed: failed, total: total, expected: expected)
    }

    public mutating func add(codes row: [Int32], failed: Double, total: Double, expected: Double? = nil) {
        let failed = harmless(failed)
        let total = max(harmless(total), failed)
        guard let place = place(of: row) else { return }
        cells[place].failed += failed
        cells[place].total += total
        guard let expected else { return }
        let known = cells[place].expected
        cells[place].expected = (known.isNaN ? 0 : known) + min(harmless(expected), total)
    }

    /// Adds what was normal for these values. How long the baseline lasted does not matter, only its ratio and its size.
    public mutating func addBaseline(_ values: [String?], failed: Double, total: Double) {
        addBaseline(codes: coded(values), failed: failed, total: total)
    }

    public mutating func addBaseline(codes row: [Int32], failed: Double, total: Double) {
        hasBaseline = true
        let failed = harmless(failed)
        guard let place = place(of: row) else { return }
        cells[place].baselineFailed += failed
        cells[place].baselineTotal += max(harmless(total), failed)
    }

    /// The same rows with every weight multiplied: what stands for many calls is less evidence than as many calls.
    public func scaled(by factor: Double) -> ContrastRows {
        guard factor.isFinite, factor > 0, factor != 1 else { return self }
        var scaled = self
        for place in cells.indices {
            scaled.cells[place].failed *= factor
            scaled.cells[place].total *= factor
            scaled.cells[place].expected *= factor
        }
        return scaled
    }

    private func harmless(_ weight: Double) -> Double { weight.isFinite ? max(0, weight) : 0 }

    private mutating func coded(_ values: [String?]) -> [Int32] {
        precondition(values.count == dimensions.count, "a row has one value, or nil, for each dimension")
        var row: [Int32] = []
        row.reserveCapacity(values.count)
        for (dimension, value) in values.enumerated() {
            row.append(value.map { code(of: $0, in: dimension) } ?? Self.missing)
        }
        return row
    }

    private mutating func place(of row: [Int32]) -> Int? {
        precondition(row.count == dimensions.count, "a row has one code for each dimension")
        if let place = places.find(row, in: codes) { return place }
        guard cells.count < rowsMax else {
            droppedRowCount &+= 1
            return nil
        }
        places.insert(cells.count, row)
        codes.append(contentsOf: row)
        cells.append(Cell())
        return cells.count - 1
    }
}

/// Open addressing over rows that lie elsewhere: one word a row.
private struct RowPlaces: Sendable {
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    private var hashes: [UInt64] = []

    private static func hash(_ row: [Int32]) -> UInt64 {
        var mixed: UInt64 = 0x9E37_79B9_7F4A_7C15
        for code in row {
            mixed = (mixed ^ UInt64(UInt32(bitPattern: code))) &* 0xD6E8_FEB8_6659_FD93
            mixed ^= mixed >> 32
        }
        return mixed
    }

    func find(_ row: [Int32], in codes: [Int32]) -> Int? {
        let hash = Self.hash(row)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if hashes[place] == hash, isSame(row, codes, at: place * row.count) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isSame(_ row: [Int32], _ codes: [Int32], at start: Int) -> Bool {
        for index in row.indices where codes[start + index] != row[index] { return false }
        return true
    }

    mutating func insert(_ place: Int, _ row: [Int32]) {
        hashes.append(Self.hash(row))
        if hashes.count * 2 > slots.count { grow() } else { put(place) }
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for place in hashes.indices { put(place) }
    }

    private mutating func put(_ place: Int) {
        var slot = Int(truncatingIfNeeded: hashes[place]) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(truncatingIfNeeded: place)
    }
}
