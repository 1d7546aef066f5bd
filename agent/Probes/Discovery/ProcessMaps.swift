/// Which files a process runs code from: `/proc/PID/maps` (proc_pid_maps(5)), read.
public struct ProcessMaps {
    /// A file as the kernel names it: the same library in two containers is two files, and probes are set on each.
    public struct FileIdentity: Hashable, Sendable {
        public var device: UInt64
        public var inode: UInt64
    }

    public struct MappedFile: Equatable, Sendable {
        public var identity: FileIdentity
        /// In the process's own mount namespace.
        public var path: String
        /// Where its code is mapped first.
        public var start: UInt64
        public var end: UInt64
    }

    private static let fileCountMax = 4_096

    /// Each file once, in the order of the map: the program itself comes first as a rule.
    public private(set) var executableFiles: [MappedFile] = []

    public init(_ text: [UInt8]) {
        var seen: Set<FileIdentity> = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard executableFiles.count < Self.fileCountMax, let file = Self.file(line),
                seen.insert(file.identity).inserted
            else { continue }
            executableFiles.append(file)
        }
    }

    /// `7f1c-7f2d r-xp 00001000 08:01 1234      /usr/lib/libssl.so.3`
    private static func file(_ line: ArraySlice<UInt8>) -> MappedFile? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
        guard parts.count == 6, parts[1].count >= 3, parts[1][parts[1].startIndex + 2] == UInt8(ascii: "x"),
            let inode = UInt64(String(decoding: parts[4], as: UTF8.self)), inode != 0
        else { return nil }
        let numbers = parts[3].split(separator: UInt8(ascii: ":"))
        guard numbers.count == 2, let major = UInt64(String(decoding: numbers[0], as: UTF8.self), radix: 16),
            let minor = UInt64(String(decoding: numbers[1], as: UTF8.self), radix: 16)
        else { return nil }
        let path = parts[5].drop { $0 == UInt8(ascii: " ") }
        let range = parts[0].split(separator: UInt8(ascii: "-")).map {
            UInt64(String(decoding: $0, as: UTF8.self), radix: 16)
        }
        guard path.first == UInt8(ascii: "/"), range.count == 2, let start = range[0], let end = range[1] else {
            return nil
        }
        return MappedFile(
            identity: FileIdentity(device: major << 32 | minor, inode: inode),
            path: String(decoding: path, as: UTF8.self), start: start, end: end)
    }
}
