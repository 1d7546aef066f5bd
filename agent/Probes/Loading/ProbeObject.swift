import CLibbpf
import CProbes
import Glibc
import Privileges
import Runtime

/// The probes as the agent holds them, without any privilege: the descriptors of their maps, and whom to ask for more.
///
/// `@unchecked Sendable`: the descriptors never change; maps are read and written through them, which the kernel serialises.
final class ProbeObject: @unchecked Sendable {
    /// Programs the kernel refused, each with its reason.
    let refused: [String: String]
    private let part: PrivilegedPart
    /// In the order of `ProbeMap`; closed with this.
    private let maps: [Int32]

    init(_ part: PrivilegedPart) throws(ProbeError) {
        self.part = part
        let answer: PrivilegedAnswer
        do throws(PrivilegedError) {
            answer = try part.ask(PrivilegedRequest(.loadProbes))
        } catch {
            throw .load(reason: "\(error)")
        }
        guard answer.descriptors.count == ProbeMap.allCases.count else {
            for descriptor in answer.descriptors { close(descriptor) }
            throw .load(reason: "\(answer.descriptors.count) maps were handed over")
        }
        maps = answer.descriptors
        var refused: [String: String] = [:]
        for line in answer.text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1)
            if parts.count == 2 { refused[String(parts[0])] = String(parts[1]) }
        }
        self.refused = refused
    }

    deinit { for descriptor in maps { close(descriptor) } }

    /// A program that stands on functions, attached to some of one file, in all processes that run it, or in this one.
    func attach(
        _ program: ProbeProgram, to probes: [PlannedProbe], of file: PrivilegedRequest.MappedFile, shown path: String,
        onlyHere: Bool = false
    ) throws(ProbeError) -> [ProbeLink] {
        var request = PrivilegedRequest(.attachToFunctions)
        request.number = UInt64(ProbeProgram.allCases.firstIndex(of: program) ?? 0)
        request.file = file
        request.onlyProcessID = onlyHere ? UInt32(getpid()) : 0
        request.places = probes.map { .init(fileOffset: $0.place.fileOffset, cookie: $0.cookie) }
        do throws(PrivilegedError) {
            let links = try part.ask(request).descriptors
            // One for many functions, or one for each.
            return links.map { ProbeLink(descriptor: $0, probeCount: links.count == 1 ? probes.count : 1) }
        } catch {
            let names = probes.map(\.function).joined(separator: ", ")
            throw .attach(function: names, path: path, reason: "\(error)")
        }
    }

    /// A program that stands on an event of the kernel.
    func attach(_ name: String) throws(ProbeError) -> ProbeLink {
        var request = PrivilegedRequest(.attachToKernel)
        request.number = UInt64(ProbeFeature.kernelPrograms.firstIndex(of: name) ?? .max)
        do throws(PrivilegedError) {
            let answer = try part.ask(request)
            guard let descriptor = answer.descriptors.first else {
                throw PrivilegedError(kind: .attachToKernel, errno: EPROTO)
            }
            return ProbeLink(descriptor: descriptor, probeCount: 1)
        } catch {
            throw .attach(function: name, path: "kernel", reason: "\(error)")
        }
    }

    // MARK: Maps

    func makeRing(_ receive: @escaping (UnsafeRawBufferPointer) -> Void) throws(ProbeError) -> ProbeRing {
        try ProbeRing(mapDescriptor: descriptor(.ring), receive)
    }

    func set(_ settings: fw_settings) throws(ProbeError) {
        var (key, value) = (UInt32(0), settings)
        guard bpf_map_update_elem(descriptor(.settings), &key, &value, 0) == 0 else {
            throw .map(name: "settings", reason: systemMessage(errno))
        }
    }

    /// All counters, each summed over the processors. A map that cannot be read counts nothing.
    func counters() -> [UInt64] {
        let count = Int(FW_COUNTER_COUNT.rawValue)
        var sums = [UInt64](repeating: 0, count: count)
        let processors = Int(libbpf_num_possible_cpus())
        guard processors > 0 else { return sums }
        var perProcessor = [UInt64](repeating: 0, count: processors)
        for index in 0..<count {
            var key = UInt32(index)
            guard bpf_map_lookup_elem(descriptor(.counters), &key, &perProcessor) == 0 else { continue }
            sums[index] = perProcessor.reduce(0, &+)
        }
        return sums
    }

    /// Has a process watched, where only listed ones are.
    func list(_ processID: UInt32) throws(ProbeError) {
        var (key, value) = (processID, UInt8(1))
        guard bpf_map_update_elem(descriptor(.listed), &key, &value, 0) == 0 else {
            throw .map(name: "listed", reason: systemMessage(errno))
        }
    }

    private func descriptor(_ map: ProbeMap) -> Int32 { maps[ProbeMap.allCases.firstIndex(of: map) ?? 0] }
}
