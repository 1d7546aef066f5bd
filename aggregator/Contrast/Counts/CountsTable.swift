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
    public private(set) var rowCount = 0
    public private(set) var refusedCount = 0
    public private(set) var firstRefusal: String?
    private var rows: [(values: [String?], failed: Double, total: Double)] = []

    private static let timeColumns: Set<String> = [
        "timestamp", "time", "minute", "datetime", "date", "ts", "hour", "start", "end",
    ]

    public init(_ csv: [UInt8], _ configuration: Configuration = Configuration()) throws(CountsError) {
        var reader = CSVReader(csv)
        guard let header = reader.next() else { throw .empty }
        guard header.count <= configuration.columnsMax else {
            throw .tooManyColumns(header.count, max: configuration.columnsMax)
        }
        let columns = try Columns(header, configuration)
        dimensions = columns.dimensions.map { header[$0] }
        while let fields = reader.next() {
            guard rows.count < configuration.rowsMax else { throw .tooManyRows(max: configuration.rowsMax) }
            add(fields, header.count, columns, line: reader.line)
        }
        rowCount = rows.count
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

    private mutating func add(_ fields: [String], _ width: Int, _ columns: Columns, line: Int) {
        guard fields.count == width else { return refuse(line, "\(fields.count) fields, expected \(width)") }
        guard let failed = Double(fields[columns.failed]), let total = Double(fields[columns.total]) else {
            return refuse(line, "a count that is no number")
        }
        rows.append((columns.dimensions.map { fields[$0].isEmpty ? nil : fields[$0] }, failed, total))
    }

    private mutating func refuse(_ line: Int, _ cause: String) {
        refusedCount += 1
        if firstRefusal == nil { firstRefusal = "line \(line): \(cause)" }
    }

    /// The rows for a search, with a baseline over the dimensions that both have.
    public func contrastRows(baseline: CountsTable?) -> ContrastRows {
        let shared = baseline.map { base in dimensions.filter { base.dimensions.contains($0) } } ?? dimensions
        var result = ContrastRows(dimensions: shared.isEmpty ? dimensions : shared)
        let order = result.dimensions
        let mine = order.map { dimensions.firstIndex(of: $0) ?? 0 }
        for row in rows { result.add(mine.map { row.values[$0] }, failed: row.failed, total: row.total) }
        guard let baseline, !shared.isEmpty else { return result }
        let theirs = order.map { baseline.dimensions.firstIndex(of: $0) ?? 0 }
        for row in baseline.rows {
            result.addBaseline(theirs.map { row.values[$0] }, failed: row.failed, total: row.total)
        }
        return result
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

/// Records of a CSV text, one after the other.
struct CSVReader {
    private let bytes: [UInt8]
    private var at = 0
    /// The line of the last record, from 1.
    private(set) var line = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    mutating func next() -> [String]? {
        while at < bytes.count {
            line += 1
            let record = record()
            if record.count > 1 || record.first?.isEmpty == false { return record }
        }
        return nil
    }

    private mutating func record() -> [String] {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if isQuoted {
                guard byte == UInt8(ascii: "\"") else {
                    field.append(byte)
                    continue
                }
                if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                    field.append(byte)
                    at += 1
                } else {
                    isQuoted = false
                }
            } else if byte == UInt8(ascii: "\""), field.isEmpty {
                isQuoted = true
            } else if byte == UInt8(ascii: ",") {
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
            } else if byte == 0x0A {
                break
            } else if byte != 0x0D {
                field.append(byte)
            }
        }
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
    }
}
