import Runtime
import Testing
import Transport

@testable import Notifiers

struct SMTPTests {
    private func envelope(
        _ security: SMTPEnvelope.Security = .startTLS, user: String? = "watch", to: [String] = ["a@b.example"]
    ) -> SMTPEnvelope {
        SMTPEnvelope(
            from: "f@ops.example", to: to, security: security,
            credentials: user.map { .init(user: $0, password: Secret("pass")) }, helloName: "me.example")
    }

    /// A conversation: what the server says and what is answered; a line `(tls)` stands for the handshake.
    private func talk(_ envelope: SMTPEnvelope, _ script: [(says: String, hears: [String])]) -> Delivery? {
        var dialogue = SMTPDialogue(envelope, mail: Array("Subject: x\r\n\r\nbody\r\n".utf8))
        var end: Delivery?
        for (says, hears) in script {
            let steps = says == "(tls)" ? dialogue.secured() : dialogue.received(Array((says + "\r\n").utf8))
            var heard: [String] = []
            for step in steps {
                switch step {
                case .send(let bytes):
                    heard += String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
                case .startTLS: heard.append("(tls)")
                case .finish(let delivery): end = delivery
                }
            }
            #expect(heard == hears, "after \(says)")
        }
        return end
    }

    private let tail: [(says: String, hears: [String])] = [
        ("250 sender ok", ["RCPT TO:<a@b.example>"]), ("250 recipient ok", ["DATA"]),
        ("354 go", ["Subject: x", "body", "."]), ("250 2.0.0 queued as 7F3", ["QUIT"]),
    ]

    @Test func `a mail goes by STARTTLS, a second EHLO and AUTH PLAIN`() {
        let end = talk(
            envelope(),
            [
                ("220 mail.example ESMTP", ["EHLO me.example"]),
                ("250-mail.example\r\n250-SIZE 1000000\r\n250 STARTTLS", ["STARTTLS"]), ("220 go ahead", ["(tls)"]),
                ("(tls)", ["EHLO me.example"]),
                ("250-mail.example\r\n250 AUTH LOGIN PLAIN", ["AUTH PLAIN AHdhdGNoAHBhc3M="]),
                ("235 welcome", ["MAIL FROM:<f@ops.example>"]),
            ] + tail)
        #expect(end == .delivered(said: "250 2.0.0 queued as 7F3"))
    }

    @Test func `where there is no PLAIN, LOGIN does, and implicit TLS needs no STARTTLS`() {
        let end = talk(
            envelope(.implicit),
            [
                ("220 hello", ["EHLO me.example"]), ("250-x\r\n250 AUTH LOGIN", ["AUTH LOGIN"]),
                ("334 VXNlcm5hbWU6", ["d2F0Y2g="]), ("334 UGFzc3dvcmQ6", ["cGFzcw=="]),
                ("235 welcome", ["MAIL FROM:<f@ops.example>"]),
            ] + tail)
        #expect(end == .delivered(said: "250 2.0.0 queued as 7F3"))
    }

    @Test func `without credentials and TLS a relay on this machine takes it`() {
        let end = talk(
            envelope(.none, user: nil),
            [("220-long\r\n220 greeting", ["EHLO me.example"]), ("250 x", ["MAIL FROM:<f@ops.example>"])] + tail)
        #expect(end?.isDelivered == true)
    }

    @Test func `a server that does not offer STARTTLS learns nothing more`() {
        let end = talk(envelope(), [("220 x", ["EHLO me.example"]), ("250-x\r\n250 AUTH PLAIN", ["QUIT"])])
        #expect(end?.failure?.kind == .setting)
    }

    @Test func `what is said in the clear behind the consent to TLS is not taken for protected`() {
        for injected in ["220 go\r\n250 AUTH PLAIN\r\n", "220 go\r\n250"] {
            var dialogue = SMTPDialogue(envelope(), mail: [])
            _ = dialogue.received(Array("220 x\r\n".utf8))
            _ = dialogue.received(Array("250-x\r\n250 STARTTLS\r\n".utf8))
            let finished = dialogue.received(Array(injected.utf8)).contains { step in
                if case .finish(let delivery) = step { delivery.failure?.kind == .setting } else { false }
            }
            #expect(finished, "\(injected)")
        }
    }

    @Test func `one recipient who is refused does not cost the others their mail`() {
        let end = talk(
            envelope(.none, user: nil, to: ["x@b.example", "y@b.example"]),
            [
                ("220 x", ["EHLO me.example"]), ("250 x", ["MAIL FROM:<f@ops.example>"]),
                ("250 ok", ["RCPT TO:<x@b.example>"]), ("550 unknown", ["RCPT TO:<y@b.example>"]),
                ("250 ok", ["DATA"]), ("354 go", ["Subject: x", "body", "."]), ("250 taken", ["QUIT"]),
            ])
        #expect(end == .delivered(said: "250 taken; x@b.example was refused: 550 unknown"))
    }

    @Test(arguments: [("450 later", false), ("550 never", true)])
    func `4xx may pass, 5xx does not`(_ reply: String, _ isRefused: Bool) {
        let end = talk(
            envelope(.none, user: nil),
            [
                ("220 x", ["EHLO me.example"]), ("250 x", ["MAIL FROM:<f@ops.example>"]),
                ("250 ok", ["RCPT TO:<a@b.example>"]), (reply, ["QUIT"]),
            ])
        #expect((end?.failure?.kind == .refused) == isRefused)
    }

    @Test func `a wrong password is a setting, and is in no text`() {
        let end = talk(
            envelope(.implicit),
            [
                ("220 x", ["EHLO me.example"]), ("250-x\r\n250 AUTH PLAIN", ["AUTH PLAIN AHdhdGNoAHBhc3M="]),
                ("535 no", ["QUIT"]),
            ])
        #expect(end?.failure?.kind == .setting)
        #expect(end?.failure?.text.contains("AHdhdGNo") == false)
    }

    @Test func `replies are the same wherever they are cut, and noise is no SMTP`() {
        let bytes = Array("220-one\r\n220 two\r\n250 three\r\n".utf8)
        for cut in 0...bytes.count {
            var reader = SMTPReplyReader()
            var replies: [SMTPReply] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                reader.append(Array(part))
                while case .reply(let reply) = reader.next() { replies.append(reply) }
            }
            #expect(replies.map(\.code) == [220, 250] && replies[0].lines == ["one", "two"])
        }
        for noise in ["HTTP/1.1 400 Bad\r\n", "22\r\n", "999 x\r\n", "220x\r\n", String(repeating: "2", count: 5_000)] {
            var reader = SMTPReplyReader()
            reader.append(Array(noise.utf8))
            let reading = reader.next()
            #expect(reading == .notSMTP)
        }
    }

    @Test func `a server that hangs up is tried again`() {
        var dialogue = SMTPDialogue(envelope(), mail: [])
        let end = dialogue.ended()
        #expect(end.failure?.kind == .temporary(retryAfter: nil))
    }
}
