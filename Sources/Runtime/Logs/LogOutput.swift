import Glibc
import Logging
import Synchronization

/// Where a program's log records go, and from which level on. Shared by all its loggers; the level can be changed at
/// any time.
public final class LogOutput: Sendable {
    /// A record longer than this is cut: the journal and many collectors split or drop longer lines.
    public static let recordByteCountMax = 16 << 10

    public let format: LogFormat
    private let descriptor: Int32
    private let now: @Sendable () -> Int64
    private let levelNumber: Atomic<Int>
    private let dropped = Atomic<Int>(0)

    /// `now` gives nanoseconds since the epoch.
    public init(
        descriptor: Int32 = 2, format: LogFormat, level: Logger.Level,
        now: @escaping @Sendable () -> Int64 = WallClock.now
    ) {
        self.descriptor = descriptor
        self.format = format
        self.now = now
        levelNumber = Atomic(number(of: level))
    }

    /// For all loggers that were not given a level of their own.
    public var level: Logger.Level {
        get { Logger.Level.allCases[levelNumber.load(ordering: .relaxed)] }
        set { levelNumber.store(number(of: newValue), ordering: .relaxed) }
    }

    /// Records that could not be written, or not whole.
    public var droppedCount: Int { dropped.load(ordering: .relaxed) }

    /// A logger that writes here, for a test or a program without `bootstrapLogging`.
    public func logger(_ label: String) -> Logger { Logger(label: label) { LineLogHandler(label: $0, output: self) } }

    func write(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        var line = LogLine(byteCountMax: Self.recordByteCountMax)
        switch format {
        case .json: line.appendJSON(event, label: label, metadata: metadata, at: now())
        case .text: line.appendText(event, label: label, metadata: metadata, at: now())
        case .journal: line.appendJournal(event, label: label, metadata: metadata)
        }
        write(line.finished())
    }

    /// One system call a record, so that those of several threads and processes do not mix. A short write is not
    /// finished later: another's record may already follow.
    private func write(_ bytes: [UInt8]) {
        let count = retryingInterrupted { Glibc.write(descriptor, bytes, bytes.count) }
        if count != bytes.count { dropped.wrappingAdd(1, ordering: .relaxed) }
    }
}

private func number(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level)! }

/// swift-log's part.
struct LineLogHandler: LogHandler {
    let label: String
    let output: LogOutput
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    /// Nil: the output's.
    private var ownLevel: Logger.Level?

    init(label: String, output: LogOutput, metadataProvider: Logger.MetadataProvider? = nil) {
        self.label = label
        self.output = output
        self.metadataProvider = metadataProvider
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        output.write(event, label: label, metadata: all)
    }
}

/// Sends everything logged by the whole program, its libraries included, to standard error. Called once, at start. The
/// output given back is where a reload changes the level.
@discardableResult
public func bootstrapLogging(
    level: Logger.Level, format: LogFormat? = nil, environment: [String: String] = [:]
) -> LogOutput {
    let output = LogOutput(
        format: format ?? .suitable(for: STDERR_FILENO, environment: environment), level: level)
    LoggingSystem.bootstrap(
        { label, provider in LineLogHandler(label: label, output: output, metadataProvider: provider) },
        metadataProvider: nil)
    return output
}
