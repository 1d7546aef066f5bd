/// Rows in aligned columns that fit the width there is.
///
/// Too wide a table first narrows its widest columns down to their `widthMin`, cutting cells with `…`; then it leaves out the
/// least important columns; and only then it narrows the rest further. Two blanks stand between columns.
public struct Table {
    public struct Column {
        public var title: String
        public var isRightAligned: Bool
        /// How narrow it may become while other columns can still be left out.
        public var widthMin: Int
        /// 0 is never left out; of the others the highest goes first.
        public var rank: Int

        public init(_ title: String, right: Bool = false, widthMin: Int = .max, rank: Int = 0) {
            self.title = title
            isRightAligned = right
            self.widthMin = widthMin
            self.rank = rank
        }
    }

    public struct Cell: ExpressibleByStringLiteral {
        let text: String
        let tone: Tone

        /// Text from the server is made safe here, so that no table can show any that is not.
        public init(_ text: String?, _ tone: Tone = .plain) {
            self.text = safeText(text ?? absent)
            self.tone = tone
        }

        public init(stringLiteral text: String) { self.init(text) }
    }

    private struct Row {
        var cells: [Cell]
        var note: String?
    }

    public let columns: [Column]
    private var rows: [Row] = []

    public init(_ columns: [Column]) { self.columns = columns }

    public var isEmpty: Bool { rows.isEmpty }

    /// `note` stands on lines of its own below the row.
    public mutating func add(_ cells: [Cell], note: String? = nil) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(Row(cells: cells, note: note.map(safeText)))
    }

    /// Titles, then rows; no line ends in blanks.
    public func lines(_ style: Style) -> [String] {
        let natural = columns.indices.map { index in
            rows.reduce(columnCount(of: columns[index].title)) { max($0, columnCount(of: $1.cells[index].text)) }
        }
        let layout = Self.layout(columns, natural, width: style.width)
        let titles = columns.map { Cell($0.title, .quiet) }
        var lines = [line(titles, layout, style)]
        for row in rows {
            lines.append(line(row.cells, layout, style))
            guard let note = row.note, !note.isEmpty else { continue }
            let width = (style.width ?? .max) - noteIndent.count
            lines += wrapped(note, to: width).map { noteIndent + $0 }
        }
        return lines
    }

    private func line(_ cells: [Cell], _ layout: [(index: Int, width: Int)], _ style: Style) -> String {
        var line = ""
        var blanks = 0
        for (index, width) in layout {
            let text = cut(cells[index].text, to: width)
            let padding = width - columnCount(of: text)
            let right = columns[index].isRightAligned
            line += String(repeating: " ", count: blanks + (right ? padding : 0))
            line += style.paint(text, cells[index].tone)
            blanks = gap + (right ? 0 : padding)
        }
        return line
    }

    /// The columns that are shown, each with its width.
    private static func layout(_ columns: [Column], _ natural: [Int], width: Int?) -> [(index: Int, width: Int)] {
        var shown = Array(columns.indices)
        guard let width else { return shown.map { ($0, natural[$0]) } }
        while true {
            var widths = natural
            let room = width - gap * max(0, shown.count - 1)
            if narrow(&widths, shown, to: room, widthMin: { columns[$0].widthMin }) {
                return shown.map { ($0, widths[$0]) }
            }
            guard let least = shown.max(by: { columns[$0].rank < columns[$1].rank }), columns[least].rank > 0 else {
                _ = narrow(&widths, shown, to: room, widthMin: { _ in 1 })
                return shown.map { ($0, widths[$0]) }
            }
            shown.removeAll { $0 == least }
        }
    }

    /// Takes columns away from the widest, one by one, until all fit; false when the minima do not allow it.
    private static func narrow(
        _ widths: inout [Int], _ shown: [Int], to room: Int, widthMin: (Int) -> Int
    ) -> Bool {
        var excess = shown.reduce(0) { $0 + widths[$1] } - room
        while excess > 0 {
            let candidates = shown.filter { widths[$0] > widthMin($0) }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
            widths[widest] -= 1
            excess -= 1
        }
        return true
    }
}

/// Stands for what the server did not say.
public let absent = "–"

private let gap = 2
private let noteIndent = "    "
