import CLibbpf
import CProbes
import Glibc
import Runtime

/// Why the kernel would not have something. `description` is for the operator: what, why, what to do.
public enum ProbeError: Error, Equatable, Sendable {
    case open(reason: String)
    case load(reason: String)
    case ring(reason: String)
    case map(name: String, reason: String)
    case attach(function: String, path: String, reason: String)
}

extension ProbeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .open(let reason): "the probe object cannot be opened: \(reason)"
        case .load(let reason):
            "the kernel refuses the probes: \(reason); root (CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN) and a kernel with BTF are needed"
        case .ring(let reason): "the ring cannot be read: \(reason)"
        case .map(let name, let reason): "the map \(name) of the probes: \(reason)"
        case .attach(let function, let path, let reason): "\(function) of \(path): \(reason)"
        }
    }
}

/// The probes, loaded into the kernel: owner of the programs and the maps. What is attached (`ProbeLink`) goes before it.
///
/// A kernel that refuses one program refuses the object. Then each program is tried by itself, and all are loaded that the kernel
/// takes: `refused` tells the others.
///
/// `@unchecked Sendable`: the pointer is libbpf's and never changes; maps are read and written through file descriptors, which
/// the kernel serialises; attaching happens on the one thread that runs the probes.
final class ProbeObject: @unchecked Sendable {
    /// Programs the kernel refused, each with its reason.
    let refused: [String: String]
    private let object: OpaquePointer

    init() throws(ProbeError) {
        farwatch_silence_libbpf()
        do {
            object = try Self.load(without: [])
            refused = [:]
        } catch {
            var refused: [String: String] = [:]
            let names = try Self.programNames()
            for name in names {
                let others = Set(names).subtracting([name])
                do {
                    bpf_object__close(try Self.load(without: others))
                } catch ProbeError.load(let reason) {
                    refused[name] = reason
                }
            }
            guard refused.count < names.count else { throw error }
            object = try Self.load(without: Set(refused.keys))
            self.refused = refused
        }
    }

    deinit { bpf_object__close(object) }

    /// A program that stands on functions, attached to one, in all processes that run this file.
    func attach(_ probe: PlannedProbe, to path: String, processID: Int32 = -1) throws(ProbeError) -> ProbeLink {
        guard let program = bpf_object__find_program_by_name(object, probe.program.rawValue) else {
            throw .attach(function: probe.function, path: path, reason: "no such program")
        }
        guard
            let link = farwatch_attach_uprobe(
                program, probe.program.isReturn ? 1 : 0, processID, path, Int(probe.place.fileOffset), probe.cookie)
        else { throw .attach(function: probe.function, path: path, reason: systemMessage(errno)) }
        return ProbeLink(link)
    }

    /// A program that stands on an event of the kernel.
    func attach(_ name: String) throws(ProbeError) -> ProbeLink {
        guard let program = bpf_object__find_program_by_name(object, name), let link = bpf_program__attach(program)
        else {
            throw .attach(function: name, path: "kernel", reason: systemMessage(errno))
        }
        return ProbeLink(link)
    }

    // MARK: Maps

    func makeRing(_ receive: @escaping (UnsafeRawBufferPointer) -> Void) throws(ProbeError) -> ProbeRing {
        try ProbeRing(mapDescriptor: descriptor("ring"), receive)
    }

    func set(_ settings: fw_settings) throws(ProbeError) {
        var (key, value) = (UInt32(0), settings)
        let descriptor = try descriptor("settings")
        guard bpf_map_update_elem(descriptor, &key, &value, 0) == 0 else {
            throw .map(name: "settings", reason: systemMessage(errno))
        }
    }

    /// All counters, each summed over the processors. A map that cannot be read counts nothing.
    func counters() -> [UInt64] {
        let count = Int(FW_COUNTER_COUNT.rawValue)
        var sums = [UInt64](repeating: 0, count: count)
        guard let descriptor = try? descriptor("counters") else { return sums }  // Zeros say it.
        let processors = Int(libbpf_num_possible_cpus())
        guard processors > 0 else { return sums }
        var perProcessor = [UInt64](repeating: 0, count: processors)
        for index in 0..<count {
            var key = UInt32(index)
            guard bpf_map_lookup_elem(descriptor, &key, &perProcessor) == 0 else { continue }
            sums[index] = perProcessor.reduce(0, &+)
        }
        return sums
    }

    /// Has a process watched, where only listed ones are.
    func list(_ processID: UInt32) throws(ProbeError) {
        var (key, value) = (processID, UInt8(1))
        guard bpf_map_update_elem(try descriptor("listed"), &key, &value, 0) == 0 else {
            throw .map(name: "listed", reason: systemMessage(errno))
        }
    }

    private func descriptor(_ map: String) throws(ProbeError) -> Int32 {
        let descriptor = bpf_object__find_map_fd_by_name(object, map)
        guard descriptor >= 0 else { throw .map(name: map, reason: systemMessage(-descriptor)) }
        return descriptor
    }

    // MARK: Loading

    private static func open() throws(ProbeError) -> OpaquePointer {
        guard
            let object = bpf_object__open_mem(farwatch_probe_bytes(), Int(farwatch_probe_object_size), nil)
        else { throw .open(reason: systemMessage(errno)) }
        return object
    }

    private static func programNames() throws(ProbeError) -> [String] {
        let object = try open()
        defer { bpf_object__close(object) }
        var names: [String] = []
        var program = bpf_object__next_program(object, nil)
        while let current = program {
            if let name = bpf_program__name(current) { names.append(String(cString: name)) }
            program = bpf_object__next_program(object, current)
        }
        return names
    }

    private static func load(without left: Set<String>) throws(ProbeError) -> OpaquePointer {
        let object = try open()
        for name in left {
            if let program = bpf_object__find_program_by_name(object, name) {
                bpf_program__set_autoload(program, false)
            }
        }
        setOwnProcess(in: object)
        let result = bpf_object__load(object)
        guard result == 0 else {
            bpf_object__close(object)
            throw .load(reason: systemMessage(-result))
        }
        return object
    }

    /// The agent's own traffic is not captured: the constant the programs compare with.
    private static func setOwnProcess(in object: OpaquePointer) {
        var map = bpf_object__next_map(object, nil)
        while let current = map {
            var byteCount = 0
            // The only constant of the object. Its memory is libbpf's, and writable until the object is loaded.
            if let name = bpf_map__name(current), String(cString: name).hasSuffix(".rodata"),
                let value = bpf_map__initial_value(current, &byteCount), byteCount >= MemoryLayout<UInt32>.size
            {
                UnsafeMutableRawPointer(mutating: value).storeBytes(of: UInt32(getpid()), as: UInt32.self)
            }
            map = bpf_object__next_map(object, current)
        }
    }
}

/// One attached probe: detached when nobody holds it any more, or when the process ends, however it ends (the kernel closes its
/// descriptors).
///
/// `@unchecked Sendable`: used by one thread at a time, which is whoever holds the last reference.
final class ProbeLink: @unchecked Sendable {
    private let link: OpaquePointer

    init(_ link: OpaquePointer) { self.link = link }

    deinit { bpf_link__destroy(link) }
}
