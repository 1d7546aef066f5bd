import Alerting
import CallModel
import Testing

@testable import Notifiers

struct MailTests {
    private let mail = MailMessage(from: "farwatch@ops.example", to: ["a@b.example", "c@d.example"])

    private func fields(_ message: Message) -> [String: String] {
        let text = String(decoding: mail.bytes(message, at: start), as: UTF8.self)
        let head = text.split(separator: "\r\n\r\n", maxSplits: 1)[0]
        var fields: [String: String] = [:]
        var last = ""
        for line in head.split(separator: "\r\n") {
            if line.first == " " {
                fields[last]! += line
            } else {
                let colon = line.firstIndex(of: ":")!
                last = String(line[..<colon])
                fields[last] = String(line[line.index(colon, offsetBy: 2)...])
            }
        }
        return fields
    }

    @Test func `the mails of an incident are one thread, each with an id of its own`() {
        let (first, second) = (fields(message()), fields(message(.resolved, sequence: 2)))
        #expect(first["Message-ID"] == "<farwatch-42-ops@ops.example>" && first["References"] == nil)
        #expect(second["Message-ID"] == "<farwatch-42-ops-2@ops.example>")
        #expect(second["References"] == first["Message-ID"] && second["In-Reply-To"] == first["Message-ID"])
        #expect(first["Date"] == "Fri, 27 Nov 2026 18:44:24 +0000")
        #expect(first["To"] == "a@b.example, c@d.example" && first["Auto-Submitted"] == "auto-generated")
    }

    @Test func `no text of a message becomes a header`() {
        var evil = message()
        evil.title = "x\r\nBcc: victim@example\r\n\r\nbody"
        evil.id = "a>\r\nX: y"
        let text = String(decoding: mail.bytes(evil, at: start), as: UTF8.self)
        #expect(!text.contains("\r\nBcc:") && !text.contains("\r\nX:"))
    }

    @Test func `headers beyond ASCII are encoded in words of at most 75, no character cut in two`() {
        let header = MailText.header(String(repeating: "Störung 🔥 ", count: 20))
        for line in header.split(separator: "\r\n ") {
            #expect(line.utf8.count <= 75 && line.hasPrefix("=?utf-8?B?") && line.hasSuffix("?="))
            let bytes = base64Decoded(line.dropFirst(10).dropLast(2))!
            #expect(String(validating: bytes, as: UTF8.self) != nil)
        }
        #expect(MailText.header("Stripe fails") == "Stripe fails")
        #expect(MailText.header("=?utf-8?B?eA==?=") != "=?utf-8?B?eA==?=")
        #expect(
            MailText.header(String(repeating: "word ", count: 40)).split(separator: "\r\n ").allSatisfy {
                $0.count < 76
            })
    }

    @Test func `bodies are quoted-printable: short lines, no blank at an end, nothing lost`() {
        let text = "a=b \n.dot\n" + String(repeating: "ü", count: 100) + "\n" + String(repeating: "x", count: 200)
        let encoded = String(decoding: MailText.quotedPrintable(text), as: UTF8.self)
        for line in encoded.split(separator: "\r\n") { #expect(line.utf8.count <= 76 && line.last != " ") }
        #expect(encoded.hasPrefix("a=3Db=20\r\n.dot\r\n=C3=BC"))
    }

    @Test func `a dot at the beginning of a line gets another, and a dot alone ends the mail`() {
        func stuffed(_ text: String) -> String {
            String(decoding: SMTPDialogue.stuffed(Array(text.utf8)), as: UTF8.self)
        }
        #expect(stuffed("a\r\n.\r\n..b\r\n") == "a\r\n..\r\n...b\r\n.\r\n")
        #expect(stuffed(".x") == "..x\r\n.\r\n")
    }

    @Test func `dates are mail's, and HTTP's are read`() {
        #expect(Instant.epoch.internetDate == "Thu, 01 Jan 1970 00:00:00 +0000")
        #expect(Instant(internetDate: "Sun, 06 Nov 1994 08:49:37 GMT") == Instant(secondsSinceEpoch: 784_111_777))
        #expect(Instant(internetDate: "Sunday, 06-Nov-94 08:49:37 GMT") == nil)
    }
}
