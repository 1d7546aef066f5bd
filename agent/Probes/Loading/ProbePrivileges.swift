import Glibc
import Privileges
import Runtime
import Synchronization

/// Answers what needs privilege for probes: in the agent itself where nothing was parted, else in a process of its own.
///
/// It believes nothing it is asked. A process is a number; a file is one that a process has mapped (the kernel finds it, by the place
/// it is mapped at), is regular, begins as programs and libraries begin, and is the very one the asker looked at; a place lies inside
/// it; a program is one of ours. So whoever asks can have our probes set where code runs, and read code: no other file.
public final class ProbePrivileges: Sendable {
    /// `@unchecked Sendable`: passed between threads only inside the mutex.
    private struct State: @unchecked Sendable {
        var loader: ProbeLoader?
    }

    private let state = Mutex(State())
    /// O_PATH of asm-generic/fcntl.h, which the C library shows to GNU programs alone.
    private static let pathOnly: Int32 = 0o10000000
    private let ownProcessID: Int32

    /// - Parameter ownProcessID: Of the agent that asks; probes leave it alone.
    public init(ownProcessID: Int32) { self.ownProcessID = ownProcessID }

    /// Nil for what is not about probes.
    public func answer(_ request: PrivilegedRequest) -> PrivilegedAnswer? {
        switch request.kind {
        case .loadProbes: load()
        case .attachToKernel: attachToKernel(request)
        case .attachToFunctions: attachToFunctions(request)
        case .openMaps: opened("/proc/\(request.file.processID)/maps", O_RDONLY)
        // A name for the file and no way into it.
        case .openProgram: opened("/proc/\(request.file.processID)/exe", Self.pathOnly)
        case .openMappedFile: openMappedFile(request.file)
        case .openPacketSocket: nil
        }
    }

    private func load() -> PrivilegedAnswer {
        state.withLock { state in
            do throws(ProbeError) {
                // Anew at each start of the probes: what was attached before keeps what it needs.
                let loader = try ProbeLoader(ownProcessID: ownProcessID)
                state.loader = loader
                let refused = loader.refused.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }
                return PrivilegedAnswer(descriptors: try loader.mapDescriptors(), text: refused.joined())
            } catch {
                return PrivilegedAnswer(error: EIO, text: error.reason)
            }
        }
    }

    private func attachToKernel(_ request: PrivilegedRequest) -> PrivilegedAnswer {
        state.withLock { state in
            let names = ProbeFeature.kernelPrograms
            guard let loader = state.loader, let index = Int(exactly: request.number), names.indices.contains(index)
            else { return PrivilegedAnswer(error: EINVAL) }
            do throws(ProbeError) {
                return PrivilegedAnswer(descriptors: [try loader.attach(names[index])])
            } catch {
                return PrivilegedAnswer(error: EIO, text: error.reason)
            }
        }
    }

    private func attachToFunctions(_ request: PrivilegedRequest) -> PrivilegedAnswer {
        state.withLock { state in
            let programs = ProbeProgram.allCases
            guard let loader = state.loader, let index = Int(exactly: request.number), programs.indices.contains(index),
                !request.places.isEmpty, request.onlyProcessID == 0 || request.onlyProcessID == UInt32(ownProcessID)
            else { return PrivilegedAnswer(error: EINVAL) }
            do throws(PrivilegedError) {
                let file = try CheckedFile(request.file)
                guard file.isTheOne(request.file), request.places.allSatisfy({ file.contains($0.fileOffset) }) else {
                    return PrivilegedAnswer(error: ESTALE)
                }
                let links = try loader.attach(
                    programs[index], to: request.places, of: file, onlyIn: request.onlyProcessID)
                return PrivilegedAnswer(descriptors: links)
            } catch {
                return PrivilegedAnswer(error: error.errno)
            }
        }
    }

    private func openMappedFile(_ file: PrivilegedRequest.MappedFile) -> PrivilegedAnswer {
        do throws(PrivilegedError) {
            let checked = try CheckedFile(file)
            return PrivilegedAnswer(descriptors: [checked.release()])
        } catch {
            return PrivilegedAnswer(error: error.errno)
        }
    }

    private func opened(_ path: String, _ flags: Int32) -> PrivilegedAnswer {
        let descriptor = open(path, flags | O_CLOEXEC)
        return descriptor < 0 ? PrivilegedAnswer(error: errno) : PrivilegedAnswer(descriptors: [descriptor])
    }
}

/// A file that a process has mapped, opened by way of the kernel's own list (proc_pid_map_files(5)): whatever its path says, and
/// also where it has none any more.
struct CheckedFile: ~Copyable {
    let descriptor: Int32
    private let status: stat

    init(_ file: PrivilegedRequest.MappedFile) throws(PrivilegedError) {
        let range = String(file.start, radix: 16) + "-" + String(file.end, radix: 16)
        let number = open("/proc/\(file.processID)/map_files/\(range)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw PrivilegedError(kind: .openMappedFile, errno: errno) }
        var status = stat()
        var magic: [UInt8] = [0, 0, 0, 0]
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, pread(number, &magic, 4, 0) == 4,
            magic == [0x7f, 0x45, 0x4c, 0x46]  // An ELF file.
        else {
            close(number)
            throw PrivilegedError(kind: .openMappedFile, errno: EACCES)
        }
        descriptor = number
        self.status = status
    }

    deinit { close(descriptor) }

    consuming func release() -> Int32 {
        let number = descriptor
        discard self
        return number
    }

    func isTheOne(_ file: PrivilegedRequest.MappedFile) -> Bool {
        UInt64(status.st_dev) == file.device && UInt64(status.st_ino) == file.inode
    }

    func contains(_ offset: UInt64) -> Bool { offset < UInt64(max(0, status.st_size)) }
}
