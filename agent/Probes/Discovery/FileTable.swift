import Logging
import Privileges

/// The files that processes run code from, each looked at once: what it is, and which probes stand on it.
///
/// A library is one file for all processes of an image, so attaching once covers those that run and those to come.
struct FileTable {
    /// What a file turned out to be.
    enum Content {
        case probed(ProbePlan)
        case refused(ProbePlan, reason: String)
        case overLimit(ProbePlan)
        /// Looked at, left alone: the mode is observe, or probes are detached.
        case left(ProbePlan)
        case goProgram
        /// rustls is compiled into it.
        case rustProgram
        case nothing

        var isNothing: Bool {
            if case .nothing = self { true } else { false }
        }
    }

    private(set) var contents: [ProcessMaps.FileIdentity: Content] = [:]
    private let configuration: ProbeConfiguration
    private let part: PrivilegedPart
    private let logger: Logger

    init(configuration: ProbeConfiguration, _ part: PrivilegedPart, logger: Logger) {
        self.configuration = configuration
        self.part = part
        self.logger = logger
    }

    var probedCount: Int {
        contents.values.count {
            switch $0 {
            case .probed: true
            case .refused, .overLimit, .left, .goProgram, .rustProgram, .nothing: false
            }
        }
    }

    /// Forgets all: probes were detached, or are to be set again.
    mutating func removeAll() { contents.removeAll() }

    mutating func forget(_ file: ProcessMaps.FileIdentity) { contents[file] = nil }

    typealias Attach = (ProbePlan, PrivilegedRequest.MappedFile, _ path: String) throws(ProbeError) -> Void

    /// What the file is; looked into, and probed, when it is met first.
    /// - Parameter attach: Sets the probes; nil where none are to be set.
    mutating func content(
        of file: ProcessMaps.MappedFile, in processID: UInt32, attach: Attach?
    ) -> Content {
        if let known = contents[file.identity] { return known }
        if contents.count >= configuration.knownFileCountMax { contents.removeAll(where: \.isNothing) }
        // A process that ended meanwhile, or mapped it elsewhere, says nothing of the file: the next one is asked again.
        guard let (opened, mapped) = ProcessFiles.code(file, of: processID, part) else { return .nothing }
        let content = examine(opened, mapped, shown: file.path, attach)
        contents[file.identity] = content
        return content
    }

    /// A language with TLS of its own: Go's linker leaves its tables, and rustls the paths of its sources, where it would panic.
    private static func program(_ elf: ELFFile) -> Content {
        if elf.hasSection(named: ".gopclntab") || elf.hasSection(named: ".go.buildinfo") { return .goProgram }
        return elf.hasText("/rustls-", in: ".rodata") ? .rustProgram : .nothing
    }

    private func examine(
        _ file: OpenFile, _ mapped: PrivilegedRequest.MappedFile, shown: String, _ attach: Attach?
    ) -> Content {
        guard let elf = ELFFile(read: { file.bytes(at: $0, byteCount: $1) }) else { return .nothing }
        guard let plan = ProbePlan(elf) else {
            return Self.program(elf)
        }
        guard let attach else { return .left(plan) }
        guard probedCount < configuration.attachedFileCountMax else { return .overLimit(plan) }
        do {
            try attach(plan, mapped, shown)
            logger.notice(
                "probes set",
                metadata: [
                    "file": "\(shown)", "library": "\(plan.library.rawValue)", "probes": "\(plan.probes.count)",
                    "cost": "\(plan.isCheap ? "cheap" : "dear")",
                ])
            return .probed(plan)
        } catch {
            logger.warning("probes refused", metadata: ["file": "\(shown)", "error": "\(error)"])
            return .refused(plan, reason: "\(error)")
        }
    }
}

extension Dictionary {
    fileprivate mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        self = filter { !isUnwanted($0.value) }
    }
}
