import Runtime

/// A directory in memory that fails, tears and forgets on demand.
///
/// Strict about what POSIX promises and no more: content is safe after `sync`, names after `syncDirectory`. At a loss of power every
/// name changed since is changed or not, each by itself and in no order (a rename is one change), and every byte written since
/// may be there, be missing, or be zero.
public final class SimulatedDisk: Disk {
    private final class File {
        var content: [UInt8] = []
        var synced: [UInt8] = []
    }

    private enum Change {
        case set(String, File)
        case remove(String)
        case rename(String, String, File)
    }

    public enum Fault: Sendable {
        /// The operation does nothing, or half of its writing, and reports the system's error number.
        case error(Int32)
        /// The process ends within the operation: half of a write happens.
        case kill
    }

    private var names: [String: File] = [:]
    private var safeNames: [String: File] = [:]
    private var changes: [Change] = []
    private var openFiles: [Int32: File] = [:]
    private var nextNumber: Int32 = 3
    private var random: SeededGenerator
    public private(set) var operationCount = 0
    /// By the number of the operation.
    public var faults: [Int: Fault] = [:]
    /// Every operation that needs space fails while set.
    public var isFull = false
    /// Every operation that changes anything fails while set.
    public var isReadOnly = false
    /// What all files take up, in blocks of 4 KiB.
    public var blockByteCount: Int { names.values.reduce(0) { $0 + ($1.content.count + 4_095) & ~4_095 } }
    public private(set) var hasEnded = false
    public private(set) var failureCount = 0

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The next process finds what this one left.
    public func restart() {
        hasEnded = false
        faults = [:]
        openFiles = [:]
    }

    public func losePower() {
        var survivors = safeNames
        for change in changes where Bool.random(using: &random) {
            switch change {
            case .set(let name, let file): survivors[name] = file
            case .remove(let name): survivors[name] = nil
            case .rename(let name, let newName, let file):
                if survivors[name] === file { survivors[name] = nil }
                survivors[newName] = file
            }
        }
        var seen: [ObjectIdentifier: [UInt8]] = [:]
        for file in survivors.values where seen[ObjectIdentifier(file)] == nil {
            file.content = torn(file)
            file.synced = file.content
            seen[ObjectIdentifier(file)] = file.content
        }
        names = survivors
        safeNames = survivors
        changes = []
        restart()
    }

    private func torn(_ file: File) -> [UInt8] {
        if file.content == file.synced { return file.content }
        var common = 0
        while common < min(file.content.count, file.synced.count), file.content[common] == file.synced[common] {
            common += 1
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return file.synced
        case 1: return file.content
        case 2:
            return Array(file.content.prefix(Int.random(in: common...max(common, file.content.count), using: &random)))
        default:
            // The length arrived, some of the blocks did not.
            var bytes = file.content
            guard common < bytes.count else { return bytes }
            for index in Int.random(in: common..<bytes.count, using: &random)..<bytes.count { bytes[index] = 0 }
            return bytes
        }
    }

    /// Damages a byte of a file as a disk would: without telling anybody.
    public func flip(byteAt offset: Int, of name: String) {
        guard let file = names[name], offset < file.content.count else { return }
        file.content[offset] ^= 0x40
        file.synced = file.content
    }

    public func replace(_ name: String, with bytes: [UInt8]) {
        let file = File()
        file.content = bytes
        file.synced = bytes
        names[name] = file
        safeNames[name] = file
    }

    public func content(of name: String) -> [UInt8]? { names[name]?.content }
    public var fileNames: [String] { names.keys.sorted() }

    // MARK: Disk

    /// Counts the operation, and throws where it is to fail. `halfway` does some of it first.
    private func begin(_ operation: String, _ name: String, halfway: () -> Void = {}) throws(DiskError) {
        operationCount += 1
        guard !hasEnded else { throw DiskError(operation: operation, file: name, number: -1) }
        switch faults[operationCount] {
        case nil: return
        case .error(let number):
            failureCount += 1
            halfway()
            throw DiskError(operation: operation, file: name, number: number)
        case .kill:
            halfway()
            hasEnded = true
            throw DiskError(operation: operation, file: name, number: -1)
        }
    }

    private func needSpace(_ operation: String, _ name: String) throws(DiskError) {
        guard isFull else { return }
        failureCount += 1
        throw DiskError(operation: operation, file: name, number: 28)
    }

    private func needRights(_ operation: String, _ name: String) throws(DiskError) {
        guard isReadOnly else { return }
        failureCount += 1
        throw DiskError(operation: operation, file: name, number: 30)
    }

    public func list() throws(DiskError) -> [(name: String, byteCount: Int)] {
        try begin("list", ".")
        return names.map { ($0.key, $0.value.content.count) }.sorted { $0.0 < $1.0 }
    }

    public func read(_ name: String, from offset: Int, byteCountMax: Int) throws(DiskError) -> [UInt8] {
        try begin("read", name)
        guard let file = names[name] else { throw DiskError(operation: "read", file: name, number: 2) }
        return Array(file.content.dropFirst(offset).prefix(byteCountMax))
    }

    public func create(_ name: String) throws(DiskError) -> DiskFile {
        try begin("create", name)
        try needRights("create", name)
        try needSpace("create", name)
        nextNumber += 1
        if let file = names[name] {
            file.content = []
            openFiles[nextNumber] = file
        } else {
            let file = File()
            names[name] = file
            changes.append(.set(name, file))
            openFiles[nextNumber] = file
        }
        return DiskFile(name: name, number: nextNumber)
    }

    public func write(_ parts: [[UInt8]], to file: DiskFile, at offset: Int) throws(DiskError) {
        let bytes = Array(parts.joined())
        let half = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        try begin("write", file.name) { put(half, file, offset) }
        try needRights("write", file.name)
        if isFull { put(half, file, offset) }
        try needSpace("write", file.name)
        put(bytes, file, offset)
    }

    private func put(_ bytes: [UInt8], _ file: DiskFile, _ offset: Int) {
        guard let file = openFiles[file.number] else { return }
        while file.content.count < offset + bytes.count { file.content.append(0) }
        file.content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    public func truncate(_ name: String, to byteCount: Int) throws(DiskError) {
        try begin("cut", name)
        try needRights("cut", name)
        guard let file = names[name] else { throw DiskError(operation: "cut", file: name, number: 2) }
        if file.content.count > byteCount { file.content.removeLast(file.content.count - byteCount) }
    }

    public func sync(_ file: DiskFile) throws(DiskError) {
        try begin("sync", file.name)
        guard let file = openFiles[file.number] else { throw DiskError(operation: "sync", file: "?", number: 9) }
        file.synced = file.content
    }

    public func close(_ file: DiskFile) { openFiles[file.number] = nil }

    public func rename(_ name: String, to newName: String) throws(DiskError) {
        try begin("rename", name)
        try needRights("rename", name)
        guard let file = names[name] else { throw DiskError(operation: "rename", file: name, number: 2) }
        names[name] = nil
        names[newName] = file
        changes.append(.rename(name, newName, file))
    }

    public func remove(_ name: String) throws(DiskError) {
        try begin("remove", name)
        try needRights("remove", name)
        guard names[name] != nil else { return }
        names[name] = nil
        changes.append(.remove(name))
    }

    public func syncDirectory() throws(DiskError) {
        try begin("sync", ".")
        safeNames = names
        changes = []
    }
}
