import CLibbpf
import Glibc
import Runtime

/// The reading end of the ring.
///
/// Probes wake nobody below a backlog, because each waking costs the application a few microseconds. So the ring is looked at
/// every few milliseconds, and sooner when the backlog grows.
final class ProbeRing {
    /// What the callback of C is given; it lives as long as the ring.
    private final class Receiver {
        let receive: (UnsafeRawBufferPointer) -> Void

        init(_ receive: @escaping (UnsafeRawBufferPointer) -> Void) { self.receive = receive }
    }

    private let ring: OpaquePointer
    private let receiver: Receiver

    init(mapDescriptor: Int32, _ receive: @escaping (UnsafeRawBufferPointer) -> Void) throws(ProbeError) {
        receiver = Receiver(receive)
        let made = ring_buffer__new(
            mapDescriptor,
            { context, bytes, byteCount in
                // `context` is the receiver below, which outlives the ring; the bytes are the kernel's until this returns.
                guard let context else { return 0 }
                let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                receiver.receive(UnsafeRawBufferPointer(start: bytes, count: byteCount))
                return 0
            }, Unmanaged.passUnretained(receiver).toOpaque(), nil)
        guard let made else { throw .ring(reason: systemMessage(errno)) }
        ring = made
    }

    deinit { ring_buffer__free(ring) }

    /// Waits at most so long, hands on all that is there, and returns how many records that was.
    func read(waitingMilliseconds: Int32) -> Int {
        let polled = ring_buffer__poll(ring, waitingMilliseconds)
        // Poll hands on only what it was woken for.
        let consumed = ring_buffer__consume(ring)
        return Int(max(0, polled)) + Int(max(0, consumed))
    }
}
