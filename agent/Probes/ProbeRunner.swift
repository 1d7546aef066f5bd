import CProbes
import CallModel
import Glibc
import Logging
import Privileges
import Runtime

/// The one thread that runs the probes: it reads the ring, looks for libraries, listens to the governor.
///
/// Not to be shared: everything in it belongs to that thread. What others may see is put into `Probes.report`.
final class ProbeRunner<Consumer: StreamConsumer> {
    /// What is to happen at a time: a process looked at, so long after it started.
    private struct Look {
        var due: Int64
        var processID: UInt32
    }

    private let configuration: ProbeConfiguration
    private let logger: Logger
    private let object: ProbeObject
    private let part: PrivilegedPart
    private let links: LinkTable
    private var consumer: Consumer
    private var streams: ProbeStreams
    private var coverage: Coverage
    private var files: FileTable
    private var governor: Governor
    private let cost: ProbeCost
    private var refused: [String: String]
    private var looks: [Look] = []
    /// Processes the scan has not come to yet.
    private var unscanned: [UInt32] = []
    private var nextScan: Int64 = 0
    private var nextReading: Int64 = 0
    private var clockOffset: Int64 = 0
    private var applications = ApplicationTime()
    private var looking: ProcessorBudget

    init(
        _ configuration: ProbeConfiguration, _ object: ProbeObject, _ part: PrivilegedPart, _ links: LinkTable,
        consumer: Consumer, logger: Logger
    ) throws(ProbeError) {
        self.configuration = configuration
        self.object = object
        self.part = part
        self.links = links
        self.consumer = consumer
        self.logger = logger
        refused = object.refused
        streams = ProbeStreams(configuration: configuration.streams)
        coverage = Coverage(processCountMax: configuration.processCountMax)
        files = FileTable(configuration: configuration, part, logger: logger)
        governor = Governor(configuration: configuration.governor)
        looking = ProcessorBudget(share: configuration.lookShareMax, burst: configuration.lookBurst)
        cost = configuration.mode == .on ? Calibration.measure(object) : ProbeCost()
        try object.set(settings)
        attachKernelPrograms()
    }

