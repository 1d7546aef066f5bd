import CProbes
import Glibc
import Privileges
import Runtime

/// Measures what a probe costs on this machine, by probing two functions of our own that do nothing: one that begins with an
/// instruction the kernel emulates, one with another. Takes some ten milliseconds at start.
enum Calibration {
    private static let callCount = 1_000
    private static let calibrate: UInt64 = 256 | 2  // FW_COOKIE_CALIBRATE, FW_COOKIE_RETURNS_INT

    /// The usual costs stand in for what cannot be measured here.
    static func measure(_ object: ProbeObject) -> ProbeCost {
        var cost = ProbeCost()
        if let measured = perCall(object, farwatch_calibrate_push_address(), farwatch_calibrate_push) {
            cost.cheapCall = measured
            cost.otherHit = measured / 2
        }
        if let measured = perCall(object, farwatch_calibrate_subtract_address(), farwatch_calibrate_subtract) {
            cost.dearCall = measured
        }
        return cost
    }

    private static func perCall(
        _ object: ProbeObject, _ address: UnsafeRawPointer, _ function: (UnsafeMutableRawPointer?) -> Int32
    ) -> Duration? {
        guard let (file, offset) = place(of: UInt64(UInt(bitPattern: address))) else { return nil }
        let place = ProbePlace(fileOffset: offset, isCheap: true)
        do {
            let links = try [ProbeProgram.callReturned, .callEntered].flatMap { program in
                let probe = PlannedProbe(
                    program: program, function: "calibration", place: place, cookie: calibrate, isEssential: false)
                return try object.attach(program, to: [probe], of: file, shown: "the agent", onlyHere: true)
            }
            return withExtendedLifetime(links) { time(function) }
        } catch {
            return nil
        }
    }

    private static func time(_ function: (UnsafeMutableRawPointer?) -> Int32) -> Duration {
        var slot: UInt64 = 0  // Any address of ours does for an object; it is not followed.
        return withUnsafeMutablePointer(to: &slot) { pointer in
            // The thread's own time: on a busy host others run meanwhile.
            let began = ProcessorTime.ofThisThread()
            for _ in 0..<callCount { _ = function(pointer) }
            return (ProcessorTime.ofThisThread() - began) / callCount
        }
    }

    /// Where code of this process is mapped, and where it lies in its file.
    private static func place(of address: UInt64) -> (PrivilegedRequest.MappedFile, UInt64)? {
        var status = stat()
        guard stat("/proc/self/exe", &status) == 0 else { return nil }
        guard let text = OpenFile("/proc/self/maps").flatMap({ readAll($0) }) else { return nil }
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let parts = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: true)
            guard parts.count >= 3 else { continue }
            let range = parts[0].split(separator: "-")
            guard range.count == 2, let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16),
                let offset = UInt64(parts[2], radix: 16), (start..<end).contains(address)
            else { continue }
            let file = PrivilegedRequest.MappedFile(
                processID: UInt32(getpid()), start: start, end: end, device: UInt64(status.st_dev),
                inode: UInt64(status.st_ino))
            return (file, address - start + offset)
        }
        return nil
    }

    private static func readAll(_ file: OpenFile) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = file.read(into: &piece), count > 0 { bytes.append(contentsOf: piece[..<count]) }
        return bytes
    }
}
