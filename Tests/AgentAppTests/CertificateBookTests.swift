import CallModel
import Testing

@testable import AgentApp

/// Which of the certificates that servers showed are told.
struct CertificateBookTests {
    private let start = Instant(rfc3339: "2026-11-24T12:00:00Z")!
    private let server = "https://api.bank.example"

    private func day(_ number: Int64) -> Instant { start + .seconds(number * 86_400) }
    private func told(_ book: CertificateBook, at now: Instant) -> [Instant] {
        book.ends({ $0.contains("bank") ? "bank" : nil }, at: now).map(\.notAfter)
    }

    @Test func `of two in use the one that ends first is told, until it was not shown for an hour`() {
        var book = CertificateBook()
        book.saw(day(90), of: server, at: start)
        book.saw(day(3), of: server, at: start + .seconds(10))
        book.saw(day(90), of: server, at: start + .seconds(3_000))
        #expect(told(book, at: start + .seconds(3_000)) == [day(3)])
        book.saw(day(90), of: server, at: start + .seconds(3_700))
        #expect(told(book, at: start + .seconds(3_700)) == [day(90)])
        #expect(told(book, at: day(2)).isEmpty, "not seen for a day")
    }

    @Test func `only those of partners are told, by name, and names are bounded`() {
        var book = CertificateBook()
        book.saw(day(1), of: "https://intranet.example", at: start)
        book.saw(day(2), of: server, at: start)
        let ends = book.ends({ $0.contains("bank") ? "bank" : nil }, at: start)
        #expect(ends == [.init(name: "api.bank.example", partner: "bank", notAfter: day(2))])
        for number in 0..<CertificateBook.namesMax { book.saw(day(1), of: "https://bank\(number)", at: start) }
        #expect(book.passedOverCount == 2)
        #expect(book.ends({ _ in "bank" }, at: start).count == CertificateBook.toldMax)
    }
}
