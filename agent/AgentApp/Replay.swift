import CallJSON
import CallModel
import Documents
import Forwarder
import Glibc
import Logging
import NIOPosix
import Runtime
import Spool

/// Sends a file of recorded calls through redaction, spool and forwarder, with their own times and hosts.
///
/// It has a spool of its own, so that it runs beside the agent. How far the file was read is written with the calls themselves:
/// ended at any moment and started again it goes on where it was, and no call is lost or sent twice.
struct Replay {
    enum Failure: Error, CustomStringConvertible {
        case file(path: String, reason: String)

        var description: String {
            switch self {
            case .file(let path, let reason): "\(path): \(reason)"
            }
        }
    }

    /// What was done, all runs over this file together where a count says so.
    struct Report: Sendable {
        var lineCount: UInt64 = 0
        var acceptedCount = 0
        var suppressedCount = 0
        var notOursCount = 0
        var rejectedCount = 0
        var resumedAtLine: UInt64 = 0
    }

    private static let chunkByteCount = 2 << 20
    private static let lineByteCountMax = 8 << 20

    let settings: AgentSettings
    let path: String
    /// Calls a second, by their order in the file; nil as fast as it goes.
    let speed: Double?
    let logger: Logger

    func run(progress: (Report) -> Void) async throws -> Report {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure.file(path: path, reason: systemMessage(errno)) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure.file(path: path, reason: systemMessage(errno)) }
        let key = "\(status.st_dev)-\(status.st_ino)"
        try Files.createDirectory(settings.stateDirectory, mode: 0o700)
        let directory = settings.stateDirectory + "/replay-" + key
        let metrics = MetricsRegistry()
        let spool = try Spool(
            directory: directory, configuration: settings.spool, catalogueVersion: settings.catalogue.version)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let agentID = AgentIdentity.load(settings.stateDirectory, hostName: settings.hostName, logger: logger)
        let forwarder = Forwarder(
            forwarderConfiguration(settings), source: source(spool, nil), agentID: agentID, token: settings.token,
            heartbeat: nil, metrics: ForwarderMetrics(registry: metrics), group: group, logger: logger)
        spool.onSealed { forwarder.wake() }
        let forwarding = Task { await forwarder.run() }
        let result: Result<Report, any Error>
        do {
            let report = try await feed(file, key, spool, CallPipeline(settings, metrics), progress)
            try await spool.seal()
            while spool.level.batchCount > 0 || spool.level.openCallCount > 0 {
                forwarder.wake()
                try await Task.sleep(for: .milliseconds(50))
            }
            result = .success(report)
        } catch {
            result = .failure(error)
        }
        forwarding.cancel()
        await forwarding.value
        try await spool.close()
        try await group.shutdownGracefully()
        return try result.get()
    }

    private func feed(
        _ file: Int32, _ key: String, _ spool: Spool, _ pipeline: CallPipeline, _ progress: (Report) -> Void
    ) async throws -> Report {
        var report = Report()
        var offset: UInt64 = 0
        if let place = await spool.place(of: key) {
            offset = place.offset
            report.lineCount = place.line
            report.resumedAtLine = place.line
        }
        let parser = JSONParser()
        let began = MonotonicClock.now()
        var buffer: [UInt8] = []
        while true {
            let isEnd = try read(file, at: offset + UInt64(buffer.count), into: &buffer)
            // Whole lines only, until the file ends.
            let end = isEnd ? buffer.count : (buffer.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
            guard end > 0 else {
                if isEnd { return report }
                guard buffer.count < Self.lineByteCountMax else {
                    throw Failure.file(path: path, reason: "line \(report.lineCount + 1) is longer than 8 MiB")
                }
                continue
            }
            let chunk = Array(buffer[..<end])
            buffer.removeFirst(end)
            offset += UInt64(end)
            report.lineCount += UInt64(chunk.count { $0 == UInt8(ascii: "\n") })
            if isEnd, chunk.last != UInt8(ascii: "\n") { report.lineCount += 1 }
            let decoded = try chunk.withUnsafeBytes { try decodeCalls($0, form: .ndjson, parser: parser) }
            let now = Instant(nanosecondsSinceEpoch: WallClock.now())
            let processed = pipeline.process(decoded.calls, .replayed, at: now)
            let appended = try await append(
                processed.calls, ReplayPlace(key: key, offset: offset, line: report.lineCount), spool)
            report.acceptedCount += appended.acceptedCount
            report.suppressedCount += appended.suppressedCount
            report.notOursCount += processed.notOurs
            report.rejectedCount += decoded.rejectedCount
            progress(report)
            try await pace(report, since: began)
        }
    }

    /// Waits for room where the spool is full: the file does not run away.
    private func append(_ calls: [APICall], _ place: ReplayPlace, _ spool: Spool) async throws -> AppendResult {
        while true {
            do {
                return try await spool.append(calls, place: place)
            } catch {
                guard error.isTransient else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func pace(_ report: Report, since began: Int64) async throws {
        guard let speed, speed > 0 else { return }
        let due = Double(report.lineCount - report.resumedAtLine) / speed
        let elapsed = Double(MonotonicClock.now() - began) / 1e9
        if due > elapsed { try await Task.sleep(for: .seconds(due - elapsed)) }
    }

    /// Appends the next bytes of the file; says whether it has ended.
    private func read(_ file: Int32, at offset: UInt64, into buffer: inout [UInt8]) throws -> Bool {
        let size = speed == nil ? Self.chunkByteCount : 64 << 10
        var piece = [UInt8](repeating: 0, count: size)
        let count = piece.withUnsafeMutableBytes { pread(file, $0.baseAddress, size, Int(offset)) }
        guard count >= 0 else { throw Failure.file(path: path, reason: systemMessage(errno)) }
        buffer.append(contentsOf: piece[..<count])
        return count == 0
    }
}
