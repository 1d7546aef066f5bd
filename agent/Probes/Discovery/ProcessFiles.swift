import Glibc
import Runtime

/// Reads what the kernel tells of processes, below `/proc`. A process may end at any moment: nil then, and where reading is not
/// allowed.
enum ProcessFiles {
    private static let mapsByteCountMax = 8 << 20

    static func all() -> [UInt32] {
        let names = (try? Files.names(in: "/proc")) ?? []  // Without /proc there are no processes to be found.
        return names.compactMap { UInt32($0) }
    }

    static func maps(_ id: UInt32) -> ProcessMaps? {
        read("/proc/\(id)/maps", byteCountMax: mapsByteCountMax).map { ProcessMaps($0) }
    }

    static func command(_ id: UInt32) -> String? {
        read("/proc/\(id)/comm", byteCountMax: 64).map {
            String(decoding: $0.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }

    /// Where the program lies, in the process's own mount namespace.
    static func program(_ id: UInt32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/\(id)/exe", $0.baseAddress!, $0.count)
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
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

    /// The path by which this process can open a file of another's mount namespace.
    static func path(_ file: String, of id: UInt32) -> String { "/proc/\(id)/root" + file }

    /// Files of /proc have no size: they are read to their end. Nil where they are longer than they should be, too.
    private static func read(_ path: String, byteCountMax: Int) -> [UInt8]? {
        guard let file = OpenFile(path) else { return nil }
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

/// A file open for reading, closed with its last reference.
final class OpenFile {
    private let descriptor: Int32

    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// The next bytes; negative where they cannot be read, zero at the end.
    func read(into buffer: inout [UInt8]) -> Int {
        let descriptor = descriptor
        return buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    }

    /// All bytes that were asked for, or nil.
    func bytes(at offset: UInt64, byteCount: Int) -> [UInt8]? {
        guard byteCount >= 0, byteCount <= 4 << 20, let start = Int(exactly: offset) else { return nil }
        let descriptor = descriptor
        var complete = false
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            // Written by the kernel up to `count`, which is what the array takes for its own.
            while count < byteCount {
                let got = pread(descriptor, buffer.baseAddress! + count, byteCount - count, start + count)
                guard got > 0 else { return }
                count += got
            }
            complete = true
        }
        return complete || byteCount == 0 ? bytes : nil
    }

    var isRegular: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
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
