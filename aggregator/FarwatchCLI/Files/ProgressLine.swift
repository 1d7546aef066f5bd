import Glibc
import Runtime

/// Says on standard error how far a long piece of work is, where a person watches: a line that is written over.
struct ProgressLine {
    private let what: String
    private let isShown: Bool
    private var lastPercent = -1

    init(_ what: String) {
        self.what = what
        isShown = isatty(STDERR_FILENO) == 1
    }

    mutating func show(_ share: Double) {
        let percent = Int(share * 100)
        guard isShown, percent != lastPercent else { return }
        lastPercent = percent
        Self.write("\r\(what) \(percent) %")
    }

    func end() {
        if isShown, lastPercent >= 0 { Self.write("\r\u{1B}[K") }
    }

    static func write(_ text: String) {
        var text = text
        // A terminal that cannot be written to has nobody to tell.
        _ = text.withUTF8 { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Writes whole lines to standard output in large pieces.
struct OutputLines {
    private static let heldByteCountMax = 64 << 10
    var bytes: [UInt8] = []

    mutating func line(_ body: (inout [UInt8]) -> Void) {
        body(&bytes)
        bytes.append(0x0A)
        if bytes.count >= Self.heldByteCountMax { flush() }
    }

    mutating func flush() {
        let text = bytes
        bytes.removeAll(keepingCapacity: true)
        text.withUnsafeBytes { all in
            var at = 0
            while at < all.count, let start = all.baseAddress {
                let count = Glibc.write(STDOUT_FILENO, start + at, all.count - at)
                if count < 0 {
                    if errno == EINTR { continue }
                    // Whoever read has gone: nothing is left to do, as for every filter.
                    exit(1)
                }
                at += count
            }
        }
    }
}
