import Glibc
import Privileges
import Runtime

/// Reads what the kernel tells of processes, below `/proc`. A process may end at any moment: nil then, and where reading is not
/// allowed. What of another's needs privilege is opened by the part that has it.
enum ProcessFiles {
    private static let mapsByteCountMax = 8 << 20

    static func all() -> [UInt32] {
        let names = (try? Files.names(in: "/proc")) ?? []  // Without /proc there are no processes to be found.
        return names.compactMap { UInt32($0) }
    }

    static func maps(_ id: UInt32, _ part: PrivilegedPart) -> ProcessMaps? {
        open(.openMaps, of: id, part).flatMap { read($0, byteCountMax: mapsByteCountMax) }.map { ProcessMaps($0) }
    }

    static func command(_ id: UInt32) -> String? {
        read("/proc/\(id)/comm", byteCountMax: 64).map {
            String(decoding: $0.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }

    /// Where the program lies, in the process's own mount namespace.
    static func program(_ id: UInt32, _ part: PrivilegedPart) -> String? { open(.openProgram, of: id, part)?.path }

    /// A file the process runs code from, and which one it is: to be read, and to be asked for again.
    static func code(
        _ file: ProcessMaps.MappedFile, of id: UInt32, _ part: PrivilegedPart
    ) -> (file: OpenFile, mapped: PrivilegedRequest.MappedFile)? {
        var request = PrivilegedRequest(.openMappedFile)
        request.file = .init(processID: id, start: file.start, end: file.end)
        guard let opened = part.open(request).map({ OpenFile(owning: $0) }), let identity = opened.identity else {
            return nil
        }
        (request.file.device, request.file.inode) = identity
        return (opened, request.file)
    }

    private static func open(_ kind: PrivilegedRequest.Kind, of id: UInt32, _ part: PrivilegedPart) -> OpenFile? {
        var request = PrivilegedRequest(kind)
        request.file.processID = id
        return part.open(request).map { OpenFile(owning: $0) }
    }

    /// Whether it belongs to one of the units.
    static func belongs(_ id: UInt32, to units: [String]) -> Bool {
        guard let text = controlGroups(id) else { return false }
        return ControlGroups.belong(text, to: units)
    }

    static func controlGroups(_ id: UInt32) -> [UInt8]? { read("/proc/\(id)/cgroup", byteCountMax: 64 << 10) }

    /// What it has used of processors, in user and kernel mode.
    static func processorTime(_ id: UInt32) -> Duration? {
        guard let text = read("/proc/\(id)/stat", byteCountMax: 4_096), let end = text.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // proc_pid_stat(5): fields 14 and 15, in clock ticks; the third follows the parenthesis.
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 12, let user = Int64(String(decoding: fields[11], as: UTF8.self)),
            let system = Int64(String(decoding: fields[12], as: UTF8.self))
        else { return nil }
        let ticksPerSecond = Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return .milliseconds((user &+ system) &* 1_000 / ticksPerSecond)
    }

    /// Files of /proc have no size: they are read to their end. Nil where they are longer than they should be, too.
    private static func read(_ path: String, byteCountMax: Int) -> [UInt8]? {
        OpenFile(path).flatMap { read($0, byteCountMax: byteCountMax) }
    }

    private static func read(_ file: OpenFile, byteCountMax: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= byteCountMax {
            let count = file.read(into: &piece)
            if count == 0 { return bytes }
            guard count > 0 else { return nil }
            bytes.append(contentsOf: piece[..<count])
        }
        return nil
    }
}

/// `/proc/PID/cgroup` (cgroups(7)), read for the units of systemd and the containers a process belongs to.
public enum ControlGroups {
    /// Of a process of this host; nil where it is gone, or may not be looked at. Blocks for some microseconds.
    public static func text(of process: Int32) -> String? {
        guard process > 0 else { return nil }
        return ProcessFiles.controlGroups(UInt32(process)).map { String(decoding: $0, as: UTF8.self) }
    }

    public static func belong(_ text: [UInt8], to units: [String]) -> Bool {
        let wanted = Set(units.flatMap { [$0, $0 + ".service"] })
        return text.split(separator: UInt8(ascii: "\n")).contains { line in
            // `0::/system.slice/shop.service`, or in version 1 `4:memory:/system.slice/shop.service`.
            String(decoding: line, as: UTF8.self).split(separator: ":", maxSplits: 2).last?
                .split(separator: "/").contains { wanted.contains(String($0)) } ?? false
        }
    }
}