    /// Runs until told to stop; then everything is detached.
    /// - Parameters:
    ///   - beat: Called in every pass, as a sign of life; says whether to go on.
    ///   - passed: Called after every pass, for the consumer to hand on what it has, and with how things stand now and then.
    func run(beat: () -> Bool, passed: (inout Consumer, Instant, () -> ProbeReport) -> Void) throws(ProbeError) {
        let ring = try object.makeRing { [unowned self] bytes in
            // The kernel's memory stays as it is until this returns.
            recordArrived(Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
        }
        var isBusy = true
        while beat() {
            clockOffset = WallClock.now() - MonotonicClock.now()
            let wait = isBusy ? configuration.readInterval : configuration.idleReadInterval
            let count = ring.read(waitingMilliseconds: Int32(wait.nanoseconds / 1_000_000))
            isBusy = count > 0 || !unscanned.isEmpty
            let now = Instant(nanosecondsSinceEpoch: WallClock.now())
            streams.advance(to: now, &consumer)
            lookAround()
            listenToGovernor(at: now)
            passed(&consumer, now, report)
        }
        links.removeAll()
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        _ = ring.read(waitingMilliseconds: 0)
        streams.finish(at: now, &consumer)
        passed(&consumer, now, report)
    }

    /// Looks at every process once, and attaches nothing to any.
    func survey() -> ProbeReport {
        for processID in ProcessFiles.all() { look(at: processID) }
        return report()
    }

    private func recordArrived(_ bytes: Span<UInt8>) {
        let record: ProbeRecord?
        if configuration.mode == .on {
            record = streams.recordArrived(bytes, clockOffset: clockOffset, to: &consumer)
        } else {
            record = ProbeRecord(bytes)
        }
        guard let record else { return }
        if record.kind == .executed { schedule(record.processID) }
        let port = record.kind == .connect ? ProbeAddress(bytes.extracting(record.payload))?.remote.port : nil
        coverage.recordArrived(record, remotePort: port)
        if record.kind == .data { applications.follow(record.processID) }
    }

    // MARK: Attaching

    private func attachKernelPrograms() {
        var attached: [ProbeLink] = []
        for name in ProbeFeature.kernelPrograms where refused[name] == nil {
            do { attached.append(try object.attach(name)) } catch { refused[name] = "\(error)" }
        }
        links.add(attached)
        for feature in ProbeFeature.report(refused: refused) where feature.refusal != nil {
            logger.warning("probes: a part is missing", metadata: ["part": "\(feature.line)"])
        }
    }

    private func attach(
        _ plan: ProbePlan, _ file: PrivilegedRequest.MappedFile, _ path: String
    ) throws(ProbeError) {
        var attached: [ProbeLink] = []
        // Returns first: an entry without its return would leave a frame behind.
        for program in ProbeProgram.allCases.reversed() where refused[program.rawValue] == nil {
            let probes = plan.probes.filter { $0.program == program }
            guard !probes.isEmpty else { continue }
            do {
                attached += try object.attach(program, to: probes, of: file, shown: path)
            } catch {
                if probes.contains(where: \.isEssential) { throw error }
                logger.info("a probe was refused", metadata: ["error": "\(error)"])
            }
        }
        links.add(attached)
    }

    // MARK: Looking around

    private func schedule(_ processID: UInt32) {
        // What starts more often than it can be looked at is found by the next scan.
        guard looks.count < configuration.processCountMax else { return }
        let now = MonotonicClock.now()
        for delay in configuration.looksAfterStart {
            looks.append(Look(due: now + delay.nanoseconds, processID: processID))
        }
    }

    private func lookAround() {
        let now = MonotonicClock.now()
        guard looking.mayRun(at: now) else { return }
        let began = ProcessorTime.ofThisThread()
        defer { looking.ran(ProcessorTime.ofThisThread() - began) }
        if now >= nextScan {
            nextScan = now + configuration.scanInterval.nanoseconds
            unscanned = ProcessFiles.all()
        }
        // Those that just started first; and no longer at a time than the ring can wait.
        let end = now + configuration.lookMax.nanoseconds
        while let index = looks.firstIndex(where: { $0.due <= now }), MonotonicClock.now() < end {
            look(at: looks.remove(at: index).processID)
        }
        while let processID = unscanned.last, MonotonicClock.now() < end {
            unscanned.removeLast()
            look(at: processID)
        }
    }

    private func look(at processID: UInt32) {
        guard processID != UInt32(getpid()), let maps = ProcessFiles.maps(processID, part),
            !maps.executableFiles.isEmpty
        else { return }
        let isListed = configuration.units.isEmpty || ProcessFiles.belongs(processID, to: configuration.units)
        if isListed, !configuration.units.isEmpty { list(processID) }
        let program = ProcessFiles.program(processID, part)
        var finding = Finding()
        for file in maps.executableFiles where isCandidate(file.path, program) {
            finding.add(content(of: file, processID, isListed), file.path)
        }
        if maps.executableFiles.contains(where: { $0.path.hasSuffix("/libjvm.so") }) { finding.blindness = .java }
        if !isListed, finding.hasTLS { finding = Finding(blindness: .unlisted) }
        guard finding.hasTLS || finding.blindness != nil else { return }
        let command = ProcessFiles.command(processID) ?? ""
        coverage.looked(
            at: processID, command: command, readBy: finding.readBy, readableBy: finding.readableBy,
            blindness: finding.blindness)
    }

    private func list(_ processID: UInt32) {
        do { try object.list(processID) } catch {
            logger.warning("a process of a listed unit is not watched", metadata: ["error": "\(error)"])
        }
    }

    private func content(of file: ProcessMaps.MappedFile, _ processID: UInt32, _ isListed: Bool) -> FileTable.Content {
        let isAttaching = configuration.mode == .on && isListed && governor.level != .detached
        guard isAttaching else { return files.content(of: file, in: processID, attach: nil) }
        // Left alone before, when only processes of other units ran it.
        if case .left? = files.contents[file.identity] { files.forget(file.identity) }
        return files.content(of: file, in: processID) { (plan, mapped, path) throws(ProbeError) in
            try self.attach(plan, mapped, path)
        }
    }

    private static var libraries: [String] { ["libssl", "libgnutls", "libnode", "libc.so.", "libc-2.", "ld-musl-"] }

    /// Libraries by their names, and the program itself, which may have one compiled in.
    private func isCandidate(_ path: String, _ program: String?) -> Bool {
        let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        return Self.libraries.contains { name.hasPrefix($0) } || path == program
    }

    // MARK: Governing

    private var settings: fw_settings {
        fw_settings(
            bytesPerCall: governor.level.bytesPerCall, onlyListed: configuration.units.isEmpty ? 0 : 1,
            backlogWake: UInt64(configuration.backlogWake))
    }

    private func listenToGovernor(at now: Instant) {
        let time = MonotonicClock.now()
        guard configuration.mode == .on, time >= nextReading else { return }
        nextReading = time + configuration.governorInterval.nanoseconds
        let reading = Governor.Reading(
            // Looking for libraries has a budget of its own: at the start it costs much, once.
            agentCPU: max(.zero, ProcessorTime.ofThisProcess() - looking.used),
            applicationCPU: applications.total(at: time),
            probeCost: cost.total(ProbeCounters(object.counters())))
        if let step = governor.measured(reading, at: now) { take(step, at: now) }
    }

    private func take(_ step: Governor.Step, at now: Instant) {
        logger.warning(
            "probes: step",
            metadata: ["from": "\(step.from.name)", "to": "\(step.to.name)", "reason": "\(step.reason)"])
        do { try object.set(settings) } catch {
            logger.error("probes: the step could not be taken; they are detached", metadata: ["error": "\(error)"])
            if let detached = governor.detach(because: "\(error)", at: now) { take(detached, at: now) }
        }
        if step.to == .detached {
            links.removeAll()
            streams.finish(at: now, &consumer)
            files.removeAll()
        } else if step.from == .detached {
            files.removeAll()
            attachKernelPrograms()
            nextScan = 0
        }
    }

    private func report() -> ProbeReport {
        var report = ProbeReport(mode: configuration.mode)
        report.features = ProbeFeature.report(refused: refused)
        report.level = governor.level
        report.steps = governor.history
        report.stepCounts = governor.stepCounts
        report.agentShare = governor.agentShare
        report.applicationShare = governor.applicationShare
        report.cost = cost
        report.lookingCPU = looking.used
        report.attachedProbes = links.count
        report.probedFiles = files.probedCount
        report.counters = ProbeCounters(object.counters())
        report.streams = streams.counters
        report.sessionsOpen = streams.sessionCount
        report.connectsByName = streams.connectsByName
        report.coverage = coverage
        return report
    }
}

/// What looking at one process found.
private struct Finding {
    var readBy: [String] = []
    var readableBy: [String] = []
    var blindness: Coverage.Blindness?
    var hasTLS = false

    init(blindness: Coverage.Blindness? = nil) { self.blindness = blindness }

    mutating func add(_ content: FileTable.Content, _ path: String) {
        switch content {
        case .probed(let plan) where plan.library == .resolver: break
        case .refused(let plan, _) where plan.library == .resolver: break
        case .overLimit(let plan) where plan.library == .resolver: break
        case .left(let plan) where plan.library == .resolver: break
        case .probed(let plan):
            hasTLS = true
            readBy.append("\(plan.library.rawValue) \(path)")
        case .refused:
            hasTLS = true
            blindness = .refused
        case .overLimit:
            hasTLS = true
            blindness = .limit
        case .left(let plan):
            hasTLS = true
            readableBy.append("\(plan.library.rawValue) \(path)")
            blindness = .observing
        case .goProgram: blindness = .go
        case .rustProgram: blindness = .rustls
        case .nothing: break
        }
    }
}
