import Glibc
import Privileges
import Runtime
import Testing

/// One process asks, another one opens: here two threads stand for them.
@Suite struct PrivilegedPartTests {
    /// A server on a thread of its own, for as long as the socket of the other end is open.
    private func withServer(
        _ answer: @escaping @Sendable (PrivilegedRequest) -> PrivilegedAnswer, _ body: (DescriptorSocket) throws -> Void
    ) throws {
        let thread = try WorkerThread(name: "server", queueMax: 1)
        try {
            let (client, server) = try DescriptorSocket.pair()
            try thread.submit { _ = try? PrivilegedServer.serve(server, answer) }
            try body(client)
        }()
        thread.join()
    }

    @Test func `what is opened there can be read here`() throws {
        try withServer({ request in
            let path = request.kind == .openMaps ? "/proc/self/maps" : "/nowhere"
            let number = open(path, O_RDONLY | O_CLOEXEC)
            return number < 0 ? PrivilegedAnswer(error: errno) : PrivilegedAnswer(descriptors: [number], text: "words")
        }) { socket in
            let part = PrivilegedPart(over: socket)
            let answer = try part.ask(PrivilegedRequest(.openMaps))
            defer { for descriptor in answer.descriptors { close(descriptor) } }
            #expect(answer.text == "words" && answer.descriptors.count == 1)
            var byte: UInt8 = 0
            #expect(read(answer.descriptors[0], &byte, 1) == 1)
            #expect(part.open(PrivilegedRequest(.openProgram)) == nil)
            #expect(throws: PrivilegedError(kind: .openProgram, errno: ENOENT, text: "")) {
                try part.ask(PrivilegedRequest(.openProgram))
            }
        }
    }

    @Test func `that the other end is gone is seen without asking it`() throws {
        var (client, server): (DescriptorSocket, DescriptorSocket?) = try DescriptorSocket.pair()
        let part = PrivilegedPart(over: client)
        #expect(!part.isGone)
        try server?.send([1])
        #expect(!part.isGone, "a message that waits is none of that")
        server = nil
        #expect(part.isGone)
        #expect(throws: PrivilegedError.self) { try part.ask(PrivilegedRequest(.openMaps)) }
        #expect(!PrivilegedPart(here: { _ in PrivilegedAnswer(error: EPERM) }).isGone)
    }

    @Test func `a question arrives as it was asked`() throws {
        var request = PrivilegedRequest(.attachToFunctions)
        request.number = 7
        request.file = .init(processID: 4_000_000_000, start: 0x7fff_0000_1000, end: .max, device: 1 << 40, inode: 99)
        request.onlyProcessID = 12
        request.places = (0..<PrivilegedRequest.placesMax).map {
            .init(fileOffset: UInt64($0) << 33, cookie: .max - UInt64($0))
        }
        let asked = request
        try withServer({ $0 == asked ? PrivilegedAnswer(descriptors: []) : PrivilegedAnswer(error: EBADMSG) }) {
            socket in
            let answer = try PrivilegedPart(over: socket).ask(asked)
            #expect(answer.descriptors.isEmpty)
        }
    }

    @Test func `nonsense is answered and nothing is done for it`() throws {
        try withServer({ _ in PrivilegedAnswer(descriptors: []) }) { socket in
            var generator = SystemRandomNumberGenerator()
            let whole = (9 + 2 * PrivilegedRequest.placesMax) * 8
            for byteCount in [1, 8, whole - 8, whole] {
                var bytes = (0..<byteCount).map { _ in UInt8.random(in: 1...255, using: &generator) }
                bytes[0] = 250
                try socket.send(bytes)
                let message = try #require(try socket.receive(byteCountMax: 100))
                #expect(message.bytes == [UInt8(EINVAL), 0, 0, 0] && message.descriptors.isEmpty)
            }
        }
    }

    @Test func `files that are handed to it are closed`() throws {
        try withServer({ _ in PrivilegedAnswer(descriptors: []) }) { socket in
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            defer { close(ends[0]) }
            try socket.send([1, 2, 3], [ends[1]])
            close(ends[1])
            _ = try socket.receive(byteCountMax: 100)
            var byte: UInt8 = 0
            #expect(read(ends[0], &byte, 1) == 0, "the pipe has no writing end any more")
        }
    }

    @Test func `a process that is gone is said to be gone, each time`() throws {
        let (client, server) = try DescriptorSocket.pair()
        _ = consume server
        let part = PrivilegedPart(over: client)
        for _ in 0..<2 {
            let error = #expect(throws: PrivilegedError.self) { try part.ask(PrivilegedRequest(.openMaps)) }
            #expect(error?.errno == EPIPE)
        }
    }
}
