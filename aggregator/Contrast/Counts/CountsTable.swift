/// Rows of dimension values with counts, from CSV (RFC 4180): a header line, one column of failed and one of total counts, and
/// every other column a dimension.
///
/// A column that is a time (`timestamp`, `time`, `minute` …) is no dimension: rows of several minutes add up. A file may have
/// `\r\n` or `\n`, quoted fields, and blank lines; a row with a wrong number of fields or a count that is no number is
/// refused and counted, with the first told.
public struct CountsTable {
    public struct Configuration: Sendable {
        public var failedColumn = "failed"
        public var totalColumn = "total"
        public var rowsMax = 5_000_000
        public var columnsMax = 64

        public init() {}
    }

    public private(set) var dimensions: [String] = []
    public var rowCount: Int { counts.count }
    public private(set) var refusedCount = 0
    public private(set) var firstRefusal: String?
    private var counts: [(failed: Double, total: Double)] = []
    /// Row after row, one a dimension: the number of its value in `values`, or `ContrastRows.missing`.
    private var codes: [Int32] = []
    private var values: [FieldValues] = []

    private static let timeColumns: Set<String> = [
        "timestamp", "time", "minute", "datetime", "date", "ts", "hour", "start", "end",
    ]

    public init(_ csv: [UInt8], _ configuration: Configuration = Configuration()) throws(CountsError) {
        var reader = CSVReader(csv)
        guard reader.next() else { throw .empty }
        let header = reader.record.texts
        guard header.count <= configuration.columnsMax else {
            throw .tooManyColumns(header.count, max: configuration.columnsMax)
        }
        let columns = try Columns(header, configuration)
        dimensions = columns.dimensions.map { header[$0] }
        values = dimensions.map { _ in FieldValues() }
        while reader.next() {
            guard rowCount < configuration.rowsMax else { throw .tooManyRows(max: configuration.rowsMax) }
            add(reader.record, header.count, columns, line: reader.line)
        }
    }

    private struct Columns {
        var failed: Int
        var total: Int
        var dimensions: [Int]

        init(_ header: [String], _ configuration: Configuration) throws(CountsError) {
            guard let failed = header.firstIndex(of: configuration.failedColumn) else {
                throw .missingColumn(configuration.failedColumn, found: header)
            }
            guard let total = header.firstIndex(of: configuration.totalColumn) else {
                throw .missingColumn(configuration.totalColumn, found: header)
            }
            self.failed = failed
            self.total = total
            dimensions = header.indices.filter {
                $0 != failed && $0 != total && !CountsTable.timeColumns.contains(header[$0].lowercased())
            }
            guard !dimensions.isEmpty else { throw .noDimensions }
        }
    }

    private mutating func add(_ record: CSVRecord, _ width: Int, _ columns: Columns, line: Int) {
        guard record.count == width else { return refuse(line, "\(record.count) fields, expected \(width)") }
        guard let failed = record.number(columns.failed), let total = record.number(columns.total) else {
            return refuse(line, "a count that is no number")
        }
        for (dimension, column) in columns.dimensions.enumerated() {
            codes.append(record.withBytes(column) { values[dimension].code(of: $0) })
        }
        counts.append((failed, total))
    }

    private mutating func refuse(_ line: Int, _ cause: String) {
        refusedCount += 1
        if firstRefusal == nil { firstRefusal = "line \(line): \(cause)" }
    }

    /// The rows for a search, with a baseline over the dimensions that both have.
    public func contrastRows(baseline: CountsTable?) -> ContrastRows {
        let shared = baseline.map { base in dimensions.filter { base.dimensions.contains($0) } } ?? dimensions
        var result = ContrastRows(dimensions: shared.isEmpty ? dimensions : shared)
        forEachRow(in: &result) { result, row, counts in
            result.add(codes: row, failed: counts.failed, total: counts.total)
        }
        guard let baseline, !shared.isEmpty else { return result }
        baseline.forEachRow(in: &result) { result, row, counts in
            result.addBaseline(codes: row, failed: counts.failed, total: counts.total)
        }
        return result
    }

    /// Hands out each row in the codes of `result`; a value gets its code there once.
    private func forEachRow(
        in result: inout ContrastRows,
        _ body: (inout ContrastRows, [Int32], (failed: Double, total: Double)) -> Void
    ) {
        let order = result.dimensions.map { dimensions.firstIndex(of: $0) ?? 0 }
        let unknown = Int32.min
        var theirs = order.map { Array(repeating: unknown, count: values[$0].count) }
        var row = Array(repeating: ContrastRows.missing, count: order.count)
        for (place, counts) in counts.enumerated() {
            for (dimension, mine) in order.enumerated() {
                let code = codes[place * dimensions.count + mine]
                if code >= 0, theirs[dimension][Int(code)] == unknown {
                    theirs[dimension][Int(code)] = result.code(of: values[mine].name(of: code), in: dimension)
                }
                row[dimension] = code < 0 ? ContrastRows.missing : theirs[dimension][Int(code)]
            }
            body(&result, row, counts)
        }
    }
}

public enum CountsError: Error, Equatable, CustomStringConvertible {
    case empty
    case missingColumn(String, found: [String])
    case noDimensions
    case tooManyRows(max: Int)
    case tooManyColumns(Int, max: Int)

    public var description: String {
        switch self {
        case .empty: "there is no header line"
        case .missingColumn(let name, let found):
            "there is no column `\(name)` (found: \(found.prefix(12).joined(separator: ", "))); name it with --failed or --total"
        case .noDimensions: "there is no column beside the counts"
        case .tooManyRows(let max): "more than \(max) rows"
        case .tooManyColumns(let count, let max): "\(count) columns, of which at most \(max) are read"
        }
    }
}
