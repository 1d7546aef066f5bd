import Runtime
import Transport

/// From whom to whom a mail goes, and how the server is spoken to.
public struct SMTPEnvelope: Sendable {
    public enum Security: String, Sendable, CaseIterable {
        /// In the clear first, then TLS or nothing.
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314).
        case implicit
        case none
    }

    public struct Credentials: Sendable {
        public var user: String
        public var password: Secret

        public init(user: String, password: Secret) {
            self.user = user
            self.password = password
        }
    }

    public var from: String
    /// At least one.
    public var to: [String]
    public var security: Security
    public var credentials: Credentials?
    /// By what this machine introduces itself.
    public var helloName: String

    public init(
        from: String, to: [String], security: Security = .startTLS, credentials: Credentials? = nil,
        helloName: String = "farwatch.localdomain"
    ) {
        self.from = from
        self.to = to
        self.security = security
        self.credentials = credentials
        self.helloName = helloName
    }
}

/// Hands one mail to a server: what the server says goes in, what is to be sent comes out.
struct SMTPDialogue: Dialogue {
    private let mail: [UInt8]
    private var reader = SMTPReplyReader()
    private var machine: SMTPStateMachine

    init(_ envelope: SMTPEnvelope, mail: [UInt8]) {
        self.mail = mail
        machine = SMTPStateMachine(envelope)
    }

    mutating func received(_ bytes: [UInt8]) -> [DialogueStep<Delivery>] {
        guard machine.state != .over else { return [] }
        reader.append(bytes)
        var steps: [DialogueStep<Delivery>] = []
        while machine.state != .over {
            switch reader.next() {
            case .reply(let reply): steps += perform(machine.replyArrived(reply))
            case .needsMore:
                // Part of a line in the clear would be read as the beginning of what comes under TLS.
                guard machine.state == .handshake, !reader.isEmpty else { return steps }
                return steps + [
                    .finish(.failed(DeliveryFailure(.setting, "the mail server speaks before TLS is agreed on")))
                ]
            case .notSMTP: return steps + [.finish(.failed(.temporary("the server does not speak SMTP")))]
            }
        }
        return steps
    }

    mutating func secured() -> [DialogueStep<Delivery>] { perform(machine.handshakeEnded()) }

    mutating func ended() -> Delivery { .failed(.temporary("the mail server closed the connection")) }

    private func perform(_ action: SMTPStateMachine.Action) -> [DialogueStep<Delivery>] {
        switch action {
        case .send(let line): [.send(Array((line + "\r\n").utf8))]
        case .sendMail: [.send(Self.stuffed(mail))]
        case .startTLS: [.startTLS]
        case .finish(let delivery): [.send(Array("QUIT\r\n".utf8)), .finish(delivery)]
        }
    }

    /// A line that begins with a dot gets another, and a dot alone ends the mail (RFC 5321, section 4.5.2). The lines
    /// of `mail` end with CRLF.
    static func stuffed(_ mail: [UInt8]) -> [UInt8] {
        let (dot, feed) = (UInt8(ascii: "."), UInt8(ascii: "\n"))
        var out: [UInt8] = []
        out.reserveCapacity(mail.count + 64)
        var atLineStart = true
        for byte in mail {
            if atLineStart, byte == dot { out.append(dot) }
            out.append(byte)
            atLineStart = byte == feed
        }
        if !atLineStart { out += [13, 10] }
        return out + [dot, 13, 10]
    }
}
