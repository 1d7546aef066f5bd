import Glibc
import Runtime

/// What the kernel lets an agent on this host see: read from /proc and /sys, changing nothing.
struct HostFacts {
    var kernel = ""
    var hasTypeInformation = false
    var hasTraceFiles = false
    /// The effective capabilities of this process, as /proc/self/status has them.
    var capabilities: UInt64 = 0
    /// Processes that have a TLS library loaded, by the library's name; of those whose maps may be read.
    var librariesInUse: [String: Int] = [:]
    var unreadableProcessCount = 0

    // Bits of capabilities(7).
    static let netRaw: UInt64 = 1 << 13
    static let sysPtrace: UInt64 = 1 << 19
    static let sysAdmin: UInt64 = 1 << 21
    static let perfmon: UInt64 = 1 << 38
    static let bpf: UInt64 = 1 << 39

    private static let libraries = ["libssl.so", "libgnutls.so", "libnspr4.so", "libnss3.so"]
    private static let processesMax = 4_096
    private static let mapsByteCountMax = 4 << 20

    static func read() -> HostFacts {
        var facts = HostFacts()
        facts.kernel = text("/proc/sys/kernel/osrelease")
        facts.hasTypeInformation = Files.exists("/sys/kernel/btf/vmlinux")
        facts.hasTraceFiles =
            Files.exists("/sys/kernel/tracing/events") || Files.exists("/sys/kernel/debug/tracing/events")
        for line in text("/proc/self/status").split(separator: "\n") where line.hasPrefix("CapEff:") {
            facts.capabilities = UInt64(line.dropFirst(7).filter { $0.isHexDigit }, radix: 16) ?? 0
        }
        facts.lookAtProcesses()
        return facts
    }

    private mutating func lookAtProcesses() {
        guard let names = try? Files.names(in: "/proc") else { return }  // Without /proc there is nothing to tell.
        for name in names.filter({ Int($0) != nil }).prefix(Self.processesMax) {
            do throws(FileError) {
                let maps = try Files.read("/proc/\(name)/maps", byteCountMax: Self.mapsByteCountMax)
                note(maps)
            } catch {
                unreadableProcessCount += 1
            }
        }
    }

    /// Takes the text of /proc/PID/maps. There are thousands of lines of them, so only file names that begin right are looked at.
    mutating func note(_ maps: [UInt8]) {
        var found: Set<String> = []
        maps.withUnsafeBytes { maps in
            guard let base = maps.baseAddress else { return }
            var at = 0
            // `memchr` looks at `maps.count - at` bytes from `at` on, all of them within the buffer.
            while at < maps.count, let slash = memchr(base + at, Int32(UInt8(ascii: "/")), maps.count - at) {
                at = UnsafeRawPointer(slash) - base + 1
                let rest = maps[at...]
                guard Self.libraries.contains(where: { rest.starts(with: $0.utf8) }) else { continue }
                found.insert(String(decoding: rest.prefix { $0 > 0x20 }, as: UTF8.self))
            }
        }
        for file in found { librariesInUse[file, default: 0] += 1 }
    }

    private static func text(_ path: String) -> String {
        guard let bytes = try? Files.read(path, byteCountMax: 64 << 10) else { return "" }  // A kernel without it.
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: "\n")
    }

    var findings: [Finding] {
        var findings: [Finding] = []
        let mayProbe =
            capabilities & Self.sysAdmin != 0 || capabilities & (Self.bpf | Self.perfmon) == Self.bpf | Self.perfmon
        if hasTypeInformation {
            findings.append(.good("kernel", "\(kernel), with type information for probes"))
        } else {
            findings.append(
                .warning(
                    "kernel", "\(kernel) has no /sys/kernel/btf/vmlinux, so TLS libraries cannot be probed",
                    remedy: "boot a kernel built with CONFIG_DEBUG_INFO_BTF, or send calls by OTLP instead"))
        }
        if mayProbe {
            findings.append(.good("privileges", "this user may load probes"))
        } else {
            findings.append(
                .warning(
                    "privileges", "this user may not load probes",
                    remedy: "give the service CAP_BPF and CAP_PERFMON, or run doctor as the agent's own user"))
        }
        findings.append(packetFinding)
        findings.append(libraryFinding)
        return findings
    }

    private var packetFinding: Finding {
        guard capabilities & Self.netRaw == 0 else { return .good("packets", "this user may capture them") }
        return .warning("packets", "this user may not capture them", remedy: "give the service CAP_NET_RAW")
    }

    private var libraryFinding: Finding {
        let list = librariesInUse.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value)" }.joined(separator: ", ")
        if list.isEmpty, unreadableProcessCount > 0, capabilities & Self.sysPtrace == 0 {
            return .warning(
                "TLS libraries", "none found, but \(unreadableProcessCount) processes cannot be looked into",
                remedy: "run doctor as root, or give the service CAP_SYS_PTRACE")
        }
        return .good("TLS libraries", list.isEmpty ? "no process uses one now" : "\(list) processes")
    }
}
