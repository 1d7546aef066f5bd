import CallModel

/// What is seen of each process, and what is not and why: the honest list behind `status` and `doctor`.
///
/// Pure: discovery and records are told to it.
public struct Coverage: Sendable {
    /// Why a process's TLS cannot be read.
    public enum Blindness: String, Sendable, CaseIterable {
        case go = "Go has its own TLS, whose functions do not keep to the C calling convention"
        case rustls = "rustls is compiled into the program and exports nothing"
        case java = "Java has its own TLS, compiled while it runs"
        case hidden = "its TLS is compiled in, under no names a probe could stand on"
        case refused = "the kernel refused the probe"
        case limit = "as many files have probes as may have (attachedFileCountMax)"
        case unlisted = "its unit is not among capture.probes.units"
        case observing = "capture.probes is observe: nothing is attached"

        /// For heartbeats and documents.
        public var word: String {
            switch self {
            case .go: "go"
            case .rustls: "rustls"
            case .java: "java"
            case .hidden: "hidden"
            case .refused: "refused"
            case .limit: "limit"
            case .unlisted: "unlisted"
            case .observing: "observing"
            }
        }
    }

    public struct Process: Sendable, Equatable {
        public var id: UInt32
        public var command: String
        /// How its TLS is read, one line for each library: `OpenSSL /usr/lib/…/libssl.so.3`.
        public var readBy: [String] = []
        /// How it could be, where nothing is attached: libraries, likewise.
        public var readableBy: [String] = []
        /// Why not; nil where it is read, or where it has no TLS that we know of.
        public var blindness: Blindness?
        /// It speaks QUIC, which is in no library's calls.
        public var speaksQUIC = false
        /// Outbound TCP connections, those to the usual TLS ports, and those that failed.
        public var connects: UInt64 = 0
        public var tlsConnects: UInt64 = 0
        public var failedConnects: UInt64 = 0
        /// TLS sessions whose bytes were read.
        public var sessions: UInt64 = 0

        /// Whether it has anything to do with TLS.
        public var isOfInterest: Bool {
            !readBy.isEmpty || !readableBy.isEmpty || sessions > 0 || tlsConnects > 0 || speaksQUIC
                || blindness == .java
        }
    }

    public private(set) var processes: [UInt32: Process] = [:]
    /// Of all processes, those that ended included.
    public private(set) var tlsConnects: UInt64 = 0
    public private(set) var sessions: UInt64 = 0
    public private(set) var processesForgotten: UInt64 = 0
    private let processCountMax: Int

    public init(processCountMax: Int) { self.processCountMax = processCountMax }

    /// Processes that speak TLS and are not read: the share of traffic nobody sees.
    public var blindProcesses: [Process] {
        processes.values.filter { $0.isOfInterest && $0.sessions == 0 && ($0.blindness != nil || $0.speaksQUIC) }
    }

    /// Of the connections to usual TLS ports, how many were read; nil where there were none.
    public var readShare: Double? {
        tlsConnects == 0 ? nil : min(1, Double(sessions) / Double(tlsConnects))
    }

    public mutating func looked(
        at id: UInt32, command: String, readBy: [String], readableBy: [String] = [], blindness: Blindness?
    ) {
        change(id, command: command) {
            $0.command = command
            $0.readBy = readBy
            $0.readableBy = readableBy
            $0.blindness = readBy.isEmpty ? blindness : nil
        }
    }

    public mutating func recordArrived(_ record: ProbeRecord, remotePort: UInt16?) {
        switch record.kind {
        case .connect:
            let isTLS = remotePort.map { ProbeStreams.tlsPorts.contains($0) } ?? false
            change(record.processID, command: record) {
                $0.connects += 1
                if record.value != 0 { $0.failedConnects += 1 } else if isTLS { $0.tlsConnects += 1 }
            }
            if record.value == 0, isTLS { tlsConnects += 1 }
        case .quic: change(record.processID, command: record) { $0.speaksQUIC = true }
        case .exited: processes[record.processID] = nil
        case .data:
            // The first byte received: once in each session.
            guard !record.isToPeer, record.offset == 0 else { return }
            sessions += 1
            change(record.processID, command: record) { $0.sessions += 1 }
        case .address, .name, .handshake, .end, .closed, .tcpClosed, .executed, .lookup: break
        }
    }

    private mutating func change(_ id: UInt32, command record: ProbeRecord, _ body: (inout Process) -> Void) {
        change(id, command: record.command, body)
    }

    private mutating func change(
        _ id: UInt32, command: @autoclosure () -> String, _ body: (inout Process) -> Void
    ) {
        if processes[id] == nil {
            guard processes.count < processCountMax else { return processesForgotten &+= 1 }
            processes[id] = Process(id: id, command: command())
        }
        body(&processes[id]!)
    }
}
