import Transport

/// The client's side of one mail by SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN or LOGIN (RFC 4954).
///
/// ```
/// greeting ► hello ►─┬─► startTLS ► handshake ► hello(secured) ─┬─► auth… ─┬─► sender ► recipients ► data ► body
///                    └────────────── none, or implicit TLS ─────┴──────────┘
/// ```
/// Credentials are never sent in the clear, and a server that does not offer STARTTLS where it is wanted is not talked
/// to any further: whoever strips the offer must not win.
struct SMTPStateMachine: Sendable {
    enum State: Sendable, Equatable {
        case greeting
        case hello(isSecured: Bool)
        case startTLS
        case handshake
        case authPlain
        case authLoginUser
        case authLoginPassword
        case authLogin
        case sender
        /// The one that was asked for last.
        case recipient(Int)
        case data
        case body
        case over
    }

    enum Action: Equatable {
        case send(String)
        case sendMail
        case startTLS
        case finish(Delivery)
    }

    private let envelope: SMTPEnvelope
    private(set) var state = State.greeting
    private var acceptedCount = 0
    private var refusals: [(recipient: String, reply: SMTPReply)] = []

    init(_ envelope: SMTPEnvelope) { self.envelope = envelope }

    mutating func replyArrived(_ reply: SMTPReply) -> Action {
        switch state {
        case .greeting:
            guard reply.code == 220 else { return fail(reply, "greets", .setting) }
            return hello(isSecured: envelope.security == .implicit)
        case .hello(let isSecured):
            guard reply.code == 250 else { return fail(reply, "refuses EHLO", .setting) }
            return helloAnswered(SMTPExtensions(reply), isSecured: isSecured)
        case .startTLS:
            guard reply.code == 220 else { return fail(reply, "refuses STARTTLS", .setting) }
            state = .handshake
            return .startTLS
        case .handshake:
            return finish(.failed(DeliveryFailure(.setting, "the mail server speaks before TLS is agreed on")))
        case .authPlain, .authLogin:
            guard reply.code == 235 else { return fail(reply, "refuses the credentials", .setting) }
            return sendFrom()
        case .authLoginUser:
            guard reply.code == 334 else { return fail(reply, "refuses AUTH LOGIN", .setting) }
            state = .authLoginPassword
            return .send(base64(Array((envelope.credentials?.user ?? "").utf8)))
        case .authLoginPassword:
            guard reply.code == 334 else { return fail(reply, "refuses the user", .setting) }
            state = .authLogin
            return .send(base64(Array((envelope.credentials?.password.reveal ?? "").utf8)))
        case .sender:
            guard reply.code == 250 else { return fail(reply, "refuses the sender", .refused) }
            return askForRecipient(0)
        case .recipient(let index): return recipientAnswered(index, reply)
        case .data:
            guard reply.code == 354 else { return fail(reply, "refuses DATA", .refused) }
            state = .body
            return .sendMail
        case .body:
            guard reply.code == 250 else { return fail(reply, "refuses the mail", .refused) }
            let others = refusals.map { "; \($0.recipient) was refused: \($0.reply.text)" }.joined()
            return finish(.delivered(said: oneLine(reply.text + others, byteCountMax: 500)))
        case .over: return finish(.failed(.temporary("the mail server speaks after the end")))
        }
    }

    mutating func handshakeEnded() -> Action {
        switch state {
        case .handshake: return hello(isSecured: true)
        case .greeting, .hello, .startTLS, .authPlain, .authLoginUser, .authLoginPassword, .authLogin, .sender,
            .recipient, .data, .body, .over:
            return finish(.failed(.temporary("TLS was not asked for")))
        }
    }

    private mutating func hello(isSecured: Bool) -> Action {
        state = .hello(isSecured: isSecured)
        return .send("EHLO \(envelope.helloName)")
    }

    private mutating func helloAnswered(_ extensions: SMTPExtensions, isSecured: Bool) -> Action {
        if envelope.security == .startTLS, !isSecured {
            guard extensions.hasStartTLS else {
                return finish(.failed(DeliveryFailure(.setting, "the mail server does not offer STARTTLS")))
            }
            state = .startTLS
            return .send("STARTTLS")
        }
        guard let credentials = envelope.credentials else { return sendFrom() }
        guard isSecured else {
            return finish(.failed(DeliveryFailure(.setting, "a password is not sent without TLS")))
        }
        if extensions.mechanisms.contains("PLAIN") {
            state = .authPlain
            let text = "\0\(credentials.user)\0\(credentials.password.reveal)"
            return .send("AUTH PLAIN \(base64(Array(text.utf8)))")
        }
        if extensions.mechanisms.contains("LOGIN") {
            state = .authLoginUser
            return .send("AUTH LOGIN")
        }
        return finish(.failed(DeliveryFailure(.setting, "the mail server offers neither AUTH PLAIN nor AUTH LOGIN")))
    }

    private mutating func sendFrom() -> Action {
        state = .sender
        return .send("MAIL FROM:<\(envelope.from)>")
    }

    private mutating func askForRecipient(_ index: Int) -> Action {
        state = .recipient(index)
        return .send("RCPT TO:<\(envelope.to[index])>")
    }

    /// One who is refused does not cost the others their mail.
    private mutating func recipientAnswered(_ index: Int, _ reply: SMTPReply) -> Action {
        if reply.code == 250 || reply.code == 251 {
            acceptedCount += 1
        } else {
            refusals.append((envelope.to[index], reply))
        }
        if index + 1 < envelope.to.count { return askForRecipient(index + 1) }
        guard acceptedCount > 0 else {
            let temporary = refusals.first { !$0.reply.isPermanent }
            return fail((temporary ?? refusals[0]).reply, "refuses every recipient", .refused)
        }
        state = .data
        return .send("DATA")
    }

    /// - Parameter kind: what a permanent reply (5xx) means here; one of 4xx may pass.
    private mutating func fail(_ reply: SMTPReply, _ what: String, _ kind: DeliveryFailure.Kind) -> Action {
        finish(
            .failed(
                DeliveryFailure(
                    reply.isPermanent ? kind : .temporary(retryAfter: nil), "the mail server \(what): \(reply.text)")))
    }

    private mutating func finish(_ delivery: Delivery) -> Action {
        state = .over
        return .finish(delivery)
    }
}

/// What a server offers in its answer to EHLO.
struct SMTPExtensions {
    var hasStartTLS = false
    var mechanisms: Set<String> = []

    init(_ reply: SMTPReply) {
        for line in reply.lines.dropFirst() {
            // `AUTH=` is how servers of the nineties wrote it, and some still do.
            let words = line.uppercased().split { $0 == " " || $0 == "=" }
            if words.first == "STARTTLS" { hasStartTLS = true }
            if words.first == "AUTH" { mechanisms.formUnion(words.dropFirst().map(String.init)) }
        }
    }
}
