import CRuntime
import Glibc

/// One end of a connection between two processes of this host, over which messages carry open files with them.
///
/// A message comes whole or not at all. Either end sees that the other process is gone. Closed with its last reference. Sending and
/// receiving are system calls of their own: who sends a question and waits for its answer keeps others from doing so meanwhile.
public final class DescriptorSocket: Sendable {
    public static let descriptorCountMax = Int(FARWATCH_DESCRIPTORS_MAX)

    public struct Message: Sendable {
        public var bytes: [UInt8]
        /// The taker closes them.
        public var descriptors: [Int32]
    }

    public let number: Int32

    /// - Parameter number: One end, which is closed with this.
    public init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Two ends that are connected; exec closes them.
    public static func pair() throws(FileError) -> (DescriptorSocket, DescriptorSocket) {
        var ends: [Int32] = [-1, -1]
        guard farwatch_socket_pair(&ends) == 0 else { throw .last("make", subject) }
        return (DescriptorSocket(owning: ends[0]), DescriptorSocket(owning: ends[1]))
    }

    /// Has it live on in the program this process becomes, under the same number.
    public func keepAfterExecute() throws(FileError) {
        guard fcntl(number, F_SETFD, 0) == 0 else { throw .last("keep", Self.subject) }
    }

    /// Waiting for a message ends with an error after so long.
    public func setWaitMax(_ wait: Duration) throws(FileError) {
        let (seconds, attoseconds) = wait.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        guard setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)) == 0 else {
            throw .last("set up", Self.subject)
        }
    }

    /// The descriptors stay open here as well.
    public func send(_ bytes: [UInt8], _ descriptors: [Int32] = []) throws(FileError) {
        let sent = retryingInterrupted { farwatch_send(number, bytes, bytes.count, descriptors, descriptors.count) }
        guard sent == bytes.count else { throw .last("write to", Self.subject) }
    }

    /// Nil when the other end is gone.
    public func receive(byteCountMax: Int) throws(FileError) -> Message? {
        var descriptors = [Int32](repeating: -1, count: Self.descriptorCountMax)
        var descriptorCount = 0
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        let count = retryingInterrupted {
            farwatch_receive(number, &bytes, byteCountMax, &descriptors, &descriptorCount)
        }
        guard count >= 0 else { throw .last("read from", Self.subject) }
        guard count > 0 else { return nil }
        return Message(bytes: Array(bytes[..<count]), descriptors: Array(descriptors[..<descriptorCount]))
    }

    /// The other end is gone, without a message to say so. Does not wait, and may be asked while another thread waits for an answer.
    public var isOtherEndGone: Bool {
        var request = pollfd(fd: number, events: 0, revents: 0)
        return poll(&request, 1, 0) > 0 && Int32(request.revents) & (POLLHUP | POLLERR) != 0
    }

    private static let subject = "the socket between processes"
}
