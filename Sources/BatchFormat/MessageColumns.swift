import CallModel

/// Headers and bodies of one side. Values lie in a column per header name, where they resemble each other.
struct MessageColumns {
    var headerLists: [UInt8] = []
    private(set) var headerColumns: [HeaderColumn] = []
    /// By the name's index in the string table.
    private var columnOfName: [UInt64: Int] = [:]
    private var lists: [HeaderList] = []
    /// Looked at one after the other.
    private static let listCountMax = 16
    private var form: [UInt8] = []
    private var body = BytesColumn()
    private var size: [UInt8] = []
    private var anySize = false

    /// Returns about how many bytes were added.
    mutating func append(headers: [Header], body content: Body?, size byteCount: Int?, table: inout StringTable) -> Int
    {
        var added = 4
        if headers.isEmpty {
            headerLists.append(0)
        } else {
            let list = self.list(of: headers, table: &table)
            headerLists.appendVarint(lists[list].index)
            for (place, column) in lists[list].columns.enumerated() {
                headerColumns[column].values.append(headers[place].value)
                added += headers[place].value.utf8.count + 1
            }
        }
        if let content {
            form.append(content.form.rawValue + 1)
            body.append(content.bytes)
            added += content.bytes.count
        } else {
            form.append(0)
        }
        size.appendVarint(byteCount.map { UInt64(clamping: $0) &+ 1 } ?? 0)
        anySize = anySize || byteCount != nil
        return added
    }

    mutating func append(_ message: CallRow.Message, table: inout StringTable) -> Int {
        var added = 4
        let headers = message.headers
        if headers.isEmpty {
            headerLists.append(0)
        } else {
            let list = self.list(of: headers, table: &table)
            headerLists.appendVarint(lists[list].index)
            for place in headers.indices {
                headerColumns[lists[list].columns[place]].values.append(headers[place].value)
                added += headers[place].value.count + 1
            }
        }
        if let body = message.body {
            form.append(message.bodyForm.rawValue + 1)
            self.body.append(body)
            added += body.count
        } else {
            form.append(0)
        }
        size.appendVarint(message.bodyByteCount.map { UInt64(clamping: $0) &+ 1 } ?? 0)
        anySize = anySize || message.bodyByteCount != nil
        return added
    }

    private mutating func list(of fields: [CallRow.Field], table: inout StringTable) -> Int {
        if let known = lists.firstIndex(where: { $0.isOf(fields) }) { return known }
        return list(of: fields.map { Header(String(decoding: $0.name, as: UTF8.self), "") }, table: &table)
    }

    /// Senders repeat themselves: the names of most messages are, in their order, those of one before.
    private mutating func list(of headers: [Header], table: inout StringTable) -> Int {
        if let known = lists.firstIndex(where: { $0.isOf(headers) }) { return known }
        let names = headers.map { listable($0.name) }
        let list = HeaderList(
            names: headers.map(\.name), index: table.index(of: names.joined(separator: "\n")),
            columns: names.map { column(for: table.index(of: $0)) })
        guard lists.count == Self.listCountMax else {
            lists.append(list)
            return lists.count - 1
        }
        lists[lists.count - 1] = list
        return lists.count - 1
    }

    /// - Parameter name: its index in the string table.
    private mutating func column(for name: UInt64) -> Int {
        if let known = columnOfName[name] { return known }
        headerColumns.append(HeaderColumn(name: name))
        columnOfName[name] = headerColumns.count - 1
        return headerColumns.count - 1
    }

    mutating func take(_ other: MessageColumns, _ renumbered: [UInt64]) {
        headerLists.appendIndices(other.headerLists, renumbered)
        for theirs in other.headerColumns {
            headerColumns[column(for: renumbered[Int(theirs.name)])].values.append(theirs.values)
        }
        form += other.form
        body.append(other.body)
        size += other.size
        anySize = anySize || other.anySize
    }

    var bodiesByteCountEstimate: Int { body.contents.count + body.lengths.count + form.count + size.count + 16 }

    func writeBodies(to wire: inout WireWriter) {
        if form.contains(where: { $0 != 0 }) {
            wire.delimited(field: 1, form)
            wire.delimited(field: 2, body.lengths)
            wire.delimited(field: 3, body.contents)
        }
        if anySize { wire.delimited(field: 4, size) }
    }
}

/// The names of one message's headers, and where their values go.
private struct HeaderList {
    private let names: [String]
    /// The names' bytes one behind the other, and where each ends.
    private let bytes: [UInt8]
    private let ends: [Int]
    /// Of the list in the string table.
    let index: UInt64
    let columns: [Int]

    init(names: [String], index: UInt64, columns: [Int]) {
        (self.names, self.index, self.columns) = (names, index, columns)
        var bytes: [UInt8] = []
        ends = names.map { name in
            bytes += name.utf8
            return bytes.count
        }
        self.bytes = bytes
    }

    func isOf(_ headers: [Header]) -> Bool {
        guard names.count == headers.count else { return false }
        for place in names.indices where !names[place].hasSameBytes(as: headers[place].name) {
            return false
        }
        return true
    }

    func isOf(_ fields: [CallRow.Field]) -> Bool {
        guard ends.count == fields.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            for place in fields.indices {
                guard fields[place].name.hasSameBytes(as: CallRow.Text(rebasing: bytes[start..<ends[place]])) else {
                    return false
                }
                start = ends[place]
            }
            return true
        }
    }
}

/// A line feed ends a name in the list, and no HTTP header has one in its name; senders of JSON may.
private func listable(_ name: String) -> String {
    name.utf8.contains(UInt8(ascii: "\n")) ? String(name.map { $0 == "\n" ? "_" : $0 }) : name
}

struct HeaderColumn {
    let name: UInt64
    var values = BytesColumn()

    func encoded() -> [UInt8] {
        var wire = WireWriter()
        wire.varint(field: 1, name)
        wire.delimited(field: 2, values.lengths)
        wire.delimited(field: 3, values.contents)
        return wire.bytes
    }
}
