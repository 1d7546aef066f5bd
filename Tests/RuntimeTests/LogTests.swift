import Glibc
import Logging
import Runtime
import Testing

@Suite struct LogTests {
    private struct Failure: Error, CustomStringConvertible {
        var description: String { "broken\npipe" }
    }

    /// What is written to a pipe by `body`, each write(2) by itself.
    private func written(
        _ format: LogFormat, level: Logger.Level = .trace, _ body: (LogOutput, Logger) -> Void
    ) throws -> [String] {
        var ends: [Int32] = [-1, -1]
        // Packets keep the boundaries of writes.
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        let output = LogOutput(descriptor: ends[1], format: format, level: level, now: { 1_795_462_440_123_456_789 })
        body(output, output.logger("spool"))
        close(ends[1])
        defer { close(ends[0]) }
        var records: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            guard count > 0 else { return records }
            records.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }

    @Test func `JSON is one object a line, written at once`() throws {
        let records = try written(.json) { _, logger in
            logger.info(
                "opened",
                metadata: [
                    "path": "/var/lib", "count": "\(3)", "size": .stringConvertible(12), "on": .stringConvertible(true),
                ])
            logger.error("failed", error: Failure(), metadata: ["list": ["a", ["b": "c"]], "level": "mine"])
        }
        #expect(
            records == [
                #"{"time":"2026-11-23T19:34:00.123Z","level":"info","logger":"spool","message":"opened","#
                    + #""count":"3","on":true,"path":"/var/lib","size":12}"#
                    + "\n",
                #"{"time":"2026-11-23T19:34:00.123Z","level":"error","logger":"spool","message":"failed","error":"broken\npipe","#
                    + #""level_":"mine","list":["a",{"b":"c"}]}"#
                    + "\n",
            ])
    }

    @Test func `text is for people`() throws {
        let records = try written(.text) { _, logger in
            logger.warning(
                "disk is nearly full", metadata: ["free": "12 MB", "path": "/var", "empty": "", "q": "a\"b"])
            logger.error("failed", error: Failure())
        }
        #expect(
            records == [
                #"2026-11-23T19:34:00.123Z warning  spool: disk is nearly full"#
                    + #" empty="" free="12 MB" path=/var q="a\"b""#
                    + "\n",
                #"2026-11-23T19:34:00.123Z error    spool: failed error="broken\npipe""#.replacingQuotes + "\n",
            ])
    }

    @Test func `the journal gets a priority and no time`() throws {
        let records = try written(.journal) { _, logger in
            for level in Logger.Level.allCases { logger.log(level: level, "x") }
        }
        #expect(records == [7, 7, 6, 5, 4, 3, 2].map { "<\($0)>spool: x\n" })
    }

    @Test(arguments: LogFormat.allCases)
    func `nobody can write a line of their own or redraw a terminal`(_ format: LogFormat) throws {
        let hostile = "a\n<0>fake\r\u{1B}[2J\u{7F}\u{9B}\u{2028}\u{202E}\0\t\u{FEFF}é𝄞"
        let records = try written(format) { output, _ in
            var logger = output.logger(hostile)
            logger[metadataKey: hostile] = "\(hostile)"
            logger.info(
                "\(hostile)", metadata: ["k": .array([.string(hostile), .dictionary([hostile: .string(hostile)])])])
        }
        try #require(records.count == 1)
        let line = records[0].dropLast()
        #expect(records[0].hasSuffix("\n"))
        #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!line.unicodeScalars.contains { [0x2028, 0x202E, 0xFEFF].contains($0.value) })
        #expect(line.contains("é𝄞"))
    }

    @Test(arguments: LogFormat.allCases)
    func `a record is cut where it would be too long`(_ format: LogFormat) throws {
        let records = try written(format) { _, logger in
            let long = String(repeating: "é\n", count: 50_000)
            logger.info("\(long)", metadata: Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "\(long)") }))
        }
        try #require(records.count == 1)
        #expect(records[0].utf8.count <= LogOutput.recordByteCountMax)
        #expect(records[0].contains("…"))
        if format == .json { #expect(records[0].hasSuffix(",\"cut\":true}\n")) }
    }

    @Test func `the level can be changed while running, and a logger may have its own`() throws {
        let records = try written(.journal, level: .warning) { output, logger in
            var own = logger
            own.logLevel = .debug
            logger.info("1")
            own.debug("2")
            output.level = .info
            logger.info("3")
            output.level = .critical
            logger.error("4")
            own.debug("5")
            #expect(output.level == .critical)
        }
        #expect(records == ["<7>spool: 2\n", "<6>spool: 3\n", "<7>spool: 5\n"])
    }

    @Test func `metadata of the logger, the provider and the record are joined, the nearest first`() throws {
        let records = try written(.journal) { output, _ in
            var logger = output.logger("x")
            logger[metadataKey: "a"] = "1"
            logger[metadataKey: "b"] = "1"
            logger.info("m", metadata: ["b": "2"])
            logger[metadataKey: "a"] = nil
            logger.info("m")
        }
        #expect(records == ["<6>x: m a=1 b=2\n", "<6>x: m b=1\n"])
    }

    @Test func `a record that cannot be written is counted`() {
        let output = LogOutput(descriptor: -1, format: .text, level: .info)
        output.logger("x").info("lost")
        #expect(output.droppedCount == 1)
    }

    @Test func `the journal is recognised by its own stream alone`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var status = stat()
        try #require(fstat(ends[0], &status) == 0)
        let stream = "\(status.st_dev):\(status.st_ino)"
        #expect(LogFormat.suitable(for: ends[0], environment: ["JOURNAL_STREAM": stream]) == .journal)
        #expect(LogFormat.suitable(for: ends[1], environment: ["JOURNAL_STREAM": stream]) == .json)
        #expect(LogFormat.suitable(for: ends[0], environment: [:]) == .json)
    }
}

extension String {
    /// The text form quotes a value only for blanks, quotes and equal signs.
    fileprivate var replacingQuotes: String {
        let parts = split(separator: "\"", omittingEmptySubsequences: false)
        return parts.joined()
    }
}
